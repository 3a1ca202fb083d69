"""The layout of tables, of align or another tool: the columns with the two texts, and how rows become units.

Columns are recognised by the header of our exports, by language codes, or by the languages of their texts.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, TextIO

from align.errors import ReadError, UsageError
from align.exchange.columns import COLUMNS, read_unit
from align.exchange.types import ImportedUnit, Segment
from align.readers.encodings import codec_of
from align.text.header_words import KEYS, NOTES, SOURCES, TARGETS, TEXTS
from align.text.language import identify
from align.text.messages import pluralise
from align.text.table_columns import MIN_FILLED, SAMPLE_ROWS, further_languages, has_identifiers, header_languages

NO_LAYOUT = (
    "no two columns hold texts in two languages. Name two columns src and tgt in the first line, "
    "and best also src_lang, tgt_lang, id, status; or choose them with --columns."
)
MAX_TITLE_ROWS = 10
"""Rows above a header."""
_LETTERS = re.compile(r"[A-Za-z]{1,2}")
_VALUE_COLUMNS = frozenset(column.name for column in COLUMNS if column.parse is not None and not column.hidden)
"""Columns of our exports that people fill in: they are also read from tables of other tools."""
_OWN_COLUMNS = frozenset({"stamp", "src_spans"})
"""Columns that occur only in our exports."""


@dataclass
class TableColumns:
    """Which columns of a table are read, and what was found."""

    names: tuple[str, ...] = ()
    """Set by hand: of the source, the target and further languages, each the name in the header, a number from 1 or a
    letter, with `=LANG` if wanted. Empty: recognised."""
    messages: list[str] = field(default_factory=list)
    """Appended to: the columns that were read and left out, for tables of other tools."""


class Layout(NamedTuple):
    """The columns of a table."""

    indexes: dict[str, int]
    """Index of each column by its name in `COLUMNS`; `src` and `tgt` always."""
    languages: tuple[str, str]
    """Of source and target where no column holds the language."""
    header: bool
    """Whether the first row is a header."""
    extra: tuple[tuple[int, str], ...] = ()
    """(index, language) of columns of texts in further languages."""
    named: bool = True
    """Whether the header names the columns of texts; False: they were recognised by their languages."""
    first: int = 0
    """Index of the first row of the table, below titles."""
    further: tuple[tuple[tuple[int, str], ...], ...] = ()
    """(index, language) of the columns of further texts of each row."""

    def message(self, rows: Sequence[Sequence[str]]) -> str:
        """What is read from which column, and what is left out, in one line."""
        names = rows[self.first] if self.header else []

        def name(index: int) -> str:
            written = names[index].strip() if index < len(names) else ""
            return written or f"column {index + 1}"

        texts = [(self.indexes["src"], self.languages[0]), (self.indexes["tgt"], self.languages[1]), *self.extra]
        texts += [column for group in self.further for column in group]
        line = "Columns: " + ", ".join(f"{name(index)} ({lang})" for index, lang in texts)
        others = {column: index for column, index in self.indexes.items() if column in ("key", "note", "status")}
        line += "".join(f"; {column}: {name(index)}" for column, index in others.items())
        used = {index for index, _ in texts} | set(self.indexes.values())
        filled = {index for row in rows for index, cell in enumerate(row) if cell.strip()} - used
        if filled:
            line += f"; left out: {', '.join(name(index) for index in sorted(filled))}"
        if self.first:
            line += f"; left out: {pluralise(self.first, 'row')} above the header"
        return f"{line}. --columns SOURCE,TARGET chooses others."


def layout_of(rows: Sequence[Sequence[str]], columns: Sequence[str] = ()) -> Layout | None:
    """The layout of a table from its first `SAMPLE_ROWS` rows; None without texts in two languages.

    `columns`: see `TableColumns.names`. Raises UsageError for a column that is not there. Titles, which are by
    themselves in the rows above a header that names the texts, are not part of the table.
    """
    top = next((number for number, row in enumerate(rows) if sum(map(bool, map(str.strip, row))) > 1), 0)
    if 0 < top <= MAX_TITLE_ROWS and not columns:
        below = _layout_of(rows[top:])
        if below is not None and below.header and below.named:
            return below._replace(first=top)
    return _layout_of(rows, columns)


def _layout_of(rows: Sequence[Sequence[str]], columns: Sequence[str] = ()) -> Layout | None:
    if not rows:
        return None
    header = [name.strip().lower() for name in rows[0]]
    indexes = {name: index for index, name in reversed(list(enumerate(header)))}
    if columns:
        return _set_by_hand(rows, header, columns, _other_columns(rows, indexes))
    if "src" in indexes and "tgt" in indexes:
        if "src_lang" in indexes and "tgt_lang" in indexes:
            return Layout(indexes, ("und", "und"), header=True)
        body = rows[1:]
        return Layout(indexes, (_language(body, indexes["src"]), _language(body, indexes["tgt"])), header=True)
    values = _other_columns(rows, indexes)
    named = [next((index for name, index in indexes.items() if name in words), None) for words in (SOURCES, TARGETS)]
    if named[0] is not None and named[1] is not None:
        languages = _language(rows[1:], named[0]), _language(rows[1:], named[1])
        return Layout(values | {"src": named[0], "tgt": named[1]}, languages, header=True)
    return _by_header_languages(rows, values) or _by_language(rows, header)


def _by_header_languages(rows: Sequence[Sequence[str]], values: Mapping[str, int]) -> Layout | None:
    """The layout of a table whose header names languages; None where it names fewer than two."""
    tags = {index: tag for index, tag in header_languages(rows[0]).items() if _has_letters(rows[1:], index)}
    if len(tags) < 2:
        return None
    src, tgt, *others = tags
    extra = tuple((index, tags[index]) for index in others)
    further = tuple(
        tuple(group.items())
        for group in further_languages(rows[0])
        if all(_has_letters(rows[1:], index) for index in group)
    )
    return Layout({**values, "src": src, "tgt": tgt}, (tags[src], tags[tgt]), header=True, extra=extra, further=further)


def _other_columns(rows: Sequence[Sequence[str]], indexes: Mapping[str, int]) -> dict[str, int]:
    """The columns of a row's key, note and further values."""
    values = {name: index for name, index in indexes.items() if name in _VALUE_COLUMNS}
    for column, words in (("key", KEYS), ("note", NOTES)):
        index = next((index for word, index in indexes.items() if word in words), None)
        if index is not None:
            values.setdefault(column, index)
    if "key" not in values:
        index = next((index for index in range(len(rows[0])) if has_identifiers(rows[1:], index)), None)
        if index is not None:
            values["key"] = index
    return values


