"""Two texts as rows, one a link, unlinked sentences at their positions in reading order; lines of crossing links. Pure.

The rows with both sides are the longest sequence of links that do not cross. A link outside it has a row for each side,
where its sentences are in their texts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from align.models import CONFIRMED, Status

SentenceIds = tuple[int, ...]


class LinkEnds(NamedTuple):
    """A link without its texts."""

    id: int
    src: SentenceIds
    tgt: SentenceIds
    status: Status
    confidence: float


class Row(NamedTuple):
    """Positions `[start, stop)` of the sentences on each side; a side without any is empty, at its place."""

    src_start: int
    src_stop: int
    tgt_start: int
    tgt_stop: int
    link: int = 0
    """0 where the sentences are unlinked."""
    crosses: bool = False
    """Whether the link has its other side in another row."""

    def positions(self, side: int) -> range:
        """Positions of one side: 0 is the source."""
        return range(self.tgt_start, self.tgt_stop) if side else range(self.src_start, self.src_stop)


Positions = tuple[list[int], list[int]]
"""Positions of the sentences of a link on both sides."""


class AlignedRows:
    """The rows of two texts, given by the ids of their sentences in reading order."""

    def __init__(self, src: Sequence[int], tgt: Sequence[int], links: Iterable[LinkEnds]) -> None:
        self.sentences = src, tgt
        self.position = [{sentence: at for at, sentence in enumerate(side)} for side in (src, tgt)]
        self.links: dict[int, LinkEnds] = {}
        self._at: dict[int, Positions] = {}
        for link in links:
            if (at := self._positions(link)) is not None:
                self.links[link.id], self._at[link.id] = link, at
        self._build_all()

    def _build_all(self) -> None:
        """All rows."""
        src, tgt = self.sentences
        self._owners = [0] * len(src), [0] * len(tgt)
        """The link that each sentence is shown with; 0 without one."""
        self._overlapping: set[int] = set()
        """Links with a sentence that is shown with another link."""
        self.rows = self._build((0, len(src), 0, len(tgt)), self._at)
        self._stops = [row.src_stop for row in self.rows], [row.tgt_stop for row in self.rows]
        self._crossing = {row.link for row in self.rows if row.crosses}

    def change(self, number: int, ends: LinkEnds | None) -> bool:
        """Set a link, or take it away (None). False where its sentences are not in these texts.

        Where its sentences change, the rows around it are built again, up to those that no link crosses; all rows
        where links share sentences there, since which of them has a sentence may depend on others far away.
        """
        before, after = self._at.get(number), self._positions(ends) if ends is not None else None
        if ends is not None and after is None:
            return False
        if before == after:
            if ends is not None:
                self.links[number] = ends
                if self._shares(number):
                    self._build_all()
            return True
        start, stop = self._affected_rows([one for one in (before, after) if one is not None])
        first, last = self.rows[start], self.rows[stop - 1]
        src, tgt = range(first.src_start, last.src_stop), range(first.tgt_start, last.tgt_stop)
        links = {*self._owners[0][src.start : src.stop], *self._owners[1][tgt.start : tgt.stop]} - {0}
        shared = any(self._is_within(one, src, tgt) for one in self._overlapping)
        if ends is not None and after is not None:
            self.links[number], self._at[number] = ends, after
            links.add(number)
            shared = shared or self._shares(number)
        else:
            del self.links[number], self._at[number]
            links.discard(number)
        if shared:
            self._build_all()
        else:
            self._replace_rows(start, stop, (src, tgt), links)
        return True

    def _is_within(self, number: int, src: range, tgt: range) -> bool:
        """Whether a link has a sentence at one of these positions."""
        return any(at in src for at in self._at[number][0]) or any(at in tgt for at in self._at[number][1])

    def _replace_rows(self, start: int, stop: int, positions: tuple[range, range], links: Iterable[int]) -> None:
        """Build some rows again, from the sentences at these positions and the links on them."""
        src, tgt = positions
        rows = self._build((src.start, src.stop, tgt.start, tgt.stop), links)
        self._crossing.difference_update(row.link for row in self.rows[start:stop])
        self._crossing.update(row.link for row in rows if row.crosses)
        self.rows[start:stop] = rows
        self._stops[0][start:stop] = [row.src_stop for row in rows]
        self._stops[1][start:stop] = [row.tgt_stop for row in rows]

    def _shares(self, number: int) -> bool:
        """Whether a sentence of a link is one of another link too."""
        at = self._at[number]
        shown_with = {owners[one] for owners, own in zip(self._owners, at, strict=True) for one in own}
        return not shown_with <= {0, number} or any(
            not set(own).isdisjoint(other)
            for link in self._overlapping - {number}
            for own, other in zip(at, self._at[link], strict=True)
        )

    def _positions(self, link: LinkEnds) -> Positions | None:
        """Positions of the sentences of a link; None for those of another language of the page."""
        src, tgt = self.position
        try:
            return [src[sentence] for sentence in link.src], [tgt[sentence] for sentence in link.tgt]
        except KeyError:
            return None

    def _rows_of(self, at: Positions) -> list[int]:
        """Numbers of the rows with these sentences."""
        return [self.row_of_sentence(side, position) for side in (0, 1) for position in at[side]]

    def _affected_rows(self, changed: Iterable[Positions]) -> tuple[int, int]:
        """`[start, stop)` of the rows around changed links: no link goes out of them or over them."""
        numbers = [number for at in changed for number in self._rows_of(at)]
        start, stop = min(numbers), max(numbers) + 1
        spans = [(min(rows), max(rows)) for rows in (self._rows_of(self._at[n]) for n in self._irregular())]
        grows = True
        while grows:
            grows = False
            while start > 0 and not self._is_main(start - 1):
                start -= 1
            while stop < len(self.rows) and not self._is_main(stop):
                stop += 1
            for low, high in spans:
                if low < stop and high >= start and (low < start or high >= stop):
                    start, stop, grows = min(low, start), max(high + 1, stop), True
        return start, stop

    def _irregular(self) -> set[int]:
        """Links that are not one row with all of their sentences."""
        return self._crossing | self._overlapping

    def _is_main(self, number: int) -> bool:
        row = self.rows[number]
        return row.link > 0 and not row.crosses

    def row_of_sentence(self, side: int, position: int) -> int:
        """Number of the row with the sentence at a position of a side."""
        return min(bisect_right(self._stops[side], position), len(self.rows) - 1)

    def row_of_link(self, link: int) -> int | None:
        """Number of the first row of a link; None where it is not between these texts, or rejected."""
        at = self._at.get(link)
        rows = self._rows_of(at) if at is not None else []
        return min((number for number in rows if self.rows[number].link == link), default=None)

    def other_row(self, number: int) -> int:
        """The row with the other side of a link that crosses; else the row itself."""
        row = self.rows[number]
        if not row.crosses:
            return number
        link = self.links[row.link]
        side = 1 if row.src_stop > row.src_start else 0
        first: int = self.position[side][(link.tgt if side else link.src)[0]]
        return self.row_of_sentence(side, first)

    def next_unlinked(self, after: int) -> int | None:
        """Number of the next row without a link, from the start again after the last."""
        for number in chain(range(after + 1, len(self.rows)), range(after + 1)):
            if not self.rows[number].link:
                return number
        return None

    def _build(self, window: tuple[int, int, int, int], links: Iterable[int]) -> list[Row]:
        """The rows of a part of the texts, and of all links with a sentence in it.

        `window`: first and last position of the source, then of the target, without the last.
        """
        src, end_of_src, tgt, end_of_tgt = window
        links = sorted(links)
        self._assign(window, links)
        owners = self._owners
        rows: list[Row] = []
        for a, b, c, d, link in [*self._chain(links), (end_of_src, end_of_src, end_of_tgt, end_of_tgt, 0)]:
            rows += [Row(x, y, tgt, tgt, owner, owner > 0) for x, y, owner in _runs(owners[0], src, a)]
            rows += [Row(a, a, x, y, owner, owner > 0) for x, y, owner in _runs(owners[1], tgt, c)]
            if link:
                rows.append(Row(a, b, c, d, link))
            src, tgt = b, d
        return rows

    def _assign(self, window: tuple[int, int, int, int], links: Sequence[int]) -> None:
        """Find the link that each sentence is shown with: of several, a confirmed one, a likelier one."""
        for of_side, start, stop in zip(self._owners, window[::2], window[1::2], strict=True):
            of_side[start:stop] = [0] * (stop - start)
        for link in links:
            for of_side, own in zip(self._owners, self._at[link], strict=True):
                for at in own:
                    if not of_side[at] or self._rank(link) > self._rank(of_side[at]):
                        of_side[at] = link
        self._overlapping.difference_update(links)
        self._overlapping.update(link for link in links if not self._has_own_sentences(link))

    def _has_own_sentences(self, link: int) -> bool:
        """Whether all sentences of a link are shown with it."""
        (src, tgt), owners = self._at[link], self._owners
        return all(owners[0][at] == link for at in src) and all(owners[1][at] == link for at in tgt)

    def _rank(self, link: int) -> tuple[bool, float]:
        ends = self.links[link]
        return ends.status in CONFIRMED, ends.confidence

    def _chain(self, links: Iterable[int]) -> list[tuple[int, int, int, int, int]]:
        """The longest sequence of links that do not cross, each of consecutive sentences that only it is shown with."""
        whole = []
        for link in links:
            src, tgt = self._at[link]
            a, b, c, d = min(src), max(src) + 1, min(tgt), max(tgt) + 1
            if b - a == len(src) and d - c == len(tgt) and link not in self._overlapping:
                whole.append((a, b, c, d, link))
        whole.sort()
        lowest: list[int] = []
        """Target position of the last link of the best sequence of each length."""
        last: list[int] = []
        before: list[int] = [-1] * len(whole)
        for number, entry in enumerate(whole):
            length = bisect_left(lowest, entry[2])
            before[number] = last[length - 1] if length else -1
            lowest[length : length + 1] = [entry[2]]
            last[length : length + 1] = [number]
        backwards = []
        number = last[-1] if last else -1
        while number >= 0:
            backwards.append(whole[number])
            number = before[number]
        return backwards[::-1]


def _runs(owners: Sequence[int], start: int, stop: int) -> list[tuple[int, int, int]]:
    """`[start, stop)` cut into sentences without a link, and runs of sentences of one link."""
    runs = []
    while start < stop:
        end = start + 1
        while owners[start] and end < stop and owners[end] == owners[start]:
            end += 1
        runs.append((start, end, owners[start]))
        start = end
    return runs


LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8

GLYPHS = " ╴╶─╵┘└┴╷┐┌┬│┤├┼"
"""Box-drawing character by the sum of the arms in a cell: LEFT + RIGHT + UP + DOWN."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One link: its visible rows on each side, and the direction of a side that is not visible."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    off_screen: int = 0
    """Direction of the side that is off the screen: -1 above, 1 below; 0 if both are visible."""

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row of the link."""
        both = (*self.left, *self.right)
        return min(both), max(both)

    @property
    def straight(self) -> bool:
        """Whether it links one row to the same row."""
        return self.left == self.right and len(self.left) == 1


@dataclass(frozen=True, slots=True)
class GutterCell:
    """Glyph of a cell, and index of the wire that drew it last (None if empty)."""

    glyph: str = " "
    wire: int | None = None


def wire_columns(wires: Sequence[Wire], width: int) -> dict[int, int]:
    """Column of the vertical part of each wire: wires that overlap get different columns, short wires first.

    If there are more than fit, they share the last column.
    """
    occupied: list[list[tuple[int, int]]] = [[] for _ in range(max(1, width - 2))]
    columns: dict[int, int] = {}
    bent = [n for n, wire in enumerate(wires) if not wire.off_screen and not wire.straight]
    for number in sorted(bent, key=lambda n: (wires[n].rows[1] - wires[n].rows[0], wires[n].rows)):
        low, high = wires[number].rows
        # From the middle outwards, so that bends look symmetric.
        middle = len(occupied) // 2
        for column in sorted(range(len(occupied)), key=lambda c: (abs(c - middle), c)):
            if all(high < a or b < low for a, b in occupied[column]):
                break
        else:
            column = len(occupied) - 1
        occupied[column].append((low, high))
        columns[number] = column + 1
    return columns


def draw(wires: Sequence[Wire], height: int, width: int) -> list[list[GutterCell]]:
    """`height` rows of `width` cells. Later wires are drawn over earlier ones."""
    arms = [[0] * width for _ in range(height)]
    owner: list[list[int | None]] = [[None] * width for _ in range(height)]
    glyphs: dict[tuple[int, int], str] = {}
    columns = wire_columns(wires, width)

    def draw_arm(row: int, column: int, arm: int, wire: int) -> None:
        if 0 <= row < height:
            arms[row][column] |= arm
            owner[row][column] = wire

    def across(row: int, first: int, last: int, wire: int) -> None:
        for column in range(first, last + 1):
            # At the edges the line continues to the text.
            arm = LEFT if column > first or first == 0 else 0
            arm |= RIGHT if column < last or last == width - 1 else 0
            draw_arm(row, column, arm, wire)

    for number, wire in enumerate(wires):
        if wire.off_screen:
            arrow = "↑" if wire.off_screen < 0 else "↓"
            for row in wire.left:
                across(row, 0, 0, number)
                glyphs[row, 1] = arrow
                draw_arm(row, 1, 0, number)
            for row in wire.right:
                across(row, width - 1, width - 1, number)
                glyphs[row, width - 2] = arrow
                draw_arm(row, width - 2, 0, number)
        elif wire.straight:
            across(wire.left[0], 0, width - 1, number)
        else:
            column = columns[number]
            low, high = wire.rows
            for row in wire.left:
                across(row, 0, column, number)
            for row in wire.right:
                across(row, column, width - 1, number)
            for row in range(low, high + 1):
                draw_arm(row, column, (UP if row > low else 0) | (DOWN if row < high else 0), number)
    return [
        [GutterCell(glyphs.get((y, x), GLYPHS[arms[y][x]]), owner[y][x]) for x in range(width)] for y in range(height)
    ]
