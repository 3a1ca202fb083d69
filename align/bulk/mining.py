"""Equivalents across a whole corpus: candidates from both sides, margins against rivals, one-to-one, with confidence.

Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings": the union of
both directions, sorted by margin. The margin is a difference here, as in the rest of the house.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from align.bulk.index import LEAD_MOST, Floats, Ints, Matrix, Progress, best_other, dots, edges, rivals, search, spread

NEAREST = 5
"""Neighbours of a sentence that are looked at: a candidate and four rivals, or five candidates."""
WEIGHTS = (0.5, 0.88, -2.16, -1.88)
"""What a score adds up: margin and lead in units of the scale, length difference, number difference. Fitted, as
the next two, by `python -m benchmarks.bulk_mining_confidence --encoder use e5 --fit`; every run counts the same."""
WRONG = (-1.59, 2.24)
"""Mean and deviation of the scores of wrong pairs. The same in every corpus that was looked at."""
RIGHT = (4.9, 3.0)
"""Of right pairs, where a run has too few pairs to tell itself: close translations have 6, free ones 3."""
LEAST_RIGHT = 1.5
"""The mean that right pairs have at least: what lies lower is how strangers score in this run, not a second kind."""
SHARE = 0.6
"""Of right ones among the pairs; each run tells this itself too."""
PAIRS_OF_RIGHT, PAIRS_OF_SHARE = 5.0, 2.0
"""How many pairs of a run `RIGHT` and `SHARE` are worth."""
ROUNDS = 100
TOLD_FROM = 200_000
"""Pairs that say enough of a run."""


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
    return paired(src, tgt, forward, backward)


def paired(src: Matrix, tgt: Matrix, forward: tuple[Ints, Floats], backward: tuple[Ints, Floats]) -> Mined:
    """`mine_vectors` from the nearest of either side: places (n, k) and cosines (n, k)."""
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
    """(n, 4): what `WEIGHTS` weigh, of a part of what was mined. `length`: log of the ratio of the letters' worth,
    without sign; `numbers`: share of the numbers of both that only one has."""
    columns = [
        mined.margin[part] / mined.scale,
        np.minimum(mined.lead[part] / mined.scale, LEAD_MOST),
        np.minimum(np.asarray(length, dtype=np.float64), 2.0),
        np.asarray(numbers, dtype=np.float64),
    ]
    return np.stack(columns, axis=1)


def scores(rows: npt.NDArray[np.float64], weights: npt.ArrayLike = WEIGHTS) -> npt.NDArray[np.float64]:
    """One number a pair, of its features (n, 4): the greater, the likelier it is right."""
    found: npt.NDArray[np.float64] = rows @ np.asarray(weights)
    return found


class Prior(NamedTuple):
    """What is taken to be so before a run is looked at."""

    wrong: tuple[float, float] = WRONG
    right: tuple[float, float] = RIGHT
    share: float = SHARE


USUAL = Prior()


def confidence(found: npt.NDArray[np.float64], prior: Prior = USUAL) -> npt.NDArray[np.float64]:
    """P(right) of all the pairs of a run, by their scores (n,).

    How wrong pairs score is known: it is what is left when the nearest of many strangers is taken. How many pairs are
    right, and how they score, differs from corpus to corpus and is found from the run itself, as a mixture of two
    normal distributions of which one is held (expectation and maximisation, with weak priors).
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
    """Log odds that pairs are right under two normal distributions. The ratio of two normals turns at one point; beyond
    it, it is held, so that a greater score never counts less."""
    curve = 1 / wrong[1] ** 2 - 1 / right[1] ** 2
    if curve:
        turn = (wrong[0] / wrong[1] ** 2 - right[0] / right[1] ** 2) / curve
        found = np.maximum(found, turn) if curve > 0 else np.minimum(found, turn)
    apart = ((found - wrong[0]) / wrong[1]) ** 2 - ((found - right[0]) / right[1]) ** 2
    told: npt.NDArray[np.float64] = math.log(share / (1 - share)) + math.log(wrong[1] / right[1]) + apart / 2
    return np.clip(told, -50, 50)
