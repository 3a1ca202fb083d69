"""The list of exchange formats. A new format is its module, with `write()` and `read()`, and one entry in `FORMATS`.

A format's module is imported when it is first used, so that listing the formats stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from align.errors import ReadError, UsageError
from align.exchange.charsets import (
    CharacterRule,
    cell_text,
    json_text,
    line_text,
    po_comment,
    po_text,
    subtitle_text,
    utf8_text,
    xlsx_text,
    xml_line,
    xml_text,
)
from align.inputs import inner_name

if TYPE_CHECKING:
    from align.exchange.column_layout import TableColumns
    from align.exchange.export import ExportJob
    from align.exchange.types import ExportOptions, ImportedUnit, Unit
    from align.store import Store

Shape = Literal["file", "files", "folder"]
"""One file; several files whose names start with OUT; a folder named OUT."""
BLOCKS = "blocks"
"""`--to blocks`: writes the blocks of documents instead of links, so it is not among the formats of links."""

BOOK = "epub"
"""`--to epub`: writes the document around its links, which only a store has, so it is not among the formats either."""


@dataclass(frozen=True, slots=True)
class Format:
    """One exchange format.

    Its module has `write(units, target, options)`, where `target` is an open binary file, for the shape `folder` that
    folder, and for `files` the path that the names of the files start with; and `read(path)`, which yields the units
    of a file (for `files` and `folder`: of the folder). `read` does not reuse code of `write`, so that reading back an
    export verifies it.
    """

    name: str
    """The value of `--to` and `--from`, and the name of the module unless `module` names another."""
    suffixes: tuple[str, ...]
    description: str
    shape: Shape = "file"
    text_rule: CharacterRule = utf8_text
    note_rule: CharacterRule | None = None
    """None: the same as for texts."""

    memory: bool = True
    """Exports are translation memories: by default only confirmed links."""
    rejected: bool = True
    """Where `memory` is False: by default with rejected links."""
    nulls: bool = False
    """Can mark a sentence as unpaired."""
    context: bool = False
    """Has fields for the context of a side."""
    multilingual: bool = False
    """Can hold more than two languages in a unit."""
    distinct_languages: bool = False
    """A unit identifies its sides by their language tags, so these must differ."""
    properties: bool = False
    """Units have the properties of the memory that they came from."""
    documents: bool = False
    """Shows the documents around the links: `write` takes the store as its fourth argument."""
    complete: bool = False
    """Has every sentence of its documents, in their order: `arrange(units, job)` of its module puts the links and the
    unpaired sentences in order, and counts the links for which the format has no position."""

    module: str | None = None
    """The module, where it is not called like the format."""
    part: str = ""
    """End of the names of `write` and `read`, in a module of several formats."""
    reader: str | None = None
    """The module with `read`, where it is not that with `write`."""
    importable: bool = True
    """`align import` takes it; otherwise `read` serves verification only."""
    import_suffixes: tuple[str, ...] = ()
    """Further suffixes that are imported as this format, but not written."""
    root: str | None = None
    """The outermost element of an XML format, by which a file with any suffix is recognised."""
    unit_file: bool = False
    """A file with its suffix is always a list of translation units: `align add` imports it with its links."""
    table: bool = False
    """Its columns are recognised: `read` takes `columns`."""
    separate_texts: bool = False
    """Its texts are in two other files: `read` takes `texts`, their paths."""
    texts_elsewhere: bool = False
    """It names these files, by paths that start in its folder: `read` takes that as `texts_folder`."""
    any_encoding: bool = False
    """Files may have any character encoding: `read` takes an `encoding`."""
    confirmed: bool = False
    """A unit without a status is a confirmed translation by the nature of the format."""

    fields: frozenset[str] = frozenset({"id", "status", "stamp"})
    """What `read` returns of a link besides languages and texts."""
    languages: bool = True
    """The file names the languages of its texts."""
    verified_with: str = "our own reader"
    """The parser behind `read`, for the report."""
    strict: bool = False
    """`read` takes `strict=True` and then checks the file against the format's schema."""
    toolkit: tuple[str, str] | None = None
    """Module and class of translate-toolkit that read the format, as a second verification."""

    def write(
        self, units: Iterable[Unit], target: IO[bytes] | Path, options: ExportOptions, store: Store | None = None
    ) -> None:
        """Write units to `target` (see the class)."""
        module: Any = import_module(f"align.exchange.{self.module or self.name}")
        if self.documents:
            module.write(units, target, options, store)
        else:
            getattr(module, f"write{self.part}")(units, target, options)

    def arrange(self, units: Iterable[Unit], job: ExportJob) -> Iterator[Unit]:
        """The units in the order of the file, for a complete format."""
        arranged: Iterator[Unit] = import_module(f"align.exchange.{self.module or self.name}").arrange(units, job)
        return arranged

    def read(
        self,
        path: Path,
        encoding: str | None = None,
        *,
        strict: bool = False,
        texts: tuple[Path, Path] | None = None,
        texts_folder: Path | None = None,
        columns: TableColumns | None = None,
    ) -> Iterator[ImportedUnit]:
        """The units of a file. Raises ReadError for a file that is not of the format or of its encoding.

        `encoding` is ignored by formats that fix theirs, `strict` by those without a schema, `texts` (the two files of
        sentences) and `texts_folder` (theirs, instead of that of the file) by formats without separate ones, `columns`
        by those that are no tables.
        """
        module: Any = import_module(f"align.exchange.{self.reader or self.module or self.name}")
        named: dict[str, Any] = {}
        if encoding and self.any_encoding:
            named["encoding"] = encoding
        if strict and self.strict:
            named["strict"] = True
        if texts and self.separate_texts:
            named["texts"] = texts
        if texts_folder and self.texts_elsewhere:
            named["texts_folder"] = texts_folder
        if columns and self.table:
            named["columns"] = columns
        try:
            yield from getattr(module, f"read{self.part}")(path, **named)
        except UnicodeDecodeError as error:
            raise ReadError(
                f"{path}: not {error.encoding} at byte {error.start:,}. Save it as UTF-8, or name its encoding with "
                "--encoding."
            ) from error
        except OSError as error:
            raise ReadError(f"{path}: cannot be read ({error.strerror or error}).") from error


