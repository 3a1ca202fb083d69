"""The kernels: signals of a bead, the price of an omission, and the sums over every path (forward-backward).

A lattice has nodes (i, j), 0 <= i <= n and low[i] <= j <= high[i]: how much of either side is used up. Edges are beads
of `SHAPES`, and omissions of one sentence in two states (source gap, target gap), so that a long one is cheap once it
is opened. Scores are linear in the signals: a semi-Markov conditional random field (Sarawagi & Cohen 2004).
"""

# ruff: noqa: N803, RUF059 - E is the evidence, unpacked whole by every kernel
from __future__ import annotations

import numpy as np
from numba import njit

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
)  # fmt: skip
GAPS = ("omission", "opening", "best", "best margin", "short", "numbers", "words", "words best", "paragraph", "covered")
F, G = len(SIGNALS), len(GAPS)


@njit(cache=True, inline="always")
def block(sums, i, a, j, b):  # type: ignore[no-untyped-def]
    """Sum of rows i..i+a and columns j..j+b from prefix sums."""
    return sums[i + a, j + b] - sums[i, j + b] - sums[i + a, j] + sums[i, j]


@njit(cache=True, inline="always")
def cosine(dots, norm_s, norm_t, i, a, j, b):  # type: ignore[no-untyped-def]
    return block(dots, i, a, j, b) / (norm_s[a, i] * norm_t[b, j])


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def covered(cov_s, cov_t, len_s, len_t, i, a, j, b, out):  # type: ignore[no-untyped-def]
    """Signals 45 to 49: how much of what each sentence says is said on the other side, and not better just outside.

    cov_s (n, m, MOST): the share of source sentence i that targets j..j+b+1 cover; cov_t (m, n, MOST) the reverse.
    """
    n, m = cov_s.shape[0], cov_t.shape[0]
    total, weight, least, better, least_better = 0.0, 0.0, 1.0, 0.0, 1.0
    for x in range(i, i + a):
        inside = cov_s[x, j, b - 1]
        outside = 0.0
        if j > 0:
            outside = max(outside, cov_s[x, j - 1, 0])
        if j + b < m:
            outside = max(outside, cov_s[x, j + b, 0])
        w = len_s[x + 1] - len_s[x]
        total, weight, better = total + w * inside, weight + w, better + w * (inside - outside)
        least, least_better = min(least, inside), min(least_better, inside - outside)
    out[45], out[47] = total / weight / 2, better / weight / 2
    total, weight, better = 0.0, 0.0, 0.0
    for y in range(j, j + b):
        inside = cov_t[y, i, a - 1]
        outside = 0.0
        if i > 0:
            outside = max(outside, cov_t[y, i - 1, 0])
        if i + a < n:
            outside = max(outside, cov_t[y, i + a, 0])
        w = len_t[y + 1] - len_t[y]
        total, weight, better = total + w * inside, weight + w, better + w * (inside - outside)
        least, least_better = min(least, inside), min(least_better, inside - outside)
    out[45] += total / weight / 2
    out[47] += better / weight / 2
    out[46], out[48] = least, least_better
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


@njit(cache=True)
def bead_scores(E, weights, low, high, shapes, top, left, sure):  # type: ignore[no-untyped-def]
    """Scores of the beads that start at every node: (n + 1, widest, K) float32, -inf where there is none.

    The lattice starts at row `top` and column `left` of the window that E describes. Beads of more than two sentences
    that are `sure` below their best rival of one and one in similarity are left out.
    """
    n, m = len(low) - 1, high[len(low) - 1]
    width = (high - low).max() + 1
    scores = np.full((n + 1, width, len(shapes)), -np.inf, dtype=np.float32)
    out = np.zeros(len(weights))
    dots, norm_s, norm_t, best_s, best_t = E[0], E[1], E[2], E[5], E[6]
    for i in range(n):
        for j in range(low[i], min(high[i] + 1, m)):
            for k in range(len(shapes)):
                a, b = shapes[k]
                if i + a > n or j + b > m or j + b < low[i + a] or j + b > high[i + a]:
                    continue
                close = cosine(dots, norm_s, norm_t, top + i, a, left + j, b)
                if close < best_s[top + i] - sure and close < best_t[left + j] - sure:
                    continue
                bead_signals(E, top + i, a, left + j, b, out)
                total = 0.0
                for f in range(len(weights)):
                    total += weights[f] * out[f]
                scores[i, j - low[i], k] = total
    return scores


