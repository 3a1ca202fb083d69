"""Split plain text into blocks with sentences and languages: the last step of every reader. Pure."""

from __future__ import annotations

import gc
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate, pairwise
from typing import NamedTuple, overload

from align.domain import UNDETERMINED, Block, BlockKind, Sentence, Span
from align.text import sentences
from align.text.blocks import runs
from align.text.clean import broken, clean
from align.text.evidence import (
    EMPTY,
    NOTHING,
    SURE,
    Evidence,
    Guess,
    decide,
    grammar_share,
    has_letters,
    plainly,
    weigh,
)
from align.text.han import chinese
from align.text.language import relative, settle
from align.text.scripts import HAN_CLASS, KANA_CLASS, spoken
from align.text.tags import canonical, hinted

SILENT = frozenset({BlockKind.SEPARATOR})
"""Kinds of blocks without sentences."""


class Mark(NamedTuple):
    """A block given by a reader: its span, its kind and possibly its language."""

    span: Span
    kind: BlockKind
    lang: str | None = None
    parts: tuple[Span, ...] | None = None
    """The spans inside that are text, ascending, if there is markup or timing between them; None = all of it."""
    whole: bool = False
    """Whether the block is exactly one sentence (a cell, a segment)."""


def segment(text: str, *, kinds: Sequence[Mark] | None = None, lang: str | None = None) -> tuple[Block, ...]:
    """The blocks of `text`, ascending and disjoint, with their sentences and language tags.

    kinds: blocks given by the format, ascending and disjoint; None detects them by lines. lang: a tag set by hand
    for every block that has a letter (plain `zh` becomes Hant or Hans, by the characters). Nothing is lost between
    blocks and between the sentences of a block but white space, invisible controls, list marks and image names.
    """
    with _uncollected():
        return _segment(text, kinds, lang)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Disable the cyclic garbage collector for the block.

    A text becomes hundreds of thousands of small values, none in a cycle; collecting takes a tenth of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _segment(text: str, kinds: Sequence[Mark] | None, lang: str | None) -> tuple[Block, ...]:
    marks = [Mark(run.span, run.kind) for run in runs(text)] if kinds is None else _filled(text, kinds)
    pieces = _Pieces(text, marks)
    document: dict[str, float] | None = None
    if lang is not None:
        lang = chinese(text) if lang == "zh" else canonical(lang) or lang
        guesses = [Guess(lang, 1.0) if has_letters(piece) else NOTHING for piece in pieces]
    else:
        guesses, document = settle(pieces, map(_evidence, marks, pieces), [hinted(mark.lang) for mark in marks])
        for index in range(1, len(marks)):
            if guesses[index] is NOTHING and marks[index].kind is BlockKind.BOILERPLATE:
                guesses[index] = _of_its_line(text, marks[index - 1], marks[index], guesses[index - 1])
    return tuple(_block(text, mark, guess, document) for mark, guess in zip(marks, guesses, strict=True))


def _evidence(mark: Mark, piece: str) -> Evidence:
    """Language evidence of a block; none for a source, a date or an address."""
    if mark.kind is BlockKind.BOILERPLATE and "://" in piece and 2 * len(spoken(piece)) < len(piece):
        return EMPTY
    return weigh(piece)


def _of_its_line(text: str, before: Mark, mark: Mark, guess: Guess) -> Guess:
    """Give the source and address of a headline the headline's language, with half its confidence."""
    if before.kind is BlockKind.HEADING and "\n" not in text[before.span.end : mark.span.start]:
        return Guess(guess.lang, guess.confidence / 2)
    return NOTHING


class _Pieces(Sequence[str]):
    """The texts of the marks, extracted on access, so that a book is not in memory twice."""

    def __init__(self, text: str, marks: Sequence[Mark]) -> None:
        self._text = text
        self._marks = marks

    def __len__(self) -> int:
        return len(self._marks)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return _Pieces(self._text, self._marks[index])
        mark = self._marks[index]
        if mark.parts is None:
            return mark.span.of(self._text)
        return " ".join(part.of(self._text) for part in mark.parts)


