"""Parquet files of links, and folders for `datasets`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told

COLUMNS = ["id", "status", "kind", "src_lang", "tgt_lang", "src", "tgt", "note", "stamp", "src_doc", "tgt_doc"]


def rows(path: Path) -> Iterator[Row]:
    """A link a row, batch by batch."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            number = 0
            for batch in file.iter_batches(batch_size=4096, columns=COLUMNS):
                for record in batch.to_pylist():
                    number += 1
                    yield Row(
                        f"row {number}",
                        (Told(record["src_lang"], record["src"]), Told(record["tgt_lang"], record["tgt"])),
                        record["id"],
                        said.status(record["status"]),
                        said.kind(record["kind"]),
                        record["note"] or "",
                        record["stamp"],
                        docs=(record["src_doc"], record["tgt_doc"]),
                    )
    except (pa.ArrowException, KeyError) as error:
        raise ReadError(f"{path}: not a Parquet file of links ({error}).") from error


def folder_rows(folder: Path) -> Iterator[Row]:
    """The rows of a folder for `datasets`, pair of languages by pair of languages."""
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*/train-*.parquet")):
        with pq.ParquetFile(path) as file:
            src, tgt = (field.name for field in file.schema_arrow.field("translation").type)
            for batch in file.iter_batches(batch_size=4096):
                for record in batch.to_pylist():
                    both = record["translation"]
                    yield Row(
                        f"{path.parent.name} {record['id']}",
                        (Told(src, both[src]), Told(tgt, both[tgt])),
                        record["id"],
                        said.status(record["status"]),
                        said.kind(record["kind"]),
                        None,
                        record["stamp"],
                        docs=(record["src_doc"], record["tgt_doc"]),
                    )
