"""Manifests of document pairs: TSV, CSV, JSON Lines or Parquet with columns `src` and `tgt`."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from align.atomic_file import atomic_write
from align.bulk.database import PlannedPair
from align.bulk.types import PairEntry
from align.errors import ReadError, UsageError
from align.extras import require_extra
from align.inputs import MAX_SIZE, open_input
from align.text.csv_dialect import allow_long_cells
from align.text.tags import canonical

SUFFIXES = frozenset({".tsv", ".csv", ".jsonl", ".ndjson", ".parquet"})
MANIFEST_COLUMNS = ("src", "tgt", "src_lang", "tgt_lang")


def is_manifest(path: Path) -> bool:
    """Whether the file has the suffix of a manifest."""
    return path.suffix.lower() in SUFFIXES


def read_manifest(path: Path, max_size: int = MAX_SIZE) -> Iterator[PairEntry]:
    """Yield the pairs of a manifest in order, one in memory at a time. Other columns are ignored.

    Raises ReadError with the line for an invalid pair, UsageError where the file or its columns are missing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a manifest is one of {' '.join(sorted(SUFFIXES))}.")
    try:
        with open_input(path, max_size) as file:
            if suffix == ".parquet":
                rows = _parquet(path, file)
            elif suffix in (".jsonl", ".ndjson"):
                rows = _json_lines(path, file)
            else:
                rows = _table(path, file, "\t" if suffix == ".tsv" else ",;")
            for line, row in rows:
                yield _entry(path, line, row)
    except UnicodeDecodeError as error:
        raise ReadError(f"{path}: not UTF-8 (byte {error.start}). Save the manifest as UTF-8.") from error


def write_manifest(path: Path, entries: Iterable[PairEntry], extra: Iterable[Mapping[str, object]] = ()) -> None:
    """Write a TSV manifest; `extra` gives further columns, one mapping per entry."""
    rows = [
        dict(zip(MANIFEST_COLUMNS, (e.src, e.tgt, e.src_lang or "", e.tgt_lang or ""), strict=True)) for e in entries
    ]
    for row, more in zip(rows, extra, strict=False):
        row.update({name: "" if value is None else str(value) for name, value in more.items()})
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(MANIFEST_COLUMNS)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names, delimiter="\t", lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    with atomic_write(path) as file:
        file.write(text.getvalue().encode())


def _table(path: Path, content: BinaryIO, delimiters: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The rows of a table; its delimiter is the most frequent one in the heading (some locales use semicolons)."""
    allow_long_cells()
    with io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as file:
        heading = file.readline()
        file.seek(0)
        delimiter = max(delimiters, key=heading.count)
        reader = csv.DictReader(file, delimiter=delimiter, strict=True)
        try:
            _check_columns(path, reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, row
        except csv.Error as error:
            raise ReadError(f"{path}, line {reader.line_num}: {error}. Fix that line.") from error


def _json_lines(path: Path, content: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with io.TextIOWrapper(content, encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise ReadError(f"{path}, line {number}: not JSON ({error}). Fix that line.") from error
            if not isinstance(row, dict):
                raise ReadError(f'{path}, line {number}: a pair is an object {{"src": ..., "tgt": ...}}.')
            yield number, row


def _parquet(path: Path, content: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    require_extra("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(content) as file:
            _check_columns(path, file.schema_arrow.names)
            columns = [name for name in MANIFEST_COLUMNS if name in file.schema_arrow.names]
            number = 0
            for rows in file.iter_batches(batch_size=10_000, columns=columns):
                for row in rows.to_pylist():
                    number += 1
                    yield number, row
    except pa.ArrowException as error:
        raise ReadError(f"{path}: not a Parquet file we can read ({error}).") from error


def _check_columns(path: Path, names: Iterable[str]) -> None:
    missing = {"src", "tgt"} - set(names)
    if missing:
        present = ", ".join(names) or "none"
        raise ReadError(f"{path}: no column {min(missing)!r} (found: {present}). A manifest has src and tgt.")


def _entry(path: Path, line: int, row: Mapping[str, Any]) -> PairEntry:
    values: list[str | None] = []
    for name in MANIFEST_COLUMNS:
        value = row.get(name)
        if value is not None and not isinstance(value, str):
            raise ReadError(f"{path}, line {line}: {name} is a string, not {value!r}.")
        if value is not None and "\x00" in value:
            raise ReadError(f"{path}, line {line}: {name} contains a NUL, which no file name has.")
        values.append(value or None)
    src, tgt, src_lang, tgt_lang = values
    if not src or not tgt:
        raise ReadError(f"{path}, line {line}: src and tgt must both name a file.")
    return PairEntry(src, tgt, *(_language(path, line, tag) for tag in (src_lang, tgt_lang)))


def _language(path: Path, line: int, tag: str | None) -> str | None:
    canonical_tag = canonical(tag) if tag else None
    if tag and canonical_tag is None:
        raise ReadError(f"{path}, line {line}: {tag!r} is not a language tag. Write it as ja, en, zh-Hant or pt-BR.")
    return canonical_tag


BYTES_PER_TOKEN = 4
"""Roughly right for sentencepiece over UTF-8: English 4.3, Japanese and Chinese 4 to 5, Russian 8."""
UNKNOWN_FILE_BYTES = 4096
"""Assumed size in bytes of a file that this machine cannot access."""

WeighPair = Callable[[PairEntry], int]


@dataclass(frozen=True, slots=True)
class PlanSizes:
    """`batch_tokens`: keeps the encoder fast; a longer document has its own batch. `shard_tokens`: per output."""

    batch_tokens: int = 16_384
    batch_documents: int = 256
    shard_tokens: int = 4_194_304

    def __post_init__(self) -> None:
        if min(self.batch_tokens, self.batch_documents, self.shard_tokens) < 1:
            raise ValueError("a batch and a shard hold at least one token and one document")


def weigh_by_size(folder: Path) -> WeighPair:
    """A function that weighs a pair by the sizes of its files, relative to `folder`."""

    def size(name: str) -> int:
        try:
            return os.stat(folder / name).st_size
        except (OSError, ValueError):
            return UNKNOWN_FILE_BYTES

    return lambda entry: size(entry.src) + size(entry.tgt)


def plan_batches(entries: Iterable[PairEntry], weigh: WeighPair, sizes: PlanSizes) -> Iterator[PlannedPair]:
    """Yield each pair with its batch and shard, in order."""
    batch_limit, shard_limit = sizes.batch_tokens * BYTES_PER_TOKEN, sizes.shard_tokens * BYTES_PER_TOKEN
    batch = shard = count = 0
    in_batch = in_shard = 0
    for entry in entries:
        weight = weigh(entry)
        if count and (in_batch + weight > batch_limit or count >= sizes.batch_documents):
            batch += 1
            count = in_batch = 0
            if in_shard + weight > shard_limit:
                shard += 1
                in_shard = 0
        count += 1
        in_batch += weight
        in_shard += weight
        yield PlannedPair(entry, batch, shard, weight)
