"""Features of beads and of omissions: the score of the lattice is a weighted sum of them."""

# ruff: noqa: N803 - E is the evidence, in all kernels
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from align.aligner.kernels import kernel

Indices = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

LONGEST_RUN, LARGEST_BLOCK = 9, 8
"""Maximum sentences of a run that one sentence may correspond to, and of both sides together in a many-to-many
bead."""
SHAPES = np.array(
    sorted(
        (
            (a, b)
            for a in range(1, LONGEST_RUN + 1)
            for b in range(1, LONGEST_RUN + 1)
            if min(a, b) == 1 or a + b <= LARGEST_BLOCK
        ),
        key=lambda shape: (sum(shape), shape),
    ),
    dtype=np.int64,
)
"""(K, 2): source and target sentence counts of all beads, small beads first."""

BEAD_FEATURES = (
    "pair", "one-two", "two-two", "one-three", "two-three", "one-four", "larger", "extra sentences", "imbalance",
    "similarity", "extra similarity", "neighbours", "scaled margin", "length penalty", "length ratio",
    "length difference", "numbers shared", "numbers unshared", "words shared", "words overlap", "words outside",
    "least covered", "least covered better", "unlinked", "links cut", "joined similarity", "joined margin", "merging",
)  # fmt: skip
(
    PAIR, ONE_TWO, TWO_TWO, ONE_THREE, TWO_THREE, ONE_FOUR, LARGER, EXTRA, IMBALANCE,
    SIMILARITY, EXTRA_SIMILARITY, NEIGHBOURS, MARGIN, LENGTH_PENALTY, LENGTH_RATIO,
    LENGTH_DIFFERENCE, NUMBERS_SHARED, NUMBERS_UNSHARED, WORDS_SHARED, WORDS_OVERLAP, WORDS_OUTSIDE,
    LEAST_COVERED, LEAST_COVERED_BETTER, UNLINKED, LINKS_CUT, JOINED_SIMILARITY, JOINED_MARGIN, MERGING,
) = range(len(BEAD_FEATURES))  # fmt: skip
"""Columns of a table of bead features."""

GAP_FEATURES = (
    "omission", "opening", "best", "short", "numbers", "linked", "linked standing", "omitting", "openings",
)  # fmt: skip
OMISSION, OPENING, BEST, SHORT, NUMBERS, LINKED, LINKED_ZSCORE, OMITTING, OPENINGS = range(len(GAP_FEATURES))
"""Columns of a table of features of omissions."""

NEIGHBOUR_WEIGHT = 0.6
"""Share of the neighbours' similarity that is subtracted for the margin of a bead."""
LINKED_SHARE = 0.25
"""Minimum share of a sentence's token weight that is linked inside a translation."""


class WindowEvidence(NamedTuple):
    """Evidence of a window of (n, m) sentences for its beads. Prefix sums have one row and column more."""

    dots: FloatArray
    """Prefix sums of the products of length-weighted vectors."""
    norm_s: FloatArray
    """(LONGEST_RUN + 1, n) norms of the sums of 1, 2, .. length-weighted vectors from each sentence on."""
    norm_t: FloatArray
    best_s: FloatArray
    """(n,) greatest similarity of each sentence to one to three sentences of the other side."""
    best_t: FloatArray
    length_s: FloatArray
    """(n + 1,) running sums of characters, on one scale for both sides."""
    length_t: FloatArray
    numbers: FloatArray
    """Prefix sums of the weight of numbers that two sentences share."""
    numbers_s: FloatArray
    """(n + 1,) running sums of the weight of all numbers of each sentence."""
    numbers_t: FloatArray
    words: FloatArray
    words_s: FloatArray
    words_t: FloatArray
    cover_s: Float32Array
    """(n, m, LONGEST_RUN) coverage of each source sentence by runs of target sentences, or (0, 0, 0)."""
    cover_t: Float32Array
    links: FloatArray
    """Prefix sums of the weight of token links, or (0, 0)."""
    weight_s: FloatArray
    """(n + 1,) running sums of the token weight of each sentence, or (0,)."""
    weight_t: FloatArray


@kernel(error_model="numpy")
def block(sums, i, a, j, b):  # type: ignore[no-untyped-def]
    """Sum of rows i..i+a and columns j..j+b from prefix sums."""
    return sums[i + a, j + b] - sums[i, j + b] - sums[i + a, j] + sums[i, j]


@kernel(error_model="numpy")
def cosine(E, i, a, j, b):  # type: ignore[no-untyped-def]
    """Similarity of two runs by the sums of their length-weighted vectors."""
    return block(E.dots, i, a, j, b) / (E.norm_s[a, i] * E.norm_t[b, j])


