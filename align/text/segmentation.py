"""Segments other than sentences: lines, verses and paragraphs of a document that was read. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from align.models import Block, BlockKind, Document, Segments, Sentence, Span
from align.text.segment import BlockMark, segment

_VERSE = re.compile(
    "(?:(?:(?<=[。｡！？.!?…,、，;；:：」』”»)）’—–-])\\s*|^[ \t\u3000]*|(?=[\\[(（]|\\d+:)(?<=\\s))"
    "(?P<number>[\\[(（]?(?:(?P<chapter>\\d{1,3})[:：.．])?(?P<verse>\\d{1,3})[\\])）]?[.．]?"
    "(?=[ \t\u3000\u00a0]*[\"'“„«»「『‘—–-]*[^\\W\\d_]))"
    "|(?P<raised>[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3})(?=\\s?[\"'“„«»「『‘]*[^\\W\\d_]))",
    re.MULTILINE,
)
"""A number that may be that of a verse: 4, 3:16, [4] or a raised one, before a word; a bare one begins a line or
follows a stop or a comma."""
_LINE_BREAK = re.compile("\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_PARAGRAPH_BREAK = re.compile(r"(?:\r\n|\r|\n)[ \t\u3000]*(?:\r\n|\r|\n)\s*")
MIN_VERSES = 3
"""Verse numbers in ascending order without which a text has none."""
MAX_GAP = 3
"""Largest step from a verse number to the next, at the beginning of a line; inside one it is 1."""


def resegment(document: Document, segments: Segments, *, lang: str | None = None) -> Document:
    """The document with lines, verses or paragraphs as its sentences; `reader` says which (see `Document.segments`).

    Lines of plain text are blocks of their own. Verses are cut by their ascending numbers, at which a verse begins;
    where a text has no verse numbers, its lines are the verses. lang: language set by hand.
    """
    if segments == "sentence":
        return document
    reader = f"{document.reader}/{segments}"
    if segments == "paragraph":
        return replace(
            document, reader=reader, blocks=tuple(_as_paragraph(document.text, block) for block in document.blocks)
        )
    if document.reader == "text":
        marks = [BlockMark(span, BlockKind.BODY, None, None, True) for span in plain_segments(document.text, segments)]
        blocks = segment(document.text, kinds=marks, lang=lang)
    else:
        starts = verse_starts(document.text) if segments == "verse" else []
        cuts = starts or [match.end() for match in _LINE_BREAK.finditer(document.text)]
        blocks = tuple(_cut_block(document.text, block, cuts) for block in document.blocks)
    return replace(document, reader=reader, blocks=blocks)


def plain_segments(text: str, segments: Literal["line", "verse"]) -> list[Span]:
    """The lines or verses of plain text, without those that are blank and the blanks around them.

    A paragraph between verses that begins without a number, such as a heading, is by itself.
    """
    starts = verse_starts(text) if segments == "verse" else []
    if starts:
        cuts = sorted({0, *starts, *(match.end() for match in _PARAGRAPH_BREAK.finditer(text))})
    else:
        cuts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    return [span for start, end in pairwise([*cuts, len(text)]) if (span := _trimmed(text, start, end))]


def verse_starts(text: str) -> list[int]:
    """Start offsets of the verses by their numbers, ascending; empty where the text has no verse numbers."""
    starts: list[int] = []
    last: tuple[str, int] = ("", 0)
    for match in _VERSE.finditer(text):
        number = int("".join(str(_digit(digit)) for digit in match["raised"] or match["verse"]))
        chapter = match["chapter"] or ""
        start = match.start("raised") if match["raised"] else match.start("number")
        begins_line = not text[text.rfind("\n", 0, start) + 1 : start].strip()
        step = number - last[1] if chapter == last[0] or not chapter else number
        is_first = begins_line and (number == 1 or not starts)
        if step == 1 or is_first or (number == 1 and chapter) or (begins_line and 1 < step <= MAX_GAP):
            starts.append(start)
            last = (chapter, number)
    return starts if len(starts) >= MIN_VERSES else []


def _digit(character: str) -> int:
    raised = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079".find(character)
    return raised if raised >= 0 else int(character)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    bare = piece.strip()
    return Span(start + piece.index(bare), start + piece.index(bare) + len(bare)) if bare else None


def _as_paragraph(text: str, block: Block) -> Block:
    if len(block.sentences) < 2:
        return block
    return replace(block, sentences=(Sentence(_pieces(text, block), block.lang, block.lang_confidence),))


def _pieces(text: str, block: Block) -> tuple[Span, ...]:
    """The spans of all the block's sentences, joined where there is only white space between two."""
    pieces: list[Span] = []
    for piece in (piece for sentence in block.sentences for piece in sentence.pieces):
        if pieces and not text[pieces[-1].end : piece.start].strip():
            piece = Span(pieces.pop().start, piece.end)
        pieces.append(piece)
    return tuple(pieces)


def _cut_block(text: str, block: Block, cuts: Sequence[int]) -> Block:
    """The block with a sentence for each part between two of the ascending `cuts`."""
    groups: dict[int, list[Span]] = {}
    for piece in _pieces(text, block):
        first, last = bisect_right(cuts, piece.start), bisect_left(cuts, piece.end)
        bounds = [piece.start, *cuts[first:last], piece.end]
        for number, (start, end) in enumerate(pairwise(bounds), first):
            if span := _trimmed(text, start, end):
                groups.setdefault(number, []).append(span)
    sentences = tuple(Sentence(tuple(pieces), block.lang, block.lang_confidence) for pieces in groups.values())
    return replace(block, sentences=sentences)
