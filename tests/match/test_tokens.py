"""Numbers, dates, eras, words and Han characters as both sides write them."""

from __future__ import annotations

import pytest

from align.match.tokens import numbers, numeral, shared, tokens


@pytest.mark.parametrize("text", ["令和6年の春", "2024年の春", "民國113年", "in 2024", "二〇二四年"])
def test_one_year_in_every_calendar(text):
    assert "#2024" in numbers(text)


@pytest.mark.parametrize(
    ("written", "value"),
    [("二十三", 23), ("千二百三十四", 1234), ("1万2000", 12000), ("3億", 3e8), ("百", 100), ("3.5億", 3.5e8)],
)
def test_han_numerals(written, value):
    assert numeral(written) == value


@pytest.mark.parametrize(
    ("text", "token"), [("1,234 people", "#1234"), ("1.234 Leute", "#1234"), ("3 million", "#3000000")]
)
def test_numbers_as_they_are_written_elsewhere(text, token):
    assert token in numbers(text)


def test_months_are_numbers_and_han_is_folded():
    assert "#10" in tokens("On 31 October", latin=False)[0]
    assert "#10" in tokens("10月31日", latin=False)[0]
    assert set(tokens("會議", latin=False)[1]) & set(tokens("会議", latin=False)[1])


def test_only_what_both_hold_is_shared_and_rare_tokens_weigh_more():
    found = shared([["a", "b"], ["a"], ["a"]], [["a"], ["b", "a"], ["a"]])
    pairs = {(int(i), int(j)) for i, j in zip(found.src, found.tgt, strict=True)}
    assert (0, 1) in pairs
    weights = {(int(i), int(j)): float(w) for i, j, w in zip(found.src, found.tgt, found.weight, strict=True)}
    assert weights[2, 2] < sum(w for (i, j), w in weights.items() if (i, j) == (0, 1)) + 1e-9
    assert list(found.src) == sorted(found.src)
