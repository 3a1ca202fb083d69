"""Correspondences of two pages: several local monotone chains, which may cross."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from align.match.bitext import _swapped, bitext_beads, stretch
from align.match.evidence import centred
from align.match.kinds import kind_of
from align.match.local import TAKEN, Cell, LocalAlignment
from align.match.nearness import nearness
from align.match.passages import Bead, Constraints, Matrix, Pair, Passages
from align.match.segments import maximal_segments
from align.match.solve import Texts
from align.match.trust import MANY, Chain, confidence, look
from align.match.woven import turns

Reach = tuple[int, int]

FLOOR = 0.03
"""CSLS of a cell that adds nothing to a chain and takes nothing from it."""
NEAR = -0.07
"""CSLS minus MIN_CELL_CSLS that a sentence must exceed to join its neighbour's bead."""
WIDEST = 4
"""Maximum sentences on one side of a bead that the exact search did not make."""
RIVAL = 0.2
"""Lead in CSLS of another partner over the partner in a loose chain from which the cell is contested."""
GAP = 0.03
"""Cost of a sentence that a chain skips."""
LEAST = 0.12
"""Minimum score of a chain."""
BOOK = 6_000_000
"""Cells above which two texts are aligned as a whole."""
STRETCH = 6.0
"""Minimum score of a translated part of such texts: about ten sentences in a row, or more with gaps."""
SURE = 0.7
"""Minimum confidence of a bead that counts for such a part. It is calibrated on translations, which the texts may
not be."""
CLOSER, SHIFTS = 1.5, (7, -7, 19, -19, 43, -43)
"""Standard deviations by which the sides of a sure bead are closer than those of beads that are so far apart."""
BEYOND = 6
"""Minimum sentences that a chain is extended past its first and last cell; half its length where that is more."""
CELLS, SHARE, LEVEL = 5, 0.7, 0.14
"""Minimum cells of a text and its translation, their share of the longer side, and their mean CSLS over it."""
LOOSE_SHARE = 0.4
"""Minimum share where the languages alternate, or the exact search covers MIN_COVERED_SHARE of both sides."""
COVERED = 0.85
TOLD, APART = 0.35, 0.5
"""Minimum confidence of a link; and of a link in a loose chain between two documents: there are many pairs of
documents, and few are related."""


def align_pages(
    src: Passages, tgt: Passages, *, constraints: Constraints | None = None, together: bool = False
) -> list[Bead]:
    """Beads of all passages that correspond, chain by chain; untranslated sentences are in none.

    together: both sides are on one page, which makes an isolated correspondence likelier; where their languages
    alternate on it (`EmbeddedSide.positions`), adjacent runs are aligned with each other.

    Each sentence is in at most one bead. Symmetric in the sides. Raises ConflictError where the constraints
    contradict each other, ValueError where the widths of the vectors differ.
    """
    n, m = len(src), len(tgt)
    wanted = constraints or Constraints()
    wanted.check(n, m)
    if not n or not m:
        return []
    if n * m > BOOK:
        found = _whole(src, tgt, wanted)
    elif _swapped(src, tgt):
        found = [bead.mirrored for bead in _align(tgt, src, wanted.mirrored, together)]
    else:
        found = _align(src, tgt, wanted, together)
    return sorted(found, key=lambda bead: (bead.src.start, bead.tgt.start))


def _align(src: Passages, tgt: Passages, wanted: Constraints, together: bool) -> list[Bead]:
    # Sentence vectors only: token coverage gave no better chains on any of our test pages.
    texts = Texts(*(replace(side, tokens=None, encode_runs=None) for side in (src, tgt)))
    held = [Bead(s, t, 1.0, 1.0, chain=chain, loose=True) for chain, (s, t) in enumerate(wanted.anchors)]
    close = nearness(src.vectors, tgt.vectors, texts.usual) - np.float32(FLOOR)
    src_settled, tgt_settled = (sorted(side) for side in wanted.settled)
    close[src_settled, :] = TAKEN
    close[:, tgt_settled] = TAKEN
    for s, t in wanted.forbidden:
        if len(s) == len(t) == 1:
            close[s.start, t.start] = TAKEN
    search = _Search(texts, LocalAlignment(close, GAP), frozenset(wanted.forbidden), together)
    return held + list(search.beads(len(held)))


