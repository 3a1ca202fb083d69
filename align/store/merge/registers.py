"""The registers of a link: which decisions on it are in force, and what they make of it (see `resolution`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from align.store.decision_log import NEW, State
from align.store.merge.writes import GROUPS, History, MergedLink, Value, Write


class Registers:
    """The writes of each register of each link. Nothing is stored until `finish`."""

    def __init__(self, history: History) -> None:
        self.causality = history.causality
        self.splits = history.splits
        self.out = history.out
        self._final: dict[tuple[int, str], tuple[list[Write], list[Write]]] | None = None
        """Results of `live`, once they are final."""
        self._live_writes: dict[int, list[Write]] = {}

    def finish(self) -> None:
        """From now on `out` does not change."""
        self._final = {}

    def is_out(self, link: MergedLink, write: Write, group: str) -> bool:
        """Whether a write is out of force."""
        return write.position in self.out.decisions or (write.position, id(link), group) in self.out.units

    def all_writes(self, link: MergedLink, group: str) -> list[Write]:
        """The writes of a register that were not taken back."""
        return [w for w in link.writes if w.touches(group) and (w.position, id(link)) not in self.out.void] + [
            w for w in link.writes if w.whole and not w.columns
        ]

    def live(self, link: MergedLink, group: str) -> tuple[list[Write], list[Write]]:
        """The writes of a register that are in force, and those that are not."""
        if self._final is None:
            return self._parted(link, group)
        key = id(link), group
        if key not in self._final:
            self._final[key] = self._parted(link, group)
        return self._final[key]

    def _parted(self, link: MergedLink, group: str) -> tuple[list[Write], list[Write]]:
        live: list[Write] = []
        out: list[Write] = []
        for write in sorted(self.all_writes(link, group), key=lambda w: w.position):
            depends = not write.whole and any(self._rests_on(write, other, live) for other in out)
            (out if depends or self.is_out(link, write, group) else live).append(write)
        return live, out

    def _rests_on(self, write: Write, other: Write, live: Sequence[Write]) -> bool:
        """Whether one was made on top of another that is out of force, and no conflict was decided in between."""
        return self.before(other, write) and not any(
            one.whole and self.before(other, one) and self.before(one, write) for one in live
        )

    def before(self, one: Write, other: Write) -> bool:
        """Whether the decision of the second write knew that of the first."""
        return self.causality.before(one.position, other.position)

    def concurrent(self, one: Write, other: Write) -> bool:
        """Whether neither decision knew the other."""
        return self.causality.concurrent(one.position, other.position)

    def heads(self, writes: Sequence[Write]) -> list[Write]:
        """Those that no other of them knew; proposal runs only where there is nothing else."""
        heads: list[Write] = []
        for write in writes:
            if len(heads) == 1 and self.before(heads[0], write):
                heads[0] = write
                continue
            heads = [head for head in heads if not self.before(head, write)]
            heads.append(write)
        return [head for head in heads if not head.run] or heads[:1]

    def common(self, writes: Sequence[Write], heads: Sequence[Write]) -> list[Write]:
        """Those that all heads knew."""
        return [write for write in writes if all(self.before(write, head) for head in heads)]

    def values(self, writes: Sequence[Write], group: str) -> dict[int, Value]:
        """What each write made of the register; by position."""
        values: dict[int, Value] = {}
        chain = True
        for number, write in enumerate(writes):
            base: Value = None
            if number and chain and self.before(writes[number - 1], write):
                base = values[writes[number - 1].position]
            elif number and not (write.made or write.gone):
                chain = False
                base = self.agreed([other for other in writes[:number] if self.before(other, write)], values, group)
            else:
                chain = not number
            values[write.position] = applied(base, write, group)
        return values

    def agreed(self, writes: Sequence[Write], values: Mapping[int, Value], group: str) -> Value:
        """The value after these: that of the heads where they agree, else that of what all of them knew."""
        heads = self.heads(writes)
        if not heads:
            return None
        if len(heads) == 1:
            return values[heads[0].position]
        head_values = [values[head.position] for head in heads]
        if all(self.same(value, head_values[0]) for value in head_values):
            return head_values[0]
        return self.agreed(self.common(writes, heads), values, group)

    def same(self, one: Value, other: Value) -> bool:
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
            self.splits.expand(sentence, value[f"_{side}"], sentences, finally_=False)
        return frozenset(sentences)

    def live_writes(self, link: MergedLink) -> list[Write]:
        """Those in force on every register, once that is final."""
        if id(link) not in self._live_writes:
            self._live_writes[id(link)] = [
                write
                for write in link.writes
                if (write.position, id(link)) not in self.out.void
                and not any(self.is_out(link, write, group) for group in GROUPS)
            ]
        return self._live_writes[id(link)]


def applied(base: Value, write: Write, group: str) -> Value:
    """The value of a register after a write."""
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
