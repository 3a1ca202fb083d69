"""CSV for spreadsheets: UTF-8 with a byte order mark; cells that a spreadsheet would calculate are escaped."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from align.exchange.charsets import utf8_text
from align.exchange.column_layout import TableColumns, open_table, read_table
from align.exchange.columns import cells, table_columns
from align.exchange.types import ExportOptions, ImportedUnit, Unit
from align.text.csv_dialect import table_rows

_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20\t\r"
_ESCAPED_FIRST = frozenset(_FORMULA + "'")
_FORMULA_CELL = re.compile(f"'*[{re.escape(_FORMULA)}]")
_ESCAPED_CELL = re.compile(f"'+[{re.escape(_FORMULA)}]")
_BUFFER = 1 << 16
"""Characters that are encoded and written at once."""


def escape_formula(cell: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would calculate it (CWE-1236).

    A bijection: cells that look escaped already get a further apostrophe.
    """
    return "'" + cell if cell and cell[0] in _ESCAPED_FIRST and _FORMULA_CELL.match(cell) else cell


def unescape_formula(cell: str) -> str:
    """The inverse of `escape_formula`."""
    return cell[1:] if _ESCAPED_CELL.match(cell) else cell


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write a header and one record per unit."""
    record = io.StringIO(newline="")
    writer = csv.writer(record)
    file.write(b"\xef\xbb\xbf")
    writer.writerow([column.name for column in table_columns(options)])
    for unit in units:
        writer.writerow([escape_formula(cell) for cell in cells(unit)])
        if record.tell() > _BUFFER:
            file.write(utf8_text(record.getvalue())[0].encode())
            record.seek(0)
            record.truncate()
    file.write(utf8_text(record.getvalue())[0].encode())


def read(path: Path, encoding: str | None = None, columns: TableColumns | None = None) -> Iterator[ImportedUnit]:
    """The rows of the table; comma, semicolon or tab separate its cells, whichever the first lines show."""
    with open_table(path, encoding) as file:
        yield from read_table(table_rows(file), path, decode=unescape_formula, columns=columns)
