"""PDF: columns, lines of CJK with Latin words, lines that stick out, and fonts without a Unicode map."""

from __future__ import annotations

import pytest

from align.errors import ReadError
from align.models import BlockKind
from align.readers import pdf, read
from align.readers.pdf_layout import PageLine, common_edges, in_order, paragraphs
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


def positioned(*rows: tuple[str, float, float, float]) -> list[PageLine]:
    """Lines of size 10, each (text, left end, right end, distance to the line before)."""
    base, made = 700.0, []
    for text, left, right, down in rows:
        base -= down
        made.append(PageLine(text, left, right, base, 10.0))
    return made


def test_the_distance_of_lines_is_that_after_full_ones_on_a_page_of_short_paragraphs() -> None:
    full = ("A long line of a paragraph that goes on at the next", 56.0, 567.0)
    rows = [(*full, 18.0), ("line.", 56.0, 80.0, 12.0)] * 4 + [(f"Paragraph {n}.", 56.0, 200.0, 18.0) for n in range(9)]
    assert [len(group) for group in paragraphs(positioned(*rows))] == [2] * 4 + [1] * 9


def test_rows_far_apart_are_no_paragraph() -> None:
    rows = [("翻訳 October 8, 2022", 90.0, 347.0, 36.0)] * 6
    assert [len(group) for group in paragraphs(positioned(*rows))] == [1] * 6


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("この項目は説明（短い", "もの）です。"),
        ("今日は天気がよくて、", "散歩に出た。"),
        ("参加者は、佐", "々木さんだ。"),
    ],
)
def test_a_short_line_continues_where_its_signs_ask_for_it(first: str, second: str) -> None:
    rows = [("欄の右端まで届く長い行がここにある。", 56.0, 567.0, 12.0)] * 5
    group = paragraphs(positioned(*rows, (first, 56.0, 120.0, 24.0), (second, 56.0, 110.0, 12.0)))[-1]
    assert [line.text for line in group] == [first, second]


def test_an_item_goes_on_at_its_indent_after_a_full_line_with_a_stop() -> None:
    rows = [
        ("• The packages of the architecture (Architecture:", 56.0, 567.0, 12.0),
        ("any) are built here.", 66.0, 150.0, 12.0),
        ("• Another one that ends in the column. It ends here.", 56.0, 567.0, 12.0),
        ("And it goes on.", 66.0, 150.0, 12.0),
    ]
    assert [len(group) for group in paragraphs(positioned(*rows))] == [2, 2]


def test_heads_and_feet_are_at_the_edges_wherever_they_are_drawn() -> None:
    head, note, number = (
        PageLine(text, 56, 200, base, 8.0) for text, base in (("Head", 750), ("1 Note", 70), ("3", 30))
    )
    columns = [PageLine(f"line {n}", 56 + 260 * (n > 4), 290, 700 - 12 * (n % 5), 10.0) for n in range(10)]
    expected = [head, *columns, note, number]
    for drawn in (
        expected,
        [head, number, note, *columns],
        [*columns, head, note, number],
        [note, number, *columns, head],
        [number, note, head, *columns],
    ):
        assert in_order(drawn) == expected
    assert in_order(columns) == columns
    assert in_order([number]) == [number]
    unknown = [note._replace(size=0.0), *columns]
    assert in_order(unknown) == unknown


def test_footnotes_are_smaller_than_the_text_of_all_pages() -> None:
    text = [PageLine("The usual text of the document is here.", 56, 567, 700 - 12 * n, 10.0) for n in range(40)]
    listing = [PageLine(f"$ command {n}", 56, 200, 700 - 11 * n, 7.8) for n in range(40)]
    note = [PageLine("7See the manual.", 67, 200, 100, 8.0), PageLine("and the other one.", 56, 150, 91, 8.0)]
    pages = [text, [*listing, text[-1]._replace(base=120.0), *note], note]
    comments = [text for text, kind in pdf._over_pages(pages) if kind is BlockKind.COMMENT]
    assert comments == ["7See the manual.\nand the other one."], "a page in small print has none"
