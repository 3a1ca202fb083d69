"""Clean-up of texts before tokenisation, for all encoders."""

from __future__ import annotations

import re

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "�"


def encodable(text: str) -> str:
    """`text` with lone surrogates (invalid in UTF-8) and NULs (the end of a text in C) replaced."""
    if not text.isascii() and LONE_SURROGATE.search(text):
        text = LONE_SURROGATE.sub(REPLACEMENT, text)
    return text.replace("\x00", REPLACEMENT) if "\x00" in text else text
