"""Cut the paragraphs of a memory into sentences: the sentences of each unit are aligned, and a unit is cut where both
sides are sure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from align.aligner import Bead, Constraints, EmbeddedSide
from align.aligner.bitext import bitext_beads
from align.aligner.document_confidence import document_confidence
from align.aligner.window import Bitext
from align.embeddings import Encoder, Progress
from align.embeddings.embed import TextSide, embed_sides
from align.exchange.import_new import with_languages
from align.exchange.types import ImportedUnit, Segment
from align.models import Span, Status
from align.text.messages import pluralise
from align.text.numbers import find_numbers
from align.text.segment import segment, verse_starts
from align.text.tags import tag_or_undetermined

SURE = 0.5
"""Minimum confidence of a cut: of the links on both sides of it, and that the sides of the unit are translations."""
LABEL_WITHIN = 12
"""A number that begins this early in a sentence is its label: a verse, an article, an item of a list."""
BOUNDARY = "* * *"
"""A sentence on both sides between two units, linked with itself, so that no link reaches across."""
MAX_CHUNKS = 300
"""Words or clauses of a text without stops; a longer one stays whole."""
FIRST_CHUNKS = 16
"""Chunks between which it is cut at first: each pair of ends is a text to encode."""
MAX_PARTS = 9
WITHOUT_STOPS = 0.5
"""Share of the cuts of a text without stops that are right to the word, at best: `python -m benchmarks.split_units`."""

EncoderOf = Callable[[set[str]], Encoder]
"""The encoder for texts in languages (BCP 47)."""
Cuts = dict[int, tuple[int, float]]
"""Offset in the characters of the first side where it may be cut -> that of the other side, and the confidence of the
cut: of the less sure link beside it, times that of the unit; 1 at a label; half in a text without stops."""

_LABEL_AFTER_STOP = re.compile(
    r"(?:(?<=[.!?。！？…][\s»”’」』）)\"'])|(?<=[.!?。！？…»”’」』]))\s*(?P<label>\d{1,3})(?![\d.,]\d)"
)
_CHUNK_END = re.compile(r"[,;:،؛，、；：—–]\s*|\s+")


@dataclass(frozen=True, slots=True)
class SplitUnits:
    """The units of a file after the cutting."""

    units: tuple[ImportedUnit, ...]
    cut: int
    """Number of units that were cut."""
    parts: int
    """Number of units that they became."""
    whole: int
    """Number of units of several sentences that stay whole."""

    def line(self) -> str:
        """The figures in words."""
        whole = f" {pluralise(self.whole, 'unit')} of several sentences stayed whole." if self.whole else ""
        if not self.cut:
            return f"Cut into sentences: no unit.{whole}"
        return (
            f"Cut into sentences: {pluralise(self.cut, 'unit')} became {self.parts:,}, which are undecided; "
            f"`align review` asks for them, `align accept --min-confidence 0.9` takes the sure ones.{whole}"
        )


Splitter = Callable[[Sequence[ImportedUnit]], SplitUnits]
"""Cuts the units of a file."""


def split_units(units: Sequence[ImportedUnit], encoder_of: EncoderOf, progress: Progress | None = None) -> SplitUnits:
    """Cut each unit where its sides have sentence boundaries that correspond; nothing of the texts but white space
    between two parts is lost.

    All units of two languages are aligned in one run, with boundaries between units and at labels (verses, articles,
    items) that both sides have. A text without stops is cut where the other side's sentences say so. A cut needs a
    link of `SURE` on either side of it; what will not pair stays in one unit with its neighbours. Units of an export
    of this program (with stamps) stay whole. Raises EncoderError.
    """
    units = with_languages(units)
    sentences = [_sentence_spans(unit) for unit in units]
    by_languages: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for number, (unit, sides) in enumerate(zip(units, sentences, strict=True)):
        if unit.stamp is None and len(sides) > 1 and any(len(spans) > 1 for spans in sides):
            src, *others = (tag_or_undetermined(side.lang) for side in unit.sides)
            for side, tgt in enumerate(others, start=1):
                by_languages[src, tgt].append((number, side))
    cuts: dict[int, list[Cuts]] = defaultdict(list)
    for (src, tgt), listed in by_languages.items():
        encoder = encoder_of({src, tgt})
        pairs = []
        for done, (number, side) in enumerate(listed):
            pairs.append(_Pair(units[number], sentences[number], side, encoder))
            if progress:
                progress(done, len(listed))
        for (number, _), of_pair in zip(listed, _cuts(pairs, (src, tgt), encoder, progress), strict=True):
            cuts[number].append(of_pair)
    out: list[ImportedUnit] = []
    cut = parts = 0
    for number, unit in enumerate(units):
        pieces = _pieces(unit, cuts.get(number, []))
        out += pieces
        cut += len(pieces) > 1
        parts += len(pieces) if len(pieces) > 1 else 0
    return SplitUnits(tuple(out), cut, parts, len(cuts) - cut)


def _sentence_spans(unit: ImportedUnit) -> list[list[Span]]:
    """The sentences of each side, as spans of its text."""
    starts = [set(verse_starts(side.text)) for side in unit.sides]
    labels = [
        {match["label"]: match.start("label") for match in _LABEL_AFTER_STOP.finditer(side.text)} for side in unit.sides
    ]
    common = set.intersection(*(set(one) for one in labels)) if labels else set()
    spans = []
    for side, begins, own in zip(unit.sides, starts, labels, strict=True):
        begins |= {own[label] for label in common}
        tag = tag_or_undetermined(side.lang)
        for block in segment(side.text, lang=None if tag == "und" else tag):
            begins |= {sentence.pieces[0].start for sentence in block.sentences}
        spans.append(_between(side.text, sorted(begins)))
    return spans


def _between(text: str, starts: Sequence[int]) -> list[Span]:
    """The text from each start to the next, without the white space around; the first begins with the text."""
    spans = []
    for start, end in pairwise([0, *(start for start in starts if text[:start].strip()), len(text)]):
        piece = text[start:end]
        if piece.strip():
            spans.append(Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
    return spans


class _Pair:
    """The first side of a unit and another one, in sentences."""

    def __init__(self, unit: ImportedUnit, sentences: Sequence[list[Span]], side: int, encoder: Encoder) -> None:
        self.texts = (unit.sides[0].text, unit.sides[side].text)
        self.spans = [sentences[0], sentences[side]]
        self.factor = 1.0
        """Of the confidence of a cut."""
        for one, other in ((0, 1), (1, 0)):
            if len(self.spans[one]) == 1 and 1 < len(self.spans[other]) <= MAX_PARTS:
                others = [span.of(self.texts[other]) for span in self.spans[other]]
                self.spans[one] = _cut_like(self.texts[one], others, encoder)
                self.factor = WITHOUT_STOPS
        src, tgt = (
            [_label(span.of(text)) for span in spans] for text, spans in zip(self.texts, self.spans, strict=True)
        )
        self.labels = _common_labels(src, tgt)


def _label(sentence: str) -> float | None:
    """The number that a sentence begins with."""
    first = next(iter(find_numbers(sentence[: 2 * LABEL_WITHIN])), None)
    return first.values[0] if first and first.start < LABEL_WITHIN else None


def _common_labels(src: Sequence[float | None], tgt: Sequence[float | None]) -> list[tuple[int, int]]:
    """Sentences of both sides that begin with the same number, which no other one begins with; in the same order."""
    at = {label: number for number, label in enumerate(tgt) if label is not None and tgt.count(label) == 1}
    both: list[tuple[int, int]] = []
    for number, label in enumerate(src):
        if label in at and src.count(label) == 1 and (not both or both[-1][1] < at[label]):
            both.append((number, at[label]))
    return both


def _cut_like(text: str, sentences: Sequence[str], encoder: Encoder) -> list[Span]:
    """Cut a text without stops into as many parts as the other side has sentences, each as close to its sentence as
    can be; first at some of its chunks, then at those near the cuts, in steps of half the length each time."""
    starts = [0, *(match.end() for match in _CHUNK_END.finditer(text) if 0 < match.end() < len(text))]
    if not len(sentences) <= len(starts) <= MAX_CHUNKS:
        return _between(text, [0])
    step = -(-len(starts) // max(FIRST_CHUNKS, len(sentences)))
    cuts = _best_cuts(text, starts[::step], sentences, encoder)
    while step > 1:
        step = -(-step // 2)
        numbers = [starts.index(cut) for cut in cuts]
        near = {0, *(number + offset for number in numbers for offset in (-step, 0, step))}
        cuts = _best_cuts(
            text, [starts[number] for number in sorted(near & set(range(len(starts))))], sentences, encoder
        )
    return _between(text, cuts)


def _best_cuts(text: str, starts: Sequence[int], sentences: Sequence[str], encoder: Encoder) -> list[int]:
    """Some of the starts, the first included, with the best sum of the cosines of each part and its sentence,
    weighted by the sentences' lengths; the first alone where no part has a likely length."""
    n, m = len(sentences), len(starts)
    ends = [*starts[1:], len(text)]
    total = sum(map(len, sentences))
    spans = [
        (one, other, part)
        for part, sentence in enumerate(sentences)
        for one in range(part, m)
        for other in range(one, m - (n - part - 1))
        if 0.25 < (ends[other] - starts[one]) / len(text) / (len(sentence) / total) < 4
    ]
    candidates = list(dict.fromkeys(text[starts[one] : ends[other]].strip() for one, other, _ in spans))
    vectors = encoder.encode([*sentences, *candidates])
    row = {candidate: n + number for number, candidate in enumerate(candidates)}
    best = np.full((n + 1, m + 1), -np.inf)
    best[0, 0] = 0.0
    came_from: dict[tuple[int, int], int] = {}
    for one, other, part in spans:
        cosine = float(vectors[part] @ vectors[row[text[starts[one] : ends[other]].strip()]])
        score = best[part, one] + cosine * len(sentences[part])
        if score > best[part + 1, other + 1]:
            best[part + 1, other + 1] = score
            came_from[part + 1, other + 1] = one
    if (n, m) not in came_from:
        return [starts[0]]
    cuts, at = [], m
    for part in range(n, 0, -1):
        at = came_from[part, at]
        cuts.append(starts[at])
    return cuts[::-1]


