"""Confidence of a link between two pages, as opposed to one in a text and its translation.

`pages.json` has the weights of two logistic regressions, one for links in the chain of a text and its translation,
one for all others; `python -m benchmarks.fit_pages --write` makes them.
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
"""Similarity from which a link needs no support from its chain."""
MANY = 50
"""Number of links that are never a chance chain, however low their CSLS: in long texts every sentence has close
neighbours, which lowers the CSLS of all links."""
STRAY = 0.02
"""CSLS up to which a link counts as isolated."""
FEW = 3.0
"""log of the characters below which a text is too short to be distinctive: about twenty."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain that a link belongs to."""

    beads: Sequence[Bead]
    span: int
    """Sentences from its first to its last, on the longer side."""
    dense: bool
    """Whether it is a text and its translation, with beads from the exact search."""
    woven: bool
    """Whether the languages alternate on the page."""

    @property
    def level(self) -> float:
        """Mean CSLS of its links over all sentences of its span, 0 to 1."""
        return min(1.0, sum(max(0.0, bead.score) for bead in self.beads) / max(1, self.span))


@dataclass(frozen=True, slots=True)
class Found:
    """Features of a link for its confidence."""

    margin: float
    """CSLS: cosine of the two minus that of their neighbourhoods."""
    similarity: float
    """Cosine of the two sides, scaled: 0 for two arbitrary sentences of the pages, at most 1."""
    strong: float
    """Similarity above STRONG_SIMILARITY, else 0."""
    beside: float
    """CSLS of the other links of its chain, discounted by distance."""
    before: float
    after: float
    """CSLS of the previous and of the next link of its chain, discounted for each sentence between."""
    length: float
    """|log| of the length ratio, relative to the ratio of the languages."""
    numbers: float
    clash: float
    """log of the numbers that differ, where both sides have some: another price or date."""
    words: float
    size: float
    """log of the characters of the shorter side."""
    short: float
    """Amount by which `size` is below MIN_LOG_CHARACTERS."""
    cells: float
    """log of the number of sentence pairs between the pages."""
    together: float
    """1 where both sides are on one page."""
    posterior: float
    """Log odds of the exact search; 0 where it was not used."""
    woven: float
    """1 where the languages alternate on the page."""
    level: float
    """Mean CSLS of its chain over all sentences of its span."""
    count: float
    """log of the number of links in its chain."""
    extra: float
    """Number of sentences above two."""
    stray: float
    """1 for an isolated link in a short chain: its CSLS is no higher than its surroundings'."""

    def told(self) -> dict[str, float]:
        """All features, rounded, for `align explain`."""
        return {name: round(float(getattr(self, name)), 4) for name in NAMES}


NAMES = tuple(field.name for field in fields(Found))


def look(texts: Texts, chain: Chain, number: int, together: bool) -> Found:
    """Features of bead `number` of a chain."""
    bead = chain.beads[number]
    rows, columns = slice(bead.src.start, bead.src.stop), slice(bead.tgt.start, bead.tgt.stop)
    src, tgt = texts.sides
    ratio = usual_ratio(texts.src.lang, texts.tgt.lang)
    ls, lt = float(src.length[rows].sum()), float(tgt.length[columns].sum())
    similar = likeness(texts, bead)
    beside = sum(o.score * 0.7 ** (abs(number - k) - 1) for k, o in enumerate(chain.beads) if k != number)
    size = log(min(ls, lt * ratio) + 1)
    # A bead without a confidence was fixed by the caller, not scored by the exact search.
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
    """Cosine of the two sides of a bead, scaled: 0 for two arbitrary sentences of the pages, 1 for equal ones."""
    one, other = (
        (passages.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for passages, side, run in zip((texts.src, texts.tgt), texts.sides, (bead.src, bead.tgt), strict=True)
    )
    cosine = float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
    usual = min(texts.usual, 0.95)
    return (cosine - usual) / (1 - usual)


def _next(beads: Sequence[Bead], number: int, other: int) -> float:
    """CSLS of a neighbouring link (0 where there is none), discounted for each sentence between the two."""
    if not 0 <= other < len(beads):
        return 0.0
    one, two = beads[min(number, other)], beads[max(number, other)]
    between = max(0, two.src.start - one.src.stop) + max(0, two.tgt.start - one.tgt.stop)
    return float(max(0.0, min(0.5, beads[other].score))) * 0.6**between


@cache
def fitted() -> Mapping[str, Mapping[str, float]]:
    """The weights: `chain` for a text and its translation, `lone` for loose chains; `one` is the constant."""
    found: dict[str, dict[str, float]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def confidence(found: Found, *, dense: bool, weights: Mapping[str, Mapping[str, float]] | None = None) -> float:
    """P(right), 0 to 1. in_translation: whether the chain is a text and its translation."""
    chosen = (weights or fitted())["chain" if dense else "lone"]
    total = chosen["one"] + sum(weight * getattr(found, name) for name, weight in chosen.items() if name != "one")
    return 1 / (1 + exp(-max(-40.0, min(40.0, total))))
