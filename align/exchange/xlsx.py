"""XLSX: a frozen header, wrapped cells, a list of values for the status, fonts by language, a sheet "about".

Every cell is written as a string with the quote prefix, the spreadsheet's own mark for "not a formula", so that
nothing is calculated and the texts stay unchanged. XlsxWriter writes the control characters that XML forbids as
`_x0001_`, as the format specifies.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

from align import __version__
from align.errors import ExportError, ReadError, UsageError, require_extra
from align.exchange.charsets import xlsx_text
from align.exchange.column_layout import NO_LAYOUT, Layout, TableColumns, layout_of, read_table
from align.exchange.columns import cells, table_columns
from align.exchange.export_target import build_time
from align.exchange.types import ExportOptions, ImportedUnit, Unit
from align.models import Status
from align.readers import opendocument
from align.readers.registry import kind
from align.text.table_columns import SAMPLE_ROWS
from align.text.tags import is_right_to_left, primary

MAX_ROWS = 1_048_576
"""Rows of a sheet (Excel specifications and limits)."""
ABOUT = "about"
"""Name of the sheet that explains an export."""
_FONTS = {
    "ja": "Yu Gothic", "zh-hant": "Microsoft JhengHei", "zh-tw": "Microsoft JhengHei", "zh-hk": "Microsoft JhengHei",
    "zh": "Microsoft YaHei", "ko": "Malgun Gothic", "th": "Leelawadee UI", "hi": "Nirmala UI",
}  # fmt: skip
_COLOURS = {
    Status.ACCEPTED: "#E2F2E4",
    Status.EDITED: "#E0ECF8",
    Status.REJECTED: "#F6E1E0",
    Status.PROPOSED: "#FFF6DB",
}
_CELL = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_JOINS = frozenset({"CONCAT(", "CONCATENATE(", "_XLFN.CONCAT(", ")"})
MAX_DEPTH = 50
"""Formulas that refer to formulas."""
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class _Sheets:
    """The sheets of links; a new one is started when one is full."""

    def __init__(self, book: Any, options: ExportOptions) -> None:
        self.book, self.columns = book, table_columns(options)
        self.head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#ECECEC"})
        self.properties = {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}
        self.plain = book.add_format(self.properties)
        self.formats: dict[str, Any] = {}
        self.colours = {status: book.add_format({"bg_color": colour}) for status, colour in _COLOURS.items()}
        self.text_sides = {column.text_side: index for index, column in enumerate(self.columns) if column.text_side}
        self.number = 0
        self.open()

    def open(self) -> None:
        """Start a sheet with its header."""
        self.number += 1
        self.row = 1
        self.sheet = self.book.add_worksheet("links" if self.number == 1 else f"links {self.number}")
        self.sheet.freeze_panes(1, 0)
        for index, column in enumerate(self.columns):
            self.sheet.set_column(index, index, column.width, None, {"hidden": column.hidden})
            self.sheet.write_string(0, index, column.name, self.head)

    def close(self) -> None:
        """Add the sheet's filter, the list of values of the status and their colours."""
        last = max(self.row - 1, 1)
        status = next(index for index, column in enumerate(self.columns) if column.name == "status")
        self.sheet.autofilter(0, 0, last, len(self.columns) - 1)
        choices = {"validate": "list", "source": [status.value for status in Status], "ignore_blank": True}
        self.sheet.data_validation(1, status, last, status, choices)
        for value, colour in self.colours.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{value.value}"', "format": colour}
            self.sheet.conditional_format(1, status, last, status, rule)

    def text_format(self, lang: str) -> Any:
        """The cell format of texts in a language: a font with its characters, and its direction."""
        if lang not in self.formats:
            tag = lang.lower()
            name = _FONTS.get("-".join(tag.split("-")[:2])) or _FONTS.get(primary(lang))
            extra: dict[str, Any] = {"font_name": name} if name else {}
            if is_right_to_left(lang):
                extra["reading_order"] = 2
            self.formats[lang] = self.book.add_format({**self.properties, **extra}) if extra else self.plain
        return self.formats[lang]

    def add(self, unit: Unit) -> None:
        """Write a row."""
        if self.row >= MAX_ROWS:
            self.close()
            self.open()
        langs = {"src": unit.link.src.lang, "tgt": unit.link.tgt.lang}
        formats = {index: self.text_format(langs[side]) for side, index in self.text_sides.items()}
        write, number = self.sheet.write_string, self.row
        for index, cell in enumerate(cells(unit)):
            if cell:
                write(number, index, xlsx_text(cell)[0], formats.get(index, self.plain))
        self.row += 1


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the workbook, one row in memory at a time.

    A ZIP archive needs a seekable file, so for a pipe it is written to a temporary file first.
    """
    if file.seekable():
        _write(units, file, options)
        return
    with tempfile.TemporaryFile() as whole:
        _write(units, whole, options)
        whole.seek(0)
        shutil.copyfileobj(whole, file)


def _write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    from xlsxwriter.exceptions import FileCreateError

    output = _Output(file)
    try:
        with tempfile.TemporaryDirectory(prefix="align-xlsx-") as folder:
            _fill(units, output, options, folder)
    except (OSError, FileCreateError) as error:
        output.abandoned = True
        cause = error.args[0] if isinstance(error, FileCreateError) else error
        if output.failed or not isinstance(cause, OSError):
            raise cause from None
        where = tempfile.gettempdir()
        raise ExportError(f"{where}: {cause.strerror}. Set TMPDIR to a folder with free space.") from error


class _Output:
    """The target of a ZipFile. After a failure it drops what the archive writes when it closes itself again later."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.failed = self.abandoned = False
        self.position = 0
        """Offset of an abandoned archive, which the file no longer has."""

    def write(self, content: bytes) -> int:
        """See `io.BufferedIOBase`."""
        if self.abandoned:
            self.position += len(content)
            return len(content)
        try:
            return self.file.write(content)
        except OSError:
            self.failed = True
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """See `io.BufferedIOBase`."""
        if self.abandoned:
            self.position = offset
            return offset
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """See `io.BufferedIOBase`."""
        return self.position if self.abandoned else self.file.tell()

    def flush(self) -> None:
        """See `io.BufferedIOBase`."""
        if not self.abandoned:
            self.file.flush()


