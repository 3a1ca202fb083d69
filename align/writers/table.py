"""What the tables (TSV, CSV, XLSX) have in common: columns, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

from align.domain import Link, Span

COLUMNS = (
    "id", "status", "src_lang", "tgt_lang", "src", "tgt", "note", "kind", "confidence",
    "src_doc", "tgt_doc", "src_spans", "tgt_spans", "reviewer", "decided_at", "encoder", "version",
)  # fmt: skip
"""What a translator looks at first, then where it comes from."""

_RISKY = re.compile(r"'*[=+\-@=+-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@=+-@\t\r]")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would calculate it. `unguarded` is the inverse."""
    return "'" + cell if _RISKY.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell without the apostrophe that `guarded` put before it."""
    return cell[1:] if _GUARDED.match(cell) else cell


def spans_cell(spans: tuple[Span, ...]) -> str:
    """`12:40 52:60`."""
    return " ".join(f"{start}:{end}" for start, end in spans)


def cells(link: Link) -> tuple[str, ...]:
    """A link as strings, in the order of `COLUMNS`; texts as they are."""
    src, tgt = link.src, link.tgt
    return (
        str(link.id), link.status.value, src.lang, tgt.lang, src.text, tgt.text, link.note or "", link.kind.value,
        f"{link.confidence:.4f}", src.doc, tgt.doc, spans_cell(src.spans), spans_cell(tgt.spans),
        link.reviewer or "", link.decided_at or "", link.encoder, str(link.version),
    )  # fmt: skip
