"""Correspondences of two pages: several local monotone chains, which may cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from align.aligner.bitext import (
    _monotone_anchors,
    _reading_position,
    _swapped,
    align_documents,
    align_stretch,
    bitext_beads,
    ordered_shares,
)
from align.aligner.document_confidence import _units
from align.aligner.evidence import centred
from align.aligner.link_confidence import LONG_CHAIN_LINKS, Chain, confidence, extract_features, kind_of
from align.aligner.local_alignment import (
    BLOCKED,
    Bounds,
    Cell,
    LocalAlignment,
    interleaved_turns,
    maximal_segments,
)
from align.aligner.similarity import csls
from align.aligner.types import Bead, Constraints, EmbeddedSide, Matrix, RangePair
from align.aligner.window import Bitext

MIN_CELL_CSLS = 0.03
"""CSLS of a cell that adds nothing to a chain and takes nothing from it."""
MIN_NEIGHBOUR_CSLS = -0.07
"""CSLS minus MIN_CELL_CSLS that a sentence must exceed to join its neighbour's bead."""
MAX_SIDE_SENTENCES = 4
"""Maximum sentences on one side of a bead that the exact search did not make."""
ALTERNATIVE_LEAD = 0.2
"""Lead in CSLS of another partner over the partner in a loose chain from which the cell is contested."""
GAP_COST = 0.03
"""Cost of a sentence that a chain skips."""
MIN_CHAIN_SCORE = 0.12
"""Minimum score of a chain."""
MAX_PAGE_CELLS = 6_000_000
"""Cells above which two texts are aligned as a whole."""
MIN_SEGMENT_SCORE = 6.0
"""Minimum score of a translated part of such texts: about ten sentences in a row, or more with gaps."""
SURE_CONFIDENCE = 0.63
"""Minimum confidence of a bead that counts for such a part. It is calibrated on translations, which the texts may
not be."""
CLOSER, SHIFTS = 1.5, (7, -7, 19, -19, 43, -43)
"""Standard deviations by which the sides of a sure bead are closer than those of beads that are so far apart."""
MIN_REACH_SENTENCES = 6
"""Minimum sentences that a chain is extended past its first and last cell; half its length where that is more."""
MIN_TRANSLATION_CELLS, MIN_TRANSLATION_SHARE, MIN_TRANSLATION_CSLS = 5, 0.7, 0.14
"""Minimum cells of a text and its translation, their share of the longer side, and their mean CSLS over it."""
MIN_INTERLEAVED_SHARE = 0.4
"""Minimum share where the languages alternate, or the exact search covers MIN_COVERED_SHARE of both sides."""
MIN_COVERED_SHARE = 0.85
MIN_COVERED_CONFIDENCE = 0.23
"""Minimum confidence of a bead of the exact search that covers its sentences: merged sentences are rarely sure."""
MIN_SHORTER_SHARE, MIN_LONGER_SHARE = 0.5, 0.25
"""Minimum share of the shorter and of the longer of two documents in the links of translation chains, in one order,
from which one is aligned as the translation of the other."""
MIN_ANY_SHARE, MIN_EXPECTED_SHARE, MAX_CROSSING_SHARE = 0.1, 0.5, 0.2
"""Minimum share of the shorter document in any links, in one order, from which that is tried without such chains; and
share of both in the links, each times its confidence, from which it holds: short texts and novels may have none.
Maximum share of links in another order."""
MIN_DOCUMENT_CONFIDENCE, MIN_UNCHAINED_CONFIDENCE = 0.5, 0.9
"""Minimum document confidence with and without such chains."""
MIN_LINK_CONFIDENCE, MIN_ISOLATED_CONFIDENCE = 0.35, 0.5
"""Minimum confidence of a link; and of a link in a loose chain between two documents: there are many pairs of
documents, and few are related."""


