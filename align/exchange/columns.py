"""What the tables (TSV, CSV, XLSX) have in common: columns; and cells of CSV that no spreadsheet calculates."""

from __future__ import annotations

import re
from collections.abc import Iterable

from align.domain import Span
from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, Unit

COLUMNS = (
    "id", "status", "src_lang", "tgt_lang", "src", "tgt", "note", "kind", "confidence",
    "src_doc", "tgt_doc", "src_spans", "tgt_spans", "reviewer", "decided_at", "encoder", "stamp",
)  # fmt: skip
"""What a translator looks at first, then where it comes from, then what an import compares with."""

CONTEXT_COLUMNS = ("src_before", "src_after", "tgt_before", "tgt_after")
"""Only with `--context`: sentences around, joined by line feeds."""

_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20\t\r"
_FIRST = frozenset(_FORMULA + "'")
_RISKY = re.compile(f"'*[{re.escape(_FORMULA)}]")
_GUARDED = re.compile(f"'+[{re.escape(_FORMULA)}]")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would calculate it. `unguarded` is the inverse."""
    return "'" + cell if cell and cell[0] in _FIRST and _RISKY.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that `guarded` put before it."""
    return cell[1:] if _GUARDED.match(cell) else cell


def spans_cell(spans: Iterable[Span]) -> str:
    """`12:40 52:60`."""
    return " ".join([f"{start}:{end}" for start, end in spans])


def columns(options: ExportOptions) -> tuple[str, ...]:
    """The header of a table."""
    return COLUMNS + CONTEXT_COLUMNS if options.context else COLUMNS


def cells(unit: Unit) -> list[str]:
    """A unit as strings, in the order of `columns`; texts as they are, empty where there is nothing to say."""
    link = unit.link
    src, tgt = link.src, link.tgt
    said = link.id > 0
    row = [
        str(link.id) if said else "", link.status if said else "", src.lang, tgt.lang, src.text, tgt.text,
        link.note or "", link.kind if said else "", f"{link.confidence:.4f}" if said else "",
        src.doc, tgt.doc, spans_cell(src.spans), spans_cell(tgt.spans),
        link.reviewer or "", link.decided_at or "", link.encoder, stamp_of(link) if said else "",
    ]  # fmt: skip
    if unit.context is not None:
        for around in unit.context:
            row += ["\n".join(around.before), "\n".join(around.after)]
    return row
