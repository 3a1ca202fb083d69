"""What was edited elsewhere comes back: as decisions, three ways; and a foreign memory as documents."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import openpyxl
import pytest

from align.cli.import_ import FORMATS
from align.domain import Link, LinkKind, Proposal, Status
from align.errors import ReadError, UsageError
from align.jobs.add import add
from align.jobs.decide import Desk
from align.jobs.export import export_store
from align.jobs.import_ import import_file
from align.store import LinkFilter, Store, open_store
from align.writers import ExportOptions
from align.writers.readback.files import importable
from tests.writers.conftest import EN, JA, document, fill, link_up

ALL = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind))
SUFFIXES = ["jsonl", "tmx", "xlf", "xlf2", "tsv", "csv", "xlsx", "po"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six links: 1 and 2 accepted, 3 edited, 4 rejected."""
    with open_store(tmp_path / "s.db") as opened:
        fill(opened)
        yield opened


def everything(store: Store) -> tuple[list[Link], int]:
    return list(store.links()), len(store.decisions())


def exported(store: Store, folder: Path, suffix: str, options: ExportOptions = ALL) -> Path:
    out = folder / f"out.{suffix}"
    export_store(store, out, None, options)
    return out


def changed(path: Path, old: str, new: str) -> None:
    """Edit a text file the way a person would."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_nobody_touched_changes_nothing(store: Store, tmp_path: Path, suffix: str) -> None:
    before = everything(store)
    report = import_file(store, exported(store, tmp_path, suffix), "bea")
    assert report.rows == report.same == 6
    assert not report.decided
    assert everything(store) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_turned_export_changes_nothing_either(store: Store, tmp_path: Path, suffix: str) -> None:
    before = everything(store)
    options = ExportOptions(statuses=frozenset(Status), src="en", lang_map={"ja": "ja-JP"})
    report = import_file(store, exported(store, tmp_path, suffix, options), "bea")
    assert (report.rows, report.same) == (6, 6)
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
    rows = {int(row[0].value): row[0].row for row in sheet.iter_rows(min_row=2)}

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
    Desk(store, "ada").edit(5, "tgt", "A wind blows.")
    Desk(store, "ada").edit(6, "tgt", "The day breaks.")
    Desk(store, "ada").note(1, "from here")
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
    with out.open("a", encoding="utf-8") as file:
        file.write("99\taccepted\tja\ten\t知らない。\tUnknown.\n")
    report = import_file(store, out, "bea")
    assert [row.sides[1].text for row in report.strangers] == ["Unknown."]
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
        assert len(report.strangers) == 6
        assert everything(other) == before


def test_a_table_that_a_spreadsheet_saved_as_utf_16_is_read(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    out.write_text(out.read_text(encoding="utf-8").replace("Wind blows.", "Winds."), encoding="utf-16")
    assert import_file(store, out, "bea").decided == {"text edited": 1}


def test_a_workbook_that_unpacks_without_end_is_refused(store: Store, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    with pytest.raises(ReadError, match="unpacks to"):
        import_file(store, bomb, "bea")


FOREIGN = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "http://example.invalid/tmx14.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<tmx version="1.4"><header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en"
 srclang="EN-US" datatype="plaintext"/><body>
<tu><tuv xml:lang="EN-US"><seg>A <bpt i="1">&lt;b></bpt>bold<ept i="1">&lt;/b></ept> word.</seg></tuv>
<tuv xml:lang="zh_TW"><seg>一個粗體字。</seg></tuv><tuv xml:lang="ja"><seg>太字&x;。</seg></tuv></tu>
<tu><tuv lang="EN-US"><seg>Two.</seg></tuv><tuv lang="ja"><seg>二。</seg></tuv></tu>
</body></tmx>"""


