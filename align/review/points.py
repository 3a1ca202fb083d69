"""Split points of a side: between two sentences, or between two characters of one. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from align.text.width import cells, clusters

CLAUSE = frozenset("。．，、；：？！」』】〕〉》）］｝.,;:?!)]}”’»…—–")
"""Characters that end a clause."""


class Point(NamedTuple):
    """Number of whole sentences before the point, and of characters of the next one."""

    sentence: int
    character: int = 0


def points(texts: Sequence[str]) -> list[Point]:
    """All points with text on both sides, in order; whitespace belongs to the text before it."""
    found = []
    for number, text in enumerate(texts):
        starts = (cluster.start for cluster in clusters(text))
        found += [Point(number, at) for at in starts if (number or at) and not text[at].isspace()]
    return found


def stops(texts: Sequence[str], among: Sequence[Point]) -> list[Point]:
    """Points where a sentence or a clause begins."""
    return [
        point
        for point in among
        if not point.character
        or (
            texts[point.sentence][: point.character].rstrip()[-1:] in CLAUSE
            and texts[point.sentence][point.character] not in CLAUSE
            and _apart(texts[point.sentence], point.character)
        )
    ]


def _apart(text: str, at: int) -> bool:
    """Whether a narrow mark is followed by a space: 1,500 and 7.1 do not end a clause."""
    return not text[at - 1].isascii() or text[at - 1].isspace()


def share(texts: Sequence[str], point: Point) -> float:
    """Share of the text before the point, by display width: 0 to 1."""
    before = sum(cells(text) for text in texts[: point.sentence]) + cells(texts[point.sentence][: point.character])
    return before / max(1, sum(cells(text) for text in texts))


def near(texts: Sequence[str], wanted: float, among: Sequence[Point]) -> Point:
    """The point nearest to that share of the text: between sentences if possible, else at a clause, else at a word."""

    def off(point: Point) -> float:
        return abs(share(texts, point) - wanted)

    between = [point for point in among if not point.character]
    if between:
        return min(between, key=off)
    clause = min(stops(texts, among), key=off, default=None)
    if clause is not None and off(clause) < 0.25:
        return clause
    return min(words(texts, among) or among, key=off)


def words(texts: Sequence[str], among: Sequence[Point]) -> list[Point]:
    """Points where a sentence, a clause or, in scripts with spaces, a word begins."""
    halts = set(stops(texts, among))
    return [point for point in among if point in halts or texts[point.sentence][point.character - 1].isspace()]


def step(among: Sequence[Point], here: Point, by: int) -> Point:
    """The next (1) or previous (-1) of `among`; `here` if there is none."""
    place = bisect_left(among, here)
    if by > 0:
        place += place < len(among) and among[place] == here
        return among[place] if place < len(among) else here
    return among[place - 1] if place else here
