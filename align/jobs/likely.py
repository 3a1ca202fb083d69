"""Which language runs of many documents may have anything in common: by the nearest neighbours of their sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from align.bulk.index import search
from align.jobs.vectors import Group
from align.match.nearness import SCALE

Pair = tuple[int, int]

ALL = 400
"""Pairs of runs up to which every one is looked at: a few seconds."""
NEIGHBOURS = 10
"""Sentences of the other language that each sentence is compared with, the nearest of all documents."""
NEAR = 0.2
"""How much nearer than its neighbourhood among all documents a sentence of another run must be to stand out; on the
scale of `align.match.nearness`."""
FEW = 3
"""Links between two documents below which one of their sentences must stand out among all documents."""
BEST = 5
"""Runs that each run is held against in any case, those with the most that is near."""


def likely_pairs(found: Sequence[Group], also: frozenset[Pair] = frozenset()) -> list[tuple[Pair, bool]]:
    """Pairs (a, b), a < b, of runs in different languages that are worth matching, in order, and whether a few links
    of theirs would be worth telling: what is nearest in two documents is often nearer in a third.

    All where there are few. Else the pairs within one document, those of documents in `also` (they have links, which
    are to be found again or taken away), those that hold a pair of sentences which stands out among all documents, and
    each run's BEST: a number that grows with the runs, not with their square.
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
    """The pairs of runs of two languages that hold something near, by CSLS among all sentences of both; and whether
    it stands out."""
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
    """The run that comes first as the source."""
    return (min(pair), max(pair))
