"""Parquet: a row a link, with spans as lists; what pandas, DuckDB, Spark and `datasets` read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, Self

from align.domain import LinkSide
from align.exchange.charsets import in_unicode
from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, Unit

ROWS = 1024
"""Rows that are Python objects at once."""
BATCHES = 4
"""Batches of them, as Arrow keeps them, to a row group: smaller groups make files that are large and slow to read."""
NAMES = ("kind", "status", "encoder", "src_lang", "tgt_lang", "src_doc", "tgt_doc", "reviewer")
"""Columns that say the same again and again: written by number. A dictionary of texts would only be thrown away."""
NUMBERS = ("id", "score", "confidence")
"""Columns whose least and greatest help a reader to skip; those of texts would grow with the file, in memory."""


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


class Rows:
    """A growing Parquet file: rows become Arrow batches, and a few of those a row group.

    Arrow takes memory from the system while it is open: its own allocator keeps what was freed (10 MB more here).
    """

    def __init__(self, file: Any, columns: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._pool = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        there = set(columns.names)
        self.columns = columns
        self.count = 0
        self._rows: list[dict[str, Any]] = []
        self._batches: list[Any] = []
        self._writer = pq.ParquetWriter(
            file, columns, compression="zstd",
            use_dictionary=[name for name in NAMES if name in there],
            write_statistics=[name for name in NUMBERS if name in there],
        )  # fmt: skip

    def add(self, row: dict[str, Any]) -> None:
        """Write a row, now or with the next ones."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= ROWS:
            self._pack()
            if len(self._batches) >= BATCHES:
                self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        import pyarrow as pa

        try:
            if kind is None:
                self._pack()
                self._flush()
            self._writer.close()
        finally:
            pa.set_memory_pool(self._pool)

    def _pack(self) -> None:
        import pyarrow as pa

        if self._rows:
            self._batches.append(pa.RecordBatch.from_pylist(self._rows, schema=self.columns))
            self._rows.clear()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches.clear()


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, a few thousand rows in memory at a time."""
    with Rows(file, schema()) as rows:
        for unit in units:
            rows.add(record(unit))
