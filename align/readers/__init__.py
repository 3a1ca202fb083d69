"""Read a file's bytes into a document: one module per format, one registry, by content first and suffix second."""

from __future__ import annotations

from align.models import Document
from align.readers.registry import read, suffixes

__all__ = ["Document", "read", "suffixes"]
