"""Align two files without a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from align.domain import UNDETERMINED, Block, BlockKind, Document, Link, LinkSide, Span, Status
from align.encoders.base import Encoder
from align.encoders.embed import TextSide, embed_sides
from align.errors import ReadError
from align.exchange.detect_format import check_is_text
from align.inputs import MAX_SIZE
from align.jobs.add import content_of
from align.jobs.documents import asked_language
from align.jobs.vectors import LEFT_OUT
from align.match import Bead, DocumentAlignment, Passages, align_documents, align_pages
from align.readers import read
from align.text.clean import join, sentence_text
from align.text.han import chinese
from align.text.tags import primary

Segments = Literal["line", "sentence", "paragraph"]
UNSURE = 0.7
"""Minimum confidence for a short segment's own language; below it, the segment counts as in the file's language."""
SHORT = 40
UNRELATED = 0.5
"""Document confidence below which two files are probably no translations of each other."""


@dataclass(frozen=True, slots=True)
class Half:
    """One file, split into segments of one language."""

    name: str
    lang: str
    texts: tuple[str, ...]
    pieces: tuple[tuple[Span, ...], ...]
    blocks: tuple[int, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Number of segments in each other language."""
    boilerplate: int = 0
    """Number of segments left out as boilerplate: menus, page numbers, lines that a site repeats."""

    @property
    def text_side(self) -> TextSide:
        """The texts for the encoder."""
        return TextSide(self.texts, self.lang, np.array(self.blocks, dtype=np.int64))


class Segment(NamedTuple):
    """A part of a document that is aligned as one unit."""

    number: int
    """Index of its block, or of its line."""
    pieces: tuple[Span, ...]
    lang: str
    confidence: float

    def is_in(self, lang: str) -> bool:
        """Whether it may be in `lang`, the language of its file."""
        short = sum(piece.end - piece.start for piece in self.pieces) < SHORT
        return primary(self.lang) in (primary(lang), UNDETERMINED) or (short and self.confidence < UNSURE)


@dataclass(frozen=True, slots=True)
class Paired:
    """The result of aligning two files."""

    links: tuple[Link, ...]
    """In the order of the source, numbered from 1."""
    unpaired: tuple[tuple[int, ...], tuple[int, ...]]
    """Indexes of the source and of the target segments without a link."""
    confidence: float | None = None
    """Document confidence: P(the files are translations of each other, at least in part); None where it is unknown."""
    shuffled: bool = False
    """Whether they are translations of each other in another order of segments."""

    @property
    def doubtful(self) -> bool:
        """Whether the files probably have nothing to do with each other."""
        return self.confidence is not None and self.confidence < UNRELATED and not self.shuffled


def half(
    name: str,
    *,
    lang: str | None = None,
    segments: Segments = "sentence",
    encoding: str | None = None,
    max_size: int = MAX_SIZE,
    boilerplate: bool = False,
) -> Half:
    """Read a file for `pair`. Without `lang`, the language of most of its characters.

    Other languages are left out, and boilerplate unless `boilerplate`. Raises ReadError where no text remains,
    UsageError for an invalid language.
    """
    lang = asked_language(lang)
    content = content_of(name, max_size)
    check_is_text(name, content)
    document = read(name, content, encoding=encoding, lang=lang)
    main = chinese(document.text) if lang == "zh" else lang or main_language(document)
    found = list(cut(document, segments, boilerplate=boilerplate))
    kept = [one for one in found if one.is_in(main)]
    left = 0 if boilerplate else sum(1 for _ in cut(document, segments, boilerplate=True)) - len(found)
    if not kept:
        remedy = (
            " --boilerplate includes what looks like a menu or a page number." if left else " Is it the right file?"
        )
        raise ReadError(f"{name}: no text to align.{remedy}")
    return Half(
        name,
        main,
        texts=tuple(sentence_text(document.text, one.pieces) for one in kept),
        pieces=tuple(one.pieces for one in kept),
        blocks=tuple(one.number for one in kept),
        left_out=Counter(one.lang for one in found if not one.is_in(main)),
        boilerplate=left,
    )


def main_language(document: Document) -> str:
    """The language of most characters of the document."""
    counts: Counter[str] = Counter()
    for block in document.blocks:
        for sentence in block.sentences:
            if sentence.lang != UNDETERMINED:
                counts[sentence.lang] += sentence.span.end - sentence.span.start
    return counts.most_common(1)[0][0] if counts else UNDETERMINED


