"""The coarse path: trusted one-to-one cells, coarse to fine, and the band of nodes around them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from align.aligner.kernels import kernel
from align.aligner.types import Matrix, Vectors

Indices = npt.NDArray[np.int64]
MAX_DENSE_CELLS = 4_000_000
"""Cells up to which all source sentences are compared with all target sentences."""
GROUP_SENTENCES = 4
"""Sentences that are averaged into one row of the next coarser level."""
CORRIDOR_SENTENCES = 48
"""Half width of the corridor around the coarser path, in sentences."""
BAND_ROWS, BAND_COLUMNS = 5, 5
"""Half width of the band around trusted cells, in rows and columns."""
REFERENCE_RANK, MIN_REFERENCE_SIMILARITY = 4, np.float32(-0.2)
"""A gain is relative to the similarity of this rank in the row and in the column, or to the minimum if that is
higher."""
MAX_UNBANDED_NODES = 2_500
"""Nodes up to which the band is the whole lattice."""


def coarse_path(src: Vectors, tgt: Vectors) -> tuple[Indices, npt.NDArray[np.float32]]:
    """Trusted cells (c, 2) of a monotone one-to-one path, ascending on both sides, and the gain of each.

    src (n, d), tgt (m, d): centred rows of length 1. Near-linear: above MAX_DENSE_CELLS cells, means of
    GROUP_SENTENCES sentences are matched first.
    """
    n, m = len(src), len(tgt)
    if n == 0 or m == 0:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.float32)
    if n * m <= MAX_DENSE_CELLS:
        low = np.zeros(n, dtype=np.int64)
        width = m
    else:
        coarse, _ = coarse_path(_grouped(src), _grouped(tgt))
        low, width = _corridor(coarse, n, m)
    close = _banded(src, tgt, low, width)
    gain = _outstanding(close, low, m)
    cells = _path(gain, low, m)
    gains = gain[cells[:, 0], cells[:, 1] - low[cells[:, 0]]] if len(cells) else np.zeros(0, dtype=np.float32)
    return cells, gains


def _grouped(vectors: Vectors) -> Vectors:
    """Means of GROUP_SENTENCES consecutive rows, of length 1."""
    starts = np.arange(0, len(vectors), GROUP_SENTENCES)
    sums = np.add.reduceat(vectors, starts, axis=0)
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _corridor(coarse: Indices, n: int, m: int) -> tuple[Indices, int]:
    """First column of each row's window, and the common width, around a path over groups."""
    points = np.concatenate([[[0, 0]], coarse * GROUP_SENTENCES + GROUP_SENTENCES // 2, [[n, m]]]).astype(np.float64)
    rows = np.arange(n, dtype=np.float64)
    centre = np.interp(rows, points[:, 0], points[:, 1])
    before = np.interp(rows - 8, points[:, 0], points[:, 1])
    after = np.interp(rows + 8, points[:, 0], points[:, 1])
    reach = CORRIDOR_SENTENCES + int(min(4 * CORRIDOR_SENTENCES, np.max(after - before, initial=0)))
    width = min(m, 2 * reach)
    low = np.clip(centre.astype(np.int64) - reach, 0, max(0, m - width))
    return np.maximum.accumulate(low), width


def _banded(src: Vectors, tgt: Vectors, low: Indices, width: int) -> Matrix:
    """(n, width) similarity of row i with the columns from low[i] on."""
    n = len(src)
    if width == len(tgt):
        return np.asarray(src @ tgt.T, dtype=np.float32)
    close = np.empty((n, width), dtype=np.float32)
    for start in range(0, n, 64):
        stop = min(n, start + 64)
        first, last = int(low[start]), int(low[stop - 1]) + width
        tile = src[start:stop] @ tgt[first:last].T
        for i in range(start, stop):
            close[i] = tile[i - start, low[i] - first : low[i] - first + width]
    return close


def _outstanding(close: Matrix, low: Indices, m: int) -> Matrix:
    """Similarity of each cell above the fourth highest of its row and column: high for mutual bests.

    Overwrites `close`, which is large and not needed any more.
    """
    row = _kth_of_rows(close, REFERENCE_RANK)
    top = np.full((m, REFERENCE_RANK), -1.0, dtype=np.float32)
    _kth_of_columns(close, low, top)
    _outstand(close, low, row, np.maximum(top[:, 0], MIN_REFERENCE_SIMILARITY))
    return close


def _kth_of_rows(close: Matrix, k: int) -> Matrix:
    """(n,) the k-th greatest of each row, at least MIN_REFERENCE_SIMILARITY."""
    if close.shape[1] < k:
        return np.full(len(close), MIN_REFERENCE_SIMILARITY, dtype=np.float32)
    return np.maximum(np.partition(close, -k, axis=1)[:, -k], MIN_REFERENCE_SIMILARITY)


@kernel(lambda close, *_: 4e-7 * close.size, error_model="numpy")
def _kth_of_columns(close, low, top):  # type: ignore[no-untyped-def]
    """Merge the greatest values of each column into top (m, k), ascending."""
    n, width = close.shape
    m, k = top.shape
    for i in range(n):
        for c in range(min(width, m - low[i])):
            j = low[i] + c
            x = close[i, c]
            if x > top[j, 0]:
                p = 0
                while p + 1 < k and top[j, p + 1] < x:
                    top[j, p] = top[j, p + 1]
                    p += 1
                top[j, p] = x


@kernel(lambda close, *_: 6e-7 * close.size, error_model="numpy")
def _outstand(close, low, row, column):  # type: ignore[no-untyped-def]
    """Replace similarities by their excess over the levels of row and column; 0 where it is 0.02 or less."""
    n, width = close.shape
    m = len(column)
    for i in range(n):
        inside = min(width, m - low[i])
        for c in range(inside):
            x = close[i, c] - max(row[i], column[low[i] + c])
            close[i, c] = x if x > 0.02 else 0.0
        for c in range(inside, width):
            close[i, c] = 0.0


def _path(gain: Matrix, low: Indices, m: int) -> Indices:
    """Cells (c, 2) of the monotone path with the greatest sum of gains. Ties go to the path nearest to the start."""
    n, width = gain.shape
    step = np.zeros((n, width + 1), dtype=np.int8)
    cells = np.zeros((min(n, m), 2), dtype=np.int64)
    running, best = np.zeros((2, width + 1), dtype=np.float32)
    return cells[: _walk(gain, low, step, running, best, cells)][::-1].copy()


@kernel(lambda gain, *_: 1e-6 * gain.size, error_model="numpy")
def _walk(gain, low, step, running, best, cells):  # type: ignore[no-untyped-def]
    """Fill `step`, write the cells of the path, last to first, and return their number. best and running are zeros.

    best[c] is the sum over rows before i and columns before low[i] + c.
    """
    n, width = gain.shape
    for i in range(n):
        shift = low[min(i + 1, n - 1)] - low[i]
        running[0] = best[0]
        for c in range(1, width + 1):
            value, how = best[c], 0
            if running[c - 1] > value:
                value, how = running[c - 1], 1
            if gain[i, c - 1] > 0 and best[c - 1] + gain[i, c - 1] > value:
                value, how = best[c - 1] + gain[i, c - 1], 2
            running[c] = value
            step[i, c] = how
        for c in range(width + 1):
            best[c] = running[min(c + shift, width)]
    count, c = 0, width
    for i in range(n - 1, -1, -1):
        c = min(c + low[min(i + 1, n - 1)] - low[i], width)
        while c > 0 and step[i, c] == 1:
            c -= 1
        if c > 0 and step[i, c] == 2:
            cells[count, 0], cells[count, 1] = i, low[i] + c - 1
            count += 1
            c -= 1
    return count


def band(cells: Indices, n: int, m: int) -> tuple[Indices, Indices]:
    """Band around the cells: low and high (n + 1,), ascending, from (0, 0) to (n, m); wide where cells are missing."""
    if (n + 1) * (m + 1) <= MAX_UNBANDED_NODES:
        return np.zeros(n + 1, dtype=np.int64), np.full(n + 1, m, dtype=np.int64)
    rows = np.arange(n + 1)
    bounded_cells = np.concatenate([[[-1, -1]], cells, [[n, m]]])
    before = bounded_cells[np.searchsorted(bounded_cells[:, 0], rows - BAND_ROWS, side="right") - 1, 1]
    after = bounded_cells[
        np.minimum(np.searchsorted(bounded_cells[:, 0], rows + BAND_ROWS, side="left"), len(bounded_cells) - 1), 1
    ]
    before = np.where(rows - BAND_ROWS < 0, -1, before)
    after = np.where(rows + BAND_ROWS > n, m, after)
    low = np.clip(before - BAND_COLUMNS, 0, m)
    high = np.clip(after + BAND_COLUMNS, 0, m)
    low[0], high[n] = 0, m
    return np.minimum.accumulate(low[::-1])[::-1].astype(np.int64), np.maximum.accumulate(high).astype(np.int64)
