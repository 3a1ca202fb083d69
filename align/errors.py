"""Errors that the user can fix: a message with what, where and what to do next, and an exit code.

Optional packages are listed with the extra that installs them and what needs them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple


class AlignError(Exception):
    """An error with a message of one line. `exit_code` is the exit status of the program."""

    exit_code = 1


class UsageError(AlignError):
    """The call itself is wrong: a file that does not exist, a flag that does not apply."""

    exit_code = 2


class ReadError(AlignError):
    """An input cannot be read as text."""


class InputError(ReadError):
    """An input cannot be opened: no file, not a regular one, too large, or without permission."""


class MissingFileError(InputError, UsageError):
    """An input does not exist: its name in the call is wrong."""

    exit_code = 2


class MissingExtraError(ReadError, UsageError):
    """What was asked for needs a package of an extra that is not installed."""

    exit_code = 2


class StoreError(AlignError):
    """The store cannot be opened, read or written."""


class ConflictError(StoreError):
    """The link changed since the reviewer loaded it, or a constraint contradicts another; nothing was written."""


class TextLossError(StoreError):
    """A new text would delete more confirmed links than is allowed without confirmation; nothing was written."""


class EmptyDecisionError(ConflictError):
    """There is nothing left to decide, undo or redo; nothing was written."""


class EncoderError(AlignError):
    """An encoder is unknown, not on disk, or broken."""


class ExportError(AlignError):
    """An output cannot be written, or differs from what was written when it is read back."""


DISTRIBUTION = "align-workbench"


class OptionalPackage(NamedTuple):
    """A package that only some commands need."""

    extra: str
    package: str
    use: str
    """What needs it, as the subject of a sentence."""


OPTIONAL = {
    "trafilatura": OptionalPackage("documents", "trafilatura", "reading HTML and EPUB"),
    "docx": OptionalPackage("documents", "python-docx", "reading DOCX"),
    "pypdfium2": OptionalPackage("documents", "pypdfium2", "reading PDF"),
    "pysubs2": OptionalPackage("documents", "pysubs2", "reading ASS, SSA, TTML and SAMI"),
    "javaproperties": OptionalPackage("documents", "javaproperties", "reading software strings of Java"),
    "openpyxl": OptionalPackage("documents", "openpyxl", "reading XLSX"),
    "xlsxwriter": OptionalPackage("data", "XlsxWriter", "writing XLSX"),
    "pyarrow": OptionalPackage("data", "pyarrow", "Parquet and Zstandard"),
    "distributed": OptionalPackage("bulk", "distributed", "a Dask cluster"),
    "faiss": OptionalPackage("bulk", "faiss-cpu", "the index for millions of sentences"),
    "scipy": OptionalPackage("bulk", "scipy", "matching documents by content"),
    "textual_serve": OptionalPackage("serve", "textual-serve", "`align serve`"),
}
"""Module -> the package that it comes from."""

EXTRAS = tuple(dict.fromkeys(optional.extra for optional in OPTIONAL.values()))


def is_installed(module: str) -> bool:
    """Whether a top-level module can be imported; it is not imported."""
    return find_spec(module) is not None


def missing_modules(extra: str) -> list[str]:
    """The modules of an extra that are not installed."""
    return [module for module, optional in OPTIONAL.items() if optional.extra == extra and not is_installed(module)]


def require_extra(module: str) -> None:
    """Call before importing a module of an extra. Raises MissingExtraError, which names the extra."""
    if not is_installed(module):
        optional = OPTIONAL[module]
        raise MissingExtraError(
            f"{optional.use} needs {optional.package}, which is not installed. Install it: "
            f"pip install '{DISTRIBUTION}[{optional.extra}]'."
        )
