"""Conversion of text for SQLite, which stores no lone surrogates and cuts a TEXT value at a NUL."""

from __future__ import annotations


def as_bytes(text: str) -> bytes:
    """Text for a BLOB column, which preserves lone surrogates and NULs that a TEXT column refuses or cuts at."""
    return text.encode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """Text for a TEXT column or a query: lone surrogates become ?, NULs are removed."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def stored_name(name: str) -> str:
    r"""Document name for a TEXT column: bytes of a file name that are not UTF-8 are escaped (`\udcff`)."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
