"""Similarity of joined texts, for beads of more than two sentences that a first pass leaves undecided.

The sum of sentence vectors is close to the vector of the joined text, and costs nothing; where two segmentations of
a passage compete, the vector of the joined text decides better. Only the runs of such beads are encoded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from align.aligner.evidence import SideEvidence, centred
from align.aligner.features import NEIGHBOUR_WEIGHT
from align.aligner.types import EmbeddedSide, EncodeRuns, Vectors
from align.text.tags import primary

Indices = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

UNSPACED = frozenset({"zh", "ja", "th", "yue", "lo", "km", "my"})
"""Languages whose sentences are joined without a space."""


class RunVectors:
    """Centred vectors of the sentences of one side, and of runs of them as joined texts."""

    def __init__(self, embedded: EmbeddedSide, side: SideEvidence, width: int) -> None:
        own = embedded.vectors[:, :width]
        own = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
        self.embedded, self.length = embedded, side.length
        self.single = centred(own).astype(np.float64)
        share = len(own) / (len(own) + 10.0) * 0.98
        self.shift = share * own.mean(axis=0, dtype=np.float64)
        self.separator = "" if primary(embedded.lang) in UNSPACED else " "

    def text(self, start: int, count: int) -> str:
        """The joined text of a run."""
        return self.separator.join(self.embedded.texts[start : start + count])

    def sums(self, start: Indices, count: Indices) -> FloatArray:
        """(c, d) unit vectors of runs from the sums of their length-weighted sentence vectors."""
        rows = np.zeros((len(start), self.single.shape[1]))
        for k in range(int(count.max(initial=0))):
            inside = count > k
            at = start[inside] + k
            rows[inside] += self.single[at] * self.length[at, None]
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))

    def centred(self, vectors: Vectors) -> FloatArray:
        """(c, d) vectors of joined texts, centred like those of the sentences."""
        rows = vectors.astype(np.float64) - self.shift
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def joined_gains(src: RunVectors, tgt: RunVectors, beads: Indices, encode: EncodeRuns) -> FloatArray:
    """(c, 2): gain in similarity and in margin of each bead when its runs are encoded as joined texts.

    beads (c, 4): i, j, a, b of the whole texts. The margin is without its length penalty.
    """
    i, j, a, b = beads.T
    texts: dict[str, int] = {}
    number = [
        np.array(
            [texts.setdefault(side.text(s, c), len(texts)) if c > 1 else -1 for s, c in zip(at, size, strict=True)]
        )
        for side, at, size in ((src, i.tolist(), a.tolist()), (tgt, j.tolist(), b.tolist()))
    ]
    vectors = encode(list(texts))
    sums = src.sums(i, a), tgt.sums(j, b)
    runs = []
    for side, own, rows in zip((src, tgt), number, sums, strict=True):
        joined = rows.copy()
        joined[own >= 0] = side.centred(vectors[own[own >= 0]])
        runs.append(joined)
    similarity = np.einsum("ij,ij->i", *runs) - np.einsum("ij,ij->i", *sums)
    change = np.zeros(len(beads))
    count = np.zeros(len(beads))
    for run, total, other, start, size in (
        (runs[0], sums[0], tgt.single, j, b),
        (runs[1], sums[1], src.single, i, a),
    ):
        for at in (start - 1, start + size):
            inside = (at >= 0) & (at < len(other))
            change[inside] += np.einsum("ij,ij->i", (run - total)[inside], other[at[inside]])
            count += inside
    return np.stack([similarity, similarity - NEIGHBOUR_WEIGHT * change / np.maximum(count, 1)], axis=1)
