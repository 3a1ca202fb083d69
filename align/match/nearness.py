"""CSLS between the sentences of two pages, corrected for small pages and for the encoder's baseline."""

from __future__ import annotations

import numpy as np

from align.match.passages import Matrix, Vectors
from align.match.similarity import neighbourhood

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
