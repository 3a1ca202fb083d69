"""PDF by pdfium: the text layer, page by page; running heads are boilerplate, footnotes are comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile

from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.pdf_layout import PageLine, common_edges, page_lines, paragraphs
from align.text.blocks import find_blocks, width
from align.text.normalize import letters
from align.text.scripts import HAN_CLASS, KANA_CLASS

_NUMBER = re.compile(r"\d+")
_CUT = re.compile(r"(?P<mark>[-\u00ad\u2010])[ \t]*\n(?P<after>[^\W\d_A-ZÀ-ÞА-Я]{2,})")
"""A hyphen at a line's end that may split a word: the next line begins in lower case."""
_WORD_BACKWARDS = re.compile(r"[^\W\d_]++(?:-[^\W\d_]++)*+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_ENDED = re.compile(r"[.!?。！？｡…:：;؟۔।]['\"’”»」』)）\]]*\s*$")
_SMALL = re.compile("[\"'“‘(]?[a-zß-öø-ÿāă-žа-яёіїєґα-ωά-ώ]")
_FIRST_WORD = re.compile(r"[!-~\u00c0-\u024f\u0370-\u052f]+|.")
_BETWEEN_WIDE = re.compile(f"(?<=[{HAN_CLASS}{KANA_CLASS}ー、。]) (?=[{HAN_CLASS}{KANA_CLASS}ー、。])")
"""A space inserted by the layout between two characters of an unspaced script."""
_POINT = re.compile("(?<=[\u3041-\u30ff\u3400-\u9fff])\u2027(?=[\u3041-\u30ff\u3400-\u9fff])")
"""A hyphenation point used as the middle dot of Japanese names."""
_JOINED = "\ue000"
"""Replaces a line break inside a paragraph while the kinds of the paragraphs are determined."""
_NOTE_MARK = re.compile(
    r"\s*[\[(（]?(?:\d{1,3}|[a-z](?![a-z])|[*†‡§]{1,3}|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3})"
)
SMALL = 0.93
"""Size of the letters of footnotes, at most, as a share of the usual size."""
EDGE_LINES = 2
"""Lines at the top and at the bottom of a page that may be its header, footer or page number."""
OCR_HINT = "Its pages are pictures. Recognise their text first (OCR, for example with ocrmypdf) and add the result."


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the text of a PDF's pages. Raises ReadError for a broken, protected or image-only one."""
    pages = [[line._replace(text=_tidy(line.text)) for line in page] for page in page_lines(name, content)]
    word_counts = _words(["\n".join(line.text for line in page) for page in pages])
    composer = DocumentBuilder(name, len(content))
    for text, kind in _over_pages(pages):
        composer.add(_unhyphenated(text, word_counts), kind)
    return composer.document("pdf", "utf-8", lang, OCR_HINT)


def _tidy(page: str) -> str:
    """Repair artefacts of font tables in a page: surrogates, NULs, radicals instead of characters."""
    page = page.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    page = letters(page.replace("\f", "\n"))
    return _POINT.sub("・", _BETWEEN_WIDE.sub("", page))


def _words(pages: list[str]) -> Counter[str]:
    """Word counts of the pages, compounds included, if any word is split by a hyphen at a line's end; else none."""
    if not any(True for page in pages for _ in _cuts(page)):
        return Counter()
    return Counter(word for page in pages for word in _WORD.findall(page.lower()))


def _unhyphenated(text: str, word_counts: Counter[str]) -> str:
    """Join words split at line ends, without the hyphen unless the hyphenated form is more frequent."""
    pieces: list[str] = []
    at = 0
    for before, cut in _cuts(text):
        after = cut["after"]
        compound = cut["mark"] == "-" and (
            "-" in before or word_counts[f"{before}-{after}".lower()] > word_counts[f"{before}{after}".lower()]
        )
        pieces += [text[at : cut.start()], "-" * compound, after]
        at = cut.end()
    return "".join([*pieces, text[at:]])


def _cuts(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield the words split by a hyphen at a line's end, with the match of the hyphen and the rest.

    The hyphen is searched first, then the word before it backwards: a search from every letter would take quadratic
    time on a long run of letters.
    """
    at = 0
    for cut in _CUT.finditer(text):
        word = _WORD_BACKWARDS.match(text[at : cut.start()][::-1])
        at = cut.start()
        before = word[0][::-1] if word else ""
        while before and before.find("-") in (0, 1):  # the first part of a compound has two letters or more
            before = before.partition("-")[2]
        if len(before) > 1:
            yield before, cut


def _over_pages(pages: list[list[PageLine]]) -> Iterator[tuple[str, BlockKind]]:
    """Yield the blocks of all pages; a paragraph across a page break is one block, before the edge lines."""
    pending: tuple[str, BlockKind] | None = None
    edges: list[tuple[str, BlockKind]] = []
    for blocks in _by_page(pages):
        first = True
        for text, kind in blocks:
            if kind in (BlockKind.BOILERPLATE, BlockKind.SEPARATOR, BlockKind.COMMENT):
                edges.append((text, kind))
                continue
            if pending is not None and first and _goes_on(pending, (text, kind)):
                pending = (f"{pending[0]}\n{text}", pending[1])
            else:
                yield from (*([pending] if pending else ()), *edges)
                pending, edges = (text, kind), []
            first = False
    yield from (*([pending] if pending else ()), *edges)


def _goes_on(before: tuple[str, BlockKind], after: tuple[str, BlockKind]) -> bool:
    """Whether the first paragraph of a page continues the last one of the previous page."""
    if before[1] is not BlockKind.BODY or _ENDED.search(before[0]):
        return False
    if _SMALL.match(after[0]):
        return after[1] in (BlockKind.BODY, BlockKind.HEADING)  # the end of a sentence is as short as a title
    return after[1] is BlockKind.BODY and _full(before[0], after[0])


def _full(before: str, after: str) -> bool:
    """Whether the first word of `after` did not fit on the last line of `before`."""
    *lines, last = before.splitlines()
    word = _FIRST_WORD.match(after)
    needed = width(last) + 1 + (width(word[0]) if word else 0)
    return bool(lines) and needed >= 0.85 * max(map(width, lines))


def _by_page(pages: list[list[PageLine]]) -> Iterator[list[tuple[str, BlockKind]]]:
    """Yield the blocks of each page; lines at the edges of several pages, and page numbers, are boilerplate."""
    edges: Counter[str] = Counter()
    heights: Counter[int] = Counter()
    for lines in pages:
        at_edge = {*lines[:EDGE_LINES], *lines[EDGE_LINES:][-EDGE_LINES:]}
        edges.update({_numbered(line.text) for line in at_edge})
        heights.update({round(line.base) for line in at_edge if line.size})
    often = max(3, 0.4 * len(pages))
    usual = _usual_size(pages)
    column_edges = common_edges(pages)

    def repeats(line: PageLine) -> bool:
        text = _numbered(line.text)
        is_at_height = line.size > 0 and max(heights[round(line.base) + shift] for shift in (-1, 0, 1)) >= often
        return text == "#" or edges[text] >= often or (is_at_height and edges[text] >= 2 and len(pages) > 3)

    for lines in pages:
        top = sum(1 for _ in takewhile(repeats, lines[:EDGE_LINES]))
        foot = sum(1 for _ in takewhile(repeats, lines[top:][: -EDGE_LINES - 1 : -1]))
        body = lines[top : len(lines) - foot]
        notes = _count_note_lines(body, usual)
        yield [
            *((line.text, BlockKind.BOILERPLATE) for line in lines[:top]),
            *_blocks(body[: len(body) - notes], column_edges),
            *((_text(group), BlockKind.COMMENT) for group in paragraphs(body[len(body) - notes :], column_edges)),
            *((line.text, BlockKind.BOILERPLATE) for line in lines[len(lines) - foot :]),
        ]


def _blocks(lines: list[PageLine], column_edges: frozenset[int]) -> Iterator[tuple[str, BlockKind]]:
    """Yield the paragraphs of a page's lines with their kinds, which depend on their surroundings."""
    texts = [_text(group) for group in paragraphs(lines, column_edges)]
    joined = "\n\n".join(text.replace("\n", _JOINED) for text in texts)
    for run in find_blocks(joined):
        yield run.span.of(joined).replace(_JOINED, "\n"), run.kind


def _text(group: list[PageLine]) -> str:
    return "\n".join(line.text for line in group)


def _usual_size(pages: list[list[PageLine]]) -> float:
    """Size of the letters of the text: the median over all characters; 0 where no position is available."""
    counts: Counter[float] = Counter()
    for line in (line for page in pages for line in page if line.size):
        counts[line.size] += len(line.text)
    half, total = counts.total() / 2, 0
    for size in sorted(counts):
        total += counts[size]
        if total >= half:
            return size
    return 0.0


def _count_note_lines(lines: list[PageLine], usual: float) -> int:
    """Number of lines at the foot of a page that are footnotes: in smaller letters than most of the text."""
    small = list(takewhile(lambda line: 0 < line.size < SMALL * usual, reversed(lines)))
    if len(small) == len(lines):
        return 0  # a page in small print
    return next((at for at in range(len(small), 0, -1) if _NOTE_MARK.match(small[at - 1].text)), 0)


def _numbered(line: str) -> str:
    """An edge line with its numbers masked, so that page numbers do not differ."""
    return _NUMBER.sub("#", line.strip())
