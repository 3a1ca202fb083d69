"""TSV: a header line, then a link a line. Tab, line feed, return and backslash are written as \\t \\n \\r \\\\."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import IO

from align.writers.carrying import in_unicode
from align.writers.model import Unit
from align.writers.table import COLUMNS, cells, guarded

_SPECIAL = re.compile(r"[\t\n\r\\]")
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}
_ESCAPED = re.compile(r"\\([tnr\\])")
_UNESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def escaped(cell: str) -> str:
    """The cell on one line and in one column."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], cell)


def unescaped(cell: str) -> str:
    """The inverse of `escaped`."""
    return _ESCAPED.sub(lambda found: _UNESCAPES[found[1]], cell)


def write(units: Iterable[Unit], file: IO[bytes]) -> None:
    """Write the header and a line a link."""
    file.write(("\t".join(COLUMNS) + "\n").encode())
    for unit in units:
        line = "\t".join(escaped(guarded(cell)) for cell in cells(unit.link))
        file.write((in_unicode(line)[0] + "\n").encode())
