"""Forward-backward sums over all paths through a band of nodes, and the best path.

A lattice has nodes (i, j), 0 <= i <= n and low[i] <= j <= high[i]: the number of sentences used on each side. Edges
are beads, and omissions of one sentence in two states (source gap, target gap) with a separate cost of opening one.
Scores are linear in the features: a semi-Markov conditional random field (Sarawagi & Cohen 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from align.aligner.kernels import kernel

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
NO_NODE = -1
"""Index for a step that leaves the band."""


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
        """(n + 2,) index of each row's first node, and the total."""
        return np.concatenate([[0], np.cumsum(self.high - self.low + 1)]).astype(np.int64)

    @cached_property
    def positions(self) -> tuple[Indices, Indices]:
        """Row and column of each node."""
        rows = np.repeat(np.arange(len(self.low)), np.diff(self.first))
        return rows, np.arange(self.first[-1]) - self.first[rows] + self.low[rows]

    def number(self, i: Indices, j: Indices) -> Indices:
        """Indices of the nodes (i, j), which must be in the band."""
        return np.asarray(self.first[i] + j - self.low[i], dtype=np.int64)

    @cached_property
    def sizes(self) -> Indices:
        """(c,) number of sentences in each bead, both sides together."""
        return np.asarray(self.beads[:, 2] + self.beads[:, 3], dtype=np.int64)

    @cached_property
    def ends(self) -> tuple[Indices, Indices]:
        """Start node and end node of each bead."""
        i, j, a, b = self.beads.T
        return self.number(i, j), self.number(i + a, j + b)

    @cached_property
    def down(self) -> Indices:
        """The node below each node, with one source sentence more, or NO_NODE."""
        rows, columns = self.positions
        below = np.minimum(rows + 1, len(self.low) - 1)
        inside = (rows + 1 < len(self.low)) & (columns >= self.low[below]) & (columns <= self.high[below])
        return np.where(inside, self.first[below] + columns - self.low[below], NO_NODE)

    @cached_property
    def across(self) -> Indices:
        """The node to the right of each node, with one target sentence more, or NO_NODE."""
        rows, columns = self.positions
        return np.where(columns < self.high[rows], np.arange(len(rows)) + 1, NO_NODE)

    @cached_property
    def graph(self) -> Graph:
        """Edges by start node and by end node, for `posteriors`."""
        starts, stops = self.ends
        nodes = np.arange(len(self.down) + 1)
        order = np.argsort(stops, kind="stable")
        return Graph(
            leaving=np.searchsorted(starts, nodes),
            target=stops,
            entering=np.searchsorted(stops[order], nodes),
            entrant=order,
            source=starts[order],
            down=self.down,
            across=self.across,
            above=_source_nodes(self.down),
            before=_source_nodes(self.across),
        )


class Graph(NamedTuple):
    """The edges of a lattice as arrays of node and bead indices; NO_NODE where a step leaves the band."""

    leaving: Indices
    """(nodes + 1,) beads leaving[t] to leaving[t + 1] start at node t."""
    target: Indices
    """(c,) end node of each bead."""
    entering: Indices
    """(nodes + 1,) entrant and source [entering[t]:entering[t + 1]]: beads that end at node t."""
    entrant: Indices
    """(c,) bead indices sorted by end node."""
    source: Indices
    """(c,) start nodes of those beads."""
    down: Indices
    """(nodes,) the node after an omitted source sentence."""
    across: Indices
    above: Indices
    """(nodes,) the node before an omitted source sentence."""
    before: Indices


@dataclass(frozen=True)
class Marginals:
    """Posterior of each edge, 0 to 1, and the log of the summed weight of all paths."""

    beads: FloatArray
    """(c,)"""
    gap_s: FloatArray
    """(nodes,) omission of the source sentence after each node."""
    gap_t: FloatArray
    opened: float
    """The expected number of gaps."""
    total: float


def marginals(
    lattice: Lattice, scores: FloatArray, null_s: FloatArray, null_t: FloatArray, opening: float
) -> Marginals:
    """Sum over all paths. Scores of beads (c,), of omissions null_s (n,), null_t (m,), and of opening a gap."""
    rows, columns = lattice.positions
    cost_s, cost_t = np.append(null_s, -np.inf)[rows], np.append(null_t, -np.inf)[columns]
    beads, gap_s, gap_t = np.zeros(len(scores)), np.zeros(len(rows)), np.zeros(len(rows))
    total, opened = posteriors(lattice.graph, scores, cost_s, cost_t, opening, beads, gap_s, gap_t)
    return Marginals(beads, gap_s, gap_t, opened, total)


