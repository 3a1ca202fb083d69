"""Margin of two sentences over the neighbourhood of each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from align.aligner.types import Matrix, Vectors


def neighbourhood(similar: Matrix, k: int, axis: int) -> Matrix:
    """Mean of the k greatest values along `axis` (nearest neighbours). similar (n, m) -> (n,) or (m,) float32."""
    k = min(k, similar.shape[axis])
    if k == 0:
        return np.zeros(similar.shape[1 - axis], dtype=np.float32)
    top = np.partition(similar, -k, axis=axis).take(range(-k, 0), axis=axis)
    return top.mean(axis=axis, dtype=np.float32)  # type: ignore[no-any-return]


def margin(src: Vectors, tgt: Vectors, *, k: int = 4) -> Matrix:
    """Similarity minus the mean of the two neighbourhoods: 0 is as close as the nearest few others are.

    src (n, d), tgt (m, d): float32 rows of length 1. Returns (n, m) float32. Raises ValueError where the widths
    differ. This is half of CSLS (Conneau et al. 2018), on the scale of a cosine.
    """
    if src.shape[1] != tgt.shape[1]:
        raise ValueError(f"vectors of {src.shape[1]} and of {tgt.shape[1]} dimensions cannot be compared")
    similar = src @ tgt.T
    around = neighbourhood(similar, k, 1)[:, None] + neighbourhood(similar, k, 0)[None, :]
    return np.asarray(similar - around / 2, dtype=np.float32)


NEIGHBOURS = 10
"""Neighbours in a neighbourhood."""
CSLS_SCALE = 0.7
"""CSLS is scaled to a baseline cosine of 0.3, to compare encoders whose vectors all lie close together."""


def csls(src: Vectors, tgt: Vectors, baseline: float) -> Matrix:
    """(n, m) float32: cross-domain similarity local scaling (Conneau et al. 2018), 0 at the level of the neighbours.

    src (n, d), tgt (m, d): rows of length 1. baseline: mean cosine of arbitrary pairs. A page of two sentences has
    no neighbourhood of ten: it is filled up with the mean neighbourhood of the longer page, so that one sentence
    and its paraphrase do not cancel each other's margin.
    """
    similar = np.asarray(src @ tgt.T, dtype=np.float32)
    n, m = similar.shape
    row, column = neighbourhood(similar, min(NEIGHBOURS, m), 1), neighbourhood(similar, min(NEIGHBOURS, n), 0)
    if n < min(NEIGHBOURS, m):
        column = _padded_means(similar.sum(axis=0), n, min(NEIGHBOURS, m), float(row.mean()))
    elif m < min(NEIGHBOURS, n):
        row = _padded_means(similar.sum(axis=1), m, min(NEIGHBOURS, n), float(column.mean()))
    scale = np.float32(CSLS_SCALE / (1 - min(0.95, max(0.0, baseline))))
    return np.asarray(scale * (2 * similar - row[:, None] - column[None, :]), dtype=np.float32)


def _padded_means(sums: Matrix, count: int, target_count: int, level: float) -> Matrix:
    """Means of `target_count` values: the sums of `count` values, filled up with `level`."""
    return np.asarray((sums + (target_count - count) * np.float32(level)) / np.float32(target_count), dtype=np.float32)


Indices = npt.NDArray[np.int64]

TARGET_SIMILARITY = 0.6
"""Median best similarity that texts are scaled to."""
MIN_FACTOR, MAX_FACTOR = 0.7, 1.6
"""Minimum and maximum factor of similarities."""
PRIOR_SENTENCES = 6.0
"""Number of sentences that the prior factor of 1 counts as."""
MAX_SPAN_SENTENCES, ROWS_PER_BLOCK, SAMPLE_ROWS = 4, 64, 512
"""Maximum sentences of the other side in a match; rows per block; approximate number of sampled rows of a side."""


def similarity_factor(
    src: Vectors,
    tgt: Vectors,
    src_length: npt.NDArray[np.float64],
    tgt_length: npt.NDArray[np.float64],
    low: Indices,
    high: Indices,
) -> float:
    """Factor of similarities that makes their median best TARGET_SIMILARITY.

    src (n, d), tgt (m, d): centred rows of length 1. src_length (n,), tgt_length (m,): characters. low, high (n,):
    target sentences low..high that a source sentence is compared with. For two short texts the factor stays near 1.
    """
    n, m = len(src), len(tgt)
    if not n or not m:
        return 1.0
    columns = np.arange(m)
    back_low, back_high = np.searchsorted(high, columns, side="right"), np.searchsorted(low, columns, side="right")
    best = np.concatenate(
        [
            best_matches(src, tgt * tgt_length[:, None].astype(np.float32), low, high),
            best_matches(tgt, src * src_length[:, None].astype(np.float32), back_low, back_high),
        ]
    )
    factor = min(MAX_FACTOR, max(MIN_FACTOR, TARGET_SIMILARITY / max(float(np.median(best)), 0.01)))
    return float(factor ** ((n + m) / (n + m + PRIOR_SENTENCES)))


def best_matches(own: Vectors, other: Vectors, low: Indices, high: Indices) -> npt.NDArray[np.float32]:
    """Greatest cosine of sentences with 1 to MAX_SPAN_SENTENCES sentences of the other side that start in low..high.

    own (n, d): rows of length 1; other (m, d): rows weighted by length. (n,) float32, or those of blocks of
    ROWS_PER_BLOCK rows spread evenly over a long text.
    """
    n, m = len(own), len(other)
    starts = np.arange(0, n, ROWS_PER_BLOCK)
    starts = starts[:: max(1, n // SAMPLE_ROWS)]
    best = []
    for start in starts.tolist():
        rows = slice(start, min(n, start + ROWS_PER_BLOCK))
        first, last = int(low[rows].min()), int(high[rows].max())
        if first >= last:
            continue
        stop = min(m, last + MAX_SPAN_SENTENCES - 1)
        window = other[first:stop]
        sums = np.concatenate([np.zeros((1, window.shape[1]), dtype=np.float32), window.cumsum(axis=0)])
        products = own[rows] @ sums.T
        top = np.full(products.shape[0], -1, dtype=np.float32)
        for span in range(1, min(MAX_SPAN_SENTENCES, len(window)) + 1):
            norms = np.linalg.norm(sums[span:] - sums[:-span], axis=1)
            similar = (products[:, span:] - products[:, :-span]) / np.maximum(norms, np.float32(1e-9))
            begins = np.arange(first, first + similar.shape[1])
            outside = (begins < low[rows, None]) | (begins >= high[rows, None])
            top = np.maximum(top, np.where(outside, np.float32(-1), similar).max(axis=1))
        best.append(top)
    return np.concatenate(best) if best else np.full(1, -1, dtype=np.float32)