@dataclass
class _Search:
    """Two pages, and the search for the remaining chains between them."""

    texts: Texts
    paths: LocalAlignment
    forbidden: frozenset[Pair]
    together: bool

    @property
    def close(self) -> Matrix:
        """CSLS minus MIN_CELL_CSLS of all pairs; BLOCKED if used."""
        return self.paths.close

    def beads(self, number: int) -> Iterator[Bead]:
        """Yield the beads of all chains, best chain first, with chain numbers from `number` on."""
        while True:
            cells = self.paths.best()
            if not cells or sum(float(self.close[cell]) for cell in cells) < LEAST:
                return
            chain = self._translation(cells)
            if chain is None:
                if rivalled := self._rivalled(cells):
                    self.paths.take_cells(rivalled)
                    continue
                beads = [bead for bead in self._grown(cells) if (bead.src, bead.tgt) not in self.forbidden]
                chain = Chain(beads, _span(cells), dense=False, woven=False)
            for k, bead in enumerate(chain.beads):
                seen = look(self.texts, chain, k, self.together)
                chance = confidence(seen, dense=chain.dense)
                if chance < (TOLD if chain.dense or self.together else APART):
                    continue
                kind = kind_of(self.texts, bead.src, bead.tgt, seen, dense=chain.dense)
                signals = seen.told()
                yield replace(bead, chain=number, confidence=chance, kind=kind, signals=signals, loose=not chain.dense)
            alone = [(range(i, i + 1), range(j, j + 1)) for i, j in cells]
            self.paths.take([(bead.src, bead.tgt) for bead in chain.beads] or alone)
            number += 1

    def _translation(self, cells: list[Cell]) -> Chain | None:
        """Beads of the exact search around the cells if they form a text and its translation, else None."""
        span = _span(cells)
        if len(cells) >= max(CELLS, LOOSE_SHARE * span):
            rows, columns = self._reach(cells)
            parts = turns(self.texts.src, self.texts.tgt, rows, columns, cells) if self.together else None
            if parts:
                return Chain(self._exact(cells, parts), span, dense=True, woven=True)
            long = len(cells) >= MANY
            if long or sum(float(self.close[cell]) for cell in cells) >= LEVEL * span:
                beads = self._exact(cells, [(rows, columns)])
                sure = [bead for bead in beads if bead.confidence > 0.5]
                held = min(sum(len(bead.src) for bead in sure), sum(len(bead.tgt) for bead in sure))
                wanted = 0.75 * len(cells) if long or len(cells) >= SHARE * span else COVERED * span
                if held >= wanted:
                    return Chain(beads, span, dense=True, woven=False)
        return None

    def _reach(self, cells: list[Cell]) -> tuple[Reach, Reach]:
        """Rows and columns of the cells, extended at both ends as far as the sentences are free."""
        open_ = self.close > TAKEN
        far = max(BEYOND, len(cells) // 2)
        return (
            _reach(cells[0][0], cells[-1][0] + 1, np.asarray(open_.any(axis=1)), far),
            _reach(cells[0][1], cells[-1][1] + 1, np.asarray(open_.any(axis=0)), far),
        )

    def _exact(self, cells: list[Cell], parts: Sequence[tuple[Reach, Reach]]) -> list[Bead]:
        """Beads of a chain by the exact search in each part; a part of one sentence on each side is one bead."""
        free_s, free_t = (np.asarray((self.close > TAKEN).any(axis=axis)) for axis in (1, 0))
        trusted = np.array(cells, dtype=np.int64)
        found: list[Bead] = []
        for (i0, i1), (j0, j1) in parts:
            if len(parts) > 1 and i1 - i0 == j1 - j0 == 1:
                found.append(Bead(range(i0, i1), range(j0, j1)))
            elif i0 < i1 and j0 < j1:
                found.extend(stretch(self.texts, (i0, i1), (j0, j1), tuple(self.forbidden), trusted))
        return [
            replace(bead, score=self._score(bead.src, bead.tgt))
            for bead in found
            if bead.src and bead.tgt and (bead.src, bead.tgt) not in self.forbidden
            and free_s[bead.src.start : bead.src.stop].all() and free_t[bead.tgt.start : bead.tgt.stop].all()
        ]  # fmt: skip

    def _rivalled(self, cells: list[Cell]) -> list[Cell]:
        """Cells with a sentence that is the mutual best of a much closer partner; never the best cell."""
        best = max(cells, key=lambda cell: float(self.close[cell]))

        def rivalled(i: int, j: int) -> bool:
            row, column = int(self.close[:, j].argmax()), int(self.close[i].argmax())
            nearest = [(row, j)] if self.close[row].argmax() == j else []
            nearest += [(i, column)] if self.close[:, column].argmax() == i else []
            return any(self.close[rival] > self.close[i, j] + RIVAL for rival in nearest)

        return [cell for cell in cells if cell != best and rivalled(*cell)]

    def _grown(self, path: list[Cell]) -> Iterator[Bead]:
        """Yield the cells as beads, extended by neighbours that are close to the partner and keep up the cosine."""
        taken = {i for i, _ in path}, {j for _, j in path}
        for i, j in path:
            pair = range(i, i + 1), range(j, j + 1)
            alike = self._alike(*pair)
            while True:
                options = [(self._alike(*larger), larger) for larger in self._larger(pair, (i, j), taken)]
                options = [(value, larger) for value, larger in options if value >= alike]
                if not options:
                    break
                alike, pair = max(options, key=lambda option: option[0])
                for side in (0, 1):
                    taken[side].update(pair[side])
            yield Bead(*pair, self._score(*pair))

    def _larger(self, pair: Pair, cell: Cell, taken: tuple[set[int], set[int]]) -> Iterator[Pair]:
        """Yield the bead with one free neighbour more on either side: one to many, never many to many."""
        for side in (0, 1):
            run, other = pair[side], pair[1 - side]
            if len(other) > 1 or len(run) >= WIDEST:
                continue
            for more, new in (
                (range(run.start - 1, run.stop), run.start - 1),
                (range(run.start, run.stop + 1), run.stop),
            ):
                if not 0 <= new < self.close.shape[side] or new in taken[side]:
                    continue
                near = self.close[(new, cell[1]) if side == 0 else (cell[0], new)]
                larger = (more, other) if side == 0 else (other, more)
                if near > NEAR and larger not in self.forbidden:
                    yield larger

    def _alike(self, src: range, tgt: range) -> float:
        """Length-weighted cosine of two spans, from the centred vectors, unlike `link_confidence.span_similarity`."""
        one, other = (
            side.vectors[run.start : run.stop].T @ side.length[run.start : run.stop]
            for side, run in zip(self.texts.sides, (src, tgt), strict=True)
        )
        return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))

    def _score(self, src: range, tgt: range) -> float:
        """CSLS of the closest pair of sentences of a bead."""
        return float(self.close[src.start : src.stop, tgt.start : tgt.stop].max()) + FLOOR


