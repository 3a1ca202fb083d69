"""Which reader reads which exchange file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from align.errors import ReadError, UsageError
from align.exchange.readback.row import Row
from align.exchange.readback.xml import elements, local

_READERS = {
    "jsonl": "lines:rows",
    "tsv": "table:tsv_rows",
    "csv": "table:csv_rows",
    "xlsx": "table:xlsx_rows",
    "tmx": "tmx:rows",
    "xliff": "xliff:rows",
    "xliff2": "xliff:rows",
    "po": "po:rows",
    "parquet": "parquet:rows",
    "datasets": "parquet:folder_rows",
    "moses": "moses:rows",
    "html": "page:rows",
}
ENCODED = frozenset({"tsv", "csv", "po"})
"""Formats that may be in any encoding."""
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".tsv": "tsv", ".tab": "tsv", ".csv": "csv", ".xlsx": "xlsx",
    ".tmx": "tmx", ".xlf": "xliff", ".xliff": "xliff", ".xlf2": "xliff2", ".xliff2": "xliff2",
    ".po": "po", ".parquet": "parquet",
}  # fmt: skip


def reader(form: str) -> Callable[[Path], Iterator[Row]]:
    """The function that reads the rows of a format."""
    module, name = _READERS[form].split(":")
    return cast("Callable[[Path], Iterator[Row]]", getattr(import_module(f"align.exchange.readback.{module}"), name))


def importable() -> list[str]:
    """The formats that can be imported."""
    return sorted(set(_SUFFIXES.values()))


def form_of(path: Path, asked: str | None = None) -> str:
    """The format to import a file as. Raises UsageError for one that cannot be imported."""
    known = importable()
    if asked:
        if asked.lower() in known:
            return asked.lower()
        raise UsageError(f"--from {asked}: no such format to import. There are: {', '.join(known)}.")
    form = _SUFFIXES.get(path.suffix.lower()) or _by_root(path)
    if form is None:
        raise UsageError(f"{path}: its suffix names no format to import. Say which with --from: {', '.join(known)}.")
    return form


def _by_root(path: Path) -> str | None:
    """The format of an XML file under any name (.sdlxliff, .mxliff, .xml), by its outermost element."""
    try:
        for _, element in elements(path, ("start",)):
            return local(element) if local(element) in ("tmx", "xliff") else None
    except (ReadError, OSError):
        pass
    return None


def rows(path: Path, form: str, encoding: str | None = None) -> Iterator[Row]:
    """The rows of a file. Raises ReadError for what is not of the format, or not of its encoding.

    `encoding` is for the formats in `ENCODED`; the others say theirs.
    """
    read: Callable[..., Iterator[Row]] = reader(form)
    try:
        yield from read(path, encoding) if encoding and form in ENCODED else read(path)
    except UnicodeDecodeError as error:
        raise ReadError(
            f"{path}: not {error.encoding} at byte {error.start:,}. Save it as UTF-8, or name its encoding with "
            "--encoding."
        ) from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror or error}).") from error
