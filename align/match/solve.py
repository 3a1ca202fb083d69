"""Two whole texts made ready, and the exact search inside a window of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from align.match import lattice
from align.match.coverage import Bag, Floats32, coverage
from align.match.evidence import Floats, Side, Tokens, alike, side, window
from align.match.guide import Indices, guide
from align.match.lattice import SHAPES
from align.match.passages import Bead, Pair, Passages
from align.match.weights import Weights, weights

CONTEXT = 8
"""Sentences beyond a window that its edges are compared with."""
SURE = 0.45
"""A bead this much less alike than the best rivals of both its first sentences is not looked at."""
BEAD_PRICE, GAP_PRICE = 0.9, 0.5
"""What a bead, and an omission, must be worth in expected hits to be taken (about the F1 that is reached)."""
NUMBER = {tuple(shape): k for k, shape in enumerate(SHAPES.tolist())}


@dataclass(frozen=True)
class Texts:
    """Both sides, looked at once."""

    src: Passages
    tgt: Passages
    fitted: Weights = field(init=False)

    def __post_init__(self) -> None:
        if self.src.vectors.shape[1] != self.tgt.vectors.shape[1]:
            widths = self.src.vectors.shape[1], self.tgt.vectors.shape[1]
            raise ValueError(f"vectors of {widths[0]} and of {widths[1]} numbers cannot be compared")
        object.__setattr__(self, "fitted", weights(self.bags is not None))

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Both sides' own evidence."""
        return side(self.src), side(self.tgt)

    @cached_property
    def known(self) -> Tokens:
        """What both write alike."""
        return alike(self.src, self.tgt)

    @cached_property
    def bags(self) -> tuple[Bag, Bag] | None:
        """Token vectors of both sides, where both have them."""
        if self.src.tokens is None or self.tgt.tokens is None:
            return None
        return Bag(self.src.tokens), Bag(self.tgt.tokens)

    @cached_property
    def guided(self) -> tuple[Indices, npt.NDArray[np.float32]]:
        """Trusted one-to-one cells of the whole."""
        return guide(self.sides[0].vectors, self.sides[1].vectors)

    @cached_property
    def ratio(self) -> float:
        """Source characters per target character, where the two run together."""
        src, tgt = self.sides
        cells, _ = self.guided
        if len(cells) >= 5:
            return float(src.length[cells[:, 0]].sum() / tgt.length[cells[:, 1]].sum())
        return float(src.length.sum() / tgt.length.sum())

    @cached_property
    def usual(self) -> float:
        """The cosine that any two sentences of the two sides have."""
        return float(self.src.vectors.mean(0) @ self.tgt.vectors.mean(0))

    def covers(self, rows: slice, columns: slice, low: Indices, high: Indices) -> tuple[Floats32, Floats32] | None:
        """Coverage of a window both ways: low and high are the nodes of its band, in the window's numbering."""
        if self.bags is None:
            return None
        n, m = rows.stop - rows.start, columns.stop - columns.start
        back_low = np.searchsorted(high, np.arange(m), side="left")
        back_high = np.searchsorted(low, np.arange(m), side="right")
        src, tgt = self.bags
        return (
            coverage(src, tgt, low[:n], high[:n], rows, columns),
            coverage(tgt, src, back_low, np.minimum(back_high, n), columns, rows),
        )


@dataclass(frozen=True)
class Window:
    """A lattice over rows i0..i1 and columns j0..j1 of the texts, with all that its kernels need."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    low: Indices
    high: Indices
    arrays: tuple  # type: ignore[type-arg]
    gaps_s: Floats
    gaps_t: Floats
    top: int
    left: int


def look(texts: Texts, rows: tuple[int, int], columns: tuple[int, int], low: Indices, high: Indices) -> Window:
    """Make a window ready. low and high (rows + 1,): its band of nodes, counted from the window's corner."""
    n, m = len(texts.src), len(texts.tgt)
    wide_rows = slice(max(0, rows[0] - CONTEXT), min(n, rows[1] + CONTEXT))
    wide_columns = slice(max(0, columns[0] - CONTEXT), min(m, columns[1] + CONTEXT))
    top, left = rows[0] - wide_rows.start, columns[0] - wide_columns.start
    count = rows[1] - rows[0]
    after = wide_rows.stop - rows[1]
    wide_low = np.concatenate([np.zeros(top, dtype=np.int64), low + left, np.full(after, low[-1] + left)])
    wide_high = np.concatenate([np.full(top, left), high + left, np.full(after, 0)])
    wide_high[top + count :] = wide_columns.stop - wide_columns.start
    cover = texts.covers(wide_rows, wide_columns, wide_low, wide_high)
    arrays, gaps_s, gaps_t = window(*texts.sides, texts.known, wide_rows, wide_columns, texts.ratio, cover)
    inner = gaps_s[top : top + count], gaps_t[left : left + columns[1] - columns[0]]
    return Window(rows, columns, low, high, arrays, *inner, top, left)


def solve(texts: Texts, seen: Window, forbidden: Sequence[Pair] = ()) -> list[Bead]:
    """The beads of a window with the greatest expected number of hits, in order; nulls are beads with an empty side."""
    fitted = texts.fitted
    n, m = seen.rows[1] - seen.rows[0], seen.columns[1] - seen.columns[0]
    if not n or not m:
        alone = [Bead(range(i, i + 1), range(0), confidence=1.0) for i in range(*seen.rows)]
        return alone + [Bead(range(0), range(j, j + 1), confidence=1.0) for j in range(*seen.columns)]
    scores = lattice.bead_scores(seen.arrays, fitted.bead, seen.low, seen.high, SHAPES, seen.top, seen.left, SURE)
    for src, tgt in forbidden:
        i, j, k = src.start - seen.rows[0], tgt.start - seen.columns[0], NUMBER.get((len(src), len(tgt)))
        if k is not None and 0 <= i < n and seen.low[i] <= j <= seen.high[i]:
            scores[i, j - seen.low[i], k] = -np.inf
    null_s, null_t, opening = seen.gaps_s @ fitted.gap, seen.gaps_t @ fitted.gap, float(fitted.gap[1])
    beads, gap_s, gap_t, *_ = lattice.posteriors(scores, null_s, null_t, opening, seen.low, seen.high, SHAPES)
    gain = np.where(np.isfinite(scores), 2 * beads - np.float32(BEAD_PRICE), np.float32(-np.inf))
    path = lattice.best_path(
        gain, gap_s - np.float32(GAP_PRICE), gap_t - np.float32(GAP_PRICE), seen.low, seen.high, SHAPES
    )
    found = []
    for i, j, a, b in path.tolist():
        at = j - int(seen.low[i])
        if a and b:
            k = NUMBER[a, b]
            score, chance = float(scores[i, at, k]), float(beads[i, at, k])
        else:
            score, chance = (float(null_s[i]), float(gap_s[i, at])) if a else (float(null_t[j]), float(gap_t[i, at]))
        src = range(seen.rows[0] + i, seen.rows[0] + i + a)
        tgt = range(seen.columns[0] + j, seen.columns[0] + j + b)
        found.append(Bead(src if a else range(0), tgt if b else range(0), score, fitted.confidence(chance)))
    return found
