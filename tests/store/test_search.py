"""Words in every script, on either side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.errors import UsageError
from align.models import Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store
from align.store.search import find_terms, folded, index_tokens, parse
from align.workspace.concordance import search
from tests.store.conftest import make_document

MORE = {
    "zh.txt": ("zh-Hant", ["山間的霧氣很重。", "東京的雾气散了。", "無關的句子。"]),
    "mixed.txt": ("ja", ["Python入門という本。", "ガラスの靴。", "ｶﾞﾗｽの瓶。", "東京都庁。", "50%_引き。"]),
    "de.txt": ("de", ["Die Straße war naß.", "CAFÉ am See.", "Ein Nebelmeer."]),
    "th.txt": ("th", ["หมอกลงจัด"]),
    "ko.txt": ("ko", ["안개가 짙었다."]),
}


@pytest.fixture
def many(store: Store) -> Store:
    for name, (lang, texts) in MORE.items():
        store.add_document(make_document(name, texts, lang))
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("霧", ["霧が出る。", "山間的霧氣很重。", "東京的雾气散了。"]),  # One character.
        ("雾气", ["山間的霧氣很重。", "東京的雾气散了。"]),  # Two, in both written forms.
        ("霧氣很重", ["山間的霧氣很重。"]),
        ("霧氣很輕", []),
        ("東京", ["東京的雾气散了。", "東京都庁。"]),
        ("京都", ["東京都庁。"]),
        ("庁", ["東京都庁。"]),  # The last of a run.
        ("python", ["Python入門という本。"]),
        ("Python入門", ["Python入門という本。"]),
        ("入門python", []),
        ("ガラス", ["ガラスの靴。", "ｶﾞﾗｽの瓶。"]),
        ("カラス", []),
        ("strasse", ["Die Straße war naß."]),
        ("cafe see", ["CAFÉ am See."]),
        ("nebel", ["Ein Nebelmeer."]),
        ('"nebel"', []),
        ('"fog rises"', ["Fog rises."]),
        ('"rises fog"', []),
        ("rises fog", ["Fog rises."]),
        ("fog 出る", ["霧が出る。", "Fog rises."]),  # Each word on its own side of the link.
        ("หมอก", ["หมอกลงจัด"]),
        ("안개", ["안개가 짙었다."]),
        ("개가", ["안개가 짙었다."]),
        ("50%_", ["50%_引き。"]),
        ("%", ["50%_引き。"]),
        ('" OR 1', []),
        ("fog* NOT rises", []),
    ],
)
def test_what_is_found(many: Store, query: str, found: list[str]) -> None:
    hits = [shown.text for hit in search(many, query) for shown in hit.sides if shown.marks]
    assert sorted(hits) == sorted(found)


def test_a_hit_has_its_partner_and_its_surroundings(many: Store) -> None:
    (hit,) = search(many, "climb")
    assert hit.link is not None
    assert [(shown.lang, shown.text) for shown in hit.sides] == [("en", "We climb."), ("ja", "山へ行く。")]
    assert (hit.sides[0].before, hit.sides[0].after) == ("Fog rises.", "We cross the river.")
    assert [hit.sides[0].text[a:b] for a, b in hit.sides[0].marks] == ["climb"]


def test_filters_narrow(many: Store) -> None:
    Reviewer(many, "ada").commit(edits.accept(2))
    assert len(list(search(many, "行く", LinkFilter(statuses=frozenset({Status.ACCEPTED}))))) == 1
    assert len(list(search(many, "行く", LinkFilter(src_lang="zh")))) == 0
    assert many.count(LinkFilter(text="climb", reviewer="ada")) == 1
    assert many.count(LinkFilter(text="climb", reviewer="bo")) == 0


def test_a_reviewers_wording_is_found(many: Store) -> None:
    Reviewer(many, "ada").commit(edits.edit_text(1, "tgt", "The mist is rising."))
    assert [link.id for link in many.links(LinkFilter(text="mist"))] == [1]


def test_changed_and_removed_texts_leave_the_index(many: Store) -> None:
    number = next(row.id for row in many.documents() if row.name == "zh.txt")
    many.add_document(make_document("zh.txt", ["新的句子。", "無關的句子。"], "zh-Hant"))
    assert list(search(many, "雾气")) == []
    assert len(list(search(many, "新的"))) == 1
    Reviewer(many, "ada").remove_document(number)
    assert list(search(many, "新的")) == []
    many.compact()
    assert list(search(many, "新的")) == []
    assert many.check() == []


def test_nothing_to_look_for(many: Store) -> None:
    with pytest.raises(UsageError, match="the query is empty"):
        list(search(many, '  ""'))


@given(st.text(max_size=30))
def test_marks_lie_in_the_text_and_folding_never_fails(text: str) -> None:
    flat, places = folded(text)
    assert len(flat) == len(places)
    assert all(0 <= place < len(text) for place in places)
    index_tokens(text)
    for start, end in find_terms(text, parse(text[:5])):
        assert 0 <= start < end <= len(text)


@given(st.text(alphabet="霧雾气氣東京ab é。", min_size=1, max_size=8))
def test_a_text_is_found_by_its_words(text: str) -> None:
    for term in parse(text):
        if term.match:
            assert find_terms(text, [term])


def test_words_are_gathered_once_and_anew_when_they_may_stand_elsewhere(
    store: Store, reviewer: Reviewer, tmp_path: Path
) -> None:
    def gathered() -> int:
        return store.db.execute("select gathered from temp.hits_of").fetchone()[0]

    foggy = LinkFilter(text="we")
    with open_store(tmp_path / "s.db") as other:
        assert (store.count(foggy), store.undecided(foggy)[0]) == (2, 2)
        first = gathered()
        Reviewer(other, "bo").commit(edits.accept(2))
        assert (store.count(foggy), store.undecided(foggy)[0]) == (2, 1)
        assert store.next_undecided(None, foggy) == 3
        assert [link.id for link in store.at(0, 9, replace(foggy, statuses=frozenset({Status.ACCEPTED})))] == [2]
        assert gathered() == first, "a verdict changes no words"
        Reviewer(other, "bo").undo()
        assert store.undecided(foggy)[0] == 2
        assert gathered() == first
        Reviewer(other, "bo").commit(edits.edit_text(1, "tgt", "We see fog rising."))
        assert [link.id for link in store.at(0, 9, foggy)] == [1, 2, 3]
        assert gathered() > first
        assert [store.rank(number, foggy) for number in (1, 2, 3)] == [0, 1, 2]
        whole = [link.id for link in store.links(foggy, order="doubt")]
        assert [link.id for link in store.at(0, 9, foggy, order="doubt")] == whole
        assert [store.rank(number, foggy, order="doubt") for number in whole] == [0, 1, 2]
        assert [store.next_link(number, foggy, order="doubt") for number in whole] == [*whole[1:], whole[0]]
        store.propose(1, 2, [], "use")
        assert store.count(foggy) == 1


def test_words_are_found_in_a_store_that_is_only_read(store: Store, tmp_path: Path) -> None:
    with open_store(tmp_path / "s.db", readonly=True) as reader:
        foggy = LinkFilter(text="we")
        assert [link.id for link in reader.at(0, 9, foggy)] == [2, 3]
        assert reader.undecided(foggy)[0] == 2
