"""Ratio of characters between a text and its translation."""

from __future__ import annotations

from math import exp, log

import numpy as np
import numpy.typing as npt

from align.text.tags import primary

RELATIVE_LENGTHS = {"zh": 0.33, "yue": 0.33, "ja": 0.42, "ko": 0.48, "he": 0.76, "ar": 0.8, "th": 0.9}
"""Characters without spaces per character of English, by language; 1 for languages not listed."""
MAX_STRETCH_SENTENCES = 9
"""Maximum sentences between two trusted cells for the stretch between them to count."""
OUTLIER_LOG_RATIO = 0.5
"""A stretch whose log ratio is farther than this from the median contains an omission."""
MIN_COMPENSATED_SHARE = 0.5
"""Minimum share of an outlier's excess that its neighbours lack where it is no omission."""
PRIOR_STRETCHES = 5.0
"""Number of stretches that the expected ratio of the two languages counts as."""


def expected_ratio(src_lang: str, tgt_lang: str) -> float:
    """Typical source characters per target character of the two languages. BCP 47 tags."""
    return RELATIVE_LENGTHS.get(primary(src_lang), 1.0) / RELATIVE_LENGTHS.get(primary(tgt_lang), 1.0)


def length_ratio(
    src: npt.NDArray[np.float64], tgt: npt.NDArray[np.float64], cells: npt.NDArray[np.int64], expected: float
) -> float:
    """Source characters per target character of two texts, omissions excluded.

    src (n,), tgt (m,): characters of each sentence, above 0. cells (c, 2): trusted one-to-one cells, ascending on
    both sides. expected: the ratio of the languages.

    The estimate sums all characters from the middle of one trusted cell to the middle of the next: where a sentence
    was translated by two, its cell has only one of them, so the cells by themselves give too high a ratio. A
    stretch that is an outlier contains an omission and is left out, unless its neighbours lack its excess.
    `expected` counts as PRIOR_STRETCHES stretches. Where no two cells are adjacent, next to nothing is translated
    one to one: the cells themselves are used, and without cells the totals, weighted as much as `expected`, since
    they include omissions.
    """
    near = (np.diff(cells, axis=0) <= MAX_STRETCH_SENTENCES).all(axis=1)
    one, other = (
        np.diff((np.cumsum(lengths) - lengths / 2)[column])[near]
        for lengths, column in ((src, cells[:, 0]), (tgt, cells[:, 1]))
    )
    if len(one):
        logs, sizes = np.log(one / other), np.sqrt(one * other)
        order = np.argsort(logs, kind="stable")
        running = np.cumsum(sizes[order])
        median = logs[order][np.searchsorted(running, running[-1] / 2)]
        excess = one * exp(-median / 2) - other * exp(median / 2)
        around = np.convolve(excess, [1.0, 0.0, 1.0], mode="same") if len(one) > 2 else np.zeros(len(one))
        compensated = (excess * around < 0) & (np.abs(around) >= MIN_COMPENSATED_SHARE * np.abs(excess))
        typical = (np.abs(logs - median) < OUTLIER_LOG_RATIO) | compensated
        observed, weight = log(one[typical].sum() / other[typical].sum()), float(typical.sum())
    elif len(cells) > 1:
        observed, weight = log(src[cells[:, 0]].sum() / tgt[cells[:, 1]].sum()), float(len(cells))
    else:
        observed, weight = log(src.sum() / tgt.sum()), PRIOR_STRETCHES
    return exp((observed * weight + log(expected) * PRIOR_STRETCHES) / (weight + PRIOR_STRETCHES))
