"""What corresponds between two pages: local monotone chains, several, and they may cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import numpy as np
from numba import njit

from align.domain import LinkKind
from align.match.passages import Bead, Constraints, Matrix, Passages, Vectors
from align.match.similarity import csls

FLOOR = 0.05
GAP = 0.03
LEAST = 0.12
LONGEST = 8


def align_pages(
    src: Passages,
    tgt: Passages,
    *,
    constraints: Constraints | None = None,
    encode: Callable[[Sequence[str]], Vectors] | None = None,
) -> list[Bead]:
    """Beads of what says the same on both sides, chain by chain; what nothing translates is in none.

    Raises ConflictError where the constraints contradict each other, ValueError where the widths of the vectors differ.
    """
    n, m = len(src), len(tgt)
    wanted = constraints or Constraints()
    wanted.check(n, m)
    if not n or not m:
        return []
    close = csls(src.vectors, tgt.vectors, k=min(10, n, m)) - FLOOR
    beads: list[Bead] = [Bead(s, t, 1.0, 1.0, chain=c) for c, (s, t) in enumerate(wanted.anchors)]
    for s, t in wanted.anchors:
        close[s.start : s.stop, :] = -1
        close[:, t.start : t.stop] = -1
    for s, t in wanted.forbidden:
        close[s.start : s.stop, t.start : t.stop] = -1
    chain = len(beads)
    while True:
        path = _chain(close)
        total = sum(max(0.0, float(close[i, j])) for i, j in path)
        if not path or total < LEAST:
            break
        found = _beads(path, close, chain)
        beads.extend(found)
        for bead in found:
            close[bead.src.start : bead.src.stop, :] = -1
            close[:, bead.tgt.start : bead.tgt.stop] = -1
        chain += 1
    return sorted(beads, key=lambda bead: (bead.src.start, bead.tgt.start))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _best_local(close, gap, longest):  # type: ignore[no-untyped-def]
    """Smith-Waterman with steps (1,1), (1,0), (0,1) that match a cell, and affine-free gaps that decay the score."""
    n, m = close.shape
    score = np.zeros((n + 1, m + 1))
    step = np.zeros((n + 1, m + 1), dtype=np.int8)
    top, at_i, at_j = 0.0, 0, 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            value, how = 0.0, 0
            cell = close[i - 1, j - 1]
            candidate = score[i - 1, j - 1] + cell
            if candidate > value:
                value, how = candidate, 1
            candidate = score[i - 1, j] - gap
            if candidate > value:
                value, how = candidate, 2
            candidate = score[i, j - 1] - gap
            if candidate > value:
                value, how = candidate, 3
            score[i, j], step[i, j] = value, how
            if value > top:
                top, at_i, at_j = value, i, j
    return step, at_i, at_j


def _chain(close: Matrix) -> list[tuple[int, int]]:
    """The matched cells of the best local path, first to last."""
    step, i, j = _best_local(close, GAP, LONGEST)
    path = []
    while i and j and step[i, j]:
        how = step[i, j]
        if how == 1:
            path.append((i - 1, j - 1))
        i, j = i - (how != 3), j - (how != 2)
    return [(i, j) for i, j in reversed(path) if close[i, j] > 0]


def _beads(path: list[tuple[int, int]], close: Matrix, chain: int) -> list[Bead]:
    """The chain's cells, each grown by unmatched neighbours on either side that are close to its partner."""
    beads = []
    taken_s, taken_t = {i for i, _ in path}, {j for _, j in path}
    for i, j in path:
        lo_i, hi_i, lo_j, hi_j = i, i + 1, j, j + 1
        while lo_i > 0 and lo_i - 1 not in taken_s and close[lo_i - 1, j] > 0:
            lo_i -= 1
            taken_s.add(lo_i)
        while hi_i < close.shape[0] and hi_i not in taken_s and close[hi_i, j] > 0:
            taken_s.add(hi_i)
            hi_i += 1
        if hi_i - lo_i == 1:
            while lo_j > 0 and lo_j - 1 not in taken_t and close[i, lo_j - 1] > 0:
                lo_j -= 1
                taken_t.add(lo_j)
            while hi_j < close.shape[1] and hi_j not in taken_t and close[i, hi_j] > 0:
                taken_t.add(hi_j)
                hi_j += 1
        score = float(close[lo_i:hi_i, lo_j:hi_j].mean()) + FLOOR
        confidence = 1 / (1 + exp(-(score - 0.15) / 0.06))
        beads.append(Bead(range(lo_i, hi_i), range(lo_j, hi_j), score, confidence, LinkKind.TRANSLATION, chain))
    return beads
