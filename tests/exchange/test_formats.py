"""The list of formats and the table of columns: what is declared there is what files have and commands refuse."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from align.errors import ReadError, UsageError
from align.exchange import columns, delimited, xlsx
from align.exchange.columns import COLUMNS, Column
from align.exchange.detect_format import UNIT_SUFFIXES, import_format, readable_suffixes
from align.exchange.export import export_store
from align.exchange.formats import FORMATS, Format, export_format
from align.exchange.types import ExportOptions
from align.mining.mine import MiningReport, sentences_of_files
from align.models import LinkKind, Status
from align.store import Store
from align.workspace.pair import read_side
from tests.exchange.conftest import EN, document, link_up

ALL = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), context=1)


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_module_has_what_its_entry_declares(form: Format) -> None:
    """`write` takes the store where the format shows documents; `read` an encoding or `strict` where declared."""
    writer = import_module(f"align.exchange.{form.module or form.name}")
    reader = import_module(f"align.exchange.{form.reader or form.module or form.name}")
    write = inspect.signature(getattr(writer, f"write{form.part}"))
    read = inspect.signature(getattr(reader, f"read{form.part}"))
    assert len(write.parameters) == (4 if form.documents else 3)
    named = (
        ["encoding"] * form.any_encoding
        + ["strict"] * form.strict
        + ["texts"] * form.separate_texts
        + ["texts_folder"] * form.texts_elsewhere
        + ["columns"] * form.table
    )
    assert list(read.parameters)[1:] == named


def test_no_two_formats_share_a_name_or_a_suffix() -> None:
    names = [form.name for form in FORMATS]
    suffixes = [suffix for form in FORMATS for suffix in (*form.suffixes, *form.import_suffixes)]
    assert len(names) == len(set(names))
    assert len(suffixes) == len(set(suffixes))


def test_a_suffix_is_exported_and_imported_as_the_format_that_declares_it() -> None:
    for form in FORMATS:
        for suffix in form.suffixes:
            path = Path(f"a{suffix.upper()}")
            assert export_format(None, path) is form
            if form.importable:
                assert import_format(path) is form
            else:
                with pytest.raises(UsageError, match="--from"):
                    import_format(path)
        for suffix in form.import_suffixes:
            assert import_format(Path(f"a{suffix}")) is form
            with pytest.raises(UsageError, match="--to"):
                export_format(None, Path(f"a{suffix}"))


@pytest.mark.parametrize("suffix", [*sorted(UNIT_SUFFIXES), ".xml", ".txt"])
@pytest.mark.parametrize(
    "read",
    [lambda name: read_side(name), lambda name: list(sentences_of_files([name], MiningReport()))],
    ids=["pair", "mine"],
)
def test_translation_units_are_not_read_as_a_text(tmp_path: Path, suffix: str, read: Callable[[str], object]) -> None:
    path = tmp_path / f"a{suffix}"
    for root in ("tmx", "xliff"):
        path.write_text(f'<?xml version="1.0"?><{root} version="1.2"></{root}>')
        with pytest.raises(ReadError, match="align import"):
            read(str(path))


def test_folders_are_searched_for_texts_and_translation_units() -> None:
    assert {".txt", ".docx", ".tmx", ".po", ".sdlxliff", ".xlf2"} <= readable_suffixes()


def test_every_column_is_in_the_files_that_it_declares(store: Store, tmp_path: Path) -> None:
    for name in ("out.tsv", "out.csv", "out.xlsx", "out.parquet"):
        export_store(store, tmp_path / name, None, ALL)
    export_store(store, tmp_path / "folder", "datasets", replace(ALL, context=0))
    tables = [column.name for column in COLUMNS if column.table]
    with (tmp_path / "out.tsv").open(encoding="utf-8") as file:
        assert next(file).rstrip("\n").split("\t") == tables
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == tables
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["links"]
    assert [cell.value for cell in sheet[1]] == tables
    hidden = {n for d in sheet.column_dimensions.values() if d.hidden for n in range(d.min, d.max + 1)}
    assert {tables[number - 1] for number in hidden} == {column.name for column in COLUMNS if column.hidden}
    assert pq.read_schema(tmp_path / "out.parquet").names == [column.name for column in COLUMNS]
    path = next(tmp_path.glob("folder/*/train-*.parquet"))
    assert set(pq.read_schema(path).names) == {column.name for column in COLUMNS if column.dataset} | {"translation"}


def test_a_column_before_the_texts_moves_them_and_their_fonts(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing counts columns: a new one in front changes no other, also for an import."""
    new = Column("version", "", lambda unit: unit.link.version, str, arrow="int64", width=7)
    table = (new, *(column for column in COLUMNS if column.table and not column.context))
    values = tuple((column.value, column.cell) for column in table)
    for module in (delimited, xlsx):
        monkeypatch.setattr(module, "table_columns", lambda options: table)
    monkeypatch.setattr(columns, "_VALUES", {False: values, True: values})
    options = replace(ALL, context=0)
    assert export_store(store, tmp_path / "out.tsv", None, options).verification is not None
    assert export_store(store, tmp_path / "out.xlsx", None, options).verification is not None
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["links"]
    fonts = {head.value: cell.font.name for head, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (sheet["A1"].value, sheet["A2"].value) == ("version", "2")
    assert (fonts["src"], fonts["tgt"]) == ("Yu Gothic", fonts["id"])


def test_a_dataset_of_two_texts_in_one_language_reads_back(store: Store, tmp_path: Path) -> None:
    other = store.add_document(document("other.txt", [text.upper() for text in EN], "en")).document
    link_up(store, 2, other, ("en", "en"))
    for name in ("datasets", "moses"):
        report = export_store(store, tmp_path / name, name, replace(ALL, src="en", tgt="en"))
        assert report.verification is not None
        assert report.verification.units == 6