def align_pages(
    src: EmbeddedSide,
    tgt: EmbeddedSide,
    *,
    constraints: Constraints | None = None,
    together: bool = False,
    are_linked: bool = False,
) -> list[Bead]:
    """Beads of all passages that correspond, chain by chain; untranslated sentences are in none.

    together: both sides are on one page, which makes an isolated correspondence likelier; where their languages
    alternate on it (`EmbeddedSide.positions`), adjacent runs are aligned with each other. Two documents of which one
    turns out to be the translation of the other, from its beginning to its end, get the beads of `align_documents`
    that link sentences, if the sides have a background. are_linked: the two probably are that, which is then judged
    first.

    Each sentence is in at most one bead. Symmetric in the sides. Raises ConflictError where the constraints
    contradict each other, ValueError where the widths of the vectors differ.
    """
    n, m = len(src), len(tgt)
    effective = constraints or Constraints()
    effective.check(n, m)
    if not n or not m:
        return []
    if (
        are_linked
        and not together
        and min(n, m) >= 2 * MIN_TRANSLATION_CELLS
        and (links := _translation(src, tgt, effective))
    ):
        return sorted(links, key=_reading_position)
    if n * m > MAX_PAGE_CELLS:
        beads = _align_whole(src, tgt, effective)
    elif _swapped(src, tgt):
        beads = [bead.mirrored for bead in _align(tgt, src, effective.mirrored, together)]
    else:
        beads = _align(src, tgt, effective, together)
    if not together:
        beads = _translation(src, tgt, effective, beads) or beads
    return sorted(beads, key=_reading_position)


def _align(src: EmbeddedSide, tgt: EmbeddedSide, constraints: Constraints, together: bool) -> list[Bead]:
    # Sentence vectors only: token coverage gave no better chains on any of our test pages.
    bitext = Bitext(src.sentences_only, tgt.sentences_only)
    anchor_beads = [
        Bead(s, t, 1.0, 1.0, chain=chain, partial_chain=True) for chain, (s, t) in enumerate(constraints.anchors)
    ]
    margins = csls(src.vectors, tgt.vectors, bitext.baseline_cosine) - np.float32(MIN_CELL_CSLS)
    src_unavailable, tgt_unavailable = (sorted(side) for side in constraints.unavailable)
    margins[src_unavailable, :] = BLOCKED
    margins[:, tgt_unavailable] = BLOCKED
    for s, t in constraints.forbidden:
        if len(s) == len(t) == 1:
            margins[s.start, t.start] = BLOCKED
    search = _Search(bitext, LocalAlignment(margins, GAP_COST), frozenset(constraints.forbidden), together)
    return anchor_beads + list(search.beads(len(anchor_beads)))


def _translation(
    src: EmbeddedSide, tgt: EmbeddedSide, constraints: Constraints, passages: Sequence[Bead] | None = None
) -> list[Bead] | None:
    """The links of a text and its translation; None if the texts are not that, or nothing to judge it by.

    passages: the links of their passages; without them, the document confidence alone decides.
    """
    anchors = set(constraints.anchors)
    chained = [bead for bead in passages or [] if not bead.partial_chain or (bead.src, bead.tgt) in anchors]
    shorter, longer = ordered_shares(src, tgt, chained)
    is_chained = shorter >= MIN_SHORTER_SHARE and longer >= MIN_LONGER_SHARE
    if src.background is None or tgt.background is None:
        return None
    if passages is not None and not is_chained:
        _, crossing = _monotone_anchors([(bead.src, bead.tgt) for bead in passages])
        is_crossing = len(crossing) > MAX_CROSSING_SHARE * len(passages)
        if is_crossing or ordered_shares(src, tgt, passages)[0] < MIN_ANY_SHARE:
            return None
    describe = _described if len(src) * len(tgt) <= MAX_PAGE_CELLS else None
    aligned = align_documents(src, tgt, constraints=constraints, describe=describe)
    links = [bead for bead in aligned.beads if bead.src and bead.tgt]
    confidence = 0.0 if aligned.shuffled else aligned.confidence or 0.0
    if confidence < (MIN_DOCUMENT_CONFIDENCE if is_chained else MIN_UNCHAINED_CONFIDENCE):
        return None
    expected = (
        sum(len(run) * bead.confidence for run, bead in zip(runs, links, strict=True)) / len(side)
        for runs, side in (([bead.src for bead in links], src), ([bead.tgt for bead in links], tgt))
    )
    return links if is_chained or min(expected) >= MIN_EXPECTED_SHARE else None