def _source_nodes(step: Indices) -> Indices:
    """Predecessor of each node, or NO_NODE. step: successor of each node."""
    sources = np.full(len(step), NO_NODE)
    leading = np.flatnonzero(step != NO_NODE)
    sources[step[leading]] = leading
    return sources


@kernel(error_model="numpy")
def log_add(x, y):  # type: ignore[no-untyped-def]
    """log(exp x + exp y)."""
    if x < y:
        x, y = y, x
    if y == -np.inf:
        return x
    return x + np.log1p(np.exp(y - x))


@kernel(lambda graph, scores, *_: 2e-5 * len(graph.down) + 5e-6 * len(scores), error_model="numpy")
def posteriors(graph, scores, cost_s, cost_t, opening, beads, gap_s, gap_t):  # type: ignore[no-untyped-def]
    """Write the posteriors of beads (c,) and of omissions (nodes,); return the log of the sum and the expected gaps.

    cost_s, cost_t (nodes,): score of omitting the sentence after each node. The last step into a node was a bead
    (state 0), a source omission (1) or a target omission (2), which no source omission follows. `opening` is added
    at the first sentence of a gap.
    """
    count = len(graph.down)
    into, any_ = np.empty((count, 3)), np.empty(count)
    for t in range(count):
        top = -np.inf
        for e in range(graph.entering[t], graph.entering[t + 1]):
            top = max(top, scores[graph.entrant[e]] + any_[graph.source[e]])
        total = 0.0
        if top > -np.inf:
            for e in range(graph.entering[t], graph.entering[t + 1]):
                total += np.exp(scores[graph.entrant[e]] + any_[graph.source[e]] - top)
        into[t, 0] = top + np.log(total) if total > 0 else -np.inf
        if t == 0:
            into[t, 0] = 0.0
        u = graph.above[t]
        into[t, 1] = cost_s[u] + log_add(into[u, 0] + opening, into[u, 1]) if u >= 0 else -np.inf
        u = graph.before[t]
        into[t, 2] = cost_t[u] + log_add(log_add(into[u, 0], into[u, 1]) + opening, into[u, 2]) if u >= 0 else -np.inf
        any_[t] = log_add(log_add(into[t, 0], into[t, 1]), into[t, 2])
    sum_ = any_[count - 1]
    from_ = np.empty((count, 3))
    from_[count - 1, 0], from_[count - 1, 1], from_[count - 1, 2] = 0.0, 0.0, 0.0
    opened = 0.0
    for t in range(count - 1, -1, -1):
        top = -np.inf
        for e in range(graph.leaving[t], graph.leaving[t + 1]):
            top = max(top, scores[e] + from_[graph.target[e], 0])
        total = 0.0
        if top > -np.inf:
            reach = np.exp(any_[t] + top - sum_)
            for e in range(graph.leaving[t], graph.leaving[t + 1]):
                share = np.exp(scores[e] + from_[graph.target[e], 0] - top)
                total += share
                beads[e] = reach * share
        bead = top + np.log(total) if total > 0 else -np.inf
        down = cost_s[t] + from_[graph.down[t], 1] if graph.down[t] >= 0 else -np.inf
        across = cost_t[t] + from_[graph.across[t], 2] if graph.across[t] >= 0 else -np.inf
        gap_s[t] = np.exp(log_add(into[t, 0] + opening, into[t, 1]) + down - sum_)
        gap_t[t] = np.exp(log_add(log_add(into[t, 0], into[t, 1]) + opening, into[t, 2]) + across - sum_)
        opened += np.exp(into[t, 0] + opening + down - sum_)
        opened += np.exp(log_add(into[t, 0], into[t, 1]) + opening + across - sum_)
        if t < count - 1:
            from_[t, 0] = log_add(log_add(bead, down + opening), across + opening)
            from_[t, 1] = log_add(log_add(bead, down), across + opening)
            from_[t, 2] = log_add(bead, across)
    return sum_, opened


def best_path(lattice: Lattice, gain: FloatArray, gap_s: FloatArray, gap_t: FloatArray) -> Indices:
    """The path with the greatest sum of gains: bead indices, and -1 and -2 for source and target omissions.

    gain (c,) of the beads, -inf for excluded ones; gap_s and gap_t (nodes,). Ties go to the first bead, and to
    beads before omissions.
    """
    starts, stops = lattice.ends
    bounds = np.searchsorted(starts, np.arange(len(gap_s) + 1))
    return np.asarray(steps(bounds, stops, gain, lattice.down, gap_s, lattice.across, gap_t))


@kernel(lambda bounds, target, *_: 3e-6 * len(bounds) + 1e-6 * len(target), error_model="numpy")
def steps(bounds, target, gain, down, gap_s, across, gap_t):  # type: ignore[no-untyped-def]
    """Edges of the best path from node 0 to the last, as in `best_path`."""
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
