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

from align.embeddings.nearest import (
    MAX_LEAD,
    Floats,
    Ints,
    Progress,
    VectorMatrix,
    best_other,
    dots,
    edges,
    neighbour_means,
    search,
    spread,
)

N_NEAREST = 5
"""Neighbours fetched per sentence: a candidate and four for its margin, or five candidates."""
SCORE_WEIGHTS = (0.5, 0.88, -2.16, -1.88)
"""Weights of the score: margin and lead in units of the scale, length difference, number difference. Fitted, as the
next two, by `python -m benchmarks.bulk_mining_confidence --encoder use e5 --fit`; every run counts the same."""
WRONG_SCORES = (-1.59, 2.24)
"""Mean and deviation of the scores of wrong pairs. The same in all corpora examined."""
RIGHT_SCORES = (4.9, 3.0)
"""Prior mean and deviation of right pairs, for runs with few pairs: close translations have 6, free ones 3."""
MIN_RIGHT_MEAN = 1.5
"""Minimum mean of right pairs: a component below it is the wrong pairs of this run."""
RIGHT_SHARE = 0.6
"""Prior share of right pairs; each run estimates its own."""
RIGHT_PRIOR_PAIRS, SHARE_PRIOR_PAIRS = 5.0, 2.0
"""Weight of the priors `RIGHT_SCORES` and `RIGHT_SHARE`, in pairs."""
EM_ROUNDS = 100
MAX_FITTED_PAIRS = 200_000
"""Maximum number of pairs of a run that the mixture is fitted on."""


@dataclass(frozen=True, eq=False)
class MinedPairs:
    """Pairs of rows, in the order of `src`, each row in at most one pair; all arrays have the same length."""

    src: Ints
    tgt: Ints
    cosine: Floats
    margin: Floats
    lead: Floats
    """Margin over the next best pair of either sentence."""
    scale: float
    """The unit of margins and leads; see `spread`."""


def mine_vectors(
    src: VectorMatrix, tgt: VectorMatrix, *, exact: bool | None = None, progress: Progress | None = None
) -> MinedPairs:
    """Pairs of nearest neighbours, assigned one-to-one by margin. src (n, d), tgt (m, d): unit rows."""
    if not len(src) or not len(tgt):
        nothing, none = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        return MinedPairs(nothing, nothing, none, none, none, 1.0)

    def half(part: int) -> Progress | None:
        return (lambda done, total: progress(part * total + done, 2 * total)) if progress else None

    forward = search(src, tgt, N_NEAREST, exact=exact, progress=half(0))
    backward = search(tgt, src, N_NEAREST, exact=exact, progress=half(1))
    return pairs_of_neighbours(src, tgt, forward, backward)


def pairs_of_neighbours(
    src: VectorMatrix, tgt: VectorMatrix, forward: tuple[Ints, Floats], backward: tuple[Ints, Floats]
) -> MinedPairs:
    """`mine_vectors` from the neighbours of either side: indices (n, k) and cosines (n, k)."""
    rows, columns = edges(forward[0], backward[0])
    cosines = dots(src, tgt, rows, columns)
    neighbourhood = (neighbour_means(rows, columns, *forward) + neighbour_means(columns, rows, *backward)) / 2
    margins = (cosines - neighbourhood).astype(np.float32)
    leads = margins - np.maximum(best_other(rows, margins), best_other(columns, margins))
    selected = one_to_one(rows, columns, margins, len(src), len(tgt))
    scale = spread(rows, margins)
    return MinedPairs(
        rows[selected],
        columns[selected],
        cosines[selected],
        margins[selected],
        leads[selected].astype(np.float32),
        scale,
    )


def one_to_one(rows: Ints, columns: Ints, margins: Floats, n: int, m: int) -> Ints:
    """Indices of the edges taken greedily by descending margin, in the order of the rows."""
    free_rows, free_columns = np.ones(n, dtype=bool), np.ones(m, dtype=bool)
    taken = []
    for edge in np.argsort(-margins, kind="stable").tolist():
        row, column = rows[edge], columns[edge]
        if free_rows[row] and free_columns[column]:
            free_rows[row] = free_columns[column] = False
            taken.append(edge)
    assigned = np.array(taken, dtype=np.int64)
    return assigned[np.argsort(rows[assigned], kind="stable")]