@njit(cache=True)
def bead_table(E, low, high, shapes, top, left, signals):  # type: ignore[no-untyped-def]
    """The signals themselves, for fitting: (c, signals) float32 and (c, 3) of row, place in the band, shape."""
    n, m = len(low) - 1, high[len(low) - 1]
    table = np.zeros((0, signals), dtype=np.float32)
    places = np.zeros((0, 3), dtype=np.int64)
    out = np.zeros(signals)
    for counted in range(2):
        c = 0
        for i in range(n):
            for j in range(low[i], min(high[i] + 1, m)):
                for k in range(len(shapes)):
                    a, b = shapes[k]
                    if i + a > n or j + b > m or j + b < low[i + a] or j + b > high[i + a]:
                        continue
                    if counted:
                        bead_signals(E, top + i, a, left + j, b, out)
                        table[c] = out
                        places[c, 0], places[c, 1], places[c, 2] = i, j - low[i], k
                    c += 1
        if not counted:
            table = np.zeros((c, signals), dtype=np.float32)
            places = np.zeros((c, 3), dtype=np.int64)
    return table, places


@njit(cache=True, inline="always")
def add(x, y):  # type: ignore[no-untyped-def]
    """log(exp x + exp y)."""
    if x < y:
        x, y = y, x
    if y == -np.inf:
        return x
    return x + np.log1p(np.exp(y - x))


@njit(cache=True)
def backward(scores, null_s, null_t, opening, low, high, shapes):  # type: ignore[no-untyped-def]
    """Log of the summed weight of every way from a node to the end, by state: (3, n + 1, widest).

    State 0: the last step was a bead; 1: a source omission; 2: a target omission (which no source omission follows).
    """
    n, width = scores.shape[0] - 1, scores.shape[1]
    m = high[n]
    beta = np.full((3, n + 1, width), -np.inf)
    for i in range(n, -1, -1):
        for j in range(high[i], low[i] - 1, -1):
            if i == n and j == m:
                beta[:, i, j - low[i]] = 0.0
                continue
            top = -np.inf
            for k in range(len(shapes)):
                s = scores[i, j - low[i], k]
                if s > -np.inf:
                    a, b = shapes[k]
                    top = max(top, s + beta[0, i + a, j + b - low[i + a]])
            total = 0.0
            if top > -np.inf:
                for k in range(len(shapes)):
                    s = scores[i, j - low[i], k]
                    if s > -np.inf:
                        a, b = shapes[k]
                        total += np.exp(s + beta[0, i + a, j + b - low[i + a]] - top)
            matched = top + np.log(total) if total > 0 else -np.inf
            down = -np.inf
            if i < n and low[i + 1] <= j <= high[i + 1]:
                down = null_s[i] + beta[1, i + 1, j - low[i + 1]]
            across = -np.inf
            if j < high[i]:
                across = null_t[j] + beta[2, i, j + 1 - low[i]]
            beta[0, i, j - low[i]] = add(matched, add(down + opening, across + opening))
            beta[1, i, j - low[i]] = add(matched, add(down, across + opening))
            beta[2, i, j - low[i]] = add(matched, across)
    return beta


@njit(cache=True)
def forward(scores, null_s, null_t, opening, low, high, shapes):  # type: ignore[no-untyped-def]
    """Log of the summed weight of every way from the start to a node, by state: (3, n + 1, widest)."""
    n, width = scores.shape[0] - 1, scores.shape[1]
    alpha = np.full((3, n + 1, width), -np.inf)
    alpha[0, 0, 0] = 0.0
    for i in range(n + 1):
        for j in range(low[i], high[i] + 1):
            at = j - low[i]
            if i or j:
                top = -np.inf
                for k in range(len(shapes)):
                    a, b = shapes[k]
                    if a > i or j - b < low[i - a] or j - b > high[i - a]:
                        continue
                    s = scores[i - a, j - b - low[i - a], k]
                    if s > -np.inf:
                        top = max(top, s + alpha[0, i - a, j - b - low[i - a]])
                total = 0.0
                if top > -np.inf:
                    for k in range(len(shapes)):
                        a, b = shapes[k]
                        if a > i or j - b < low[i - a] or j - b > high[i - a]:
                            continue
                        s = scores[i - a, j - b - low[i - a], k]
                        if s > -np.inf:
                            total += np.exp(s + alpha[0, i - a, j - b - low[i - a]] - top)
                alpha[0, i, at] = top + np.log(total) if total > 0 else -np.inf
                if i > 0 and low[i - 1] <= j <= high[i - 1]:
                    # alpha[0] holds beads only until the node is done; then it gathers all states (below).
                    alpha[1, i, at] = null_s[i - 1] + alpha[1, i - 1, j - low[i - 1]]
                if j > low[i]:
                    alpha[2, i, at] = null_t[j - 1] + alpha[2, i, at - 1]
            # Now turn the three into "ready to": 0 start a bead, 1 omit a source sentence, 2 omit a target sentence.
            x, y, z = alpha[0, i, at], alpha[1, i, at], alpha[2, i, at]
            alpha[0, i, at] = add(x, add(y, z))
            alpha[1, i, at] = add(x + opening, y)
            alpha[2, i, at] = add(add(x, y) + opening, z)
    return alpha


