"""CSLS between the sentences of two pages, corrected for small pages and for the encoder's baseline."""

from __future__ import annotations

import numpy as np

from align.match.passages import Matrix, Vectors
from align.match.similarity import neighbourhood

K = 10
"""Neighbours in a neighbourhood."""
SCALE = 0.7
"""CSLS is scaled to a baseline cosine of 0.3, to compare encoders whose vectors all lie close together."""


def nearness(src: Vectors, tgt: Vectors, usual: float) -> Matrix:
    """(n, m) float32: cross-domain similarity local scaling (Conneau et al. 2018), 0 at the level of the neighbours.

    src (n, d), tgt (m, d): rows of length 1. baseline: mean cosine of arbitrary pairs. A page of two sentences has
    no neighbourhood of ten: it is filled up with the mean neighbourhood of the longer page, so that one sentence
    and its paraphrase do not cancel each other's margin.
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
    """Means of `target_count` values: the sums of `count` values, filled up with `level`."""
    return np.asarray((sums + (want - have) * np.float32(level)) / np.float32(want), dtype=np.float32)