def _span(cells: list[Cell]) -> int:
    """Sentences from the first cell to the last, on the longer side."""
    return max(cells[-1][side] - cells[0][side] + 1 for side in (0, 1))


def _reach(start: int, stop: int, free: npt.NDArray[np.bool_], far: int) -> tuple[int, int]:
    """start..stop, extended by free sentences, up to `max_sentences` at each end."""
    low, high = start, stop
    while low > 0 and start - low < far and free[low - 1]:
        low -= 1
    while high < len(free) and high - stop < far and free[high]:
        high += 1
    return low, high


def _whole(src: Passages, tgt: Passages, wanted: Constraints) -> list[Bead]:
    """Align two long texts coarse to fine, without a table of all pairs; moved passages are chains of their own.

    The bitext search links one sentence in twelve of two unrelated texts. Only parts where sure beads are dense are
    taken for translations.
    """
    linked = [bead for bead in bitext_beads(src, tgt, wanted) if bead.src and bead.tgt]
    main = [bead for bead in linked if bead.chain == 0]
    similar = closer_than_others(src, tgt, main)
    parts = [part for part, score in maximal_segments(_spoken(main, similar)) if score >= STRETCH]
    translated = [main[k // 2] for part in parts for k in part] + [bead for bead in linked if bead.chain]
    kept = {(bead.src, bead.tgt) for bead in translated if bead.confidence >= TOLD}.union(wanted.anchors)
    return [bead for bead in linked if (bead.src, bead.tgt) in kept]


def closer_than_others(src: Passages, tgt: Passages, chain: Sequence[Bead]) -> npt.NDArray[np.bool_]:
    """(c,) whether the sides of each bead are closer than sides of different beads are, by CLOSER standard deviations.

    Numbers that run parallel, lengths and positions make beads sure in texts that have nothing else in common.
    """
    if len(chain) < 2:
        return np.ones(len(chain), dtype=bool)
    one, other = (
        _normalised(np.array([side[run.start : run.stop].sum(axis=0) for run in runs]))
        for side, runs in (
            (centred(src.vectors), [bead.src for bead in chain]),
            (centred(tgt.vectors), [bead.tgt for bead in chain]),
        )
    )
    similar = (one * other).sum(axis=1)
    shifted = np.array([(one * np.roll(other, shift, axis=0)).sum(axis=1) for shift in SHIFTS if shift % len(chain)])
    return np.asarray(similar > shifted.mean() + CLOSER * shifted.std())


def _normalised(vectors: Matrix) -> Matrix:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _spoken(chain: Sequence[Bead], similar: npt.NDArray[np.bool_]) -> Iterator[float]:
    """Scores of the sentences before each bead and of the bead, positive from a share of MIN_INTERLEAVED_SHARE on."""
    i = j = 0
    for bead, closer in zip(chain, similar.tolist(), strict=True):
        yield -LOOSE_SHARE * max(0, bead.src.start - i, bead.tgt.start - j)
        small, large = sorted((len(bead.src), len(bead.tgt)))
        yield (1 - LOOSE_SHARE) * small if closer and bead.confidence > SURE else -LOOSE_SHARE * large
        i, j = bead.src.stop, bead.tgt.stop
