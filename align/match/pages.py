"""What corresponds between two pages: local monotone chains, several, and they may cross."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numba import njit

from align.match.bitext import _swapped, stretch
from align.match.kinds import kind_of
from align.match.passages import Bead, Constraints, Matrix, Passages, Vectors
from align.match.similarity import csls
from align.match.solve import Texts
from align.match.trust import Found, confidence

FLOOR = 0.03
"""CSLS that a cell must exceed to carry a chain on."""
NEAR = -0.07
"""CSLS, less FLOOR, that a sentence must exceed to join its neighbour's bead."""
GAP = 0.03
"""What a chain loses for a sentence that it passes by."""
LEAST = 0.12
"""The weakest chain that is looked at."""
BOOK = 6_000_000
"""Cells above which two texts are taken for one chain, and aligned whole."""
BEYOND = 6
"""How far past its first and last sure cells a chain may reach, at least; half its length where that is more."""
TOLD = 0.2
"""Confidence below which a link is not worth a reviewer's look."""


def align_pages(
    src: Passages,
    tgt: Passages,
    *,
    constraints: Constraints | None = None,
    encode: Callable[[Sequence[str]], Vectors] | None = None,
    together: bool = False,
) -> list[Bead]:
    """Beads of what says the same on both sides, chain by chain; what nothing translates is in none.

    together: whether both sides stand on one page, which makes a lone correspondence likelier.

    Each sentence is in at most one bead. The same for swapped sides, mirrored. Raises ConflictError where the
    constraints contradict each other, ValueError where the widths of the vectors differ.
    """
    n, m = len(src), len(tgt)
    wanted = constraints or Constraints()
    wanted.check(n, m)
    if not n or not m:
        return []
    if _swapped(src, tgt):
        found = [bead.mirrored for bead in _align(tgt, src, wanted.mirrored, together)]
    else:
        found = _align(src, tgt, wanted, together)
    return sorted(found, key=lambda bead: (bead.src.start, bead.tgt.start))


def _align(src: Passages, tgt: Passages, wanted: Constraints, together: bool) -> list[Bead]:
    texts = Texts(src, tgt)
    held = [Bead(s, t, 1.0, 1.0, chain=chain) for chain, (s, t) in enumerate(wanted.anchors)]
    if len(src) * len(tgt) > BOOK:
        return held + _whole(texts, wanted, len(held))
    close = csls(texts.sides[0].vectors, texts.sides[1].vectors, k=min(10, len(src), len(tgt))) - FLOOR
    for s, t in wanted.anchors:
        close[s.start : s.stop, :] = -1
        close[:, t.start : t.stop] = -1
    for s, t in wanted.forbidden:
        close[s.start : s.stop, t.start : t.stop] = -1
    chains = list(_chains(texts, close, wanted, len(held), together))
    return held + [bead for chain in chains for bead in chain if bead.confidence >= TOLD]


def _chains(texts: Texts, close: Matrix, wanted: Constraints, first: int, together: bool):  # type: ignore[no-untyped-def]
    """Chains, best first, each with its beads; a chain's sentences are not offered to the next."""
    number = first
    while True:
        step, i, j = _best_local(close, GAP)
        cells = _cells(step, i, j, close)
        strength = sum(float(close[i, j]) for i, j in cells)
        if not cells or strength < LEAST:
            return
        rough = _whole_chain(texts, cells, close, wanted) if _dense(cells) else []
        dense = sum(bead.confidence > 0.5 for bead in rough) >= 0.75 * len(cells)
        if not dense:
            rough = _beads(cells, close)
        beads = [b for b in rough if (b.src, b.tgt) not in set(wanted.forbidden)]
        yield [
            replace(bead, chain=number, confidence=chance, kind=kind, signals=seen.told())
            for bead, chance, seen in _judged(texts, beads, together)
            for kind in [kind_of(texts, bead.src, bead.tgt, seen, dense=dense)]
        ]
        for i, j in cells:
            close[i, :] = -1
            close[:, j] = -1
        for bead in beads:
            close[bead.src.start : bead.src.stop, :] = -1
            close[:, bead.tgt.start : bead.tgt.stop] = -1
        number += 1


def _dense(cells: list[tuple[int, int]]) -> bool:
    """Whether a chain is a text and its translation, rather than a summary or what happens to be alike."""
    rows, columns = cells[-1][0] - cells[0][0] + 1, cells[-1][1] - cells[0][1] + 1
    return len(cells) >= 5 and len(cells) >= 0.4 * max(rows, columns)


