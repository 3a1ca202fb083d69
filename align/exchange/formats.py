"""The formats there are. A format's module is imported when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from align.errors import UsageError
from align.exchange import charsets
from align.exchange.charsets import Carry

Shape = Literal["file", "files", "folder"]
"""One file; several whose names start with OUT; a folder called OUT."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write links."""

    name: str
    """What `--to` calls it."""
    suffixes: tuple[str, ...]
    about: str
    memory: bool = True
    """Feeds a translation memory: only settled links of `MEMORY_KINDS` unless others are asked for."""
    carry_note: Carry | None = None
    """What it makes of a note; None: the same as of a text."""
    rejected: bool = True
    """Shows rejected links too unless others are asked for."""
    carry: Carry = charsets.in_unicode
    shape: Shape = "file"
    nulls: bool = False
    """Can say that a sentence has no partner."""
    context: bool = False
    """Can say what stands around a side."""
    multilingual: bool = False
    """Can hold more than two languages in a unit."""
    whole_texts: bool = False
    """Shows the documents around the links where there is a store to ask: its writer takes a source too."""
    told: frozenset[str] = frozenset({"id", "status", "stamp"})
    """What a reader finds of a unit beside languages and texts."""

    def module(self) -> Any:
        """The module that writes it."""
        return import_module(f"align.exchange.{self.name}")


_BARE = frozenset({"id", "stamp"})

FORMATS = (
    Format("jsonl", (".jsonl", ".ndjson"), "a link a line, with offsets", memory=False,
           carry=charsets.in_json, nulls=True, context=True),
    Format("tmx", (".tmx",), "translation memory exchange 1.4b", carry=charsets.in_xml,
           context=True, multilingual=True),
    Format("xliff", (".xlf", ".xliff"), "XLIFF 1.2", carry=charsets.in_xml, context=True),
    Format("xliff2", (".xlf2", ".xliff2"), "XLIFF 2.1, one pair of languages", carry=charsets.in_unicode,
           carry_note=charsets.in_xml, context=True),
    Format("tsv", (".tsv", ".tab"), "a link a line, columns split by tabs", nulls=True, context=True),
    Format("csv", (".csv",), "a link a record, as spreadsheets open it", nulls=True, context=True),
    Format("xlsx", (".xlsx",), "a spreadsheet to edit and bring back", carry=charsets.in_xlsx,
           nulls=True, context=True),
    Format("parquet", (".parquet",), "a link a row, for data tools", nulls=True, context=True),
    Format("moses", (".moses",), "plain lines in parallel files: OUT.ja-en.ja, OUT.ja-en.en",
           carry=charsets.on_a_line, shape="files", told=_BARE),
    Format("po", (".po",), "gettext, one pair of languages", carry=charsets.in_po,
           carry_note=charsets.in_po_comment, context=True),
    Format("datasets", (), "a folder for Hugging Face datasets", shape="folder"),
    Format("html", (".html", ".htm"), "a bilingual page to read, filter and print", memory=False,
           carry=charsets.in_xml, rejected=False, whole_texts=True, told=frozenset({"id", "status"})),
)  # fmt: skip
"""The formats of links (`blocks`, which holds no links, is not among them)."""


def find_format(to: str | None, out: Path, also: Sequence[str] = ()) -> Format:
    """The format called `to`; else the one of the file's suffix. Raises UsageError where there is none, with the names
    of those that there are and of what `also` could be written."""
    names = ", ".join([*(known.name for known in FORMATS), *also])
    if to:
        for known in FORMATS:
            if known.name == to.lower():
                return known
        raise UsageError(f"--to {to}: no such format. There are: {names}.")
    for known in FORMATS:
        if out.suffix.lower() in known.suffixes:
            return known
    raise UsageError(f"{out}: its suffix names no format. Say which with --to: {names}.")
