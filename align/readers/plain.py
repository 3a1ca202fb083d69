"""Plain text in any of the usual encodings."""

from __future__ import annotations

from align.domain import Document
from align.errors import ReadError
from align.text.segment import segment

SUFFIXES = frozenset({".txt", ".text"})


def decode(name: str, content: bytes, encoding: str | None = None) -> tuple[str, str]:
    """The text and the encoding it was in. Raises ReadError."""
    if encoding:
        try:
            return content.decode(encoding), encoding
        except LookupError as error:
            raise ReadError(f"{name}: no encoding is called {encoding!r}. Try utf-8, shift_jis, big5, gb18030.") from error
        except UnicodeDecodeError as error:
            raise ReadError(f"{name}: byte {error.start} is not {encoding}. Leave --encoding away to have it found.") from error
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        raise ReadError(f"{name}: byte {error.start} is not UTF-8. Name its encoding with --encoding.") from error


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Lines into blocks and sentences."""
    if not content.strip():
        raise ReadError(f"{name}: empty. There is no text to align in it.")
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReadError(f"{name}: a binary file, not text. Save it as text and add that.")
    text, found = decode(name, content, encoding)
    return Document(name=name, text=text, blocks=segment(text, lang=lang), reader="text", encoding=found)
