"""The sums over paths against every path written out, and what a text tells of its habits."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.aligner.lattice import Lattice, best_path, marginals
from align.aligner.window import MAX_STYLE_NATS, StylePriors, decode_path, style_priors


def lattice_of(n, m, chance):
    """A full band, with most beads of up to two sentences a side."""
    beads = [
        (i, j, a, b)
        for i in range(n)
        for j in range(m)
        for a, b in ((1, 1), (1, 2), (2, 1), (2, 2))
        if i + a <= n and j + b <= m and chance.random() < 0.8
    ]
    band = np.zeros(n + 1, dtype=np.int64), np.full(n + 1, m, dtype=np.int64)
    return Lattice(*band, np.array(beads, dtype=np.int64).reshape(-1, 4))


def paths(lattice, n, m, i=0, j=0, last="bead"):
    """Every path: its edges, (number,) of a bead, ("s", i, j) or ("t", i, j). No source gap follows a target gap."""
    if (i, j) == (n, m):
        yield []
        return
    for number, (x, y, a, b) in enumerate(lattice.beads.tolist()):
        if (x, y) == (i, j):
            yield from ([(number,), *rest] for rest in paths(lattice, n, m, i + a, j + b))
    if i < n and last != "t":
        yield from ([("s", i, j), *rest] for rest in paths(lattice, n, m, i + 1, j, "s"))
    if j < m:
        yield from ([("t", i, j), *rest] for rest in paths(lattice, n, m, i, j + 1, "t"))


def openings(path):
    kinds = [edge[0] if len(edge) > 1 else "bead" for edge in path]
    return sum(k != "bead" and (at == 0 or kinds[at - 1] != k) for at, k in enumerate(kinds))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 4), st.integers(1, 4))
def test_what_passes_each_edge_is_what_all_paths_together_say(seed, n, m):
    chance = np.random.default_rng(seed)
    lattice = lattice_of(n, m, chance)
    scores, null_s, null_t = (chance.normal(size=k) for k in (len(lattice.beads), n, m))
    opening = float(chance.normal())

    def weight(path):
        each = [scores[e[0]] if len(e) == 1 else null_s[e[1]] if e[0] == "s" else null_t[e[2]] for e in path]
        return exp(sum(each) + opening * openings(path))

    every = [(path, weight(path)) for path in paths(lattice, n, m)]
    total = sum(w for _, w in every)
    passed = marginals(lattice, scores, null_s, null_t, opening)
    assert passed.total == pytest.approx(log(total))
    assert passed.opened == pytest.approx(sum(openings(path) * w for path, w in every) / total)
    for number in range(len(lattice.beads)):
        assert passed.beads[number] == pytest.approx(sum(w for p, w in every if (number,) in p) / total, abs=1e-9)
    rows, columns = lattice.positions
    for node, place in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        for kind, found in (("s", passed.gap_s), ("t", passed.gap_t)):
            share = sum(w for path, w in every if (kind, *place) in path) / total
            assert found[node] == pytest.approx(share, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 4), st.integers(1, 4))
def test_no_path_gains_more_than_the_best(seed, n, m):
    chance = np.random.default_rng(seed)
    lattice = lattice_of(n, m, chance)
    gain = chance.normal(size=len(lattice.beads))
    rows, columns = lattice.positions
    gap_s, gap_t = (chance.normal(size=len(rows)) for _ in range(2))
    node = {place: k for k, place in enumerate(zip(rows.tolist(), columns.tolist(), strict=True))}

    def worth(path):
        gaps = {"s": gap_s, "t": gap_t}
        return sum(gain[e[0]] if len(e) == 1 else gaps[e[0]][node[e[1:]]] for e in path)

    found, i, j = [], 0, 0
    for step in best_path(lattice, gain, gap_s, gap_t).tolist():
        found.append((step,) if step >= 0 else ("s", i, j) if step == -1 else ("t", i, j))
        a, b = lattice.beads[step, 2:] if step >= 0 else (1, 0) if step == -1 else (0, 1)
        i, j = i + a, j + b
    assert (i, j) == (n, m)
    assert worth(found) >= max(map(worth, paths(lattice, n, m))) - 1e-9


def test_habits_are_told_from_the_texts_and_are_nothing_where_there_are_none():
    assert style_priors([]) == StylePriors()
    n = 60
    line = np.arange(n)
    diagonal = np.stack([line, line, np.ones(n), np.ones(n)], axis=1).astype(np.int64)
    band = np.arange(n + 1), np.arange(n + 1)
    lattice = Lattice(*(side.astype(np.int64) for side in band), diagonal)
    told = style_priors([(lattice, marginals(lattice, np.ones(n), np.zeros(n), np.zeros(n), -2.0))])
    assert told.merged == told.null == told.openings == -MAX_STYLE_NATS
    passed = marginals(lattice, np.ones(n), np.zeros(n), np.zeros(n), -2.0)
    assert [(a, b) for _, a, b, _ in decode_path(lattice, passed)] == [(1, 1)] * n
