"""Select the language runs of many documents that may correspond, by the nearest neighbours of their sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from align.bulk.index import search
from align.jobs.vectors import LanguageGroup
from align.match.nearness import CSLS_SCALE

IndexPair = tuple[int, int]

MAX_EXHAUSTIVE_PAIRS = 400
"""Maximum number of run pairs that are all aligned: a few seconds."""
N_NEIGHBOURS = 10
"""Nearest sentences of the other language, among all documents, that each sentence is compared with."""
MIN_MARGIN = 0.2
"""Minimum margin, over the neighbourhoods in all documents, of a distinct sentence pair; on the scale of
`align.aligner.similarity`."""
MIN_LINKS = 3
"""Minimum links between two documents without a distinct sentence pair."""
N_BEST_RUNS = 5
"""Runs that each run is always paired with: those with the greatest sum of margins."""


def candidate_pairs(
    groups: Sequence[LanguageGroup], linked_documents: frozenset[IndexPair] = frozenset()
) -> list[tuple[IndexPair, bool]]:
    """Sorted pairs (a, b), a < b, of runs in different languages to be aligned, and whether each is distinct, so
    that a few links between them count: the nearest sentences of two documents are often nearer in a third.

    All pairs if there are at most MAX_EXHAUSTIVE_PAIRS. Else the pairs within one document, those in
    `linked_documents` (whose links are proposed again or deleted), those with a distinct sentence pair, and each
    run's N_BEST_RUNS: a number linear in the runs, not quadratic.
    """
    pairs = [(a, b) for a, b in combinations(range(len(groups)), 2) if groups[a].primary != groups[b].primary]
    if len(pairs) <= MAX_EXHAUSTIVE_PAIRS:
        return [(pair, True) for pair in pairs]
    selected = {
        (a, b): groups[a].document == groups[b].document
        for a, b in pairs
        if groups[a].document == groups[b].document or (groups[a].document, groups[b].document) in linked_documents
    }
    for one, other in combinations(dict.fromkeys(group.primary for group in groups), 2):
        sides = [[k for k, group in enumerate(groups) if group.primary == lang] for lang in (one, other)]
        for pair, is_distinct in _near_pairs(groups, sides[0], sides[1]):
            selected[pair] = is_distinct or selected.get(pair, False)
    return sorted(selected.items())


def _near_pairs(
    groups: Sequence[LanguageGroup], src: Sequence[int], tgt: Sequence[int]
) -> Iterator[tuple[IndexPair, bool]]:
    """The pairs of runs of two languages with near sentences, by CSLS among all, and whether each is distinct."""
    one, other = (np.concatenate([groups[k].passages.vectors for k in side]) for side in (src, tgt))
    run_of, run_of_other = (np.repeat(np.array(side), [len(groups[k].sentences) for k in side]) for side in (src, tgt))
    neighbours, cosines = search(one, other, N_NEIGHBOURS)
    back, back_cosines = search(other, one, N_NEIGHBOURS)
    level, level_other = cosines.mean(axis=1), back_cosines.mean(axis=1)
    rows = np.concatenate([np.repeat(np.arange(len(one)), neighbours.shape[1]), back.ravel()])
    columns = np.concatenate([neighbours.ravel(), np.repeat(np.arange(len(other)), back.shape[1])])
    both = np.concatenate([cosines.ravel(), back_cosines.ravel()])
    baseline = min(0.95, max(0.0, float(one.mean(axis=0) @ other.mean(axis=0))))
    near = (2 * both - level[rows] - level_other[columns]) * (CSLS_SCALE / (1 - baseline))
    is_near = near > 0
    table: dict[IndexPair, list[float]] = {}
    for a, b, value in zip(run_of[rows[is_near]], run_of_other[columns[is_near]], near[is_near], strict=True):
        table.setdefault((int(a), int(b)), []).append(float(value))
    best: dict[int, list[tuple[float, IndexPair]]] = {}
    for pair, values in table.items():
        if max(values) >= MIN_MARGIN:
            yield ordered_pair(pair), True
        for run in pair:
            best.setdefault(run, []).append((sum(values), pair))
    for candidates in best.values():
        yield from ((ordered_pair(pair), False) for _, pair in sorted(candidates, reverse=True)[:N_BEST_RUNS])


def ordered_pair(pair: IndexPair) -> IndexPair:
    """The pair with the smaller index as the source."""
    return (min(pair), max(pair))