@njit(cache=True)
def posteriors(scores, null_s, null_t, opening, low, high, shapes):  # type: ignore[no-untyped-def]
    """How much of the summed weight passes each edge: beads (like scores), source nulls, target nulls by node, total.

    alpha[s] at a node is "ready to" take a step of kind s; beta[s] after it "having taken" a step of kind s.
    """
    beta = backward(scores, null_s, null_t, opening, low, high, shapes)
    alpha = forward(scores, null_s, null_t, opening, low, high, shapes)
    n, width = scores.shape[0] - 1, scores.shape[1]
    total = beta[0, 0, 0]
    beads = np.zeros(scores.shape, dtype=np.float32)
    gap_s = np.zeros((n + 1, width), dtype=np.float32)
    gap_t = np.zeros((n + 1, width), dtype=np.float32)
    for i in range(n + 1):
        for j in range(low[i], high[i] + 1):
            at = j - low[i]
            for k in range(len(shapes)):
                s = scores[i, at, k]
                if s > -np.inf:
                    a, b = shapes[k]
                    beads[i, at, k] = np.exp(alpha[0, i, at] + s + beta[0, i + a, j + b - low[i + a]] - total)
            if i < n and low[i + 1] <= j <= high[i + 1]:
                gap_s[i, at] = np.exp(alpha[1, i, at] + null_s[i] + beta[1, i + 1, j - low[i + 1]] - total)
            if j < high[i]:
                gap_t[i, at] = np.exp(alpha[2, i, at] + null_t[j] + beta[2, i, at + 1] - total)
    return beads, gap_s, gap_t, total, alpha, beta


@njit(cache=True)
def openings(alpha, beta, null_s, null_t, opening, low, high, total):  # type: ignore[no-untyped-def]
    """The expected number of gaps that open, summed over every path.

    alpha[1] = add(before + opening, going on); what opens is the rest of alpha[1] after what goes on is taken out.
    """
    n = alpha.shape[1] - 1
    count = 0.0
    for i in range(n + 1):
        for j in range(low[i], high[i] + 1):
            at = j - low[i]
            if i < n and low[i + 1] <= j <= high[i + 1]:
                on = -np.inf
                if i > 0 and low[i - 1] <= j <= high[i - 1]:
                    on = null_s[i - 1] + alpha[1, i - 1, j - low[i - 1]]
                share = 1.0 - np.exp(on - alpha[1, i, at]) if alpha[1, i, at] > -np.inf else 0.0
                count += share * np.exp(alpha[1, i, at] + null_s[i] + beta[1, i + 1, j - low[i + 1]] - total)
            if j < high[i]:
                on = -np.inf
                if j > low[i]:
                    on = null_t[j - 1] + alpha[2, i, at - 1]
                share = 1.0 - np.exp(on - alpha[2, i, at]) if alpha[2, i, at] > -np.inf else 0.0
                count += share * np.exp(alpha[2, i, at] + null_t[j] + beta[2, i, at + 1] - total)
    return count


@njit(cache=True)
def best_path(gain, gain_s, gain_t, low, high, shapes):  # type: ignore[no-untyped-def]
    """The path with the greatest sum of gains: rows (i, j, a, b), first to last.

    gain like scores, -inf where there is no bead; gain_s and gain_t (n + 1, widest) by node. Of equals the step that
    comes first in `shapes` is taken, beads before omissions.
    """
    n, width = gain.shape[0] - 1, gain.shape[1]
    m = high[n]
    best = np.full((n + 1, width), -np.inf)
    step = np.full((n + 1, width), -1, dtype=np.int16)
    for i in range(n, -1, -1):
        for j in range(high[i], low[i] - 1, -1):
            at = j - low[i]
            if i == n and j == m:
                best[i, at] = 0.0
                continue
            for k in range(len(shapes)):
                g = gain[i, at, k]
                if g > -np.inf:
                    a, b = shapes[k]
                    value = g + best[i + a, j + b - low[i + a]]
                    if value > best[i, at]:
                        best[i, at], step[i, at] = value, k
            if i < n and low[i + 1] <= j <= high[i + 1]:
                value = gain_s[i, at] + best[i + 1, j - low[i + 1]]
                if value > best[i, at]:
                    best[i, at], step[i, at] = value, len(shapes)
            if j < high[i]:
                value = gain_t[i, at] + best[i, at + 1]
                if value > best[i, at]:
                    best[i, at], step[i, at] = value, len(shapes) + 1
    path = np.zeros((n + m, 4), dtype=np.int64)
    i, j, length = 0, 0, 0
    while i < n or j < m:
        k = step[i, j - low[i]]
        if k < 0:
            break
        if k < len(shapes):
            a, b = shapes[k]
        elif k == len(shapes):
            a, b = 1, 0
        else:
            a, b = 0, 1
        path[length] = (i, j, a, b)
        i, j, length = i + a, j + b, length + 1
    return path[:length]
