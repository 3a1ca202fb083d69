"""Numbers, dates, eras, words and Han characters as both sides write them."""

from __future__ import annotations

import pytest

from align.aligner.tokens import extract_tokens, pair_tokens


@pytest.mark.parametrize("text", ["令和6年の春", "2024年の春", "民國113年", "in 2024", "二〇二四年"])
def test_a_number_is_a_token_of_its_value(text):
    assert "#2024" in extract_tokens(text, latin=False)[0]


def test_a_number_word_is_no_number_where_translations_may_lack_it():
    numbers, words = extract_tokens("one of twenty-five", latin=True)
    assert numbers == ("#25",)
    assert "one" in words
    assert "twenty" not in words


def test_months_are_numbers_and_han_is_folded():
    assert "#10" in extract_tokens("On 31 October", latin=False)[0]
    assert "#10" in extract_tokens("10月31日", latin=False)[0]
    assert set(extract_tokens("會議", latin=False)[1]) & set(extract_tokens("会議", latin=False)[1])


def test_only_what_both_hold_is_shared_and_rare_tokens_weigh_more():
    found = pair_tokens([["a", "b"], ["a"], ["a"]], [["a"], ["b", "a"], ["a"]])
    pairs = {(int(i), int(j)) for i, j in zip(found.src, found.tgt, strict=True)}
    assert (0, 1) in pairs
    weights = {(int(i), int(j)): float(w) for i, j, w in zip(found.src, found.tgt, found.weight, strict=True)}
    assert weights[2, 2] < sum(w for (i, j), w in weights.items() if (i, j) == (0, 1)) + 1e-9
    assert list(found.src) == sorted(found.src)