def _set_by_hand(
    rows: Sequence[Sequence[str]], header: Sequence[str], columns: Sequence[str], values: dict[str, int]
) -> Layout:
    """The layout with columns that were set by hand."""
    if len(columns) < 2:
        raise UsageError("--columns names the source and the target, as in --columns English,Deutsch or --columns B,C.")
    tags = header_languages(rows[0])
    texts: list[tuple[int, str]] = []
    by_name = False
    for column in columns:
        name, _, lang = column.strip().rpartition("=") if "=" in column else (column.strip(), "", "")
        by_name = by_name or name.lower() in header
        index = header.index(name.lower()) if name.lower() in header else _column_number(name)
        if index is None or not 0 <= index < max(map(len, rows)):
            present = ", ".join(filter(None, (cell.strip() for cell in rows[0]))) or "none"
            raise UsageError(f"--columns {column}: no such column. The first row has: {present}.")
        texts.append((index, lang or tags.get(index) or _language(rows[1:] or rows, index)))
    used = {index for index, _ in texts}
    others = {name: index for name, index in values.items() if index not in used}
    (src, src_lang), (tgt, tgt_lang), *extra = texts
    is_header = by_name or bool(tags) or any(name in TEXTS | KEYS | NOTES for name in header)
    return Layout(others | {"src": src, "tgt": tgt}, (src_lang, tgt_lang), header=is_header, extra=tuple(extra))


def _column_number(name: str) -> int | None:
    """Index of a column by its number from 1 or its letters (`A`, `AB`); None for other names."""
    if name.isdecimal():
        return int(name) - 1
    if _LETTERS.fullmatch(name):
        return functools.reduce(lambda number, letter: 26 * number + ord(letter) - 64, name.upper(), 0) - 1
    return None


def _language(rows: Sequence[Sequence[str]], index: int) -> str:
    return identify("\n".join(row[index] for row in rows if index < len(row))[:4000]).lang


