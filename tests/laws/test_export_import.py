"""Export then import changes nothing, whatever the texts; and an edit made outside comes back as it was made."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from align.exchange.export import export_store
from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.text.normalize import clean
from tests.exchange.conftest import document, link_up
from tests.laws.test_export_round_trip import TEXTS

IMPORTABLE = ["jsonl", "tmx", "xliff", "xliff2", "tsv", "csv", "xlsx", "po"]
ANY = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind))
LINES = TEXTS.map(lambda text: " ".join(text.split())).filter(clean)
WORDINGS = LINES.filter(lambda text: len(text) < 200 and not any("\ud800" <= c <= "\udfff" for c in text))
"""What can be typed into a program: no half surrogate pairs."""


@st.composite
def stores(draw: st.DrawFn) -> tuple[list[str], list[str], list[tuple[str, int, str]]]:
    """Texts of both documents, and what a reviewer does to their links."""
    count = draw(st.integers(1, 4))
    texts = st.lists(LINES, min_size=count, max_size=count)
    doings = st.tuples(st.sampled_from(["accept", "reject", "note", "edit"]), st.integers(1, count), WORDINGS)
    return draw(texts), draw(texts), draw(st.lists(doings, max_size=4))


def fill(store: Store, src: list[str], tgt: list[str], doings: list[tuple[str, int, str]]) -> None:
    one = store.add_document(document("src.txt", src, "ja")).document
    two = store.add_document(document("tgt.txt", tgt, "en")).document
    link_up(store, one, two, ("ja", "en"))
    reviewer = Reviewer(store, "ada")
    for what, link, text in doings:
        match what:
            case "accept":
                reviewer.commit(edits.accept(link))
            case "reject":
                reviewer.commit(edits.reject(link))
            case "note":
                reviewer.commit(edits.note(link, text))
            case "edit":
                reviewer.commit(edits.edit_text(link, "tgt", text))


@pytest.mark.parametrize("name", IMPORTABLE)
@settings(deadline=None, max_examples=10)
@given(filled=stores(), src=st.sampled_from([None, "en"]))
def test_export_then_import_changes_nothing(
    name: str, filled: tuple[list[str], list[str], list[tuple[str, int, str]]], src: str | None
) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s.db") as store:
        fill(store, *filled)
        before = list(store.links()), store.decisions()
        out = Path(folder) / "out"
        written = export_store(store, out, name, ExportOptions(ANY.statuses, ANY.kinds, src=src))
        report = import_file(store, out, "bea", form=name, new="never")
        assert (list(store.links()), store.decisions()) == before
        assert (report.same, report.unmatched, report.conflicts) == (written.units, [], [])


@pytest.mark.parametrize("name", ["jsonl", "tsv", "csv"])
@settings(deadline=None, max_examples=10)
@given(texts=st.lists(WORDINGS, min_size=1, max_size=3), wording=WORDINGS)
def test_an_edit_made_outside_comes_back_as_it_was_made(name: str, texts: list[str], wording: str) -> None:
    """A store that holds the edit exports what a tool would have saved; the store without it takes it in."""
    with tempfile.TemporaryDirectory() as folder:
        kept = []
        for db in ("here.db", "there.db"):
            with open_store(Path(folder) / db) as store:
                fill(store, texts, texts, [])
                if db == "there.db":
                    Reviewer(store, "tool").commit(edits.edit_text(1, "tgt", wording))
                kept.append(store.link(1).tgt.text)
                export_store(store, Path(folder) / f"{db}.out", name, ANY)
        edited = (Path(folder) / "there.db.out").read_bytes()
        edited = (
            edited.replace(b'"stamp": "s1', b'"was": "s1') if name == "jsonl" else edited.replace(b"stamp", b"was", 1)
        )
        (Path(folder) / "back").write_bytes(edited)
        with open_store(Path(folder) / "here.db") as store:
            import_file(store, Path(folder) / "back", "bea", form=name, new="never")
            assert store.link(1).tgt.text == kept[1]


@settings(deadline=None, max_examples=20)
@given(filled=stores(), data=st.data(), multilingual=st.booleans())
def test_import_does_not_ask_in_which_order_a_unit_names_its_languages(
    filled: tuple[list[str], list[str], list[tuple[str, int, str]]], data: st.DataObject, multilingual: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s.db") as store:
        fill(store, *filled)
        french = store.add_document(document("third.txt", filled[1], "ja")).document
        link_up(store, 1, french, ("ja", "ja"))
        before = list(store.links()), store.decisions()
        out = Path(folder) / "out.tmx"
        export_store(store, out, "tmx", ExportOptions(ANY.statuses, ANY.kinds, multilingual=multilingual))
        tree = etree.parse(out)
        for unit in tree.iter("tu"):
            for tuv in data.draw(st.permutations(unit.findall("tuv"))):
                unit.append(tuv)
        tree.write(out)
        report = import_file(store, out, "bea", new="never")
        assert (list(store.links()), store.decisions()) == before
        assert (report.same, report.unmatched, report.conflicts) == (report.units, [], [])
