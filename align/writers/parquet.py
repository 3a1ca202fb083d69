"""Parquet: a row a link, with spans as lists; what pandas, DuckDB, Spark and `datasets` read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any

from align.domain import LinkSide
from align.writers.carrying import in_unicode
from align.writers.model import ExportOptions, Unit
from align.writers.stamp import stamp_of

ROWS = 2048
"""Rows in memory at once."""


def schema() -> Any:
    """The columns of a link."""
    import pyarrow as pa

    spans = pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64())]))
    names = pa.dictionary(pa.int32(), pa.string())
    sides = [
        (f"{side}{name}", kind)
        for side in ("src", "tgt")
        for name, kind in (("", pa.string()), ("_lang", names), ("_doc", names), ("_spans", spans))
    ]
    texts = [(name, pa.list_(pa.string())) for name in ("src_before", "src_after", "tgt_before", "tgt_after")]
    return pa.schema(
        [
            ("id", pa.int64()), ("kind", names), ("status", names), ("score", pa.float64()),
            ("confidence", pa.float64()), ("encoder", names), *sides,
            ("note", pa.string()), ("reviewer", names), ("decided_at", pa.string()), ("stamp", pa.string()), *texts,
        ]
    )  # fmt: skip


def _utf8(text: str) -> str:
    return in_unicode(text)[0]


def _side(prefix: str, side: LinkSide) -> dict[str, Any]:
    return {
        prefix: side.text,
        f"{prefix}_lang": side.lang,
        f"{prefix}_doc": _utf8(side.doc),
        f"{prefix}_spans": [{"start": start, "end": end} for start, end in side.spans],
    }


def record(unit: Unit) -> dict[str, Any]:
    """A link as a row."""
    link = unit.link
    said = link.id > 0
    row = {
        "id": link.id if said else None,
        "kind": link.kind.value if said else None,
        "status": link.status.value if said else None,
        "score": link.score,
        "confidence": link.confidence if said else None,
        "encoder": _utf8(link.encoder),
        **_side("src", link.src),
        **_side("tgt", link.tgt),
        "note": _utf8(link.note) if link.note else None,
        "reviewer": _utf8(link.reviewer) if link.reviewer else None,
        "decided_at": link.decided_at,
        "stamp": stamp_of(link) if said else None,
    }
    for name, around in zip(("src", "tgt"), unit.context or (), strict=False):
        row[f"{name}_before"] = [_utf8(text) for text in around.before]
        row[f"{name}_after"] = [_utf8(text) for text in around.after]
    return row


def write_rows(rows: Iterator[dict[str, Any]], file: Any, columns: Any) -> int:
    """Write rows batch by batch. Returns how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(file, columns, compression="zstd") as writer:
        while batch := list(islice(rows, ROWS)):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=columns))
            count += len(batch)
    return count


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, `ROWS` rows in memory at a time."""
    write_rows(map(record, units), file, schema())
