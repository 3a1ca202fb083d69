"""Which reader takes which file."""

from __future__ import annotations

from align.domain import Document
from align.readers import plain


def suffixes() -> frozenset[str]:
    """Suffixes (lower case, with their dot) of files that a folder is searched for."""
    return plain.SUFFIXES


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """The document in the bytes of a file called `name`. Raises ReadError with what is wrong and what to do."""
    return plain.read(name, content, encoding=encoding, lang=lang)
