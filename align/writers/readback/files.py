"""Which reader reads which exchange file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from align.errors import ReadError, UsageError
from align.writers.readback.row import Row

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
_SUFFIXES = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".tsv": "tsv", ".tab": "tsv", ".csv": "csv", ".xlsx": "xlsx",
    ".tmx": "tmx", ".xlf": "xliff", ".xliff": "xliff", ".xlf2": "xliff2", ".xliff2": "xliff2",
    ".po": "po", ".parquet": "parquet",
}  # fmt: skip


def reader(form: str) -> Callable[[Path], Iterator[Row]]:
    """The function that reads the rows of a format."""
    module, name = _READERS[form].split(":")
    return cast("Callable[[Path], Iterator[Row]]", getattr(import_module(f"align.writers.readback.{module}"), name))


def form_of(path: Path, asked: str | None = None) -> str:
    """The format to import a file as. Raises UsageError for one that cannot be imported."""
    known = sorted(set(_SUFFIXES.values()) | {"xliff2"})
    if asked:
        if asked.lower() in known:
            return asked.lower()
        raise UsageError(f"--from {asked}: no such format to import. There are: {', '.join(known)}.")
    form = _SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path}: its suffix names no format to import. Say which with --from: {', '.join(known)}.")
    return form


def rows(path: Path, form: str) -> Iterator[Row]:
    """The rows of a file. Raises ReadError for what is not of the format, or not UTF-8."""
    try:
        yield from reader(form)(path)
    except UnicodeDecodeError as error:
        raise ReadError(f"{path}: not UTF-8 at byte {error.start:,}. Save it as UTF-8.") from error
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror or error}).") from error
