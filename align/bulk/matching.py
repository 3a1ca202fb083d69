"""Match documents across two languages: document vectors, margins, one-to-one assignment."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from align.bulk.index import LEAD_MOST, best_other, dots, edges, rivals, spread

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

CANDIDATES = 16
"""Candidate partners per document, from each side."""
ROWS = 2048
"""Documents compared at once; `BLOCK_ROWS` times all the others must fit in memory."""
ENOUGH_TO_CENTRE = 8
"""Minimum documents for centring: with fewer, their mean reflects their topics rather than the language."""
WEIGHTS = (-3.6, 1.95, 0.81)
"""Logistic regression for P(right): constant, margin, lead over the next best, both in units of the scale. Fitted
by `python -m benchmarks.bulk_matching --fit`."""


@dataclass(frozen=True, slots=True)
class Match:
    """Document `src` of one side matched with document `tgt` of the other; `confidence` is P(right)."""

    src: int
    tgt: int
    margin: float
    lead: float
    """Margin over the better of the two runners-up."""
    scale: float
    """The unit of margin and lead; see `spread`."""
    confidence: float


def document_vector(vectors: Vectors, lengths: npt.ArrayLike) -> Vectors:
    """The mean of a document's sentence vectors (n, d), weighted by the square root of their lengths, of length 1:
    (d,).

    The root: a long sentence is more informative than a short one, but one long paragraph must not dominate.
    """
    weights = np.sqrt(np.maximum(np.asarray(lengths, dtype=np.float32), 1.0))
    mean: Vectors = unit((weights[:, None] * vectors).sum(0)[None, :])[0]
    return mean


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros is unchanged."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


def centred(vectors: Vectors) -> Vectors:
    """Subtract the mean of the language's documents and scale to length 1 again."""
    return unit(vectors - vectors.mean(0)) if len(vectors) >= ENOUGH_TO_CENTRE else vectors


def match_documents(src: Vectors, tgt: Vectors) -> list[Match]:
    """One-to-one assignment with the greatest sum of margins, in the order of `src`; a document without a positive
    margin stays unpaired. src (n, d), tgt (m, d): float32 rows of length 1."""
    if not len(src) or not len(tgt):
        return []
    src, tgt = centred(src), centred(tgt)
    forward, backward = nearest(src, tgt), nearest(tgt, src)
    rows, columns = edges(forward[0], backward[0])
    around = (rivals(rows, columns, *forward) + rivals(columns, rows, *backward)) / 2
    margins = (dots(src, tgt, rows, columns) - around).astype(np.float32)
    chosen = _assigned(rows, columns, margins, len(src), len(tgt))
    leads = margins - np.maximum(best_other(rows, margins), best_other(columns, margins))
    scale = spread(rows, margins)
    return [
        Match(int(rows[e]), int(columns[e]), margin, lead, scale, confidence(margin, lead, scale))
        for e, margin, lead in zip(chosen, margins[chosen].tolist(), leads[chosen].tolist(), strict=True)
    ]


def confidence(margin: float, lead: float, scale: float) -> float:
    """P(a match is right). `scale`: see `spread`."""
    constant, of_margin, of_lead = WEIGHTS
    logit = constant + of_margin * margin / scale + of_lead * min(lead / scale, LEAD_MOST)
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))


def nearest(queries: Vectors, base: Vectors) -> tuple[Ints, Floats]:
    """The N_CANDIDATES nearest of `base` for each query, nearest first: indices (n, k) and cosines (n, k)."""
    k = min(CANDIDATES, len(base))
    places = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k), dtype=np.float32)
    for start in range(0, len(queries), ROWS):
        block = queries[start : start + ROWS] @ base.T
        top = np.argpartition(block, -k, axis=1)[:, -k:] if k < len(base) else np.tile(np.arange(k), (len(block), 1))
        values = np.take_along_axis(block, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        places[start : start + ROWS] = np.take_along_axis(top, order, axis=1)
        cosines[start : start + ROWS] = np.take_along_axis(values, order, axis=1)
    return places, cosines


def _assigned(rows: Ints, columns: Ints, margins: Floats, n: int, m: int) -> Ints:
    """Indices of the edges of the best assignment, by row. An unpaired row counts as a margin of 0."""
    worth = margins > 0
    edges = np.flatnonzero(worth)
    alone = np.arange(n)
    # Costs are positive, since an explicit zero is no edge to scipy.
    costs = np.concatenate([2.0 - margins[edges].astype(np.float64), np.full(n, 2.0)])
    graph = coo_array(
        (costs, (np.concatenate([rows[edges], alone]), np.concatenate([columns[edges], m + alone]))), shape=(n, m + n)
    ).tocsr()
    taken_rows, taken_columns = min_weight_full_bipartite_matching(graph)
    taken = taken_columns < m
    place = {(int(r), int(c)): int(e) for e, r, c in zip(edges, rows[edges], columns[edges], strict=True)}
    return np.array(
        [place[int(r), int(c)] for r, c in zip(taken_rows[taken], taken_columns[taken], strict=True)], dtype=np.int64
    )
