"""Triangles of three texts: whether two other alignments support a bead between two of them, or contradict it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from align.aligner.types import Bead

SUPPORT_LOGIT = 1.0
"""Added to the log-odds of a bead that a third text supports; measured by `benchmarks.triangles`."""
CONTRADICTION_LOGIT = -1.5
"""Added to those of a bead that a third text contradicts, and none supports."""
MIN_CONFIDENCE = 0.5
"""Minimum confidence of the two beads that judge a third."""
Pair = tuple[int, int]


@dataclass(slots=True)
class Partners:
    """For the sentences of each text, those of each other text that beads link them with."""

    _partners: dict[Pair, dict[int, set[int]]] = field(default_factory=dict)

    def add(self, src: int, tgt: int, beads: Sequence[Bead]) -> None:
        """Add the beads between two texts."""
        for bead in beads:
            if bead.confidence < MIN_CONFIDENCE:
                continue
            for one, other, sides in ((src, tgt, (bead.src, bead.tgt)), (tgt, src, (bead.tgt, bead.src))):
                partners = self._partners.setdefault((one, other), {})
                for sentence in sides[0]:
                    partners.setdefault(sentence, set()).update(sides[1])

    def of(self, text: int, other: int, sentences: range) -> set[int]:
        """The partners in another text of some sentences of a text."""
        partners = self._partners.get((text, other), {})
        return {partner for sentence in sentences for partner in partners.get(sentence, ())}


def judged(beads: Mapping[Pair, Sequence[Bead]]) -> dict[Pair, list[Bead]]:
    """The beads between texts (by number) with their confidence given what third texts say.

    A third text supports a bead where both sides of it have a common partner there, and contradicts it where both have
    partners and none in common. Score, kind and sides do not change.
    """
    partners = Partners()
    for (src, tgt), own in beads.items():
        partners.add(src, tgt, own)
    texts = sorted({text for pair in beads for text in pair})
    return {
        (src, tgt): [
            _judged(bead, src, tgt, [text for text in texts if text not in (src, tgt)], partners) for bead in own
        ]
        for (src, tgt), own in beads.items()
    }


def verdict(bead: Bead, src: int, tgt: int, others: Sequence[int], partners: Partners) -> int:
    """1: a third text supports the bead; -1: one contradicts it and none supports it; 0: none has a word on it."""
    result = 0
    for text in others:
        left, right = partners.of(src, text, bead.src), partners.of(tgt, text, bead.tgt)
        if left & right:
            return 1
        if left and right:
            result = -1
    return result


def _judged(bead: Bead, src: int, tgt: int, others: Sequence[int], partners: Partners) -> Bead:
    shift = {1: SUPPORT_LOGIT, -1: CONTRADICTION_LOGIT, 0: 0.0}[verdict(bead, src, tgt, others, partners)]
    if not shift or not 0 < bead.confidence < 1:
        return bead
    logit = float(np.log(bead.confidence / (1 - bead.confidence))) + shift
    return replace(bead, confidence=round(float(1 / (1 + np.exp(-logit))), 6))
