"""Split points of a side: between two sentences, or between two characters of one. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from align.errors import UsageError
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


def named_points(texts: Sequence[Sequence[str]], where: str) -> tuple[SplitPoint, SplitPoint]:
    """Split points from `1 2` (sentences on each side) or `WORDS / WORDS` (what the second halves begin with)."""
    parts = where.split()
    if len(parts) == 2 and all(part.isascii() and part.isdecimal() for part in parts):
        return SplitPoint(int(parts[0])), SplitPoint(int(parts[1]))
    halves = [half.strip() for half in where.split("/")]
    if len(halves) != 2 or not all(halves):
        raise UsageError("Write s, s 1 1, or s and the words that begin each second half, with / between.")
    src, tgt = (_point_before(side, words) for side, words in zip(texts, halves, strict=True))
    return src, tgt


def _point_before(texts: Sequence[str], words: str) -> SplitPoint:
    for number, text in enumerate(texts):
        at = text.find(words)
        if at > 0 or (at == 0 and number):
            return SplitPoint(number, at)
    raise UsageError(f"{words!r} does not begin a second half of this side. Nothing was split.")


def rest_of(texts: Sequence[str], point: SplitPoint, characters: int = 40) -> str:
    """The beginning of the text after a point, up to the end of its sentence."""
    rest = texts[point.sentence][point.character :].strip()
    return rest if len(rest) <= characters else rest[: characters - 1] + "…"
