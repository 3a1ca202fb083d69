"""Which files hold a text and its translation side by side: they are imported with their links, not read as one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import PurePath

from align.errors import ReadError
from align.text.column_layout import SAMPLE, layout_of
from align.text.evidence import weigh
from align.text.language import settle
from align.text.scripts import count_scripts

SUFFIXES = frozenset({".tmx", ".xlf", ".xliff", ".sdlxliff", ".mxliff", ".mqxliff", ".po"})
_UNITS = re.compile(
    r"(?:\ufeff|ï»¿)?\s*+(?:(?><\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*+(?:\[[^\]]*+\]\s*+)?>)\s*+)*+"
    r"<(?:\w+:)?(?:tmx|xliff)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
"""The root element; before it only what XML allows there, so that a text on the format is none of it."""
ROWS = 300
"""Rows of a table that are looked at."""


def units(name: str, content: bytes) -> bool:
    """Whether the file is a format of translation units (TMX, XLIFF, PO), by its suffix or what it begins with."""
    if PurePath(name).suffix.lower() in SUFFIXES:
        return True
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return _UNITS.match(content[:4096].decode("utf-16" if wide else "latin-1", "ignore")) is not None


def bilingual(name: str, content: bytes, *, encoding: str | None = None) -> bool:
    """Whether the file holds a text and its translation: units, or a table with columns in two languages.

    What cannot be read is not bilingual, and `read` says what is wrong with it. Raises UsageError for an `encoding`
    that there is not.
    """
    if units(name, content):
        return True
    suffix = PurePath(name).suffix.lower()
    packed = content.startswith(b"PK\x03\x04")
    if suffix not in (".csv", ".tsv", ".tab", ".xlsx") and not packed:
        return False
    from align.readers.registry import kind

    try:
        if kind(name, content, encoding) != "tables":
            return False
        rows = list(islice(_rows(name, content, encoding), ROWS))
        layout = layout_of(rows[:SAMPLE])
        return layout is not None and (layout.named or _two_languages(rows))
    except ReadError:
        return False


def _rows(name: str, content: bytes, encoding: str | None) -> Iterable[list[str]]:
    from align.readers.plain import text_of
    from align.readers.tables import sheet_rows, text_rows

    if content.startswith(b"PK"):
        return sheet_rows(name, content)
    return text_rows(name, text_of(name, content, encoding)[0])


def _two_languages(rows: Iterable[list[str]]) -> bool:
    """Whether two columns hold text in most rows, in different languages or at least in different scripts."""
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    if not kept:
        return False
    columns = [[row[index] for row in kept if index < len(row)] for index in range(max(map(len, kept)))]
    languages: set[str] = set()
    scripts: set[str] = set()
    for column in columns[:30]:
        written = [cell for cell in column if count_scripts(cell)]
        if len(written) < max(1, 0.7 * len(kept)):
            continue
        text = "\n".join(written)[:4000]
        evidence = weigh(text)
        guesses, _ = settle([text], [evidence])
        if guesses[0].confidence >= 0.8:
            languages.add(guesses[0].lang)
        if evidence.weight >= 6 * len(written):
            scripts.add(evidence.script)
    return len(languages) > 1 or len(scripts) > 1
