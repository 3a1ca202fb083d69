"""The port that every encoder fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]
"""Called as `progress(done, total)` now and then."""


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
