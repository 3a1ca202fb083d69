"""How sure a link is that stands on a page, rather than in a text that is known to be translated."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from math import exp, log, log1p

import numpy as np

from align.match.passages import Bead
from align.match.solve import Texts


@dataclass(frozen=True, slots=True)
class Found:
    """What speaks for a link."""

    margin: float
    """CSLS: how much closer the two are than their neighbourhoods."""
    similarity: float
    """Cosine of the two, between what any two sentences of the pages have (0) and 1."""
    beside: float
    """What stands beside it in its chain, nearer counting more."""
    length: float
    """|log| of the ratio of lengths, as the pages' lengths have it."""
    numbers: float
    words: float
    size: float
    """log of the characters of the shorter side."""
    cells: float
    """log of how many pairs of sentences there were to choose from."""
    strong: float
    """How far the similarity is above 0.45: what is as close as that needs nothing beside it."""

    @classmethod
    def of(cls, texts: Texts, bead: Bead, beside: float) -> Found:
        """Look at one bead."""
        src, tgt = texts.sides
        rows, columns = slice(bead.src.start, bead.src.stop), slice(bead.tgt.start, bead.tgt.stop)
        one = (texts.src.vectors[rows] * src.length[rows, None]).sum(0)
        other = (texts.tgt.vectors[columns] * tgt.length[columns, None]).sum(0)
        similar = float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
        usual = min(texts.usual, 0.95)
        similar = (similar - usual) / (1 - usual)
        ls, lt = float(src.length[rows].sum()), float(tgt.length[columns].sum())
        ratio = CHARACTERS.get(texts.src.lang.split("-")[0], 1.0) / CHARACTERS.get(texts.tgt.lang.split("-")[0], 1.0)

        def both(shared) -> float:  # type: ignore[no-untyped-def]
            inside = (shared.src >= rows.start) & (shared.src < rows.stop)
            inside &= (shared.tgt >= columns.start) & (shared.tgt < columns.stop)
            return float(shared.weight[inside].sum())

        return cls(
            bead.score,
            similar,
            min(beside, 2.0),
            abs(log((ls + 2) / (lt * ratio + 2))),
            log1p(both(texts.known.numbers)),
            log1p(both(texts.known.words)),
            log(min(ls, lt * ratio) + 1),
            log(len(texts.src) * len(texts.tgt)),
            max(0.0, similar - 0.45),
        )

    def told(self) -> dict[str, float]:
        """For `align explain`."""
        return {field.name: round(float(getattr(self, field.name)), 4) for field in fields(self)}


CHARACTERS = {"zh": 0.33, "ja": 0.42, "ko": 0.48, "th": 0.9}
"""Characters that say as much as one does in English, about."""

WEIGHTS = (3.664, 7.053, 3.783, -1.327, 0.257, -0.16, -0.148, -0.104, 6.931, -6.266)
"""Of the fields of `Found` in order, and of 1: a logistic fitted on pages, unrelated pages and lone sentences."""
TOGETHER, APART = 1.6, -0.5
"""Log odds that two languages of one page say the same more often, and two pages less."""
CURT = -2.5
"""Log odds for each log character that the shorter side is below twenty: a word or two is like many things."""
FAINT = -6.0
"""Log odds for a similarity of 0 rather than of 0.3: a chain carries what is faintly alike, but not everything."""


def confidence(found: Found, *, together: bool) -> float:
    """P(right), 0 to 1. together: whether both stand on one page."""
    total = sum(w * x for w, x in zip(WEIGHTS, (*astuple(found), 1.0), strict=True))
    total += (TOGETHER if together else APART) + CURT * max(0.0, 3.0 - found.size)
    total += FAINT * max(0.0, 0.3 - found.similarity)
    return 1 / (1 + exp(-max(-40.0, min(40.0, total))))
