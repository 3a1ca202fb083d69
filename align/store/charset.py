"""Text as SQLite takes it: it has no halves of characters, and cuts a text at a NUL."""

from __future__ import annotations


def as_bytes(text: str) -> bytes:
    """The text for a BLOB column: lone surrogates and NULs, which TEXT columns refuse or cut at, survive."""
    return text.encode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """The text for a TEXT column or a query: lone surrogates become ?, NUL is left out."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def stored_name(name: str) -> str:
    """A document's name as it can be stored: bytes of a file name that are no UTF-8 are spelled out (`\\udcff`)."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
