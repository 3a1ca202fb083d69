"""What kind of correspondence a bead is, from how much each side says that the other does not."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

from align.domain import LinkKind
from align.match.lengths import usual_ratio
from align.match.solve import Texts
from align.match.trust import Found

OPENING = ("“", "「", "『", "«", "„", '"')
UNEVEN, CHANCE = 0.75, 2.5
"""|log| of the ratio of lengths above which one side leaves something out (about 1 : 2.1), and what is added to it over
the root of the characters of the shorter side, as English has them: six words may be twice as long in a translation
that leaves out nothing. Of the links of twelve development corpora 0.6 % at most lie above, in each of them."""
COMPACT = 0.22
"""Nearness over all the sentences of a chain from which it is a translation: a summary has less of each sentence."""
SAME, COST = 0.11, 0.6
"""What nearness, less COST of the difference in lengths, must reach where a link outside a translated run says the same
on both sides: both values by the seeds' gold."""
ALIKE = 0.6
"""Similarity of what says the same, in however many sentences."""
LONE = 0.35
"""Support from the chain below which a link stands alone."""
HEADING = 90
"""Characters of the longest heading."""


def kind_of(texts: Texts, src: range, tgt: range, seen: Found, *, dense: bool) -> LinkKind:
    """The kind of a bead. dense: whether its chain is a text and its translation."""
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
    """|log| of the ratio of the lengths of a bead, as the two languages write or as these two texts do, whichever fits:
    a manual that keeps its English terms is longer in Chinese than Chinese is."""
    one, other = (
        float(side.length[run.start : run.stop].sum()) for side, run in zip(texts.sides, (src, tgt), strict=True)
    )
    ratios = usual_ratio(texts.src.lang, texts.tgt.lang), texts.ratio
    return min(abs(log((one + 2) / (other * ratio + 2))) for ratio in ratios)


def _joined(texts: tuple[str, ...], run: range) -> str:
    return " ".join(texts[i] for i in run).strip()


def _of_a_heading(ends: Sequence[int]) -> bool:
    """Whether sentences with these ends may be headings: without a stop, and a question or a cry on one side at most,
    for else it is a sentence of a talk."""
    return all(end in (0, 2, 3) for end in ends) and 0 in ends
