"""Verify document pairs in small collections: the confidence-weighted share of their sentences that is linked.

With few documents, the nearest neighbour of a document may be unrelated to it, and a margin does not separate
translations from unrelated texts. Aligning their sentences does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from align.match import EmbeddedSide, align_pages

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