def _cuts(
    pairs: Sequence[_Pair], languages: tuple[str, str], encoder: Encoder, progress: Progress | None
) -> Iterator[Cuts]:
    """The offsets where each pair may be cut, in order."""
    texts, rows, anchors = _texts_with_boundaries(pairs)
    sides = [TextSide(tuple(side), lang) for side, lang in zip(texts, languages, strict=True)]
    src_side, tgt_side = embed_sides(encoder, sides, progress=progress)
    beads = bitext_beads(src_side, tgt_side, Constraints(anchors))
    first_row = {bead.src.start: bead for bead in beads if bead.src and bead.tgt}
    for pair, unit_rows in zip(pairs, rows, strict=True):
        linked = _local_beads([first_row[row] for row in unit_rows[0] if row in first_row], unit_rows)
        related = _related(src_side, tgt_side, unit_rows, linked)
        begins = {(bead.src.start, bead.tgt.start): related * bead.confidence for bead in linked}
        stops = {(bead.src.stop, bead.tgt.stop): related * bead.confidence for bead in linked}
        confidences = {cut: min(begins[cut], stops[cut]) for cut in begins.keys() & stops.keys()}
        confidences = {cut: sure for cut, sure in confidences.items() if sure >= SURE} | dict.fromkeys(pair.labels, 1.0)
        yield {
            pair.spans[0][one].start: (pair.spans[1][other].start, pair.factor * confidence)
            for (one, other), confidence in confidences.items() if one and other
        }  # fmt: skip