def cut(document: Document, segments: Segments, *, boilerplate: bool = False) -> Iterator[Segment]:
    """The segments of a document, in order; those of separators and of boilerplate only with `boilerplate`."""
    left_out = frozenset() if boilerplate else LEFT_OUT
    if segments == "line":
        for number, line in enumerate(lines(document, left_out)):
            yield Segment(number, line, UNDETERMINED, 0.0)
        return
    for number, block in enumerate(document.blocks):
        if block.kind in left_out or not block.sentences:
            continue
        if segments == "paragraph":
            yield Segment(number, whole(block), block.lang, block.lang_confidence)
        else:
            for sentence in block.sentences:
                yield Segment(number, sentence.pieces, sentence.lang, sentence.lang_confidence)


def lines(document: Document, left_out: frozenset[BlockKind] = LEFT_OUT) -> Iterator[tuple[Span, ...]]:
    """The non-blank lines of plain text, unchanged; of other formats their text, without timing and markup.
    left_out: kinds of blocks whose lines are left out, except in plain text."""
    said = [piece for block in document.blocks if block.kind not in left_out for piece in whole(block)]
    start = place = 0
    for line in document.text.splitlines(keepends=True):
        end = start + len(line.rstrip())
        found: list[Span] = []
        if document.reader == "text":
            found += [Span(start, end)] if line.strip() else []
        elif line.strip():
            while place < len(said) and said[place].start < end:
                piece = Span(max(said[place].start, start), min(said[place].end, end))
                if found and not document.text[found[-1].end : piece.start].strip():
                    piece = Span(found.pop().start, piece.end)
                found.append(piece)
                if said[place].end > end:
                    break
                place += 1
        if found:
            yield tuple(found)
        start += len(line)


def whole(block: Block) -> tuple[Span, ...]:
    """The spans of all the block's sentences."""
    return tuple(piece for sentence in block.sentences for piece in sentence.pieces)


def pair(
    src: Half,
    tgt: Half,
    encoder: Encoder,
    *,
    reordered: bool = False,
    min_confidence: float = 0.0,
    min_document_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> Paired:
    """Align two files.

    By default both are assumed to be in the same order and aligned completely; with `reordered`, passages may be in
    another order and only corresponding ones are linked. Links below `min_confidence` are left out, and their
    sentences count as unpaired.
    """
    one, other = embed_sides(encoder, [src.text_side, tgt.text_side], whole=not reordered, progress=progress)
    aligned = align(one, other, reordered=reordered)
    least = 2.0 if (aligned.confidence or 0.0) < min_document_confidence else min_confidence
    beads = [bead for bead in aligned.beads if bead.src and bead.tgt and bead.confidence >= least]
    paired = {i for bead in beads for i in bead.src}, {j for bead in beads for j in bead.tgt}
    return Paired(
        tuple(as_link(number, bead, src, tgt, encoder.name) for number, bead in enumerate(beads, start=1)),
        (
            tuple(i for i in range(len(src.texts)) if i not in paired[0]),
            tuple(j for j in range(len(tgt.texts)) if j not in paired[1]),
        ),
        aligned.confidence,
        aligned.shuffled,
    )


def align(src: Passages, tgt: Passages, *, reordered: bool) -> DocumentAlignment:
    """Two whole files: in one order, or, with `reordered`, only what corresponds.

    The confidence of a link between pages is a probability by itself, so that of pages is that of their surest link.
    """
    if not reordered:
        return align_documents(src, tgt)
    beads = align_pages(src, tgt)
    return DocumentAlignment(beads, max((bead.confidence for bead in beads), default=0.0))


def with_unpaired(paired: Paired, src: Half, tgt: Half) -> Iterator[Link]:
    """The links and the unpaired segments, as links with one side, number 0 and no confidence: those of the source
    in its order, those of the target after the segment that precedes them there."""
    nothing = range(0)
    alone_src = [as_link(0, Bead(range(i, i + 1), nothing), src, tgt, "") for i in paired.unpaired[0]]
    alone_tgt = [as_link(0, Bead(nothing, range(j, j + 1)), src, tgt, "") for j in paired.unpaired[1]]
    rows = sorted([*paired.links, *alone_src], key=lambda link: link.src.sentences[0])
    for link in rows:
        while alone_tgt and link.tgt.sentences and alone_tgt[0].tgt.sentences[0] < link.tgt.sentences[0]:
            yield alone_tgt.pop(0)
        yield link
    yield from alone_tgt


def as_link(number: int, bead: Bead, src: Half, tgt: Half, encoder: str) -> Link:
    """The bead as a proposed link; document 1 is the source, 2 the target, sentences are indexes of segments."""
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
