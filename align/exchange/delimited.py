"""Tables with cells between delimiters: CSV for spreadsheets, TSV for programs.

CSV is UTF-8 with a byte order mark, and cells that a spreadsheet would calculate are escaped. TSV has one line per
unit; tab, line feed, carriage return and backslash are written as \\t \\n \\r \\\\, and texts that a spreadsheet would
calculate are written unchanged.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TextIO

from align.exchange.charsets import utf8_text
from align.exchange.column_layout import TableColumns, is_own_header, open_table, read_table
from align.exchange.columns import cells, table_columns
from align.exchange.link_stamp import checksum, read_stamp
from align.exchange.types import ExportOptions, ImportedUnit, Unit
from align.text.csv_dialect import quotes_cells, table_rows
from align.text.table_columns import SAMPLE_ROWS

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


def write_csv(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
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


def read_csv(path: Path, encoding: str | None = None, columns: TableColumns | None = None) -> Iterator[ImportedUnit]:
    """The rows of the table; comma, semicolon or tab separate its cells, whichever the first lines show."""
    with open_table(path, encoding) as file:
        yield from read_table(table_rows(file), path, decode=unescape_formula, columns=columns)


_SPECIAL = re.compile(r"[\t\n\r\\]")

_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}

_ESCAPED = re.compile(r"\\([tnr\\])")

_UNESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}

_UNIT_SEPARATOR = "\x1f"

_CALCULATED = re.compile(r"[01](\.\d{0,3})?")
"""A confidence after a spreadsheet saved it: 0.8500 became 0.85."""


def escape(cell: str) -> str:
    """The cell without tabs and line ends."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], cell)


def unescape(cell: str) -> str:
    """The inverse of `escape`."""
    return _ESCAPED.sub(lambda match: _UNESCAPES[match[1]], cell) if "\\" in cell else cell


def line(row: list[str]) -> bytes:
    """A row as UTF-8 with its line feed."""
    # One search per row, not per cell: most rows have nothing to escape.
    if _SPECIAL.search(_UNIT_SEPARATOR.join(row)):
        row = [escape(cell) for cell in row]
    text = "\t".join(row) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return utf8_text(text)[0].encode()


def write_tsv(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write a header and one line per unit."""
    file.write(line([column.name for column in table_columns(options)]))
    for unit in units:
        file.write(line(cells(unit)))


def read_tsv(path: Path, encoding: str | None = None, columns: TableColumns | None = None) -> Iterator[ImportedUnit]:
    """The rows of the table; escape sequences are resolved in our exports."""
    with open_table(path, encoding) as file:
        header = file.readline().rstrip("\r\n").split("\t")
        own = is_own_header(header)
        recalculated = own and _is_recalculated(file, header)
        literal = own and not _is_requoted(file, header)
        units = read_table(table_rows(file, literal=literal), path, decode=unescape, columns=columns)
        yield from map(_restore_quotes, units) if recalculated else units


def _is_recalculated(file: TextIO, header: Sequence[str]) -> bool:
    """Whether a spreadsheet has saved our export."""
    index = header.index("confidence") if "confidence" in header else len(header)
    rows = [line.rstrip("\r\n").split("\t") for line in islice(file, SAMPLE_ROWS)]
    return any(index < len(row) and _CALCULATED.fullmatch(row[index]) is not None for row in rows)


def _restore_quotes(unit: ImportedUnit) -> ImportedUnit:
    """The unit with the quotes around a whole text that a spreadsheet removed as its own quoting.

    The checksum in the stamp shows that the exported text had them.
    """
    stamp = read_stamp(unit.stamp)
    if stamp is None:
        return unit
    sides = tuple(
        side._replace(text=f'"{side.text}"') if checksum(f'"{side.text}"') == base else side
        for side, base in zip(unit.sides, (stamp.src, stamp.tgt), strict=True)
    )
    return unit._replace(sides=sides)


def _is_requoted(file: TextIO, header: Sequence[str]) -> bool:
    """Whether a spreadsheet has quoted the cells of our export: no text that starts with a quote is as exported."""
    indexes = {name: index for index, name in enumerate(header)}
    if not {"src", "tgt", "stamp"}.issubset(indexes):
        return False
    suspected = False
    file.seek(0)
    for record in islice(file, 1, None):
        row = record.rstrip("\r\n").split("\t")
        texts = [row[indexes[name]] for name in ("src", "tgt") if len(row) > indexes[name]]
        if not any(text.startswith('"') for text in texts):
            continue
        stamp = read_stamp(row[indexes["stamp"]] if len(row) > indexes["stamp"] else None)
        exported = () if stamp is None else (stamp.src, stamp.tgt)
        if any(checksum(unescape(text)) in exported for text in texts if text.startswith('"')):
            return False
        suspected = True
    file.seek(0)
    return suspected and quotes_cells(file.read())
