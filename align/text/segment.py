"""Split plain text into blocks with sentences and languages, the last step of every reader; or into other segments:
lines, verses and paragraphs of a document that was read. Pure."""

from __future__ import annotations

import gc
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple, overload

from align.models import UNDETERMINED, Block, BlockKind, Document, Segments, Sentence, Span
from align.text import sentences
from align.text.blocks import find_blocks
from align.text.han import chinese_tag
from align.text.language import document_prior, identify_blocks
from align.text.language_evidence import (
    CERTAIN_NATS,
    NO_EVIDENCE,
    NO_GUESS,
    LanguageEvidence,
    LanguageGuess,
    decide,
    first_evidence,
    grammar_share,
    has_letters,
    is_plainly_in,
)
from align.text.normalize import clean, has_line_break
from align.text.scripts import HAN_CLASS, KANA_CLASS, natural_text
from align.text.tags import canonical, lang_hint

KINDS_WITHOUT_SENTENCES = frozenset({BlockKind.SEPARATOR})
"""Kinds of blocks without sentences."""


class BlockMark(NamedTuple):
    """A block given by a reader: its span, its kind and possibly its language."""

    span: Span
    kind: BlockKind
    lang: str | None = None
    parts: tuple[Span, ...] | None = None
    """The spans inside that are text, ascending, if there is markup or timing between them; None = all of it."""
    is_sentence: bool = False
    """Whether the block is exactly one sentence (a cell, a segment)."""


def segment(text: str, *, marks: Sequence[BlockMark] | None = None, lang: str | None = None) -> tuple[Block, ...]:
    """The blocks of `text`, ascending and disjoint, with their sentences and language tags.

    marks: blocks given by the format, ascending and disjoint; None detects them by lines. lang: a tag set by hand
    for every block that has a letter (plain `zh` becomes Hant or Hans, by the characters). Nothing is lost between
    blocks and between the sentences of a block but white space, invisible controls, list marks and image names.
    """
    with _without_gc():
        return _segment(text, marks, lang)


@contextmanager
def _without_gc() -> Iterator[None]:
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


def _segment(text: str, given: Sequence[BlockMark] | None, lang: str | None) -> tuple[Block, ...]:
    marks = [BlockMark(run.span, run.kind) for run in find_blocks(text)] if given is None else _fill_gaps(text, given)
    pieces = _Pieces(text, marks)
    document: dict[str, float] | None = None
    if lang is not None:
        lang = chinese_tag(text) if lang == "zh" else canonical(lang) or lang
        guesses = [LanguageGuess(lang, 1.0) if has_letters(piece) else NO_GUESS for piece in pieces]
    else:
        guesses, document = identify_blocks(
            pieces, map(_evidence, marks, pieces), [lang_hint(mark.lang) for mark in marks]
        )
        for index in range(1, len(marks)):
            if guesses[index] is NO_GUESS and marks[index].kind is BlockKind.BOILERPLATE:
                guesses[index] = _guess_of_headline(text, marks[index - 1], marks[index], guesses[index - 1])
    return tuple(_block(text, mark, guess, document) for mark, guess in zip(marks, guesses, strict=True))


def _evidence(mark: BlockMark, piece: str) -> LanguageEvidence:
    """Language evidence of a block; none for a source, a date or an address."""
    if mark.kind is BlockKind.BOILERPLATE and "://" in piece and 2 * len(natural_text(piece)) < len(piece):
        return NO_EVIDENCE
    return first_evidence(piece)


def _guess_of_headline(text: str, before: BlockMark, mark: BlockMark, guess: LanguageGuess) -> LanguageGuess:
    """Give the source and address of a headline the headline's language, with half its confidence."""
    if before.kind is BlockKind.HEADING and "\n" not in text[before.span.end : mark.span.start]:
        return LanguageGuess(guess.lang, guess.confidence / 2)
    return NO_GUESS


class _Pieces(Sequence[str]):
    """The texts of the marks, extracted on access, so that a book is not in memory twice."""

    def __init__(self, text: str, marks: Sequence[BlockMark]) -> None:
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


def _fill_gaps(text: str, marks: Sequence[BlockMark]) -> list[BlockMark]:
    """The marks, with blocks for the text between them, so that every visible character is in a block."""
    filled: list[BlockMark] = []
    at = 0
    for mark in [*marks, BlockMark(Span(len(text), len(text)), BlockKind.BODY)]:
        gap = text[at : mark.span.start]
        if gap.strip():
            filled += [
                BlockMark(Span(at + r.span.start, at + r.span.end), BlockKind.BOILERPLATE, None, ())
                for r in find_blocks(gap)
            ]
        bare = mark.span.of(text)
        if bare.strip():
            start = mark.span.start + len(bare) - len(bare.lstrip())
            filled.append(mark._replace(span=Span(start, start + len(bare.strip()))))
        at = mark.span.end
    return filled


