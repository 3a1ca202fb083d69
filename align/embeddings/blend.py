"""`blend`: the centred vectors of `use` and `e5`, concatenated, for the languages that both cover.

Each of the two unit vectors minus its encoder's mean over many languages and topics (`blend_means.npz`, made by
`python -m benchmarks.blend_means`) is normalised to length 1; both are concatenated and divided by the square root
of 2. The means are fixed, so a text's vector does not depend on the other texts, and can be cached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from align.embeddings.base import Encoder, Progress, TokenEncoder, Tokens, Vectors

MEANS = Path(__file__).with_name("blend_means.npz")


class BlendEncoder:
    """896-dimensional vectors; the last 384 columns and the tokens are those of e5."""

    name = "blend"

    def __init__(self, use: Encoder, e5: TokenEncoder) -> None:
        self._use, self._e5 = use, e5
        self.dimensions = use.dimensions + e5.dimensions
        self.languages = use.languages

    @cached_property
    def digest(self) -> str:
        """Hash of both encoders and the means."""
        means = hashlib.sha256(MEANS.read_bytes()).hexdigest()
        parts = f"{self._use.digest} {self._e5.digest} {means}"
        return "blend-" + hashlib.sha256(parts.encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`."""
        return join_vectors(self._use.encode(texts), self._e5.encode(texts, progress))

    def encode_runs(self, texts: Sequence[str]) -> Vectors:
        """See `RunEncoder.encode_runs`: by `use` only, the first 512 columns."""
        return use_half(self._use.encode(texts))

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """See `TokenEncoder.encode_tokens`."""
        return self._e5.encode_tokens(texts, progress)

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """See `TokenEncoder.encode_with_tokens`."""
        vectors, tokens = self._e5.encode_with_tokens(texts, progress)
        return join_vectors(self._use.encode(texts), vectors), tokens


def join_vectors(use: Vectors, e5: Vectors) -> Vectors:
    """(n, 512) and (n, 384) unit rows to (n, 896) unit rows: each centred, normalised to length 1, concatenated."""
    rows: Vectors = np.hstack([_centred(vectors, mean) for vectors, mean in zip((use, e5), _means(), strict=True)])
    rows *= np.float32(np.sqrt(0.5))
    return rows


def use_half(use: Vectors) -> Vectors:
    """(n, 512) unit rows of `use`, centred as in the first columns of `join_vectors`, of length 1."""
    return _centred(use, _means()[0])


def _centred(vectors: Vectors, mean: Vectors) -> Vectors:
    centred = vectors - mean
    rows: Vectors = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), np.float32(1e-6))
    return rows


@cache
def _means() -> tuple[Vectors, Vectors]:
    with np.load(MEANS) as stored:
        return stored["use"], stored["e5"]
