"""Laws of showing text in a terminal: the width counted is the width painted, and nothing in a text can do harm."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from align.text.width import NO_END, NO_START, cells, clusters, fit, shown, wrap

HARD = "か\u3099e\u0301👨‍👩‍👧🇯🇵👍🏽❤️\u202e\u2066\u200b\x1b\x07\x9b\x00\t\n。」「、（）[b]漢字カナabc 123 \ud800"
texts = st.one_of(st.text(alphabet=HARD, max_size=60), st.text(max_size=60))


@given(texts)
def test_clusters_cover_every_character_once(text: str) -> None:
    at = 0
    for cluster in clusters(text):
        assert cluster.start == at < cluster.end
        at = cluster.end
    assert at == len(text)


@given(texts)
def test_counted_width_is_painted_width(text: str) -> None:
    assert cells(text) == sum(cell_len(cluster.shown) for cluster in clusters(text))


@given(texts)
def test_shown_text_is_harmless(text: str) -> None:
    form = shown(text)
    form.encode("utf-8")
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in form)
    assert not set(form) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200d\u200b")


@given(texts, st.integers(1, 40))
def test_fit_takes_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(texts, st.integers(2, 40))
def test_wrap_keeps_every_character_that_is_no_space(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(line.width <= width for line in lines)
    assert all(a.end <= b.start for a, b in itertools.pairwise(lines))
    kept = "".join(text[line.start : line.end] for line in lines)
    assert "".join(kept.split()) == "".join(text.split())


@given(st.text(alphabet="漢字かな交じり文。」「、（）！？々っー", max_size=80), st.integers(12, 40))
def test_no_line_begins_with_a_closing_or_ends_with_an_opening_mark(text: str, width: int) -> None:
    lines = wrap(text, width)
    for line, following in itertools.pairwise(lines):
        before, after = text[line.end - 1], text[following.start]
        if before in NO_END or after in NO_START:  # only where a whole line is one unbreakable run
            run = text[line.start : line.end + 1]
            assert all(a in NO_END or b in NO_START for a, b in itertools.pairwise(run))


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("彼は「はい」と言った。", 8, ["彼は「は", "い」と", "言った。"]),
        ("one two three", 7, ["one two", "three"]),
        ("会談は2013年11月に", 9, ["会談は", "2013年11", "月に"]),
        ("あいう「えお", 8, ["あいう", "「えお"]),
        ("antidisestablishment", 8, ["antidise", "stablish", "ment"]),
        ("", 10, [""]),
    ],
)
def test_wrap_by_example(text: str, width: int, expected: list[str]) -> None:
    assert [text[line.start : line.end] for line in wrap(text, width)] == expected


def test_brackets_are_letters() -> None:
    assert shown("[b]bold[/b]") == "[b]bold[/b]"


def test_a_skin_tone_or_flag_has_one_width_everywhere() -> None:
    assert (shown("👍🏽"), shown("🇯🇵"), shown("👨‍👩‍👧")) == ("👍", "JP", "👨👩👧")
