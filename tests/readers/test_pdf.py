"""PDF: columns, lines of CJK with Latin words, lines that stick out, and fonts without a Unicode map."""

from __future__ import annotations

import pytest

from align.errors import ReadError
from align.models import BlockKind
from align.readers import read
from align.readers.pdf_layout import PageLine, common_edges, paragraphs
from align.text.normalize import sentence_text

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
UNMAPPED = (
    b"<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+X /Encoding /Identity-H /DescendantFonts [<< /Type /Font"
    b" /Subtype /CIDFontType2 /BaseFont /AAAAAA+X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity)"
    b" /Supplement 0 >> /DW 500 >>] >>"
)
"""Glyphs by their numbers, without a map to characters."""


def page(shown: bytes, font: bytes = HELVETICA) -> bytes:
    """A PDF of one page with these operators; the font is F1."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        font,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(shown), shown),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        table, len(out),
    )  # fmt: skip


def at(x: float, y: float, text: str) -> bytes:
    return b"BT /F1 11 Tf %.1f %.1f Td (%s) Tj ET\n" % (x, y, text.encode("latin-1"))


LEFT = [
    "The ministers of the two countries met in",
    "the old harbour on Monday, where they had",
    "met ten years before. They agreed.",
]
RIGHT = [
    "Nobody in the town had heard of the plan",
    "until the ships came in with their crews,",
    "and the market closed early that day.",
]


def test_columns_are_read_one_after_the_other() -> None:
    lines = [(60, LEFT), (330, RIGHT)]
    shown = b"".join(at(x, 700 - 14 * row, text) for x, column in lines for row, text in enumerate(column))
    document = read("a.pdf", page(shown))
    sentences = [
        sentence_text(document.text, one.pieces)
        for block in document.blocks
        if block.kind is not BlockKind.BOILERPLATE
        for one in block.sentences
    ]
    assert sentences == [
        "The ministers of the two countries met in the old harbour on Monday, where they had met ten years before.",
        "They agreed.",
        " ".join(RIGHT),
    ]


def test_a_font_without_a_unicode_map_is_refused_not_read_as_other_letters() -> None:
    glyphs = b" ".join(b"<%04X> Tj" % number for number in range(40, 120))
    with pytest.raises(ReadError, match=r"no Unicode map.*OCR"):
        read("a.pdf", page(b"BT /F1 12 Tf 50 700 Td " + glyphs + b" ET", UNMAPPED))


def lines(*rows: tuple[str, float, float]) -> list[PageLine]:
    """Lines of one column from 56 points, each (text, right end, size)."""
    return [PageLine(text, 56.0, right, 700.0 - 12 * row, size) for row, (text, right, size) in enumerate(rows)]


def test_a_line_that_sticks_out_does_not_make_the_others_short() -> None:
    wrapped = lines(
        ("パッケージはすべて一時ディレクトリーに", 567.0, 10.0),
        ("含まれているものからインストールされま", 567.0, 10.0),
        ("すから、相対パスにするということ", 567.0, 10.0),
        ("です。", 90.0, 10.0),
        ("別の段落の行は欄の外まではみ出しています", 653.0, 10.0),
    )
    assert next(len(group) for group in paragraphs(wrapped)) == 4


def test_the_edge_of_a_column_is_that_of_the_whole_document() -> None:
    pages = [lines(*[("長い行がここにあります", 567.0, 10.0)] * 5)] * 4
    last = lines(
        ("短いページの最後の行は完全に同", 567.0, 10.0),
        ("じであるべきです。", 400.0, 10.0),
        ("表のはみ出た行", 640.0, 10.0),
    )
    assert next(len(group) for group in paragraphs(last, common_edges([*pages, last]))) == 2
