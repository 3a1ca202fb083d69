"""CSV, TSV and XLSX: each cell with letters is a block of one sentence, row by row."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator

from align.errors import ReadError
from align.extras import require_extra
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.plain import text_of
from align.readers.safe_zip import no_entities, unpack
from align.text.csv_dialect import table_rows

_FORMULA_GUARD = re.compile(r"^'(?=[=+\-@\t])")
MAX_CELLS = 20_000_000
"""Maximum cells of a workbook, including empty ones between others."""
EMPTY_TABLE_HINT = "A table needs cells with text in them."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the cells of a table into blocks. Raises ReadError."""
    composer = DocumentBuilder(name, len(content))
    used_encoding = "utf-8"
    if content.startswith(b"PK"):
        reader, rows = "xlsx", sheet_rows(name, content)
    else:
        text, used_encoding = text_of(name, content, encoding)
        reader, rows = "table", text_rows(name, text)
    for row in rows:
        for cell in row:
            composer.add(_FORMULA_GUARD.sub("", cell), BlockKind.BODY, is_sentence=True)
    return composer.document(reader, used_encoding, lang, EMPTY_TABLE_HINT)


def text_rows(name: str, text: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV or TSV text. Raises ReadError."""
    try:
        yield from table_rows(io.StringIO(text.replace("\0", ""), newline=""))
    except csv.Error as error:
        raise ReadError(f"{name}: not a readable table ({error}). Save it as UTF-8 CSV or TSV.") from error


def sheet_rows(name: str, content: bytes) -> Iterator[list[str]]:
    """Yield the rows of all sheets of a workbook, values as text. Raises ReadError."""
    with unpack(name, content) as archive:
        no_entities(name, archive)
    require_extra("openpyxl")
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            cell_count = 0
            # Every sheet once, even if listed several times.
            for sheet in {getattr(sheet, "_worksheet_path", sheet.title): sheet for sheet in book.worksheets}.values():
                # A sheet may declare any size: rows are read up to their last cell.
                sheet.reset_dimensions()
                for row in sheet.iter_rows(values_only=True):
                    cell_count += len(row) + 1
                    if cell_count > MAX_CELLS:
                        raise ReadError(f"{name}: more than {MAX_CELLS:,} cells. Save the columns with text as TSV.")
                    yield [str(cell) for cell in row if cell is not None]
    except ReadError:
        raise
    except Exception as error:  # openpyxl raises KeyError, ValueError, zipfile and expat errors
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{name}: a broken workbook ({reason}). Open and save it again.") from error
