"""Texts to unit vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from align.embeddings.base import Encoder, Progress, TokenEncoder, Tokens, Vectors
from align.embeddings.registry import (
    Purpose,
    as_encoder,
    choose_encoder,
    coverage_warning,
    is_local,
    load_encoder,
    unknown_languages,
)

if TYPE_CHECKING:
    from align.embeddings.cache import CachedEncoder, cached

__all__ = [
    "CachedEncoder",
    "Encoder",
    "Progress",
    "Purpose",
    "TokenEncoder",
    "Tokens",
    "Vectors",
    "as_encoder",
    "cached",
    "choose_encoder",
    "coverage_warning",
    "is_local",
    "load_encoder",
    "unknown_languages",
]


def __getattr__(name: str) -> Any:
    """Import the cache on first use: its database takes as long as the first vector."""
    if name in ("CachedEncoder", "cached"):
        from align.embeddings import cache

        return getattr(cache, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
