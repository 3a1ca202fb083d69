"""TSV, CSV and XLSX: ours, or another tool's with two columns of texts."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from align.errors import ReadError
from align.exchange.columns import unguarded
from align.exchange.link_stamp import checksum, read_stamp
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told
from align.exchange.tsv import unescaped
from align.text.column_layout import SAMPLE, Layout, layout_of
from align.text.csv_dialect import quotes_cells, table_rows

_NO_LAYOUT = (
    "no two columns hold texts in two languages. Name two columns src and tgt in the first line, "
    "and best also src_lang, tgt_lang, id, status."
)
_CALCULATED = re.compile(r"[01](\.\d{0,3})?")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _encoding(path: Path) -> str:
    """UTF-16 where the file begins with its mark (a spreadsheet's "Unicode text"), else UTF-8 with or without one."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def tsv_rows(path: Path, encoding: str | None = None) -> Iterator[Row]:
    """A row a line; in a table of ours, tabs and line breaks in cells are escaped as our writer does."""
    with path.open(encoding=encoding or _encoding(path), newline="") as file, _readable(path):
        header = file.readline().rstrip("\r\n").split("\t")
        ours = _is_ours(header)
        calculated = ours and _calculated_since(file, header)
        literal = ours and not _quoted_since(file, header)
        rows = _rows(table_rows(file, literal=literal), path, written=unescaped)
        yield from map(_with_its_quotes, rows) if calculated else rows


def csv_rows(path: Path, encoding: str | None = None) -> Iterator[Row]:
    """Comma, semicolon or tab between the cells, whichever the first lines show."""
    with path.open(encoding=encoding or _encoding(path), newline="") as file, _readable(path):
        yield from _rows(table_rows(file), path, written=unguarded)


def _is_ours(header: Iterable[str]) -> bool:
    """Whether an export of ours has these columns: then its cells are as our writer made them."""
    return not {"stamp", "src_spans"}.isdisjoint(header)


def _calculated_since(file: TextIO, header: Sequence[str]) -> bool:
    """Whether a spreadsheet has saved our table since: it writes 0.8500 as 0.85."""
    place = header.index("confidence") if "confidence" in header else len(header)
    first = [line.rstrip("\r\n").split("\t") for line in islice(file, SAMPLE)]
    return any(place < len(cells) and _CALCULATED.fullmatch(cells[place]) is not None for cells in first)


def _with_its_quotes(row: Row) -> Row:
    """The row with the quotes around a whole text that a spreadsheet took for its own when it opened our table."""
    stamp = read_stamp(row.stamp)
    if stamp is None:
        return row
    sides = tuple(
        told._replace(text=f'"{told.text}"') if checksum(f'"{told.text}"') == base else told
        for told, base in zip(row.sides, (stamp.src, stamp.tgt), strict=True)
    )
    return row._replace(sides=sides)


def _quoted_since(file: TextIO, header: Sequence[str]) -> bool:
    """Whether a spreadsheet put the cells of our table in quotes: what begins with one is not as it was exported."""
    places = {name: place for place, name in enumerate(header)}
    if not {"src", "tgt", "stamp"}.issubset(places):
        return False
    suspected = False
    file.seek(0)
    for line in islice(file, 1, None):
        cells = line.rstrip("\r\n").split("\t")
        texts = [cells[places[name]] for name in ("src", "tgt") if len(cells) > places[name]]
        if not any(text.startswith('"') for text in texts):
            continue
        stamp = read_stamp(cells[places["stamp"]] if len(cells) > places["stamp"] else None)
        sums = () if stamp is None else (stamp.src, stamp.tgt)
        if any(checksum(unescaped(text)) in sums for text in texts if text.startswith('"')):
            return False
        suspected = True
    file.seek(0)
    return suspected and quotes_cells(file.read())


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise ReadError(f"{path}: not a table we can read ({error}). Save it as UTF-8 CSV or TSV.") from error


def xlsx_rows(path: Path) -> Iterator[Row]:
    """The rows of every sheet that has the columns `src` and `tgt`."""
    found = 0
    for title, lines in _sheets(path):
        first = list(islice(lines, SAMPLE))
        if layout_of(first) is not None:
            found += 1
            yield from _rows(chain(first, lines), path, sheet=f"{title} ")
    if not found:
        raise ReadError(f"{path}: {_NO_LAYOUT}")


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Name and lines of each sheet. Raises ReadError, also while the lines are read."""
    import openpyxl

    def lines(sheet: Any) -> Iterator[list[str]]:
        with _workbook(path):
            for line in sheet.iter_rows(values_only=True):
                yield [_cell(cell) for cell in line]

    with path.open("rb") as file:
        with _workbook(path):
            book = openpyxl.load_workbook(file, read_only=True, data_only=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            yield sheet.title, lines(sheet)


@contextmanager
def _workbook(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # openpyxl lets KeyError, ValueError, zipfile and expat errors through
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{path}: a broken workbook ({reason}). Open and save it again.") from error


def _cell(value: Any) -> str:
    """A cell as text; `_x0001_` is how the format writes what XML forbids."""
    if value is None:
        return ""
    text = str(value)
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _rows(
    lines: Iterator[list[str]], path: Path, *, sheet: str = "", written: Callable[[str], str] | None = None
) -> Iterator[Row]:
    """The rows of a table. `written` undoes what our writer did to a cell, in a table of ours only."""
    first = list(islice(lines, SAMPLE))
    layout = layout_of(first)
    if layout is None:
        raise ReadError(f"{path}: {_NO_LAYOUT}")
    body = first[1:] if layout.header else first
    if not _is_ours(layout.places):
        written = None
    for number, line in enumerate(chain(body, lines), start=2 if layout.header else 1):
        if any(line):
            cells = [written(cell) for cell in line] if written else line
            yield _row(cells, layout, f"{sheet}row {number}")


def _row(line: Sequence[str], layout: Layout, where: str) -> Row:
    places, (src_lang, tgt_lang) = layout.places, layout.languages

    def cell(name: str) -> str | None:
        place = places.get(name)
        return None if place is None else line[place] if place < len(line) else ""

    return Row(
        where,
        (
            Told((cell("src_lang") or src_lang).strip(), cell("src") or ""),
            Told((cell("tgt_lang") or tgt_lang).strip(), cell("tgt") or ""),
            *(Told(lang, line[place]) for place, lang in layout.more if place < len(line) and line[place].strip()),
        ),
        said.number(cell("id")),
        said.status(cell("status")),
        said.kind(cell("kind")),
        cell("note"),
        cell("stamp") or None,
        docs=(cell("src_doc") or "", cell("tgt_doc") or ""),
        spans=(cell("src_spans") or "", cell("tgt_spans") or ""),
        odd=tuple(
            f"{name} {typed!r}: there is none such"
            for name, known in (("status", said.status), ("kind", said.kind))
            if (typed := (cell(name) or "").strip()) and known(typed) is None
        ),
    )
