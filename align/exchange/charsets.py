"""What the characters of a format are, and what becomes of those that it does not have."""

from __future__ import annotations

import re
from collections.abc import Callable

Carry = Callable[[str], tuple[str, str | None]]
"""What a format makes of a text: the text it can carry, and what to warn of (None where nothing is lost)."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

XML_FORBIDS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is outside Char of XML 1.0, section 2.2."""
SURROGATE = re.compile("[\ud800-\udfff]")
SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_PO_FORBIDS = re.compile("[\x00-\x08\v\f\x0e-\x1f\x7f\x85\u2028\u2029]")
_XLSX_FORBIDS = re.compile("[\ud800-\udfff\ufffe\uffff\x00]")
XLSX_CELL = 32_767
"""The most UTF-16 units that a cell of a spreadsheet holds."""
_LINE_ENDS = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


def in_json(text: str) -> tuple[str, str | None]:
    """For JSON: it has halves of surrogate pairs, but two that stand together are read as the character they spell."""
    if text.isascii() or not SURROGATE_PAIR.search(text):
        return text, None
    paired = SURROGATE_PAIR.sub(lambda two: two[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return paired, "two halves of a surrogate pair became the character that they spell"


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


def on_a_line(text: str) -> tuple[str, str | None]:
    """For formats of one segment a line: whatever any reader may take for the end of a line becomes a space."""
    kept, warning = in_unicode(text)
    if _LINE_ENDS.search(kept):
        return _LINE_ENDS.sub(" ", kept), "a line break inside a text became a space: the format has a text a line"
    return kept, warning


def in_po(text: str) -> tuple[str, str | None]:
    """For PO: what has an escape there, and every other character that is not a control character."""
    kept, warning = in_unicode(text)
    if _PO_FORBIDS.search(kept):
        return _PO_FORBIDS.sub(REPLACEMENT, kept), "PO tools trip over control characters: they became U+FFFD"
    return kept, warning


def in_po_comment(text: str) -> tuple[str, str | None]:
    """For comments of PO: every line end is a line feed there."""
    kept, warning = in_po(text)
    lines = "\n".join(kept.splitlines())
    return (kept, warning) if lines == kept else (lines, "a return in a note became a line feed")


def in_xlsx(text: str) -> tuple[str, str | None]:
    """For XLSX: 32,767 UTF-16 units a cell, and every character but surrogates, U+0000, U+FFFE and U+FFFF."""
    warning = None
    if not text.isascii() or "\0" in text:
        kept = _XLSX_FORBIDS.sub(REPLACEMENT, text)
        if kept != text:
            text, warning = kept, "XLSX has no lone surrogates, U+0000, U+FFFE and U+FFFF: they became U+FFFD"
    if len(text) > XLSX_CELL // 2:
        units = text.encode("utf-16-le")
        if len(units) > 2 * XLSX_CELL:
            text = units[: 2 * XLSX_CELL].decode("utf-16-le", "ignore")
            warning = f"an XLSX cell holds {XLSX_CELL:,} characters: longer texts were cut"
    return text, warning
