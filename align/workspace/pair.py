"""Align two files without a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from align.aligner import Bead, DocumentAlignment, EmbeddedSide, align_documents, align_pages
from align.embeddings.base import Encoder
from align.embeddings.embed import TextSide, embed_sides
from align.errors import ReadError
from align.exchange.detect_format import check_is_text
from align.inputs import MAX_SIZE
from align.models import UNDETERMINED, Document, Link, LinkSide, Segments, Span, Status
from align.readers import read
from align.text.han import chinese_tag
from align.text.normalize import join, sentence_text
from align.text.segment import plain_segments, resegment
from align.text.tags import primary
from align.workspace.add import read_content
from align.workspace.document_lookup import language_tag_or_none
from align.workspace.language_runs import UNMATCHED_KINDS

MIN_LANGUAGE_CONFIDENCE = 0.7
"""Minimum confidence for a short segment's own language; below it, the segment counts as in the file's language."""
SHORT_SEGMENT_LENGTH = 40
UNRELATED = 0.5
"""Document confidence below which two files are probably no translations of each other."""


@dataclass(frozen=True, slots=True)
class FileSide:
    """One file, split into segments of one language."""

    name: str
    lang: str
    texts: tuple[str, ...]
    pieces: tuple[tuple[Span, ...], ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Number of segments in each other language."""
    boilerplate: int = 0
    """Number of segments left out as boilerplate: menus, page numbers, lines that a site repeats."""
    subtitles: str = ""
    """The text with the timing, for a file of subtitles."""

    @property
    def text_side(self) -> TextSide:
        """The texts for the encoder."""
        return TextSide(self.texts, self.lang)


class FileSegment(NamedTuple):
    """A part of a document that is aligned as one unit."""

    pieces: tuple[Span, ...]
    lang: str
    confidence: float

    def is_in(self, lang: str) -> bool:
        """Whether it may be in `lang`, the language of its file."""
        short = sum(piece.end - piece.start for piece in self.pieces) < SHORT_SEGMENT_LENGTH
        return primary(self.lang) in (primary(lang), UNDETERMINED) or (
            short and self.confidence < MIN_LANGUAGE_CONFIDENCE
        )


@dataclass(frozen=True, slots=True)
class PairedFiles:
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


def read_side(
    name: str,
    *,
    lang: str | None = None,
    segments: Segments = "sentence",
    encoding: str | None = None,
    max_size: int = MAX_SIZE,
    boilerplate: bool = False,
    content: bytes | None = None,
) -> FileSide:
    """Read a file for `pair`, or the `content` of that name. Without `lang`, the language of most of its characters.

    Other languages are left out, and boilerplate unless `boilerplate`. Raises ReadError where no text remains,
    UsageError for an invalid language.
    """
    lang = language_tag_or_none(lang)
    content = read_content(name, max_size) if content is None else content
    check_is_text(name, content)
    document = read(name, content, encoding=encoding, lang=lang)
    main = chinese_tag(document.text) if lang == "zh" else lang or main_language(document)
    all_segments = list(split_segments(document, segments, boilerplate=boilerplate))
    main_segments = [one for one in all_segments if one.is_in(main)]
    n_boilerplate = (
        0 if boilerplate else sum(1 for _ in split_segments(document, segments, boilerplate=True)) - len(all_segments)
    )
    if not main_segments:
        remedy = (
            " --boilerplate includes what looks like a menu or a page number."
            if n_boilerplate
            else " Is it the right file?"
        )
        raise ReadError(f"{name}: no text to align.{remedy}")
    return FileSide(
        name,
        main,
        texts=tuple(sentence_text(document.text, one.pieces) for one in main_segments),
        pieces=tuple(one.pieces for one in main_segments),
        left_out=Counter(one.lang for one in all_segments if not one.is_in(main)),
        boilerplate=n_boilerplate,
        subtitles=document.text if document.reader == "subtitles" else "",
    )


def main_language(document: Document) -> str:
    """The language of most characters of the document."""
    counts: Counter[str] = Counter()
    for block in document.blocks:
        for sentence in block.sentences:
            if sentence.lang != UNDETERMINED:
                counts[sentence.lang] += sentence.span.end - sentence.span.start
    return counts.most_common(1)[0][0] if counts else UNDETERMINED


