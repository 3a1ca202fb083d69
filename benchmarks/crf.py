"""A semi-Markov conditional random field over many lattices at once: likelihood, gradient and fit.

Trained by forward-backward and L-BFGS (Sarawagi and Cohen 2004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.aligner.features import (
    BEAD_FEATURES,
    GAP_FEATURES,
    JOINED_MARGIN,
    JOINED_SIMILARITY,
    MERGING,
    OMISSION,
    OMITTING,
    OPENING,
    OPENINGS,
)
from align.aligner.kernels import kernel
from align.aligner.lattice import Graph, posteriors
from align.aligner.weights import Score, Weights
from align.aligner.window import StylePriors, style_priors
from benchmarks.pieces import Piece

Floats = npt.NDArray[np.float64]
F, G = len(BEAD_FEATURES), len(GAP_FEATURES)
RIDGE = 10.0
LEAST_SPREAD = 1e-3


class Batch:
    """Concatenated pieces, so that one call sums over all of their paths."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = list(pieces)
        graphs = [piece.lattice.graph for piece in pieces]
        self.graph = Graph(*(np.concatenate(arrays) for arrays in zip(*graphs, strict=True)))
        self.beads = np.concatenate([[0], np.cumsum([len(p.table) for p in pieces])]).astype(np.int64)
        self.nodes = np.concatenate([[0], np.cumsum([len(g.down) for g in graphs])]).astype(np.int64)
        self.table = np.concatenate([p.table for p in pieces])
        self.gaps = np.concatenate([table for p in pieces for table in (p.gaps_s, p.gaps_t)])
        of_s, of_t, start = [], [], 0
        for piece in pieces:
            n, m = len(piece.gaps_s), len(piece.gaps_t)
            rows, columns = piece.lattice.positions
            of_s.append(np.where(rows < n, start + rows, -1))
            of_t.append(np.where(columns < m, start + n + columns, -1))
            start += n + m
        self.gap_of_s, self.gap_of_t = np.concatenate(of_s), np.concatenate(of_t)
        self.size = np.concatenate([p.lattice.sizes for p in pieces]) > 2
        self.piece_of_bead = np.repeat(np.arange(len(pieces)), np.diff(self.beads))
        self.piece_of_node = np.repeat(np.arange(len(pieces)), np.diff(self.nodes))
        self.piece_of_gap = np.repeat(np.arange(len(pieces)), [len(p.gaps_s) + len(p.gaps_t) for p in pieces])
        self.right = np.concatenate([self.beads[k] + p.right for k, p in enumerate(pieces)])
        omitted, start = [], 0
        for piece in pieces:
            n = len(piece.gaps_s)
            omitted += [start + i for i in piece.omitted_s] + [start + n + j for j in piece.omitted_t]
            start += n + len(piece.gaps_t)
        self.omitted = np.array(omitted, dtype=np.int64)
        self.opened = np.array([p.opened for p in pieces], dtype=np.float64)
        self.openings = np.zeros(len(pieces))
        self.weight = np.array([p.weight for p in pieces])

    def learn(self, of_pieces: Sequence[StylePriors]) -> None:
        """Write the style priors of the texts to the tables."""
        more, null = (np.array([getattr(h, name) for h in of_pieces]) for name in ("more", "null"))
        self.openings = np.array([h.openings for h in of_pieces])
        self.table[:, MERGING] = more[self.piece_of_bead] * self.size
        self.gaps[:, OMITTING] = null[self.piece_of_gap]
        for piece, own in zip(self.pieces, of_pieces, strict=True):
            piece.learn(own)

    def loss(self, bead: Floats, gap: Floats, active: npt.NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
        """Weighted negative log likelihood of the gold of the active pieces, and its gradients."""
        weight = np.where(active, self.weight, 0.0)
        scores = (self.table @ bead.astype(np.float32)).astype(np.float64)
        costs = np.append(self.gaps @ gap, -np.inf)
        opening = gap[OPENING] + gap[OPENINGS] * self.openings
        passed = np.zeros(len(scores))
        gap_s, gap_t = np.zeros(len(self.gap_of_s)), np.zeros(len(self.gap_of_s))
        totals, opened = np.zeros(len(self.pieces)), np.zeros(len(self.pieces))
        _sums(
            self.graph, self.beads, self.nodes, active, scores, costs[self.gap_of_s], costs[self.gap_of_t], opening,
            passed, gap_s, gap_t, totals, opened,
        )  # fmt: skip
        each = weight[self.piece_of_bead] * passed
        np.subtract.at(each, self.right, weight[self.piece_of_bead[self.right]])
        by_gap = np.zeros(len(self.gaps))
        for where, share in ((self.gap_of_s, gap_s), (self.gap_of_t, gap_t)):
            inside = where >= 0
            by_gap += np.bincount(where[inside], (weight[self.piece_of_node] * share)[inside], len(by_gap))
        np.subtract.at(by_gap, self.omitted, weight[self.piece_of_gap[self.omitted]])
        value = float(
            weight @ np.where(active, totals, 0.0)
            - weight[self.piece_of_bead[self.right]] @ scores[self.right]
            - weight[self.piece_of_gap[self.omitted]] @ costs[self.omitted]
            - weight @ (self.opened * opening)
        )
        slope = self.table.T @ each.astype(np.float32)
        slope_gap = self.gaps.T @ by_gap
        more = weight * (np.where(active, opened, 0.0) - self.opened)
        slope_gap[OPENING], slope_gap[OPENINGS] = more.sum(), more @ self.openings
        return value, slope.astype(np.float64), slope_gap


@kernel(error_model="numpy")
def _sums(graph, beads, nodes, active, scores, cost_s, cost_t, opening, passed, gap_s, gap_t, totals, opened):  # type: ignore[no-untyped-def]
    """`posteriors` of each active piece; nodes and beads are numbered per piece."""
    for k in range(len(beads) - 1):
        if not active[k]:
            continue
        b0, b1, n0, n1 = beads[k], beads[k + 1], nodes[k], nodes[k + 1]
        own = Graph(
            graph.leaving[n0 + k : n1 + k + 1], graph.target[b0:b1], graph.entering[n0 + k : n1 + k + 1],
            graph.entrant[b0:b1], graph.source[b0:b1], graph.down[n0:n1], graph.across[n0:n1],
            graph.above[n0:n1], graph.before[n0:n1],
        )  # fmt: skip
        totals[k], opened[k] = posteriors(
            own, scores[b0:b1], cost_s[n0:n1], cost_t[n0:n1], opening[k], passed[b0:b1], gap_s[n0:n1], gap_t[n0:n1]
        )


def first_look(batch: Batch, first: Score) -> None:
    """Estimate the style priors of each text with the weights of a first pass."""
    by_text: dict[str, list[int]] = defaultdict(list)
    for number, piece in enumerate(batch.pieces):
        by_text[piece.text].append(number)
    learned = [StylePriors()] * len(batch.pieces)
    for numbers in by_text.values():
        parts = [batch.pieces[k] for k in numbers]
        own = style_priors([(p.lattice, p.sums(first, StylePriors())) for p in parts])
        for k in numbers:
            learned[k] = own
    batch.learn(learned)


def fit_both(
    batch: Batch, active: npt.NDArray[np.bool_], bead_mask: Floats, gap_mask: Floats, start: Weights | None = None
) -> Weights:
    """Fit the weights of a first pass, estimate the style priors with it, and fit the second pass.

    Features whose mask is 0 get no weight. start: weights of a similar fit, which save time.
    """
    first_bead, first_gap = bead_mask.copy(), gap_mask.copy()
    first_bead[[JOINED_SIMILARITY, JOINED_MARGIN, MERGING]] = first_gap[[OMITTING, OPENINGS]] = 0
    first = fit(batch, active, first_bead, first_gap, start.first if start else None)
    first_look(batch, first)
    return Weights(first, fit(batch, active, bead_mask, gap_mask, start.second if start else first), 1.0, 0.0)


def fit(
    batch: Batch,
    active: npt.NDArray[np.bool_],
    bead_mask: Floats,
    gap_mask: Floats,
    start: Score | None = None,
    *,
    ridge: float = RIDGE,
    steps: int = 80,
) -> Score:
    """Maximum-likelihood weights for the gold, with a ridge penalty on standardised weights.

    Features whose mask is 0 get no weight.
    """
    rows = active[batch.piece_of_bead]
    sample = batch.table[rows][:: max(1, int(rows.sum()) // 100_000)]
    spread = np.maximum(sample.std(0), LEAST_SPREAD).astype(np.float64)
    spread_gap = np.maximum(batch.gaps[active[batch.piece_of_gap]].std(0), LEAST_SPREAD)
    spread_gap[[OMISSION, OPENING, OPENINGS]] = 1.0
    scale = np.concatenate([bead_mask / spread, gap_mask / spread_gap])

    def loss(x: Floats) -> tuple[float, Floats]:
        weights = x * scale
        value, by_bead, by_gap = batch.loss(weights[:F], weights[F:], active)
        return value + ridge * float(x @ x) / 2, np.concatenate([by_bead, by_gap]) * scale + ridge * x

    first = np.zeros(F + G)
    if start is not None:
        first = np.concatenate([start.bead, start.gap]) / np.where(scale > 0, scale, 1.0) * (scale > 0)
    best = minimize(
        loss, first, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 20, "ftol": 1e-7, "gtol": 1e-3}
    ).x
    return Score((best * scale)[:F], (best * scale)[F:])
