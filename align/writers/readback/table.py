"""TSV, CSV and XLSX: ours, or another tool's with two columns of texts."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from align.errors import ReadError
from align.writers.readback import row as said
from align.writers.readback.columns import SAMPLE, Layout, layout_of
from align.writers.readback.row import Row, Told
from align.writers.table import unguarded
from align.writers.tsv import unescaped

_NO_LAYOUT = (
    "no two columns hold texts in two languages. Name two columns src and tgt in the first line, "
    "and best also src_lang, tgt_lang, id, status."
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _encoding(path: Path) -> str:
    """UTF-16 where the file begins with its mark (a spreadsheet's "Unicode text"), else UTF-8 with or without one."""
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def tsv_rows(path: Path) -> Iterator[Row]:
    """A row a line; tabs and line breaks in cells are escaped as our writer does."""
    with path.open(encoding=_encoding(path), newline="\n") as file:
        lines = (line.rstrip("\n").removesuffix("\r") for line in file)
        cells = ([unguarded(unescaped(cell)) for cell in line.split("\t")] for line in lines)
        yield from _rows(cells, path)


def csv_rows(path: Path) -> Iterator[Row]:
    """Comma, semicolon or tab between the cells, whichever the header shows."""
    csv.field_size_limit(1 << 27)
    with path.open(encoding=_encoding(path), newline="") as file:
        header = file.readline()
        file.seek(0)
        split = max(",;\t", key=header.count)
        try:
            records = csv.reader(file, delimiter=split)
            yield from _rows(([unguarded(cell) for cell in record] for record in records), path)
        except csv.Error as error:
            raise ReadError(f"{path}: not a table we can read ({error}). Save it as CSV with UTF-8.") from error


def xlsx_rows(path: Path) -> Iterator[Row]:
    """The rows of every sheet that has the columns `src` and `tgt`."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=False)
        except (InvalidFileException, BadZipFile, KeyError, ValueError) as error:
            raise ReadError(f"{path}: not an XLSX file ({error}). Save it as .xlsx.") from error
        found = 0
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            lines = ([_cell(cell) for cell in line] for line in sheet.iter_rows(values_only=True))
            first = list(islice(lines, SAMPLE))
            if layout_of(first) is not None:
                found += 1
                yield from _rows(chain(first, lines), path, sheet=f"{sheet.title} ")
        if not found:
            raise ReadError(f"{path}: {_NO_LAYOUT}")


def _cell(value: Any) -> str:
    """A cell as text; `_x0001_` is how the format writes what XML forbids."""
    if value is None:
        return ""
    text = str(value)
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _rows(lines: Iterator[list[str]], path: Path, *, sheet: str = "") -> Iterator[Row]:
    first = list(islice(lines, SAMPLE))
    layout = layout_of(first)
    if layout is None:
        raise ReadError(f"{path}: {_NO_LAYOUT}")
    body = first[1:] if layout.header else first
    for number, line in enumerate(chain(body, lines), start=2 if layout.header else 1):
        if any(line):
            yield _row(line, layout, f"{sheet}row {number}")


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
        ),
        said.number(cell("id")),
        said.status(cell("status")),
        said.kind(cell("kind")),
        cell("note"),
        cell("stamp") or None,
        docs=(cell("src_doc") or "", cell("tgt_doc") or ""),
    )
