"""Read the decisions of several logs into what each writes of each link, and where each splits a sentence."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from align.store.actions import Action
from align.store.decision_log import NEW, State
from align.store.merge.causality import Causality
from align.store.merge.replica import Birth, Entry, Solved
from align.store.merge.sentence_numbers import Sentences, Side
from align.store.merge.text_versions import TextVersions

VERDICT: Final = ("src", "tgt", "status", "src_text", "tgt_text")
GROUPS: Final[dict[str, tuple[str, ...]]] = {"verdict": VERDICT, "kind": ("kind",), "note": ("note",)}
"""The registers of a link, and their columns."""
OTHER_DECISIONS: Final = frozenset({Action.KIND, Action.ANCHOR, Action.UNANCHOR})
"""Decisions that name a reviewer and are no verdict."""
SINGLE: Final = frozenset(
    {
        Action.ACCEPT, Action.REJECT, Action.REOPEN, Action.EDIT, Action.ACCEPT_MANY, Action.KIND, Action.NOTE,
        Action.BOOKMARK, Action.ANCHOR, Action.UNANCHOR, Action.CONFLICT, Action.DISMISS, Action.PROPOSE, Action.IMPORT,
    }
)  # fmt: skip
"""Decisions that say something of each link by itself, though they may delete undecided links."""
Value = dict[str, Any] | None
"""The columns of a register; None for a verdict where the link is not there."""


@dataclass(slots=True, eq=False)
class Write:
    """What one decision makes of one link."""

    position: int
    columns: State
    made: bool = False
    gone: bool = False
    run: bool = False
    """By a proposal run."""
    whole: bool = False
    """It decides a conflict: it has every column, and nothing before it matters."""
    affirms: bool = False
    """It is a verdict, also where it leaves the link as it was."""
    was: State | None = None
    """Of a change of text: the same columns before it."""

    def touches(self, group: str) -> bool:
        """Whether it writes that register."""
        if group == "verdict" and (self.gone or self.affirms):
            return True
        return self.made or not self.columns.keys().isdisjoint(GROUPS[group])


@dataclass(slots=True, eq=False)
class MergedLink:
    """A link of all the logs together. Links that copies made on the same sentences without each other are one."""

    births: list[tuple[Birth, int]]
    """With the position of the decision."""
    sides: tuple[Side, Side]
    """Where it was born."""
    writes: list[Write] = field(default_factory=list)
    proposed: list[tuple[int, State | None]] = field(default_factory=list)
    """By proposal runs: (position, columns; None where the run took it away)."""
    clashed: bool = False
    """Decisions on its verdict were in conflict themselves, not only through others."""


@dataclass(slots=True)
class SplitEvent:
    """A decision that splits a sentence or makes it whole."""

    position: int
    sentence: int
    """What is split in two: a sentence or a part of one."""
    half: int
    made: bool
    """Split; else whole again."""


@dataclass(slots=True)
class OutOfForce:
    """Decisions without effect, by position. Links are given by `id`."""

    decisions: set[int] = field(default_factory=set)
    """In conflict, with all that they do."""
    units: set[tuple[int, int, str]] = field(default_factory=set)
    """(decision, link, register): in conflict on one link."""
    void: set[tuple[int, int]] = field(default_factory=set)
    """(decision, link): taken back as if it had never been."""
    void_splits: set[int] = field(default_factory=set)
    """Splits that were taken back likewise."""


class SplitHistory:
    """The splits of all logs; `out` is shared with the resolution, which fills it.

    A part of a sentence is named by where it begins and reaches to the next split in force. So any splits of a sentence
    can be in force together, whichever of them are not, and in whichever order they were made.
    """

    def __init__(self, causality: Causality, sentences: Sentences, out: OutOfForce) -> None:
        self.causality = causality
        self.sentences = sentences
        self.out = out
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
                if self.is_cut(half, by=position):
                    return
                yield half


class History:
    """What the decisions of several logs write.

    `entries`: all of them, in the order of `causality`. `run_of`: what a proposal run did. `also`: births of links to
    look at though no decision is about them; `all_of_runs`: positions of proposal runs of which every link is read,
    besides those that others did not know. `texts`: None where no text ever changed.
    """

    def __init__(
        self,
        causality: Causality,
        entries: Sequence[Entry],
        sentences: Sentences,
        run_of: Callable[[Entry], Solved | None],
        also: Iterable[Birth] = (),
        all_of_runs: Collection[int] = (),
        texts: TextVersions | None = None,
    ) -> None:
        self.causality = causality
        self.entries = entries
        self.sentences = sentences
        self.texts = texts
        self.out = OutOfForce()
        self.splits = SplitHistory(causality, sentences, self.out)
        self.links: list[MergedLink] = []
        self.by_birth: dict[Birth, MergedLink] = {}
        self.atomic = [is_atomic(entry) for entry in entries]
        self.of_entry: list[list[tuple[MergedLink, Write]]] = [[] for _ in entries]
        self.runs: list[tuple[int, Solved, set[int]]] = []
        self._born: dict[tuple[Side, Side], list[MergedLink]] = {}
        self._run_of = run_of
        self._whole_runs = {*all_of_runs, *range(causality.linear, len(entries))}
        self._read()
        for birth in also:
            self._link(birth)
        self._read_early_runs()

    def _read(self) -> None:
        for position, entry in enumerate(self.entries):
            if entry.action == Action.PROPOSE:
                if position in self._whole_runs:
                    self._read_run(position, entry)
                continue
            for sentence, at in entry.joins:
                self._read_cut(position, sentence, at, made=False)
            for sentence, at in entry.cuts:
                self._read_cut(position, sentence, at, made=True)
            if entry.done == Action.IMPORT and self.texts is not None:
                self._read_text(position, entry)
            for birth, was, now in entry.patches:
                self._read_patch(position, entry, birth, was, now)
            if entry.action == Action.DISMISS and entry.link in self.by_birth and not entry.patches:
                self.write(self.by_birth[entry.link], Write(position, {}, whole=True))

    def _read_cut(self, position: int, sentence: int, at: int, *, made: bool) -> None:
        half = self.sentences.half(sentence, at)
        if self.texts is None:
            self._add_split(position, sentence, half, made=made)
            return
        parts = {self.sentences.root(one): one for one in self.texts.successors(sentence, position)}
        for one in self.texts.successors(half, position):  # In each text that the split counts for.
            root = self.sentences.root(one)
            if root != one and self.texts.cut_fits(position, *self.sentences.document(one)):
                self._add_split(position, parts.get(root, root), one, made=made)

    def _add_split(self, position: int, sentence: int, half: int, *, made: bool) -> None:
        """Add a split, or its end: of what it was that the half was cut from."""
        earlier = () if made else self.splits.by_half.get(half, ())
        split = [one.sentence for one in earlier if one.made and self.causality.before(one.position, position)]
        self.splits.add(SplitEvent(position, split[-1] if split else sentence, half, made))

    def _read_text(self, position: int, entry: Entry) -> None:
        """A new text has the cuts that it carries along and no others; its undo has those of before again."""
        document = str(entry.detail.get("name")), str(entry.detail.get("now"))
        carried = {self.sentences.half(*cut) for cut in entry.cuts}
        target = self.causality.position.get(entry.target or "")
        for half, cuts in list(self.splits.by_half.items()):
            if self.sentences.document(half) != document or half in carried:
                continue
            made = False
            if target is not None:
                before = [cut for cut in cuts if self.causality.before(cut.position, target)]
                before += [cut for cut in cuts if entry.action == Action.REDO and cut.position == target]
                made = bool(before) and before[-1].made
            if made != self.splits.is_cut(half, by=position):
                self.splits.add(SplitEvent(position, cuts[-1].sentence, half, made))

    def _read_patch(self, position: int, entry: Entry, birth: Birth, was: State | None, now: State | None) -> None:
        made = was is None and now is not None
        if made and now is not None and birth not in self.by_birth and birth[0] == entry.uid:
            self._born_at(position, birth, (now["src"], now["tgt"]))
        whole = (was or {}).get("attention") == "conflict" and (now or {}).get("attention") != "conflict"
        affirms = "decided_at" in (now or {}) and entry.done not in OTHER_DECISIONS
        link, columns = self._link(birth), now or {}
        if entry.action == Action.REDO and not whole:  # It rests on all that the decision rested on.
            columns = {**self._columns_of(link, entry.target), **columns}
        write = Write(position, columns, made=made, gone=now is None, whole=whole, affirms=affirms)
        write.was = was if entry.done == Action.IMPORT else None
        self.write(link, write)

    def _columns_of(self, link: MergedLink, uid: str | None) -> State:
        """What a decision wrote on a link."""
        position = self.causality.position.get(uid or "")
        return next((write.columns for write in link.writes if write.position == position), {})

    def _link(self, birth: Birth) -> MergedLink:
        """The link of a birth; one that is read of before it is born is filled in by `_read_early_runs`."""
        if birth not in self.by_birth:
            self.by_birth[birth] = MergedLink([], ((), ()))
            self.links.append(self.by_birth[birth])
        return self.by_birth[birth]

    def write(self, link: MergedLink, write: Write) -> None:
        """Add a write to a link."""
        link.writes.append(write)
        self.of_entry[write.position].append((link, write))

    def _born_at(self, position: int, birth: Birth, sides: tuple[Side, Side]) -> MergedLink:
        """The link of that birth: one that others made on the same sentences without knowing of this, or a new one."""
        for other in self._born.get(sides, ()):
            if all(self.causality.concurrent(position, at) for _, at in other.births):
                break
        else:
            other = MergedLink([], sides)
            self.links.append(other)
            self._born.setdefault(sides, []).append(other)
        other.births.append((birth, position))
        self.by_birth[birth] = other
        return other

    def _read_run(self, position: int, entry: Entry) -> None:
        run = self._run_of(entry)
        if run is None:
            return
        listed: set[int] = set()
        already_again = len(run.again)
        for number, columns in enumerate(run.proposals):
            birth = run.again[number] if number < already_again else (entry.uid, number - already_again)
            if number >= already_again and birth not in self.by_birth:
                self._born_at(position, birth, (columns["src"], columns["tgt"]))
            link = self._link(birth)
            link.proposed.append((position, columns))
            if number >= already_again:
                self.write(link, Write(position, {**NEW, **columns}, made=True, run=True))
            listed.add(id(link))
        for birth in run.removed:
            self._link(birth).proposed.append((position, None))
        self.runs.append((position, run, listed))

    def _read_early_runs(self) -> None:
        """Of runs that all decisions since knew, only what concerns the links that are read of."""
        missing = {birth[0] for birth, link in self.by_birth.items() if not link.births}
        if not missing:
            return
        for position, entry in enumerate(self.entries[: self.causality.linear]):
            is_early_run = entry.action == Action.PROPOSE and position not in self._whole_runs
            run = self._run_of(entry) if is_early_run else None
            if run is None:
                continue
            already_again = len(run.again)
            ordinals = range(len(run.proposals) - already_again) if entry.uid in missing else ()
            made = (((entry.uid, ordinal), already_again + ordinal) for ordinal in ordinals)
            for birth, number in [*((birth, n) for n, birth in enumerate(run.again)), *made]:
                if (link := self.by_birth.get(birth)) is not None:
                    columns = run.proposals[number]
                    link.proposed.insert(0, (position, columns))
                    if number >= already_again:
                        link.births.insert(0, (birth, position))
                        link.sides = (columns["src"], columns["tgt"])
                        self.write(link, Write(position, {**NEW, **columns}, made=True, run=True))
            for birth in run.removed:
                if (link := self.by_birth.get(birth)) is not None:
                    link.proposed.insert(0, (position, None))
        for link in self.links:
            link.writes.sort(key=lambda write: write.position)
            link.proposed.sort(key=lambda event: event[0])


def is_atomic(entry: Entry) -> bool:
    """Whether a decision draws links or cuts sentences, so that it counts as a whole or not at all."""
    if entry.done in SINGLE:
        return False
    return bool(entry.cuts or entry.joins) or any(
        was is None or now is None or "src" in now or "tgt" in now for _, was, now in entry.patches
    )
