"""Which document of one language translates which of the other: document vectors, margins, one-to-one assignment."""

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
"""Partners that are considered for a document, from each side."""
ROWS = 2048
"""Documents compared at once: a block of `ROWS` times all the others is what memory must hold."""
ENOUGH_TO_CENTRE = 8
"""From so many documents on, their mean says what is common to the language rather than what they are about."""
WEIGHTS = (-3.6, 1.95, 0.81)
"""Of P(right): constant, margin, lead over the next best, both in units of the scale. Fitted by
`python -m benchmarks.bulk_matching --fit`."""


@dataclass(frozen=True, slots=True)
class Match:
    """Document `src` of one side translates document `tgt` of the other, with P(right)."""

    src: int
    tgt: int
    margin: float
    lead: float
    """Over the better of the two next best."""
    scale: float
    """What the two are measured in; see `spread`."""
    confidence: float


def document_vector(vectors: Vectors, lengths: npt.ArrayLike) -> Vectors:
    """The mean of a document's sentence vectors (n, d), each weighted by the root of its length, of length 1: (d,).

    The root: a long sentence says more than a short one, but one long paragraph is not the whole document.
    """
    weights = np.sqrt(np.maximum(np.asarray(lengths, dtype=np.float32), 1.0))
    mean: Vectors = unit((weights[:, None] * vectors).sum(0)[None, :])[0]
    return mean


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


def centred(vectors: Vectors) -> Vectors:
    """Less what all documents of the language have in common, of length 1 again."""
    return unit(vectors - vectors.mean(0)) if len(vectors) >= ENOUGH_TO_CENTRE else vectors


def match_documents(src: Vectors, tgt: Vectors) -> list[Match]:
    """One-to-one, in the order of `src`: the assignment with the greatest sum of margins; a document whose best is no
    closer than its rivals stays alone. src (n, d), tgt (m, d): float32 rows of length 1.
    """
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
    """The CANDIDATES nearest of `base` to each query, nearest first: places (n, k) and cosines (n, k)."""
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
    """Numbers of the edges of the best assignment, by row. Each row may stay alone, which is worth a margin of 0."""
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
