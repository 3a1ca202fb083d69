"""Detection of exchange files, by suffix and content: which format to import, and which files hold translations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePath

from align.errors import ReadError, UsageError
from align.exchange.column_layout import layout_of
from align.exchange.formats import FORMATS, Format, format_named, format_names
from align.inputs import inner_name
from align.readers import opendocument
from align.readers.plain import text_of
from align.readers.registry import kind
from align.readers.registry import suffixes as text_suffixes
from align.readers.safe_zip import decompress
from align.readers.tables import text_rows, workbook_sheets
from align.text.language import identify_blocks
from align.text.language_evidence import first_evidence
from align.text.scripts import count_scripts
from align.text.table_columns import SAMPLE_ROWS

UNIT_SUFFIXES = frozenset(
    suffix for form in FORMATS if form.unit_file for suffix in (*form.suffixes, *form.import_suffixes)
)
"""Suffixes of files that are lists of translation units."""
HEAD_BYTES = 1 << 16
"""Bytes in which the outermost element of an XML file is searched."""
_ROOT = re.compile(
    r"(?:\ufeff|ï»¿)?\s*+(?:(?><\?.*?\?>|<!--.*?-->|<!doctype[^>\[]*+(?:\[[^\]]*+\]\s*+)?>)\s*+)*+"
    rf"<(?:\w+:)?({'|'.join(form.root for form in FORMATS if form.root)})[\s>]",
    re.IGNORECASE | re.DOTALL,
)
"""The outermost element; before it only what XML allows there, so that a text about the format does not match."""
TABLE_ROWS = 300
"""Rows of a table that its languages are determined from."""
MIN_CONFIDENCE = 0.8
"""Of the language of a column."""
MIN_WEIGHT = 6
"""Evidence per cell from which the script of a column is taken as certain."""
MIN_FILLED = 0.7
"""Share of the rows with letters in a column of texts."""
MAX_COLUMNS = 30


def import_format(path: Path, name: str | None = None) -> Format:
    """The format to import a file as: `name`, else by its suffix, else by its outermost XML element.

    Raises UsageError for a format that cannot be imported, and where none is recognised.
    """
    names = format_names(importable=True)
    if name:
        try:
            form = format_named(name)
        except KeyError:
            form = None
        if form is None or not form.importable:
            raise UsageError(f"--from {name}: no such format to import. There are: {names}.")
        return form
    suffix = path.suffix.lower()
    for form in FORMATS:
        if form.importable and suffix in (*form.suffixes, *form.import_suffixes):
            return form
    try:
        with path.open("rb") as file:
            root = _root(file.read(HEAD_BYTES))
    except OSError:
        root = None
    if root is None:
        raise UsageError(f"{path}: its suffix names no format to import. Choose one with --from: {names}.")
    return next(form for form in FORMATS if form.root == root)


def _root(content: bytes) -> str | None:
    """The outermost element of an XML file, if it is that of a format."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    match = _ROOT.match(content[:HEAD_BYTES].decode("utf-16" if wide else "latin-1", "ignore"))
    return match[1].lower() if match else None


def is_unit_file(name: str, content: bytes) -> bool:
    """Whether the file is a list of translation units (TMX, XLIFF, PO), by its suffix or outermost element."""
    return PurePath(inner_name(name)).suffix.lower() in UNIT_SUFFIXES or _root(content) is not None


def is_bilingual(name: str, content: bytes, *, encoding: str | None = None) -> bool:
    """Whether the file holds texts with their translations: translation units, or a table in two languages.

    False for a file that cannot be read: its reader reports why. Raises UsageError for an unknown `encoding`.
    """
    name, content = inner_name(name), decompress(name, content)
    if is_unit_file(name, content):
        return True
    try:
        reader = kind(name, content, encoding)
        if reader not in ("tables", "opendocument"):
            return False
        return any(_is_linked(rows) for rows in _sheets(reader, name, content, encoding))
    except ReadError:
        return False


def _is_linked(rows: Iterable[list[str]]) -> bool:
    """Whether the rows of a sheet are texts with their translations."""
    first = list(islice(rows, TABLE_ROWS))
    layout = layout_of(first[:SAMPLE_ROWS])
    return layout is not None and (layout.named or _two_languages(first))


def check_is_text(name: str, content: bytes) -> None:
    """Raises ReadError for a list of translation units, which is imported with its links instead of read as a text."""
    if is_unit_file(name, content):
        raise ReadError(f"{name}: holds texts with their translations. Import it with its links: align import {name}")


def readable_suffixes() -> frozenset[str]:
    """Suffixes (lower case, with the dot) of the files that `align add` takes from a folder."""
    return text_suffixes() | UNIT_SUFFIXES


def _sheets(reader: str, name: str, content: bytes, encoding: str | None) -> Iterator[Iterable[list[str]]]:
    if reader == "opendocument":
        yield from (rows for _, rows in opendocument.sheets(name, content))
    elif content.startswith(b"PK"):
        yield from (rows for _, rows in workbook_sheets(name, content))
    else:
        yield text_rows(name, text_of(name, content, encoding)[0])


def _two_languages(rows: Iterable[list[str]]) -> bool:
    """Whether two columns hold text in most rows, in different languages or at least in different scripts."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        return False
    columns = [[row[index] for row in filled if index < len(row)] for index in range(max(map(len, filled)))]
    languages: set[str] = set()
    scripts: set[str] = set()
    for column in columns[:MAX_COLUMNS]:
        written = [cell for cell in column if count_scripts(cell)]
        if len(written) < max(1, MIN_FILLED * len(filled)):
            continue
        text = "\n".join(written)[:4000]
        evidence = first_evidence(text)
        guesses, _ = identify_blocks([text], [evidence])
        if guesses[0].confidence >= MIN_CONFIDENCE:
            languages.add(guesses[0].lang)
        if evidence.weight >= MIN_WEIGHT * len(written):
            scripts.add(evidence.script)
    return len(languages) > 1 or len(scripts) > 1
