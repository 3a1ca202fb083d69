"""The characters that each format can represent, and what replaces the others."""

from __future__ import annotations

import re
from collections.abc import Callable

CharacterRule = Callable[[str], tuple[str, str | None]]
"""Maps a text to what the format can represent of it, and a warning (None where nothing was replaced)."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

XML_FORBIDS = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters outside `Char` of XML 1.0, section 2.2."""
SURROGATE = re.compile("[\ud800-\udfff]")
SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_PO_FORBIDS = re.compile("[\x00-\x08\v\f\x0e-\x1f\x7f\x85\u2028\u2029]")
_XLSX_FORBIDS = re.compile("[\ud800-\udfff\ufffe\uffff\x00]")
XLSX_CELL = 32_767
"""Maximum length of a cell in UTF-16 code units (Excel specifications and limits)."""
_LINE_ENDS = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


def json_text(text: str) -> tuple[str, str | None]:
    """JSON: lone surrogates are escaped, but an adjacent pair is read back as the character that it encodes."""
    if text.isascii() or not SURROGATE_PAIR.search(text):
        return text, None
    paired = SURROGATE_PAIR.sub(lambda two: two[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return paired, "a pair of surrogates was replaced by the character that it encodes"


def utf8_text(text: str) -> tuple[str, str | None]:
    """UTF-8: no lone surrogates."""
    if text.isascii() or not SURROGATE.search(text):
        return text, None
    return SURROGATE.sub(REPLACEMENT, text), "lone surrogates cannot be encoded as UTF-8 and became U+FFFD"


def xml_text(text: str) -> tuple[str, str | None]:
    """XML 1.0: of the control characters only tab, line feed and carriage return; no surrogates, no U+FFFE."""
    if not XML_FORBIDS.search(text):
        return text, None
    forbidden = sorted({f"U+{ord(c):04X}" for c in XML_FORBIDS.findall(text)})
    return XML_FORBIDS.sub(REPLACEMENT, text), f"XML forbids {', '.join(forbidden[:5])}, which became U+FFFD"


def line_text(text: str) -> tuple[str, str | None]:
    """Formats of one segment per line: every character that a reader may treat as a line end becomes a space."""
    encoded, warning = utf8_text(text)
    if _LINE_ENDS.search(encoded):
        return _LINE_ENDS.sub(" ", encoded), "a line break inside a text became a space: the format has a text per line"
    return encoded, warning


def xml_line(text: str) -> tuple[str, str | None]:
    """XML with a sentence an element: as in XML, and a line end becomes a space."""
    line, broken = line_text(text)
    encoded, forbidden = xml_text(line)
    return encoded, broken or forbidden


def cell_text(text: str) -> tuple[str, str | None]:
    """Formats of tab-separated texts without escapes: tabs and line ends become spaces."""
    if "\t" in text:
        return line_text(text)[0].replace("\t", " "), "a tab inside a text became a space: tabs separate the texts"
    return line_text(text)


def subtitle_text(text: str) -> tuple[str, str | None]:
    """Subtitles: a text in one line, without the arrow that marks a timing."""
    if "-->" in text:
        return line_text(text)[0].replace("-->", "->"), "an arrow --> became ->: it marks timings"
    return line_text(text)


def po_text(text: str) -> tuple[str, str | None]:
    """PO: control characters with an escape sequence, and every character that is not a control character."""
    encoded, warning = utf8_text(text)
    if _PO_FORBIDS.search(encoded):
        return _PO_FORBIDS.sub(REPLACEMENT, encoded), "PO tools reject control characters: they became U+FFFD"
    return encoded, warning


def po_comment(text: str) -> tuple[str, str | None]:
    """Comments of PO: every line end is a line feed."""
    encoded, warning = po_text(text)
    lines = "\n".join(encoded.splitlines())
    return (encoded, warning) if lines == encoded else (lines, "a carriage return in a note became a line feed")


def xlsx_text(text: str) -> tuple[str, str | None]:
    """XLSX: 32,767 UTF-16 code units per cell; no surrogates, U+0000, U+FFFE and U+FFFF."""
    warning = None
    if not text.isascii() or "\0" in text:
        encoded = _XLSX_FORBIDS.sub(REPLACEMENT, text)
        if encoded != text:
            text, warning = encoded, "XLSX has no lone surrogates, U+0000, U+FFFE and U+FFFF: they became U+FFFD"
    if len(text) > XLSX_CELL // 2:
        units = text.encode("utf-16-le")
        if len(units) > 2 * XLSX_CELL:
            text = units[: 2 * XLSX_CELL].decode("utf-16-le", "ignore")
            warning = f"an XLSX cell holds {XLSX_CELL:,} characters: longer texts were cut"
    return text, warning
