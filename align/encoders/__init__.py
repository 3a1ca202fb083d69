"""Texts to unit vectors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from align.encoders.base import Encoder, Progress, Vectors
from align.encoders.cache import CachedEncoder, cached

__all__ = ["CachedEncoder", "Encoder", "Progress", "Vectors", "cached", "load_encoder"]

Purpose = Literal["quality", "speed"]


def load_encoder(
    name: str = "auto",
    *,
    languages: Collection[str] = (),
    purpose: Purpose = "quality",
    cache: Path | None = None,
) -> Encoder:
    """The encoder called `name`: `auto`, `use`, or a sentence-transformers model by name or folder.

    `languages`: BCP 47 tags at hand; what `auto` chooses by. `cache`: where unpacked models live.
    Raises EncoderError where it cannot be had.
    """
    if name in ("auto", "use"):
        from align.encoders.use import UseEncoder

        return UseEncoder()
    from align.encoders.transformer import TransformerEncoder

    return TransformerEncoder(name)