def _described(bitext: Bitext, beads: list[Bead]) -> list[Bead]:
    """The beads of a text and its translation with their kinds and signals."""
    margins = csls(bitext.src.vectors, bitext.tgt.vectors, bitext.baseline_cosine)
    links = [bead for bead in beads if bead.src and bead.tgt]
    scored = [
        replace(bead, score=float(margins[bead.src.start : bead.src.stop, bead.tgt.start : bead.tgt.stop].max()))
        for bead in links
    ]
    chain = Chain(scored, max(len(bitext.src), len(bitext.tgt)), is_translation=True, interleaved=False)
    described = {}
    for k, bead in enumerate(links):
        features = extract_features(bitext, chain, k, False)
        kind = kind_of(bitext, bead.src, bead.tgt, features, in_translation=True)
        described[bead.src, bead.tgt] = replace(bead, kind=kind, signals=features.to_dict())
    return [described.get((bead.src, bead.tgt), bead) for bead in beads]


@dataclass
class _Search:
    """Two pages, and the search for the remaining chains between them."""

    bitext: Bitext
    paths: LocalAlignment
    forbidden: frozenset[RangePair]
    together: bool

    @property
    def margins(self) -> Matrix:
        """CSLS minus MIN_CELL_CSLS of all pairs; BLOCKED if used."""
        return self.paths.margins

    def beads(self, number: int) -> Iterator[Bead]:
        """Yield the beads of all chains, best chain first, with chain numbers from `number` on."""
        while True:
            cells = self.paths.best()
            if not cells or sum(float(self.margins[cell]) for cell in cells) < MIN_CHAIN_SCORE:
                return
            chain = self._translation_chain(cells)
            if chain is None:
                if contested := self._contested_cells(cells):
                    self.paths.block_cells(contested)
                    continue
                beads = [bead for bead in self._extend_cells(cells) if (bead.src, bead.tgt) not in self.forbidden]
                chain = Chain(beads, _span(cells), is_translation=False, interleaved=False)
            for k, bead in enumerate(chain.beads):
                features = extract_features(self.bitext, chain, k, self.together)
                chance = confidence(features, in_translation=chain.is_translation)
                if chance < (MIN_LINK_CONFIDENCE if chain.is_translation or self.together else MIN_ISOLATED_CONFIDENCE):
                    continue
                kind = kind_of(self.bitext, bead.src, bead.tgt, features, in_translation=chain.is_translation)
                signals = features.to_dict()
                yield replace(
                    bead,
                    chain=number,
                    confidence=chance,
                    kind=kind,
                    signals=signals,
                    partial_chain=not chain.is_translation,
                )
            cell_ranges = [(range(i, i + 1), range(j, j + 1)) for i, j in cells]
            self.paths.block_spans([(bead.src, bead.tgt) for bead in chain.beads] or cell_ranges)
            number += 1

    def _translation_chain(self, cells: list[Cell]) -> Chain | None:
        """Beads of the exact search around the cells if they form a text and its translation, else None."""
        span = _span(cells)
        if len(cells) >= max(MIN_TRANSLATION_CELLS, MIN_INTERLEAVED_SHARE * span):
            rows, columns = self._chain_bounds(cells)
            parts = interleaved_turns(self.bitext.src, self.bitext.tgt, rows, columns, cells) if self.together else None
            if parts:
                return Chain(self._exact_beads(cells, parts), span, is_translation=True, interleaved=True)
            long = len(cells) >= LONG_CHAIN_LINKS
            if long or sum(float(self.margins[cell]) for cell in cells) >= MIN_TRANSLATION_CSLS * span:
                beads = self._exact_beads(cells, [(rows, columns)])
                sure = [bead for bead in beads if bead.confidence > MIN_COVERED_CONFIDENCE]
                covered = min(sum(len(bead.src) for bead in sure), sum(len(bead.tgt) for bead in sure))
                required = (
                    0.75 * len(cells)
                    if long or len(cells) >= MIN_TRANSLATION_SHARE * span
                    else MIN_COVERED_SHARE * span
                )
                if covered >= required:
                    return Chain(beads, span, is_translation=True, interleaved=False)
        return None

    def _chain_bounds(self, cells: list[Cell]) -> tuple[Bounds, Bounds]:
        """Rows and columns of the cells, extended at both ends as far as the sentences are free."""
        open_ = self.margins > BLOCKED
        far = max(MIN_REACH_SENTENCES, len(cells) // 2)
        return (
            _extend_bounds(cells[0][0], cells[-1][0] + 1, np.asarray(open_.any(axis=1)), far),
            _extend_bounds(cells[0][1], cells[-1][1] + 1, np.asarray(open_.any(axis=0)), far),
        )

    def _exact_beads(self, cells: list[Cell], parts: Sequence[tuple[Bounds, Bounds]]) -> list[Bead]:
        """Beads of a chain by the exact search in each part; a part of one sentence on each side is one bead."""
        free_s, free_t = (np.asarray((self.margins > BLOCKED).any(axis=axis)) for axis in (1, 0))
        trusted = np.array(cells, dtype=np.int64)
        beads: list[Bead] = []
        for (i0, i1), (j0, j1) in parts:
            if len(parts) > 1 and i1 - i0 == j1 - j0 == 1:
                beads.append(Bead(range(i0, i1), range(j0, j1)))
            elif i0 < i1 and j0 < j1:
                beads.extend(align_stretch(self.bitext, (i0, i1), (j0, j1), tuple(self.forbidden), trusted))
        return [
            replace(bead, score=self._score(bead.src, bead.tgt))
            for bead in beads
            if bead.src and bead.tgt and (bead.src, bead.tgt) not in self.forbidden
            and free_s[bead.src.start : bead.src.stop].all() and free_t[bead.tgt.start : bead.tgt.stop].all()
        ]  # fmt: skip

    def _contested_cells(self, cells: list[Cell]) -> list[Cell]:
        """Cells with a sentence that is the mutual best of a much closer partner; never the best cell."""
        best = max(cells, key=lambda cell: float(self.margins[cell]))

        def is_contested(i: int, j: int) -> bool:
            row, column = int(self.margins[:, j].argmax()), int(self.margins[i].argmax())
            nearest = [(row, j)] if self.margins[row].argmax() == j else []
            nearest += [(i, column)] if self.margins[:, column].argmax() == i else []
            return any(self.margins[alternative] > self.margins[i, j] + ALTERNATIVE_LEAD for alternative in nearest)

        return [cell for cell in cells if cell != best and is_contested(*cell)]

    def _extend_cells(self, path: list[Cell]) -> Iterator[Bead]:
        """Yield the cells as beads, extended by neighbours that are close to the partner and keep up the cosine."""
        used = {i for i, _ in path}, {j for _, j in path}
        for i, j in path:
            pair = range(i, i + 1), range(j, j + 1)
            cosine = self._cosine(*pair)
            while True:
                options = [(self._cosine(*larger), larger) for larger in self._extensions(pair, (i, j), used)]
                options = [(value, larger) for value, larger in options if value >= cosine]
                if not options:
                    break
                cosine, pair = max(options, key=lambda option: option[0])
                for side in (0, 1):
                    used[side].update(pair[side])
            yield Bead(*pair, self._score(*pair))

    def _extensions(self, pair: RangePair, cell: Cell, used: tuple[set[int], set[int]]) -> Iterator[RangePair]:
        """Yield the bead with one free neighbour more on either side: one to many, never many to many."""
        for side in (0, 1):
            run, other = pair[side], pair[1 - side]
            if len(other) > 1 or len(run) >= MAX_SIDE_SENTENCES:
                continue
            for more, new in (
                (range(run.start - 1, run.stop), run.start - 1),
                (range(run.start, run.stop + 1), run.stop),
            ):
                if not 0 <= new < self.margins.shape[side] or new in used[side]:
                    continue
                near = self.margins[(new, cell[1]) if side == 0 else (cell[0], new)]
                larger = (more, other) if side == 0 else (other, more)
                if near > MIN_NEIGHBOUR_CSLS and larger not in self.forbidden:
                    yield larger

    def _cosine(self, src: range, tgt: range) -> float:
        """Length-weighted cosine of two spans, from the centred vectors, unlike `link_confidence.span_similarity`."""
        one, other = (
            side.vectors[run.start : run.stop].T @ side.length[run.start : run.stop]
            for side, run in zip(self.bitext.sides, (src, tgt), strict=True)
        )
        return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))

    def _score(self, src: range, tgt: range) -> float:
        """CSLS of the closest pair of sentences of a bead."""
        return float(self.margins[src.start : src.stop, tgt.start : tgt.stop].max()) + MIN_CELL_CSLS


