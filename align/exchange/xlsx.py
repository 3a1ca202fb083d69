"""XLSX: a frozen header, wrapped cells, a status column to choose from, fonts that have the characters, an About sheet.

Every cell is written as a string with the quote prefix, the spreadsheet's own way to say "not a formula", so that
nothing is calculated and nothing needs to be added to the text. XlsxWriter writes the control characters that XML
forbids as `_x0001_`, as the format provides.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from typing import IO, Any

from align import __version__
from align.clock import moment
from align.domain import Status
from align.errors import ExportError
from align.exchange.charsets import in_xlsx
from align.exchange.columns import cells, columns
from align.exchange.types import ExportOptions, Unit
from align.text.tags import primary

MOST_ROWS = 1_048_576

_WIDTHS = {"src": 60, "tgt": 60, "note": 30, "src_doc": 24, "tgt_doc": 24, "status": 12, "stamp": 14}
_HIDDEN = frozenset({"src_spans", "tgt_spans", "encoder", "stamp"})
_FONTS = {
    "ja": "Yu Gothic", "zh-hant": "Microsoft JhengHei", "zh-tw": "Microsoft JhengHei", "zh-hk": "Microsoft JhengHei",
    "zh": "Microsoft YaHei", "ko": "Malgun Gothic", "th": "Leelawadee UI", "hi": "Nirmala UI",
}  # fmt: skip
_RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur", "yi", "ps", "sd", "ug"})
_COLOURS = {
    Status.ACCEPTED: "#E2F2E4",
    Status.EDITED: "#E0ECF8",
    Status.REJECTED: "#F6E1E0",
    Status.PROPOSED: "#FFF6DB",
}


class _Sheets:
    """The sheets of links; a new one where one is full."""

    def __init__(self, book: Any, options: ExportOptions) -> None:
        self.book, self.columns = book, columns(options)
        self.head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#ECECEC"})
        plain = {"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"}
        self.plain = book.add_format(plain)
        self.formats: dict[str, Any] = {}
        self.settings = plain
        self.colours = {status: book.add_format({"bg_color": colour}) for status, colour in _COLOURS.items()}
        self.number = 0
        self.open()

    def open(self) -> None:
        """Start a sheet with its header."""
        self.number += 1
        self.row = 1
        self.sheet = self.book.add_worksheet("links" if self.number == 1 else f"links {self.number}")
        self.sheet.freeze_panes(1, 0)
        for column, name in enumerate(self.columns):
            self.sheet.set_column(column, column, _WIDTHS.get(name, 10), None, {"hidden": name in _HIDDEN})
            self.sheet.write_string(0, column, name, self.head)

    def close(self) -> None:
        """Give the sheet its filter, the choices of the status column and their colours."""
        last = max(self.row - 1, 1)
        status = self.columns.index("status")
        self.sheet.autofilter(0, 0, last, len(self.columns) - 1)
        choices = {"validate": "list", "source": [status.value for status in Status], "ignore_blank": True}
        self.sheet.data_validation(1, status, last, status, choices)
        for value, colour in self.colours.items():
            rule = {"type": "cell", "criteria": "==", "value": f'"{value.value}"', "format": colour}
            self.sheet.conditional_format(1, status, last, status, rule)

    def font(self, lang: str) -> Any:
        """The format of a text in a language: a font that has its characters, and its direction."""
        if lang not in self.formats:
            tag = lang.lower()
            name = _FONTS.get("-".join(tag.split("-")[:2])) or _FONTS.get(primary(lang))
            extra: dict[str, Any] = {"font_name": name} if name else {}
            if primary(lang) in _RIGHT_TO_LEFT:
                extra["reading_order"] = 2
            self.formats[lang] = self.book.add_format({**self.settings, **extra}) if extra else self.plain
        return self.formats[lang]

    def add(self, unit: Unit) -> None:
        """Write a row."""
        if self.row >= MOST_ROWS:
            self.close()
            self.open()
        row = cells(unit)
        formats = {4: self.font(row[2]), 5: self.font(row[3])}
        write, number = self.sheet.write_string, self.row
        for column, cell in enumerate(row):
            if cell:
                write(number, column, in_xlsx(cell)[0], formats.get(column, self.plain))
        self.row += 1


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the workbook, a row in memory at a time.

    An archive is put together where one can go back in it, and only then sent down a pipe that may break.
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
        raise ExportError(f"{where}: {cause.strerror}. Set TMPDIR to a folder with room for the sheets.") from error


class _Output:
    """The file, as ZipFile writes it. Abandoned after a failure, since an archive closes itself once more, later."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.failed = self.abandoned = False
        self.position = 0
        """Where an abandoned archive takes itself to be."""

    def write(self, content: bytes) -> int:
        """As the file does it."""
        if self.abandoned:
            self.position += len(content)
            return len(content)
        try:
            return self.file.write(content)
        except OSError:
            self.failed = True
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """As the file does it."""
        if self.abandoned:
            self.position = offset
            return offset
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """As the file does it."""
        return self.position if self.abandoned else self.file.tell()

    def flush(self) -> None:
        """As the file does it."""
        if not self.abandoned:
            self.file.flush()


def _fill(units: Iterable[Unit], output: _Output, options: ExportOptions, folder: str) -> None:
    import xlsxwriter

    settings = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "in_memory": False,
        "tmpdir": folder,
    }  # fmt: skip
    with xlsxwriter.Workbook(output, settings) as book:
        book.set_properties(
            {"title": "Aligned passages", "comments": f"Written by align {__version__}", "created": moment()}
        )
        sheets = _Sheets(book, options)
        for unit in units:
            sheets.add(unit)
        sheets.close()
        about = book.add_worksheet("about")
        about.set_column(0, 0, 100)
        for number, line in enumerate(_about()):
            about.write_string(number, 0, line)


def _about() -> tuple[str, ...]:
    return (
        f"Written by align {__version__}.",
        "Change the columns status, src, tgt and note, save, and bring the file back with: align import FILE",
        "status: accepted, rejected, proposed; a text that you change counts as edited.",
        "The hidden columns say where a row comes from; leave them, and the order of rows is yours.",
    )
