"""Read the decisions of several logs into what each writes of each link, and where each splits a sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from align.store.actions import Action
from align.store.decision_log import NEW, State
from align.store.merge.causality import Causality
from align.store.merge.replica import Birth, Entry, Solved
from align.store.merge.sentence_numbers import Sentences, Side, SplitEvent, SplitHistory
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
        self.splits = SplitHistory(causality, sentences, self.out, self._splits_at)
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

    def _splits_at(self, position: int) -> set[int] | None:
        """The second halves that a decision left in the sentences that it drew, in each text that it counts for."""
        entry = self.entries[position]
        splits = set(entry.splits or ())
        if entry.action == Action.REDO and (target := self.causality.position.get(entry.target or "")) is not None:
            splits |= set(self.entries[target].splits or ())
        if self.texts is not None:
            splits = {one for half in splits for one in self.texts.successors(half, position)}
        return None if entry.splits is None else splits

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
