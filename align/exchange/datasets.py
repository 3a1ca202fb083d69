"""A folder that Hugging Face `datasets.load_dataset` opens: Parquet per pair of languages, and a dataset card."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from align import __version__
from align.exchange.columns import COLUMNS
from align.exchange.export_target import CARD_TITLE
from align.exchange.filter import pair_name
from align.exchange.parquet import READ_COLUMNS, READ_ROWS, ParquetFile, read_record, record
from align.exchange.types import ExportOptions, ImportedUnit, Unit
from align.extras import require_extra
from align.models import CONFIRMED
from align.text.tags import primary

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


def write(units: Iterable[Unit], folder: Path, options: ExportOptions) -> None:
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


def read(folder: Path) -> Iterator[ImportedUnit]:
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