def _block(text: str, mark: BlockMark, guess: LanguageGuess, document: Mapping[str, float] | None) -> Block:
    """The block with its sentences; `document`: letters in each of its languages, None if set by hand."""
    if mark.kind in KINDS_WITHOUT_SENTENCES or (mark.parts is not None and not mark.parts):
        return Block(mark.span, mark.kind, guess.lang, guess.confidence)
    if mark.parts is None:
        body, body_map = mark.span.of(text), _BodyMap((mark.span,), ())
        skip = _list_mark_length(body, mark.kind)
    else:
        body, body_map = _join_parts(text, mark.parts)
        skip = 0
    if (mark.kind is BlockKind.BOILERPLATE or len(body) < 8) and not clean(body):
        return Block(mark.span, mark.kind, guess.lang, guess.confidence)
    spans = (
        [Span(0, len(body) - skip)] if mark.is_sentence else sentences.split(body[skip:] if skip else body, guess.lang)
    )
    block_sentences: list[Sentence] = []
    for span in spans:
        for a, b, own in _languages(body, Span(skip + span.start, skip + span.end), guess, document, len(spans)):
            pieces = body_map.pieces(a, b)
            if pieces:
                block_sentences.append(Sentence(pieces, own.lang, own.confidence))
    return Block(mark.span, mark.kind, guess.lang, guess.confidence, tuple(block_sentences))


class _BodyMap:
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
        spans: list[Span] = []
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._parts)):
            at, part = self._starts[index], self._parts[index]
            if at >= end:
                break
            a, b = max(start, at), min(end, at + part.end - part.start)
            if a < b:
                spans.append(Span(part.start + a - at, part.start + b - at))
        return tuple(spans)


def _join_parts(text: str, parts: tuple[Span, ...]) -> tuple[str, _BodyMap]:
    """The text of the parts as one body, joined by a line break where the document has one between them."""
    gaps = [int(has_line_break(text, a, b)) for a, b in pairwise(parts)]
    body = parts[0].of(text) + "".join(
        ("\n" if gap else "") + part.of(text) for gap, part in zip(gaps, parts[1:], strict=True)
    )
    return body, _BodyMap(parts, gaps)


_LIST_MARK = re.compile(
    r"(?:[●○•◦‣⁃∙・◆◇■□▪▫▶►★☆◎]+|[*+\-](?=\s)|>+|#{1,6}(?=\s)|[(（]?\d{1,3}[.)．）](?=[ \t\u3000]))[ \t\u3000]*"
)


def _list_mark_length(piece: str, kind: BlockKind) -> int:
    """Length of a list mark or quotation mark at the beginning of a line, which is not text."""
    if kind not in (BlockKind.LIST, BlockKind.QUOTE, BlockKind.COMMENT):
        return 0
    match = _LIST_MARK.match(piece)
    return match.end() if match and match.end() < len(piece) else 0


_QUOTATION = re.compile(
    r"(?:(?<=[。！？!?.」』”）)：:])|^)\s*(?:\"(?P<a>[^\"「」『』“”]{24,})\"|“(?P<b>[^“”]{24,})”|[「『](?P<c>[^「」『』]{24,})[」』])"
)
_GOES_ON = re.compile("\\s?(?:と|って|という|との|など|[はがをにのもでやへ])")
"""Particles after a quotation that is a part of the surrounding sentence."""
_WIDE = re.compile(f"[{HAN_CLASS}{KANA_CLASS}]")


def _languages(
    body: str, span: Span, guess: LanguageGuess, document: Mapping[str, float] | None, count: int
) -> list[tuple[int, int, LanguageGuess]]:
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
        if (count > 1 or len(parts) > 1) and not is_plainly_in(body[a:b], guess.lang):
            own = _sentence_guess(first_evidence(body[a:b]), guess, document)
        result.append((a, b, own))
    return result


def _sentence_guess(evidence: LanguageEvidence, block: LanguageGuess, document: Mapping[str, float]) -> LanguageGuess:
    """The language of a sentence: that of its block, unless the evidence clearly shows another."""
    if not evidence.scores or evidence.weight < (8 if evidence.script in ("han", "hangul") else 12):
        return block
    if block.lang in evidence.scores:
        best = decide(evidence, {block.lang: CERTAIN_NATS}) if evidence.is_certain else block
    else:
        best = decide(evidence, document_prior(document, evidence))
        if not evidence.is_certain and (best.confidence < 0.8 or evidence.weight < 25):
            return block
    return best if best.lang != UNDETERMINED else block


def _quoted(sentence: str, offset: int) -> list[tuple[int, int]]:
    """Split a CJK sentence around quotations in Latin letters that are sentences themselves, of six words or more."""
    cuts = [0]
    for match in _QUOTATION.finditer(sentence):
        quotation = match["a"] or match["b"] or match["c"]
        if (
            _WIDE.search(quotation)
            or len(quotation.split()) < 6
            or grammar_share(quotation) < 0.2
            or _GOES_ON.match(sentence, match.end())
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


__all__ = ["BlockMark", "segment"]


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
        blocks = segment(document.text, marks=marks, lang=lang)
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
