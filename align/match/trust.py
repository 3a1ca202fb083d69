"""How sure a link is that stands on a page, rather than in a text that is known to be translated.

The weights in `pages.json` are those of two logistic regressions, one for links of a chain that is a text and its
translation, one for all others; `python -m benchmarks.fit_pages --write` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import exp, log, log1p
from pathlib import Path

import numpy as np

from align.match.lengths import usual_ratio
from align.match.passages import Bead
from align.match.solve import Texts
from align.match.tokens import Shared

FILE = Path(__file__).with_name("pages.json")
ENOUGH = 0.45
"""Similarity of what needs nothing beside it."""
MANY = 50
"""Links that no chance makes a chain of, however near they are: the more sentences a text has, the nearer is each one's
neighbourhood, and the lower the nearness of its links."""
STRAY = 0.02
"""Nearness of what does not stand out."""
FEW = 3.0
"""log of the characters below which a text says too little to be told from others: about twenty."""


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known of the chain that a link stands in."""

    beads: Sequence[Bead]
    span: int
    """Sentences from its first to its last, on the longer side."""
    dense: bool
    """Whether it is a text and its translation, and its beads were found by the exact search."""
    woven: bool
    """Whether its languages take turns on the page."""

    @property
    def level(self) -> float:
        """How near its links are, over all its sentences."""
        return min(1.0, sum(max(0.0, bead.score) for bead in self.beads) / max(1, self.span))


@dataclass(frozen=True, slots=True)
class Found:
    """What speaks for a link, and against it."""

    margin: float
    """CSLS: how much closer the two are than their neighbourhoods."""
    similarity: float
    """Cosine of the two, between what any two sentences of the pages have (0) and 1."""
    strong: float
    """How far the similarity is above what needs nothing beside it."""
    beside: float
    """What stands beside it in its chain, nearer counting more."""
    before: float
    after: float
    """How near the link before it in its chain is, and that after it, less for each sentence between."""
    length: float
    """|log| of the ratio of lengths, as the pages' languages write."""
    numbers: float
    clash: float
    """log of the numbers that only one side has, where both have such: a price or a date that is another."""
    words: float
    size: float
    """log of the characters of the shorter side."""
    short: float
    """How much it is below what can be told from others."""
    cells: float
    """log of how many pairs of sentences there were to choose from."""
    together: float
    """1 where both sides stand on one page."""
    posterior: float
    """Log odds of the exact search; 0 where it was not asked."""
    woven: float
    """1 where its languages take turns on the page."""
    level: float
    """How near the links of its chain are, over all its sentences."""
    count: float
    """log of the links of its chain."""
    extra: float
    """Sentences beyond one and one."""
    stray: float
    """1 where it is no nearer than its neighbourhood, in a short chain: others carry it."""

    def told(self) -> dict[str, float]:
        """For `align explain`."""
        return {name: round(float(getattr(self, name)), 4) for name in NAMES}


NAMES = tuple(field.name for field in fields(Found))


def look(texts: Texts, chain: Chain, number: int, together: bool) -> Found:
    """What speaks for the bead that is `number` in its chain."""
    bead = chain.beads[number]
    rows, columns = slice(bead.src.start, bead.src.stop), slice(bead.tgt.start, bead.tgt.stop)
    src, tgt = texts.sides
    ratio = usual_ratio(texts.src.lang, texts.tgt.lang)
    ls, lt = float(src.length[rows].sum()), float(tgt.length[columns].sum())
    similar = likeness(texts, bead)
    beside = sum(o.score * 0.7 ** (abs(number - k) - 1) for k, o in enumerate(chain.beads) if k != number)
    size = log(min(ls, lt * ratio) + 1)
    # A bead of the exact search that was given rather than found says nothing of its own.
    chance = min(max(bead.confidence, 1e-3), 1 - 1e-3) if chain.dense and bead.confidence else 0.5

    def both(shared: Shared) -> float:
        inside = (shared.src >= rows.start) & (shared.src < rows.stop)
        inside &= (shared.tgt >= columns.start) & (shared.tgt < columns.stop)
        return float(shared.weight[inside].sum())

    numbers = texts.known.numbers
    same = both(numbers)
    apart = min(float(numbers.total_src[rows].sum()), float(numbers.total_tgt[columns].sum())) - same
    return Found(
        margin=float(bead.score),
        similarity=similar,
        strong=max(0.0, similar - ENOUGH),
        beside=min(2.0, beside),
        before=_next(chain.beads, number, number - 1),
        after=_next(chain.beads, number, number + 1),
        length=abs(log((ls + 2) / (lt * ratio + 2))),
        numbers=log1p(same),
        clash=log1p(max(0.0, apart)),
        words=log1p(both(texts.known.words)),
        size=size,
        short=max(0.0, FEW - size),
        cells=log(len(texts.src) * len(texts.tgt)),
        together=float(together),
        posterior=log(chance / (1 - chance)),
        woven=float(chain.woven),
        level=chain.level,
        count=log(len(chain.beads) + 1),
        extra=float(len(bead.src) + len(bead.tgt) - 2),
        stray=float(chain.dense and not chain.woven and len(chain.beads) < MANY and bead.score <= STRAY),
    )


def likeness(texts: Texts, bead: Bead) -> float:
    """Cosine of the two sides of a bead: 0 is what any two sentences of the pages have, 1 the same."""
    one, other = (
        (passages.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for passages, side, run in zip((texts.src, texts.tgt), texts.sides, (bead.src, bead.tgt), strict=True)
    )
    cosine = float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
    usual = min(texts.usual, 0.95)
    return (cosine - usual) / (1 - usual)


def _next(beads: Sequence[Bead], number: int, other: int) -> float:
    """How near the link that stands next is (0 where there is none), less for each sentence between the two."""
    if not 0 <= other < len(beads):
        return 0.0
    one, two = beads[min(number, other)], beads[max(number, other)]
    between = max(0, two.src.start - one.src.stop) + max(0, two.tgt.start - one.tgt.stop)
    return float(max(0.0, min(0.5, beads[other].score))) * 0.6**between


@cache
def fitted() -> Mapping[str, Mapping[str, float]]:
    """The weights: `chain` for a text and its translation, `lone` for what stands apart; `one` is the constant."""
    found: dict[str, dict[str, float]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def confidence(found: Found, *, dense: bool, weights: Mapping[str, Mapping[str, float]] | None = None) -> float:
    """P(right), 0 to 1. dense: whether its chain is a text and its translation."""
    chosen = (weights or fitted())["chain" if dense else "lone"]
    total = chosen["one"] + sum(weight * getattr(found, name) for name, weight in chosen.items() if name != "one")
    return 1 / (1 + exp(-max(-40.0, min(40.0, total))))
