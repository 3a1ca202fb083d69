"""Mine translation pairs from a whole corpus: candidates from both sides, margins, one-to-one, with confidence.

Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings": the union of
both directions, sorted by margin. The margin is a difference here, as in all of align.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from align.bulk.index import LEAD_MOST, Floats, Ints, Matrix, Progress, best_other, dots, edges, rivals, search, spread

NEAREST = 5
"""Neighbours fetched per sentence: a candidate and four for its margin, or five candidates."""
WEIGHTS = (0.5, 0.88, -2.16, -1.88)
"""Weights of the score: margin and lead in units of the scale, length difference, number difference. Fitted, as the
next two, by `python -m benchmarks.bulk_mining_confidence --encoder use e5 --fit`; every run counts the same."""
WRONG = (-1.59, 2.24)
"""Mean and deviation of the scores of wrong pairs. The same in all corpora examined."""
RIGHT = (4.9, 3.0)
"""Prior mean and deviation of right pairs, for runs with few pairs: close translations have 6, free ones 3."""
LEAST_RIGHT = 1.5
"""Minimum mean of right pairs: a component below it is the wrong pairs of this run."""
SHARE = 0.6
"""Prior share of right pairs; each run estimates its own."""
PAIRS_OF_RIGHT, PAIRS_OF_SHARE = 5.0, 2.0
"""Weight of the priors `RIGHT_SCORES` and `RIGHT_SHARE`, in pairs."""
ROUNDS = 100
TOLD_FROM = 200_000
"""Maximum number of pairs of a run that the mixture is fitted on."""


@dataclass(frozen=True, eq=False)
class Mined:
    """Pairs of rows, in the order of `src`, each row in at most one pair; all arrays have the same length."""

    src: Ints
    tgt: Ints
    cosine: Floats
    margin: Floats
    lead: Floats
    """Margin over the next best pair of either sentence."""
    scale: float
    """The unit of margins and leads; see `spread`."""


def mine_vectors(src: Matrix, tgt: Matrix, *, exact: bool | None = None, progress: Progress | None = None) -> Mined:
    """Pairs of nearest neighbours, assigned one-to-one by margin. src (n, d), tgt (m, d): unit rows."""
    if not len(src) or not len(tgt):
        nothing, none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return Mined(nothing, nothing, none, none, none, 1.0)

    def half(part: int) -> Progress | None:
        return (lambda done, total: progress(part * total + done, 2 * total)) if progress else None

    forward = search(src, tgt, NEAREST, exact=exact, progress=half(0))
    backward = search(tgt, src, NEAREST, exact=exact, progress=half(1))
    return paired(src, tgt, forward, backward)


def paired(src: Matrix, tgt: Matrix, forward: tuple[Ints, Floats], backward: tuple[Ints, Floats]) -> Mined:
    """`mine_vectors` from the neighbours of either side: indices (n, k) and cosines (n, k)."""
    rows, columns = edges(forward[0], backward[0])
    cosines = dots(src, tgt, rows, columns)
    around = (rivals(rows, columns, *forward) + rivals(columns, rows, *backward)) / 2
    margins = (cosines - around).astype(np.float32)
    leads = margins - np.maximum(best_other(rows, margins), best_other(columns, margins))
    kept = one_to_one(rows, columns, margins, len(src), len(tgt))
    scale = spread(rows, margins)
    return Mined(rows[kept], columns[kept], cosines[kept], margins[kept], leads[kept].astype(np.float32), scale)


def one_to_one(rows: Ints, columns: Ints, margins: Floats, n: int, m: int) -> Ints:
    """Indices of the edges taken greedily by descending margin, in the order of the rows."""
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
    """(n, 4): the features that `SCORE_WEIGHTS` apply to, for a slice of the pairs. `length`: absolute log ratio of
    the weighted lengths; `numbers`: share of the numbers of both that only one has."""
    columns = [
        mined.margin[part] / mined.scale,
        np.minimum(mined.lead[part] / mined.scale, LEAD_MOST),
        np.minimum(np.asarray(length, dtype=np.float64), 2.0),
        np.asarray(numbers, dtype=np.float64),
    ]
    return np.stack(columns, axis=1)


def scores(rows: npt.NDArray[np.float64], weights: npt.ArrayLike = WEIGHTS) -> npt.NDArray[np.float64]:
    """One score per pair, from its features (n, 4): the greater, the likelier it is right."""
    found: npt.NDArray[np.float64] = rows @ np.asarray(weights)
    return found


class Prior(NamedTuple):
    """Prior of the mixture of wrong and right pairs."""

    wrong: tuple[float, float] = WRONG
    right: tuple[float, float] = RIGHT
    share: float = SHARE


USUAL = Prior()


def confidence(found: npt.NDArray[np.float64], prior: Prior = USUAL) -> npt.NDArray[np.float64]:
    """P(right) of all pairs of a run, from their scores (n,).

    The distribution of wrong pairs is fixed: it is that of the nearest of many unrelated sentences. The share and
    the distribution of right pairs differ between corpora and are estimated from the run, as a mixture of two
    normal distributions (expectation maximisation with weak priors).
    """
    if not len(found):
        return np.empty(0)
    told = found[:: -(-len(found) // TOLD_FROM)]
    share, (mean, deviation) = prior.share, prior.right
    for _ in range(ROUNDS):
        right = 1.0 / (1.0 + np.exp(-odds(told, prior.wrong, (mean, deviation), share)))
        total = right.sum()
        share = (total + PAIRS_OF_SHARE * prior.share) / (len(told) + PAIRS_OF_SHARE)
        mean = max((right @ told + PAIRS_OF_RIGHT * prior.right[0]) / (total + PAIRS_OF_RIGHT), LEAST_RIGHT)
        around = prior.right[1] ** 2 + (prior.right[0] - mean) ** 2
        deviation = math.sqrt((right @ (told - mean) ** 2 + PAIRS_OF_RIGHT * around) / (total + PAIRS_OF_RIGHT))
    sure: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds(found, prior.wrong, (mean, deviation), share)))
    return sure


def odds(
    found: npt.NDArray[np.float64], wrong: tuple[float, float], right: tuple[float, float], share: float
) -> npt.NDArray[np.float64]:
    """Log odds that pairs are right under two normal distributions. Their ratio has one turning point; beyond it it
    is clamped, so that it never falls as the score rises."""
    curve = 1 / wrong[1] ** 2 - 1 / right[1] ** 2
    if curve:
        turn = (wrong[0] / wrong[1] ** 2 - right[0] / right[1] ** 2) / curve
        found = np.maximum(found, turn) if curve > 0 else np.minimum(found, turn)
    apart = ((found - wrong[0]) / wrong[1]) ** 2 - ((found - right[0]) / right[1]) ** 2
    told: npt.NDArray[np.float64] = math.log(share / (1 - share)) + math.log(wrong[1] / right[1]) + apart / 2
    return np.clip(told, -50, 50)
