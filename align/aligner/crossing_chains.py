"""Moved paragraphs: chains that cross the main chain, among the sentences that it leaves unlinked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace

import numpy as np

from align.aligner.coarse_path import Indices
from align.aligner.similarity import neighbourhood
from align.aligner.types import Bead, Matrix
from align.aligner.window import Bitext

MIN_MAIN_CONFIDENCE = 0.82
"""Confidence below which a bead of the main chain may be dissolved."""
MIN_CROSSING_CONFIDENCE = 0.5
"""Minimum confidence of a bead of a moved chain."""
MIN_CELL_MARGIN = 0.06
"""Minimum margin of a cell in a chain."""
MIN_CHAIN_MARGIN = 0.2
"""Minimum sum of the margins of a chain: two good sentences."""
MAX_SKIPPED_SENTENCES = 2
"""Maximum sentences that a chain skips between two cells."""
SEEDS_PER_SENTENCE = 4
"""Number of the strongest cells that chains are extended from, for each free sentence."""
MAX_SEARCHED_CELLS = 6_000_000
"""Cells of the whole above which moved paragraphs are not searched: the search compares all pairs of sentences."""

AlignStretch = Callable[[Bitext, tuple[int, int], tuple[int, int], Indices], list[Bead]]


def add_crossing_chains(bitext: Bitext, beads: Sequence[Bead], align_stretch: AlignStretch) -> list[Bead]:
    """Beads of the main chain and of numbered chains that cross it; every sentence stays in one bead.

    align_stretch: aligns rows and columns around cells.
    """
    unsure = [bead for bead in beads if not _is_sure(bead)]
    free_s, free_t = (
        np.array(sorted(i for side in sides for i in side), dtype=np.int64)
        for sides in ([bead.src for bead in unsure], [bead.tgt for bead in unsure])
    )
    if min(len(free_s), len(free_t)) < 2 or len(bitext.src) * len(bitext.tgt) > MAX_SEARCHED_CELLS:
        return list(beads)
    close = _margins(bitext, free_s, free_t)
    chains = _solved_chains(bitext, _chains(close, free_s, free_t), beads, align_stretch)
    crossing = [replace(bead, chain=number) for number, chain in enumerate(chains, 1) for bead in chain]
    used_s, used_t = {i for b in crossing for i in b.src}, {j for b in crossing for j in b.tgt}
    return [part for bead in beads for part in exclude_sentences(bead, used_s, used_t)] + crossing


def _solved_chains(
    bitext: Bitext, chains: Iterable[Indices], beads: Sequence[Bead], align_stretch: AlignStretch
) -> Iterator[list[Bead]]:
    """Yield the sure beads along each chain of cells that does not fit into the main chain of `beads`."""
    for cells in chains:
        rows, columns = ((int(side[0]), int(side[-1]) + 1) for side in cells.T)
        chain = [
            bead for bead in align_stretch(bitext, rows, columns, cells) if _is_sure(bead, MIN_CROSSING_CONFIDENCE)
        ]
        if len(chain) > 1 and not _fits_main_chain(chain, beads):
            yield chain


def _is_sure(bead: Bead, confidence: float = MIN_MAIN_CONFIDENCE) -> bool:
    """Whether a bead is a link of at least this confidence; by default, one that the main chain does not give up."""
    return bool(bead.src and bead.tgt) and bead.confidence >= confidence


def _margins(bitext: Bitext, free_s: Indices, free_t: Indices) -> Matrix:
    """(free, free) similarity minus the mean of both neighbourhoods in the whole of the other text."""
    src, tgt = (side.vectors for side in bitext.sides)
    around_s = neighbourhood(src[free_s] @ tgt.T, 4, 1)
    around_t = neighbourhood(src @ tgt[free_t].T, 4, 0)
    similar = src[free_s] @ tgt[free_t].T
    return np.asarray(similar - (around_s[:, None] + around_t[None, :]) / 2, dtype=np.float32)


def _chains(close: Matrix, free_s: Indices, free_t: Indices) -> Iterator[Indices]:
    """Yield the cells (c, 2) of each chain that is strong enough, strongest first; overwrites `close`."""
    rows_of, columns_of = ({int(i): k for k, i in enumerate(side)} for side in (free_s, free_t))
    seeds = np.argwhere(close > MIN_CELL_MARGIN)
    strongest = np.argsort(-close[tuple(seeds.T)], kind="stable")[: SEEDS_PER_SENTENCE * min(close.shape)]
    for x, y in seeds[strongest].tolist():
        if close[x, y] <= MIN_CELL_MARGIN:
            continue
        chain = [(int(free_s[x]), int(free_t[y]))]
        for step in (1, -1):
            while True:
                i, j = chain[-1] if step == 1 else chain[0]
                following = _next(close, rows_of, columns_of, i, j, step)
                if following is None:
                    break
                chain.insert(len(chain) if step == 1 else 0, following)
        strength = sum(float(close[rows_of[i], columns_of[j]]) for i, j in chain)
        if len(chain) > 1 and strength >= MIN_CHAIN_MARGIN:
            yield np.array(chain, dtype=np.int64)
            for i, j in chain:
                close[rows_of[i], :] = close[:, columns_of[j]] = -1.0


def _next(
    close: Matrix, rows_of: dict[int, int], columns_of: dict[int, int], i: int, j: int, step: int
) -> tuple[int, int] | None:
    """The best cell within MAX_SKIPPED_SENTENCES, with only free sentences between."""
    best, best_cell = MIN_CELL_MARGIN, None
    for di in range(1, MAX_SKIPPED_SENTENCES + 2):
        if i + step * di not in rows_of:
            break
        for dj in range(1, MAX_SKIPPED_SENTENCES + 2):
            if j + step * dj not in columns_of:
                break
            margin = float(close[rows_of[i + step * di], columns_of[j + step * dj]])
            if margin > best:
                best, best_cell = margin, (i + step * di, j + step * dj)
    return best_cell


def _fits_main_chain(chain: Sequence[Bead], beads: Sequence[Bead]) -> bool:
    """Whether a chain fits into the order of the main chain, which then left it out for a reason."""
    first, last = chain[0], chain[-1]
    return all(
        (bead.src.stop <= first.src.start) == (bead.tgt.stop <= first.tgt.start)
        and (bead.src.start >= last.src.stop) == (bead.tgt.start >= last.tgt.stop)
        for bead in beads
        if _is_sure(bead)
    )


def exclude_sentences(bead: Bead, excluded_s: Set[int], excluded_t: Set[int]) -> Iterator[Bead]:
    """The bead unchanged if none of its sentences is used elsewhere, else its free sentences as nulls."""
    free_s = [i for i in bead.src if i not in excluded_s]
    free_t = [j for j in bead.tgt if j not in excluded_t]
    if len(free_s) == len(bead.src) and len(free_t) == len(bead.tgt):
        yield bead
        return
    yield from (Bead(range(i, i + 1), range(0)) for i in free_s)
    yield from (Bead(range(0), range(j, j + 1)) for j in free_t)