@kernel(error_model="numpy")
def neighbours(E, i, a, j, b):  # type: ignore[no-untyped-def]
    """Mean similarity of either run with the sentences just outside the other."""
    n, m = E.dots.shape[0] - 1, E.dots.shape[1] - 1
    total, count = 0.0, 0
    if j > 0:
        total, count = total + cosine(E, i, a, j - 1, 1), count + 1
    if j + b < m:
        total, count = total + cosine(E, i, a, j + b, 1), count + 1
    if i > 0:
        total, count = total + cosine(E, i - 1, 1, j, b), count + 1
    if i + a < n:
        total, count = total + cosine(E, i + a, 1, j, b), count + 1
    return total / max(count, 1)


@kernel(error_model="numpy")
def length_penalty(E, i, a, j, b):  # type: ignore[no-untyped-def]
    """log2(1 + shorter / longer), 0 to 1 (Liu and Zhu 2022)."""
    one, other = E.length_s[i + a] - E.length_s[i], E.length_t[j + b] - E.length_t[j]
    return np.log2(1 + min(one, other) / max(one, other))


@kernel(error_model="numpy")
def bead_features(E, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Write the features of source i..i+a with target j..j+b to `out`. Symmetric in the sides.

    Joined texts and style priors are not part of the evidence: their columns stay 0.
    """
    n, m = E.dots.shape[0] - 1, E.dots.shape[1] - 1
    for f in range(out.shape[0]):
        out[f] = 0.0
    low, high = min(a, b), max(a, b)
    shape = LARGER
    if high == 1:
        shape = PAIR
    elif high == 2:
        shape = ONE_TWO if low == 1 else TWO_TWO
    elif high == 3 and low == 1:
        shape = ONE_THREE
    elif high == 3 and low == 2:
        shape = TWO_THREE
    elif high == 4 and low == 1:
        shape = ONE_FOUR
    out[shape] = 1
    extra = (a + b - 2) / 2
    out[EXTRA] = extra
    out[IMBALANCE] = high - low
    similarity, near = cosine(E, i, a, j, b), neighbours(E, i, a, j, b)
    penalty = length_penalty(E, i, a, j, b)
    out[SIMILARITY] = similarity
    out[EXTRA_SIMILARITY] = similarity * extra
    out[NEIGHBOURS] = near
    out[MARGIN] = (similarity - NEIGHBOUR_WEIGHT * near) * penalty
    one, other = E.length_s[i + a] - E.length_s[i], E.length_t[j + b] - E.length_t[j]
    ratio = np.log((one + 4.0) / (other + 4.0))
    out[LENGTH_PENALTY] = penalty
    out[LENGTH_RATIO] = min(ratio * ratio, 3.0)
    out[LENGTH_DIFFERENCE] = min((one - other) * (one - other) / (one + other + 10.0) / 10.0, 3.0)
    one, other = E.numbers_s[i + a] - E.numbers_s[i], E.numbers_t[j + b] - E.numbers_t[j]
    both = min(block(E.numbers, i, a, j, b), min(one, other))
    out[NUMBERS_SHARED] = np.log1p(both)
    out[NUMBERS_UNSHARED] = np.log1p(one + other - 2 * both)
    one, other = E.words_s[i + a] - E.words_s[i], E.words_t[j + b] - E.words_t[j]
    both = min(block(E.words, i, a, j, b), min(one, other))
    out[WORDS_SHARED] = np.log1p(both)
    out[WORDS_OVERLAP] = both / np.sqrt(one * other + 25.0)
    outside = 0.0
    if j > 0:
        outside += block(E.words, i, a, j - 1, 1)
    if j + b < m:
        outside += block(E.words, i, a, j + b, 1)
    if i > 0:
        outside += block(E.words, i - 1, 1, j, b)
    if i + a < n:
        outside += block(E.words, i + a, 1, j, b)
    out[WORDS_OUTSIDE] = np.log1p(outside)
    if E.cover_s.shape[0]:
        coverage_features(E, i, a, j, b, out)
    if E.links.shape[0]:
        link_features(E, i, a, j, b, out)


@kernel(error_model="numpy")
def least_covered(cover, i, a, j, b, others):  # type: ignore[no-untyped-def]
    """(lowest, lowest gain): minimum share of sentences i..i+a that j..j+b covers, 0 to about 1.

    The gain is that share minus the coverage by the sentences just outside.
    """
    lowest, lowest_gain = 1.0, 1.0
    for x in range(i, i + a):
        inside = cover[x, j, b - 1]
        outside = 0.0
        if j > 0:
            outside = max(outside, cover[x, j - 1, 0])
        if j + b < others:
            outside = max(outside, cover[x, j + b, 0])
        lowest, lowest_gain = min(lowest, inside), min(lowest_gain, inside - outside)
    return lowest, lowest_gain


@kernel(error_model="numpy")
def coverage_features(E, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Lowest token coverage of the bead's sentences, and its gain over the sentences just outside."""
    n, m = E.cover_s.shape[0], E.cover_t.shape[0]
    least_s, gain_s = least_covered(E.cover_s, i, a, j, b, m)
    least_t, gain_t = least_covered(E.cover_t, j, b, i, a, n)
    out[LEAST_COVERED], out[LEAST_COVERED_BETTER] = min(least_s, least_t), min(gain_s, gain_t)


@kernel(error_model="numpy")
def link_features(E, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Shortfall of token links inside the bead per sentence, and the weight of links that leave it."""
    n, m = E.links.shape[0] - 1, E.links.shape[1] - 1
    missing = 0.0
    for x in range(i, i + a):
        missing += max(LINKED_SHARE - block(E.links, x, 1, j, b) / (E.weight_s[x + 1] - E.weight_s[x]), 0.0)
    for y in range(j, j + b):
        missing += max(LINKED_SHARE - block(E.links, i, a, y, 1) / (E.weight_t[y + 1] - E.weight_t[y]), 0.0)
    out[UNLINKED] = missing
    inside = block(E.links, i, a, j, b)
    out[LINKS_CUT] = (block(E.links, i, a, 0, m) + block(E.links, 0, n, j, b) - 2 * inside) / 20.0


def candidates(E: WindowEvidence, low: Indices, high: Indices, top: int, left: int, limit: float) -> Indices:
    """Candidate beads: (c, 4) int64 of i, j, a, b, by (i, j), then by shape.

    The lattice starts at row `top` and column `left` of the window that E describes. Beads more than `limit` below
    the best similarity of both their first sentences are left out.
    """
    capacity = int((high - low + 1)[:-1].sum()) * len(SHAPES)
    beads = np.empty((capacity, 4), dtype=np.int64)
    count = _candidates(E, low, high, SHAPES, top, left, limit, beads)
    return beads[:count].copy()


@kernel(lambda E, low, high, shapes, *_: 3e-6 * len(shapes) * float((high - low + 1).sum()), error_model="numpy")
def _candidates(E, low, high, shapes, top, left, limit, beads):  # type: ignore[no-untyped-def]
    """Write the candidates to `beads` and return their number."""
    n, m = len(low) - 1, high[len(low) - 1]
    c = 0
    for i in range(n):
        for j in range(low[i], min(high[i] + 1, m)):
            for k in range(len(shapes)):
                a, b = shapes[k, 0], shapes[k, 1]
                if i + a > n or j + b < low[i + a] or j + b > high[i + a]:
                    continue
                similarity = cosine(E, top + i, a, left + j, b)
                if similarity < E.best_s[top + i] - limit and similarity < E.best_t[left + j] - limit:
                    continue
                beads[c, 0], beads[c, 1], beads[c, 2], beads[c, 3] = i, j, a, b
                c += 1
    return c


@kernel(lambda E, beads, *_: 2e-5 * len(beads), error_model="numpy")
def margins(E, beads, top, left):  # type: ignore[no-untyped-def]
    """(c,) float64: only the feature "scaled margin", at a fraction of the cost of all features."""
    scores = np.empty(len(beads))
    for c in range(len(beads)):
        i, j, a, b = top + beads[c, 0], left + beads[c, 1], beads[c, 2], beads[c, 3]
        margin = cosine(E, i, a, j, b) - NEIGHBOUR_WEIGHT * neighbours(E, i, a, j, b)
        scores[c] = margin * length_penalty(E, i, a, j, b)
    return scores


@kernel(lambda E, beads: 5e-6 * len(beads), error_model="numpy")
def length_penalties(E, beads):  # type: ignore[no-untyped-def]
    """(c,) float64: length penalty of beads given in rows and columns of E."""
    penalties = np.empty(len(beads))
    for c in range(len(beads)):
        penalties[c] = length_penalty(E, beads[c, 0], beads[c, 2], beads[c, 1], beads[c, 3])
    return penalties


@kernel(lambda E, beads, *_: 1e-4 * len(beads), error_model="numpy")
def bead_scores(E, beads, first, second, top, left):  # type: ignore[no-untyped-def]
    """(2, c) float64: weighted feature sums of each bead with the weights (F,) of the first and of the second pass."""
    scores = np.zeros((2, len(beads)))
    out = np.zeros(len(first))
    for c in range(len(beads)):
        bead_features(E, top + beads[c, 0], beads[c, 2], left + beads[c, 1], beads[c, 3], out)
        for f in range(len(first)):
            scores[0, c] += first[f] * out[f]
            scores[1, c] += second[f] * out[f]
    return scores


@kernel(error_model="numpy")
def bead_table(E, beads, features, top, left):  # type: ignore[no-untyped-def]
    """(c, features) float32: unweighted features of each bead, for fitting the weights."""
    table = np.zeros((len(beads), features), dtype=np.float32)
    out = np.zeros(features)
    for c in range(len(beads)):
        bead_features(E, top + beads[c, 0], beads[c, 2], left + beads[c, 1], beads[c, 3], out)
        for f in range(features):
            table[c, f] = out[f]
    return table
