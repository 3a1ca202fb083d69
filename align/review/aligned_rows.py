"""Two texts as rows: one row a link, unlinked sentences in their place, both texts in reading order. Pure.

The rows with both sides are the longest sequence of links that do not cross. A link outside it has a row for each side,
where its sentences are in their texts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
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


class AlignedRows:
    """The rows of two texts, given by the ids of their sentences in reading order."""

    def __init__(self, src: Sequence[int], tgt: Sequence[int], links: Iterable[LinkEnds]) -> None:
        self.sentences = src, tgt
        self.position = [{sentence: at for at, sentence in enumerate(side)} for side in (src, tgt)]
        self.links: dict[int, LinkEnds] = {}
        self._at: dict[int, tuple[list[int], list[int]]] = {}
        """Positions of the sentences of each link."""
        position_of_src, position_of_tgt = self.position
        for link in links:
            try:
                at = [position_of_src[sentence] for sentence in link.src], [position_of_tgt[n] for n in link.tgt]
            except KeyError:  # another language of the page
                continue
            self.links[link.id], self._at[link.id] = link, at
        self.rows = self._build()
        self._stops = [[row.src_stop for row in self.rows], [row.tgt_stop for row in self.rows]]
        self._first: dict[int, int] = {}
        for number, row in enumerate(self.rows):
            if row.link:
                self._first.setdefault(row.link, number)

    def update(self, link: LinkEnds) -> None:
        """Set the status of a link whose sentences are the same."""
        self.links[link.id] = link

    def row_of_sentence(self, side: int, position: int) -> int:
        """Number of the row with the sentence at a position of a side."""
        return min(bisect_right(self._stops[side], position), len(self.rows) - 1)

    def row_of_link(self, link: int) -> int | None:
        """Number of the first row of a link; None where it is not between these texts, or rejected."""
        return self._first.get(link)

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

    def _build(self) -> list[Row]:
        owners = self._owners()
        main = self._chain(owners)
        rows: list[Row] = []
        src = tgt = 0
        for a, b, c, d, link in [*main, (len(self.sentences[0]),) * 2 + (len(self.sentences[1]),) * 2 + (0,)]:
            rows += [Row(x, y, tgt, tgt, owner, owner > 0) for x, y, owner in _runs(owners[0], src, a)]
            rows += [Row(a, a, x, y, owner, owner > 0) for x, y, owner in _runs(owners[1], tgt, c)]
            if link:
                rows.append(Row(a, b, c, d, link))
            src, tgt = b, d
        return rows

    def _owners(self) -> tuple[list[int], list[int]]:
        """The link that each sentence is shown with; 0 without one. Of several, a confirmed one, a likelier one."""
        owners = [0] * len(self.sentences[0]), [0] * len(self.sentences[1])
        for link, positions in self._at.items():
            for of_side, own in zip(owners, positions, strict=True):
                for at in own:
                    if not of_side[at] or self._rank(link) > self._rank(of_side[at]):
                        of_side[at] = link
        return owners

    def _rank(self, link: int) -> tuple[bool, float]:
        ends = self.links[link]
        return ends.status in CONFIRMED, ends.confidence

    def _chain(self, owners: tuple[list[int], list[int]]) -> list[tuple[int, int, int, int, int]]:
        """The longest sequence of links that do not cross, each of consecutive sentences that only it is shown with."""
        whole = []
        for link, (src, tgt) in self._at.items():
            a, b, c, d = min(src), max(src) + 1, min(tgt), max(tgt) + 1
            if b - a != len(src) or d - c != len(tgt):
                continue
            if all(owners[0][at] == link for at in src) and all(owners[1][at] == link for at in tgt):
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