def _filled(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """The marks, with blocks for the text between them, so that every visible character is in a block."""
    filled: list[Mark] = []
    at = 0
    for mark in [*marks, Mark(Span(len(text), len(text)), BlockKind.BODY)]:
        gap = text[at : mark.span.start]
        if gap.strip():
            filled += [
                Mark(Span(at + r.span.start, at + r.span.end), BlockKind.BOILERPLATE, None, ()) for r in runs(gap)
            ]
        bare = mark.span.of(text)
        if bare.strip():
            start = mark.span.start + len(bare) - len(bare.lstrip())
            filled.append(mark._replace(span=Span(start, start + len(bare.strip()))))
        at = mark.span.end
    return filled


def _block(text: str, mark: Mark, guess: Guess, document: Mapping[str, float] | None) -> Block:
    """The block with its sentences; `document`: letters in each of its languages, None if set by hand."""
    if mark.kind in SILENT or (mark.parts is not None and not mark.parts):
        return Block(mark.span, mark.kind, guess.lang, guess.confidence)
    if mark.parts is None:
        body, place = mark.span.of(text), _Place((mark.span,), ())
        skip = _lead(body, mark.kind)
    else:
        body, place = _projected(text, mark.parts)
        skip = 0
    if (mark.kind is BlockKind.BOILERPLATE or len(body) < 8) and not clean(body):
        return Block(mark.span, mark.kind, guess.lang, guess.confidence)
    spans = [Span(0, len(body) - skip)] if mark.whole else sentences.split(body[skip:] if skip else body, guess.lang)
    found: list[Sentence] = []
    for span in spans:
        for a, b, own in _languages(body, Span(skip + span.start, skip + span.end), guess, document, len(spans)):
            pieces = place.pieces(a, b)
            if pieces:
                found.append(Sentence(pieces, own.lang, own.confidence))
    return Block(mark.span, mark.kind, guess.lang, guess.confidence, tuple(found))


class _Place:
    """Maps offsets in a block's body to spans of the document."""

    def __init__(self, parts: tuple[Span, ...], gaps: Sequence[int]) -> None:
        self._parts = parts
        sizes = (part.end - part.start + gap for part, gap in zip(parts, gaps, strict=False))
        self._starts = [0, *accumulate(sizes)] if gaps else [0]
        """Where in the body each part begins; a gap is the one line break that the body has between two parts, or 0."""

    def pieces(self, start: int, end: int) -> tuple[Span, ...]:
        """The spans of the document for `[start, end)` of the body."""
        if len(self._parts) == 1:
            at = self._parts[0].start
            return (Span(at + start, at + end),)
        found: list[Span] = []
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._parts)):
            at, part = self._starts[index], self._parts[index]
            if at >= end:
                break
            a, b = max(start, at), min(end, at + part.end - part.start)
            if a < b:
                found.append(Span(part.start + a - at, part.start + b - at))
        return tuple(found)


def _projected(text: str, parts: tuple[Span, ...]) -> tuple[str, _Place]:
    """The text of the parts as one body, joined by a line break where the document has one between them."""
    gaps = [int(broken(text, a, b)) for a, b in pairwise(parts)]
    body = parts[0].of(text) + "".join(
        ("\n" if gap else "") + part.of(text) for gap, part in zip(gaps, parts[1:], strict=True)
    )
    return body, _Place(parts, gaps)


_LEAD = re.compile(
    r"(?:[●○•◦‣⁃∙・◆◇■□▪▫▶►★☆◎]+|[*+\-–—](?=\s)|>+|#{1,6}(?=\s)|[(（]?\d{1,3}[.)．）](?=[ \t\u3000]))[ \t\u3000]*"
)


def _lead(piece: str, kind: BlockKind) -> int:
    """Length of a list mark or quotation mark at the beginning of a line, which is not text."""
    if kind not in (BlockKind.LIST, BlockKind.QUOTE, BlockKind.COMMENT):
        return 0
    match = _LEAD.match(piece)
    return match.end() if match and match.end() < len(piece) else 0


_QUOTATION = re.compile(
    r"(?:(?<=[。！？!?.」』”）)：:])|^)\s*(?:\"(?P<a>[^\"「」『』“”]{24,})\"|“(?P<b>[^“”]{24,})”|[「『](?P<c>[^「」『』]{24,})[」』])"
)
_TAKEN_UP = re.compile("\\s?(?:と|って|という|との|など|[はがをにのもでやへ])")
"""Particles after a quotation that is a part of the surrounding sentence."""
_WIDE = re.compile(f"[{HAN_CLASS}{KANA_CLASS}]")


def _languages(
    body: str, span: Span, guess: Guess, document: Mapping[str, float] | None, count: int
) -> list[tuple[int, int, Guess]]:
    """The parts of a sentence with their languages: several if it has a long quotation in another language."""
    if document is None:
        return [(span.start, span.end, guess)]
    sentence = body[span.start : span.end]
    parts = [(span.start, span.end)]
    if guess.lang[:2] in ("ja", "zh") and _QUOTATION.search(sentence):
        parts = _quoted(sentence, span.start)
    result = []
    for a, b in parts:
        own = guess
        if (count > 1 or len(parts) > 1) and not plainly(body[a:b], guess.lang):
            own = _own(weigh(body[a:b]), guess, document)
        result.append((a, b, own))
    return result


def _own(evidence: Evidence, block: Guess, document: Mapping[str, float]) -> Guess:
    """The language of a sentence: that of its block, unless the evidence clearly shows another."""
    if not evidence.scores or evidence.weight < (8 if evidence.script in ("han", "hangul") else 12):
        return block
    if block.lang in evidence.scores:
        best = decide(evidence, {block.lang: SURE}) if evidence.settled else block
    else:
        best = decide(evidence, relative(document, evidence))
        if not evidence.settled and (best.confidence < 0.8 or evidence.weight < 25):
            return block
    return best if best.lang != UNDETERMINED else block


def _quoted(sentence: str, offset: int) -> list[tuple[int, int]]:
    """Split a CJK sentence around quotations in Latin letters that are sentences themselves, of six words or more."""
    cuts = [0]
    for match in _QUOTATION.finditer(sentence):
        said = match["a"] or match["b"] or match["c"]
        if (
            _WIDE.search(said)
            or len(said.split()) < 6
            or grammar_share(said) < 0.2
            or _TAKEN_UP.match(sentence, match.end())
        ):
            continue
        cuts += [match.start(), match.end()]
    cuts.append(len(sentence))
    parts = []
    for a, b in pairwise(cuts):
        piece = sentence[a:b]
        bare = piece.strip()
        if bare:
            start = a + piece.index(bare)
            parts.append((offset + start, offset + start + len(bare)))
    return parts


__all__ = ["Mark", "segment"]
