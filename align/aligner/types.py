"""Input and output of the aligner: embedded sentences of one language, beads, and constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from align.errors import ConflictError
from align.models import LinkKind

Vectors = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]


EncodeRuns = Callable[[Sequence[str]], Vectors]
"""Encodes joined texts to (n, d) unit vectors, comparable with the first d columns of the sentence vectors."""


class TokenVectors(Protocol):
    """The tokens of one sentence: their spelling, and (t, width) states of an inner layer of a model."""

    @property
    def pieces(self) -> tuple[str, ...]: ...

    @property
    def vectors(self) -> npt.NDArray[np.float16]: ...


EncodeTokens = Callable[[Sequence[str]], Sequence[TokenVectors]]
"""Encodes texts to the token vectors of each."""
MAX_TOKEN_SENTENCES = 20_000
"""Sentences of two texts above which token vectors are not used: they take about 60 kB per sentence."""


@dataclass(frozen=True, eq=False)
class EmbeddedSide:
    """One side of an alignment: sentences in reading order, their vectors, their language.

    texts: n clean sentences. vectors: (n, d) float32 rows of length 1. lang: BCP 47. tokens: the token vectors of
    each sentence, for coverage and token links, or None. positions: (n,) position of each sentence on its page,
    ascending, in one count for all languages of the page, or None. encoder: name of the encoder of the vectors, which
    selects the weights; generic weights for other names. encode_runs: encodes the joined texts of beads that sentence
    vectors leave undecided, or None. background: see `document_confidence`. encode_tokens: encodes `tokens` where
    they are needed and None. Raises ValueError where the lengths differ or a vector is not finite.
    """

    texts: tuple[str, ...]
    vectors: Vectors
    lang: str = "und"
    tokens: Sequence[TokenVectors] | None = None
    positions: IntArray | None = None
    encoder: str = ""
    encode_runs: EncodeRuns | None = None
    background: Vectors | None = None
    language_covered: bool = True
    """Whether the encoder covers its language."""
    encode_tokens: EncodeTokens | None = None

    def __post_init__(self) -> None:
        if self.tokens is not None and len(self.tokens) != len(self.texts):
            raise ValueError(f"{len(self.texts)} texts need the tokens of as many texts, not of {len(self.tokens)}")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.texts):
            raise ValueError(f"{len(self.texts)} texts need as many vectors, not an array of {self.vectors.shape}")
        if self.positions is not None and len(self.positions) != len(self.texts):
            raise ValueError(f"{len(self.texts)} texts need as many positions, not {len(self.positions)}")
        if not np.isfinite(self.vectors).all():
            raise ValueError("vectors must be finite")

    def __len__(self) -> int:
        return len(self.texts)

    def part(self, numbers: Sequence[int]) -> EmbeddedSide:
        """The sentences with these indices, ascending."""
        rows = np.array(numbers, dtype=np.int64)
        return replace(
            self,
            texts=tuple(self.texts[number] for number in numbers),
            vectors=self.vectors[rows],
            tokens=None if self.tokens is None else [self.tokens[number] for number in numbers],
            positions=None if self.positions is None else self.positions[rows],
        )

    @property
    def sentences_only(self) -> EmbeddedSide:
        """The side without token vectors and joined texts."""
        return replace(self, tokens=None, encode_tokens=None, encode_runs=None)


@dataclass(frozen=True, slots=True)
class Bead:
    """Source sentences that mean the same as target sentences; one side may be empty."""

    src: range
    tgt: range
    score: float = 0.0
    """Raw score of the solver; not a probability."""
    confidence: float = 0.0
    """Calibrated P(this bead is right), 0 to 1."""
    kind: LinkKind = LinkKind.TRANSLATION
    chain: int = 0
    signals: dict[str, float] | None = None
    partial_chain: bool = False
    """Whether its chain is a correspondence of two pages rather than a text and its translation."""

    def __post_init__(self) -> None:
        if not self.src and not self.tgt:
            raise ValueError("a bead covers at least one sentence")

    @property
    def mirrored(self) -> Bead:
        """The same bead with the sides swapped."""
        return Bead(
            self.tgt, self.src, self.score, self.confidence, self.kind, self.chain, self.signals, self.partial_chain
        )


RangePair = tuple[range, range]


@dataclass(frozen=True, slots=True)
class Constraints:
    """Decisions that the solver must respect: anchors are fixed, forbidden beads are not proposed again.

    `blocked` are source and target sentences that are confirmed without an anchor, such as those of a link that is
    not contiguous: they are in no bead. Raises ConflictError, naming both, where two anchors contain the same
    sentence, and where an anchor is also forbidden.
    """

    anchors: Sequence[RangePair] = ()
    forbidden: Sequence[RangePair] = ()
    blocked: tuple[frozenset[int], frozenset[int]] = (frozenset(), frozenset())

    def __post_init__(self) -> None:
        for src, tgt in self.anchors:
            if not src or not tgt:
                raise ConflictError("an anchor must have sentences on both sides")
        for side, word in ((0, "source"), (1, "target")):
            ordered = sorted(self.anchors, key=lambda anchor: anchor[side].start)
            for one, other in pairwise(ordered):
                if other[side].start < one[side].stop:
                    raise ConflictError(
                        f"{describe_ranges(one)} and {describe_ranges(other)} both claim "
                        f"{word} sentence {other[side].start + 1}; undo one of the two."
                    )
        both = set(self.anchors) & set(self.forbidden)
        if both:
            raise ConflictError(
                f"{describe_ranges(min(both, key=repr))} is accepted and rejected at once; undo one of the two."
            )

    def check(self, n: int, m: int) -> None:
        """Raises ConflictError where an anchor reaches outside n source and m target sentences."""
        for src, tgt in self.anchors:
            if src.start < 0 or tgt.start < 0 or src.stop > n or tgt.stop > m:
                raise ConflictError(
                    f"{describe_ranges((src, tgt))} is outside the {n} source and {m} target sentences."
                )

    @property
    def mirrored(self) -> Constraints:
        """The same constraints with the sides swapped."""
        anchors, forbidden = ([(t, s) for s, t in pairs] for pairs in (self.anchors, self.forbidden))
        return Constraints(anchors, forbidden, (self.blocked[1], self.blocked[0]))

    @property
    def unavailable(self) -> tuple[frozenset[int], frozenset[int]]:
        """Source and target sentences that no bead may contain."""
        src, tgt = (
            blocked.union(number for anchor in self.anchors for number in anchor[side])
            for side, blocked in enumerate(self.blocked)
        )
        return src, tgt


def describe_ranges(pair: RangePair) -> str:
    """Format a pair as `source 3-4 with target 5`, counted from 1."""

    def sentence_numbers(run: range) -> str:
        return f"{run.start + 1}-{run.stop}" if len(run) > 1 else f"{run.start + 1}"

    return f"source {sentence_numbers(pair[0])} with target {sentence_numbers(pair[1])}"