def _span(cells: list[Cell]) -> int:
    """Sentences from the first cell to the last, on the longer side."""
    return max(cells[-1][side] - cells[0][side] + 1 for side in (0, 1))


def _extend_bounds(start: int, stop: int, free: npt.NDArray[np.bool_], max_sentences: int) -> tuple[int, int]:
    """start..stop, extended by free sentences, up to `max_sentences` at each end."""
    low, high = start, stop
    while low > 0 and start - low < max_sentences and free[low - 1]:
        low -= 1
    while high < len(free) and high - stop < max_sentences and free[high]:
        high += 1
    return low, high


def _align_whole(src: EmbeddedSide, tgt: EmbeddedSide, constraints: Constraints) -> list[Bead]:
    """Align two long texts coarse to fine, without a table of all pairs; moved passages are chains of their own.

    The bitext search links one sentence in twelve of two unrelated texts. Only parts where sure beads are dense are
    taken for translations.
    """
    linked = [bead for bead in bitext_beads(src, tgt, constraints) if bead.src and bead.tgt]
    main = [bead for bead in linked if bead.chain == 0]
    similar = closer_than_others(src, tgt, main)
    parts = [part for part, score in maximal_segments(_segment_scores(main, similar)) if score >= MIN_SEGMENT_SCORE]
    translated = [main[k // 2] for part in parts for k in part] + [bead for bead in linked if bead.chain]
    selected = {(bead.src, bead.tgt) for bead in translated if bead.confidence >= MIN_LINK_CONFIDENCE}.union(
        constraints.anchors
    )
    return [bead for bead in linked if (bead.src, bead.tgt) in selected]


def closer_than_others(src: EmbeddedSide, tgt: EmbeddedSide, chain: Sequence[Bead]) -> npt.NDArray[np.bool_]:
    """(c,) whether the sides of each bead are closer than sides of different beads are, by CLOSER standard deviations.

    Numbers that run parallel, lengths and positions make beads sure in texts that have nothing else in common.
    """
    if len(chain) < 2:
        return np.ones(len(chain), dtype=bool)
    one, other = (
        _units(np.array([side[run.start : run.stop].sum(axis=0) for run in runs]))
        for side, runs in (
            (centred(src.vectors), [bead.src for bead in chain]),
            (centred(tgt.vectors), [bead.tgt for bead in chain]),
        )
    )
    similar = (one * other).sum(axis=1)
    shifted = np.array([(one * np.roll(other, shift, axis=0)).sum(axis=1) for shift in SHIFTS if shift % len(chain)])
    return np.asarray(similar > shifted.mean() + CLOSER * shifted.std())


def _segment_scores(chain: Sequence[Bead], similar: npt.NDArray[np.bool_]) -> Iterator[float]:
    """Scores of the sentences before each bead and of the bead, positive from a share of MIN_INTERLEAVED_SHARE on."""
    i = j = 0
    for bead, closer in zip(chain, similar.tolist(), strict=True):
        yield -MIN_INTERLEAVED_SHARE * max(0, bead.src.start - i, bead.tgt.start - j)
        small, large = sorted((len(bead.src), len(bead.tgt)))
        yield (
            (1 - MIN_INTERLEAVED_SHARE) * small
            if closer and bead.confidence > SURE_CONFIDENCE
            else -MIN_INTERLEAVED_SHARE * large
        )
        i, j = bead.src.stop, bead.tgt.stop