FORMATS = (
    Format("tmx", (".tmx",), "translation memory exchange 1.4b", text_rule=xml_text, context=True, multilingual=True,
           properties=True, distinct_languages=True, root="tmx", unit_file=True, confirmed=True,
           verified_with="lxml (with the DTD)", strict=True, toolkit=("translate.storage.tmx", "tmxfile")),
    Format("xliff", (".xlf", ".xliff"), "XLIFF 1.2", text_rule=xml_text, context=True,
           import_suffixes=(".sdlxliff", ".mxliff", ".mqxliff"), root="xliff", unit_file=True, verified_with="lxml",
           toolkit=("translate.storage.xliff", "xlifffile")),
    Format("xliff2", (".xlf2", ".xliff2"), "XLIFF 2.1, one pair of languages", note_rule=xml_text, context=True,
           reader="xliff", unit_file=True, verified_with="lxml", toolkit=("translate.storage.xliff2", "Xliff2File")),
    Format("tsv", (".tsv", ".tab"), "a link per line, columns separated by tabs", nulls=True, context=True,
           any_encoding=True, table=True, module="delimited", part="_tsv"),
    Format("csv", (".csv",), "a link per record, for spreadsheets", nulls=True, context=True, any_encoding=True,
           table=True, verified_with="csv", module="delimited", part="_csv"),
    Format("xlsx", (".xlsx",), "a spreadsheet to edit and import again", text_rule=xlsx_text, nulls=True, context=True,
           import_suffixes=(".ods", ".fods"), table=True, verified_with="openpyxl"),
    Format("jsonl", (".jsonl", ".ndjson"), "a link per line, with offsets", memory=False, text_rule=json_text,
           nulls=True, context=True, verified_with="json"),
    Format("parquet", (".parquet",), "a link per row, for data tools", nulls=True, context=True,
           verified_with="pyarrow", part="_parquet"),
    Format("moses", (".moses",), "plain lines in parallel files: OUT.ja-en.ja, OUT.ja-en.en", shape="files",
           text_rule=line_text, importable=False, fields=frozenset({"id", "stamp"})),
    Format("bitext", (".bitext",), "source, target and confidence in lines without a header", text_rule=cell_text,
           module="moses", part="_bitext", fields=frozenset(), languages=False),
    Format("ladder", (".ladder",), "hunalign's ladder with its two files of sentences: OUT.ja-en.ladder", shape="files",
           text_rule=line_text, memory=False, rejected=False, nulls=True, complete=True, separate_texts=True,
           fields=frozenset()),
    Format("vecalign", (".vecalign",), "vecalign's lines with its two files of sentences: OUT.ja-en.vecalign",
           shape="files", text_rule=line_text, memory=False, rejected=False, nulls=True, complete=True,
           separate_texts=True, module="ladder", part="_vecalign", reader="ladder", fields=frozenset()),
    Format("ces", (".ces",), "links of OPUS (cesAlign) with its two files of sentences: OUT.ja-en.xml", shape="files",
           text_rule=xml_line, memory=False, rejected=False, nulls=True, complete=True, separate_texts=True,
           texts_elsewhere=True, root="cesalign", fields=frozenset(), verified_with="lxml"),
    Format("intertext", (".intertext",), "links of InterText with its two texts: OUT.ja-en.ja.en.alignment.xml",
           shape="files", text_rule=xml_line, memory=False, rejected=False, nulls=True, complete=True, module="ces",
           part="_intertext", separate_texts=True, texts_elsewhere=True, root="linkgrp", fields=frozenset(),
           verified_with="lxml"),
    Format("srt", (".srt",), "subtitles with both languages", text_rule=subtitle_text, memory=False, rejected=False,
           nulls=True, complete=True, module="bilingual_subtitles", part="_srt", importable=False, fields=frozenset(),
           languages=False),
    Format("vtt", (".vtt",), "WebVTT subtitles with both languages", text_rule=subtitle_text, memory=False,
           rejected=False, nulls=True, complete=True, module="bilingual_subtitles", part="_vtt", importable=False,
           fields=frozenset(), languages=False),
    Format("po", (".po",), "gettext, one pair of languages", text_rule=po_text, note_rule=po_comment, context=True,
           import_suffixes=(".pot",), unit_file=True, any_encoding=True,
           toolkit=("translate.storage.pypo", "pofile")),
    Format("datasets", (), "a folder for Hugging Face datasets", shape="folder", importable=False,
           verified_with="pyarrow", module="parquet", part="_datasets"),
    Format("html", (".html", ".htm"), "a bilingual page to read, filter and print", memory=False, text_rule=xml_text,
           rejected=False, documents=True, importable=False, fields=frozenset({"id", "status"}), verified_with="lxml"),
)  # fmt: skip
"""The formats of links, in the order of help and documentation."""
BOOK_FORMAT = Format(BOOK, (f".{BOOK}",), "a bilingual book: a document with its translations", memory=False,
                     rejected=False, documents=True, text_rule=xml_text, importable=False, module="book",
                     verified_with="xml.etree")  # fmt: skip


def is_packed_name(path: Path) -> bool:
    """Whether the name of a file says that it is compressed: `memory.tmx.gz`, `memory.tmx.zst`."""
    return inner_name(str(path)) != str(path)


def format_names(*, importable: bool = False) -> str:
    """The names for help and messages; `importable`: only of those that `align import` takes."""
    return ", ".join(form.name for form in FORMATS if form.importable or not importable)


def format_named(name: str) -> Format:
    """The format of that name, in any case. Raises KeyError where there is none."""
    for form in FORMATS:
        if form.name == name.lower():
            return form
    raise KeyError(name)


def export_format(to: str | None, out: Path, extra: Sequence[str] = ()) -> Format:
    """The format named `to`; else the one of the file's suffix.

    `extra`: names that the caller handles itself, for messages. Raises UsageError where there is no such format.
    """
    names = ", ".join([format_names(), *extra])
    if to:
        try:
            return format_named(to)
        except KeyError:
            raise UsageError(f"--to {to}: no such format. There are: {names}.") from None
    suffix = Path(out.stem).suffix if is_packed_name(out) else out.suffix
    for form in FORMATS:
        if suffix.lower() in form.suffixes:
            return form
    raise UsageError(f"{out}: its suffix names no format. Choose one with --to: {names}.")
