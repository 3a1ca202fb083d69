"""Optional packages: which extra installs them, and the error of what needs one that is missing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

from align.errors import MissingExtraError

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
