"""What every encoder does to a text before its tokeniser sees it."""

from __future__ import annotations

import re

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "�"


def encodable(text: str) -> str:
    """`text` with lone surrogates (which no UTF-8 tokeniser takes) and NULs (which C ones stop at) replaced."""
    if not text.isascii() and LONE_SURROGATE.search(text):
        text = LONE_SURROGATE.sub(REPLACEMENT, text)
    return text.replace("\x00", REPLACEMENT) if "\x00" in text else text
