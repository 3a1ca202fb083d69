"""The whole of one text against the whole of another: every sentence in one bead, nulls included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp

import numpy as np
from numba import njit

from align.match.passages import Bead, Constraints, Passages, Vectors

SHAPES = tuple((a, b) for total in range(2, 9) for a in range(1, total) if (b := total - a) >= 1)


def align_bitext(
    src: Passages,
    tgt: Passages,
    *,
    constraints: Constraints | None = None,
    encode: Callable[[Sequence[str]], Vectors] | None = None,
) -> list[Bead]:
    """Beads that cover every sentence of both sides once, in order.

    Raises ConflictError where the constraints contradict each other, ValueError where the widths of the vectors differ.
    """
    n, m = len(src), len(tgt)
    wanted = constraints or Constraints()
    wanted.check(n, m)
    if not n or not m:
        return [Bead(range(i, i + 1), range(0)) for i in range(n)] + [Bead(range(0), range(j, j + 1)) for j in range(m)]
    lengths_s = np.array([max(1, len(t)) for t in src.texts], dtype=np.float64)
    lengths_t = np.array([max(1, len(t)) for t in tgt.texts], dtype=np.float64)
    ratio = lengths_s.sum() / lengths_t.sum()
    ws = src.vectors.astype(np.float64) * lengths_s[:, None]
    wt = tgt.vectors.astype(np.float64) * lengths_t[:, None]
    dots = np.zeros((n + 1, m + 1))
    dots[1:, 1:] = (ws @ wt.T).cumsum(0).cumsum(1)
    evidence = _null_evidence(dots, _norms(ws), _norms(wt))
    allowed = np.ones((n + 1, m + 1), dtype=bool)
    back = _solve(
        dots, _norms(ws), _norms(wt), np.concatenate([[0], lengths_s.cumsum()]),
        np.concatenate([[0], lengths_t.cumsum() * ratio]), evidence[0], evidence[1], np.array(SHAPES), allowed,
    )  # fmt: skip
    return [
        Bead(range(i, i + a), range(j, j + b), score, 1 / (1 + exp(-(score - 0.1) / 0.1)) if a and b else 0.0)
        for i, j, a, b, score in _walk(*back, n, m)
    ]


def _norms(weighted: np.ndarray) -> np.ndarray:
    """Lengths of the sums of 1 to 8 consecutive rows: (9, n), 1 where a run reaches outside."""
    sums = np.concatenate([np.zeros((1, weighted.shape[1])), weighted.cumsum(0)])
    norms = np.ones((9, len(weighted)))
    for a in range(1, min(8, len(weighted)) + 1):
        norms[a, : len(weighted) - a + 1] = np.linalg.norm(sums[a:] - sums[:-a], axis=1)
    return np.maximum(norms, 1e-9)


def _null_evidence(dots: np.ndarray, norm_s: np.ndarray, norm_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a sentence earns by staying alone: more, the less anything on the other side is like it."""

    def side(cells: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
        rows = np.diff(cells, axis=0)
        one = np.diff(rows, axis=1) / own[1][:, None] / other[1][None, :]
        best = one.max(1)
        for b in range(2, min(3, one.shape[1]) + 1):
            runs = (rows[:, b:] - rows[:, :-b]) / own[1][:, None] / other[b][None, : one.shape[1] - b + 1]
            best = np.maximum(best, runs.max(1))
        return 0.5 * (0.35 - (best - one.mean(1)))

    return side(dots, norm_s, norm_t), side(dots.T, norm_t, norm_s)


@njit(cache=True)  # type: ignore[untyped-decorator]
def _cos(dots, norm_s, norm_t, i, a, j, b):  # type: ignore[no-untyped-def]
    block = dots[i + a, j + b] - dots[i, j + b] - dots[i + a, j] + dots[i, j]
    return block / (norm_s[a, i] * norm_t[b, j])


@njit(cache=True)  # type: ignore[untyped-decorator]
def _bead(dots, norm_s, norm_t, len_s, len_t, i, a, j, b):  # type: ignore[no-untyped-def]
    """Similarity of the two runs, less 0.6 times that to the neighbours, scaled by how alike their lengths are."""
    n, m = dots.shape[0] - 1, dots.shape[1] - 1
    total, sides = 0.0, 0
    near, count = 0.0, 0
    if j > 0:
        near, count = near + _cos(dots, norm_s, norm_t, i, a, j - 1, 1), count + 1
    if j + b < m:
        near, count = near + _cos(dots, norm_s, norm_t, i, a, j + b, 1), count + 1
    if count:
        total, sides = total + near / count, sides + 1
    near, count = 0.0, 0
    if i > 0:
        near, count = near + _cos(dots, norm_s, norm_t, i - 1, 1, j, b), count + 1
    if i + a < n:
        near, count = near + _cos(dots, norm_s, norm_t, i + a, 1, j, b), count + 1
    if count:
        total, sides = total + near / count, sides + 1
    score = _cos(dots, norm_s, norm_t, i, a, j, b) - 0.6 * total / 2
    ls, lt = len_s[i + a] - len_s[i], len_t[j + b] - len_t[j]
    return score * np.log2(1 + min(ls, lt) / max(ls, lt))


@njit(cache=True)  # type: ignore[untyped-decorator]
def _solve(dots, norm_s, norm_t, len_s, len_t, null_s, null_t, shapes, allowed):  # type: ignore[no-untyped-def]
    """Viterbi over beads with an affine price of omissions: states match, source gap, target gap."""
    n, m = dots.shape[0] - 1, dots.shape[1] - 1
    opening = -0.1
    best = np.full((3, n + 1, m + 1), -np.inf)
    shape = np.full((n + 1, m + 1), -1, dtype=np.int8)
    before = np.zeros((3, n + 1, m + 1), dtype=np.int8)
    best[0, 0, 0] = 0.0
    for i in range(n + 1):
        for j in range(m + 1):
            for k in range(len(shapes)):
                a, b = shapes[k]
                if a > i or b > j:
                    continue
                was = 0
                for state in range(1, 3):
                    if best[state, i - a, j - b] > best[was, i - a, j - b]:
                        was = state
                base = best[was, i - a, j - b]
                if base == -np.inf:
                    continue
                value = base + _bead(dots, norm_s, norm_t, len_s, len_t, i - a, a, j - b, b)
                if value > best[0, i, j]:
                    best[0, i, j], shape[i, j], before[0, i, j] = value, k, was
            if i > 0:
                value, was = best[0, i - 1, j] + opening, 0
                if best[1, i - 1, j] > value:
                    value, was = best[1, i - 1, j], 1
                best[1, i, j], before[1, i, j] = value + null_s[i - 1], was
            if j > 0:
                value, was = best[0, i, j - 1] + opening, 0
                if best[2, i, j - 1] > value:
                    value, was = best[2, i, j - 1], 2
                if best[1, i, j - 1] + opening > value:
                    value, was = best[1, i, j - 1] + opening, 1
                best[2, i, j], before[2, i, j] = value + null_t[j - 1], was
    return best, shape, before


def _walk(
    best: np.ndarray, shape: np.ndarray, before: np.ndarray, n: int, m: int
) -> list[tuple[int, int, int, int, float]]:
    """The best path as (i, j, a, b, score), first to last."""
    path = []
    i, j, state = n, m, int(best[:, n, m].argmax())
    while i or j:
        a, b = SHAPES[shape[i, j]] if state == 0 else (1, 0) if state == 1 else (0, 1)
        was = int(before[state, i, j])
        path.append((i - a, j - b, a, b, float(best[state, i, j] - best[was, i - a, j - b])))
        i, j, state = i - a, j - b, was
    return path[::-1]
