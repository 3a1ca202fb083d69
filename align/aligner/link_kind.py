"""Kind of a link, from the content that each side has and the other lacks."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from align.aligner.evidence import expected_ratio
from align.aligner.link_confidence import LinkFeatures
from align.aligner.window import Bitext
from align.models import LinkKind

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
