"""How near each sentence of a page is to each of another, over what any two there are: CSLS that small pages stand."""

from __future__ import annotations

import numpy as np

from align.match.passages import Matrix, Vectors
from align.match.similarity import neighbourhood

K = 10
"""Sentences of a neighbourhood."""
SCALE = 0.7
"""CSLS is told as if any two sentences had a cosine of 0.3: models whose vectors all lie close compare with others."""


def nearness(src: Vectors, tgt: Vectors, usual: float) -> Matrix:
    """(n, m) float32: cross-domain similarity local scaling (Conneau et al. 2018), 0 where nothing stands out.

    src (n, d), tgt (m, d): rows of length 1. usual: the cosine of any two. A page of two sentences has no
    neighbourhood of ten to compare with: what it lacks is filled up with the mean of the longer page's neighbourhoods,
    so that one sentence and its paraphrase do not take each other's margin away.
    """
    similar = np.asarray(src @ tgt.T, dtype=np.float32)
    n, m = similar.shape
    row, column = neighbourhood(similar, min(K, m), 1), neighbourhood(similar, min(K, n), 0)
    if n < min(K, m):
        column = _filled(similar.sum(axis=0), n, min(K, m), float(row.mean()))
    elif m < min(K, n):
        row = _filled(similar.sum(axis=1), m, min(K, n), float(column.mean()))
    scale = np.float32(SCALE / (1 - min(0.95, max(0.0, usual))))
    return np.asarray(scale * (2 * similar - row[:, None] - column[None, :]), dtype=np.float32)


def _filled(sums: Matrix, have: int, want: int, level: float) -> Matrix:
    """Means of `want` values of which only `have` are known, by their sums."""
    return np.asarray((sums + (want - have) * np.float32(level)) / np.float32(want), dtype=np.float32)
