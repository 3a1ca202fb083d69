"""Margin of two sentences over the neighbourhood of each."""

from __future__ import annotations

import numpy as np

from align.match.passages import Matrix, Vectors


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
