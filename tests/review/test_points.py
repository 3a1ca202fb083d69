"""Where a side can be split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.review.split_points import SplitPoint, clause_points, nearest_point, share, split_points, step, word_points

JA = ["会議は、東京で開かれた。", "両国は合意した。"]
EN = ["The talks, held in Tokyo, cost 1,500 yen.", "Both agreed."]


def test_every_point_has_text_on_both_sides() -> None:
    found = split_points(JA)
    assert found[0] == SplitPoint(0, 1)
    assert SplitPoint(1, 0) in found
    assert len(found) == len("".join(JA)) - 1
    assert split_points(["a"]) == []
    assert SplitPoint(0, 3) not in split_points(["a b c"][:1] and ["abc d"]), "a blank belongs to what stands before it"


def test_clusters_are_not_cut() -> None:
    assert split_points(["か\u3099き"]) == [SplitPoint(0, 2)]


def test_stops_are_where_clauses_begin() -> None:
    assert [JA[n][at:][:2] for n, at in clause_points(JA, split_points(JA))] == ["東京", "両国"]
    assert [EN[n][at:].split()[0] for n, at in clause_points(EN, split_points(EN))] == ["held", "cost", "Both"]


def test_the_middle_is_at_a_clause_where_one_is_near() -> None:
    assert nearest_point(JA, 0.5, split_points(JA)) == SplitPoint(1, 0)
    assert nearest_point(EN[:1], 0.2, split_points(EN[:1])) == SplitPoint(0, 11)
    assert nearest_point(["abcd efgh ijkl"], 0.5, split_points(["abcd efgh ijkl"])) == SplitPoint(0, 5)
    assert nearest_point(["これは長い文である"], 0.5, split_points(["これは長い文である"])).character in (4, 5)


def test_words_begin_after_blanks() -> None:
    assert [EN[n][at:].split()[0] for n, at in word_points(EN, split_points(EN))][:4] == [
        "talks,",
        "held",
        "in",
        "Tokyo,",
    ]


def test_steps_end_at_the_ends() -> None:
    found = split_points(JA)
    assert step(found, found[-1], 1) == found[-1]
    assert step(found, found[0], -1) == found[0]
    assert step(clause_points(JA, found), SplitPoint(0, 2), 1) == SplitPoint(0, 4)
    assert step(clause_points(JA, found), SplitPoint(0, 6), -1) == SplitPoint(0, 4)


@given(st.lists(st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip())), min_size=1, max_size=3))
def test_any_text_has_points_in_order(texts: list[str]) -> None:
    found = split_points(texts)
    assert found == sorted(set(found))
    if found:
        assert nearest_point(texts, 0.5, found) in found
        assert all(0 <= share(texts, point) <= 1 for point in found)
        for by in (1, -1):
            assert step(found, found[0], by) in found


@pytest.mark.parametrize("texts", [JA, EN])
def test_stops_are_points(texts: list[str]) -> None:
    assert set(clause_points(texts, split_points(texts))) <= set(split_points(texts))
