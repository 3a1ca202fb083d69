"""CSV, TSV and XLSX: each cell with letters is a block of one sentence, row by row, with its key."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any

from align.errors import ReadError, require_extra
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.plain import text_of
from align.readers.safe_zip import no_entities, unpack
from align.text.csv_dialect import table_rows
from align.text.table_columns import SAMPLE_ROWS, table_roles

_FORMULA_GUARD = re.compile(r"^'(?=[=+\-@\t])")
MAX_CELLS = 20_000_000
"""Maximum cells of a workbook, including empty ones between others."""
EMPTY_TABLE_HINT = "A table needs cells with text in them."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the cells of a table into blocks. Raises ReadError."""
    composer = DocumentBuilder(name, len(content))
    used_encoding = "utf-8"
    if content.startswith(b"PK"):
        reader = "xlsx"
        for _, rows in workbook_sheets(name, content):
            add_rows(composer, rows)
    else:
        reader = "table"
        text, used_encoding = text_of(name, content, encoding)
        add_rows(composer, text_rows(name, text))
    return composer.document(reader, used_encoding, lang, EMPTY_TABLE_HINT)


def add_rows(composer: DocumentBuilder, rows: Iterable[list[str]]) -> None:
    """Add the cells of a table, or of a sheet, each as a block of one sentence.

    The cells of the header are boilerplate and notes are comments. Keys are before the first text of their row in its
    block, or boilerplate where the row has no text.
    """
    filled = (row for row in rows if any(map(str.strip, row)))
    sample = list(islice(filled, SAMPLE_ROWS))
    roles = table_roles(sample)
    for number, row in enumerate(chain(sample, filled)):
        cells = [_FORMULA_GUARD.sub("", cell) for cell in row]
        if number == 0 and roles.header:
            for cell in cells:
                composer.add(cell, BlockKind.BOILERPLATE, is_sentence=True)
            continue
        key = "\t".join(cells[index].strip() for index in sorted(roles.keys) if index < len(cells) and cells[index])
        for index, cell in enumerate(cells):
            if index in roles.keys or not cell.strip():
                continue
            kind = BlockKind.COMMENT if index in roles.notes else BlockKind.BODY
            lang = roles.languages.get(index)
            composer.add(cell, kind, lang, is_sentence=True, before=f"{key} = " if key else "")
            key = ""
        composer.add(key, BlockKind.BOILERPLATE, is_sentence=True)


def text_rows(name: str, text: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV or TSV text. Raises ReadError."""
    try:
        yield from table_rows(io.StringIO(text.replace("\0", ""), newline=""))
    except csv.Error as error:
        raise ReadError(f"{name}: not a readable table ({error}). Save it as UTF-8 CSV or TSV.") from error


def workbook_sheets(name: str, content: bytes) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Title and rows of each sheet of a workbook, values as text; "" for an empty cell. Raises ReadError."""
    with unpack(name, content) as archive:
        no_entities(name, archive)
    require_extra("openpyxl")
    import openpyxl

    with _workbook_errors(name):
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    cell_count = 0

    def rows(sheet: Any) -> Iterator[list[str]]:
        nonlocal cell_count
        with _workbook_errors(name):
            # A sheet may declare any size: rows are read up to their last cell.
            sheet.reset_dimensions()
            for row in sheet.iter_rows(values_only=True):
                cell_count += len(row) + 1
                if cell_count > MAX_CELLS:
                    raise ReadError(f"{name}: more than {MAX_CELLS:,} cells. Save the columns with text as TSV.")
                yield ["" if cell is None else str(cell) for cell in row]

    # Every sheet once, even if listed several times.
    for sheet in {getattr(sheet, "_worksheet_path", sheet.title): sheet for sheet in book.worksheets}.values():
        yield sheet.title, rows(sheet)


@contextmanager
def _workbook_errors(name: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ReadError:
        raise
    except Exception as error:  # openpyxl raises KeyError, ValueError, zipfile and expat errors
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{name}: a broken workbook ({reason}). Open and save it again.") from error
