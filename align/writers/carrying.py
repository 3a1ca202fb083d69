"""What the characters of a format are, and what becomes of those that it does not have."""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

XML_FORBIDS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is outside Char of XML 1.0, section 2.2."""
SURROGATE = re.compile("[\ud800-\udfff]")


def anything(text: str) -> tuple[str, str | None]:
    """For formats that carry every Python string."""
    return text, None


def in_unicode(text: str) -> tuple[str, str | None]:
    """For plain UTF-8: half a surrogate pair is no character."""
    if text.isascii() or not SURROGATE.search(text):
        return text, None
    return SURROGATE.sub(REPLACEMENT, text), "lone surrogates cannot be written in UTF-8 and became U+FFFD"


def in_xml(text: str) -> tuple[str, str | None]:
    """For XML 1.0: of the control characters only tab, line feed and carriage return; no surrogates, no U+FFFE."""
    if not XML_FORBIDS.search(text):
        return text, None
    forbidden = sorted({f"U+{ord(c):04X}" for c in XML_FORBIDS.findall(text)})
    return XML_FORBIDS.sub(REPLACEMENT, text), f"XML forbids {', '.join(forbidden[:5])}, which became U+FFFD"
