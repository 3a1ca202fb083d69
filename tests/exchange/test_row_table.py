"""Rows of a pivot: its sentences stay whole, every translation has a column, nothing is left out."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from lxml import html

from align.errors import UsageError
from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import LinkKind, Proposal, Status
from align.store import Store
from tests.exchange.conftest import EN, FR, JA, document, link_up

ROWS = ExportOptions(statuses=frozenset(Status), multilingual=True, pivot="ja.txt", force=True)


@pytest.fixture
def three(store: Store) -> Store:
    """ja.txt with en.txt (one to one) and fr.txt, whose second sentence covers two and whose fifth has no original."""
    ja = store.documents()[0].id
    fr = store.add_document(document("fr.txt", FR, "fr")).document
    src, tgt = ([sentence.id for sentence in store.sentences(number)] for number in (ja, fr))
    beads = [((0,), (0,)), ((1, 2), (1, 2)), ((3,), (3,)), ((5,), (5,))]
    proposals = [
        Proposal(tuple(src[n] for n in a), tuple(tgt[n] for n in b), LinkKind.TRANSLATION, 0.9, 0.9) for a, b in beads
    ]
    store.propose(ja, fr, proposals, "use", languages=("ja", "fr"))
    return store


def test_a_table_has_a_row_for_each_sentence_of_the_pivot(three: Store, tmp_path: Path) -> None:
    report = export_store(three, tmp_path / "rows.tsv", None, ROWS)
    with (tmp_path / "rows.tsv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert head == ["ja.txt (ja)", "en.txt (en)", "fr.txt (fr)"]
    assert [row[0] for row in rows if row[0]] == JA
    assert [row[1] for row in rows if row[1]] == [*EN[:2], "=We cross & <rest> a while.", *EN[3:]]
    assert [row[2] for row in rows if row[2]] == [FR[0], f"{FR[1]} {FR[2]}", "\u3003", FR[3], FR[4], FR[5]]
    assert rows[4] == ["", "", FR[4]], "after what is before it in the translation"
    assert report.lines()[1] == "6 rows of ja.txt in 3 language columns, and 1 row of translations without an original."
    assert report.lines()[-1].startswith("Verified: 10 units read back with csv")


def test_cells_span_rows_in_sheets_and_pages(three: Store, tmp_path: Path) -> None:
    for name in ("rows.xlsx", "rows.html"):
        assert export_store(three, tmp_path / name, None, ROWS).verification is not None
    sheet = openpyxl.load_workbook(tmp_path / "rows.xlsx")["rows"]
    assert [str(cells) for cells in sheet.merged_cells.ranges] == ["C3:C4"]
    assert sheet["B4"].value == "=We cross & <rest> a while."
    assert sheet["B4"].data_type == "s"
    tree = html.parse(str(tmp_path / "rows.html"))
    assert [cell.text_content() for cell in tree.iter("td") if cell.get("rowspan") == "2"] == [f"{FR[1]} {FR[2]}"]
    assert [cell.get("lang") for cell in next(tree.iter("tbody")).iter("td")][:3] == ["ja", "en", "fr"]


def test_tmx_has_the_languages_of_a_sentence_in_one_unit(three: Store, tmp_path: Path) -> None:
    export_store(three, tmp_path / "rows.tmx", None, ROWS)
    units = (tmp_path / "rows.tmx").read_text(encoding="utf-8").split("<tu ")[1:]
    assert sorted(unit.count("<tuv ") for unit in units) == [2, 2, 2, 2, 3, 3, 3]


def test_a_language_that_only_another_translation_has_is_named(store: Store, tmp_path: Path) -> None:
    en = store.documents()[1].id
    fr = store.add_document(document("fr.txt", FR, "fr")).document
    link_up(store, en, fr, ("en", "fr"))
    lines = export_store(store, tmp_path / "rows.tsv", None, ROWS).lines()
    assert (
        "fr.txt: not in the rows, since it is linked with en.txt but not with ja.txt: align propose ja.txt fr.txt"
        in lines
    )
    with pytest.raises(UsageError, match=r"no link with ja\.txt"):
        export_store(store, tmp_path / "no.tsv", None, ExportOptions(multilingual=True, pivot="ja.txt", tgt="ko"))


def test_options_that_rows_and_books_ignore_are_named(three: Store, tmp_path: Path) -> None:
    options = replace(ROWS, context=1, dedupe=True, level="block", with_nulls=True, timed_by="src", layout="columns")
    report = export_store(three, tmp_path / "rows.tsv", None, options)
    named = {warning.split()[2].rstrip(":") for warning in report.warnings}
    assert named == {"--context", "--dedupe", "--level", "--with-nulls", "--timed-by", "--layout"}
    assert not export_store(three, tmp_path / "rows.tsv", None, ROWS).warnings
    report = export_store(three, tmp_path / "a.epub", None, replace(options, plain=True))
    named = {warning.split()[2].rstrip(":") for warning in report.warnings}
    assert named == {"--context", "--dedupe", "--with-nulls", "--timed-by"}