def _fill(units: Iterable[Unit], output: _Output, options: ExportOptions, folder: str) -> None:
    require_extra("xlsxwriter")
    import xlsxwriter

    settings = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False,
        "tmpdir": folder,
    }  # fmt: skip
    with xlsxwriter.Workbook(output, settings) as book:
        book.set_properties(
            {"title": "Aligned passages", "comments": f"Written by align {__version__}", "created": build_time()}
        )
        sheets = _Sheets(book, options)
        for unit in units:
            sheets.add(unit)
        sheets.close()
        about = book.add_worksheet(ABOUT)
        about.set_column(0, 0, 100)
        for number, line in enumerate(_about()):
            about.write_string(number, 0, line)


def _is_about(sample: list[list[str]]) -> bool:
    """Whether a sheet is the one that an export explains itself with."""
    return [row[0] for row in sample if row][1:] == list(_about()[1:])


def _about() -> tuple[str, ...]:
    return (
        f"Written by align {__version__}.",
        "Edit the columns status, src, tgt and note, save, and import the file with: align import FILE",
        "status: accepted, rejected or proposed; a link whose text you change counts as edited.",
        "The hidden columns identify the link of a row; leave them as they are. You may reorder the rows.",
    )


def read(path: Path, columns: TableColumns | None = None) -> Iterator[ImportedUnit]:
    """The rows of every sheet with columns of texts in two languages. Raises ReadError where there is none."""
    sheets = 0
    for title, rows in _sheets(path):
        sample = list(islice(rows, SAMPLE_ROWS))
        if _layout(sample, columns) is not None:
            sheets += 1
            yield from read_table(chain(sample, rows), path, sheet=f"{title} ", columns=columns)
        elif any(map(any, sample)) and columns is not None and not (title == ABOUT and _is_about(sample)):
            columns.messages.append(f"Sheet {title}: left out, as it has no texts in two languages.")
    if not sheets:
        raise ReadError(f"{path}: {NO_LAYOUT}")


