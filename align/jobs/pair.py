"""Align two files without a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from align.domain import UNDETERMINED, Block, Document, Link, LinkSide, Span, Status
from align.encoders.base import Encoder
from align.errors import ReadError
from align.jobs.add import content_of
from align.jobs.documents import asked_language
from align.jobs.vectors import LEFT_OUT, primary
from align.match import Bead, Passages, align_bitext, align_pages
from align.readers import read
from align.text.clean import join, sentence_text
from align.text.han import chinese

Segments = Literal["line", "sentence", "paragraph"]


@dataclass(frozen=True, slots=True)
class Half:
    """One file, cut into segments of one language."""

    name: str
    lang: str
    texts: tuple[str, ...]
    pieces: tuple[tuple[Span, ...], ...]
    blocks: tuple[int, ...]


def half(name: str, *, lang: str | None = None, segments: Segments = "sentence", encoding: str | None = None) -> Half:
    """Read a file for `pair`. Without `lang`, the language that most of its characters are in; other languages are
    left out. Raises ReadError where no text is left, UsageError for a language that is none."""
    lang = asked_language(lang)
    document = read(name, content_of(name), encoding=encoding, lang=lang)
    main = chinese(document.text) if lang == "zh" else lang or main_language(document)
    found = [
        (number, pieces)
        for number, pieces, found_lang in cut(document, segments)
        if segments == "line" or primary(found_lang) in (primary(main), UNDETERMINED)
    ]
    if not found:
        raise ReadError(f"{name}: no text to align. Is it the right file?")
    texts = tuple(sentence_text(document.text, pieces, main) for _, pieces in found)
    return Half(name, main, texts, tuple(pieces for _, pieces in found), tuple(number for number, _ in found))


def main_language(document: Document) -> str:
    """The language that most characters of the document are in."""
    counts: Counter[str] = Counter()
    for block in document.blocks:
        for sentence in block.sentences:
            if sentence.lang != UNDETERMINED:
                counts[sentence.lang] += sentence.span.end - sentence.span.start
    return counts.most_common(1)[0][0] if counts else UNDETERMINED


def cut(document: Document, segments: Segments) -> Iterator[tuple[int, tuple[Span, ...], str]]:
    """The segments of a document: number of the block (or line), pieces, language."""
    if segments == "line":
        start = 0
        for number, line in enumerate(document.text.splitlines(keepends=True)):
            if line.strip():
                yield number, (Span(start, start + len(line.rstrip())),), UNDETERMINED
            start += len(line)
        return
    for number, block in enumerate(document.blocks):
        if block.kind in LEFT_OUT or not block.sentences:
            continue
        if segments == "paragraph":
            yield number, whole(block), block.lang
        else:
            for sentence in block.sentences:
                yield number, sentence.pieces, sentence.lang


def whole(block: Block) -> tuple[Span, ...]:
    """The pieces of all the block's sentences."""
    return tuple(piece for sentence in block.sentences for piece in sentence.pieces)


def pair(
    src: Half,
    tgt: Half,
    encoder: Encoder,
    *,
    reordered: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Link]:
    """Links between two files in the order of the source, numbered from 1; nulls are left out.

    Two files in the same order are covered whole; with `reordered`, passages may have moved and only what corresponds
    is linked.
    """
    texts = list(dict.fromkeys(src.texts + tgt.texts))
    vectors = encoder.encode(texts, progress)
    place = {text: number for number, text in enumerate(texts)}
    sides = [
        Passages(
            texts=side.texts,
            vectors=vectors[[place[text] for text in side.texts]],
            lang=side.lang,
            blocks=np.array(side.blocks, dtype=np.int64),
        )
        for side in (src, tgt)
    ]
    align = align_pages if reordered else align_bitext
    beads = [bead for bead in align(sides[0], sides[1]) if bead.src and bead.tgt]
    for number, bead in enumerate(beads, start=1):
        yield as_link(number, bead, src, tgt, encoder.name)


def as_link(number: int, bead: Bead, src: Half, tgt: Half, encoder: str) -> Link:
    """The bead as a proposed link; document 1 is the source, 2 the target, sentences are numbers of segments."""
    return Link(
        id=number,
        src=link_side(1, src, bead.src),
        tgt=link_side(2, tgt, bead.tgt),
        kind=bead.kind,
        score=bead.score,
        confidence=bead.confidence,
        status=Status.PROPOSED,
        encoder=encoder,
    )


def link_side(document: int, side: Half, segments: range) -> LinkSide:
    """The segments as one side of a link."""
    return LinkSide(
        document=document,
        doc=side.name,
        lang=side.lang,
        sentences=tuple(segments),
        text=join([side.texts[number] for number in segments], side.lang),
        spans=tuple(piece for number in segments for piece in side.pieces[number]),
    )
