"""Pages on which two languages alternate: adjacent runs most likely have the same meaning."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from align.match.passages import EmbeddedSide

Bounds = tuple[int, int]
MIN_TURNS = 4
"""Minimum runs of a language for a page to be interleaved."""
MIN_TURN_SHARE = 0.8
"""Minimum share of the sure pairs that lie in adjacent runs."""


def interleaved_turns(
    src: EmbeddedSide, tgt: EmbeddedSide, rows: Bounds, columns: Bounds, cells: Sequence[tuple[int, int]]
) -> list[tuple[Bounds, Bounds]] | None:
    """Partition an interleaved page into (rows, columns) at the language changes; None if it is not interleaved.

    cells: the sure pairs. A part is a run of one language and the run of the other that follows it (or precedes it,
    if most pairs do); a run without such a partner is a part of its own.
    """
    if src.positions is None or tgt.positions is None:
        return None
    positions = [(int(src.positions[i]), 0, i) for i in range(*rows)] + [
        (int(tgt.positions[j]), 1, j) for j in range(*columns)
    ]
    runs: list[tuple[int, list[int]]] = []
    for _, side, number in sorted(positions):
        if runs and runs[-1][0] == side:
            runs[-1][1].append(number)
        else:
            runs.append((side, [number]))
    where = {(side, number): at for at, (side, numbers) in enumerate(runs) for number in numbers}
    steps = [where[1, j] - where[0, i] for i, j in cells]
    if len({where[0, i] for i, _ in cells}) < MIN_TURNS:
        return None
    for first, step in ((0, 1), (1, -1)):
        if steps.count(step) >= MIN_TURN_SHARE * len(cells):
            return _cut(runs, first, rows, columns)
    return None


def _cut(
    runs: Sequence[tuple[int, list[int]]], first: int, rows: Bounds, columns: Bounds
) -> list[tuple[Bounds, Bounds]]:
    """Each run of the side that comes first with the next run, as rows and columns."""
    ends = [(rows[0], columns[0])]
    at = 0
    while at < len(runs):
        run_count = 2 if runs[at][0] == first and at + 1 < len(runs) else 1
        i, j = ends[-1]
        for side, numbers in runs[at : at + run_count]:
            i, j = (numbers[-1] + 1, j) if side == 0 else (i, numbers[-1] + 1)
        ends.append((i, j))
        at += run_count
    return [((i0, i1), (j0, j1)) for (i0, j0), (i1, j1) in pairwise(ends)]
