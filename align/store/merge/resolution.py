"""What links are when several logs are one: a function of the set of decisions and of who knew what, of nothing else.

Decisions are merged as in a multi-value register. A link has three registers: its verdict (its sides, status and
texts, and whether it is there at all), its kind and its note. Of each register the decisions count that no later one
on it knew. Where these agree, that is what the link is. Where they do not, they are in conflict: none of them is in
force, the link is what it was by the decisions that all of them knew, and it waits for a reviewer. A decision that
draws links or cuts sentences stands or falls as a whole, and with it what was decided on top of it. Once a reviewer
decided on a link in conflict, the decisions it was in conflict about stay out of force (`Entry.settles`).

Undo takes a decision back as if it had never been made, unless somebody else built on it without knowing of the undo.
Proposal runs decide nothing: against a reviewer they give way, and among themselves the last in the common order wins.

As the result depends on the set alone, merging is associative, commutative and idempotent (a state-based CRDT; Shapiro
et al. 2011, "Conflict-free Replicated Data Types").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from align.models import CONFIRMED, Status
from align.store.actions import Action
from align.store.decision_log import NEW, State
from align.store.merge.causality import Causality
from align.store.merge.replica import Birth, Entry, Sentences, Side, Solved
from align.store.merge.text_versions import TextVersions

VERDICT: Final = ("src", "tgt", "status", "src_text", "tgt_text")
GROUPS: Final[dict[str, tuple[str, ...]]] = {"verdict": VERDICT, "kind": ("kind",), "note": ("note",)}
"""The registers of a link, and their columns."""
MARKS: Final = ("bookmarked", "anchored", "touched")
"""Columns in which a mark that anybody sets stays."""
MACHINE: Final = ("score", "confidence", "encoder", "chain", "signals")
OTHER_DECISIONS: Final = frozenset({Action.KIND, Action.ANCHOR, Action.UNANCHOR})
"""Decisions that name a reviewer and are no verdict."""
SINGLE: Final = frozenset(
    {
        Action.ACCEPT, Action.REJECT, Action.REOPEN, Action.EDIT, Action.ACCEPT_MANY, Action.KIND, Action.NOTE,
        Action.BOOKMARK, Action.ANCHOR, Action.UNANCHOR, Action.CONFLICT, Action.DISMISS, Action.PROPOSE, Action.IMPORT,
    }
)  # fmt: skip
"""Decisions that say something of each link by itself, though undecided links may give way to what they settle."""
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
class Virtual:
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
class Contest:
    """A decision that is not in force on a link, to be chosen or dropped."""

    entry: Entry
    columns: State
    """What it says of the columns in conflict; `gone` where it takes the link away."""


@dataclass(slots=True)
class Outcome:
    """What a link is."""

    columns: State | None
    """All columns but the documents, sides as `Sentences` numbers; None where it is not there."""
    contests: list[Contest] = field(default_factory=list)
    """The latest decisions in conflict, by reviewer and uid."""
    contested: frozenset[str] = frozenset()
    """The uids of all decisions on it that are out of force."""


@dataclass(slots=True)
class _Cut:
    """A decision on where a sentence is cut."""

    position: int
    half: int
    made: bool
    """Cut; else whole again."""


class Resolution:
    """The links by the decisions of two logs.

    `entries`: all of them, in the order of `causality`. `run_of`: what a proposal run did. `also`: births of links to
    look at though no decision is about them; `runs`: positions of proposal runs of which every link is wanted, besides
    those that others did not know. `texts`: None where no text ever changed.
    """

    def __init__(
        self,
        causality: Causality,
        entries: Sequence[Entry],
        sentences: Sentences,
        run_of: Callable[[Entry], Solved | None],
        also: Iterable[Birth] = (),
        runs: Collection[int] = (),
        texts: TextVersions | None = None,
    ) -> None:
        self.causality = causality
        self.entries = entries
        self.sentences = sentences
        self.links: list[Virtual] = []
        self.by_birth: dict[Birth, Virtual] = {}
        self._born: dict[tuple[Side, Side], list[Virtual]] = {}
        self._atomic = [_is_atomic(entry) for entry in entries]
        self._of_entry: list[list[tuple[Virtual, Write]]] = [[] for _ in entries]
        self._cuts: dict[int, list[_Cut]] = {}
        self._halves: dict[int, list[_Cut]] = {}
        self._runs: list[tuple[int, Solved, set[int]]] = []
        self._out: set[int] = set()
        """Decisions that are out of force as a whole."""
        self._out_units: set[tuple[int, int, str]] = set()
        """(decision, id of the link, register) of those that are out of force on one link."""
        self._decided_out: set[int] = set()
        """Those of them that a reviewer decided against."""
        self.cuts_unlinked: list[int] = []
        """Cuts in conflict of sentences that no link has; of `outcomes`."""
        self._more: set[int] = set()
        self._more_units: set[tuple[int, int, str]] = set()
        """What the present round takes out of force."""
        self._void: set[tuple[int, int]] = set()
        """(decision, id of the link): taken back as if it had never been."""
        self._void_cuts: set[int] = set()
        self._settled: dict[tuple[int, str], tuple[list[Write], list[Write]]] | None = None
        """What `_live` found, once it is final."""
        self._in_force: dict[int, list[Write]] = {}
        self._run_of = run_of
        self._texts = texts
        self._whole_runs = {*runs, *range(causality.linear, len(entries))}
        self._read()
        for birth in also:
            self._link(birth)
        self._read_early_runs()
        if texts is not None:
            self._drop_unfit(texts)
        self._void_undone()
        if texts is not None:
            self._void_returns(texts)
        self._settle()
        self._settled = {}
        self.in_force = {half: self._is_cut(half) for half in self._halves}

    # Reading the decisions

    def _read(self) -> None:
        for position, entry in enumerate(self.entries):
            if entry.action == Action.PROPOSE:
                if position in self._whole_runs:
                    self._read_run(position, entry)
                continue
            for sentence, at in entry.joins:
                self._read_cut(position, sentence, self.sentences.half(sentence, at), made=False)
            for sentence, at in entry.cuts:
                self._read_cut(position, sentence, self.sentences.half(sentence, at), made=True)
            if entry.done == Action.IMPORT and self._texts is not None:
                self._read_text(position, entry)
            for birth, was, now in entry.patches:
                self._read_patch(position, entry, birth, was, now)
            if entry.action == Action.DISMISS and entry.link in self.by_birth and not entry.patches:
                self._write(self.by_birth[entry.link], Write(position, {}, whole=True))

    def _read_cut(self, position: int, sentence: int, half: int, *, made: bool) -> None:
        if self._texts is not None and not self._texts.cut_fits(position, *self.sentences.document(sentence)):
            return  # It is of another text of the document.
        cut = _Cut(position, half, made)
        self._cuts.setdefault(sentence, []).append(cut)
        self._halves.setdefault(half, []).append(cut)

    def _read_text(self, position: int, entry: Entry) -> None:
        """A new text has the cuts that it carries along and no others; its undo has those of before again."""
        document = str(entry.detail.get("name")), str(entry.detail.get("now"))
        carried = {self.sentences.half(*cut) for cut in entry.cuts}
        target = self.causality.position.get(entry.target or "")
        for half, cuts in self._halves.items():
            if self.sentences.document(half) != document or half in carried:
                continue
            made = False
            if target is not None:
                before = [cut for cut in cuts if self.causality.before(cut.position, target)]
                before += [cut for cut in cuts if entry.action == Action.REDO and cut.position == target]
                made = bool(before) and before[-1].made
            if made != self._is_cut(half, by=position):
                cut = _Cut(position, half, made)
                self._cuts[self.sentences.parent(half) or 0].append(cut)
                cuts.append(cut)

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
        self._write(link, write)

    def _columns_of(self, link: Virtual, uid: str | None) -> State:
        """What a decision wrote on a link."""
        position = self.causality.position.get(uid or "")
        return next((write.columns for write in link.writes if write.position == position), {})

    def _link(self, birth: Birth) -> Virtual:
        """The link of a birth; one that is read of before it is born is filled in by `_read_early_runs`."""
        if birth not in self.by_birth:
            self.by_birth[birth] = Virtual([], ((), ()))
            self.links.append(self.by_birth[birth])
        return self.by_birth[birth]

    def _write(self, link: Virtual, write: Write) -> None:
        link.writes.append(write)
        self._of_entry[write.position].append((link, write))

    def _born_at(self, position: int, birth: Birth, sides: tuple[Side, Side]) -> Virtual:
        """The link of that birth: one that others made on the same sentences without knowing of this, or a new one."""
        for other in self._born.get(sides, ()):
            if all(self.causality.concurrent(position, at) for _, at in other.births):
                break
        else:
            other = Virtual([], sides)
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
                self._write(link, Write(position, {**NEW, **columns}, made=True, run=True))
            listed.add(id(link))
        for birth in run.removed:
            self._link(birth).proposed.append((position, None))
        self._runs.append((position, run, listed))

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
                        self._write(link, Write(position, {**NEW, **columns}, made=True, run=True))
            for birth in run.removed:
                if (link := self.by_birth.get(birth)) is not None:
                    link.proposed.insert(0, (position, None))
        for link in self.links:
            link.writes.sort(key=lambda write: write.position)
            link.proposed.sort(key=lambda event: event[0])

    def _drop_unfit(self, texts: TextVersions) -> None:
        for link in self.links:
            names = {self.sentences.document(side[0])[0] for side in link.sides if side}
            link.writes = [write for write in link.writes if all(texts.fits(write.position, name) for name in names)]

    # Undo

    def _void_undone(self) -> None:
        """Drop decisions that were taken back, with what took them back, where nobody else built on them."""
        positions = self.causality.position
        redone: dict[str, list[int]] = {}
        for position, entry in enumerate(self.entries):
            if entry.action == Action.REDO and entry.target is not None:
                redone.setdefault(entry.target, []).append(position)
            elif entry.action == Action.UNDO and entry.target in positions:
                assert entry.target is not None
                done = [positions[entry.target], *redone.get(entry.target, ())]
                undone = [at for at in done if self.causality.before(at, position) and not self._is_void(at)]
                if undone:
                    self._void_pair(undone[-1], position)

    def _is_void(self, position: int) -> bool:
        links = self._of_entry[position]
        return position in self._void_cuts or any((position, id(link)) in self._void for link, _ in links)

    def _void_pair(self, done: int, undone: int) -> None:
        both = {id(link) for link, _ in self._of_entry[undone]}
        pairs = [(link, write) for link, write in self._of_entry[done] if id(link) in both]
        free = [pair for pair in pairs if not self._is_built_on(*pair, undone)]
        cuts = self.entries[done].cuts
        mine = {self.sentences.half(*cut) for cut in cuts}
        later = [cut for one in {*mine, *(sentence for sentence, _ in cuts)} for cut in self._cuts.get(one, ())]
        used = any(
            cut.position not in (done, undone)
            and cut.position not in self._void_cuts
            and self._is_between(done, cut.position, undone)
            for cut in later
        ) or any(
            self.causality.before(done, write.position) and self.causality.concurrent(write.position, undone)
            for half in mine
            for _, write in self._drawn_on(half)
        )
        if self._atomic[done] and (len(free) < len(pairs) or used):
            return
        for link, _ in free:
            self._void |= {(done, id(link)), (undone, id(link))}
        if mine:
            self._void_cuts |= {done, undone}

    def _void_returns(self, texts: TextVersions) -> None:
        """Drop changes of a text up to the one that brought it back, on links that are as they were before them."""
        for first, *later in texts.returns():
            last, span = later[-1], {first, *later}
            for link, write in self._of_entry[last]:
                writes = {one.position: one for one in link.writes if one.position in span}
                begun = writes[min(writes)].was if writes else None
                same = begun is not None and all(write.columns.get(column) == begun[column] for column in begun)
                if same and not any(self._is_built_on(link, one, last, but=span) for one in writes.values()):
                    self._void |= {(position, id(link)) for position in writes}
            cuts = [self.sentences.half(*cut) for cut in self.entries[last].cuts]
            if cuts and all(self._is_cut(half, by=first) for half in cuts):
                self._void_cuts.add(last)

    def _is_between(self, done: int, other: int, undone: int) -> bool:
        """Whether another decision rests on one that was undone, or was there besides it when that was undone."""
        before = self.causality.before
        return not before(other, done) and not before(undone, other) and (before(done, other) or before(other, undone))

    def _is_built_on(self, link: Virtual, write: Write, undone: int, but: Collection[int] = ()) -> bool:
        groups = [group for group in GROUPS if write.touches(group)]
        return any(
            other.position != undone
            and other is not write
            and other.position not in but
            and self._is_between(write.position, other.position, undone)
            and (other.position, id(link)) not in self._void
            and any(map(other.touches, groups))
            for other in link.writes
        )

    def _drawn_on(self, half: int) -> Iterator[tuple[Virtual, Write]]:
        """What reviewers drew on one half of a cut alone, knowing of the cut."""
        sentence = self.sentences.parent(half)
        for link, write in self._drawn.get(half, []) + self._drawn.get(sentence, []):
            sides = (write.columns.get(side, ()) for side in ("src", "tgt"))
            one_half = any((half in side) != (sentence in side) for side in sides)
            if one_half and (write.position, id(link)) not in self._void and self._is_cut(half, by=write.position):
                yield link, write

    @cached_property
    def _drawn(self) -> dict[int | None, list[tuple[Virtual, Write]]]:
        """Sentence that somebody cut, or second half -> what reviewers drew on it."""
        writes: dict[int | None, list[tuple[Virtual, Write]]] = {}
        if self._halves:
            for link in self.links:
                for write in link.writes:
                    sides = () if write.run else (write.columns.get(side, ()) for side in ("src", "tgt"))
                    for number in {number for side in sides for number in side}:
                        if number in self._halves or number in self._cuts:
                            writes.setdefault(number, []).append((link, write))
        return writes

    # Which decisions are in force

    def _settle(self) -> None:
        """Take out of force what is in conflict, and what depends on it, until nothing changes."""
        self._take_out_settled()
        self._next_round()
        chains = {id(link) for link in self.links if self._is_chain(link)}
        while True:
            units = {link for _, link, _ in self._out_units}
            open_ = [
                link
                for link in self.links
                if id(link) not in chains
                or id(link) in units
                or not self._out.isdisjoint(write.position for write in link.writes)
            ]
            for link in open_:
                for group in GROUPS:
                    for write in self._live(link, group)[1]:
                        self._take_out(link, write, group)
            self._settle_dependents()
            if self._next_round():
                continue
            # Only when all that depends on them is out as well: whether more is in conflict must not depend on the
            # order in which links are looked at.
            for link in open_:
                self._settle_link(link)
            for sentence in self._cuts:
                self._settle_cuts(sentence)
            for half, cuts in self._halves.items():
                self._settle_joins(half, cuts)
            if not self._next_round():
                return

    def _next_round(self) -> bool:
        """Let what a round took out be out; whether that is anything new."""
        new = bool(self._more - self._out or self._more_units - self._out_units)
        self._out |= self._more
        self._out_units |= self._more_units
        return new

    def _is_chain(self, link: Virtual) -> bool:
        """Whether each decision on a link knew the one before."""
        return all(self._before(one, two) for one, two in pairwise(link.writes))

    def _take_out_settled(self) -> None:
        for position, entry in enumerate(self.entries):
            settles = entry.settles
            if entry.action == Action.REDO and entry.target in self.causality.position:
                settles = settles or self.entries[self.causality.position[entry.target]].settles
            links = [pair for pair in self._of_entry[position] if (position, id(pair[0])) not in self._void]
            for uid in settles if links else ():
                settled = self.causality.position.get(uid)
                if settled is None:
                    continue
                if self._atomic[settled]:
                    self._more.add(settled)
                    self._decided_out.add(settled)
                else:
                    self._more_units |= {(settled, id(link), group) for link, _ in links for group in GROUPS}

    def _is_out(self, link: Virtual, write: Write, group: str) -> bool:
        return write.position in self._out or (write.position, id(link), group) in self._out_units

    def _take_out(self, link: Virtual, write: Write, group: str) -> None:
        if write.run:
            return
        if self._atomic[write.position]:
            self._more.add(write.position)
        else:
            self._more_units.add((write.position, id(link), group))

    def _all(self, link: Virtual, group: str) -> list[Write]:
        return [w for w in link.writes if w.touches(group) and (w.position, id(link)) not in self._void] + [
            w for w in link.writes if w.whole and not w.columns
        ]

    def _live(self, link: Virtual, group: str) -> tuple[list[Write], list[Write]]:
        """The writes of a register that are in force, and those that are not."""
        if self._settled is None:
            return self._parted(link, group)
        key = id(link), group
        if key not in self._settled:
            self._settled[key] = self._parted(link, group)
        return self._settled[key]

    def _parted(self, link: Virtual, group: str) -> tuple[list[Write], list[Write]]:
        live: list[Write] = []
        out: list[Write] = []
        for write in sorted(self._all(link, group), key=lambda w: w.position):
            depends = not write.whole and any(self._rests_on(write, other, live) for other in out)
            (out if depends or self._is_out(link, write, group) else live).append(write)
        return live, out

    def _rests_on(self, write: Write, other: Write, live: Sequence[Write]) -> bool:
        """Whether one was made on top of another that is out of force, and no conflict was decided in between."""
        return self._before(other, write) and not any(
            one.whole and self._before(other, one) and self._before(one, write) for one in live
        )

    def _before(self, one: Write, other: Write) -> bool:
        return self.causality.before(one.position, other.position)

    def _heads(self, writes: Sequence[Write]) -> list[Write]:
        """Those that no other of them knew; proposal runs only where there is nothing else."""
        heads: list[Write] = []
        for write in writes:
            if len(heads) == 1 and self._before(heads[0], write):
                heads[0] = write
                continue
            heads = [head for head in heads if not self._before(head, write)]
            heads.append(write)
        return [head for head in heads if not head.run] or heads[:1]

    def _common(self, writes: Sequence[Write], heads: Sequence[Write]) -> list[Write]:
        return [write for write in writes if all(self._before(write, head) for head in heads)]

    def _values(self, writes: Sequence[Write], group: str) -> dict[int, Value]:
        """What each write made of the register; by position."""
        values: dict[int, Value] = {}
        chain = True
        for number, write in enumerate(writes):
            base: Value = None
            if number and chain and self._before(writes[number - 1], write):
                base = values[writes[number - 1].position]
            elif number and not (write.made or write.gone):
                chain = False
                base = self._agreed([other for other in writes[:number] if self._before(other, write)], values, group)
            else:
                chain = not number
            values[write.position] = _applied(base, write, group)
        return values

    def _agreed(self, writes: Sequence[Write], values: Mapping[int, Value], group: str) -> Value:
        """The value after these: that of the heads where they agree, else that of what all of them knew."""
        heads = self._heads(writes)
        if not heads:
            return None
        if len(heads) == 1:
            return values[heads[0].position]
        head_values = [values[head.position] for head in heads]
        if all(self._same(value, head_values[0]) for value in head_values):
            return head_values[0]
        return self._agreed(self._common(writes, heads), values, group)

    def _same(self, one: Value, other: Value) -> bool:
        """Whether two values of a register are alike; sides by the text that they cover."""
        if one is None or other is None:
            return one is other
        return all(
            self._covered(one, column) == self._covered(other, column)
            if column in ("src", "tgt")
            else one[column] == other.get(column)
            for column in one
            if not column.startswith("_")
        )

    def _covered(self, value: State, side: str) -> frozenset[int]:
        """The sentences of a side, with all second halves that it has without naming them."""
        sentences: dict[int, None] = {}
        for sentence in value[side]:
            self._expand(sentence, value[f"_{side}"], sentences, finally_=False)
        return frozenset(sentences)

    def _settle_link(self, link: Virtual) -> None:
        for group in GROUPS:
            live = self._live(link, group)[0]
            heads = self._heads(live)
            if len(heads) > 1:
                values = self._values(live, group)
                if any(not self._same(values[head.position], values[heads[0].position]) for head in heads):
                    link.clashed |= group == "verdict"
                    common = set(map(id, self._common(live, heads)))
                    for write in live:
                        if id(write) not in common:
                            self._take_out(link, write, group)
                    continue
            if group == "verdict":
                self._settle_gone(link, [head for head in heads if head.gone])

    def _settle_gone(self, link: Virtual, heads: Sequence[Write]) -> None:
        """Who took the link away did not know what else was decided on it."""
        for group in ("kind", "note"):
            for write in self._live(link, group)[0]:
                for head in heads:
                    if not write.made and not write.gone and self._concurrent(write, head):
                        self._take_out(link, head, "verdict")

    def _concurrent(self, one: Write, other: Write) -> bool:
        return self.causality.concurrent(one.position, other.position)

    # Cuts

    def _live_cuts(self, cuts: Sequence[_Cut]) -> list[_Cut]:
        return [cut for cut in cuts if cut.position not in self._out and cut.position not in self._void_cuts]

    def _settle_cuts(self, sentence: int) -> None:
        """Two who cut a sentence in different places without each other are in conflict."""
        live = self._live_cuts(self._cuts[sentence])
        heads: list[int] = []
        for cut in live:
            heads = [head for head in heads if not self.causality.before(head, cut.position)]
            heads += [cut.position] if cut.position not in heads else []
        if len(heads) > 1:
            cuts = [self._cuts_before(live, head) for head in heads]
            if any(cut_set != cuts[0] for cut_set in cuts):
                common = [c for c in live if all(self.causality.before(c.position, head) for head in heads)]
                common_ids = {id(cut) for cut in common}
                self._more |= {cut.position for cut in live if id(cut) not in common_ids}

    def _settle_joins(self, half: int, cuts: Sequence[_Cut]) -> None:
        """Who made a sentence whole and who drew a link on one half of it, without each other, are in conflict."""
        for join in self._live_cuts(cuts):
            if not join.made:
                for link, write in self._drawn_on(half):
                    if self.causality.concurrent(write.position, join.position) and not self._is_out(
                        link, write, "verdict"
                    ):
                        link.clashed = True
                        self._more.add(join.position)
                        self._take_out(link, write, "verdict")

    def _cuts_before(self, cuts: Sequence[_Cut], position: int) -> set[int]:
        """Which cuts of a sentence are in force as the decision at a position leaves it."""
        visible_cuts: set[int] = set()
        for cut in cuts:
            if cut.position == position or self.causality.before(cut.position, position):
                (visible_cuts.add if cut.made else visible_cuts.discard)(cut.half)
        return visible_cuts

    def _is_cut(self, half: int, by: int | None = None) -> bool:
        """Whether the cut that made a half is in force: at last, or in what the decision at position `by` knew."""
        cuts = self._halves.get(half, [])
        if by is None:
            live = self._live_cuts(cuts)
        else:
            live = [cut for cut in cuts if cut.position == by or self.causality.before(cut.position, by)]
        return bool(live) and live[-1].made

    def _settle_dependents(self) -> None:
        """What stands on a half falls with the cut that made it."""
        if not self._halves:
            return
        for position, entry in enumerate(self.entries):
            if position in self._out or position in self._void_cuts:
                continue
            used = {sentence for sentence, _ in entry.cuts if sentence in self._halves}
            for link, write in self._of_entry[position]:
                if not write.run and (position, id(link)) not in self._void:
                    used |= {n for side in ("src", "tgt") for n in write.columns.get(side, ()) if n in self._halves}
            for half in used:
                dependents = [
                    cut for cut in self._halves[half] if cut.made and self.causality.before(cut.position, position)
                ]
                if any(cut.position in self._out for cut in dependents) and not self._live_cuts(dependents):
                    self._fall(position)

    def _fall(self, position: int) -> None:
        if self._atomic[position]:
            self._more.add(position)
        else:
            for link, write in self._of_entry[position]:
                if not write.whole:
                    self._take_out(link, write, "verdict")

    def expanded(self, side: Side, position: int) -> Side:
        """The sentences of a side as they are cut at last; `position`: of the decision that drew the side."""
        sentences: dict[int, None] = {}
        for sentence in side:
            whole = sentence
            for one in reversed(self._line(sentence)):  # From the sentence that was read down to this half.
                if self.sentences.parent(one) is not None and not self.in_force.get(one, False):
                    whole = self.sentences.parent(one) or 0
                    break
            else:
                whole = sentence
            self._expand(whole, position, sentences)
        return tuple(sentences)

    def _line(self, sentence: int) -> list[int]:
        lineage = [sentence]
        while (parent := self.sentences.parent(lineage[-1])) is not None:
            lineage.append(parent)
        return lineage

    def _expand(self, sentence: int, position: int, sentences: dict[int, None], *, finally_: bool = True) -> None:
        """Add a sentence and the second halves that were cut from it without knowledge of the decision at a position;
        `finally_`: those in force at last, else all."""
        sentences[sentence] = None
        for half in dict.fromkeys(cut.half for cut in self._cuts.get(sentence, ())):
            if (not finally_ or self.in_force[half]) and not self._is_cut(half, by=position):
                self._expand(half, position, sentences, finally_=finally_)

    # What the links are

    def outcomes(self) -> Iterator[tuple[Virtual, Outcome]]:
        """Every link that decisions or concurrent runs are about, with what it is."""
        outcomes = [(link, self._outcome(link)) for link in self.links if link.births]
        self._show_hidden_contests(outcomes)
        self._show_cuts(outcomes)
        self._hide_superseded(outcomes)
        self._hide_contradicted(outcomes)
        return iter(outcomes)

    def _show_hidden_contests(self, outcomes: Sequence[tuple[Virtual, Outcome]]) -> None:
        """Show links that are there by decisions in conflict alone, where these could not be chosen otherwise."""
        shown = {contest.entry.uid for _, outcome in outcomes if outcome.columns for contest in outcome.contests}
        shown |= {self.entries[position].uid for position in self._decided_out}
        hidden = [(min(link.births), link, outcome) for link, outcome in outcomes if outcome.columns is None]
        for _, link, outcome in sorted(hidden, key=lambda one: one[0]):
            for contest in outcome.contests:
                if "src" in contest.columns and contest.entry.uid not in shown:
                    verdict = {column: contest.columns[column] for column in contest.columns if column != "kind"}
                    outcome.columns = self._columns(link, {**verdict, "status": Status.PROPOSED.value}, ())
                    outcome.columns |= {"attention": "conflict", "touched": 1}
                    shown |= {one.entry.uid for one in outcome.contests}
                    break

    def _show_cuts(self, outcomes: Sequence[tuple[Virtual, Outcome]]) -> None:
        """Show cuts in conflict that no link has among its own on the first link of their sentence."""
        listed = {uid for _, outcome in outcomes if outcome.columns for uid in outcome.contested}
        hidden = [
            (position, sentence)
            for sentence, cuts in self._cuts.items()
            for position in {cut.position for cut in cuts if cut.made and cut.position in self._out}
            if self.entries[position].uid not in listed and position not in self._decided_out
        ]
        on: dict[int, list[tuple[Birth, Outcome]]] = {}
        for link, outcome in outcomes if hidden else ():
            for number in {*outcome.columns["src"], *outcome.columns["tgt"]} if outcome.columns else ():
                on.setdefault(number, []).append((min(link.births)[0], outcome))
        for position, sentence in hidden:
            hosts = [host for number in self._line(sentence) for host in on.get(number, ())]
            if not hosts:
                self.cuts_unlinked.append(position)
                continue
            _, outcome = min(hosts, key=lambda host: host[0])
            outcome.columns = {**(outcome.columns or {}), "attention": "conflict", "touched": 1}
            entry = self.entries[position]
            outcome.contests.append(Contest(entry, {}))
            outcome.contests.sort(key=lambda contest: (contest.entry.reviewer, contest.entry.uid))
            outcome.contested |= {entry.uid}

    def _outcome(self, link: Virtual) -> Outcome:
        live: dict[str, list[Write]] = {}
        out: dict[str, list[Write]] = {}
        values: dict[str, Value] = {}
        for group in GROUPS:
            live[group], out[group] = self._live(link, group)
            if group == "verdict" or any(not write.run for write in live[group]):
                values[group] = self._agreed(live[group], self._values(live[group], group), group)
        contests, contested = self._contests(link, live, out)
        verdict = values["verdict"]
        if verdict is None and link.clashed and contests:
            verdict = self._fallback(link)
        if verdict is None:
            return Outcome(None, contests, contested)
        columns = self._columns(link, verdict, live["verdict"])
        kinds = values.get("kind")
        if kinds and any(not write.run for write in self._heads(live["kind"])):
            columns["kind"] = kinds["kind"]
        columns["note"] = (values.get("note") or {}).get("note")
        if contests:
            columns["attention"], columns["touched"] = "conflict", 1
        return Outcome(columns, contests, contested)

    def _columns(self, link: Virtual, verdict: State, live: Sequence[Write]) -> State:
        """All columns of a link but its kind and note, where these were decided."""
        settled = live if verdict["status"] != Status.PROPOSED else ()
        columns = {**NEW, **self._machine(link, settled)}
        for mark in MARKS:
            columns[mark] = self._mark(link, mark)
        columns["attention"] = self._attention(link)
        columns |= self._decided(link)
        columns |= {column: verdict[column] for column in VERDICT}
        for side in ("src", "tgt"):
            columns[side] = self.expanded(verdict[side], verdict[f"_{side}"])
        return columns

    def _live_writes(self, link: Virtual) -> list[Write]:
        """Those in force on every register, once that is final."""
        if id(link) not in self._in_force:
            self._in_force[id(link)] = [
                write
                for write in link.writes
                if (write.position, id(link)) not in self._void
                and not any(self._is_out(link, write, group) for group in GROUPS)
            ]
        return self._in_force[id(link)]

    def _mark(self, link: Virtual, mark: str) -> int:
        writes = [write for write in self._live_writes(link) if mark in write.columns]
        return max((int(write.columns[mark]) for write in self._heads(writes)), default=0)

    def _attention(self, link: Virtual) -> str | None:
        """`conflict` where a file says otherwise and nobody chose since; `changed` where the text changed since."""
        writes = [write for write in self._live_writes(link) if "attention" in write.columns]
        asking = {write.columns["attention"] for write in self._heads(writes)} - {None}
        return min(asking, default=None, key=lambda word: word != "conflict")

    def _decided(self, link: Virtual) -> State:
        """Who decided last and when; of several who did so alike without each other, the first by name."""
        writes = self._heads([write for write in self._live_writes(link) if "decided_at" in write.columns])
        entries = [(self.entries[write.position], write.columns) for write in writes]
        first_entry = min(entries, key=lambda one: (str(one[1].get("reviewer")), one[0].uid), default=None)
        return {column: first_entry[1].get(column) if first_entry else None for column in ("reviewer", "decided_at")}

    def _machine(self, link: Virtual, verdicts: Sequence[Write]) -> State:
        """The columns that a solver sets: those that a reviewer judged, else the latest."""
        proposals = [columns for _, columns in link.proposed if columns is not None]
        head = next((write for write in reversed(verdicts) if not write.run), None)
        if head is not None:
            earlier = [c for at, c in link.proposed if c is not None and self.causality.before(at, head.position)]
            proposals = earlier or proposals
        made = next((write.columns for write in link.writes if write.made), {})
        source = proposals[-1] if proposals else made
        return {column: source.get(column, NEW.get(column)) for column in (*MACHINE, "kind")}

    def _contests(
        self, link: Virtual, live: Mapping[str, list[Write]], out: Mapping[str, list[Write]]
    ) -> tuple[list[Contest], frozenset[str]]:
        """The latest decisions out of force that nobody decided on since, and all those out of force."""
        columns: dict[int, State] = {}
        all_out: set[int] = set()
        settling = [write for write in self._live_writes(link) if write.whole]
        for group in GROUPS:
            every = [*live[group], *out[group]]
            open_ = [
                write for write in out[group]
                if not any(self._before(write, other) for other in (*live[group], *settling))
            ]  # fmt: skip
            all_out |= {write.position for write in open_}
            if not open_:
                continue
            values = self._values(sorted(every, key=lambda write: write.position), group)
            for head in self._heads(open_):
                value = values[head.position]
                columns.setdefault(head.position, {}).update(value if value is not None else {"gone": True})
        ordered = sorted(columns, key=lambda at: (self.entries[at].reviewer, self.entries[at].uid))
        contests = [Contest(self.entries[at], columns[at]) for at in ordered]
        return contests, frozenset(self.entries[at].uid for at in all_out)

    def _fallback(self, link: Virtual) -> Value:
        """A link that nobody had before, in conflict about what it is: undecided, where it was first drawn."""
        every = sorted(self._all(link, "verdict"), key=lambda write: write.position)
        made = next((write for write in every if write.made), None)
        return None if made is None else {**(_applied(None, made, "verdict") or {}), "status": Status.PROPOSED.value}

    def is_out_of_force(self, position: int) -> bool:
        """Whether nothing of a decision is in force because of a conflict."""
        units = [
            (link, write, group)
            for link, write in self._of_entry[position]
            for group in GROUPS
            if write.touches(group) and (position, id(link)) not in self._void
        ]
        return position in self._out or (bool(units) and all(self._is_out(*unit) for unit in units))

    def waits(self, position: int) -> bool | None:
        """Whether what a file says of a link still waits for a reviewer; None where that was taken back."""
        waiting: bool | None = None
        for link, write in self._of_entry[position]:
            if (position, id(link)) not in self._void:
                waiting = not any(
                    self._before(write, other) and other.columns.get("attention", "conflict") != "conflict"
                    for other in self._live_writes(link)
                )
        return waiting

    def agree(self, link: Virtual, ours: Collection[str], theirs: Collection[str]) -> bool:
        """Whether decisions of two sets, made without each other, say the same of a link."""
        for group in GROUPS:
            heads = [head for head in self._heads(self._live(link, group)[0]) if not head.run]
            uids = {self.entries[head.position].uid for head in heads}
            if len(heads) > 1 and not uids.isdisjoint(ours) and not uids.isdisjoint(theirs):
                return True
        return False

    # Proposals among themselves

    def _hide_superseded(self, outcomes: Sequence[tuple[Virtual, Outcome]]) -> None:
        """Undecided links that a run took away, or that the last of several concurrent runs does not have."""
        for link, outcome in outcomes:
            if outcome.columns is None or not is_untouched(outcome.columns):
                continue
            strong = [(w.position, True) for w in self._live_writes(link) if w.made and not w.run]
            events = sorted([*((at, columns is not None) for at, columns in link.proposed), *strong])
            if not events or not events[-1][1] or self._superseded(link, events[-1][0]):
                outcome.columns = None

    def _superseded(self, link: Virtual, at: int) -> bool:
        if not self._runs:
            return False
        documents = tuple(self.sentences.document(side[0]) for side in link.sides if side)
        return any(
            position > at
            and self.causality.concurrent(position, at)
            and run.documents == documents
            and id(link) not in listed
            and self._same_languages(at, run)
            for position, run, listed in self._runs
        )

    def _same_languages(self, at: int, run: Solved) -> bool:
        other = next((one for position, one, _ in self._runs if position == at), None)
        return other is None or not other.languages or not run.languages or other.languages == run.languages

    def _hide_contradicted(self, outcomes: Sequence[tuple[Virtual, Outcome]]) -> None:
        """Undecided links that share sentences on both sides with one that was settled without knowledge of them."""
        by_sentence: dict[int, list[tuple[Virtual, State]]] = {}
        undecided: list[tuple[Virtual, Outcome, State]] = []
        for link, outcome in outcomes:
            if outcome.columns is not None and is_untouched(outcome.columns):
                undecided.append((link, outcome, outcome.columns))
            elif outcome.columns is not None:
                for sentence in {*outcome.columns["src"], *outcome.columns["tgt"]}:
                    by_sentence.setdefault(sentence, []).append((link, outcome.columns))
        for link, outcome, columns in undecided:
            if any(
                _contradicts(columns, other) and self._met(link, one)
                for sentence in columns["src"]
                for one, other in by_sentence.get(sentence, ())
            ):
                outcome.columns = None
                continue
            comparable = {**columns, "status": ""}  # The same proposal twice: the first stays.
            for sentence in columns["src"]:
                by_sentence.setdefault(sentence, []).append((link, comparable))

    def _met(self, link: Virtual, other: Virtual) -> bool:
        """Whether the one came without knowledge of the other."""
        at = [position for position, columns in link.proposed if columns is not None] or [link.births[-1][1]]
        heads = self._heads(self._live(other, "verdict")[0])
        return any(self.causality.concurrent(at[-1], head.position) for head in heads)


def _contradicts(columns: State, other: State) -> bool:
    src, tgt = set(columns["src"]), set(columns["tgt"])
    for one, two in ((other["src"], other["tgt"]), (other["tgt"], other["src"])):
        if src == set(one) and tgt == set(two):
            return True
        if (other["status"] in CONFIRMED or other["anchored"]) and not (src.isdisjoint(one) or tgt.isdisjoint(two)):
            return True
    return False


def is_untouched(columns: State) -> bool:
    """Whether a link is as a solver left it."""
    plain = columns["status"] == Status.PROPOSED and columns["note"] is None
    worded = columns["src_text"] is not None or columns["tgt_text"] is not None
    return plain and not worded and not any(columns[mark] for mark in MARKS)


def _is_atomic(entry: Entry) -> bool:
    """Whether a decision draws links or cuts sentences, so that it stands or falls as a whole."""
    if entry.done in SINGLE:
        return False
    return bool(entry.cuts or entry.joins) or any(
        was is None or now is None or "src" in now or "tgt" in now for _, was, now in entry.patches
    )


def _applied(base: Value, write: Write, group: str) -> Value:
    if write.gone and group == "verdict":
        return None
    if write.made:
        base = {column: NEW.get(column) for column in GROUPS[group]}
    elif base is None:
        if group == "verdict" and not {"src", "tgt"} <= write.columns.keys():
            return None
        base = {}
    value = {**base, **{column: write.columns[column] for column in GROUPS[group] if column in write.columns}}
    if group == "verdict":
        value |= {f"_{side}": write.position for side in ("src", "tgt") if side in write.columns}
    return value


def documents_of(sides: Iterable[Side], sentences: Sentences) -> set[tuple[str, str]]:
    """Names and digests of the documents of sides."""
    return {sentences.document(number) for side in sides for number in side}
