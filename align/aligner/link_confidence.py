"""Confidence and kind of a link between two pages, as opposed to one in a text and its translation.

`pages.json` has the weights of two logistic regressions, one for links in the chain of a text and its translation,
one for all others; `python -m benchmarks.fit_pages --write` makes them. The kind follows from the content that each
side has and the other lacks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from math import exp, log, log1p
from pathlib import Path

import numpy as np

from align.aligner.evidence import expected_ratio
from align.aligner.tokens import SharedTokens
from align.aligner.types import Bead
from align.aligner.window import Bitext
from align.models import LinkKind

FILE = Path(__file__).with_name("pages.json")
STRONG_SIMILARITY = 0.45
"""Similarity from which a link needs no support from its chain."""
LONG_CHAIN_LINKS = 50
"""Number of links that are never a chance chain, however low their CSLS: in long texts every sentence has close
neighbours, which lowers the CSLS of all links."""
MAX_SUPPORT_LINKS = 40
"""Links before and after a link that count as support, each 0.7 times the nearer one."""
MAX_ISOLATED_CSLS = 0.02
"""CSLS up to which a link counts as isolated."""
MAX_LOG_ODDS, UNSCORED_LOG_ODDS = 10.0, -1.45
"""Limit of the log odds of a posterior, either way, and those of a bead without a posterior: one that is as often
right as wrong in novels."""
MIN_LOG_CHARACTERS = 3.0
"""log of the characters below which a text is too short to be distinctive: about twenty."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain that a link belongs to."""

    beads: Sequence[Bead]
    span: int
    """Sentences from its first to its last, on the longer side."""
    is_translation: bool
    """Whether it is a text and its translation, with beads from the exact search."""
    interleaved: bool
    """Whether the languages alternate on the page."""

    @property
    def level(self) -> float:
        """Mean CSLS of its links over all sentences of its span, 0 to 1."""
        return min(1.0, sum(max(0.0, bead.score) for bead in self.beads) / max(1, self.span))


@dataclass(frozen=True, slots=True)
class LinkFeatures:
    """Features of a link for its confidence."""

    margin: float
    """CSLS: cosine of the two minus that of their neighbourhoods."""
    similarity: float
    """Cosine of the two sides, scaled: 0 for two arbitrary sentences of the pages, at most 1."""
    strong: float
    """Similarity above STRONG_SIMILARITY, else 0."""
    chain_support: float
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
    """Log odds of the posterior of the exact search, not calibrated; UNSCORED_LOG_ODDS where it was not used."""
    interleaved: float
    """1 where the languages alternate on the page."""
    level: float
    """Mean CSLS of its chain over all sentences of its span."""
    count: float
    """log of the number of links in its chain."""
    extra: float
    """Number of sentences above two."""
    isolated: float
    """1 for an isolated link in a short chain: its CSLS is no higher than its surroundings'."""

    def to_dict(self) -> dict[str, float]:
        """All features, rounded, for `align explain`."""
        return {name: round(float(getattr(self, name)), 4) for name in FEATURE_NAMES}


FEATURE_NAMES = tuple(field.name for field in fields(LinkFeatures))


def extract_features(bitext: Bitext, chain: Chain, number: int, together: bool) -> LinkFeatures:
    """Features of bead `number` of a chain."""
    bead = chain.beads[number]
    rows, columns = slice(bead.src.start, bead.src.stop), slice(bead.tgt.start, bead.tgt.stop)
    src, tgt = bitext.sides
    ratio = expected_ratio(bitext.src.lang, bitext.tgt.lang)
    ls, lt = float(src.length[rows].sum()), float(tgt.length[columns].sum())
    similar = span_similarity(bitext, bead)
    first = max(0, number - MAX_SUPPORT_LINKS)
    near = enumerate(chain.beads[first : number + MAX_SUPPORT_LINKS + 1], start=first)
    chain_support = sum(o.score * 0.7 ** (abs(number - k) - 1) for k, o in near if k != number)
    size = log(min(ls, lt * ratio) + 1)
    # A bead without a confidence was fixed by the caller, not scored by the exact search.
    scored = chain.is_translation and bool(bead.confidence)

    def both(shared: SharedTokens) -> float:
        inside = (shared.src >= rows.start) & (shared.src < rows.stop)
        inside &= (shared.tgt >= columns.start) & (shared.tgt < columns.stop)
        return float(shared.weight[inside].sum())

    numbers = bitext.common_tokens.numbers
    same = both(numbers)
    unshared = min(float(numbers.total_src[rows].sum()), float(numbers.total_tgt[columns].sum())) - same
    return LinkFeatures(
        margin=float(bead.score),
        similarity=similar,
        strong=max(0.0, similar - STRONG_SIMILARITY),
        chain_support=min(2.0, chain_support),
        before=_neighbour_score(chain.beads, number, number - 1),
        after=_neighbour_score(chain.beads, number, number + 1),
        length=abs(log((ls + 2) / (lt * ratio + 2))),
        numbers=log1p(same),
        clash=log1p(max(0.0, unshared)),
        words=log1p(both(bitext.common_tokens.words)),
        size=size,
        short=max(0.0, MIN_LOG_CHARACTERS - size),
        cells=log(len(bitext.src) * len(bitext.tgt)),
        together=float(together),
        posterior=min(MAX_LOG_ODDS, max(-MAX_LOG_ODDS, bitext.fitted.posterior_log_odds(bead.confidence)))
        if scored
        else UNSCORED_LOG_ODDS,
        interleaved=float(chain.interleaved),
        level=chain.level,
        count=log(len(chain.beads) + 1),
        extra=float(len(bead.src) + len(bead.tgt) - 2),
        isolated=float(
            chain.is_translation
            and not chain.interleaved
            and len(chain.beads) < LONG_CHAIN_LINKS
            and bead.score <= MAX_ISOLATED_CSLS
        ),
    )


