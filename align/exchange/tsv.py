"""TSV: a header line, then a link a line. Tab, line feed, return and backslash are written as \\t \\n \\r \\\\.

Programs read it, so a text that a spreadsheet would calculate is written as it is; CSV and XLSX guard such texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO

from align.exchange.charsets import in_unicode
from align.exchange.columns import cells, columns
from align.exchange.types import ExportOptions, Unit

_SPECIAL = re.compile(r"[\t\n\r\\]")
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}
_ESCAPED = re.compile(r"\\([tnr\\])")
_UNESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
_UNIT_SEPARATOR = "\x1f"


def escaped(cell: str) -> str:
    """The cell on one line and in one column."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], cell)


def unescaped(cell: str) -> str:
    """The inverse of `escaped`."""
    return _ESCAPED.sub(lambda found: _UNESCAPES[found[1]], cell) if "\\" in cell else cell


def line(row: list[str]) -> bytes:
    """One row as UTF-8 with its line feed. The search for what must be escaped is done once for the whole row."""
    joined = _UNIT_SEPARATOR.join(row)
    if _SPECIAL.search(joined):
        row = [escaped(cell) for cell in row]
    text = "\t".join(row) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return in_unicode(text)[0].encode()


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the header and a line a link."""
    file.write(line(list(columns(options))))
    for unit in units:
        file.write(line(cells(unit)))
