"""Links between the tokens of two texts: best matches in both directions, inside a band of the whole of both.

Document-level word alignment: a token has one counterpart in the text, so a sentence that is merely similar stays
without links where another sentence contains the translation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from align.match.coverage import Bag
from align.match.tokens import SharedTokens

Indices = npt.NDArray[np.int64]
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
