"""The sums over every path through a band of nodes (forward-backward), and the best path.

A lattice has nodes (i, j), 0 <= i <= n and low[i] <= j <= high[i]: how much of either side is used up. Edges are beads,
and omissions of one sentence in two states (source gap, target gap), so that a long one is cheap once it is opened.
Scores are linear in the signals: a semi-Markov conditional random field (Sarawagi & Cohen 2004).

Both directions are one kernel: a lattice read from its end is a lattice, in which target gaps come before source gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from align.match.kernels import kernel

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
NONE = -1
"""Where a step does not lead to a node of the band."""


@dataclass(frozen=True)
class Lattice:
    """Nodes in reading order, and the edges between them.

    low, high (n + 1,): the band, ascending; node (0, 0) is the first and (n, high[n]) the last. beads (c, 4): i, j, a,
    b of each bead, by (i, j).
    """

    low: Indices
    high: Indices
    beads: Indices

    @cached_property
    def first(self) -> Indices:
        """(n + 2,) the number of each row's first node."""
        return np.concatenate([[0], np.cumsum(self.high - self.low + 1)]).astype(np.int64)

    @cached_property
    def places(self) -> tuple[Indices, Indices]:
        """Row and column of each node."""
        rows = np.repeat(np.arange(len(self.low)), np.diff(self.first))
        return rows, np.arange(self.first[-1]) - self.first[rows] + self.low[rows]

    def number(self, i: Indices, j: Indices) -> Indices:
        """The nodes (i, j), which must be in the band."""
        return np.asarray(self.first[i] + j - self.low[i], dtype=np.int64)

    @cached_property
    def sizes(self) -> Indices:
        """(c,) sentences of each bead, of both sides."""
        return np.asarray(self.beads[:, 2] + self.beads[:, 3], dtype=np.int64)

    @cached_property
    def ends(self) -> tuple[Indices, Indices]:
        """The nodes that each bead leads from, and to."""
        i, j, a, b = self.beads.T
        return self.number(i, j), self.number(i + a, j + b)

    @cached_property
    def down(self) -> Indices:
        """The node below each, with one source sentence more, or NONE."""
        rows, columns = self.places
        below = np.minimum(rows + 1, len(self.low) - 1)
        inside = (rows + 1 < len(self.low)) & (columns >= self.low[below]) & (columns <= self.high[below])
        return np.where(inside, self.first[below] + columns - self.low[below], NONE)

    @cached_property
    def across(self) -> Indices:
        """The node to the right of each, with one target sentence more, or NONE."""
        rows, columns = self.places
        return np.where(columns < self.high[rows], np.arange(len(rows)) + 1, NONE)

    @cached_property
    def ahead(self) -> tuple[Indices, ...]:
        """For `sums`: the order of the beads by where they lead, bounds, sources, and steps from above and before."""
        starts, stops = self.ends
        order = np.argsort(stops, kind="stable")
        bounds = np.searchsorted(stops[order], np.arange(len(self.down) + 1))
        return order, bounds, starts[order], _sources(self.down), _sources(self.across)

    @cached_property
    def back(self) -> tuple[Indices, ...]:
        """The same for the lattice read from its end, whose steps of the first kind are target omissions."""
        starts, stops = self.ends
        last = len(self.down) - 1
        bounds = len(starts) - np.searchsorted(starts, np.arange(last + 2))[::-1]
        across, down = (np.where(step == NONE, NONE, last - step)[::-1].copy() for step in (self.across, self.down))
        return np.arange(len(starts))[::-1], bounds.copy(), last - stops[::-1], across, down


@dataclass(frozen=True)
class Marginals:
    """How much of the summed weight of all paths passes each edge, 0 to 1; and the log of that sum."""

    beads: Floats
    """(c,)"""
    gap_s: Floats
    """(nodes,) the omission of the source sentence that follows the node."""
    gap_t: Floats
    opened: float
    """The expected number of gaps."""
    total: float


