"""Texts to unit vectors."""

from __future__ import annotations

from align.encoders.base import Encoder, Progress, TokenEncoder, Tokens, Vectors
from align.encoders.cache import CachedEncoder, cached
from align.encoders.registry import Purpose, choose, coverage_warning, load_encoder, unknown_languages

__all__ = [
    "CachedEncoder",
    "Encoder",
    "Progress",
    "Purpose",
    "TokenEncoder",
    "Tokens",
    "Vectors",
    "cached",
    "choose",
    "coverage_warning",
    "load_encoder",
    "unknown_languages",
]
