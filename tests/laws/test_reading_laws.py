"""Laws of reading: nothing is lost, nothing overlaps, splitting settles, and any Unicode goes through."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.errors import ReadError
from align.models import BlockKind, Span
from align.readers import read
from align.readers.markdown import block_marks as markdown_marks
from align.readers.subtitles import block_marks as subtitle_marks
from align.text.han import fold
from align.text.language import identify
from align.text.normalize import clean, sentence_text
from align.text.segment import BlockMark, segment
from align.text.sentences import split

LANGS = st.sampled_from(["ja", "zh-Hant", "zh-Hans", "en", "de", "ko", "ru", "el", "th", "ar", "und"])
ANY = st.text(st.characters(codec=None), max_size=120)
"""Any code points, lone surrogates and controls among them."""
ALPHABET = st.sampled_from(
    ["「", "」", "『", "』", "（", "）", "(", ")", '"', "“", "”", "'", "。", "！", "？", ".", "!", "?", "…", "..", "．", "、", ",", ":",  # noqa: E501
     " ", "\n", "\n\n", "\r\n", "\t", "\u3000", "\u200b", "\ufeff", "●", "- ", "1. ", "2. ", "3. ", "////", "# ", "> ", "Mr", "U.S",  # noqa: E501
     "p.m", "No", "日本", "語", "の", "と", "は", "中國", "国", "한국", "다", "the", "The", "said", "A", "x", "12", "2013.11.02",  # noqa: E501
     "http://a.b/c", "a+1.jpg", "新聞", "Дом", "и", "ไทย", "\x00", "\u202e", "\ud800", "🙂", "**", "[a](b)", "-->", "00:00:01,000"]  # noqa: E501
)  # fmt: skip
WRITTEN = st.lists(ALPHABET, max_size=60).map("".join)
"""Texts made of what decides something somewhere."""
TEXTS = ANY | WRITTEN


def visible(text: str) -> str:
    """`text` without white space and the characters that show nothing."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def hold(text: str, blocks: tuple[object, ...] | None = None) -> None:
    found = segment(text) if blocks is None else blocks
    at = 0
    for block in found:
        assert at <= block.span.start < block.span.end <= len(text)
        assert not visible(text[at : block.span.start])
        at = block.span.end
        inside = block.span.start
        for sentence in block.sentences:
            assert inside <= sentence.span.start
            assert sentence.span.end <= block.span.end
            inside = sentence.span.end
    assert not visible(text[at:])


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_blocks_and_the_gaps_between_them_are_the_text(text: str) -> None:
    hold(text)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_sentences_leave_nothing_visible_out_but_list_marks(text: str) -> None:
    for block in segment(text):
        if block.kind in (BlockKind.BODY, BlockKind.HEADING, BlockKind.CAPTION):
            said = "".join(piece.of(text) for sentence in block.sentences for piece in sentence.pieces)
            assert visible(said) == visible(block.span.of(text))


@given(TEXTS, LANGS)
@settings(max_examples=600, deadline=None)
def test_splitting_covers_the_text_and_splitting_again_changes_nothing(text: str, lang: str) -> None:
    spans = split(text, lang)
    at = 0
    for span in spans:
        assert at <= span.start < span.end
        assert not text[at : span.start].strip()
        piece = span.of(text)
        assert piece == piece.strip()
        assert split(piece, lang) == [Span(0, len(piece))]
        at = span.end
    assert not text[at:].strip()


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_clean_text_is_one_line_without_steering_and_stays_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not re.search("[\\n\\r\\x00-\\x08\\u200b\\u202a-\\u202e\\ufeff\\ud800-\\udfff]", once)
    once.encode("utf-8")


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_folding_keeps_offsets_and_is_idempotent(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_identification_is_deterministic_and_sure_between_0_and_1(text: str) -> None:
    first = identify(text)
    assert first == identify(text)
    assert 0.0 <= first.confidence <= 1.0
    assert first.lang == "und" or any(c.isalpha() or c > "\u007f" for c in text)


@given(WRITTEN)
@settings(max_examples=200, deadline=None)
@pytest.mark.parametrize("marks", [markdown_marks, subtitle_marks])
def test_source_keeping_formats_keep_the_source(marks: object, text: str) -> None:
    found: list[BlockMark] = marks(text)  # type: ignore[operator]
    hold(text, segment(text, marks=found))


@given(st.binary(max_size=400) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize(
    "name", ["a.txt", "a.md", "a.html", "a.docx", "a.epub", "a.pdf", "a.srt", "a.csv", "a.tsv", "a.xlsx", "a"]
)
def test_any_bytes_are_read_or_refused_in_one_line(name: str, content: bytes) -> None:
    refused = None
    try:
        document = read(name, content)
    except ReadError as error:
        refused = str(error)
    if refused is not None:
        assert "\n" not in refused
        assert refused.startswith(name)
        return
    hold(document.text, document.blocks)
    for block in document.blocks:
        for sentence in block.sentences:
            sentence_text(document.text, sentence.pieces)
