"""What speaks for a bead and for an omission: the signals that the score of the lattice is a weighted sum of."""

# ruff: noqa: N803, RUF059 - E is the evidence, unpacked whole by every kernel
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from align.match.kernels import kernel

Indices = npt.NDArray[np.int64]

MOST = 8
SHAPES = np.array([(a, t - a) for t in range(2, MOST + 1) for a in range(1, t)], dtype=np.int64)
"""(K, 2): how many sentences of either side a bead may take, small first."""

SIGNALS = (
    "pair", "one-two", "two-two", "one-three", "two-three", "one-four", "larger", "sentences", "imbalance",
    "similarity", "similarity of more", "beside", "nearest beside", "hub", "margin", "edge gain", "least edge gain",
    "gain outside", "most gain outside", "weakest sentence", "weakest margin",
    "length", "length squared", "length excess", "numbers shared", "numbers alone", "words shared", "words overlap",
    "words outside", "ends alike", "ends apart", "question", "start apart", "paragraph crossed",
    "scaled margin", "edge preference", "least edge preference", "outside preference", "most outside preference",
    "edge words", "outside words", "soft inside", "hard inside", "small inside", "shortest",
    "covered", "least covered", "covered better", "least covered better", "outside covered better",
    "usual more",
)  # fmt: skip
GAPS = ("omission", "opening", "best", "best margin", "short", "numbers", "words", "words best", "paragraph", "covered",
        "usual", "usual openings")  # fmt: skip
F, G = len(SIGNALS), len(GAPS)
OPENING, BEST = GAPS.index("opening"), GAPS.index("best")
MORE, USUAL, OPENINGS = SIGNALS.index("usual more"), GAPS.index("usual"), GAPS.index("usual openings")
"""What the texts themselves tell of how often they merge and leave out: known only once they have been looked at."""


@kernel(error_model="numpy")
def block(sums, i, a, j, b):  # type: ignore[no-untyped-def]
    """Sum of rows i..i+a and columns j..j+b from prefix sums."""
    return sums[i + a, j + b] - sums[i, j + b] - sums[i + a, j] + sums[i, j]


@kernel(error_model="numpy")
def cosine(dots, norm_s, norm_t, i, a, j, b):  # type: ignore[no-untyped-def]
    return block(dots, i, a, j, b) / (norm_s[a, i] * norm_t[b, j])


