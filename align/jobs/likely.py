"""Select the language runs of many documents that may correspond, by the nearest neighbours of their sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from align.bulk.index import search
from align.jobs.vectors import Group
from align.match.nearness import SCALE

Pair = tuple[int, int]

ALL = 400
"""Maximum number of run pairs that are all aligned: a few seconds."""
NEIGHBOURS = 10
"""Nearest sentences of the other language, among all documents, that each sentence is compared with."""
NEAR = 0.2
"""Minimum margin, over the neighbourhoods in all documents, of a distinct sentence pair; on the scale of
`align.aligner.similarity`."""
FEW = 3
"""Minimum links between two documents without a distinct sentence pair."""
BEST = 5
"""Runs that each run is always paired with: those with the greatest sum of margins."""


def likely_pairs(found: Sequence[Group], also: frozenset[Pair] = frozenset()) -> list[tuple[Pair, bool]]:
    """Sorted pairs (a, b), a < b, of runs in different languages to be aligned, and whether each is distinct, so
    that a few links between them count: the nearest sentences of two documents are often nearer in a third.

    All pairs if there are at most MAX_EXHAUSTIVE_PAIRS. Else the pairs within one document, those in
    `linked_documents` (whose links are proposed again or deleted), those with a distinct sentence pair, and each
    run's N_BEST_RUNS: a number linear in the runs, not quadratic.
    """
    pairs = [(a, b) for a, b in combinations(range(len(found)), 2) if found[a].primary != found[b].primary]
    if len(pairs) <= ALL:
        return [(pair, True) for pair in pairs]
    chosen = {
        (a, b): found[a].document == found[b].document
        for a, b in pairs
        if found[a].document == found[b].document or (found[a].document, found[b].document) in also
    }
    for one, other in combinations(dict.fromkeys(group.primary for group in found), 2):
        sides = [[k for k, group in enumerate(found) if group.primary == lang] for lang in (one, other)]
        for pair, stands_out in _near(found, sides[0], sides[1]):
            chosen[pair] = stands_out or chosen.get(pair, False)
    return sorted(chosen.items())


def _near(found: Sequence[Group], src: Sequence[int], tgt: Sequence[int]) -> Iterator[tuple[Pair, bool]]:
    """The pairs of runs of two languages with near sentences, by CSLS among all, and whether each is distinct."""
    one, other = (np.concatenate([found[k].passages.vectors for k in side]) for side in (src, tgt))
    run_of, run_of_other = (np.repeat(np.array(side), [len(found[k].sentences) for k in side]) for side in (src, tgt))
    places, cosines = search(one, other, NEIGHBOURS)
    back, back_cosines = search(other, one, NEIGHBOURS)
    level, level_other = cosines.mean(axis=1), back_cosines.mean(axis=1)
    rows = np.concatenate([np.repeat(np.arange(len(one)), places.shape[1]), back.ravel()])
    columns = np.concatenate([places.ravel(), np.repeat(np.arange(len(other)), back.shape[1])])
    both = np.concatenate([cosines.ravel(), back_cosines.ravel()])
    usual = min(0.95, max(0.0, float(one.mean(axis=0) @ other.mean(axis=0))))
    near = (2 * both - level[rows] - level_other[columns]) * (SCALE / (1 - usual))
    standing = near > 0
    table: dict[Pair, list[float]] = {}
    for a, b, value in zip(run_of[rows[standing]], run_of_other[columns[standing]], near[standing], strict=True):
        table.setdefault((int(a), int(b)), []).append(float(value))
    best: dict[int, list[tuple[float, Pair]]] = {}
    for pair, values in table.items():
        if max(values) >= NEAR:
            yield ordered(pair), True
        for run in pair:
            best.setdefault(run, []).append((sum(values), pair))
    for candidates in best.values():
        yield from ((ordered(pair), False) for _, pair in sorted(candidates, reverse=True)[:BEST])


def ordered(pair: Pair) -> Pair:
    """The pair with the smaller index as the source."""
    return (min(pair), max(pair))
