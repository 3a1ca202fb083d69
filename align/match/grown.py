"""Beads larger than the shapes of the lattice: a bead of maximal size absorbs adjacent omissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from align.match.features import LONGEST_RUN
from align.match.passages import Bead, Pair
from align.match.solve import Texts


def with_grown(texts: Texts, beads: Sequence[Bead], forbidden: Sequence[Pair]) -> list[Bead]:
    """The beads, in order; those with LONGEST_RUN sentences on a side are extended by adjacent omissions."""
    found = list(beads)
    barred = set(forbidden)
    at = 0
    while at < len(found):
        if max(len(found[at].src), len(found[at].tgt)) >= LONGEST_RUN and found[at].src and found[at].tgt:
            at = _grow(texts, found, at, barred)
        at += 1
    return found


def _grow(texts: Texts, found: list[Bead], at: int, barred: set[Pair]) -> int:
    """Merge neighbours into the bead at `index` and return its new index."""
    for step in (1, -1):
        while 0 <= at + step < len(found):
            larger = _joined(found[at], found[at + step])
            if larger is None or (larger.src, larger.tgt) in barred:
                break
            if _cosine(texts, larger) <= _cosine(texts, found[at]):  # an unrelated sentence lowers it
                break
            found[at] = larger
            del found[at + step]
            at -= step == -1
    return at


def _joined(bead: Bead, beside: Bead) -> Bead | None:
    """The bead extended by an adjacent omission, on its longer side; None if they are not adjacent."""
    if beside.src and beside.tgt:
        return None
    longer, other = (bead.src, beside.src) if len(bead.src) > len(bead.tgt) else (bead.tgt, beside.tgt)
    if not other or (other.start != longer.stop and other.stop != longer.start):
        return None
    run = range(min(longer.start, other.start), max(longer.stop, other.stop))
    return replace(bead, src=run) if len(bead.src) > len(bead.tgt) else replace(bead, tgt=run)


def _cosine(texts: Texts, bead: Bead) -> float:
    """Cosine of the length-weighted vector sums of both sides."""
    one, other = (
        (side.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for side, run in zip(texts.sides, (bead.src, bead.tgt), strict=True)
    )
    return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
