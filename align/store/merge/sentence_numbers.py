"""Sentences and their splits in terms that mean the same in all stores of one merge (see `replica`)."""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from align.errors import ConflictError
from align.store import sentence_splits as cuts
from align.store.merge.causality import Causality
from align.store.revisions import Revision, replaced_by

if TYPE_CHECKING:
    from align.store.merge.writes import OutOfForce

Side = tuple[int, ...]
"""The sentences of one side of a link."""


class Sentences:
    """Numbers of sentences that hold for all stores of one merge, whatever their ids are there."""

    def __init__(self) -> None:
        self.names: list[tuple[Any, ...]] = []
        """(name, digest, start, end, pieces) of a sentence as it was read; (number of that, first character) of a part
        of it that a split made, whichever of its other splits are in force."""
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, name: tuple[Any, ...]) -> int:
        """The number of a sentence of that name."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = len(self.names)
            self.names.append(name)
        return number

    def half(self, sentence: int, at: int) -> int:
        """The second half of a sentence, or of a part of one, that is cut before character `at` of its document."""
        return self.number((self.root(sentence), at))

    def root(self, sentence: int) -> int:
        """The sentence as it was read."""
        name = self.names[sentence]
        return int(name[0]) if len(name) == 2 else sentence

    def start(self, sentence: int) -> int:
        """The first character of a part in its document; -1 for a sentence as it was read."""
        name = self.names[sentence]
        return int(name[1]) if len(name) == 2 else -1

    def document(self, sentence: int) -> tuple[str, str]:
        """Name and digest of the document; both empty for a sentence that its store has lost."""
        name = self.names[self.root(sentence)]
        return (name[0], name[1]) if len(name) == 5 else ("", "")


@dataclass(slots=True)
class SplitEvent:
    """A decision that splits a sentence or makes it whole."""

    position: int
    sentence: int
    """What is split in two: a sentence or a part of one."""
    half: int
    made: bool
    """Split; else whole again."""


class SplitHistory:
    """The splits of all logs; `out` is shared with the resolution, which fills it.

    A part of a sentence is named by where it begins and reaches to the next split in force. So any splits of a sentence
    can be in force together, whichever of them are not, and in whichever order they were made.
    """

    def __init__(
        self,
        causality: Causality,
        sentences: Sentences,
        out: OutOfForce,
        splits_at: Callable[[int], set[int] | None],
    ) -> None:
        self.causality = causality
        self.sentences = sentences
        self.out = out
        self._splits_at = splits_at
        self._drawn_with: dict[int, set[int] | None] = {}
        self.by_sentence: dict[int, list[SplitEvent]] = {}
        self.by_half: dict[int, list[SplitEvent]] = {}
        self._halves: dict[int, list[int]] = {}
        """Sentence as it was read -> the second halves of its splits, by their first characters."""
        self.made_by: dict[int, set[int]] = {}
        """Position of a decision -> the second halves that it made, in every text that it counts for."""
        self.in_force: dict[int, bool] = {}
        """Second half -> whether there is one at last; filled by `finish`."""

    def add(self, event: SplitEvent) -> None:
        """Add a split of a sentence."""
        self.by_sentence.setdefault(event.sentence, []).append(event)
        if event.half not in self.by_half:
            halves = self._halves.setdefault(self.sentences.root(event.half), [])
            insort(halves, event.half, key=self.sentences.start)
        self.by_half.setdefault(event.half, []).append(event)
        if event.made:
            self.made_by.setdefault(event.position, set()).add(event.half)

    def finish(self) -> None:
        """Determine which splits are in force, once `out` is final."""
        self.in_force = {half: self.is_cut(half) for half in self.by_half}

    def halves_in_force(self) -> list[int]:
        """The second halves that there are at last, those of one sentence in reading order."""
        return [half for halves in self._halves.values() for half in halves if self.in_force[half]]

    def halves_of(self, sentence: int) -> list[int]:
        """The second halves of all splits of a sentence, or of the one that a part is of, in reading order."""
        return self._halves.get(self.sentences.root(sentence), [])

    def live(self, cuts: Sequence[SplitEvent]) -> list[SplitEvent]:
        """Those that are not out of force."""
        return [
            cut for cut in cuts if cut.position not in self.out.decisions and cut.position not in self.out.void_splits
        ]

    def is_cut(self, half: int, by: int | None = None) -> bool:
        """Whether the cut that made a half is in force: at last, or in what the decision at position `by` knew."""
        cuts = self.by_half.get(half, [])
        if by is None:
            live = self.live(cuts)
        else:
            live = [cut for cut in cuts if cut.position == by or self.causality.before(cut.position, by)]
        return bool(live) and live[-1].made

    def was_cut(self, half: int, by: int) -> bool:
        """Whether a half was there for the decision at position `by`, which drew a side with its sentence.

        As that decision records it: of cuts in conflict it knew, but they were not in force.
        """
        if by not in self._drawn_with:
            self._drawn_with[by] = self._splits_at(by)
        halves = self._drawn_with[by]
        return self.is_cut(half, by=by) if halves is None else half in halves

    def _halves_before(self, cuts: Sequence[SplitEvent], position: int) -> set[int]:
        """Which cuts of a sentence are in force as the decision at a position leaves it."""
        visible_cuts: set[int] = set()
        for cut in cuts:
            if cut.position == position or self.causality.before(cut.position, position):
                (visible_cuts.add if cut.made else visible_cuts.discard)(cut.half)
        return visible_cuts

    def in_conflict(self, sentence: int) -> set[int]:
        """Decisions that split a sentence at different positions without knowledge of each other.

        Who splits it again and knew both saw neither: the sentence is as it was before them.
        """
        live = self.live(self.by_sentence[sentence])
        out: set[int] = set()
        for position in (*dict.fromkeys(cut.position for cut in live), None):
            past = [cut for cut in live if position is None or self.causality.before(cut.position, position)]
            out |= self._differing([cut for cut in past if cut.position not in out])
        return out

    def _differing(self, live: Sequence[SplitEvent]) -> set[int]:
        """Decisions on a sentence after the last that all of those at the end knew, where these are not alike."""
        heads: list[int] = []
        for cut in live:
            heads = [head for head in heads if not self.causality.before(head, cut.position)]
            heads += [cut.position] if cut.position not in heads else []
        cuts = [self._halves_before(live, head) for head in heads]
        if all(cut_set == cuts[0] for cut_set in cuts):
            return set()
        common = [c for c in live if all(self.causality.before(c.position, head) for head in heads)]
        return {cut.position for cut in live if cut not in common}

    def expanded(self, side: Side, position: int) -> Side:
        """The sentences of a side as they are cut at last; `position`: of the decision that drew the side."""
        sentences: dict[int, None] = {}
        for sentence in side:
            sentences[self.part_with(sentence)] = None
            sentences |= {half: None for half in self.halves_within(sentence, position) if self.in_force[half]}
        return tuple(sentences)

    def part_with(self, sentence: int) -> int:
        """The part in force at last that has the beginning of a part."""
        whole = self.sentences.root(sentence)
        for half in self.halves_of(sentence):
            if self.in_force[half] and self.sentences.start(half) <= self.sentences.start(sentence):
                whole = half
        return whole

    def halves_within(self, sentence: int, position: int) -> Iterator[int]:
        """The second halves that others cut from a part without knowledge of the decision at a position."""
        for half in self.halves_of(sentence):
            if self.sentences.start(half) > self.sentences.start(sentence):
                if self.was_cut(half, by=position):
                    return
                yield half


def numbers_of(db: Database, sentences: Sentences) -> dict[int, int]:
    """Sentence id -> number; also of halves that are whole again. Documents count until they are compacted away."""
    names = {id_: (name, digest) for id_, name, digest in db.conn.execute("select id, name, digest from documents")}
    now = cuts.in_force(db)
    whole: dict[int, cuts.Pieces] = {}
    made = {cut.rest for cut in now}
    for cut in reversed(now):
        whole[cut.sentence] = cut.pieces
    numbers: dict[int, int] = {}
    for id_, document, start, end, pieces in db.conn.execute(
        'select id, document, start, "end", pieces from sentences'
    ):
        if id_ in whole and id_ not in made:
            spans = whole[id_]
            start, end, pieces = spans[0].start, spans[-1].end, json.dumps(spans) if len(spans) > 1 else None
        if id_ not in made and document in names:
            numbers[id_] = sentences.number((*names[document], start, end, pieces))
    for decision in cuts.split_decisions(db):
        written = db.conn.execute("select detail from decisions where id = ?", (decision,)).fetchone()[0]
        for one in json.loads(written).get("cuts", ()):
            if one["sentence"] in numbers:
                numbers[one["rest"]] = sentences.half(numbers[one["sentence"]], one["at"])
    for cut in now:
        if cut.sentence in numbers:
            numbers[cut.rest] = sentences.half(numbers[cut.sentence], cut.at)
    return numbers


class OwnNumbers:
    """Numbers of the sentences of a store by the texts that its documents had when its own decisions were made.

    A decision keeps its meaning in a copy that has the text of then, whatever became of the text here.
    """

    def __init__(self, db: Database, sentences: Sentences) -> None:
        self._sentences = sentences
        self._db = db
        self.current = numbers_of(db, sentences)
        self._decisions: dict[int, list[int]] = {}
        """Document -> decisions that replaced its text, in order."""
        for decision, document in db.conn.execute("select decision, document from revisions order by decision"):
            self._decisions.setdefault(document, []).append(decision)
        self._document: dict[int, int] = {}
        """Document of each sentence of a text that was replaced, and of the texts after it."""
        self._replaced: dict[int, _Numbers] = {}
        """By the decision that replaced the text."""
        for document, decisions in self._decisions.items():
            self._read(document, decisions)

    def _read(self, document: int, decisions: Sequence[int]) -> None:
        row = self._db.conn.execute("select name from documents where id = ?", (document,)).fetchone()
        for decision in decisions if row else ():
            with suppress(ConflictError):
                revision = replaced_by(self._db, decision)
                if revision is not None:
                    numbers = _numbers_of_revision(revision, row[0], self._sentences)
                    numbers.add_ended(self._splits_before(decision), self._sentences)
                    self._replaced[decision] = numbers
                    self._document |= dict.fromkeys((*numbers.present, *numbers.ended), document)
        rows = self._db.conn.execute("select id from sentences where document = ?", (document,)).fetchall()
        self._document |= {row[0]: document for row in rows}

    def _splits_before(self, decision: int) -> Iterator[tuple[int, int, int]]:
        for one, sentence, rest, at in self._splits:
            if one < decision:
                yield sentence, rest, at

    @cached_property
    def _splits(self) -> list[tuple[int, int, int, int]]:
        """(decision, sentence, second half, first character) of all splits that decisions made."""
        splits: list[tuple[int, int, int, int]] = []
        for decision in cuts.split_decisions(self._db):
            written = self._db.conn.execute("select detail from decisions where id = ?", (decision,)).fetchone()[0]
            made = json.loads(written).get("cuts", ())
            splits += ((decision, one["sentence"], one["rest"], one["at"]) for one in made)
        return splits

    def at(self, sentence: int, decision: int) -> int | None:
        """The number of a sentence as the decision left it; `decision - 1` for the text before."""
        document = self._document.get(sentence)
        if document is None:
            return self.current.get(sentence)
        numbers = self._numbers_at(document, decision)
        number = self.current.get(sentence) if numbers is None else numbers.get(sentence)
        if number is None:
            number = self.current.get(sentence)
        replaced = (self._replaced.get(one) for one in reversed(self._decisions[document]) if number is None)
        return next((one for texts in replaced if texts and (one := texts.get(sentence)) is not None), number)

    def _numbers_at(self, document: int, decision: int) -> _Numbers | None:
        """Of the text after a decision; None for the present text, and for one that is damaged."""
        decisions = self._decisions[document]
        index = bisect_right(decisions, decision)
        return self._replaced.get(decisions[index]) if index < len(decisions) else None

    @cached_property
    def _in_force(self) -> tuple[dict[int, int], dict[int, list[tuple[int, tuple[int, ...]]]]]:
        """Second half -> sentence as it was read; sentence -> (decision, second halves after it) where they changed."""
        roots: dict[int, int] = {}
        timelines: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for decision, changed, entries in cuts.replay(self._db):
            for rest in sorted(changed & entries.keys()):
                roots[rest] = roots.get(entries[rest][1].sentence, entries[rest][1].sentence)
            for root in {roots[rest] for rest in changed if rest in roots}:
                timeline = timelines.setdefault(root, [])
                before = timeline[-1][1] if timeline else ()
                now = {rest for rest in changed & entries.keys() if roots[rest] == root}
                timeline.append((decision, (*(rest for rest in before if rest not in changed), *sorted(now))))
        return roots, timelines

    def splits(self, sentences: Iterable[int], decision: int) -> list[int]:
        """Numbers of the second halves that there are in sentences, given by id, as the decision left them."""
        roots, timelines = self._in_force
        numbers: list[int] = []
        for root in sorted({roots.get(one, one) for one in sentences}) if timelines else ():
            timeline = timelines.get(root, [])
            index = bisect_right(timeline, decision, key=lambda change: change[0])
            halves = timeline[index - 1][1] if index else ()
            numbers += (number for half in halves if (number := self.at(half, decision)) is not None)
        return numbers

    def digest(self, document: int, decision: int) -> str | None:
        """Digest of the text of a document after a decision; None if it is the present one."""
        numbers = self._numbers_at(document, decision) if document in self._decisions else None
        return numbers.digest if numbers else None

    def successors(self, decision: int) -> list[tuple[int, int]]:
        """Of a change of a text: sentences of earlier texts, the latest that has them, and the same in the new text or
        their other wordings there."""
        row = self._db.conn.execute("select document from revisions where decision = ?", (decision,)).fetchone()
        if row is None:
            return []
        earlier: dict[int, int] = {}
        for one in self._decisions[row[0]]:
            if one <= decision and one in self._replaced:
                earlier |= self._replaced[one].present
        reworded = self._replaced[decision].reworded if decision in self._replaced else {}
        pairs = ((number, self.at(reworded.get(sentence, sentence), decision)) for sentence, number in earlier.items())
        text = self._numbers_at(row[0], decision)
        now = text.digest if text else self._present_digest(row[0])
        return [
            (number, new)
            for number, new in pairs
            if new is not None and new != number and self._sentences.document(new)[1] == now
        ]

    def _present_digest(self, document: int) -> str:
        return str(self._db.conn.execute("select digest from documents where id = ?", (document,)).fetchone()[0])


@dataclass(slots=True)
class _Numbers:
    """Sentence id -> number, of a text that was replaced."""

    digest: str
    present: dict[int, int]
    """Sentences of the text, those that were split among them, and their second halves."""
    ended: dict[int, int]
    """Second halves of sentences that were whole again."""
    reworded: dict[int, int]
    """Sentence id -> id of its other wording in the text after."""

    def get(self, sentence: int) -> int | None:
        number = self.present.get(sentence)
        return self.ended.get(sentence) if number is None else number

    def add_ended(self, splits: Iterable[tuple[int, int, int]], sentences: Sentences) -> None:
        """`splits`: (sentence, second half, first character), in the order in which they were made."""
        for sentence, rest, at in splits:
            parent = self.get(sentence)
            if parent is not None and rest not in self.present:
                self.ended[rest] = sentences.half(parent, at)


def _numbers_of_revision(revision: Revision, name: str, sentences: Sentences) -> _Numbers:
    made = [cut for _, cut in revision.cuts]
    rests = {cut.rest for cut in made}
    whole: dict[int, cuts.Pieces] = {}
    for cut in reversed(made):
        whole[cut.sentence] = cut.pieces
    numbers: dict[int, int] = {}
    for id_, (_, _, start, end, pieces, *_) in revision.sentences:
        if id_ is None or id_ in rests:
            continue
        if id_ in whole:
            spans = whole[id_]
            start, end, pieces = spans[0].start, spans[-1].end, json.dumps(spans) if len(spans) > 1 else None
        numbers[id_] = sentences.number((name, revision.digest, start, end, pieces))
    for cut in made:
        if cut.sentence in numbers:
            numbers[cut.rest] = sentences.half(numbers[cut.sentence], cut.at)
    return _Numbers(revision.digest, numbers, {}, revision.reworded)
