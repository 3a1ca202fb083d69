"""Plain text into blocks with sentences and languages: what every reader ends in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from align.domain import UNDETERMINED, Block, BlockKind, Sentence, Span
from align.text import sentences
from align.text.blocks import Run, runs
from align.text.language import NOTHING, Evidence, Guess, decide, settle, weigh
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
    evidence = [weigh(piece) for piece in pieces]
    if lang is not None:
        guesses = [Guess(lang, 1.0) if one.scores else NOTHING for one in evidence]
    else:
        guesses = settle(pieces, evidence, [mark.lang for mark in marks])
    return tuple(
        _block(piece, mark, guess, lang is not None, one)
        for piece, mark, guess, one in zip(pieces, marks, guesses, evidence, strict=True)
    )


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


def _block(piece: str, mark: Mark, guess: Guess, forced: bool, evidence: Evidence) -> Block:
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
        for a, b, own in _languages(body, span, guess, forced, len(spans), evidence):
            found_sentences.append(Sentence((Span(start + skip + a, start + skip + b),), own.lang, own.confidence))
    return Block(mark.span, mark.kind, guess.lang, guess.confidence, tuple(found_sentences))


_LEAD = re.compile(r"(?:[●○•◦‣⁃∙・◆◇■□▪▫▶►★☆◎]+|[*+\-–—]|>+|#{1,6})[ \t\u3000]*")


def _lead(piece: str, kind: BlockKind) -> int:
    """Characters of a list mark or quotation mark of the line that are not text."""
    if kind not in (BlockKind.LIST, BlockKind.QUOTE, BlockKind.COMMENT, BlockKind.HEADING):
        return 0
    match = _LEAD.match(piece)
    return match.end() if match and match.end() < len(piece) else 0


_LATIN_RUN = re.compile(r"[\"“'‘(（「『]?[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f0-9 ,.'’;:!?&%+\-–—/\"“”]{24,}")
_WIDE = re.compile(f"[{HAN_CLASS}{KANA_CLASS}]")


def _languages(
    body: str, span: Span, guess: Guess, forced: bool, count: int, block: Evidence
) -> list[tuple[int, int, Guess]]:
    """The parts of a sentence with their languages: more than one where it quotes another language at length."""
    if forced:
        return [(span.start, span.end, guess)]
    sentence = body[span.start : span.end]
    parts = [(span.start, span.end)]
    if guess.lang[:2] in ("ja", "zh") and _LATIN_RUN.search(sentence):
        parts = _quoted(sentence, span.start)
    result = []
    for a, b in parts:
        own = guess
        if count > 1 or len(parts) > 1:
            evidence = weigh(body[a:b])
            if not evidence.scores:
                own = guess if count > 1 else NOTHING
            elif guess.lang not in evidence.scores or evidence.settled:
                best = decide(evidence, {guess.lang: 8.0})
                if best.lang != guess.lang and evidence.weight >= 12 and best.lang != UNDETERMINED:
                    own = best
        result.append((a, b, own))
    return result


def _quoted(sentence: str, offset: int) -> list[tuple[int, int]]:
    """A CJK sentence cut around the stretches of at least four Latin words, function words among them."""
    cuts = [0]
    for match in _LATIN_RUN.finditer(sentence):
        stretch = match[0]
        if len(stretch.split()) < 5 or not _WIDE.search(sentence):
            continue
        evidence = weigh(stretch)
        if not evidence.settled:
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