def test_a_foreign_memory_becomes_documents_with_accepted_links(tmp_path: Path) -> None:
    path = tmp_path / "foreign.tmx"
    path.write_text(FOREIGN, encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert report.adopted is not None
        assert report.adopted.links == 3
        names = [row.name.rpartition(" ")[2] for row in store.documents()]
        assert names == ["[en-US]", "[zh-Hant]", "[ja]"]
        links = list(store.links())
        assert {(link.src.text, link.tgt.text) for link in links} == {
            ("A bold word.", "一個粗體字。"), ("A bold word.", "太字&x;。"), ("Two.", "二。")
        }  # fmt: skip
        assert {link.status for link in links} == {Status.ACCEPTED}
        assert not any("root:" in store.text(row.id) for row in store.documents()), "nothing external is read"
        again = import_file(store, path, "bea")
        assert again.adopted is None
        assert (again.same, len(store.documents())) == (2, 3)


TABLES = {
    "named": "id\tsrc\ttgt\n1\t霧が出る。\tFog rises.\n2\t山へ行く。\tWe climb up the hill.\n",
    "coded": "JA\ten-GB\n霧が出る。\tFog rises.\n山へ行く。\tWe climb up the hill.\n",
    "headed": "原文\t訳文\n霧が出る。\tFog rises.\n山へ行く。\tWe climb up the hill.\n",
    "bare": "1\t霧が出る。\tFog rises.\n2\t山へ行く。\tWe climb up the hill.\n",
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_another_tool_s_table_becomes_documents_with_links(tmp_path: Path, name: str) -> None:
    path = tmp_path / "table.tsv"
    path.write_text(TABLES[name], encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        assert report.adopted is not None
        assert [(link.src.text, link.tgt.text, link.status) for link in store.links()] == [
            ("霧が出る。", "Fog rises.", Status.PROPOSED), ("山へ行く。", "We climb up the hill.", Status.PROPOSED)
        ]  # fmt: skip
        if name != "named":
            assert [link.src.lang for link in store.links()] == ["ja", "ja"]


def test_a_table_is_cut_alike_whether_added_or_imported(tmp_path: Path) -> None:
    pairs = [("Fog rises.", "霧が出る。"), ('"Up the hill, he said.', "山へ行く。"), ("It rains.", "雨が降る。")]
    path = tmp_path / "table.tsv"
    path.write_text("".join(f"{src}\t{tgt}\r" for src, tgt in pairs), encoding="utf-8", newline="")
    (taken,) = add(tmp_path / "s.db", [str(path)])
    assert (taken.outcome, taken.links) == ("added", 3)
    with open_store(tmp_path / "s.db") as store:
        assert [(link.src.text, link.tgt.text) for link in store.links()] == pairs


def test_a_spreadsheets_quotes_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text('"She said ""fog""."\t霧が出る。\n"Up, up the hill."\t山へ行く。\n', encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.src.text for link in store.links()] == ['She said "fog".', "Up, up the hill."]


OTHERS = Path(__file__).parent / "foreign"
"""Files as other tools write them."""
THEIRS = {
    "cat.xlf": [
        ("en-GB", "The fog rises.", "ja", "霧が出る。", Status.ACCEPTED),
        ("en-GB", "We climb. Up.", "ja", "登る。上へ。", Status.PROPOSED),
    ],
    "cat.xlf2": [
        ("en", "Fog rises.", "fr", "Le brouillard monte.", Status.ACCEPTED),
        ("en", "We climb.", "fr", "Nous montons.", Status.PROPOSED),
    ],
    "git.po": [
        ("en", "file %s not found", "de", "Datei %s nicht gefunden", Status.ACCEPTED),
        ("en", "one file", "de", "eine Datei", Status.ACCEPTED),
        ("en", "%d files", "de", "%d Dateien", Status.ACCEPTED),
        ("en", "long line", "de", "lange Zeile", Status.PROPOSED),
    ],
}
"""What has a translation, segment by segment and form by form; what is obsolete is left out, and said."""


@pytest.mark.parametrize("name", THEIRS)
def test_what_other_tools_write_becomes_documents_with_links(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((OTHERS / name).read_bytes())
    with open_store(tmp_path / "s.db") as store:
        report = import_file(store, path, "bea")
        found = [(x.src.lang, x.src.text, x.tgt.lang, x.tgt.text, x.status) for x in store.links()]
        assert found == THEIRS[name]
        assert report.adopted is not None
        assert report.adopted.rejected == (name == "git.po")
        again = import_file(store, path, "bea")
        assert again.adopted is None
        assert len(list(store.links())) == len(found)


def test_a_foreign_workbook_and_csv_become_documents_with_links(tmp_path: Path) -> None:
    pairs = [("霧が出る。", "Fog rises."), ("山へ行く。", "We climb up the hill.")]
    book = openpyxl.Workbook()
    book.active.append(["Source", "Target", "Comment"])
    for src, tgt in pairs:
        book.active.append([src, tgt, 7])
    book.save(tmp_path / "table.xlsx")
    (tmp_path / "table.csv").write_text(
        "Source;Target\r\n" + "".join(f'"{src}";"{tgt}"\r\n' for src, tgt in pairs), encoding="utf-8-sig"
    )
    for name in ("table.xlsx", "table.csv"):
        with open_store(tmp_path / f"{name}.db") as store:
            import_file(store, tmp_path / name, "bea")
            assert [(link.src.text, link.tgt.text) for link in store.links()] == pairs, name
            assert {(link.src.lang, link.tgt.lang) for link in store.links()} == {("ja", "en")}


def test_a_tool_that_cuts_our_unit_brings_it_back_whole(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "xlf2")
    whole = '<source xml:space="preserve">山へ行く。</source><target xml:space="preserve">We climb.</target>'
    cut = "<source>山へ</source><target>We </target></segment><segment><source>行く。</source><target>climb.</target>"
    changed(out, whole, cut)
    report = import_file(store, out, "bea")
    assert (report.rows, report.same) == (6, 6)


def test_a_dry_run_says_and_does_nothing(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    changed(out, "Wind blows.", "The wind blows.")
    before = everything(store)
    assert import_file(store, out, "bea", dry_run=True).decided == {"text edited": 1}
    assert everything(store) == before


def without_header(path: Path) -> None:
    path.write_text("a\tb\n1\t2\n", encoding="utf-8")


def not_well_formed(path: Path) -> None:
    path.write_text("<tmx><body>", encoding="utf-8")


def not_tmx(path: Path) -> None:
    path.write_text("<html/>", encoding="utf-8")


def not_utf8(path: Path) -> None:
    path.write_bytes(b"src\ttgt\n" + 20 * "霧が出る。\tFog rises.\n".encode() + b"\xff\n")


def not_json(path: Path) -> None:
    path.write_text(json.dumps({"id": 1}) + "\n", encoding="utf-8")


def not_a_book(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 no")


def a_number_for_a_note(path: Path) -> None:
    sides = {side: {"text": "Good day.", "lang": "en"} for side in ("src", "tgt")}
    path.write_text(json.dumps({"id": 1, "note": 5, **sides}) + "\n", encoding="utf-8")


def a_number_for_a_stamp(path: Path) -> None:
    sides = {side: {"text": "Good day.", "lang": "en"} for side in ("src", "tgt")}
    path.write_text(json.dumps({"id": 1, "stamp": 5, **sides}) + "\n", encoding="utf-8")


def a_sheet_cut_short(path: Path) -> None:
    """A workbook whose parts unpack, but whose sheet ends in the middle of a row."""
    book = openpyxl.Workbook()
    for _ in range(200):
        book.active.append(["src", "tgt"])
    book.save(path)
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as cut:
        for name, content in parts.items():
            cut.writestr(name, content[: len(content) // 2] if name.endswith("sheet1.xml") else content)


@pytest.mark.parametrize(
    ("suffix", "spoil", "says"),
    [
        ("tsv", without_header, "src"),
        ("tmx", not_well_formed, ":1:"),
        ("tmx", not_tmx, "html"),
        ("xlf", not_tmx, "html"),
        ("tsv", not_utf8, "UTF-8"),
        ("csv", not_utf8, "UTF-8"),
        ("jsonl", not_json, ":1"),
        ("jsonl", a_number_for_a_note, "note"),
        ("jsonl", a_number_for_a_stamp, "stamp"),
        ("xlsx", not_a_book, "xlsx"),
        ("xlsx", a_sheet_cut_short, "broken workbook"),
        ("po", not_tmx, ":1"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_written(
    store: Store, tmp_path: Path, suffix: str, spoil: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / f"broken.{suffix}"
    spoil(path)
    before = everything(store)
    with pytest.raises(ReadError, match=re.escape(str(path))) as told:
        import_file(store, path, "bea")
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert everything(store) == before


def test_a_missing_file_and_an_unknown_suffix(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        import_file(store, tmp_path / "no.tmx", "bea")
    (tmp_path / "x.docx").write_text("x")
    with pytest.raises(UsageError, match="--from"):
        import_file(store, tmp_path / "x.docx", "bea")


UNIT = re.compile(r"(<tuv .*?</tuv>)(<tuv .*?</tuv>)", re.DOTALL)


@pytest.mark.parametrize("options", [ALL, ExportOptions(statuses=ALL.statuses, lang_map={"ja": "jpn", "en": "eng"})])
def test_the_order_of_languages_in_a_unit_is_the_tools(store: Store, tmp_path: Path, options: ExportOptions) -> None:
    out = exported(store, tmp_path, "tmx", options)
    text = UNIT.sub(r"\2\1", out.read_text(encoding="utf-8"))
    out.write_text(text.replace("Wind blows.", "The wind blows."), encoding="utf-8")
    report = import_file(store, out, "bea", new="never")
    assert (report.decided, report.same, report.strangers) == ({"text edited": 1}, 5, [])
    assert (store.link(5).src.text, store.link(5).tgt.text) == ("風が吹く。", "The wind blows.")
    bare = re.sub(r"<prop.*?</prop>|<note>.*?</note>", "", text)
    out.write_text(bare, encoding="utf-8")
    again = import_file(store, out, "bea", new="never")
    assert (again.decided, again.same, again.strangers) == ({}, 6, []), "an older file without its props"


def test_a_side_in_the_language_of_the_other_is_no_edit(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tmx")
    changed(out, "<seg>風が吹く。</seg>", "<seg>A wind.</seg>")
    text = out.read_text(encoding="utf-8")
    out.write_text(re.sub('"ja"(?=(?:(?!</tuv>).)*A wind)', '"en"', text, flags=re.DOTALL), encoding="utf-8")
    before = everything(store)
    report = import_file(store, out, "bea")
    assert [row.sides[0].text for row in report.strangers] == ["A wind."]
    assert everything(store) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_whole_blocks_are_left_out_and_said(store: Store, tmp_path: Path, suffix: str) -> None:
    store.add_document(document("one.txt", ["一つ。"], "ja"))
    store.add_document(document("two.txt", ["One.", "More of it."], "en"))
    link_up_first(store, 3, 4)
    before = everything(store)
    out = exported(store, tmp_path, suffix, ExportOptions(statuses=ALL.statuses, kinds=ALL.kinds, level="block"))
    report = import_file(store, out, "bea")
    assert (report.blocks, report.strangers, report.adopted) == (4, [], None)
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
    assert [row.sides[1].text for row in report.strangers] == ["Fog rises. We climb. It rains."]
    assert not report.decided


def test_an_edit_does_not_overrule_a_rejection_made_meanwhile(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    Desk(store, "ada").reject(2)
    changed(out, "We climb.", "Up we go.")
    report = import_file(store, out, "bea")
    assert not report.decided
    assert [(c.link, c.what, c.ours, c.theirs) for c in report.conflicts] == [
        (2, "tgt text", "We climb.", "Up we go."), (2, "status", "rejected", "edited")
    ]  # fmt: skip
    assert (store.link(2).status, store.link(2).tgt.text) == (Status.REJECTED, "We climb.")


def test_an_old_export_does_not_bring_back_what_a_page_said_before(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    store.add_document(document("en.txt", ["A new line.", "Fog rises.", "We climb up.", *EN[2:]], "en"))
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


def test_what_was_not_understood_is_said(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    changed(out, "5\tproposed\t", "5\tacepted\t")
    changed(out, "\tDay breaks.\t", "\t\t")
    report = import_file(store, out, "bea")
    assert (report.same, report.decided) == (4, {})
    assert [line for line in report.lines() if line.startswith("Not taken")] == [
        "Not taken over: row 6, status 'acepted': there is none such.",
        "Not taken over: row 7, tgt: empty. Reject the link instead.",
    ]


@pytest.mark.parametrize("suffix", ["jsonl", "tsv", "csv", "xlsx", "parquet"])
def test_sentences_without_a_partner_are_not_strangers(store: Store, tmp_path: Path, suffix: str) -> None:
    store.add_document(document("en.txt", [*EN, "And a line more."], "en"))
    before = everything(store)
    options = ExportOptions(statuses=ALL.statuses, kinds=ALL.kinds, with_nulls=True)
    report = import_file(store, exported(store, tmp_path, suffix, options), "bea")
    assert (report.rows, report.same, report.strangers) == (7, 6, [])
    assert everything(store) == before


def test_notes_of_a_foreign_memory_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "foreign.tmx"
    path.write_text(FOREIGN.replace("<tu><tuv lang", "<tu><note>why two?</note><tuv lang"), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.note for link in store.links()] == [None, None, "why two?"]
        again = import_file(store, path, "bea")
        assert (again.same, again.decided) == (2, {})


PAIRS = [("霧が出る。", "Fog rises."), ("山へ行く。", "We climb up the hill."), ("川を渡る。", "We cross the river.")]


@pytest.mark.parametrize("asked", [None, "shift_jis"])
def test_a_table_in_another_encoding_is_read(tmp_path: Path, asked: str | None) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("".join(f"{src},{tgt}\r\n" for src, tgt in PAIRS * 5).encode("cp932"))
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea", encoding=asked)
        assert [(link.src.text, link.tgt.text) for link in store.links()] == PAIRS * 5


def test_a_po_file_says_its_encoding_and_is_from_english(tmp_path: Path) -> None:
    path = tmp_path / "fr.po"
    path.write_bytes(
        'msgid ""\nmsgstr ""\n"Language: fr\\n"\n"Content-Type: text/plain; charset=ISO-8859-15\\n"\n\n'
        'msgid "ox"\nmsgstr "b\u0153uf, \u20ac"\n'.encode("iso8859-15")
    )
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [(x.src.lang, x.tgt.lang, x.tgt.text) for x in store.links()] == [("en", "fr", "b\u0153uf, \u20ac")]


def test_a_table_of_three_languages_keeps_all(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    path.write_text("id\ten\tde\tfr\n1\tOne.\tEins.\tUn.\n2\tTwo.\tZwei.\t\n", encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert {(link.tgt.lang, link.src.text, link.tgt.text) for link in store.links()} == {
            ("de", "One.", "Eins."), ("de", "Two.", "Zwei."), ("fr", "One.", "Un.")
        }  # fmt: skip
        assert import_file(store, path, "bea").adopted is None


def test_what_another_tool_wrote_is_not_unescaped(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    rows = [("C:\\new\\temp", "C:\\new\\tmp"), ("'-quoted", "'=zitiert"), ('He said "no".', 'Er sagte "nein".')]
    path.write_text("en\tde\n" + "".join(f"{src}\t{tgt}\n" for src, tgt in rows), encoding="utf-8")
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [(link.src.text, link.tgt.text) for link in store.links()] == rows


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


@pytest.mark.parametrize("name", ["memory.xml", "memory.sdlxliff"])
def test_the_root_says_the_format_where_the_name_does_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FOREIGN, encoding="utf-8")
    if path.suffix == ".sdlxliff":
        path.write_bytes((OTHERS / "cat.xlf").read_bytes())
    with open_store(tmp_path / "s.db") as store:
        assert import_file(store, path, "bea").adopted is not None


def test_the_help_names_every_format_that_can_be_imported() -> None:
    assert sorted(FORMATS.split(", ")) == importable()


@pytest.mark.parametrize("name", ["CHARSET", "hex", "nonsense"])
def test_a_po_file_that_names_no_encoding_is_read_as_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "ja.po"
    path.write_text(
        f'msgid ""\nmsgstr "Language: ja\\n"\n"Content-Type: text/plain; charset={name}\\n"\n\n'
        'msgid "fog"\nmsgstr "霧"\n',
        encoding="utf-8",
    )
    with open_store(tmp_path / "s.db") as store:
        import_file(store, path, "bea")
        assert [link.tgt.text for link in store.links()] == ["霧"]
