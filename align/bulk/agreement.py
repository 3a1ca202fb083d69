"""Of a pair of documents out of few: how much of the one is found again in the other, sentence by sentence.

Where there are few documents, the nearest of them is near to nothing, and no margin over rivals tells a translation
from a stranger. Their sentences do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from align.match import Passages, align_pages

FEW = 60
"""Documents up to which a pair must be found again by its sentences."""
FIRST = 30
"""Sentences of a document that are looked for: where a translation begins, its original does."""

Pair = tuple[int, int]


def agreements(src: Sequence[Passages], tgt: Sequence[Passages], pairs: Sequence[Pair]) -> list[float]:
    """For each pair of places in `src` and `tgt`, the share of its shorter side that the other says too, each sentence
    counted as far as its link is sure: 0 to 1.

    A pair is looked at by itself, and among all the others: those are what two short texts can be compared with.
    """
    rows = [row for row, _ in pairs]
    # The other way round, so that no chain runs on from one pair into the next.
    columns = [column for _, column in reversed(pairs)]
    together = found_again([src[row] for row in rows], [tgt[column] for column in columns]) if len(pairs) > 1 else {}
    last = len(pairs) - 1
    return [
        max(found_again([src[row]], [tgt[column]]).get((0, 0), 0.0), together.get((n, last - n), 0.0))
        for n, (row, column) in enumerate(pairs)
    ]


def found_again(src: Sequence[Passages], tgt: Sequence[Passages]) -> dict[Pair, float]:
    """Of every two documents that have a link, the greater of the shares of their sentences that are linked."""
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
    """The documents of one language as one."""
    texts = tuple(chain.from_iterable(one.texts for one in side))
    return Passages(texts, np.concatenate([one.vectors for one in side]), side[0].lang)
