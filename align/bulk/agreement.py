"""Verify document pairs in small collections: the confidence-weighted share of their sentences that is linked.

With few documents, the nearest neighbour of a document may be unrelated to it, and a margin does not separate
translations from unrelated texts. Aligning their sentences does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from align.match import Passages, align_pages

FEW = 60
"""Maximum number of documents for which pairs are verified by their sentences."""
FIRST = 30
"""Sentences of a document that are aligned, from its start."""

Pair = tuple[int, int]


def agreements(src: Sequence[Passages], tgt: Sequence[Passages], pairs: Sequence[Pair]) -> list[float]:
    """For each pair of indices into `src` and `tgt`, the confidence-weighted share of the shorter side that is
    linked.

    From 0 to 1. Each pair is aligned by itself and together with all the others, which two short texts can be
    compared with; the greater share counts.
    """
    rows = [row for row, _ in pairs]
    # In reverse order, so that no chain continues from one pair into the next.
    columns = [column for _, column in reversed(pairs)]
    together = found_again([src[row] for row in rows], [tgt[column] for column in columns]) if len(pairs) > 1 else {}
    last = len(pairs) - 1
    return [
        max(found_again([src[row]], [tgt[column]]).get((0, 0), 0.0), together.get((n, last - n), 0.0))
        for n, (row, column) in enumerate(pairs)
    ]


def found_again(src: Sequence[Passages], tgt: Sequence[Passages]) -> dict[Pair, float]:
    """For every two documents with a link, the greater of the shares of their sentences that are linked."""
    sides = src, tgt
    document = [np.repeat(np.arange(len(side)), [len(one) for one in side]) for side in sides]
    sure: tuple[dict[Pair, float], dict[Pair, float]] = ({}, {})
    for bead in align_pages(joined(src), joined(tgt)):
        for row in bead.src:
            for column in bead.tgt:
                pair = int(document[0][row]), int(document[1][column])
                for told, share in zip(sure, (len(bead.tgt), len(bead.src)), strict=True):
                    told[pair] = told.get(pair, 0.0) + bead.confidence / share
    return {
        (row, column): min(1.0, max(sure[0][row, column] / len(src[row]), sure[1][row, column] / len(tgt[column])))
        for row, column in sure[0]
    }


def joined(side: Sequence[Passages]) -> Passages:
    """Concatenate the documents of one language."""
    texts = tuple(chain.from_iterable(one.texts for one in side))
    return Passages(texts, np.concatenate([one.vectors for one in side]), side[0].lang)