def marginals(lattice: Lattice, scores: Floats, null_s: Floats, null_t: Floats, opening: float) -> Marginals:
    """Sum over every path. scores (c,) of the beads; null_s (n,), null_t (m,) of omissions; opening: of each gap."""
    rows, columns = lattice.places
    starts, stops = lattice.ends
    down, across = lattice.down, lattice.across
    cost_s, cost_t = np.append(null_s, -np.inf)[rows], np.append(null_t, -np.inf)[columns]
    order, bounds, source, above, before = lattice.ahead
    ahead = sums(bounds, source, scores[order], above, cost_s[above], before, cost_t[before], opening)
    order, bounds, source, after_it, below_it = lattice.back
    turned_t, turned_s = cost_t[::-1].copy(), cost_s[::-1].copy()
    back = sums(bounds, source, scores[order], after_it, turned_t, below_it, turned_s, opening)[::-1]
    (bead, gap_s, gap_t), (to_bead, to_t, to_s) = ahead.T, back.T
    total = float(np.logaddexp(np.logaddexp(bead, gap_s), gap_t)[-1])
    fresh_s, fresh_t = bead + opening, np.logaddexp(bead, gap_s) + opening
    # A gap is paid for on its first sentence ahead and on its last one back; where both meet inside, once is enough.
    after_s = np.logaddexp(np.logaddexp(to_bead, to_s - opening), to_t)
    after_t = np.logaddexp(to_bead, to_t - opening)
    after = np.logaddexp(np.logaddexp(to_bead, to_s), to_t)
    ready = np.logaddexp(np.logaddexp(bead, gap_s), gap_t)
    on_s = np.where(down == NONE, -np.inf, cost_s + after_s[down] - total)
    on_t = np.where(across == NONE, -np.inf, cost_t + after_t[across] - total)
    return Marginals(
        np.exp(ready[starts] + scores + after[stops] - total),
        np.exp(np.logaddexp(fresh_s, gap_s) + on_s),
        np.exp(np.logaddexp(fresh_t, gap_t) + on_t),
        float(np.exp(fresh_s + on_s).sum() + np.exp(fresh_t + on_t).sum()),
        total,
    )


def _sources(step: Indices) -> Indices:
    """Where a step into each node comes from, or NONE. step: where the step from each node leads."""
    found = np.full(len(step), NONE)
    leading = np.flatnonzero(step != NONE)
    found[step[leading]] = leading
    return found


@kernel(error_model="numpy")
def add(x, y):  # type: ignore[no-untyped-def]
    """log(exp x + exp y)."""
    if x < y:
        x, y = y, x
    if y == -np.inf:
        return x
    return x + np.log1p(np.exp(y - x))


@kernel(error_model="numpy")
def sums(bounds, source, scores, from_1, cost_1, from_2, cost_2, opening):  # type: ignore[no-untyped-def]
    """Log of the summed weight of every way from node 0 to each node: (nodes, 3), by the last step.

    Column 0: a bead (or nothing yet); 1: an omission of the first kind; 2: one of the second, which none of the first
    follows. The beads into node t are bounds[t] to bounds[t + 1] of source and scores.
    """
    count = len(bounds) - 1
    raw = np.empty((count, 3))
    ready = np.empty((count, 3))
    for t in range(count):
        top = -np.inf
        for e in range(bounds[t], bounds[t + 1]):
            top = max(top, scores[e] + ready[source[e], 0])
        total = 0.0
        if top > -np.inf:
            for e in range(bounds[t], bounds[t + 1]):
                total += np.exp(scores[e] + ready[source[e], 0] - top)
        x = top + np.log(total) if total > 0 else -np.inf
        if t == 0:
            x = 0.0
        y = cost_1[t] + ready[from_1[t], 1] if from_1[t] >= 0 else -np.inf
        z = cost_2[t] + ready[from_2[t], 2] if from_2[t] >= 0 else -np.inf
        either = add(x, y)
        raw[t, 0], raw[t, 1], raw[t, 2] = x, y, z
        ready[t, 0], ready[t, 1], ready[t, 2] = add(either, z), add(x + opening, y), add(either + opening, z)
    return raw


def best_path(lattice: Lattice, gain: Floats, gap_s: Floats, gap_t: Floats) -> Indices:
    """The path with the greatest sum of gains: the numbers of its beads, and -1 and -2 for source and target omissions.

    gain (c,) of the beads, -inf for those that must not be; gap_s and gap_t (nodes,). Of equals the bead that comes
    first is taken, beads before omissions.
    """
    starts, stops = lattice.ends
    bounds = np.searchsorted(starts, np.arange(len(gap_s) + 1))
    return np.asarray(steps(bounds, stops, gain, lattice.down, gap_s, lattice.across, gap_t))


@kernel(error_model="numpy")
def steps(bounds, target, gain, down, gap_s, across, gap_t):  # type: ignore[no-untyped-def]
    """The edges of the best path from node 0 to the last, as `best_path` tells."""
    count = len(bounds) - 1
    best = np.full(count, -np.inf)
    step = np.full(count, -3, dtype=np.int64)
    best[count - 1] = 0.0
    for t in range(count - 2, -1, -1):
        for e in range(bounds[t], bounds[t + 1]):
            value = gain[e] + best[target[e]]
            if value > best[t]:
                best[t], step[t] = value, e
        if down[t] >= 0 and gap_s[t] + best[down[t]] > best[t]:
            best[t], step[t] = gap_s[t] + best[down[t]], -1
        if across[t] >= 0 and gap_t[t] + best[across[t]] > best[t]:
            best[t], step[t] = gap_t[t] + best[across[t]], -2
    path = np.empty(count, dtype=np.int64)
    t, length = 0, 0
    while t < count - 1 and step[t] > -3:
        path[length] = step[t]
        length += 1
        t = down[t] if step[t] == -1 else across[t] if step[t] == -2 else target[step[t]]
    return path[:length].copy()
