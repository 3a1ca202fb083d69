"""Plain text that was extracted from pages: running heads, footnotes and hyphens at line ends. Pure.

Nothing is removed from the text: blocks have the parts that are text, and leave out heads and hyphens between them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import NamedTuple

from align.models import Block, BlockKind, Span
from align.text.blocks import find_blocks
from align.text.function_words import words
from align.text.segment import BlockMark, segment

_LINE = re.compile(r"[^\r\n\x0b\x0c]+")
_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c]")
_NUMBER = re.compile(r"\d+|\b[ivxlc]{1,6}\b", re.IGNORECASE)
_CUT = re.compile(r"(?P<hyphen>[-\u00ad\u2010])(?<=[^\W\d_]{2}.)[ \t]*(?:\r\n?|\n)[ \t]*(?P<after>[^\W\d_]{2,40})")
_LAST_PART = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SUSPENDED = words("und oder bzw and or et ou y o e en og och eller of i a czy и или або")
"""Words after a hyphen that stands for the rest of a compound: Vor- und Nachteile."""
_NOTE = re.compile("[ \t]*(?:[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3}|[*†‡]{1,3}(?=[ \t]?[^\\W\\d_]))")
"""Mark at the beginning of a footnote."""
EDGE_LINES = 2
"""Lines at the top and at the bottom of a page that may be its head or foot."""
MIN_CUTS = 2
"""Words cut at line ends in a text, without page breaks and heads, that is taken for pages."""
MIN_REPEATS = 3
MAX_NOTE_LINES = 12
MAX_WORD = 60
"""Characters of a line's end and of the next one's beginning in which a cut word is searched."""


class _PageLine(NamedTuple):
    start: int
    end: int
    text: str
    masked: str
    """The text without its numbers."""
    page: int


def page_blocks(text: str, lang: str | None = None) -> tuple[Block, ...] | None:
    """The blocks of a text that was extracted from pages; None where it is no such text.

    It is one that has page breaks or lines that repeat with other numbers, and one whose lines end in cut words.
    lang: language set by hand.
    """
    cut_count = sum(map(_is_cut, _CUT.finditer(text)))
    if "\f" not in text and not cut_count:
        return None
    lines = list(_lines(text))
    heads = _heads(lines)
    if "\f" not in text and cut_count < MIN_CUTS and not heads:
        return None
    notes = _notes(lines, heads)
    note_lines = {number for span in notes for number in range(*span)}
    if not heads and not note_lines and not cut_count:
        return None
    counts = Counter(_WORD.findall(text.lower()))
    marks = _marks(text, [line for at, line in enumerate(lines) if at not in heads and at not in note_lines], counts)
    note_marks = [mark._replace(kind=BlockKind.COMMENT) for a, b in notes for mark in _marks(text, lines[a:b], counts)]
    inside, apart = _by_location(note_marks, marks)
    blocks = segment(text, marks=sorted([*marks, *apart], key=lambda mark: mark.span.start), lang=lang)
    inner = [block for block in segment(text, marks=inside, lang=lang) if block.sentences] if inside else []
    return tuple(_with_notes(blocks, inner))


def _by_location(notes: Sequence[BlockMark], marks: Sequence[BlockMark]) -> tuple[list[BlockMark], list[BlockMark]]:
    """Notes that begin inside one of the ascending marks, a paragraph that goes on after the page break; the others."""
    located: tuple[list[BlockMark], list[BlockMark]] = ([], [])
    for note in notes:
        after = bisect_right(marks, note.span.start, key=lambda mark: mark.span.end)
        is_inside = after < len(marks) and marks[after].span.start < note.span.start
        located[0 if is_inside else 1].append(note)
    return located


def _lines(text: str) -> Iterator[_PageLine]:
    breaks = [match.start() for match in re.finditer("\f", text)]
    for match in _LINE.finditer(text):
        if bare := match[0].strip():
            yield _PageLine(*match.span(), match[0], _NUMBER.sub("#", bare), bisect_right(breaks, match.start()))


def _heads(lines: Sequence[_PageLine]) -> set[int]:
    """Numbers of the lines that are heads and feet of pages, or page numbers."""
    pages: dict[int, list[int]] = {}
    for number, line in enumerate(lines):
        pages.setdefault(line.page, []).append(number)
    if len(pages) < 2:
        return _repeated(lines)
    edges = {number for page in pages.values() for number in (*page[:EDGE_LINES], *page[-EDGE_LINES:])}
    often = Counter(lines[number].masked for number in edges)

    def is_head(number: int) -> bool:
        masked = lines[number].masked
        return (
            masked.strip(" -–—") == "#"
            or often[masked] >= max(MIN_REPEATS, 0.4 * len(pages))
            or ("#" in masked and often[masked] > 1)
        )

    heads: set[int] = set()
    for page in pages.values():
        heads.update(takewhile(is_head, page[:EDGE_LINES]))
        heads.update(takewhile(is_head, page[: -EDGE_LINES - 1 : -1]))
    return heads


def _repeated(lines: Sequence[_PageLine]) -> set[int]:
    """Numbers of the lines that repeat with ascending numbers, in a text without page breaks."""
    by_text: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if "#" in line.masked and len(line.masked) < 100:
            by_text.setdefault(line.masked, []).append(number)
    heads: set[int] = set()
    for numbers in by_text.values():
        values = [[int(digits) for digits in re.findall(r"\d+", lines[number].text)] for number in numbers]
        ascends = all(any(b > a for a, b in zip(one, two, strict=False)) for one, two in pairwise(values))
        is_apart = all(b - a > EDGE_LINES for a, b in pairwise(numbers))
        if len(numbers) >= MIN_REPEATS - 1 and ascends and is_apart:
            heads.update(numbers)
    return heads


def _notes(lines: Sequence[_PageLine], heads: set[int]) -> list[tuple[int, int]]:
    """Ranges of the lines of footnotes: from a mark at the beginning of a line to the end of the page."""
    notes: list[tuple[int, int]] = []
    ends = [number for number in range(1, len(lines) + 1) if number == len(lines) or number in heads
            or lines[number].page != lines[number - 1].page]  # fmt: skip
    for previous, end in pairwise([0, *ends]):
        starts = [at for at in range(max(previous, end - MAX_NOTE_LINES), end) if _NOTE.match(lines[at].text)]
        between = range(starts[0], end) if starts else ()
        if starts and starts[0] > 0 and not any(at in heads for at in between):
            borders = [*starts, end]
            notes += list(pairwise(borders))
    return notes


def _is_cut(match: re.Match[str]) -> bool:
    return match["after"][0].islower() and match["after"] not in _SUSPENDED


def _ends_in_cut(line: str, following: str, counts: Counter[str]) -> bool:
    """Whether a line ends in a hyphen that only cuts a word; one of a compound is more frequent with its hyphen."""
    line = line.rstrip()[-MAX_WORD:]
    cut = _CUT.search(f"{line}\n{following[:MAX_WORD]}", max(0, len(line) - 3))
    before = _LAST_PART.search(line[: cut.start()]) if cut else None
    if cut is None or before is None or not _is_cut(cut):
        return False
    first, second = before[0].lower(), cut["after"].lower()
    return cut["hyphen"] != "-" or counts[f"{first}-{second}"] <= counts[f"{first}{second}"]


def _marks(text: str, lines: Sequence[_PageLine], counts: Counter[str]) -> list[BlockMark]:
    """The blocks of the lines, with their parts in `text`; `counts`: of its words."""
    pieces: list[str] = []
    starts: list[int] = []
    at = 0
    for number, line in enumerate(lines):
        if number:
            before = lines[number - 1]
            gap = text[before.end : line.start]
            is_page_end = "\f" in gap or bool(gap.strip())
            separator = "\n" if is_page_end or len(_BREAK.findall(gap)) < 2 else "\n\n"
            pieces.append(separator)
            at += len(separator)
        starts.append(at)
        pieces.append(line.text)
        at += len(line.text)
    marks: list[BlockMark] = []
    for block in find_blocks("".join(pieces)):
        first = bisect_right(starts, block.span.start) - 1
        parts: list[Span] = []
        for number in range(first, len(lines)):
            if starts[number] >= block.span.end:
                break
            shift = lines[number].start - starts[number]
            start = max(block.span.start, starts[number]) + shift
            end = min(block.span.end, starts[number] + len(lines[number].text)) + shift
            bare = len(text[start:end].rstrip())
            if number + 1 < len(lines) and _ends_in_cut(lines[number].text, lines[number + 1].text, counts):
                bare -= 1
            if parts and not text[parts[-1].end : start].strip():
                start, bare = parts[-1].start, start + bare - parts.pop().start
            parts.append(Span(start, start + bare))
        whole = len(parts) == 1
        marks.append(BlockMark(Span(parts[0].start, parts[-1].end), block.kind, None, None if whole else tuple(parts)))
    return marks


def _with_notes(blocks: Sequence[Block], notes: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; a note inside one, after which a sentence goes on, gives it its sentences."""
    at = 0
    for block in blocks:
        sentences = list(block.sentences)
        while at < len(notes) and notes[at].span.start < block.span.end:
            sentences += notes[at].sentences
            at += 1
        yield replace(block, sentences=tuple(sorted(sentences, key=lambda sentence: sentence.span.start)))
