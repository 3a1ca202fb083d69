"""The port that every encoder fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` now and then."""


class Tokens(NamedTuple):
    """The tokens of one text, without the model's own marks and prompt."""

    pieces: tuple[str, ...]
    """As the tokeniser spells them (`▁` = a word begins here): what IDF weights count."""
    spans: npt.NDArray[np.int32]
    """(t, 2): `[start, end)` of each in characters of the text."""
    vectors: npt.NDArray[np.float16]
    """(t, width) states of one inner layer, as the model made them: not centred, not of length 1."""


class Encoder(Protocol):
    """Texts to unit vectors. One instance serves one process; `encode` may be called from one thread at a time."""

    @property
    def name(self) -> str:
        """What `--encoder` calls it."""

    @property
    def dimensions(self) -> int:
        """Width of a vector."""

    @property
    def languages(self) -> frozenset[str] | None:
        """BCP 47 primary languages it was trained on (`zh` covers Hant and Hans); None = unknown or any."""

    @property
    def digest(self) -> str:
        """Changes whenever its vectors could: the key of the vector cache."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(n, dimensions) float32 rows of length 1, in the order of the texts; `(0, dimensions)` for no texts.

        An empty or blank text has a vector too (never NaN).
        """


@runtime_checkable
class TokenEncoder(Encoder, Protocol):
    """An encoder that can also tell what each token of a text says: coverage, word highlighting, omissions.

    `isinstance(encoder, TokenEncoder)` tells whether an encoder can.
    """

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """The tokens of each text, in the order of the texts; a blank text has none."""

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """`encode` and `encode_tokens` from one pass through the model."""


@runtime_checkable
class RunEncoder(Encoder, Protocol):
    """An encoder that is fast enough to encode joined sentences where their own vectors leave a bead open."""

    def encode_runs(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1 that compare with the first d columns of `encode`, brought to length 1."""
