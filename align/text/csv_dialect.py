"""Split text tables into cells: detect the delimiter, and whether quotation marks are quoting or text."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

DIALECT_CHARACTERS = 8192
"""Characters that are read to detect the delimiter."""
_MARKS = "\t;,"
_NAMED = re.compile(r"\ufeff?\"?sep=(.)\"?(?:\r\n?|\n)", re.IGNORECASE)
"""A first line in which Excel names the delimiter."""
_WITHIN = re.compile(r'"[^"]*"')
_CELL = re.compile(r'(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<bare>[^"\t\r\n]*))(?P<end>\t|\r\n?|\n|\Z)')
_LETTER = re.compile(r"[^\W\d_]")
_NEEDS = re.compile(r'["\t\r\n]')


def table_rows(file: TextIO, *, literal: bool = False) -> Iterator[list[str]]:
    """Yield the rows of a CSV or TSV, detected by its first lines; `file` must be opened with `newline=""`.

    With commas or semicolons, quotes are quoting. With tabs a line is a row and quotes are text, unless the whole
    table is quoted as by spreadsheets; `literal` skips that check, and the file is read once. Raises csv.Error.
    """
    file.seek(0)
    head = file.read(DIALECT_CHARACTERS)
    named = _NAMED.match(head)
    delimiter = named[1] if named else delimiter_of(head)
    start = named.end() if named else 0
    file.seek(0)
    file.read(start)
    quoted = delimiter != "\t"
    if not quoted and not literal:
        quoted = quotes_cells(file.read())
        file.seek(0)
        file.read(start)
    if quoted:
        allow_long_cells()
        yield from csv.reader(file, delimiter=delimiter)
    else:
        for line in file:
            yield line.rstrip("\r\n").split("\t")


def delimiter_of(head: str) -> str:
    """The delimiter of the first line, if any, with the same count in most lines; a comma if there is none.

    Commas and semicolons in quotes do not count; with tabs, quotes may be text.
    """
    first = next((line for line in head.splitlines() if line.strip()), "")
    unquoted = _WITHIN.sub("", head)
    best, best_count = ",", 0
    for mark in [mark for mark in _MARKS if mark in first] or _MARKS:
        lines = (head if mark == "\t" else unquoted).splitlines()
        counts = Counter(line.count(mark) for line in lines)
        del counts[0]
        count = max(counts.values(), default=0)
        if count > best_count:
            best, best_count = mark, count
    return best


def quotes_cells(text: str) -> bool:
    """Whether a tab-separated text quotes its cells as spreadsheets do.

    All of it must: a cell with a quote in it is whole in quotes, the quotes in it doubled. And either every quoted
    cell needs it (a quote, a tab or a line end in it; a comma, as in Excel), or all cells with letters are quoted:
    `"Hello."` among cells without quotes is direct speech.
    """
    if '"' not in text:
        return False
    at = commas = needless = words = bare_commas = 0
    while at < len(text):
        cell = _CELL.match(text, at)
        if cell is None:
            return False
        at, inside = cell.end(), cell["quoted"]
        if inside is None:
            words += _LETTER.search(cell["bare"]) is not None
            bare_commas += "," in cell["bare"]
        elif not _NEEDS.search(inside):
            commas += "," in inside
            needless += "," not in inside
    if bare_commas:
        needless += commas
    return not needless or not words


def allow_long_cells() -> None:
    """Raise the limit of `csv` to cells of the length of a document. The limit is global, so it has one value."""
    csv.field_size_limit(1 << 27)
