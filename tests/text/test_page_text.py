"""Plain text that came out of pages: no running head, footnote or hyphen of a line's end inside a sentence."""

from __future__ import annotations

import random

import pytest

from align.models import BlockKind
from align.readers import read
from align.text.normalize import sentence_text
from align.text.page_text import page_blocks

PAGES = """General Assembly resolutions are numbered from the first session on and are listed
in the annex of this report. The General Assem-
bly adopted them, which the Committee had pre-
¹ See the report of the Committee of the year.
Report of the Committee 17
\fpared in the spring. It closed its session after that, and the members left for home.

New paragraph here, which ends the second page of the report of the Committee as a
Report of the Committee 18
\fwhole and goes on. The well-known Vor- und Nachteile of this are left out.
The end of it.
Report of the Committee 19
"""


@pytest.mark.parametrize("text", [PAGES, PAGES.replace("\f", ""), PAGES.replace("\n", "\r\n")])
def test_pages_are_joined_without_their_heads_and_hyphens(text: str) -> None:
    document = read("a.txt", text.encode(), lang="en")
    assert document.text == text
    sentences = [sentence_text(text, one.pieces) for block in document.blocks for one in block.sentences]
    assert sentences == [
        "General Assembly resolutions are numbered from the first session on and are listed in the annex of this "
        "report.",
        "The General Assembly adopted them, which the Committee had prepared in the spring.",
        "¹ See the report of the Committee of the year.",
        "It closed its session after that, and the members left for home.",
        "New paragraph here, which ends the second page of the report of the Committee as a whole and goes on.",
        "The well-known Vor- und Nachteile of this are left out.",
        "The end of it.",
    ]


def test_a_footnote_after_a_whole_sentence_is_a_block_of_its_own() -> None:
    text = "The council met in spring and agreed on all of it.\n* See the report.\n7\n\fIt met again in autumn.\n"
    blocks = page_blocks(text) or ()
    assert [block.span.of(text) for block in blocks if block.kind is BlockKind.COMMENT] == ["* See the report."]


def test_text_without_pages_is_left_to_the_usual_rules() -> None:
    assert page_blocks("One line. And more of it.\nA second, well-\nknown line.\n") is None


def test_nothing_is_lost_and_blocks_do_not_overlap() -> None:
    shuffle = random.Random(1)
    bits = [PAGES[at : at + 7] for at in range(0, len(PAGES), 7)] + [
        "\f",
        "\n",
        "-\n",
        "¹ note\n",
        "Report 3\n",
        "\r\n",
    ]
    for _ in range(150):
        text = "".join(shuffle.choices(bits, k=40))
        at, rest = 0, set(range(len(text)))
        for block in page_blocks(text) or ():
            assert at <= block.span.start < block.span.end <= len(text)
            at = block.span.end
            rest -= set(range(*block.span))
            assert all(block.span.start <= one.span.start < one.span.end <= at for one in block.sentences)
        assert len(rest) == len(text) or not "".join(text[at] for at in sorted(rest)).strip()
