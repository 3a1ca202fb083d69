"""What kind of correspondence a bead is, from how much each side says that the other does not."""

from __future__ import annotations

from collections.abc import Sequence

from align.domain import LinkKind
from align.match.solve import Texts
from align.match.trust import Found

OPENING = ("“", "「", "『", "«", "„", '"')
UNEVEN = 0.75
"""|log| of the ratio of lengths above which one side leaves something out (about 1 : 2.1)."""
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
    uneven = seen.length > UNEVEN
    if dense:
        return LinkKind.PARTIAL if uneven else LinkKind.TRANSLATION
    alone = len(src) == len(tgt) == 1
    if not uneven and (seen.similarity >= ALIKE or (alone and seen.margin - COST * seen.length >= SAME)):
        return LinkKind.TRANSLATION
    return LinkKind.SUMMARY if seen.beside >= LONE else LinkKind.PARTIAL


def _joined(texts: tuple[str, ...], run: range) -> str:
    return " ".join(texts[i] for i in run).strip()


def _of_a_heading(ends: Sequence[int]) -> bool:
    """Whether sentences with these ends may be headings: without a stop, and a question or a cry on one side at most,
    for else it is a sentence of a talk."""
    return all(end in (0, 2, 3) for end in ends) and 0 in ends