def _texts_with_boundaries(
    pairs: Sequence[_Pair],
) -> tuple[tuple[list[str], list[str]], list[tuple[list[int], list[int]]], list[tuple[range, range]]]:
    """The sentences of all pairs as two texts, with a boundary after each pair and before each label.

    Returns the sentences of each side; per pair and side, the row of each sentence; and the rows of the boundaries.
    """
    texts: tuple[list[str], list[str]] = ([], [])
    anchors: list[tuple[range, range]] = []

    def add_boundary() -> None:
        anchors.append((range(len(texts[0]), len(texts[0]) + 1), range(len(texts[1]), len(texts[1]) + 1)))
        for side in texts:
            side.append(BOUNDARY)

    rows: list[tuple[list[int], list[int]]] = []
    for pair in pairs:
        at: tuple[list[int], list[int]] = ([], [])
        for src, tgt in [*pair.labels, (len(pair.spans[0]), len(pair.spans[1]))]:
            for side, stop in enumerate((src, tgt)):
                for span in pair.spans[side][len(at[side]) : stop]:
                    at[side].append(len(texts[side]))
                    texts[side].append(span.of(pair.texts[side]))
            if any(at):
                add_boundary()
        rows.append(at)
    return texts, rows, anchors


def _local_beads(beads: Sequence[Bead], rows: Sequence[Sequence[int]]) -> list[Bead]:
    """The beads with the numbers that their sentences have in the unit, without those that reach out of it."""
    numbers = [{row: number for number, row in enumerate(of_side)} for of_side in rows]
    local = []
    for bead in beads:
        if all(row in own for run, own in zip((bead.src, bead.tgt), numbers, strict=True) for row in run):
            src, tgt = (
                range(own[run[0]], own[run[-1]] + 1) for run, own in zip((bead.src, bead.tgt), numbers, strict=True)
            )
            local.append(replace(bead, src=src, tgt=tgt))
    return local


