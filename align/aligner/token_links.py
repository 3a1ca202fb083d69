"""Share of a sentence's content that other sentences have: best matches of its tokens, weighted by rarity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
import numpy.typing as npt

from align.aligner.features import LONGEST_RUN
from align.aligner.tokens import SharedTokens
from align.aligner.types import TokenVectors

Float32Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


class Bag:
    """The tokens of one side, concatenated: unit vectors (t, width), rarity (t,), and the start of each sentence."""

    def __init__(self, sentences: Sequence[TokenVectors]) -> None:
        width = max((s.vectors.shape[1] for s in sentences if len(s.vectors)), default=1)
        counts = [max(1, len(s.vectors)) for s in sentences]
        self.starts: Indices = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        stacked = np.zeros((int(self.starts[-1]), width), dtype=np.float32)
        rarity = np.zeros(len(stacked), dtype=np.float32)
        documents = Counter(piece for s in sentences for piece in set(s.pieces))
        for start, sentence in zip(self.starts, sentences, strict=False):
            if len(sentence.vectors):
                stacked[start : start + len(sentence.vectors)] = sentence.vectors
                rarity[start : start + len(sentence.vectors)] = [
                    log((len(sentences) + 1) / (documents[piece] + 0.5)) + 0.1 for piece in sentence.pieces
                ]
        present = rarity > 0
        if present.any():
            stacked[present] -= stacked[present].mean(axis=0) * (present.sum() / (present.sum() + 50.0))
        self.vectors = stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)
        self.rarity = np.maximum(rarity, 0.0)


def coverage(own: Bag, other: Bag, low: Indices, high: Indices, rows: slice, columns: slice) -> Float32Array:
    """(n, m, LONGEST_RUN) float32: share of each own sentence that the other sentences j..j+b+1 cover, 0 to about 1.

    For the window rows x columns, in its own numbering: low and high (n,) limit the columns of row i; cells that no
    bead can use are 0.
    """
    n, m = rows.stop - rows.start, columns.stop - columns.start
    own_starts = own.starts[rows.start : rows.stop + 1]
    other_starts = other.starts[columns.start : columns.stop + 1]
    cover = np.zeros((n, m, LONGEST_RUN), dtype=np.float32)
    for i in range(n):
        first, last = max(0, int(low[i]) - 1), min(m, int(high[i]) + LONGEST_RUN)
        if first >= last:
            continue
        own_tokens = slice(int(own_starts[i]), int(own_starts[i + 1]))
        weight = own.rarity[own_tokens]
        total = float(weight.sum())
        if total <= 0:
            continue
        other_tokens = slice(int(other_starts[first]), int(other_starts[last]))
        close = own.vectors[own_tokens] @ other.vectors[other_tokens].T
        single = np.maximum.reduceat(close, other_starts[first:last] - other_tokens.start, axis=1)
        best = single
        for b in range(min(LONGEST_RUN, last - first)):
            if b:
                best = np.maximum(best[:, :-1], single[:, b:])
            cover[i, first : last - b, b] = weight @ best / total
    return cover


FloatArray = npt.NDArray[np.float64]

MIN_SENTENCE_WEIGHT = 0.1
"""Minimum token weight of a sentence."""


def token_links(src: Bag, tgt: Bag, low: Indices, high: Indices) -> SharedTokens:
    """Mutual best matches of tokens, summed by pairs of sentences.

    low, high (n,): target sentences low..high that each source sentence is compared with. The weight of a link is
    the geometric mean of the rarities of its tokens times their cosine; total_src and total_tgt are the token
    weights of the sentences.
    """
    n, m = len(src.starts) - 1, len(tgt.starts) - 1
    forward, backward = np.full(len(src.vectors), -1), np.full(len(tgt.vectors), -1)
    close, close_back = np.zeros(len(forward), dtype=np.float32), np.full(len(backward), -1, dtype=np.float32)
    for i in range(n):
        own, others = slice(src.starts[i], src.starts[i + 1]), slice(tgt.starts[low[i]], tgt.starts[high[i]])
        if others.start >= others.stop:
            continue
        similar = src.vectors[own] @ tgt.vectors[others].T
        best = similar.argmax(axis=1)
        forward[own], close[own] = best + others.start, similar[np.arange(len(similar)), best]
        best = similar.argmax(axis=0)
        value = similar[best, np.arange(similar.shape[1])]
        better = value > close_back[others]
        close_back[others][better], backward[others][better] = value[better], best[better] + own.start
    present = np.flatnonzero((forward >= 0) & (src.rarity > 0))
    one = present[backward[forward[present]] == present]
    other = forward[one]
    weight = np.sqrt(src.rarity[one] * tgt.rarity[other]) * np.maximum(close[one], 0)
    row, column = (np.searchsorted(bag.starts, at, side="right") - 1 for bag, at in ((src, one), (tgt, other)))
    cells, where = np.unique(row * m + column, return_inverse=True)
    totals = (
        np.maximum(np.add.reduceat(bag.rarity, bag.starts[:-1]), MIN_SENTENCE_WEIGHT).astype(np.float64)
        for bag in (src, tgt)
    )
    return SharedTokens(cells // m, cells % m, _summed(where, weight, len(cells)), *totals)


def linked_weight(links: SharedTokens) -> tuple[FloatArray, FloatArray]:
    """(n,), (m,) weight of all links of each sentence of both sides."""
    return (
        _summed(links.src, links.weight, len(links.total_src)),
        _summed(links.tgt, links.weight, len(links.total_tgt)),
    )


def _summed(where: Indices, weight: npt.NDArray[np.floating], count: int) -> FloatArray:
    """(count,) sums of the weights by index."""
    return np.bincount(where, weight, count).astype(np.float64)


def robust_zscores(values: FloatArray) -> FloatArray:
    """(n,) robust z-scores of values within their own text, clipped to -4 to 3."""
    if not len(values):
        return values
    deviations = values - np.median(values)
    return np.asarray(np.clip(deviations / (1.4826 * np.median(np.abs(deviations)) + 0.03), -4.0, 3.0))
