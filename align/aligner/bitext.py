"""Align the whole of one text with the whole of another: every sentence in one bead, nulls included."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from align.aligner.coarse_path import Indices, band
from align.aligner.crossing_chains import add_crossing_chains, exclude_sentences
from align.aligner.document_confidence import document_confidence, is_shuffled
from align.aligner.features import LONGEST_RUN
from align.aligner.types import Bead, Constraints, EmbeddedSide, RangePair
from align.aligner.window import Bitext, build_window, solve_window

Bounds = tuple[int, int]
WINDOW_SENTENCES = 240
"""Sentences per window, about; windows are cut where the path is sure."""
MAX_UNGUIDED_NODES = 4_000
"""Maximum nodes of a window without trusted cells."""
SURE_RUN_CELLS = 5
"""Consecutive trusted cells on one diagonal from which a position is sure."""


@dataclass(frozen=True, slots=True)
class DocumentAlignment:
    """The alignment of two whole texts."""

    beads: list[Bead]
    """They cover every sentence of both sides once, in the order of the source."""
    confidence: float | None
    """Calibrated P(the texts are translations of each other, at least in part), 0 to 1; None where the passages have
    no background to measure it against."""
    shuffled: bool = False
    """Whether they are, but in another order of sentences."""


Describe = Callable[[Bitext, list[Bead]], list[Bead]]
"""Adds kinds and signals to the beads of two texts, which may be swapped."""


def align_documents(
    src: EmbeddedSide,
    tgt: EmbeddedSide,
    *,
    constraints: Constraints | None = None,
    describe: Describe | None = None,
) -> DocumentAlignment:
    """Align two whole texts, and judge whether they belong together.

    The beads are in order, but for anchors that cross and what was moved. Sentences that the constraints call taken are
    in none. The main chain is number 0; paragraphs that were moved are chains of their own. The confidence of a bead
    includes the document confidence; an anchor's is 1.

    The same for swapped sides, mirrored. Raises ConflictError where the constraints contradict each other, ValueError
    where the widths of the vectors differ.
    """
    settled = constraints or Constraints()
    settled.check(len(src), len(tgt))
    swapped = _swapped(src, tgt)
    if swapped:
        src, tgt, settled = tgt, src, settled.mirrored
    texts, beads = _align(src, tgt, settled)
    confidence = document_confidence(texts, beads) if texts else None
    if texts and describe:
        beads = describe(texts, beads)
    if confidence is not None:
        beads = [bead if (bead.src, bead.tgt) in settled.anchors else _scaled(bead, confidence) for bead in beads]
    shuffled = texts is not None and is_shuffled(texts)
    if swapped:
        beads = [bead.mirrored for bead in beads]
    return DocumentAlignment(sorted(beads, key=_reading_position), confidence, shuffled)


def align_bitext(src: EmbeddedSide, tgt: EmbeddedSide, *, constraints: Constraints | None = None) -> list[Bead]:
    """Beads that cover every sentence of both sides once, in order except for crossing anchors and moved paragraphs.

    Sentences that the constraints block are in none.

    The main chain has number 0; paragraphs at other positions in the other text are chains of their own.

    Symmetric in the sides. Raises ConflictError where the constraints contradict each other, ValueError where the
    widths of the vectors differ.
    """
    return align_documents(src, tgt, constraints=constraints).beads


def bitext_beads(src: EmbeddedSide, tgt: EmbeddedSide, constraints: Constraints) -> list[Bead]:
    """The beads of two texts that are known to belong together, at least in part; see `align_documents`."""
    constraints.check(len(src), len(tgt))
    if _swapped(src, tgt):
        beads = [bead.mirrored for bead in _align(tgt, src, constraints.mirrored)[1]]
    else:
        beads = _align(src, tgt, constraints)[1]
    return sorted(beads, key=_reading_position)


def _scaled(bead: Bead, related: float) -> Bead:
    """The bead with the probability that the texts are related in its confidence: if they are not, nulls are right."""
    confidence = related * bead.confidence
    return replace(bead, confidence=confidence if bead.src and bead.tgt else confidence + 1 - related)


def _reading_position(bead: Bead) -> tuple[int, int, int, int]:
    """Sort key: reading order of the source, then the target omissions."""
    return (bead.src.start, 0, bead.tgt.start, 0) if bead.src else (10**12, 1, bead.tgt.start, 0)


def _swapped(src: EmbeddedSide, tgt: EmbeddedSide) -> bool:
    """Whether to solve the mirrored problem: one fixed choice for either order of the sides."""
    return (len(src), src.texts, src.lang) > (len(tgt), tgt.texts, tgt.lang)


def _align(src: EmbeddedSide, tgt: EmbeddedSide, constraints: Constraints) -> tuple[Bitext | None, list[Bead]]:
    """The beads, and the texts that they were made from; None where a side is empty."""
    n, m = len(src), len(tgt)
    if not n or not m:
        nulls = [Bead(range(i, i + 1), range(0), confidence=1.0) for i in range(n)]
        return None, nulls + [Bead(range(0), range(j, j + 1), confidence=1.0) for j in range(m)]
    bitext = Bitext(src, tgt)
    anchor_beads = [Bead(s, t, 1.0, 1.0) for s, t in constraints.anchors]
    monotone, crossing = _monotone_anchors(constraints.anchors)
    excluded_s = {i for s, _ in crossing for i in s} | constraints.blocked[0]
    excluded_t = {j for _, t in crossing for j in t} | constraints.blocked[1]
    beads: list[Bead] = []
    for (i0, i1), (j0, j1) in _between(monotone, n, m):
        beads.extend(align_stretch(bitext, (i0, i1), (j0, j1), constraints.forbidden))
    if excluded_s or excluded_t:
        beads = [part for bead in beads for part in exclude_sentences(bead, excluded_s, excluded_t)]
    beads = extend_beads(bitext, beads, constraints.forbidden)

    def align_around(bitext: Bitext, rows: Bounds, columns: Bounds, cells: Indices) -> list[Bead]:
        return align_stretch(bitext, rows, columns, constraints.forbidden, cells)

    unavailable = constraints.unavailable
    main = [*beads, *(Bead(s, t, 1.0, 1.0) for s, t in monotone)]
    # Crossing chains are searched in whole stretches, which may contain unavailable sentences.
    return bitext, [
        free
        for bead in add_crossing_chains(bitext, main, align_around)
        for free in exclude_sentences(bead, *unavailable)
    ] + anchor_beads


def align_stretch(
    bitext: Bitext,
    rows: tuple[int, int],
    columns: tuple[int, int],
    forbidden: Sequence[RangePair],
    trusted: Indices | None = None,
) -> list[Bead]:
    """Beads that cover the rows and columns, in order. trusted: cells for the band, else those of the whole."""
    cells = bitext.anchor_path[0] if trusted is None else trusted
    inside = (cells[:, 0] >= rows[0]) & (cells[:, 0] < rows[1])
    inside &= (cells[:, 1] >= columns[0]) & (cells[:, 1] < columns[1])
    cells = cells[inside]
    beads: list[Bead] = []
    for (i0, i1), (j0, j1) in (part for w in windows(cells, rows, columns) for part in _bounded(cells, *w)):
        window_cells = cells[(cells[:, 0] >= i0) & (cells[:, 0] < i1) & (cells[:, 1] >= j0) & (cells[:, 1] < j1)]
        low, high = band(window_cells - np.array([[i0, j0]]), i1 - i0, j1 - j0)
        beads.extend(solve_window(bitext, build_window(bitext, (i0, i1), (j0, j1), low, high), forbidden))
    return beads


def windows(
    cells: Indices, rows: tuple[int, int], columns: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Cut at SURE_RUN_CELLS consecutive trusted cells on a diagonal, about every WINDOW_SENTENCES sentences."""
    i0, j0 = rows[0], columns[0]
    for at in range(len(cells) - SURE_RUN_CELLS + 1):
        first, last = cells[at], cells[at + SURE_RUN_CELLS - 1]
        if last[0] - first[0] != SURE_RUN_CELLS - 1 or last[1] - first[1] != SURE_RUN_CELLS - 1:
            continue
        i, j = (int(x) for x in cells[at + SURE_RUN_CELLS // 2])
        if i - i0 >= WINDOW_SENTENCES or j - j0 >= WINDOW_SENTENCES:
            yield (i0, i), (j0, j)
            i0, j0 = i, j
    yield (i0, rows[1]), (j0, columns[1])


def _bounded(
    cells: Indices, rows: tuple[int, int], columns: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Halve windows that are too large to be searched without a band and have next to no trusted cells."""
    (i0, i1), (j0, j1) = rows, columns
    inside = cells[(cells[:, 0] > i0) & (cells[:, 0] < i1) & (cells[:, 1] > j0) & (cells[:, 1] < j1)]
    if (
        (i1 - i0) * (j1 - j0) <= MAX_UNGUIDED_NODES
        or len(inside) * 10 >= min(i1 - i0, j1 - j0)
        or min(i1 - i0, j1 - j0) < 2
    ):
        yield rows, columns
        return
    middle = np.array([(i0 + i1) // 2, (j0 + j1) // 2])
    if len(inside):
        middle = inside[np.abs(inside - middle).sum(axis=1).argmin()]
    i, j = (int(x) for x in middle)
    yield from _bounded(cells, (i0, i), (j0, j))
    yield from _bounded(cells, (i, i1), (j, j1))


def _monotone_anchors(anchors: Sequence[RangePair]) -> tuple[list[RangePair], list[RangePair]]:
    """The largest set of anchors in the same order on both sides, and the other anchors."""
    ordered = sorted(anchors, key=lambda anchor: anchor[0].start)
    ends: list[int] = []  # Smallest target start that ends an order of each length, and its anchor.
    last: list[int] = []
    before: list[int] = []
    for number, (_, tgt) in enumerate(ordered):
        at = bisect_left(ends, tgt.start)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [tgt.start], [number]
    selected = set()
    number = last[-1] if last else -1
    while number >= 0:
        selected.add(number)
        number = before[number]
    return [a for k, a in enumerate(ordered) if k in selected], [a for k, a in enumerate(ordered) if k not in selected]


def ordered_shares(src: EmbeddedSide, tgt: EmbeddedSide, beads: Sequence[Bead]) -> tuple[float, float]:
    """Shares of the shorter and of the longer document in the beads that are in one order."""
    ordered, _ = _monotone_anchors([(bead.src, bead.tgt) for bead in beads])
    sides = [(len(side), sum(len(pair[of]) for pair in ordered)) for of, side in enumerate((src, tgt))]
    (one, in_one), (other, in_other) = sorted(sides)
    return in_one / one, in_other / other


def _between(anchors: Sequence[RangePair], n: int, m: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Rows and columns between monotone anchors."""
    i, j = 0, 0
    for src, tgt in anchors:
        yield (i, src.start), (j, tgt.start)
        i, j = src.stop, tgt.stop
    yield (i, n), (j, m)


def extend_beads(bitext: Bitext, beads: Sequence[Bead], forbidden: Sequence[RangePair]) -> list[Bead]:
    """The beads, in order; those with LONGEST_RUN sentences on a side are extended by adjacent omissions."""
    extended = list(beads)
    forbidden_pairs = set(forbidden)
    index = 0
    while index < len(extended):
        if (
            max(len(extended[index].src), len(extended[index].tgt)) >= LONGEST_RUN
            and extended[index].src
            and extended[index].tgt
        ):
            index = _extend_bead(bitext, extended, index, forbidden_pairs)
        index += 1
    return extended


def _extend_bead(bitext: Bitext, beads: list[Bead], index: int, forbidden_pairs: set[RangePair]) -> int:
    """Merge neighbours into the bead at `index` and return its new index."""
    for step in (1, -1):
        while 0 <= index + step < len(beads):
            larger = _with_omission(beads[index], beads[index + step])
            if larger is None or (larger.src, larger.tgt) in forbidden_pairs:
                break
            if _cosine(bitext, larger) <= _cosine(bitext, beads[index]):  # an unrelated sentence lowers it
                break
            beads[index] = larger
            del beads[index + step]
            index -= step == -1
    return index


def _with_omission(bead: Bead, omission: Bead) -> Bead | None:
    """The bead extended by an adjacent omission, on its longer side; None if they are not adjacent."""
    if omission.src and omission.tgt:
        return None
    longer, other = (bead.src, omission.src) if len(bead.src) > len(bead.tgt) else (bead.tgt, omission.tgt)
    if not other or (other.start != longer.stop and other.stop != longer.start):
        return None
    run = range(min(longer.start, other.start), max(longer.stop, other.stop))
    return replace(bead, src=run) if len(bead.src) > len(bead.tgt) else replace(bead, tgt=run)


def _cosine(bitext: Bitext, bead: Bead) -> float:
    """Cosine of the length-weighted vector sums of both sides."""
    one, other = (
        (side.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for side, run in zip(bitext.sides, (bead.src, bead.tgt), strict=True)
    )
    return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
