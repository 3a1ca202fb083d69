"""Split points of a side: between two sentences, or between two characters of one. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from align.text.width import cells, clusters

CLAUSE_ENDS = frozenset("。．，、；：？！」』】〕〉》）］｝.,;:?!)]}”’»…—–")
"""Characters that end a clause."""


class SplitPoint(NamedTuple):
    """Number of whole sentences before the point, and of characters of the next one."""

    sentence: int
    character: int = 0


def split_points(texts: Sequence[str]) -> list[SplitPoint]:
    """All points with text on both sides, in order; whitespace belongs to the text before it."""
    positions = []
    for number, text in enumerate(texts):
        starts = (cluster.start for cluster in clusters(text))
        positions += [SplitPoint(number, at) for at in starts if (number or at) and not text[at].isspace()]
    return positions


def clause_points(texts: Sequence[str], among: Sequence[SplitPoint]) -> list[SplitPoint]:
    """Points where a sentence or a clause begins."""
    return [
        point
        for point in among
        if not point.character
        or (
            texts[point.sentence][: point.character].rstrip()[-1:] in CLAUSE_ENDS
            and texts[point.sentence][point.character] not in CLAUSE_ENDS
            and _is_followed_by_space(texts[point.sentence], point.character)
        )
    ]


def _is_followed_by_space(text: str, at: int) -> bool:
    """Whether a narrow mark is followed by a space: 1,500 and 7.1 do not end a clause."""
    return not text[at - 1].isascii() or text[at - 1].isspace()


def share(texts: Sequence[str], point: SplitPoint) -> float:
    """Share of the text before the point, by display width: 0 to 1."""
    before = sum(cells(text) for text in texts[: point.sentence]) + cells(texts[point.sentence][: point.character])
    return before / max(1, sum(cells(text) for text in texts))


def nearest_point(texts: Sequence[str], target_share: float, among: Sequence[SplitPoint]) -> SplitPoint:
    """The point nearest to that share of the text: between sentences if possible, else at a clause, else at a word."""

    def off(point: SplitPoint) -> float:
        return abs(share(texts, point) - target_share)

    between = [point for point in among if not point.character]
    if between:
        return min(between, key=off)
    clause = min(clause_points(texts, among), key=off, default=None)
    if clause is not None and off(clause) < 0.25:
        return clause
    return min(word_points(texts, among) or among, key=off)


def word_points(texts: Sequence[str], among: Sequence[SplitPoint]) -> list[SplitPoint]:
    """Points where a sentence, a clause or, in scripts with spaces, a word begins."""
    clause_starts = set(clause_points(texts, among))
    return [point for point in among if point in clause_starts or texts[point.sentence][point.character - 1].isspace()]


def step(among: Sequence[SplitPoint], here: SplitPoint, direction: int) -> SplitPoint:
    """The next (1) or previous (-1) of `among`; `here` if there is none."""
    index = bisect_left(among, here)
    if direction > 0:
        index += index < len(among) and among[index] == here
        return among[index] if index < len(among) else here
    return among[index - 1] if index else here
