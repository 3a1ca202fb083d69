"""What was edited elsewhere comes back as decisions, three ways."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Literal

import openpyxl
import pytest

from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import LinkKind, Proposal, Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store
from tests.exchange.conftest import EN, JA, document, link_up
from tests.workspace.importing.conftest import ALL, SUFFIXES, changed, everything, exported


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_nobody_touched_changes_nothing(store: Store, tmp_path: Path, suffix: str) -> None:
    before = everything(store)
    report = import_file(store, exported(store, tmp_path, suffix), "bea")
    assert report.units == report.same == 6
    assert not report.decided
    assert everything(store) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_turned_export_changes_nothing_either(store: Store, tmp_path: Path, suffix: str) -> None:
    before = everything(store)
    options = ExportOptions(statuses=frozenset(Status), src="en", lang_map={"ja": "ja-JP"})
    report = import_file(store, exported(store, tmp_path, suffix, options), "bea")
    assert (report.units, report.same) == (6, 6)
    assert everything(store) == before


@pytest.mark.parametrize("suffix", ["jsonl", "tmx", "xlf", "xlf2", "tsv", "csv", "po"])
def test_an_edited_text_is_an_edit(store: Store, tmp_path: Path, suffix: str) -> None:
    out = exported(store, tmp_path, suffix)
    changed(out, "Wind blows.", "=The wind blows.")
    report = import_file(store, out, "bea")
    assert report.decided == {"text edited": 1}
    link = store.link(5)
    assert (link.tgt.text, link.tgt.original, link.status, link.reviewer) == (
        "=The wind blows.", "Wind blows.", Status.EDITED, "bea"
    )  # fmt: skip
    assert store.decisions(link=5, limit=1)[0].detail["why"] == f"from {out.name}", "its story names the file"
    again = everything(store)
    assert import_file(store, out, "bea").same == 6, "bringing the same file again changes nothing"
    assert everything(store) == again


def test_a_spreadsheet_brings_back_status_text_and_note(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "xlsx")
    book = openpyxl.load_workbook(out)
    sheet = book["links"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = {int(row[columns["id"] - 1].value): row[0].row for row in sheet.iter_rows(min_row=2)}

    def put(link: int, column: str, value: str | None) -> None:
        sheet.cell(rows[link], columns[column]).value = value

    put(1, "status", "rejected")
    put(2, "status", "proposed")
    put(5, "status", "Accepted")
    put(6, "src", "夜が明けた。")
    put(6, "note", "past")
    put(3, "note", None)
    book.save(out)
    report = import_file(store, out, "bea")
    assert report.messages == (), "nothing about our own sheet that explains the file"
    assert report.decided == {
        "rejected": 1, "reopened": 1, "accepted": 1, "text edited": 1, "note changed": 2,
    }  # fmt: skip
    links = {link.id: link for link in store.links()}
    assert [links[n].status for n in range(1, 7)] == [
        Status.REJECTED, Status.PROPOSED, Status.EDITED, Status.REJECTED, Status.ACCEPTED, Status.EDITED,
    ]  # fmt: skip
    assert (links[6].src.text, links[6].note, links[3].note) == ("夜が明けた。", "past", None)


@pytest.mark.parametrize("suffix", ["tsv", "tmx", "xlf", "jsonl"])
def test_a_change_on_both_sides_is_a_conflict_and_stays(store: Store, tmp_path: Path, suffix: str) -> None:
    out = exported(store, tmp_path, suffix)
    Reviewer(store, "ada").commit(edits.edit_text(5, "tgt", "A wind blows."))
    Reviewer(store, "ada").commit(edits.edit_text(6, "tgt", "The day breaks."))
    Reviewer(store, "ada").commit(edits.note(1, "from here"))
    changed(out, "Wind blows.", "The wind blows.")
    changed(out, "Day breaks.", "The day breaks.")
    changed(out, "Fog rises.", "The fog rises.")
    report = import_file(store, out, "bea")
    assert [(c.link, c.what, c.ours, c.theirs) for c in report.conflicts] == [
        (5, "tgt text", "A wind blows.", "The wind blows.")
    ]
    assert report.decided == {"text edited": 1}, "only what changed on one side is brought over"
    assert store.link(1).tgt.text == "The fog rises."
    assert store.link(1).note == "from here"
    assert store.link(5).tgt.text == "A wind blows."
    assert [link.id for link in store.links(LinkFilter(attention=True))] == [5]


def test_a_tool_that_drops_props_and_ids_is_matched_by_text(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tmx", ExportOptions(lang_map={"ja": "JA"}))
    text = re.sub(r'<prop.*?</prop>|<note>.*?</note>| tuid="\d+"', "", out.read_text(encoding="utf-8"))
    out.write_text(text.replace("We climb.", "Up we go."), encoding="utf-8")
    report = import_file(store, out, "bea")
    assert report.decided == {"text edited": 1}
    assert store.link(2).tgt.text == "Up we go."


def test_rows_from_nowhere_are_named_and_nothing_is_made_of_them(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    header = out.read_text(encoding="utf-8").splitlines()[0].split("\t")
    row = {"id": "99", "status": "accepted", "src_lang": "ja", "tgt_lang": "en", "src": "知らない。", "tgt": "Unknown."}
    with out.open("a", encoding="utf-8") as file:
        file.write("\t".join(row.get(name, "") for name in header) + "\n")
    report = import_file(store, out, "bea")
    assert [row.sides[1].text for row in report.unmatched] == ["Unknown."]
    assert any("--new" in line for line in report.lines())
    assert len(store.documents()) == 2


def test_the_same_number_in_another_store_is_another_link(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    changed(out, "Wind blows.", "Gone.")
    with open_store(tmp_path / "other.db") as other:
        src = other.add_document(document("de.txt", ["Eins.", "Zwei."], "de")).document
        tgt = other.add_document(document("fr.txt", ["Un.", "Deux."], "fr")).document
        link_up(other, src, tgt, ("de", "fr"))
        before = everything(other)
        report = import_file(other, out, "bea", new="never")
        assert len(report.unmatched) == 6
        assert everything(other) == before


def test_a_table_that_a_spreadsheet_saved_as_utf_16_is_read(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    out.write_text(out.read_text(encoding="utf-8").replace("Wind blows.", "Winds."), encoding="utf-16")
    assert import_file(store, out, "bea").decided == {"text edited": 1}


def test_a_tool_that_cuts_our_unit_brings_it_back_whole(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "xlf2")
    whole = '<source xml:space="preserve">山へ行く。</source><target xml:space="preserve">We climb.</target>'
    cut = "<source>山へ</source><target>We </target></segment><segment><source>行く。</source><target>climb.</target>"
    changed(out, whole, cut)
    report = import_file(store, out, "bea")
    assert (report.units, report.same) == (6, 6)


def test_a_dry_run_says_and_does_nothing(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    changed(out, "Wind blows.", "The wind blows.")
    before = everything(store)
    assert import_file(store, out, "bea", dry_run=True).decided == {"text edited": 1}
    assert everything(store) == before


UNIT = re.compile(r"(<tuv .*?</tuv>)(<tuv .*?</tuv>)", re.DOTALL)


@pytest.mark.parametrize("options", [ALL, ExportOptions(statuses=ALL.statuses, lang_map={"ja": "jpn", "en": "eng"})])
def test_the_order_of_languages_in_a_unit_is_the_tools(store: Store, tmp_path: Path, options: ExportOptions) -> None:
    out = exported(store, tmp_path, "tmx", options)
    text = UNIT.sub(r"\2\1", out.read_text(encoding="utf-8"))
    out.write_text(text.replace("Wind blows.", "The wind blows."), encoding="utf-8")
    report = import_file(store, out, "bea", new="never")
    assert (report.decided, report.same, report.unmatched) == ({"text edited": 1}, 5, [])
    assert (store.link(5).src.text, store.link(5).tgt.text) == ("風が吹く。", "The wind blows.")
    bare = re.sub(r"<prop.*?</prop>|<note>.*?</note>", "", text)
    out.write_text(bare, encoding="utf-8")
    again = import_file(store, out, "bea", new="never")
    assert (again.decided, again.same, again.unmatched) == ({}, 6, []), "an older file without its props"


def test_a_side_in_the_language_of_the_other_is_no_edit(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tmx")
    changed(out, "<seg>風が吹く。</seg>", "<seg>A wind.</seg>")
    text = out.read_text(encoding="utf-8")
    out.write_text(re.sub('"ja"(?=(?:(?!</tuv>).)*A wind)', '"en"', text, flags=re.DOTALL), encoding="utf-8")
    before = everything(store)
    report = import_file(store, out, "bea")
    assert [row.sides[0].text for row in report.unmatched] == ["A wind."]
    assert everything(store) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_blocks_are_left_out_and_said(store: Store, tmp_path: Path, suffix: str) -> None:
    store.add_document(document("one.txt", ["一つ。"], "ja"))
    store.add_document(document("two.txt", ["One.", "More of it."], "en"))
    link_up_first(store, 3, 4)
    before = everything(store)
    out = exported(store, tmp_path, suffix, ExportOptions(statuses=ALL.statuses, kinds=ALL.kinds, level="block"))
    report = import_file(store, out, "bea")
    assert (report.blocks, report.unmatched, report.documents) == (4, [], None)
    assert everything(store) == before
    assert any("whole blocks" in line for line in report.lines())


def link_up_first(store: Store, src: int, tgt: int) -> None:
    first = store.sentences(src)[0].id, store.sentences(tgt)[0].id
    store.propose(src, tgt, [Proposal((first[0],), (first[1],), LinkKind.TRANSLATION, 0.1, 0.5)], "use")


def test_a_paragraph_around_a_text_is_no_other_wording(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tmx")
    text = re.sub(r'<prop.*?</prop>|<note>.*?</note>| tuid="\d+"', "", out.read_text(encoding="utf-8"))
    out.write_text(text.replace("We climb.", "Fog rises. We climb. It rains."), encoding="utf-8")
    report = import_file(store, out, "bea")
    assert [row.sides[1].text for row in report.unmatched] == ["Fog rises. We climb. It rains."]
    assert not report.decided


def test_an_edit_does_not_overrule_a_rejection_made_meanwhile(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    Reviewer(store, "ada").commit(edits.reject(2))
    changed(out, "We climb.", "Up we go.")
    report = import_file(store, out, "bea")
    assert not report.decided
    assert [(c.link, c.what, c.ours, c.theirs) for c in report.conflicts] == [
        (2, "tgt text", "We climb.", "Up we go."), (2, "status", "rejected", "edited")
    ]  # fmt: skip
    assert (store.link(2).status, store.link(2).tgt.text) == (Status.REJECTED, "We climb.")


def test_an_old_export_does_not_bring_back_what_a_page_said_before(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    store.add_document(
        document("en.txt", ["A new line.", "Fog rises.", "We climb up.", *EN[2:]], "en"), replace_settled=True
    )
    assert store.link(2).tgt.text == "We climb up."
    before = everything(store)
    report = import_file(store, out, "bea", new="never")
    assert not report.decided
    assert not report.conflicts
    assert everything(store) == before
    changed(out, "We climb.", "Up we go.")
    changed(out, "Wind blows.", "The wind blows.")
    report = import_file(store, out, "bea", new="never")
    assert [(c.what, c.ours, c.theirs) for c in report.conflicts][:1] == [("tgt text", "We climb up.", "Up we go.")]
    assert report.decided == {"text edited": 1}
    assert store.link(5).tgt.text == "The wind blows."


@pytest.mark.parametrize("suffix", ["jsonl", "tsv", "csv", "xlsx", "parquet"])
def test_sentences_without_a_partner_are_not_strangers(store: Store, tmp_path: Path, suffix: str) -> None:
    store.add_document(document("en.txt", [*EN, "And a line more."], "en"))
    before = everything(store)
    options = ExportOptions(statuses=ALL.statuses, kinds=ALL.kinds, with_nulls=True)
    report = import_file(store, exported(store, tmp_path, suffix, options), "bea")
    assert (report.units, report.same, report.unmatched) == (7, 6, [])
    assert everything(store) == before


QUOTED = ['"Hello," she said.', '"Off."', "=1+1", "a\\tb", 'so "so"', '"He ""x"" it"']


@pytest.mark.parametrize("quoting", [csv.QUOTE_NONE, csv.QUOTE_MINIMAL])
def test_our_table_comes_back_unchanged_from_a_program_that_quotes(tmp_path: Path, quoting: Literal[0, 3]) -> None:
    with open_store(tmp_path / "s.db") as store:
        src = store.add_document(document("ja.txt", JA, "ja")).document
        tgt = store.add_document(document("en.txt", QUOTED, "en")).document
        link_up(store, src, tgt, ("ja", "en"))
        out = exported(store, tmp_path, "tsv")
        rows = [line.split("\t") for line in out.read_text(encoding="utf-8").splitlines()]
        if quoting == csv.QUOTE_MINIMAL:
            with out.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)
        before = everything(store)
        report = import_file(store, out, "bea")
        assert (report.same, report.decided) == (6, {})
        assert everything(store) == before
