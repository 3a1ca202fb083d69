"""Parquet: a row per link, spans as lists; for pandas, DuckDB, Spark and `datasets`.

The folder that Hugging Face `datasets.load_dataset` opens has Parquet per pair of languages, and a dataset card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

from align import __version__
from align.errors import ReadError, require_extra
from align.exchange.charsets import utf8_text
from align.exchange.columns import COLUMNS, Column, read_unit
from align.exchange.export_target import CARD_TITLE
from align.exchange.filter import pair_name
from align.exchange.types import ExportOptions, ImportedUnit, Unit
from align.models import CONFIRMED
from align.text.tags import primary

BATCH_ROWS = 1024
"""Rows that are Python objects at the same time."""

GROUP_BATCHES = 4
"""Arrow batches in a row group: smaller groups make files that are large and slow to read."""

READ_ROWS = 4096

READ_COLUMNS = tuple(column.name for column in COLUMNS if column.arrow in ("int64", "string", "category"))


def arrow_type(column: Column) -> Any:
    """The Arrow type of a column."""
    import pyarrow as pa

    types = {
        "int64": pa.int64(),
        "float64": pa.float64(),
        "string": pa.string(),
        "category": pa.dictionary(pa.int32(), pa.string()),
        "strings": pa.list_(pa.string()),
        "spans": pa.list_(pa.struct([("start", pa.int64()), ("end", pa.int64())])),
    }
    return types[column.arrow]


def record(unit: Unit, columns: Sequence[Column] = COLUMNS) -> dict[str, Any]:
    """The typed values of a unit by column, without lone surrogates."""
    return {column.name: _encodable(column.value(unit)) for column in columns}


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return utf8_text(value)[0]
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        return [utf8_text(text)[0] for text in value]
    return value


class ParquetFile:
    """A Parquet file that grows: rows become Arrow batches, and a few of those a row group.

    Columns of the type `category` are written as dictionaries. Only numeric columns get statistics: those of texts
    would grow with the file, in memory. While it is open, Arrow takes memory from the system: its own allocator does
    not return what was freed (10 MB more here).
    """

    def __init__(self, file: Any, schema: Any) -> None:
        """`file`: a path or an open binary file. `schema`: an Arrow schema."""
        require_extra("pyarrow")
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._pool = pa.default_memory_pool()
        pa.set_memory_pool(pa.system_memory_pool())
        self.schema = schema
        self.count = 0
        self._rows: list[dict[str, Any]] = []
        self._batches: list[Any] = []
        names = set(schema.names)
        self._writer = pq.ParquetWriter(
            file, schema, compression="zstd",
            use_dictionary=[c.name for c in COLUMNS if c.arrow == "category" and c.name in names],
            write_statistics=[c.name for c in COLUMNS if c.arrow in ("int64", "float64") and c.name in names],
        )  # fmt: skip

    def add(self, row: dict[str, Any]) -> None:
        """Write a row, at once or with the next ones."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= BATCH_ROWS:
            self._pack()
            if len(self._batches) >= GROUP_BATCHES:
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
            self._batches.append(pa.RecordBatch.from_pylist(self._rows, schema=self.schema))
            self._rows.clear()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
            self._batches.clear()


