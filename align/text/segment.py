"""Plain text into blocks with sentences and languages: what every reader ends in. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from align.domain import UNDETERMINED, Block, BlockKind, Sentence, Span
from align.text import sentences
from align.text.blocks import Run, runs
from align.text.language import NOTHING, Evidence, Guess, decide, grammar_share, has_letters, relative, settle, weigh
from align.text.scripts import HAN_CLASS, KANA_CLASS

SILENT = frozenset({BlockKind.SEPARATOR})
"""Kinds of blocks that hold no sentence."""


class Mark(NamedTuple):
    """What a reader knows of a stretch of the text: that it is one block, its kind, perhaps its language."""

    span: Span
    kind: BlockKind
    lang: str | None = None
    sentences: tuple[tuple[Span, ...], ...] | None = None
    """The pieces of its sentences where the format gives them (cues, cells); None = split."""


def segment(text: str, *, kinds: Sequence[Mark] | None = None, lang: str | None = None) -> tuple[Block, ...]:
    """The blocks of `text`, ascending and apart, with their sentences and language tags.

    kinds: blocks that the format gives, ascending and apart; None finds them in the lines. lang: a tag set by hand,
    which every block that has a letter gets. Between blocks, and between the sentences of a block, nothing is lost
    but white space, invisible controls, list marks and image names.
    """
    marks = [Mark(run.span, run.kind) for run in runs(text)] if kinds is None else _filled(text, kinds)
    pieces = [mark.span.of(text) for mark in marks]
    document: dict[str, float] | None = None
    if lang is not None:
        guesses = [Guess(lang, 1.0) if has_letters(piece) else NOTHING for piece in pieces]
    else:
        guesses, document = settle(pieces, [weigh(piece) for piece in pieces], [mark.lang for mark in marks])
    return tuple(_block(piece, mark, guess, document) for piece, mark, guess in zip(pieces, marks, guesses, strict=True))


def _filled(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """The marks, with runs of the text that they leave out in between, so that every visible character has a block."""
    filled: list[Mark] = []
    at = 0
    for mark in [*marks, Mark(Span(len(text), len(text)), BlockKind.BODY)]:
        gap = text[at : mark.span.start]
        if gap.strip():
            filled += [Mark(Span(at + r.span.start, at + r.span.end), BlockKind.BOILERPLATE) for r in runs(gap)]
        bare = mark.span.of(text)
        if bare.strip():
            start = mark.span.start + len(bare) - len(bare.lstrip())
            filled.append(mark._replace(span=Span(start, start + len(bare.strip()))))
        at = mark.span.end
    return filled


def _block(piece: str, mark: Mark, guess: Guess, document: Mapping[str, float] | None) -> Block:
    start = mark.span.start
    if mark.kind in SILENT or not piece:
        return Block(mark.span, mark.kind, guess.lang, guess.confidence)
    if mark.sentences is not None:
        found = tuple(Sentence(parts, guess.lang, guess.confidence) for parts in mark.sentences)
        return Block(mark.span, mark.kind, guess.lang, guess.confidence, found)
    skip = _lead(piece, mark.kind)
    body = piece[skip:]
    spans = sentences.split(body, guess.lang)
    found_sentences: list[Sentence] = []
    for span in spans:
        for a, b, own in _languages(body, span, guess, document, len(spans)):
            found_sentences.append(Sentence((Span(start + skip + a, start + skip + b),), own.lang, own.confidence))
    return Block(mark.span, mark.kind, guess.lang, guess.confidence, tuple(found_sentences))


_LEAD = re.compile(r"(?:[●○•◦‣⁃∙・◆◇■□▪▫▶►★☆◎]+|[*+\-–—](?=\s)|>+|#{1,6}(?=\s)|[(（]?\d{1,3}[.)．）](?=[ \t\u3000]))[ \t\u3000]*")


def _lead(piece: str, kind: BlockKind) -> int:
    """Characters of a list mark or quotation mark of the line that are not text."""
    if kind not in (BlockKind.LIST, BlockKind.QUOTE, BlockKind.COMMENT):
        return 0
    match = _LEAD.match(piece)
    return match.end() if match and match.end() < len(piece) else 0


_LATIN_RUN = re.compile(r"[\"“'‘(（「『]?[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f0-9 ,.'’;:!?&%+\-–—/\"“”]{24,}")
_WIDE = re.compile(f"[{HAN_CLASS}{KANA_CLASS}]")


def _languages(
    body: str, span: Span, guess: Guess, document: Mapping[str, float] | None, count: int
) -> list[tuple[int, int, Guess]]:
    """The parts of a sentence with their languages: more than one where it quotes another language at length."""
    if document is None:
        return [(span.start, span.end, guess)]
    sentence = body[span.start : span.end]
    parts = [(span.start, span.end)]
    if guess.lang[:2] in ("ja", "zh") and _LATIN_RUN.search(sentence):
        parts = _quoted(sentence, span.start)
    result = []
    for a, b in parts:
        own = guess
        if count > 1 or len(parts) > 1:
            own = _own(weigh(body[a:b]), guess, document)
        result.append((a, b, own))
    return result


def _own(evidence: Evidence, block: Guess, document: Mapping[str, float]) -> Guess:
    """The language of a sentence of a block: the block's, unless the sentence clearly says another."""
    if not evidence.scores or evidence.weight < 12:
        return block
    if block.lang in evidence.scores:
        best = decide(evidence, {block.lang: 20.0}) if evidence.settled else block
    else:
        best = decide(evidence, relative(document, evidence))
        if not evidence.settled and (best.confidence < 0.8 or evidence.weight < 25):
            return block
    return best if best.lang != UNDETERMINED else block


def _quoted(sentence: str, offset: int) -> list[tuple[int, int]]:
    """A CJK sentence cut around the stretches of at least four Latin words, function words among them."""
    cuts = [0]
    for match in _LATIN_RUN.finditer(sentence):
        stretch = match[0]
        words = stretch.split()
        if len(words) < 5 or grammar_share(stretch) < 0.2:
            continue
        cuts += [match.start(), match.end()]
    cuts.append(len(sentence))
    parts = []
    for a, b in zip(cuts, cuts[1:], strict=False):
        piece = sentence[a:b]
        bare = piece.strip()
        if bare:
            start = a + piece.index(bare)
            parts.append((offset + start, offset + start + len(bare)))
    return parts


__all__ = ["Mark", "Run", "segment"]