def split_segments(document: Document, segments: Segments, *, boilerplate: bool = False) -> Iterator[FileSegment]:
    """The segments of a document, in order; those of separators and of boilerplate only with `boilerplate`.

    Lines and verses are of whatever language their file is in.
    """
    left_out = frozenset() if boilerplate else UNMATCHED_KINDS
    if document.reader == "text" and (segments == "line" or segments == "verse"):
        for span in plain_segments(document.text, segments):
            yield FileSegment((span,), UNDETERMINED, 0.0)
        return
    for block in resegment(document, segments).blocks:
        if block.kind in left_out:
            continue
        for sentence in block.sentences:
            if segments in ("line", "verse"):
                yield FileSegment(sentence.pieces, UNDETERMINED, 0.0)
            else:
                yield FileSegment(sentence.pieces, sentence.lang, sentence.lang_confidence)


def pair(
    src: FileSide,
    tgt: FileSide,
    encoder: Encoder,
    *,
    reordered: bool = False,
    min_confidence: float = 0.0,
    min_document_confidence: float = 0.0,
    progress: Callable[[int, int], None] | None = None,
) -> PairedFiles:
    """Align two files.

    By default both are assumed to be in the same order and aligned completely; with `reordered`, passages may be in
    another order and only corresponding ones are linked. Links below `min_confidence` are left out, and their
    sentences count as unpaired.
    """
    one, other = embed_sides(encoder, [src.text_side, tgt.text_side], tokens_now=not reordered, progress=progress)
    aligned = align(one, other, reordered=reordered)
    min_link_confidence = 2.0 if (aligned.confidence or 0.0) < min_document_confidence else min_confidence
    beads = [bead for bead in aligned.beads if bead.src and bead.tgt and bead.confidence >= min_link_confidence]
    paired = {i for bead in beads for i in bead.src}, {j for bead in beads for j in bead.tgt}
    return PairedFiles(
        tuple(as_link(number, bead, src, tgt, encoder.name) for number, bead in enumerate(beads, start=1)),
        (
            tuple(i for i in range(len(src.texts)) if i not in paired[0]),
            tuple(j for j in range(len(tgt.texts)) if j not in paired[1]),
        ),
        aligned.confidence,
        aligned.shuffled,
    )


def align(src: EmbeddedSide, tgt: EmbeddedSide, *, reordered: bool) -> DocumentAlignment:
    """Two whole files: in one order, or, with `reordered`, only what corresponds.

    The confidence of a link between pages is a probability by itself, so that of pages is that of their surest link.
    """
    if not reordered:
        return align_documents(src, tgt)
    beads = align_pages(src, tgt)
    return DocumentAlignment(beads, max((bead.confidence for bead in beads), default=0.0))


def with_unpaired(paired: PairedFiles, src: FileSide, tgt: FileSide) -> Iterator[Link]:
    """The links and the unpaired segments, as links with one side, number 0 and no confidence: those of the source
    in its order, those of the target after the segment that precedes them there."""
    empty = range(0)
    unpaired_src = [as_link(0, Bead(range(i, i + 1), empty), src, tgt, "") for i in paired.unpaired[0]]
    unpaired_tgt = [as_link(0, Bead(empty, range(j, j + 1)), src, tgt, "") for j in paired.unpaired[1]]
    rows = sorted([*paired.links, *unpaired_src], key=lambda link: link.src.sentences[0])
    for link in rows:
        while unpaired_tgt and link.tgt.sentences and unpaired_tgt[0].tgt.sentences[0] < link.tgt.sentences[0]:
            yield unpaired_tgt.pop(0)
        yield link
    yield from unpaired_tgt


def as_link(number: int, bead: Bead, src: FileSide, tgt: FileSide, encoder: str) -> Link:
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


def link_side(document: int, side: FileSide, segments: range) -> LinkSide:
    """The segments as one side of a link."""
    return LinkSide(
        document=document,
        doc=side.name,
        lang=side.lang,
        sentences=tuple(segments),
        text=join([side.texts[number] for number in segments], side.lang),
        spans=tuple(piece for number in segments for piece in side.pieces[number]),
    )
