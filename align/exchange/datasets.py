"""A folder that Hugging Face `datasets.load_dataset` opens: Parquet a pair of languages, and a card that says what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from align import __version__
from align.domain import SETTLED
from align.exchange.export_target import CARD_TITLE
from align.exchange.names import pair_name
from align.exchange.parquet import Rows, record
from align.exchange.types import ExportOptions, Unit
from align.text.tags import primary

_BOUNDS = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


class _Pair:
    """The growing Parquet file of one pair of languages."""

    def __init__(self, path: Path, src: str, tgt: str, stack: ExitStack) -> None:
        import pyarrow as pa

        text = pa.struct([(src, pa.string()), (tgt, pa.string())])
        score, spans = pa.float64(), pa.list_(pa.list_(pa.int64()))
        strings = [(name, pa.string()) for name in ("kind", "status", "src_doc", "tgt_doc", "encoder", "stamp")]
        columns = pa.schema(
            [("id", pa.int64()), ("translation", text), ("confidence", score), *strings,
             ("src_spans", spans), ("tgt_spans", spans)]
        )  # fmt: skip
        self.src, self.tgt, self.names = src, tgt, columns.names
        self.reviewed = 0
        self.rows = stack.enter_context(Rows(path, columns))

    def add(self, unit: Unit) -> None:
        row = record(unit)
        self.reviewed += unit.link.status in SETTLED
        row["translation"] = {self.src: row["src"], self.tgt: row["tgt"]}
        for side in ("src", "tgt"):
            row[f"{side}_spans"] = [list(span) for span in getattr(unit.link, side).spans]
        self.rows.add({name: row[name] for name in self.names})


def write(units: Iterable[Unit], folder: Path, stem: str, options: ExportOptions) -> None:
    """Fill `folder`."""
    pairs: dict[tuple[str, str], _Pair] = {}
    with ExitStack() as stack:
        for unit in units:
            key = unit.link.src.lang, unit.link.tgt.lang
            if key not in pairs:
                home = folder / pair_name(*key)
                home.mkdir(exist_ok=True)
                path = home / "train-00000-of-00001.parquet"
                pairs[key] = _Pair(path, *(key if key[0] != key[1] else (f"{key[0]}-1", f"{key[1]}-2")), stack)
            pairs[key].add(unit)
    (folder / "README.md").write_text("".join(_card(pairs)), encoding="utf-8")


def _card(pairs: dict[tuple[str, str], _Pair]) -> Iterator[str]:
    count = sum(pair.rows.count for pair in pairs.values())
    reviewed = sum(pair.reviewed for pair in pairs.values())
    languages = sorted({primary(lang) for pair in pairs for lang in pair})
    yield "---\nlanguage:\n"
    yield from (f'- "{language}"\n' for language in languages)
    yield "task_categories:\n- translation\nmultilinguality:\n- translation\nsize_categories:\n"
    yield f"- {next((name for bound, name in _BOUNDS if count < bound), 'n>1M')}\nconfigs:\n"
    for src, tgt in pairs:
        name = pair_name(src, tgt)
        yield f"- config_name: {name}\n  data_files:\n  - split: train\n    path: {name}/train-*.parquet\n"
    yield f"---\n\n{CARD_TITLE}\n\n{count:,} links found with align {__version__}, "
    yield f"{reviewed:,} of them accepted by reviewers.\n\n"
    yield "| pair | links |\n|---|---|\n"
    yield from (f"| {pair_name(*key)} | {pair.rows.count:,} |\n" for key, pair in pairs.items())
    yield "\nEach row: `translation` (the texts by language), `confidence` (calibrated, 0 to 1), `kind`, `status`, "
    yield "the documents and the spans in characters of their original text.\n"
