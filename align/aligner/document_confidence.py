"""Document confidence: the probability that two texts are translations of each other, at least in part.

The confidence of a bead is a probability among all alignments of two texts; it presupposes that they belong together.
Whether they do is decided here, by a logistic regression over evidence that is measured on the encoder's own scale:
against a background of unrelated texts, and against the same sentences in reverse order. The weights in
`relatedness.json` are made by `python -m benchmarks.fit_relatedness --write`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import exp, log

import numpy as np
import numpy.typing as npt

from align.aligner.evidence import expected_ratio
from align.aligner.tokens import SharedTokens
from align.aligner.types import Bead, Vectors
from align.aligner.window import Bitext

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

SAMPLE = 200
"""Links that are compared with each other, at most, evenly spread over the texts."""
NEAREST = 4
"""Texts of the background in a neighbourhood."""
CELLS, MUTUAL, ORDERED, SURE = 12, 0.4, 0.5, 0.9
"""Texts in another order have so many nearest neighbours, at least; so large a share of their sentences are such; at
most so large a share of those ascends; and they are so surely translations of each other."""
COLUMNS = 8192
"""Sentences compared at once with those of the sample."""

EVIDENCE = (
    "similarity", "margin", "weakest margin", "separation", "order", "separation of many", "order of many", "mutual",
    "numbers shared", "numbers unshared", "words", "length", "totals", "linked", "posterior", "links", "size", "short",
)  # fmt: skip


def evidence(texts: Bitext, beads: Sequence[Bead]) -> Floats:
    """(E,) the EVIDENCE that two texts are translations of each other. beads: all of their alignment.

    Raises ValueError where the passages have no background.
    """
    src, tgt = texts.src, texts.tgt
    if src.background is None:
        raise ValueError("passages without a background")
    values = dict.fromkeys(EVIDENCE, 0.0)
    even = expected_ratio(src.lang, tgt.lang) ** 0.5
    lengths = texts.sides[0].length / even, texts.sides[1].length * even
    totals = [float(of_side.sum()) for of_side in lengths]
    links = [bead for bead in beads if bead.src and bead.tgt]
    values["size"] = log(min(totals) + 1) - 4
    values["short"] = max(0.0, 3.0 - log(min(totals) + 1))
    values["totals"] = abs(log((totals[0] + 5) / (totals[1] + 5)))
    if not links:
        return np.array([values[name] for name in EVIDENCE])
    values["linked"] = max(
        sum(len(run) for run in side) / len(of_side)
        for side, of_side in zip(([b.src for b in links], [b.tgt for b in links]), lengths, strict=True)
    )
    if len(links) > SAMPLE:
        links = [links[k] for k in np.linspace(0, len(links) - 1, SAMPLE).astype(int)]
    runs = [[bead.src for bead in links], [bead.tgt for bead in links]]
    chars = [
        np.array([of_side[run.start : run.stop].sum() for run in side])
        for of_side, side in zip(lengths, runs, strict=True)
    ]
    values |= _background_evidence(texts, src.background, lengths, runs)
    values |= _order_evidence(texts, runs)
    values |= _token_evidence(texts, links)
    values["length"] = float(np.abs(np.log((chars[0] + 4) / (chars[1] + 4))).mean())
    values["posterior"] = float(np.mean([bead.confidence for bead in links]))
    return np.array([values[name] for name in EVIDENCE])


def _background_evidence(
    texts: Bitext, background: Vectors, lengths: tuple[Floats, Floats], runs: Sequence[Sequence[range]]
) -> dict[str, float]:
    """Similarity of the sides of links, and its margin over the nearest texts of the background.

    runs: of the source sides, of the target sides.
    """
    middle = background.mean(axis=0)
    unrelated = _units(background - middle)
    one, other = (
        _sums(_units(side.vectors - middle), of_side, side_runs)
        for side, of_side, side_runs in zip((texts.src, texts.tgt), lengths, runs, strict=True)
    )
    similar = (one * other).sum(axis=1)
    margins = similar - (_neighbourhood(one, unrelated) + _neighbourhood(other, unrelated)) / 2
    return {
        "similarity": float(similar.mean()),
        "margin": float(margins.mean()),
        "weakest margin": float(np.quantile(margins, 0.25)),
    }


def _order_evidence(texts: Bitext, runs: Sequence[Sequence[range]]) -> dict[str, float]:
    """How the sides of links differ from all other pairs of them, and their order from the reverse order."""
    own, their = (
        _sums(side.vectors, side.length, side_runs) for side, side_runs in zip(texts.sides, runs, strict=True)
    )
    table = (own @ their.T).astype(np.float64)
    count = len(table)
    diagonal = np.diag(table)
    values = {
        "links": log(count),
        "mutual": float(((diagonal >= table.max(axis=0)) & (diagonal >= table.max(axis=1))).mean()),
    }
    if count > 1:
        outside = table[~np.eye(count, dtype=bool)]
        base = float(outside.mean())
        values["separation"] = float(diagonal.mean() - base)
        gains = np.maximum(table - base, 0.0)
        forward, backward = _best_sum(gains), _best_sum(gains[:, ::-1])
        values["order"] = (forward - backward) / max(forward, backward, 1e-9)
        for name in ("separation", "order"):
            values[f"{name} of many"] = values[name] * values["links"]
    return values


def _token_evidence(texts: Bitext, links: Sequence[Bead]) -> dict[str, float]:
    """Numbers and words that the sides of links share."""
    numbers = [_inside(texts.common_tokens.numbers, bead) for bead in links]
    words = [_inside(texts.common_tokens.words, bead) for bead in links]
    return {
        "numbers shared": float(np.mean([np.log1p(both) for both, _, _ in numbers])),
        "numbers unshared": float(np.mean([np.log1p(a + b - 2 * both) for both, a, b in numbers])),
        "words": float(np.mean([both / np.sqrt(a * b + 4.0) for both, a, b in words])),
    }


def document_confidence(texts: Bitext, beads: Sequence[Bead]) -> float | None:
    """Calibrated P(two texts are translations of each other, at least in part), 0 to 1.

    beads: all of their alignment. None where the passages have no background, or the weights none for this.
    """
    weights = texts.fitted.related
    if not weights or texts.src.background is None or texts.tgt.background is None:
        return None
    values = dict(zip(EVIDENCE, evidence(texts, beads).tolist(), strict=True))
    total = weights["constant"] + sum(weight * values[name] for name, weight in weights.items() if name != "constant")
    return 1 / (1 + exp(-max(-40.0, min(40.0, total))))


def is_shuffled(texts: Bitext) -> bool:
    """Whether two texts are translations of each other in another order of sentences.

    The sentences that are each other's nearest neighbours decide: whether they are translations, by the same weights as
    the document confidence, and how many of them ascend on both sides. A moved paragraph is no other order.
    """
    cells = _mutual(texts)
    if len(cells) < CELLS or len(cells) < MUTUAL * min(len(texts.src), len(texts.tgt), SAMPLE):
        return False
    if _ascending(cells[:, 1].tolist()) >= ORDERED * len(cells):
        return False
    pairs = [Bead(range(i, i + 1), range(j, j + 1), confidence=1.0) for i, j in cells.tolist()]
    return (document_confidence(texts, pairs) or 0.0) >= SURE


def _mutual(texts: Bitext) -> Indices:
    """(c, 2) cells of at most SAMPLE source sentences that are nearest to each other among those, ascending."""
    src, tgt = (side.vectors for side in texts.sides)
    rows = np.unique(np.linspace(0, len(src) - 1, min(SAMPLE, len(src))).astype(int))
    best, value = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), -np.inf, dtype=np.float32)
    nearest = np.zeros(len(tgt), dtype=np.int64)
    for start in range(0, len(tgt), COLUMNS):
        similar = src[rows] @ tgt[start : start + COLUMNS].T
        nearest[start : start + COLUMNS] = similar.argmax(axis=0)
        at = similar.argmax(axis=1)
        here = similar[np.arange(len(rows)), at]
        better = here > value
        best[better], value[better] = at[better] + start, here[better]
    mutual = nearest[best] == np.arange(len(rows))
    return np.stack([rows[mutual], best[mutual]], axis=1)


def _ascending(values: Sequence[int]) -> int:
    """Length of the longest ascending subsequence."""
    ends: list[int] = []
    for value in values:
        at = bisect_left(ends, value)
        ends[at : at + 1] = [value]
    return len(ends)


def _units(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _sums(vectors: Vectors, length: Floats, runs: Sequence[range]) -> Vectors:
    """(c, d) unit vectors of runs: the sums of their sentences, longer ones counting more."""
    rows = [length[run.start : run.stop] @ vectors[run.start : run.stop] for run in runs]
    return _units(np.array(rows, dtype=np.float32))


def _neighbourhood(vectors: Vectors, unrelated: Vectors) -> Floats:
    """(c,) mean of the NEAREST greatest similarities to the background."""
    nearest = np.sort(vectors @ unrelated.T, axis=1)[:, -NEAREST:]
    return np.asarray(nearest.mean(axis=1), dtype=np.float64)


def _best_sum(gains: Floats) -> float:
    """The greatest sum of cells on a path that ascends on both sides. gains (c, c), not negative."""
    best = np.zeros(gains.shape[1] + 1)
    for row in gains:
        best[1:] = np.maximum(best[1:], best[:-1] + row)
        best = np.maximum.accumulate(best)
    return float(best[-1])


def _inside(shared: SharedTokens, bead: Bead) -> tuple[float, float, float]:
    """(weight of the tokens that both sides of a bead have, weight of all of its source, of all of its target)."""
    inside = slice(*np.searchsorted(shared.src, [bead.src.start, bead.src.stop]))
    targets = shared.tgt[inside]
    both = float(shared.weight[inside][(targets >= bead.tgt.start) & (targets < bead.tgt.stop)].sum())
    one = float(shared.total_src[bead.src.start : bead.src.stop].sum())
    other = float(shared.total_tgt[bead.tgt.start : bead.tgt.stop].sum())
    return min(both, one, other), one, other
