"""The registers of a link: which decisions on it are in force, and what they make of it (see `resolution`).

Before that, decisions on links are divided by the texts that their documents had, where merged copies have different
texts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from align.store.actions import Action
from align.store.decision_log import NEW, State
from align.store.merge.replica import SIDES
from align.store.merge.text_versions import TextVersions
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
        within = (half for sentence in value[side] for half in self.splits.halves_within(sentence, value[f"_{side}"]))
        return frozenset((*value[side], *within))

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
    if base is None and group == "verdict" and not {"src", "tgt"} <= write.columns.keys():
        return None
    # A link that was made on a text that is another one here may have been drawn on other documents since.
    if write.made or (base is None and group == "verdict"):
        base = {column: NEW.get(column) for column in GROUPS[group]}
    base = base or {}
    value = {**base, **{column: write.columns[column] for column in GROUPS[group] if column in write.columns}}
    if group == "verdict":
        value |= {f"_{side}": write.position for side in ("src", "tgt") if side in write.columns}
    return value


def part_by_text(history: History, texts: TextVersions) -> None:
    """Leave each link the writes that count for this store's texts.

    Those that count for other texts that its documents had are a link without births: a decision on several links
    is in conflict on one of them in every store or in none.
    """
    undone = {entry.target for entry in history.entries if entry.action == Action.UNDO}
    for link in history.links[:]:
        documents = _documents_of(history, link)
        names = sorted({name for two in documents for name in two} & texts.changes.keys())
        if not names:
            continue
        writes = [
            (write, texts.changes.keys() & _scope(history, number, link, documents, undone))
            for number, write in enumerate(link.writes)
            if not _has_left(history, write, link, documents, undone)
        ]
        here = tuple(texts.digests.get(name, "") for name in names)
        parts: dict[tuple[Write, ...], dict[str, str]] = {}
        for digests in (here, *product(*map(texts.versions, names))):
            digest_of = dict(zip(names, digests, strict=True))
            part = tuple(w for w, two in writes if all(texts.cut_fits(w.position, n, digest_of[n]) for n in two))
            parts.setdefault(part, digest_of)
        for write in link.writes:
            history.of_entry[write.position].remove((link, write))
        link.writes.clear()
        for number, (selected, digest_of) in enumerate(parts.items()):
            part_link = link if number == 0 else MergedLink([], link.sides)
            for write in selected:
                history.write(part_link, _in_texts(history, texts, write, digest_of))
            if number:
                history.links.append(part_link)


def _in_texts(history: History, texts: TextVersions, write: Write, digests: Mapping[str, str]) -> Write:
    """A write with the sentences of the texts with these digests, where they have them."""

    def translated(columns: State) -> State:
        sides = {
            side: texts.in_texts(columns[side], write.position, digests, history.sentences)
            for side in SIDES
            if side in columns
        }
        return {**columns, **sides}

    was = write.was and translated(write.was)
    return replace(write, columns=translated(write.columns), was=was)


def _documents_of(history: History, link: MergedLink) -> list[tuple[str, ...]]:
    """Names of the two documents that a link was between after each of its writes."""
    born = tuple(history.sentences.document(side[0])[0] if side else "" for side in link.sides)
    documents: list[tuple[str, ...]] = []
    for number, write in enumerate(link.writes):
        earlier = [n for n in reversed(range(number)) if _knew(history, link.writes[n], write)]
        base = earlier[0] if earlier else None
        if base is not None and link.writes[base].was is not None:  # Who drew it elsewhere did not know the change.
            drawn = (
                n for n in earlier if link.writes[n].was is None and not link.writes[n].columns.keys().isdisjoint(SIDES)
            )
            at = link.writes[base].position
            base = next((n for n in drawn if history.causality.concurrent(link.writes[n].position, at)), base)
        source, target = born if base is None else documents[base]
        src, tgt = (write.columns.get(side) for side in ("src", "tgt"))
        source = history.sentences.document(src[0])[0] if src else source
        documents.append((source, history.sentences.document(tgt[0])[0] if tgt else target))
    return documents


def _scope(
    history: History,
    number: int,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> Collection[str]:
    """Names of the documents whose texts a write of a link depends on, by its number."""
    write, entry = link.writes[number], history.entries[link.writes[number].position]
    if entry.action == Action.UNDO:  # It counts where that counts which it takes back.
        target = history.causality.position.get(entry.target or "")
        done = (two for one, two in zip(link.writes, documents, strict=True) if one.position == target)
        return next(done, documents[number])
    if write.was is not None or not write.columns.keys().isdisjoint(SIDES):
        return documents[number]
    # On a link that was drawn on other documents meanwhile, it counts there, whatever the text is.
    return [name for name in documents[number] if not _drawn_away(history, write, name, link, documents, undone)]


def _drawn_away(
    history: History,
    write: Write,
    name: str,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> list[Write]:
    """What drew a link on other documents than the one of that name, without knowledge of a write and it of that."""
    return [
        other
        for other, two in zip(link.writes, documents, strict=True)
        if name not in two
        and history.causality.concurrent(other.position, write.position)
        and history.entries[other.position].uid not in undone
    ]


def _has_left(
    history: History,
    write: Write,
    link: MergedLink,
    documents: Sequence[tuple[str, ...]],
    undone: Collection[str | None],
) -> bool:
    """Whether a change of a text concerns the link no more: it was drawn on other documents, without knowledge of
    the change, and nobody decided on it as the change left it."""
    if write.was is None:
        return False
    name = str(history.entries[write.position].detail.get("name"))
    away = _drawn_away(history, write, name, link, documents, undone)
    return bool(away) and not any(
        one.was is None and _knew(history, write, one) and not any(_knew(history, other, one) for other in away)
        for one in link.writes
    )


def _knew(history: History, write: Write, later: Write) -> bool:
    return history.causality.before(write.position, later.position)
