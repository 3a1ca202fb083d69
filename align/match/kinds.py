"""Kind of a link, from the content that each side has and the other lacks."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from align.domain import LinkKind
from align.match.lengths import usual_ratio
from align.match.solve import Texts
from align.match.trust import Found

OPENING = ("“", "「", "『", "«", "„", '"')
UNEVEN, CHANCE = 0.75, 2.5
"""|log| of the length ratio above which one side leaves something out (about 1 : 2.1), and the slack added to it,
divided by the root of the shorter side's characters (in English terms): six words may be twice as long in a
complete translation. At most 0.6 % of the links in each of twelve development corpora exceed it."""
COMPACT = 0.22
"""Mean CSLS over all sentences of a chain from which it is a translation: a summary has less of each sentence."""
SAME, COST = 0.11, 0.6
"""Minimum CSLS, less LENGTH_COST of the length difference, at which a link outside a translated run is a
translation: both values by the seeds' gold."""
ALIKE = 0.6
"""Similarity from which two sides are equivalent."""
LONE = 0.35
"""Chain support below which a link is isolated."""
HEADING = 90
"""Maximum characters of a heading."""


def kind_of(texts: Texts, src: range, tgt: range, seen: Found, *, dense: bool) -> LinkKind:
    """Kind of a bead. in_translation: whether its chain is a text and its translation."""
    one, other = (_joined(side.texts, run) for side, run in ((texts.src, src), (texts.tgt, tgt)))
    if seen.beside < LONE and one.startswith(OPENING) and other.startswith(OPENING):
        return LinkKind.QUOTE
    ends = [int(side.ends[run.start]) for side, run in zip(texts.sides, (src, tgt), strict=True)]
    if len(src) == len(tgt) == 1 and max(len(one), len(other)) <= HEADING and _of_a_heading(ends):
        return LinkKind.TITLE
    uneven = _difference(texts, src, tgt) > UNEVEN + CHANCE / exp(seen.size / 2)
    if dense or seen.level >= COMPACT:
        return LinkKind.PARTIAL if uneven else LinkKind.TRANSLATION
    alone = len(src) == len(tgt) == 1
    even = seen.length <= UNEVEN
    if even and (seen.similarity >= ALIKE or (alone and seen.margin - COST * seen.length >= SAME)):
        return LinkKind.TRANSLATION
    return LinkKind.SUMMARY if seen.beside >= LONE else LinkKind.PARTIAL


def _difference(texts: Texts, src: range, tgt: range) -> float:
    """|log| of a bead's length ratio, relative to the ratio of the languages or of these two texts.

    The smaller of the two: a manual that retains its English terms is longer in Chinese than other texts.
    """
    one, other = (
        float(side.length[run.start : run.stop].sum()) for side, run in zip(texts.sides, (src, tgt), strict=True)
    )
    ratios = usual_ratio(texts.src.lang, texts.tgt.lang), texts.ratio
    return min(abs(log((one + 2) / (other * ratio + 2))) for ratio in ratios)


def _joined(texts: tuple[str, ...], run: range) -> str:
    return " ".join(texts[i] for i in run).strip()


def _of_a_heading(ends: Sequence[int]) -> bool:
    """Whether sentences with these end marks may be headings.

    No full stop; a question or exclamation mark on at most one side, since dialogue has it on both.
    """
    return all(end in (0, 2, 3) for end in ends) and 0 in ends