def features(mined: MinedPairs, part: slice, length: npt.ArrayLike, numbers: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(n, 4): the features that `SCORE_WEIGHTS` apply to, for a slice of the pairs. `length`: absolute log ratio of
    the weighted lengths; `numbers`: share of the numbers of both that only one has."""
    columns = [
        mined.margin[part] / mined.scale,
        np.minimum(mined.lead[part] / mined.scale, MAX_LEAD),
        np.minimum(np.asarray(length, dtype=np.float64), 2.0),
        np.asarray(numbers, dtype=np.float64),
    ]
    return np.stack(columns, axis=1)


def scores(rows: npt.NDArray[np.float64], weights: npt.ArrayLike = SCORE_WEIGHTS) -> npt.NDArray[np.float64]:
    """One score per pair, from its features (n, 4): the greater, the likelier it is right."""
    pair_scores: npt.NDArray[np.float64] = rows @ np.asarray(weights)
    return pair_scores


class Prior(NamedTuple):
    """Prior of the mixture of wrong and right pairs."""

    wrong: tuple[float, float] = WRONG_SCORES
    right: tuple[float, float] = RIGHT_SCORES
    share: float = RIGHT_SHARE


DEFAULT_PRIOR = Prior()


def confidence(pair_scores: npt.NDArray[np.float64], prior: Prior = DEFAULT_PRIOR) -> npt.NDArray[np.float64]:
    """P(right) of all pairs of a run, from their scores (n,).

    The distribution of wrong pairs is fixed: it is that of the nearest of many unrelated sentences. The share and
    the distribution of right pairs differ between corpora and are estimated from the run, as a mixture of two
    normal distributions (expectation maximisation with weak priors).
    """
    if not len(pair_scores):
        return np.empty(0)
    sample = pair_scores[:: -(-len(pair_scores) // MAX_FITTED_PAIRS)]
    share, (mean, deviation) = prior.share, prior.right
    for _ in range(EM_ROUNDS):
        right = 1.0 / (1.0 + np.exp(-log_odds(sample, prior.wrong, (mean, deviation), share)))
        total = right.sum()
        share = (total + SHARE_PRIOR_PAIRS * prior.share) / (len(sample) + SHARE_PRIOR_PAIRS)
        mean = max((right @ sample + RIGHT_PRIOR_PAIRS * prior.right[0]) / (total + RIGHT_PRIOR_PAIRS), MIN_RIGHT_MEAN)
        prior_variance = prior.right[1] ** 2 + (prior.right[0] - mean) ** 2
        deviation = math.sqrt(
            (right @ (sample - mean) ** 2 + RIGHT_PRIOR_PAIRS * prior_variance) / (total + RIGHT_PRIOR_PAIRS)
        )
    probabilities: npt.NDArray[np.float64] = 1.0 / (
        1.0 + np.exp(-log_odds(pair_scores, prior.wrong, (mean, deviation), share))
    )
    return probabilities


def log_odds(
    pair_scores: npt.NDArray[np.float64], wrong: tuple[float, float], right: tuple[float, float], share: float
) -> npt.NDArray[np.float64]:
    """Log odds that pairs are right under two normal distributions. Their ratio has one turning point; beyond it it
    is clamped, so that it never falls as the score rises."""
    curve = 1 / wrong[1] ** 2 - 1 / right[1] ** 2
    if curve:
        turn = (wrong[0] / wrong[1] ** 2 - right[0] / right[1] ** 2) / curve
        pair_scores = np.maximum(pair_scores, turn) if curve > 0 else np.minimum(pair_scores, turn)
    distance = ((pair_scores - wrong[0]) / wrong[1]) ** 2 - ((pair_scores - right[0]) / right[1]) ** 2
    result: npt.NDArray[np.float64] = math.log(share / (1 - share)) + math.log(wrong[1] / right[1]) + distance / 2
    return np.clip(result, -50, 50)
