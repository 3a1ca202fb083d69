"""The interface of all encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from align.errors import UsageError

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` from time to time."""


class Tokens(NamedTuple):
    """The tokens of one text, without special tokens and prompt."""

    pieces: tuple[str, ...]
    """The tokeniser's spelling (`▁` = start of a word), on which IDF weights are based."""
    spans: npt.NDArray[np.int32]
    """(t, 2): `[start, end)` of each in characters of the text."""
    vectors: npt.NDArray[np.float16]
    """(t, width) raw states of one inner layer: not centred, not of length 1."""


class Encoder(Protocol):
    """Texts to unit vectors. One instance per process; `encode` may be called from one thread at a time."""

    @property
    def name(self) -> str:
        """The name for `--encoder`."""

    @property
    def dimensions(self) -> int:
        """Width of a vector."""

    @property
    def languages(self) -> frozenset[str] | None:
        """BCP 47 primary languages that it covers (`zh` includes Hant and Hans); None = unknown or any."""

    @property
    def digest(self) -> str:
        """Changes whenever its vectors may change; the key of the vector cache."""

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """(n, dimensions) float32 rows of length 1, in the order of the texts; `(0, dimensions)` for no texts.

        An empty or blank text has a vector too (never NaN).
        """


@runtime_checkable
class TokenEncoder(Encoder, Protocol):
    """An encoder with vectors of the tokens of a text, for coverage, word highlighting and omissions.

    Test with `isinstance(encoder, TokenEncoder)`.
    """

    def encode_tokens(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tokens]:
        """The tokens of each text, in the order of the texts; a blank text has none."""

    def encode_with_tokens(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> tuple[Vectors, list[Tokens]]:
        """`encode` and `encode_tokens` from one pass through the model."""


@runtime_checkable
class RunEncoder(Encoder, Protocol):
    """An encoder that is fast enough to encode joined sentences where sentence vectors leave a bead undecided."""

    def encode_runs(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 rows of length 1, comparable with the first d columns of `encode`, normalised to length 1."""


def half_precision(vectors: npt.NDArray[np.floating[Any]]) -> Vectors:
    """(n, d) float32 rows of length 1, rounded to float16 before they are normalised; twice is the same as once."""
    rows = vectors.astype(np.float16).astype(np.float32)
    units: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
    return units


DTYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How a sentence-transformers model runs; empty or 0 = the library's default."""

    device: str = ""
    batch_size: int = 0
    dtype: str = ""

    @classmethod
    def parse(cls, device: str, batch_size: str, dtype: str) -> ModelOptions:
        """The options of settings. Raises UsageError for a value that is none."""
        if batch_size and not (batch_size.isdecimal() and int(batch_size)):
            raise UsageError(f"batch_size must be a number of texts, 1 or more, not {batch_size!r}.")
        if dtype and dtype not in DTYPES:
            raise UsageError(f"dtype must be {', '.join(DTYPES)} or empty, not {dtype!r}.")
        return cls(device, int(batch_size or 0), dtype)


DEFAULT_OPTIONS = ModelOptions()
