"""Two versions of one language are aligned: by themselves where their tags differ in script, else on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from align.embeddings import Encoder, load_encoder
from align.errors import UsageError
from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.highlight import correspondences
from align.mining.mine import MiningReport, mine, sentences_of_store
from align.models import Status
from align.readers import read
from align.store import Store, open_store
from align.text.tags import is_other_variety
from align.workspace.propose import explain_no_links, propose
from align.workspace.realign import Realigner
from benchmarks.versions import cases, measured

READING = Path(__file__).parents[1] / "cases" / "reading"
HANS, HANT = ((READING / f"versions.zh-{script}.txt").read_text(encoding="utf-8") for script in ("hans", "hant"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The small multilingual encoder."""
    return load_encoder("use")


def filled(path: Path, **texts: str) -> Store:
    """A store of texts by name."""
    store = open_store(path / "s.db")
    for name, text in texts.items():
        store.add_document(read(f"{name}.txt", text.encode()))
    return store


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("zh-Hans", "zh-Hant", True), ("zh-TW", "zh-CN", True), ("sr-Cyrl", "sr-Latn", True), ("pt-BR", "pt-PT", True),
        ("pt", "pt-BR", False), ("en", "en", False), ("en-US", "de-DE", False), ("zh-Hant", "zh-TW", False),
        ("sr-Cyrl-RS", "sr-Latn-RS", True), ("es-419", "es-ES", True),
    ],
)  # fmt: skip
def test_varieties_differ_in_script_or_region(one: str, other: str, differ: bool) -> None:
    assert is_other_variety(one, other) is differ
    assert is_other_variety(other, one) is differ


def test_scripts_are_two_languages_by_themselves(tmp_path: Path, encoder: Encoder) -> None:
    with filled(tmp_path, hans=HANS, hant=HANT) as store:
        assert sum(pair.added for pair in propose(store, encoder)) == 8
        assert {(link.src.lang, link.tgt.lang) for link in store.links()} == {("zh-Hans", "zh-Hant")}
        report = export_store(store, tmp_path / "out.tmx", None, ExportOptions(statuses=frozenset(Status)))
        assert report.units == 8
        mining = MiningReport()
        assert len(list(mine(sentences_of_store(store), encoder, mining, min_confidence=0.1))) == 8
        assert mining.pairs == {"zh-Hans-zh-Hant": 8}


def test_a_page_with_both_scripts_is_aligned_with_itself(tmp_path: Path, encoder: Encoder) -> None:
    turns = [part for pair in zip(HANT.split("\n\n"), HANS.split("\n\n"), strict=True) for part in pair]
    with filled(tmp_path, page="\n\n".join(turns)) as store:
        assert sum(pair.added for pair in propose(store, encoder)) == 8
        links = list(store.links())
        assert {(link.src.lang, link.tgt.lang) for link in links} == {("zh-Hant", "zh-Hans")}
    with Realigner(tmp_path / "s.db", "use") as realigner:
        link = links[3]
        change = realigner.realign(
            link.src.document, link.tgt.document, forbidden=[(link.src.sentences, link.tgt.sentences)]
        )
    assert not any(set(one.src) & set(one.tgt) for one in change.added)


@pytest.mark.parametrize(("name", "least"), [("retold.en", 0.95), ("easy.de", 0.9)])
def test_retranslations_are_aligned_on_request(name: str, least: float) -> None:
    pair = next(pair for pair in cases() if pair[2] == name)
    assert len(pair[0]) == len(pair[1]) == 40
    assert json.loads(measured([pair], "use", same_language=True, langs=(None, None)))["f1"] >= least


def test_one_language_says_how_and_tmx_wants_tags_that_differ(tmp_path: Path, encoder: Encoder) -> None:
    sides = next(pair for pair in cases() if pair[2] == "retold.en")
    one, other = ("\n\n".join(line for line in side[:12] if line) for side in sides[:2])
    with filled(tmp_path, one=one, other=other) as store:
        assert not list(propose(store, encoder))
        assert "--same-language aligns documents of one language" in explain_no_links(store)
        assert sum(pair.added for pair in propose(store, encoder, same_language=True)) == 12
        options = ExportOptions(statuses=frozenset(Status), force=True)
        report = export_store(store, tmp_path / "out.tmx", None, options)
        assert report.units == 0
        assert "12 with both sides in en, which tmx cannot hold" in report.lines()[1]
        assert export_store(store, tmp_path / "out.tsv", None, options).units == 12
        store.set_language(store.documents()[1].id, "en-x-other")
        assert export_store(store, tmp_path / "out.tmx", None, options).units == 12
        sentences = list(sentences_of_store(store))
        found = list(mine(sentences, encoder, MiningReport(), same_language=True, min_confidence=0.1))
        assert len(found) >= 8
        assert {link.src.doc for link in found} == {"one.txt"}
    (tmp_path / "alone").mkdir()
    with filled(tmp_path / "alone", one=one) as store:
        with pytest.raises(UsageError, match="no two documents in one language"):
            list(mine(sentences_of_store(store), encoder, MiningReport(), same_language=True))
        with pytest.raises(UsageError, match="--same-language"):
            list(mine(sentences_of_store(store), encoder, MiningReport()))


def test_what_is_not_the_same_is_marked() -> None:
    def marked(src: str, tgt: str, lang: str, other: str) -> list[list[str]]:
        return [
            [text[mark.start : mark.end] for mark in marks if mark.role == "lonely"]
            for text, marks in zip((src, tgt), correspondences(src, tgt, lang, other), strict=True)
        ]

    assert marked("There were eleven.", "He had eleven.", "en", "en") == [["There", "were"], ["He", "had"]]
    assert marked("軟體與網路服務", "软件和网络服务", "zh-Hant", "zh-Hans") == [["體與", "路"], ["件和", "络"]]
    assert marked("Nothing happened.", "nothing happened!", "en", "en") == [[], []]
