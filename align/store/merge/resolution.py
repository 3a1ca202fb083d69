"""Determine which decisions are in force when several logs are one: a function of who knew what, of nothing else.

Decisions are merged as in a multi-value register. A link has three registers: its verdict (its sides, status and
texts, and whether it is there at all), its kind and its note. Of each register the decisions count that no later one
on it knew. Where these agree, that is what the link is. Where they do not, they are in conflict: none of them is in
force, the link is what it was by the decisions that all of them knew, and it waits for a reviewer. A decision that
draws links or cuts sentences counts as a whole or not at all, and so does what was decided on it. Once a reviewer
decided on a link in conflict, the decisions it was in conflict about stay out of force (`Entry.settles`).

Undo takes a decision back as if it had never been made, unless somebody else built on it without knowing of the undo.
Proposal runs decide nothing: a reviewer overrides them, and among themselves the last in the common order wins.

As the result depends on the set alone, merging is associative, commutative and idempotent (a state-based CRDT; Shapiro
et al. 2011, "Conflict-free Replicated Data Types").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property, partial
from itertools import pairwise

from align.store.actions import Action
from align.store.merge.registers import Registers
from align.store.merge.sentence_numbers import SplitEvent
from align.store.merge.text_versions import TextVersions
from align.store.merge.writes import GROUPS, History, MergedLink, Write


class Resolution:
    """Which decisions of several logs are in force."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.causality = history.causality
        self.entries = history.entries
        self.sentences = history.sentences
        self.links = history.links
        self.splits = history.splits
        self.out = history.out
        self.registers = Registers(history)
        self.decided_out: set[int] = set()
        """Decisions out of force as a whole, since a reviewer decided against them."""
        self._decided_on: set[tuple[int, int]] = set()
        """(decision, id of the link): the links on which they did so."""
        self._more: set[int] = set()
        self._more_units: set[tuple[int, int, str]] = set()
        """What the present round takes out of force."""
        self._void_undone()
        if history.texts is not None:
            self._void_returns(history.texts)
        self._settle()
        self.registers.finish()
        self.splits.finish()

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
        links = self.history.of_entry[position]
        return position in self.out.void_splits or any((position, id(link)) in self.out.void for link, _ in links)

    def _void_pair(self, done: int, undone: int) -> None:
        both = {id(link) for link, _ in self.history.of_entry[undone]}
        pairs = [(link, write) for link, write in self.history.of_entry[done] if id(link) in both]
        free = [pair for pair in pairs if not self._is_built_on(*pair, undone)]
        mine = self.splits.made_by.get(done, set())
        if self.history.atomic[done] and (len(free) < len(pairs) or self._are_halves_used(mine, done, undone)):
            return
        for link, _ in free:
            self.out.void |= {(done, id(link)), (undone, id(link))}
        if mine:
            self.out.void_splits |= {done, undone}

    def _are_halves_used(self, halves: Collection[int], done: int, undone: int) -> bool:
        """Whether others built on the halves that `done` made, without knowing that it was undone."""
        sentences = {one for half in halves for cut in self.splits.by_half[half] for one in (half, cut.sentence)}
        return any(
            cut.position not in (done, undone)
            and cut.position not in self.out.void_splits
            and self._is_between(done, cut.position, undone)
            for one in sentences
            for cut in self.splits.by_sentence.get(one, ())
        ) or any(
            self.causality.before(done, write.position) and self.causality.concurrent(write.position, undone)
            for half in halves
            for _, write in self._drawn_on(half)
        )

    def _void_returns(self, texts: TextVersions) -> None:
        """Drop changes of a text up to the one that brought it back, on links that are as they were before them."""
        for first, *later in texts.returns():
            last, span = later[-1], {first, *later}
            name, digest = (str(self.entries[last].detail[key]) for key in ("name", "now"))
            for link, write in self.history.of_entry[last]:
                writes = {one.position: one for one in link.writes if one.position in span}
                begun = writes[min(writes)].was if writes else None
                same = begun is not None and all(write.columns.get(column) == begun[column] for column in begun)
                # What was decided on the text that returned does not build on a change of it.
                on_returned = {w.position for w in link.writes if texts.digests_at(w.position, name) == {digest}}
                but = span | on_returned
                if same and not any(self._is_built_on(link, one, last, but=but) for one in writes.values()):
                    self.out.void |= {(position, id(link)) for position in writes}
            cuts = [self.sentences.half(*cut) for cut in self.entries[last].cuts]
            if cuts and all(self.splits.is_cut(half, by=first) for half in cuts):
                self.out.void_splits.add(last)

    def _is_between(self, done: int, other: int, undone: int) -> bool:
        """Whether another decision rests on one that was undone, or was there besides it when that was undone."""
        before = self.causality.before
        return not before(other, done) and not before(undone, other) and (before(done, other) or before(other, undone))

    def _is_built_on(self, link: MergedLink, write: Write, undone: int, but: Collection[int] = ()) -> bool:
        groups = [group for group in GROUPS if write.touches(group)]
        return any(
            other.position != undone
            and other is not write
            and other.position not in but
            and self._is_between(write.position, other.position, undone)
            and (other.position, id(link)) not in self.out.void
            and any(map(other.touches, groups))
            for other in link.writes
        )

    def _drawn_on(self, half: int) -> Iterator[tuple[MergedLink, Write]]:
        """What reviewers drew on one half of a cut alone, knowing of the cut."""
        for link, write in self._drawn.get(self.sentences.root(half), []):
            if (write.position, id(link)) in self.out.void or not self.splits.was_cut(half, by=write.position):
                continue
            before = self._part_before(half, write.position)
            if any(
                (half in side) != (before in side)
                for side in (write.columns.get("src", ()), write.columns.get("tgt", ()))
            ):
                yield link, write

    def _part_before(self, half: int, position: int) -> int:
        """The part before a second half in what the decision at a position knew."""
        before = self.sentences.root(half)
        for one in self.splits.halves_of(half):
            if one == half:
                break
            before = one if self.splits.was_cut(one, by=position) else before
        return before

    @cached_property
    def _drawn(self) -> dict[int, list[tuple[MergedLink, Write]]]:
        """Sentence that somebody cut -> what reviewers drew on it or on parts of it."""
        writes: dict[int, list[tuple[MergedLink, Write]]] = {}
        if self.splits.by_half:
            for link in self.links:
                for write in link.writes:
                    sides = () if write.run else (write.columns.get(side, ()) for side in ("src", "tgt"))
                    for root in {self.sentences.root(number) for side in sides for number in side}:
                        if self.splits.halves_of(root):
                            writes.setdefault(root, []).append((link, write))
        return writes

    # Conflicts

    def _settle(self) -> None:
        """Take out of force what is in conflict, and what depends on it, until nothing changes."""
        self._take_out_settled()
        self._next_round()
        chains = {id(link) for link in self.links if self._is_chain(link)}
        while True:
            units = {link for _, link, _ in self.out.units}
            open_ = [
                link
                for link in self.links
                if id(link) not in chains
                or id(link) in units
                or not self.out.decisions.isdisjoint(write.position for write in link.writes)
            ]
            for link in open_:
                for group in GROUPS:
                    for write in self.registers.live(link, group)[1]:
                        self._take_out(link, write, group)
            self._settle_dependents()
            if self._next_round():
                continue
            # Only when all that depends on them is out as well: whether more is in conflict must not depend on the
            # order in which links are looked at.
            for link in open_:
                self._settle_link(link)
            for sentence in self.splits.by_sentence:
                self._more |= self.splits.in_conflict(sentence)
            for half, cuts in self.splits.by_half.items():
                self._settle_joins(half, cuts)
            if not self._next_round():
                return

    def _next_round(self) -> bool:
        """Let what a round took out be out; whether that is anything new."""
        new = bool(self._more - self.out.decisions or self._more_units - self.out.units)
        self.out.decisions |= self._more
        self.out.units |= self._more_units
        return new

    def _is_chain(self, link: MergedLink) -> bool:
        """Whether each decision on a link knew the one before."""
        return all(self.registers.before(one, two) for one, two in pairwise(link.writes))

    def _take_out_settled(self) -> None:
        for position, entry in enumerate(self.entries):
            settles = entry.settles
            if entry.action == Action.REDO and entry.target in self.causality.position:
                settles = settles or self.entries[self.causality.position[entry.target]].settles
            links = [pair for pair in self.history.of_entry[position] if (position, id(pair[0])) not in self.out.void]
            for uid in settles if links else ():
                settled = self.causality.position.get(uid)
                if settled is None:
                    continue
                if self.history.atomic[settled]:
                    self._more.add(settled)
                    self.decided_out.add(settled)
                    self._decided_on |= {(settled, id(link)) for link, _ in links}
                else:
                    self._more_units |= {(settled, id(link), group) for link, _ in links for group in GROUPS}

    def _take_out(self, link: MergedLink, write: Write, group: str) -> None:
        if write.run:
            return
        if self.history.atomic[write.position]:
            self._more.add(write.position)
        else:
            self._more_units.add((write.position, id(link), group))

    def _settle_link(self, link: MergedLink) -> None:
        for group in GROUPS:
            live, out = self.registers.live(link, group)
            # Who decided against it on another link did not decide this one.
            live = sorted([*live, *filter(partial(self._is_open, link), out)], key=lambda write: write.position)
            heads = self.registers.heads(live)
            if len(heads) > 1:
                values = self.registers.values(live, group)
                if any(not self.registers.same(values[head.position], values[heads[0].position]) for head in heads):
                    link.clashed |= group == "verdict"
                    common = set(map(id, self.registers.common(live, heads)))
                    for write in live:
                        if id(write) not in common:
                            self._take_out(link, write, group)
                    continue
            if group == "verdict":
                self._settle_gone(link, [head for head in heads if head.gone])

    def _is_open(self, link: MergedLink, write: Write) -> bool:
        """Whether a reviewer decided against a decision, but not on this link."""
        return write.position in self.decided_out and (write.position, id(link)) not in self._decided_on

    def _settle_gone(self, link: MergedLink, heads: Sequence[Write]) -> None:
        """Who took the link away did not know what else was decided on it."""
        for group in ("kind", "note"):
            for write in self.registers.live(link, group)[0]:
                for head in heads:
                    if not write.made and not write.gone and self.registers.concurrent(write, head):
                        self._take_out(link, head, "verdict")

    # Splits

    def _settle_joins(self, half: int, cuts: Sequence[SplitEvent]) -> None:
        """Who made a sentence whole and who drew a link on one half of it, without each other, are in conflict."""
        for join in self.splits.live(cuts):
            if not join.made:
                for link, write in self._drawn_on(half):
                    if self.causality.concurrent(write.position, join.position) and not self.registers.is_out(
                        link, write, "verdict"
                    ):
                        link.clashed = True
                        self._more.add(join.position)
                        self._take_out(link, write, "verdict")

    def _settle_dependents(self) -> None:
        """Take out of force what is on a half whose cut is out of force."""
        if not self.splits.by_half:
            return
        for position, entry in enumerate(self.entries):
            if position in self.out.decisions or position in self.out.void_splits:
                continue
            used = {sentence for sentence, _ in entry.cuts if sentence in self.splits.by_half}
            for link, write in self.history.of_entry[position]:
                if not write.run and (position, id(link)) not in self.out.void:
                    used |= {
                        n for side in ("src", "tgt") for n in write.columns.get(side, ()) if n in self.splits.by_half
                    }
            for half in used:
                dependents = [
                    cut
                    for cut in self.splits.by_half[half]
                    if cut.made and self.causality.before(cut.position, position)
                ]
                if any(cut.position in self.out.decisions for cut in dependents) and not self.splits.live(dependents):
                    self._fall(position)

    def _fall(self, position: int) -> None:
        if self.history.atomic[position]:
            self._more.add(position)
        else:
            for link, write in self.history.of_entry[position]:
                if not write.whole:
                    self._take_out(link, write, "verdict")

    # What became of a decision

    def is_out_of_force(self, position: int) -> bool:
        """Whether nothing of a decision is in force because of a conflict."""
        units = [
            (link, write, group)
            for link, write in self.history.of_entry[position]
            for group in GROUPS
            if write.touches(group) and (position, id(link)) not in self.out.void
        ]
        return position in self.out.decisions or (bool(units) and all(self.registers.is_out(*unit) for unit in units))

    def waits(self, position: int) -> bool | None:
        """Whether what a file says of a link still waits for a reviewer; None where that was taken back."""
        waiting: bool | None = None
        for link, write in self.history.of_entry[position]:
            if (position, id(link)) not in self.out.void:
                waiting = not any(
                    self.registers.before(write, other) and other.columns.get("attention", "conflict") != "conflict"
                    for other in self.registers.live_writes(link)
                )
        return waiting

    def agree(self, link: MergedLink, ours: Collection[str], theirs: Collection[str]) -> bool:
        """Whether decisions of two sets, made without each other, say the same of a link."""
        for group in GROUPS:
            heads = [head for head in self.registers.heads(self.registers.live(link, group)[0]) if not head.run]
            uids = {self.entries[head.position].uid for head in heads}
            if len(heads) > 1 and not uids.isdisjoint(ours) and not uids.isdisjoint(theirs):
                return True
        return False
