"""Equivalents across a whole corpus: candidates from both sides, margins against rivals, one-to-one, with confidence.

Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings": the union of
both directions, sorted by margin. The margin is a difference here, as in the rest of the house.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from align.bulk.index import Floats, Ints, Matrix, Progress, search
from align.bulk.matching import LEAD_MOST, best_other, dots, edges, rivals, spread

NEAREST = 5
"""Neighbours of a sentence that are looked at: a candidate and four rivals, or five candidates."""
WEIGHTS = (0.3, 0.3, 0.91, -1.61, -1.47)
"""Of P(right): constant, margin and lead in units of the scale, length difference, number difference. Fitted by
`python -m benchmarks.bulk_mining_confidence`."""


@dataclass(frozen=True, eq=False)
class Mined:
    """Pairs of rows, in the order of `src`, each row in one pair at most; all arrays have the same length."""

    src: Ints
    tgt: Ints
    cosine: Floats
    margin: Floats
    lead: Floats
    """Over the next best pair of either sentence."""
    scale: float
    """What margins and leads are measured in; see `spread`."""


def mine_vectors(src: Matrix, tgt: Matrix, *, exact: bool | None = None, progress: Progress | None = None) -> Mined:
    """Pairs of nearest neighbours whose margin is the greatest for both. src (n, d), tgt (m, d): unit rows."""
    if not len(src) or not len(tgt):
        nothing, none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return Mined(nothing, nothing, none, none, none, 1.0)

    def half(part: int) -> Progress | None:
        return (lambda done, total: progress(part * total + done, 2 * total)) if progress else None

    forward = search(src, tgt, NEAREST, exact=exact, progress=half(0))
    backward = search(tgt, src, NEAREST, exact=exact, progress=half(1))
    rows, columns = edges(forward[0], backward[0])
    cosines = dots(src, tgt, rows, columns)
    around = (rivals(rows, columns, *forward) + rivals(columns, rows, *backward)) / 2
    margins = (cosines - around).astype(np.float32)
    leads = margins - np.maximum(best_other(rows, margins), best_other(columns, margins))
    kept = one_to_one(rows, columns, margins, len(src), len(tgt))
    scale = spread(rows, margins)
    return Mined(rows[kept], columns[kept], cosines[kept], margins[kept], leads[kept].astype(np.float32), scale)


def one_to_one(rows: Ints, columns: Ints, margins: Floats, n: int, m: int) -> Ints:
    """Numbers of the edges that are taken when the greatest margin goes first, in the order of the rows."""
    free_rows, free_columns = np.ones(n, dtype=bool), np.ones(m, dtype=bool)
    taken = []
    for edge in np.argsort(-margins, kind="stable").tolist():
        row, column = rows[edge], columns[edge]
        if free_rows[row] and free_columns[column]:
            free_rows[row] = free_columns[column] = False
            taken.append(edge)
    found = np.array(taken, dtype=np.int64)
    return found[np.argsort(rows[found], kind="stable")]


def features(mined: Mined, part: slice, length: npt.ArrayLike, numbers: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(n, 5): what `WEIGHTS` weigh, of a part of what was mined. `length`: log of the ratio of the letters' worth,
    without sign; `numbers`: share of the numbers of both that only one has."""
    columns = [
        mined.margin[part] / mined.scale,
        np.minimum(mined.lead[part] / mined.scale, LEAD_MOST),
        np.minimum(np.asarray(length, dtype=np.float64), 2.0),
        np.asarray(numbers, dtype=np.float64),
    ]
    return np.stack([np.ones(len(columns[0])), *columns], axis=1)


def confidence(rows: npt.NDArray[np.float64], weights: npt.ArrayLike = WEIGHTS) -> npt.NDArray[np.float64]:
    """P(right) of pairs by their features (n, 5)."""
    found: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(rows @ np.asarray(weights), -50, 50)))
    return found