def _whole_chain(texts: Texts, cells: list[tuple[int, int]], close: Matrix, wanted: Constraints) -> list[Bead]:
    """The beads of a chain by the exact search, from a little before its first cell to a little after its last."""
    open_ = close > -1
    free_s, free_t = np.asarray(open_.any(axis=1)), np.asarray(open_.any(axis=0))
    far = max(BEYOND, len(cells) // 2)
    rows = _reach(cells[0][0], cells[-1][0] + 1, free_s, far)
    columns = _reach(cells[0][1], cells[-1][1] + 1, free_t, far)
    trusted = np.array(cells, dtype=np.int64)
    held_s, held_t = ~free_s, ~free_t
    beads = []
    for bead in stretch(texts, rows, columns, wanted.forbidden, trusted):
        if not bead.src or not bead.tgt:
            continue
        if held_s[bead.src.start : bead.src.stop].any() or held_t[bead.tgt.start : bead.tgt.stop].any():
            continue
        block = close[bead.src.start : bead.src.stop, bead.tgt.start : bead.tgt.stop]
        beads.append(replace(bead, score=float(block.max()) + FLOOR))
    return beads


def _reach(start: int, stop: int, free: npt.NDArray[np.bool_], far: int) -> tuple[int, int]:
    """A run made longer by up to `far` free sentences at each end."""
    low, high = start, stop
    while low > 0 and start - low < far and free[low - 1]:
        low -= 1
    while high < len(free) and high - stop < far and free[high]:
        high += 1
    return low, high


def _judged(texts: Texts, beads: list[Bead], together: bool):  # type: ignore[no-untyped-def]
    """Each bead with how sure it is, from itself and from what stands beside it in its chain."""
    for number, bead in enumerate(beads):
        beside = sum(other.score * 0.7 ** (abs(number - k) - 1) for k, other in enumerate(beads) if k != number)
        seen = Found.of(texts, bead, beside)
        yield bead, confidence(seen, together=together) * (bead.confidence or 1.0), seen


def _whole(texts: Texts, wanted: Constraints, chain: int) -> list[Bead]:
    """Two long texts as one chain."""
    from align.match.bitext import _align as align_whole

    beads = align_whole(texts.src, texts.tgt, wanted)
    held = set(wanted.anchors)
    return [
        replace(bead, chain=chain)
        for bead in beads
        if bead.src and bead.tgt and (bead.src, bead.tgt) not in held and bead.confidence >= TOLD
    ]


@njit(cache=True)
def _best_local(close, gap):  # type: ignore[no-untyped-def]
    """Smith-Waterman: steps that match a cell or pass a sentence by; (steps, end of the best path)."""
    n, m = close.shape
    score = np.zeros((n + 1, m + 1), dtype=np.float32)
    step = np.zeros((n + 1, m + 1), dtype=np.int8)
    top, at_i, at_j = 0.0, 0, 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            value, how = 0.0, 0
            candidate = score[i - 1, j - 1] + close[i - 1, j - 1]
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


def _cells(step: Matrix, i: int, j: int, close: Matrix) -> list[tuple[int, int]]:
    """The matched cells of the best local path, first to last."""
    path = []
    while i and j and step[i, j]:
        how = step[i, j]
        if how == 1:
            path.append((i - 1, j - 1))
        i, j = i - (how != 3), j - (how != 2)
    return [(i, j) for i, j in reversed(path) if close[i, j] > 0]


def _beads(path: list[tuple[int, int]], close: Matrix) -> list[Bead]:
    """The chain's cells, each grown by unmatched neighbours on either side that are close to its partner."""
    beads = []
    taken_s, taken_t = {i for i, _ in path}, {j for _, j in path}
    for i, j in path:
        lo_i, hi_i, lo_j, hi_j = i, i + 1, j, j + 1
        while lo_i > 0 and lo_i - 1 not in taken_s and close[lo_i - 1, j] > NEAR:
            lo_i -= 1
            taken_s.add(lo_i)
        while hi_i < close.shape[0] and hi_i not in taken_s and close[hi_i, j] > NEAR:
            taken_s.add(hi_i)
            hi_i += 1
        if hi_i - lo_i == 1:
            while lo_j > 0 and lo_j - 1 not in taken_t and close[i, lo_j - 1] > NEAR:
                lo_j -= 1
                taken_t.add(lo_j)
            while hi_j < close.shape[1] and hi_j not in taken_t and close[i, hi_j] > NEAR:
                taken_t.add(hi_j)
                hi_j += 1
        score = float(close[lo_i:hi_i, lo_j:hi_j].max()) + FLOOR
        beads.append(Bead(range(lo_i, hi_i), range(lo_j, hi_j), score))
    return beads