def _layout(sample: list[list[str]], columns: TableColumns | None) -> Layout | None:
    """The layout of a sheet; None also where the columns that were set by hand are in other sheets."""
    try:
        return layout_of(sample, columns.names if columns else ())
    except UsageError:
        return None


def _sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Name and rows of each sheet, with the values of formulas. Raises ReadError, also while the rows are read."""
    content = path.read_bytes()
    if kind(str(path), content) == "opendocument":
        yield from opendocument.sheets(str(path), content)
        return
    require_extra("openpyxl")
    import openpyxl

    def rows(sheet: Any, formulas: Any) -> Iterator[list[str]]:
        with _workbook_errors(path):
            texts = ([_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
            yield from texts if formulas is None else _with_formulas(texts, formulas)

    with path.open("rb") as file:
        with _workbook_errors(path):
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            formulas = openpyxl.load_workbook(path, read_only=True).worksheets if _has_formulas(path) else []
        for number, sheet in enumerate(book.worksheets):
            sheet.reset_dimensions()
            yield sheet.title, rows(sheet, formulas[number] if formulas else None)


def _has_formulas(path: Path) -> bool:
    with ZipFile(path) as archive:
        return any(
            name.startswith("xl/worksheets/") and _FORMULA.search(archive.read(name)) for name in archive.namelist()
        )


def _with_formulas(rows: Iterable[list[str]], sheet: Any) -> Iterator[list[str]]:
    """The rows, with the texts of formulas whose values the file does not have."""
    texts = list(rows)
    cells: dict[str, str] = {}
    formulas: dict[str, str] = {}
    missing: list[tuple[int, int, str]] = []
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows()):
        for index, cell in enumerate(row):
            if not getattr(cell, "coordinate", ""):
                continue
            text = texts[number][index]
            if cell.data_type == "f" and not text:
                formulas[cell.coordinate] = str(cell.value)
                missing.append((number, index, cell.coordinate))
            else:
                cells[cell.coordinate] = text
    for number, index, name in missing:
        texts[number][index] = formula_text(formulas[name], cells, formulas) or ""
    yield from texts


def formula_text(formula: str, cells: Mapping[str, str], formulas: Mapping[str, str], depth: int = 0) -> str | None:
    """The text of a formula of which the file has no value, by the texts and formulas of the cells (`B2`).

    Only what makes texts of texts is calculated: `&`, CONCAT and CONCATENATE over strings, numbers and cells of the
    sheet; None for others.
    """
    from openpyxl.formula import Tokenizer
    from openpyxl.formula.tokenizer import Token

    if depth > MAX_DEPTH:
        return None
    parts: list[str] = []
    for token in Tokenizer(formula).items:
        if token.type == Token.OPERAND and token.subtype == Token.TEXT:
            parts.append(token.value[1:-1].replace('""', '"'))
        elif token.type == Token.OPERAND and token.subtype == Token.NUMBER:
            parts.append(token.value)
        elif token.type == Token.OPERAND and (match := _CELL.fullmatch(token.value)):
            name = match[1] + match[2]
            text = formula_text(formulas[name], cells, formulas, depth + 1) if name in formulas else cells.get(name, "")
            if text is None:
                return None
            parts.append(text)
        elif token.type in (Token.WSPACE, Token.SEP, Token.PAREN):
            continue
        elif not (
            (token.type == Token.OP_IN and token.value == "&")
            or (token.type == Token.FUNC and token.value.upper() in _JOINS)
        ):
            return None
    return "".join(parts)


@contextmanager
def _workbook_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # openpyxl lets KeyError, ValueError, zipfile and expat errors through
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{path}: a broken workbook ({reason}). Open and save it again.") from error


def _text(value: Any) -> str:
    """The value of a cell as text, with `_x0001_` decoded."""
    if value is None:
        return ""
    text = str(value)
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text
