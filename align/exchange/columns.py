"""The columns of a link, in one list for TSV, CSV, XLSX, Parquet and datasets, their readers and the documentation.

A new column is one entry in `COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit, parse_id, parse_kind, parse_status
from align.models import Span

ArrowType = Literal["int64", "float64", "string", "category", "spans", "strings"]
"""Type in Parquet. `category`: strings that repeat, as a dictionary; `spans`: a list of `{start, end}`."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a link. Parquet has every column; `table`, `context` and `dataset` mark those of other
    formats."""

    name: str
    description: str
    value: Callable[[Unit], Any]
    """The typed value; None: no value."""
    cell: Callable[[Any], str] | None = None
    """Formats a value as the text of a cell. None: the value is a string already."""
    parse: Callable[[str], Any] | None = None
    """Reads the value of the field `name` of an `ImportedUnit` from a cell. None: not imported, or by `read_unit`."""
    vocabulary: bool = False
    """`parse` returns None for an unknown word, which is then reported."""
    arrow: ArrowType = "string"
    table: bool = True
    """In TSV, CSV and XLSX."""
    context: bool = False
    """There only with `--context`."""
    dataset: bool = False
    """In the folder for Hugging Face datasets, which is made to be published: nothing about reviewers."""
    width: int = 10
    """In XLSX, in characters."""
    hidden: bool = False
    """Hidden in XLSX."""
    text_side: Literal["src", "tgt"] | None = None
    """The text of a side: XLSX sets font and direction by its language."""


def spans_cell(spans: Iterable[Span]) -> str:
    """Spans as text: `12:40 52:60`."""
    return " ".join([f"{start}:{end}" for start, end in spans])


def _of_link(value: Callable[[Unit], Any]) -> Callable[[Unit], Any]:
    """The value for a link, None for an unpaired sentence (which has the id 0)."""
    return lambda unit: value(unit) if unit.link.id > 0 else None


def _context(side: int, part: int) -> Callable[[Unit], tuple[str, ...] | None]:
    return lambda unit: None if unit.context is None else unit.context[side][part]


COLUMNS = (
    Column("id", "number of the link; empty for an unpaired sentence", _of_link(attrgetter("link.id")), str, parse_id,
           arrow="int64", dataset=True),
    Column("status", "`proposed`, `accepted`, `rejected` or `edited`", _of_link(attrgetter("link.status")),
           parse=parse_status, vocabulary=True, arrow="category", dataset=True, width=12),
    Column("src_lang", "language tag of the source", attrgetter("link.src.lang"), arrow="category"),
    Column("tgt_lang", "language tag of the target", attrgetter("link.tgt.lang"), arrow="category"),
    Column("src", "text of the source", attrgetter("link.src.text"), width=60, text_side="src"),
    Column("tgt", "text of the target", attrgetter("link.tgt.text"), width=60, text_side="tgt"),
    Column("note", "the reviewer's note", lambda unit: unit.link.note or None, parse=str, width=30),
    Column("kind", "`translation`, `partial`, `summary`, `title` or `quote`", _of_link(attrgetter("link.kind")),
           parse=parse_kind, vocabulary=True, arrow="category", dataset=True),
    Column("score", "raw score of the aligner", attrgetter("link.score"), repr, arrow="float64", table=False),
    Column("confidence", "calibrated probability that the link is right", _of_link(attrgetter("link.confidence")),
           "{:.4f}".format, arrow="float64", dataset=True),
    Column("src_doc", "name of the source document", attrgetter("link.src.doc"), arrow="category", dataset=True,
           width=24),
    Column("tgt_doc", "name of the target document", attrgetter("link.tgt.doc"), arrow="category", dataset=True,
           width=24),
    Column("src_spans", "characters of the source in its document, `start:end`", attrgetter("link.src.spans"),
           spans_cell, arrow="spans", dataset=True, hidden=True),
    Column("tgt_spans", "characters of the target in its document", attrgetter("link.tgt.spans"), spans_cell,
           arrow="spans", dataset=True, hidden=True),
    Column("reviewer", "who decided last", lambda unit: unit.link.reviewer or None, arrow="category"),
    Column("decided_at", "time of the last decision, ISO 8601, UTC", attrgetter("link.decided_at")),
    Column("encoder", "the encoder that proposed the link", attrgetter("link.encoder"), arrow="category", dataset=True,
           hidden=True),
    Column("stamp", "state at export, which an import compares with", _of_link(lambda unit: stamp_of(unit.link)),
           parse=lambda cell: cell or None, dataset=True, width=14, hidden=True),
    Column("src_before", "sentences before the source", _context(0, 0), "\n".join, arrow="strings", context=True),
    Column("src_after", "sentences after the source", _context(0, 1), "\n".join, arrow="strings", context=True),
    Column("tgt_before", "sentences before the target", _context(1, 0), "\n".join, arrow="strings", context=True),
    Column("tgt_after", "sentences after the target", _context(1, 1), "\n".join, arrow="strings", context=True),
)  # fmt: skip
"""In this order: what a translator reads first, the origin, and what an import compares with."""

_TABLE = tuple(column for column in COLUMNS if column.table and not column.context)
_TABLE_WITH_CONTEXT = tuple(column for column in COLUMNS if column.table)
_VALUES = {
    False: tuple((column.value, column.cell) for column in _TABLE),
    True: tuple((column.value, column.cell) for column in _TABLE_WITH_CONTEXT),
}
_PARSED = tuple(column for column in COLUMNS if column.parse is not None)


def table_columns(options: ExportOptions) -> tuple[Column, ...]:
    """The columns of a table in TSV, CSV or XLSX."""
    return _TABLE_WITH_CONTEXT if options.context else _TABLE


def cells(unit: Unit) -> list[str]:
    """A unit as the cells of `table_columns`: texts unchanged, "" for None."""
    return [
        "" if (value := get(unit)) is None else value if cell is None else cell(value)
        for get, cell in _VALUES[unit.context is not None]
    ]


def read_unit(
    where: str,
    cell: Callable[[str], str | None],
    languages: tuple[str, str] = ("und", "und"),
    extra_sides: Sequence[Segment] = (),
) -> ImportedUnit:
    """A unit from the cells of a row. `cell(name)`: its text, None where the table has no such column.

    `languages`: of source and target where the row does not name them. `extra_sides`: texts in further languages.
    """
    values: dict[str, Any] = {}
    unknown_values = []
    for column in _PARSED:
        if column.parse is not None and (text := cell(column.name)) is not None:
            values[column.name] = column.parse(text)
            if column.vocabulary and values[column.name] is None and text.strip():
                unknown_values.append(f"{column.name} {text.strip()!r}: unknown value")
    (src_lang, tgt_lang) = languages
    return ImportedUnit(
        where,
        (
            Segment((cell("src_lang") or src_lang).strip(), cell("src") or ""),
            Segment((cell("tgt_lang") or tgt_lang).strip(), cell("tgt") or ""),
            *extra_sides,
        ),
        docs=(cell("src_doc") or "", cell("tgt_doc") or ""),
        spans=(cell("src_spans") or "", cell("tgt_spans") or ""),
        unknown_values=tuple(unknown_values),
        **values,
    )
