"""Local alignment of two texts by CSLS, updated incrementally as parts of it are blocked.

T. Smith and M. Waterman: Identification of common molecular subsequences (1981). The best path that crosses none
taken before: M. Waterman and M. Eggert: A new algorithm for best subsequence alignments (1987).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from align.aligner.kernels import kernel
from align.aligner.types import EmbeddedSide, Matrix

Cell = tuple[int, int]
Bounds = tuple[int, int]

BLOCKED = -1.0
"""CSLS of a blocked cell."""


class LocalAlignment:
    """The best local path through a CSLS table, repeatedly, as rows, columns and cells are blocked.

    Only the scores that blocking can change are recomputed, so that n chains of a sentence or two cost about as
    much as the first, not n times that. The paths are the same as from a table computed anew.
    """

    def __init__(self, margins: Matrix, gap: float) -> None:
        """margins: (n, m) float32, above 0 where a path may pass; overwritten. gap: cost per skipped row or column."""
        self.margins = margins
        n, m = margins.shape
        self._gap = gap
        self._score = np.zeros((n + 1, m + 1), dtype=np.float32)
        self._step = np.zeros((n + 1, m + 1), dtype=np.int8)
        self._tops = np.zeros(n + 1, dtype=np.float32)
        self._top_columns = np.zeros(n + 1, dtype=np.int64)
        self._refresh(np.ones(n, dtype=np.int64), np.full(n, m + 1, dtype=np.int64))

    def best(self) -> list[Cell]:
        """The matched cells of the best path, first to last; empty if no cell is positive."""
        i = int(self._tops.argmax())
        j = int(self._top_columns[i])
        path: list[Cell] = []
        while i and j and self._step[i, j]:
            how = self._step[i, j]
            if how == 1:
                path.append((i - 1, j - 1))
            i, j = i - (how != 3), j - (how != 2)
        return [(i, j) for i, j in reversed(path) if self.margins[i, j] > 0]

    def block_spans(self, spans: Iterable[tuple[range, range]]) -> None:
        """Block rows and columns: no path matches them any more."""
        n, m = self.margins.shape
        low, high = np.full(n, m + 1, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for rows, columns in spans:
            self.margins[rows.start : rows.stop, :] = BLOCKED
            self.margins[:, columns.start : columns.stop] = BLOCKED
            np.minimum(low, columns.start + 1, out=low)
            np.maximum(high, columns.stop + 1, out=high)
            low[rows.start : rows.stop], high[rows.start : rows.stop] = 1, m + 1
        self._refresh(low, high)

    def block_cells(self, cells: Iterable[Cell]) -> None:
        """Block single cells."""
        n, m = self.margins.shape
        low, high = np.full(n, m + 1, dtype=np.int64), np.zeros(n, dtype=np.int64)
        for i, j in cells:
            self.margins[i, j] = BLOCKED
            low[i], high[i] = min(low[i], j + 1), max(high[i], j + 2)
        self._refresh(low, high)

    def _refresh(self, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> None:
        _update_rows(
            self.margins, np.float64(self._gap), self._score, self._step, self._tops, self._top_columns, low, high
        )


@kernel(lambda *args: 1.5e-6 * float(np.maximum(args[-1] - args[-2], 0).sum()))
def _update_rows(margins, gap, score, step, tops, top_columns, low, high):  # type: ignore[no-untyped-def]
    """Recompute row i in columns low[i] to high[i] of the table, and all cells that depend on changed ones."""
    n, m = margins.shape
    start, stop = m + 1, 0  # Changed columns of the row above.
    for i in range(1, n + 1):
        first, last = min(low[i - 1], start), max(high[i - 1], stop + 1)
        start, stop = m + 1, 0
        j = first
        changed = False
        while j <= m and (j < last or changed):
            value, how = np.float32(0.0), 0
            candidate = score[i - 1, j - 1] + margins[i - 1, j - 1]
            if candidate > value:
                value, how = np.float32(candidate), 1
            candidate = score[i - 1, j] - gap
            if candidate > value:
                value, how = np.float32(candidate), 2
            candidate = score[i, j - 1] - gap
            if candidate > value:
                value, how = np.float32(candidate), 3
            changed = value != score[i, j] or how != step[i, j]
            if changed:
                score[i, j], step[i, j] = value, how
                start, stop = min(start, j), j + 1
            j += 1
        if start < stop and (top_columns[i] == 0 or start <= top_columns[i] < stop):
            top, top_column = np.float32(0.0), 0
            for j in range(1, m + 1):
                if score[i, j] > top:
                    top, top_column = score[i, j], j
            tops[i], top_columns[i] = top, top_column


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