@kernel(error_model="numpy")
def bead_signals(E, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Write the F signals of source i..i+a with target j..j+b to `out`. Symmetric in the sides."""
    (dots, norm_s, norm_t, hub_s, hub_t, best_s, best_t, len_s, len_t, num, num_s, num_t, word, word_s, word_t,
     end_s, end_t, start_s, start_t, par_s, par_t, cov_s, cov_t) = E  # fmt: skip
    n, m = dots.shape[0] - 1, dots.shape[1] - 1
    for f in range(out.shape[0]):
        out[f] = 0.0
    low, high = min(a, b), max(a, b)
    if high == 1:
        out[0] = 1
    elif low == 1 and high == 2:
        out[1] = 1
    elif high == 2:
        out[2] = 1
    elif low == 1 and high == 3:
        out[3] = 1
    elif low == 2 and high == 3:
        out[4] = 1
    elif low == 1 and high == 4:
        out[5] = 1
    else:
        out[6] = 1
    out[7] = (a + b - 2) / 2
    out[8] = high - low
    close = cosine(dots, norm_s, norm_t, i, a, j, b)
    out[9] = close
    out[10] = close * (a + b - 2) / 2
    # Neighbours: what stands just outside, alone against the whole of the other side.
    near, most, count = 0.0, -1.0, 0
    gain, top = 0.0, -1.0
    if j > 0:
        c = cosine(dots, norm_s, norm_t, i, a, j - 1, 1)
        near, most, count = near + c, max(most, c), count + 1
    if j + b < m:
        c = cosine(dots, norm_s, norm_t, i, a, j + b, 1)
        near, most, count = near + c, max(most, c), count + 1
    if i > 0:
        c = cosine(dots, norm_s, norm_t, i - 1, 1, j, b)
        near, most, count = near + c, max(most, c), count + 1
    if i + a < n:
        c = cosine(dots, norm_s, norm_t, i + a, 1, j, b)
        near, most, count = near + c, max(most, c), count + 1
    if count:
        out[11] = near / count
        out[12] = most
    # Growing the bead by one sentence at each end.
    if b < norm_t.shape[0] - 1:
        if j > 0:
            c = cosine(dots, norm_s, norm_t, i, a, j - 1, b + 1) - close
            gain, top = gain + max(c, 0.0), max(top, c)
        if j + b < m:
            c = cosine(dots, norm_s, norm_t, i, a, j, b + 1) - close
            gain, top = gain + max(c, 0.0), max(top, c)
    if a < norm_s.shape[0] - 1:
        if i > 0:
            c = cosine(dots, norm_s, norm_t, i - 1, a + 1, j, b) - close
            gain, top = gain + max(c, 0.0), max(top, c)
        if i + a < n:
            c = cosine(dots, norm_s, norm_t, i, a + 1, j, b) - close
            gain, top = gain + max(c, 0.0), max(top, c)
    out[17] = gain
    out[18] = top if top > -1.0 else 0.0
    # Hubs, and the weakest member.
    hub, weight = 0.0, 0.0
    weakest, slack = 1.0, 1.0
    for k in range(i, i + a):
        w = len_s[k + 1] - len_s[k]
        hub, weight = hub + w * hub_s[k], weight + w
        c = cosine(dots, norm_s, norm_t, k, 1, j, b)
        weakest, slack = min(weakest, c), min(slack, c - best_s[k])
    level = hub / weight
    hub, weight = 0.0, 0.0
    for k in range(j, j + b):
        w = len_t[k + 1] - len_t[k]
        hub, weight = hub + w * hub_t[k], weight + w
        c = cosine(dots, norm_s, norm_t, i, a, k, 1)
        weakest, slack = min(weakest, c), min(slack, c - best_t[k])
    level = (level + hub / weight) / 2
    out[13] = level
    out[14] = close - level
    out[19] = weakest
    out[20] = slack
    # What each edge sentence brings.
    least, total, edges = 1.0, 0.0, 0
    if a > 1:
        c = close - cosine(dots, norm_s, norm_t, i + 1, a - 1, j, b)
        least, total, edges = min(least, c), total + c, edges + 1
        c = close - cosine(dots, norm_s, norm_t, i, a - 1, j, b)
        least, total, edges = min(least, c), total + c, edges + 1
    if b > 1:
        c = close - cosine(dots, norm_s, norm_t, i, a, j + 1, b - 1)
        least, total, edges = min(least, c), total + c, edges + 1
        c = close - cosine(dots, norm_s, norm_t, i, a, j, b - 1)
        least, total, edges = min(least, c), total + c, edges + 1
    if edges:
        out[15] = total
        out[16] = least
    # Lengths.
    ls, lt = len_s[i + a] - len_s[i], len_t[j + b] - len_t[j]
    r = abs(np.log((ls + 2.0) / (lt + 2.0)))
    out[21] = r
    out[22] = min(r * r, 4.0)
    out[23] = min(abs(ls - lt) / np.sqrt(ls + lt + 10.0), 8.0)
    # Numbers and words.
    ns, nt = num_s[i + a] - num_s[i], num_t[j + b] - num_t[j]
    both = min(block(num, i, a, j, b), min(ns, nt))
    out[24] = np.log1p(both)
    out[25] = np.log1p(ns + nt - 2 * both)
    ws, wt = word_s[i + a] - word_s[i], word_t[j + b] - word_t[j]
    both = min(block(word, i, a, j, b), min(ws, wt))
    out[26] = np.log1p(both)
    out[27] = both / np.sqrt(ws * wt + 25.0)
    lost = 0.0
    if j > 0:
        lost += block(word, i, a, j - 1, 1)
    if j + b < m:
        lost += block(word, i, a, j + b, 1)
    if i > 0:
        lost += block(word, i - 1, 1, j, b)
    if i + a < n:
        lost += block(word, i + a, 1, j, b)
    out[28] = np.log1p(lost)
    # Punctuation: 0 none, 1 full stop, 2 question, 3 exclamation, 4 colon or semicolon or comma.
    es, et = end_s[i + a - 1], end_t[j + b - 1]
    if es == et:
        out[29] = 1
    if (es == 0 or es == 4) != (et == 0 or et == 4):
        out[30] = 1
    if (es == 2) != (et == 2):
        out[31] = 1
    if start_s[i] != start_t[j]:
        out[32] = 1
    out[34] = (close - 0.6 * out[11]) * np.log2(1 + min(ls, lt) / max(ls, lt))
    preferences(E, i, a, j, b, out)
    if cov_s.shape[0]:
        covered(cov_s, cov_t, len_s, len_t, i, a, j, b, out)
    out[33] = par_s[i + a - 1] - par_s[i] + par_t[j + b - 1] - par_t[j]


@kernel(error_model="numpy")
def preferences(E, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Signals 35 to 44: whether edge sentences belong inside, and those just outside do not.

    An edge sentence is compared with the whole of the other side and with what stands just outside of that; a sentence
    just outside with the whole of the other side and with its own neighbour outside.
    """
    (dots, norm_s, norm_t, hub_s, hub_t, best_s, best_t, len_s, len_t, num, num_s, num_t, word, word_s, word_t,
     end_s, end_t, start_s, start_t, par_s, par_t, cov_s, cov_t) = E  # fmt: skip
    n, m = dots.shape[0] - 1, dots.shape[1] - 1
    inner, least, words, edges = 0.0, 1.0, 0.0, 0
    outer, most, lost, sides = 0.0, -1.0, 0.0, 0
    for last in range(2):
        x, y = (i + a - 1, j + b - 1) if last else (i, j)
        p, q = (i + a, j + b) if last else (i - 1, j - 1)
        has_p, has_q = 0 <= p < n, 0 <= q < m
        if a > 1 and has_q:
            c = cosine(dots, norm_s, norm_t, x, 1, j, b) - cosine(dots, norm_s, norm_t, x, 1, q, 1)
            w = block(word, x, 1, j, b) - block(word, x, 1, q, 1) + block(num, x, 1, j, b) - block(num, x, 1, q, 1)
            inner, least, words, edges = inner + c, min(least, c), words + np.sign(w) * np.log1p(abs(w)), edges + 1
        if b > 1 and has_p:
            c = cosine(dots, norm_s, norm_t, i, a, y, 1) - cosine(dots, norm_s, norm_t, p, 1, y, 1)
            w = block(word, i, a, y, 1) - block(word, p, 1, y, 1) + block(num, i, a, y, 1) - block(num, p, 1, y, 1)
            inner, least, words, edges = inner + c, min(least, c), words + np.sign(w) * np.log1p(abs(w)), edges + 1
        if has_p and has_q:
            c = cosine(dots, norm_s, norm_t, p, 1, j, b) - cosine(dots, norm_s, norm_t, p, 1, q, 1)
            w = block(word, p, 1, j, b) - block(word, p, 1, q, 1) + block(num, p, 1, j, b) - block(num, p, 1, q, 1)
            outer, most, lost, sides = outer + c, max(most, c), lost + np.sign(w) * np.log1p(abs(w)), sides + 1
            c = cosine(dots, norm_s, norm_t, i, a, q, 1) - cosine(dots, norm_s, norm_t, p, 1, q, 1)
            w = block(word, i, a, q, 1) - block(word, p, 1, q, 1) + block(num, i, a, q, 1) - block(num, p, 1, q, 1)
            outer, most, lost, sides = outer + c, max(most, c), lost + np.sign(w) * np.log1p(abs(w)), sides + 1
    if edges:
        out[35], out[36], out[39] = inner, least, words
    if sides:
        out[37], out[38], out[40] = outer, most, lost
    soft, hard, lower, least_length = 0.0, 0.0, 0.0, 1e9
    for k in range(i, i + a):
        least_length = min(least_length, len_s[k + 1] - len_s[k])
        if k < i + a - 1:
            if end_s[k] == 0 or end_s[k] == 4:
                soft += 1
            else:
                hard += 1
        if k > i:
            lower += start_s[k]
    for k in range(j, j + b):
        least_length = min(least_length, len_t[k + 1] - len_t[k])
        if k < j + b - 1:
            if end_t[k] == 0 or end_t[k] == 4:
                soft += 1
            else:
                hard += 1
        if k > j:
            lower += start_t[k]
    out[41], out[42], out[43] = soft, hard, lower
    out[44] = np.log(least_length + 1.0) - 3.0 if a + b > 2 else 0.0


@kernel(error_model="numpy")
def _said(cov, length, i, a, j, b, others):  # type: ignore[no-untyped-def]
    """One direction of `covered`: mean and least share of sentences i..i+a that j..j+b covers, and of what that is more
    than the sentences just outside cover; the means by length."""
    total, weight, least, better, least_better = 0.0, 0.0, 1.0, 0.0, 1.0
    for x in range(i, i + a):
        inside = cov[x, j, b - 1]
        outside = 0.0
        if j > 0:
            outside = max(outside, cov[x, j - 1, 0])
        if j + b < others:
            outside = max(outside, cov[x, j + b, 0])
        w = length[x + 1] - length[x]
        total, weight, better = total + w * inside, weight + w, better + w * (inside - outside)
        least, least_better = min(least, inside), min(least_better, inside - outside)
    return total / weight, least, better / weight, least_better


@kernel(error_model="numpy")
def covered(cov_s, cov_t, len_s, len_t, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Signals 45 to 49: how much of what each sentence says is said on the other side, and not better just outside.

    cov_s (n, m, MOST): the share of source sentence i that targets j..j+b+1 cover; cov_t (m, n, MOST) the reverse.
    """
    n, m = cov_s.shape[0], cov_t.shape[0]
    mean_s, least_s, better_s, least_better_s = _said(cov_s, len_s, i, a, j, b, m)
    mean_t, least_t, better_t, least_better_t = _said(cov_t, len_t, j, b, i, a, n)
    out[45], out[46] = mean_s / 2 + mean_t / 2, min(least_s, least_t)
    out[47], out[48] = better_s / 2 + better_t / 2, min(least_better_s, least_better_t)
    most = -1.0
    for last in range(2):
        p, q = (i + a, j + b) if last else (i - 1, j - 1)
        if 0 <= p < n:
            beyond = cov_s[p, q, 0] if 0 <= q < m else 0.0
            most = max(most, cov_s[p, j, b - 1] - beyond)
        if 0 <= q < m:
            beyond = cov_t[q, p, 0] if 0 <= p < n else 0.0
            most = max(most, cov_t[q, i, a - 1] - beyond)
    out[49] = max(most, -0.5)


def candidates(
    E: tuple[npt.NDArray[np.generic], ...], low: Indices, high: Indices, top: int, left: int, sure: float
) -> Indices:
    """Beads that are worth a score: (c, 4) int64 of i, j, a, b, by (i, j), then by shape.

    The lattice starts at row `top` and column `left` of the window that E describes. Beads that are `sure` below the
    best rivals of both their first sentences are left out.
    """
    dots, norm_s, norm_t, best_s, best_t = E[0], E[1], E[2], E[5], E[6]
    most = int((high - low + 1)[:-1].sum()) * len(SHAPES)
    found = np.empty((most, 4), dtype=np.int64)
    count = _candidates(dots, norm_s, norm_t, best_s, best_t, low, high, SHAPES, top, left, sure, found)
    return found[:count].copy()


@kernel(error_model="numpy")
def _candidates(dots, norm_s, norm_t, best_s, best_t, low, high, shapes, top, left, sure, found):  # type: ignore[no-untyped-def]
    """Write the beads to `found` and tell how many there are."""
    n, m = len(low) - 1, high[len(low) - 1]
    c = 0
    for i in range(n):
        for j in range(low[i], min(high[i] + 1, m)):
            for k in range(len(shapes)):
                a, b = shapes[k, 0], shapes[k, 1]
                if i + a > n or j + b < low[i + a] or j + b > high[i + a]:
                    continue
                close = cosine(dots, norm_s, norm_t, top + i, a, left + j, b)
                if close < best_s[top + i] - sure and close < best_t[left + j] - sure:
                    continue
                found[c, 0], found[c, 1], found[c, 2], found[c, 3] = i, j, a, b
                c += 1
    return c


@kernel(error_model="numpy")
def rough_scores(dots, norm_s, norm_t, len_s, len_t, beads, top, left):  # type: ignore[no-untyped-def]
    """(c,) float64: the signal "scaled margin" alone, which is a tenth of the work of all of them."""
    n, m = dots.shape[0] - 1, dots.shape[1] - 1
    scores = np.empty(len(beads))
    for c in range(len(beads)):
        i, j, a, b = top + beads[c, 0], left + beads[c, 1], beads[c, 2], beads[c, 3]
        near, count = 0.0, 0
        for last in range(2):
            p, q = (i + a, j + b) if last else (i - 1, j - 1)
            if 0 <= q < m:
                near, count = near + cosine(dots, norm_s, norm_t, i, a, q, 1), count + 1
            if 0 <= p < n:
                near, count = near + cosine(dots, norm_s, norm_t, p, 1, j, b), count + 1
        ls, lt = len_s[i + a] - len_s[i], len_t[j + b] - len_t[j]
        margin = cosine(dots, norm_s, norm_t, i, a, j, b) - 0.6 * near / max(count, 1)
        scores[c] = margin * np.log2(1 + min(ls, lt) / max(ls, lt))
    return scores


@kernel(error_model="numpy")
def bead_scores(E, beads, weights, top, left):  # type: ignore[no-untyped-def]
    """(c,) float64: the weighted signals of each bead."""
    scores = np.empty(len(beads))
    out = np.zeros(len(weights))
    for c in range(len(beads)):
        bead_signals(E, top + beads[c, 0], beads[c, 2], left + beads[c, 1], beads[c, 3], out)
        total = 0.0
        for f in range(len(weights)):
            total += weights[f] * out[f]
        scores[c] = total
    return scores


@kernel(error_model="numpy")
def bead_table(E, beads, signals, top, left):  # type: ignore[no-untyped-def]
    """(c, signals) float32: the signals themselves, for fitting the weights."""
    table = np.zeros((len(beads), signals), dtype=np.float32)
    out = np.zeros(signals)
    for c in range(len(beads)):
        bead_signals(E, top + beads[c, 0], beads[c, 2], left + beads[c, 1], beads[c, 3], out)
        for f in range(signals):
            table[c, f] = out[f]
    return table