def _related(src: EmbeddedSide, tgt: EmbeddedSide, rows: Sequence[Sequence[int]], beads: Sequence[Bead]) -> float:
    """P(the sides of a unit are translations of each other); 1 where the encoder has no background."""
    if src.background is None or not beads:
        return 1.0
    confidence = document_confidence(Bitext(src.part(rows[0]), tgt.part(rows[1])), list(beads))
    return 1.0 if confidence is None else confidence


def _pieces(unit: ImportedUnit, cuts: Sequence[Cuts]) -> list[ImportedUnit]:
    """The parts of a unit, cut where all its sides can be; undecided, since nobody has confirmed the cuts."""
    common = sorted(set.intersection(*map(set, cuts))) if cuts else []
    if not common:
        return [unit]
    offsets = [common, *([one[src][0] for src in common] for one in cuts)]
    sides = [
        [Segment(side.lang, side.text[start:stop].strip()) for start, stop in pairwise([0, *starts, len(side.text)])]
        for side, starts in zip(unit.sides, offsets, strict=True)
    ]
    sure = [min(one[src][1] for one in cuts) for src in common]
    return [
        unit._replace(
            where=f"{unit.where}.{number}",
            sides=parts,
            id=None,
            status=unit.status if unit.status == Status.REJECTED else Status.PROPOSED,
            confidence=min(ends),
            properties=tuple(
                (name, f"{value}.{number}", *rest) if name == "@tuid" else (name, value, *rest)
                for name, value, *rest in unit.properties
            ),
        )
        for number, (parts, ends) in enumerate(
            zip(zip(*sides, strict=True), pairwise([1.0, *sure, 1.0]), strict=True), start=1
        )
    ]
