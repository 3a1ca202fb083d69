"""Plain text in any common encoding."""

from __future__ import annotations

import re

from align.errors import ReadError
from align.models import Document
from align.readers.encodings import decode
from align.text.page_text import page_blocks
from align.text.segment import segment


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read lines into blocks and sentences. Raises ReadError for what is empty, binary or undecodable."""
    text, used_encoding = text_of(name, content, encoding)
    blocks = page_blocks(text, lang)
    return Document(name, text, segment(text, lang=lang) if blocks is None else blocks, "text", used_encoding)


def text_of(name: str, content: bytes, encoding: str | None) -> tuple[str, str]:
    """The decoded text and its encoding. Raises ReadError."""
    if not content.strip():
        raise ReadError(f"{name}: empty. There is no text to align in it.")
    text, used_encoding = decode(name, content, encoding)
    if encoding is None and is_binary(text):
        raise ReadError(f"{name}: a binary file, not text. Save it as text and add that.")
    if not text.strip("\ufeff \t\r\n\0"):
        raise ReadError(f"{name}: empty. There is no text to align in it.")
    return text, used_encoding


_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def is_binary(text: str) -> bool:
    """Whether a decoded text is binary data: it has more control characters than any text."""
    head = text[:8192]
    return len(_CONTROLS.findall(head)) > max(3, 0.02 * len(head))