def write_parquet(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, a few thousand rows in memory at a time."""
    require_extra("pyarrow")
    import pyarrow as pa

    with ParquetFile(file, pa.schema([(column.name, arrow_type(column)) for column in COLUMNS])) as rows:
        for unit in units:
            rows.add(record(unit))


def read_parquet(path: Path) -> Iterator[ImportedUnit]:
    """A unit per row, batch by batch. Raises ReadError for a file that is not Parquet or has no texts."""
    require_extra("pyarrow")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in READ_COLUMNS if name in file.schema_arrow.names]
            if missing := {"src", "tgt"}.difference(columns):
                raise ReadError(f"{path}: not a Parquet file of links (no column {min(missing)}).")
            number = 0
            for batch in file.iter_batches(batch_size=READ_ROWS, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield read_record(f"row {number}", row)
    except pa.ArrowException as error:
        raise ReadError(f"{path}: not a Parquet file of links ({error}).") from error


def read_record(where: str, row: dict[str, Any], languages: tuple[str, str] = ("und", "und")) -> ImportedUnit:
    """The unit of a row of typed values; a null is an empty cell."""

    def cell(name: str) -> str | None:
        if name not in row:
            return None
        value = row[name]
        return "" if value is None else str(value)

    return read_unit(where, cell, languages)


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

_COLUMNS = tuple(column for column in COLUMNS if column.dataset)


class _LanguagePair:
    """The Parquet file of one pair of languages, while it is written."""

    def __init__(self, path: Path, src: str, tgt: str, stack: ExitStack) -> None:
        require_extra("pyarrow")
        import pyarrow as pa

        # Plain types: the viewers of data sets show neither dictionaries nor structs of spans.
        types = {
            "int64": pa.int64(), "float64": pa.float64(), "string": pa.string(), "category": pa.string(),
            "strings": pa.list_(pa.string()), "spans": pa.list_(pa.list_(pa.int64())),
        }  # fmt: skip
        translation = ("translation", pa.struct([(src, pa.string()), (tgt, pa.string())]))
        first, *others = [(column.name, types[column.arrow]) for column in _COLUMNS]
        self.src, self.tgt = src, tgt
        self.confirmed = 0
        self.rows = stack.enter_context(ParquetFile(path, pa.schema([first, translation, *others])))

    def add(self, unit: Unit) -> None:
        link = unit.link
        self.confirmed += link.status in CONFIRMED
        translation = {self.src: link.src.text, self.tgt: link.tgt.text}
        self.rows.add({**record(unit, _COLUMNS), "translation": translation})


def write_datasets(units: Iterable[Unit], folder: Path, options: ExportOptions) -> None:
    """Write the files of every pair of languages, and the card, into `folder`."""
    pairs: dict[tuple[str, str], _LanguagePair] = {}
    with ExitStack() as stack:
        for unit in units:
            key = unit.link.src.lang, unit.link.tgt.lang
            if key not in pairs:
                subfolder = folder / pair_name(*key)
                subfolder.mkdir(exist_ok=True)
                path = subfolder / "train-00000-of-00001.parquet"
                names = key if key[0] != key[1] else (f"{key[0]}-1", f"{key[1]}-2")
                pairs[key] = _LanguagePair(path, *names, stack)
            pairs[key].add(unit)
    (folder / "README.md").write_text("".join(_card(pairs)), encoding="utf-8")


def _card(pairs: dict[tuple[str, str], _LanguagePair]) -> Iterator[str]:
    count = sum(pair.rows.count for pair in pairs.values())
    confirmed = sum(pair.confirmed for pair in pairs.values())
    languages = sorted({primary(lang) for pair in pairs for lang in pair})
    yield "---\nlanguage:\n"
    yield from (f'- "{language}"\n' for language in languages)
    yield "task_categories:\n- translation\nmultilinguality:\n- translation\nsize_categories:\n"
    yield f"- {next((name for bound, name in _SIZES if count < bound), 'n>1M')}\nconfigs:\n"
    for src, tgt in pairs:
        name = pair_name(src, tgt)
        yield f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/train-*.parquet\n"
    yield f"---\n\n{CARD_TITLE}\n\n{count:,} links found with align {__version__}, "
    yield f"{confirmed:,} of them accepted by reviewers.\n\n"
    yield "| pair | links |\n|---|---|\n"
    yield from (f"| {pair_name(*key)} | {pair.rows.count:,} |\n" for key, pair in pairs.items())
    yield "\nEach row: `translation` (the texts by language), `confidence` (calibrated, 0 to 1), `kind`, `status`, "
    yield "the documents and the spans in characters of their original text.\n"


def read_datasets(folder: Path) -> Iterator[ImportedUnit]:
    """The rows of a folder, one pair of languages after another."""
    require_extra("pyarrow")
    import pyarrow.parquet as pq

    for path in sorted(folder.glob("*/train-*.parquet")):
        with pq.ParquetFile(path) as file:
            src, tgt = (field.name for field in file.schema_arrow.field("translation").type)
            one = src.removesuffix("-1")
            languages = (one, one) if (src, tgt) == (f"{one}-1", f"{one}-2") else (src, tgt)
            for batch in file.iter_batches(batch_size=READ_ROWS):
                for row in batch.to_pylist():
                    texts = row.pop("translation")
                    values = {name: value for name, value in row.items() if name in READ_COLUMNS}
                    values |= {"src": texts[src], "tgt": texts[tgt]}
                    yield read_record(f"{path.parent.name} {row['id']}", values, languages)
