"""Maximal scoring parts of a sequence: the translated parts of a long text."""

from __future__ import annotations

from collections.abc import Iterable


def maximal_segments(scores: Iterable[float]) -> list[tuple[range, float]]:
    """All maximal scoring segments, in order, each with its sum (above 0); no two of them overlap.

    A segment is maximal when none that contains it, and none inside it, sums to as much. In linear time. W. Ruzzo
    and M. Tompa: A linear time algorithm for finding all maximal scoring subsequences (ISMB 1999).
    """
    segments: list[tuple[int, int, float, float]] = []  # start, stop, total before it, total after it
    total = 0.0
    for k, score in enumerate(scores):
        before, total = total, total + score
        if score <= 0:
            continue
        start = k
        while True:
            j = len(segments) - 1
            while j >= 0 and segments[j][2] >= before:
                j -= 1
            if j < 0 or segments[j][3] >= total:
                break
            start, before = segments[j][0], segments[j][2]
            del segments[j:]
        segments.append((start, k + 1, before, total))
    return [(range(start, stop), after - before) for start, stop, before, after in segments]
