"""Bertalign's score and settings (Liu and Zhu 2022), for comparison where its package cannot be imported.

The package requires Python 3.12 and its own encoder. Written from the paper: every run of up to four sentences is
encoded as joined text; the score of a bead is the cosine of its sides, minus the similarity of each to the
neighbours of the other, times log2(1 + shorter / longer) of the lengths in bytes; leaving a sentence out costs 0.1;
at most five sentences a bead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from align.aligner.coarse_path import band, coarse_path
from align.aligner.evidence import centred
from align.aligner.lattice import Lattice, best_path

Floats = npt.NDArray[np.float64]
SKIP = -0.1
RUNS = 4
"""Maximum sentences of a side that are joined; five in all."""
EXACT = 600_000
"""Nodes up to which all of them are searched: the published two passes can be no better."""
SHAPES = [(a, b) for a in range(1, RUNS + 1) for b in range(1, RUNS + 1) if a + b <= RUNS + 1]


def align(
    src: Sequence[str], tgt: Sequence[str], encode: Callable[[Sequence[str]], Any]
) -> list[tuple[list[int], list[int]]]:
    """Beads of the whole of both texts, in order."""
    n, m = len(src), len(tgt)
    (vec_s, len_s), (vec_t, len_t) = (_runs(side, encode) for side in (src, tgt))
    ratio = len_s[0].sum() / len_t[0].sum()
    if (n + 1) * (m + 1) <= EXACT:
        low, high = np.zeros(n + 1, dtype=np.int64), np.full(n + 1, m, dtype=np.int64)
    else:
        cells, _ = coarse_path(*(centred(side[0].astype(np.float32)) for side in (vec_s, vec_t)))
        low, high = band(cells, n, m)
    beads, gains = _beads(low, high, vec_s, vec_t, len_s, len_t * ratio)
    lattice = Lattice(low, high, beads)
    gaps = np.full(len(lattice.down), SKIP)
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    for edge in best_path(lattice, gains, gaps, gaps).tolist():
        a, b = lattice.beads[edge, 2:].tolist() if edge >= 0 else (1, 0) if edge == -1 else (0, 1)
        found.append((list(range(i, i + a)), list(range(j, j + b))))
        i, j = i + a, j + b
    return found


def _runs(side: Sequence[str], encode: Callable[[Sequence[str]], Any]) -> tuple[Floats, Floats]:
    """Vectors (RUNS, n, d) and lengths (RUNS, n) of the runs from each sentence on; shorter at the end."""
    joined = [" ".join(side[k : k + size]) for size in range(1, RUNS + 1) for k in range(len(side))]
    vectors = np.asarray(encode(joined), dtype=np.float64)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    lengths = np.array([len(text.encode()) for text in joined], dtype=np.float64)
    return vectors.reshape(RUNS, len(side), -1), lengths.reshape(RUNS, len(side))


def _beads(
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    vec_s: Floats,
    vec_t: Floats,
    len_s: Floats,
    len_t: Floats,
) -> tuple[npt.NDArray[np.int64], Floats]:
    """Every bead of the band, by (i, j), and its score."""
    n, m = len(low) - 1, vec_t.shape[1]
    rows = np.repeat(np.arange(n), (high - low + 1)[:-1])
    columns = np.concatenate([np.arange(low[i], high[i] + 1) for i in range(n)])
    found = []
    for number, (a, b) in enumerate(SHAPES):
        below = np.minimum(rows + a, n)
        inside = (rows + a <= n) & (columns + b <= high[below]) & (columns + b >= low[below])
        i, j = rows[inside], columns[inside]
        one, other = vec_s[a - 1], vec_t[b - 1]
        close = np.einsum("ij,ij->i", one[i], other[j])
        close -= (_beside(one, i, vec_t[0], j, b, m) + _beside(other, j, vec_s[0], i, a, n)) / 2
        x, y = len_s[a - 1][i], len_t[b - 1][j]
        worth = close * np.log2(1 + np.minimum(x, y) / np.maximum(x, y))
        found.append((i, j, np.full(len(i), a), np.full(len(i), b), np.full(len(i), number), worth))
    i, j, a_, b_, number_, worth = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.lexsort((number_, j, i))
    return np.stack([i, j, a_, b_], axis=1)[order].astype(np.int64), worth[order]


def _beside(
    own: Floats, at: npt.NDArray[np.int64], single: Floats, start: npt.NDArray[np.int64], size: int, count: int
) -> Floats:
    """Similarity of each run to the sentences before and after the run that it is compared with."""
    total, seen = np.zeros(len(at)), np.zeros(len(at))
    for place in (start - 1, start + size):
        there = (place >= 0) & (place < count)
        close = np.einsum("ij,ij->i", own[at[there]], single[place[there]])
        total[there] += close
        seen[there] += 1
    return np.asarray(total / np.maximum(seen, 1))