def _has_letters(rows: Sequence[Sequence[str]], index: int) -> bool:
    """Whether a column has a letter: `id` and `no` are language codes, but numbers under them are no texts.

    Texts whose letters a program replaced with `?` count: the import reports them.
    """
    return any(index < len(row) and (any(map(str.isalpha, row[index])) or "??" in row[index]) for row in rows)


def _by_language(rows: Sequence[Sequence[str]], header: list[str]) -> Layout | None:
    """The layout with the first two columns of texts in different languages."""
    named = any(name in TEXTS for name in header)
    body = rows[1:] if named else rows
    columns: list[tuple[int, str]] = []
    for index in range(max((len(row) for row in rows), default=0)):
        texts = [row[index] for row in body if index < len(row) and any(map(str.isalpha, row[index]))]
        if not texts or len(texts) < MIN_FILLED * len(body) or has_identifiers(body, index):
            continue
        lang = _language(body, index)
        if lang != "und" and all(lang != other for _, other in columns):
            columns.append((index, lang))
    if len(columns) < 2:
        return None
    (src, src_lang), (tgt, tgt_lang) = columns[:2]
    return Layout({"src": src, "tgt": tgt}, (src_lang, tgt_lang), header=named, named=False)


def is_own_header(header: Iterable[str]) -> bool:
    """Whether the header is that of one of our exports, whose cells are escaped."""
    return not _OWN_COLUMNS.isdisjoint(header)


@contextmanager
def open_table(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """A CSV or TSV opened for reading, in the detected encoding without `encoding`.

    Raises ReadError, also from the block: for a file that the csv module cannot parse.
    """
    encoding = encoding or codec_of(str(path), path.read_bytes())
    with path.open(encoding=encoding, newline="") as file:
        try:
            yield file
        except csv.Error as error:
            raise ReadError(f"{path}: not a table that can be read ({error}). Save it as UTF-8 CSV or TSV.") from error


def read_table(
    rows: Iterator[list[str]],
    path: Path,
    *,
    sheet: str = "",
    decode: Callable[[str], str] | None = None,
    columns: TableColumns | None = None,
) -> Iterator[ImportedUnit]:
    """The units of a table. Raises ReadError where no layout is recognised, UsageError where `columns` are not there.

    `sheet`: prefix of locations. `decode`: the inverse of the escaping of cells in our exports.
    """
    sample = list(islice(rows, SAMPLE_ROWS))
    layout = layout_of(sample, columns.names if columns else ())
    if layout is None:
        raise ReadError(f"{path}: {NO_LAYOUT}")
    if columns is not None and not is_own_header(layout.indexes):
        columns.messages.append(f"{sheet}{layout.message(sample)}")
    body = sample[layout.first + layout.header :]
    if not is_own_header(layout.indexes):
        decode = None
    for number, row in enumerate(chain(body, rows), start=layout.first + layout.header + 1):
        if any(row):
            decoded = [decode(cell) for cell in row] if decode else row
            yield from _units(decoded, layout, f"{sheet}row {number}")


def _units(row: Sequence[str], layout: Layout, where: str) -> Iterator[ImportedUnit]:
    """Yield the unit of a row, or that of each of its texts in the order of the columns."""
    if not layout.further:
        yield _unit(row, layout, where)
        return
    own = ((layout.indexes["src"], layout.languages[0]), (layout.indexes["tgt"], layout.languages[1]), *layout.extra)
    for (src, src_lang), (tgt, tgt_lang), *extra in sorted([own, *layout.further]):
        indexes = layout.indexes | {"src": src, "tgt": tgt}
        texts = layout._replace(indexes=indexes, languages=(src_lang, tgt_lang), extra=tuple(extra))
        if any(row[index].strip() for index in (src, tgt, *(index for index, _ in extra)) if index < len(row)):
            yield _unit(row, texts, f"{where}, column {src + 1}")


def _unit(row: Sequence[str], layout: Layout, where: str) -> ImportedUnit:
    def cell(name: str) -> str | None:
        index = layout.indexes.get(name)
        return None if index is None else row[index] if index < len(row) else ""

    extra = [Segment(lang, row[index]) for index, lang in layout.extra if index < len(row) and row[index].strip()]
    unit = read_unit(where, cell, layout.languages, extra)
    key = cell("key")
    return unit._replace(properties=(("x-key", key),)) if key else unit
