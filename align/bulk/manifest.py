"""Manifests of document pairs: TSV, CSV, JSON Lines or Parquet with columns `src` and `tgt`, or with the texts inside.

Texts are in columns `src_text` and `tgt_text`, in two columns named by languages (`de`, `en`), in an object
`translation` with such names, or in `src` and `tgt` where these are plainly no file names.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from align.atomic_file import atomic_write
from align.bulk.database import PlannedPair
from align.bulk.types import PairEntry
from align.errors import ReadError, UsageError, require_extra
from align.inputs import MAX_SIZE, inner_name, open_input
from align.readers.safe_zip import decompress
from align.text.csv_dialect import allow_long_cells
from align.text.tags import canonical, is_listed, range_matches

SUFFIXES = frozenset({".tsv", ".csv", ".jsonl", ".ndjson", ".parquet"})
ROW_NAMES = ("doc", "id", "name", "url")
"""Columns that name the documents of a row with texts; without them, its number does."""
MAX_FILE_NAME = 400
MANIFEST_COLUMNS = ("src", "tgt", "src_lang", "tgt_lang")


def is_manifest(path: Path) -> bool:
    """Whether the file has the suffix of a manifest."""
    return inner_suffix(path) in SUFFIXES


def inner_suffix(path: Path) -> str:
    """The suffix of a file without that of its compression: `.jsonl` of `a.jsonl.gz`."""
    return Path(inner_name(path.name)).suffix.lower()


def read_manifest(
    path: Path, max_size: int = MAX_SIZE, languages: tuple[str | None, str | None] = (None, None)
) -> Iterator[PairEntry]:
    """Yield the pairs of a manifest in order, one in memory at a time. Other columns are ignored.

    `languages`: of source and target, to choose among columns named by languages. Raises ReadError with the line for
    an invalid pair, UsageError where the file or its columns are missing.
    """
    suffix = inner_suffix(path)
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a manifest is one of {' '.join(sorted(SUFFIXES))}.")
    try:
        with _opened(path, max_size) as file:
            if suffix == ".parquet":
                rows = _parquet(path, file)
            elif suffix in (".jsonl", ".ndjson"):
                rows = _json_lines(path, file)
            else:
                rows = _table(path, file, "\t" if suffix == ".tsv" else ",;")
            columns: TextColumns | None = None
            for count, (line, row) in enumerate(rows):
                if count == 0:
                    columns = text_columns(path, row, languages)
                yield _entry(path, line, row) if columns is None else columns.entry(path, line, row)
    except UnicodeDecodeError as error:
        raise ReadError(f"{path}: not UTF-8 (byte {error.start}). Save the manifest as UTF-8.") from error


@contextmanager
def _opened(path: Path, max_size: int) -> Iterator[BinaryIO]:
    """The content of a manifest, decompressed."""
    with open_input(path, max_size) as file:
        if inner_name(path.name) == path.name:
            yield file
        else:
            yield io.BytesIO(decompress(str(path), file.read()))


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Where the texts of a row are."""

    src: str
    tgt: str
    languages: tuple[str | None, str | None]
    """From the names of the columns, or the options."""
    inside: str | None = None
    """The column with an object that has them."""

    def entry(self, path: Path, line: int, row: Mapping[str, Any]) -> PairEntry:
        """The pair of a row; an empty text fails as an empty file does. Raises ReadError for what is no text."""
        values = row.get(self.inside) if self.inside else row
        texts = [(values.get(name) if isinstance(values, Mapping) else None) or "" for name in (self.src, self.tgt)]
        if not all(isinstance(text, str) for text in texts):
            raise ReadError(f"{path}, line {line}: {self.src} and {self.tgt} must both be texts.")
        named = [row.get(name) for name in ("src_lang", "tgt_lang")]
        tags = [
            _language(path, line, tag) if isinstance(tag, str) and tag else lang
            for tag, lang in zip(named, self.languages, strict=True)
        ]
        name = next((row[key] for key in ROW_NAMES if isinstance(row.get(key), str | int) and row[key] != ""), line)
        names = [f"{path.name}#{name}.{tag or side}" for tag, side in zip(tags, ("src", "tgt"), strict=True)]
        encoded = [str(text).encode("utf-8", "surrogatepass") for text in texts]
        return PairEntry(names[0], names[1], tags[0], tags[1], (encoded[0], encoded[1]))


def text_columns(path: Path, row: Mapping[str, Any], languages: tuple[str | None, str | None]) -> TextColumns | None:
    """Where the texts are in rows like this one; None where it names files. Raises UsageError where that is unclear."""
    if {"src_text", "tgt_text"} <= row.keys():
        return TextColumns("src_text", "tgt_text", languages)
    inside = "translation" if isinstance(row.get("translation"), Mapping) else None
    values = row["translation"] if inside else row
    if inside or not {"src", "tgt"} <= row.keys():
        return _columns_by_language(path, values, languages, inside)
    if all(isinstance(row[name], str) and _is_text(path, row[name]) for name in ("src", "tgt")):
        return TextColumns("src", "tgt", languages)
    return None


def _columns_by_language(
    path: Path, values: Iterable[object], languages: tuple[str | None, str | None], inside: str | None
) -> TextColumns | None:
    """The texts in columns that are named by languages; None without them. Raises UsageError for an open choice."""
    coded = {name: tag for name in values if isinstance(name, str) and (tag := _code(name))}
    sides = [
        next((name for name, tag in coded.items() if lang is None or range_matches(lang, tag)), None)
        for lang in languages
    ]
    if languages == (None, None) and len(coded) == 2:
        sides = list(coded)
    if sides[0] and sides[1] and sides[0] != sides[1]:
        return TextColumns(sides[0], sides[1], (coded[sides[0]], coded[sides[1]]), inside)
    if len(coded) >= 2:
        raise UsageError(
            f"{path}: has texts in {', '.join(coded)}. Choose the source and the target with --src and --tgt."
        )
    return None


def _code(name: str) -> str | None:
    """The language tag that the name of a column is, if it is one that is listed."""
    tag = None if name in ROW_NAMES else canonical(name)
    return tag if tag is not None and len(name.partition("-")[0].partition("_")[0]) <= 3 and is_listed(tag) else None


def _is_text(path: Path, value: str) -> bool:
    """Whether a value is plainly no file name: several lines or words, no suffix, and no such file."""
    if "\n" in value or len(value) > MAX_FILE_NAME:
        return True
    has_suffix = re.fullmatch(r"\.\w{1,5}", Path(value).suffix) is not None
    return " " in value and not has_suffix and "/" not in value and not (path.parent / value).exists()


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
            names = reader.fieldnames or ()
            if "src_text" not in names and sum(_code(name) is not None for name in names) < 2:
                _check_columns(path, names)
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
            names = file.schema_arrow.names
            if not {"src_text", "translation"} & set(names) and sum(_code(name) is not None for name in names) < 2:
                _check_columns(path, names)
            others = {*MANIFEST_COLUMNS, *ROW_NAMES, "src_text", "tgt_text", "translation"}
            columns = [name for name in names if name in others or _code(name)]
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
    return PairEntry(src, tgt, _language(path, line, src_lang), _language(path, line, tgt_lang))


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

    def weigh(entry: PairEntry) -> int:
        if entry.texts is not None:
            return sum(map(len, entry.texts))
        return size(entry.src) + size(entry.tgt)

    return weigh


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