def span_similarity(bitext: Bitext, bead: Bead) -> float:
    """Cosine of the two sides of a bead, scaled: 0 for two arbitrary sentences of the pages, 1 for equal ones."""
    one, other = (
        (passages.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for passages, side, run in zip((bitext.src, bitext.tgt), bitext.sides, (bead.src, bead.tgt), strict=True)
    )
    cosine = float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
    baseline = min(bitext.baseline_cosine, 0.95)
    return (cosine - baseline) / (1 - baseline)


def _neighbour_score(beads: Sequence[Bead], number: int, other: int) -> float:
    """CSLS of a neighbouring link (0 where there is none), discounted for each sentence between the two."""
    if not 0 <= other < len(beads):
        return 0.0
    one, two = beads[min(number, other)], beads[max(number, other)]
    between = max(0, two.src.start - one.src.stop) + max(0, two.tgt.start - one.tgt.stop)
    return float(max(0.0, min(0.5, beads[other].score))) * 0.6**between


@cache
def page_weights() -> Mapping[str, Mapping[str, float]]:
    """The weights: `chain` for a text and its translation, `lone` for loose chains; `one` is the constant."""
    by_chain: dict[str, dict[str, float]] = json.loads(FILE.read_text(encoding="utf-8"))
    return by_chain


def confidence(
    features: LinkFeatures, *, in_translation: bool, weights: Mapping[str, Mapping[str, float]] | None = None
) -> float:
    """P(right), 0 to 1. in_translation: whether the chain is a text and its translation."""
    coefficients = (weights or page_weights())["chain" if in_translation else "lone"]
    total = coefficients["one"] + sum(
        weight * getattr(features, name) for name, weight in coefficients.items() if name != "one"
    )
    return 1 / (1 + exp(-max(-40.0, min(40.0, total))))


OPENING_QUOTES = ("“", "「", "『", "«", "„", '"')
MAX_LENGTH_LOG_RATIO, SHORT_TEXT_SLACK = 0.75, 2.5
"""|log| of the length ratio above which one side leaves something out (about 1 : 2.1), and the slack added to it,
divided by the root of the shorter side's characters (in English terms): six words may be twice as long in a
complete translation. At most 0.6 % of the links in each of twelve development corpora exceed it."""
MIN_TRANSLATION_LEVEL = 0.22
"""Mean CSLS over all sentences of a chain from which it is a translation: a summary has less of each sentence."""
MIN_PAIR_MARGIN, LENGTH_COST = 0.11, 0.6
"""Minimum CSLS, less LENGTH_COST of the length difference, at which a link outside a translated run is a
translation: both values by the seeds' gold."""
MIN_EQUIVALENT_SIMILARITY = 0.6
"""Similarity from which two sides are equivalent."""
MIN_CHAIN_SUPPORT = 0.35
"""Chain support below which a link is isolated."""
MAX_HEADING_CHARACTERS = 90
"""Maximum characters of a heading."""


def kind_of(bitext: Bitext, src: range, tgt: range, features: LinkFeatures, *, in_translation: bool) -> LinkKind:
    """Kind of a bead. in_translation: whether its chain is a text and its translation."""
    one, other = (_joined(side.texts, run) for side, run in ((bitext.src, src), (bitext.tgt, tgt)))
    if (
        features.chain_support < MIN_CHAIN_SUPPORT
        and one.startswith(OPENING_QUOTES)
        and other.startswith(OPENING_QUOTES)
    ):
        return LinkKind.QUOTE
    ends = [int(side.end_marks[run.start]) for side, run in zip(bitext.sides, (src, tgt), strict=True)]
    if len(src) == len(tgt) == 1 and max(len(one), len(other)) <= MAX_HEADING_CHARACTERS and _may_be_heading(ends):
        return LinkKind.TITLE
    is_uneven = _difference(bitext, src, tgt) > MAX_LENGTH_LOG_RATIO + SHORT_TEXT_SLACK / exp(features.size / 2)
    if in_translation or features.level >= MIN_TRANSLATION_LEVEL:
        return LinkKind.PARTIAL if is_uneven else LinkKind.TRANSLATION
    is_single_pair = len(src) == len(tgt) == 1
    is_even = features.length <= MAX_LENGTH_LOG_RATIO
    if is_even and (
        features.similarity >= MIN_EQUIVALENT_SIMILARITY
        or (is_single_pair and features.margin - LENGTH_COST * features.length >= MIN_PAIR_MARGIN)
    ):
        return LinkKind.TRANSLATION
    return LinkKind.SUMMARY if features.chain_support >= MIN_CHAIN_SUPPORT else LinkKind.PARTIAL


def _difference(bitext: Bitext, src: range, tgt: range) -> float:
    """|log| of a bead's length ratio, relative to the ratio of the languages or of these two texts.

    The smaller of the two: a manual that retains its English terms is longer in Chinese than other texts.
    """
    one, other = (
        float(side.length[run.start : run.stop].sum()) for side, run in zip(bitext.sides, (src, tgt), strict=True)
    )
    ratios = expected_ratio(bitext.src.lang, bitext.tgt.lang), bitext.ratio
    return min(abs(log((one + 2) / (other * ratio + 2))) for ratio in ratios)


def _joined(texts: tuple[str, ...], run: range) -> str:
    return " ".join(texts[i] for i in run).strip()


def _may_be_heading(ends: Sequence[int]) -> bool:
    """Whether sentences with these end marks may be headings.

    No full stop; a question or exclamation mark on at most one side, since dialogue has it on both.
    """
    return all(end in (0, 2, 3) for end in ends) and 0 in ends
