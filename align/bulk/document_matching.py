"""Document vectors, and the one-to-one matching of the documents of two languages by their margins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from align.aligner import EmbeddedSide, align_pages
from align.embeddings.nearest import MAX_LEAD, best_other, dots, edges, neighbour_means, spread
from align.errors import require_extra

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

N_CANDIDATES = 16
"""Candidate partners per document, from each side."""
BLOCK_ROWS = 2048
"""Documents compared at once; `BLOCK_ROWS` times all the others must fit in memory."""
MIN_CENTRED_DOCUMENTS = 8
"""Minimum documents for centring: with fewer, their mean reflects their topics rather than the language."""
CONFIDENCE_WEIGHTS = (-3.6, 1.95, 0.81)
"""Logistic regression for P(right): constant, margin, lead over the next best, both in units of the scale. Fitted
by `python -m benchmarks.bulk_matching --fit`."""


@dataclass(frozen=True, slots=True)
class DocumentMatch:
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
    mean: Vectors = normalise_rows((weights[:, None] * vectors).sum(0)[None, :])[0]
    return mean


def normalise_rows(vectors: Vectors) -> Vectors:
    """Rows scaled to length 1; a row of zeros is unchanged."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return scaled


def centred(vectors: Vectors) -> Vectors:
    """Subtract the mean of the language's documents and scale to length 1 again."""
    return normalise_rows(vectors - vectors.mean(0)) if len(vectors) >= MIN_CENTRED_DOCUMENTS else vectors


def match_documents(src: Vectors, tgt: Vectors) -> list[DocumentMatch]:
    """One-to-one assignment with the greatest sum of margins, in the order of `src`; a document without a positive
    margin stays unpaired. src (n, d), tgt (m, d): float32 rows of length 1."""
    if not len(src) or not len(tgt):
        return []
    src, tgt = centred(src), centred(tgt)
    forward, backward = nearest(src, tgt), nearest(tgt, src)
    rows, columns = edges(forward[0], backward[0])
    neighbourhood = (neighbour_means(rows, columns, *forward) + neighbour_means(columns, rows, *backward)) / 2
    margins = (dots(src, tgt, rows, columns) - neighbourhood).astype(np.float32)
    assigned = _assigned(rows, columns, margins, len(src), len(tgt))
    leads = margins - np.maximum(best_other(rows, margins), best_other(columns, margins))
    scale = spread(rows, margins)
    return [
        DocumentMatch(int(rows[e]), int(columns[e]), margin, lead, scale, confidence(margin, lead, scale))
        for e, margin, lead in zip(assigned, margins[assigned].tolist(), leads[assigned].tolist(), strict=True)
    ]


def confidence(margin: float, lead: float, scale: float) -> float:
    """P(a match is right). `scale`: see `spread`."""
    constant, of_margin, of_lead = CONFIDENCE_WEIGHTS
    logit = constant + of_margin * margin / scale + of_lead * min(lead / scale, MAX_LEAD)
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))


def nearest(queries: Vectors, base: Vectors) -> tuple[Ints, Floats]:
    """The N_CANDIDATES nearest of `base` for each query, nearest first: indices (n, k) and cosines (n, k)."""
    k = min(N_CANDIDATES, len(base))
    indices = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k), dtype=np.float32)
    for start in range(0, len(queries), BLOCK_ROWS):
        block = queries[start : start + BLOCK_ROWS] @ base.T
        top = np.argpartition(block, -k, axis=1)[:, -k:] if k < len(base) else np.tile(np.arange(k), (len(block), 1))
        values = np.take_along_axis(block, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        indices[start : start + BLOCK_ROWS] = np.take_along_axis(top, order, axis=1)
        cosines[start : start + BLOCK_ROWS] = np.take_along_axis(values, order, axis=1)
    return indices, cosines


def _assigned(rows: Ints, columns: Ints, margins: Floats, n: int, m: int) -> Ints:
    """Indices of the edges of the best assignment, by row. An unpaired row counts as a margin of 0."""
    require_extra("scipy")
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    is_positive = margins > 0
    edges = np.flatnonzero(is_positive)
    unpaired = np.arange(n)
    # Costs are positive, since an explicit zero is no edge to scipy.
    costs = np.concatenate([2.0 - margins[edges].astype(np.float64), np.full(n, 2.0)])
    graph = coo_array(
        (costs, (np.concatenate([rows[edges], unpaired]), np.concatenate([columns[edges], m + unpaired]))),
        shape=(n, m + n),
    ).tocsr()
    taken_rows, taken_columns = min_weight_full_bipartite_matching(graph)
    taken = taken_columns < m
    edge_index = {(int(r), int(c)): int(e) for e, r, c in zip(edges, rows[edges], columns[edges], strict=True)}
    return np.array(
        [edge_index[int(r), int(c)] for r, c in zip(taken_rows[taken], taken_columns[taken], strict=True)],
        dtype=np.int64,
    )


VERIFY_MAX_DOCUMENTS = 60
"""Maximum number of documents for which pairs are verified by their sentences."""
FIRST_SENTENCES = 30
"""Sentences of a document that are aligned, from its start."""

IndexPair = tuple[int, int]


def linked_shares(src: Sequence[EmbeddedSide], tgt: Sequence[EmbeddedSide], pairs: Sequence[IndexPair]) -> list[float]:
    """For each pair of indices into `src` and `tgt`, the confidence-weighted share of the shorter side that is
    linked.

    From 0 to 1. Each pair is aligned by itself and together with all the others, which two short texts can be
    compared with; the greater share counts.
    """
    rows = [row for row, _ in pairs]
    # In reverse order, so that no chain continues from one pair into the next.
    columns = [column for _, column in reversed(pairs)]
    shares_together = (
        linked_share_by_pair([src[row] for row in rows], [tgt[column] for column in columns]) if len(pairs) > 1 else {}
    )
    last = len(pairs) - 1
    return [
        max(linked_share_by_pair([src[row]], [tgt[column]]).get((0, 0), 0.0), shares_together.get((n, last - n), 0.0))
        for n, (row, column) in enumerate(pairs)
    ]


def linked_share_by_pair(src: Sequence[EmbeddedSide], tgt: Sequence[EmbeddedSide]) -> dict[IndexPair, float]:
    """For every two documents with a link, the greater of the shares of their sentences that are linked."""
    sides = src, tgt
    document = [np.repeat(np.arange(len(side)), [len(one) for one in side]) for side in sides]
    confidence_sums: tuple[dict[IndexPair, float], dict[IndexPair, float]] = ({}, {})
    for bead in align_pages(joined(src), joined(tgt)):
        for row in bead.src:
            for column in bead.tgt:
                pair = int(document[0][row]), int(document[1][column])
                for sums, n_sentences in zip(confidence_sums, (len(bead.tgt), len(bead.src)), strict=True):
                    sums[pair] = sums.get(pair, 0.0) + bead.confidence / n_sentences
    return {
        (row, column): min(
            1.0,
            max(confidence_sums[0][row, column] / len(src[row]), confidence_sums[1][row, column] / len(tgt[column])),
        )
        for row, column in confidence_sums[0]
    }


def joined(side: Sequence[EmbeddedSide]) -> EmbeddedSide:
    """Concatenate the documents of one language."""
    texts = tuple(chain.from_iterable(one.texts for one in side))
    return EmbeddedSide(texts, np.concatenate([one.vectors for one in side]), side[0].lang)
