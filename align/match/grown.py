"""Beads larger than the shapes of the lattice: a bead of maximal size absorbs adjacent omissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from align.match.features import LONGEST_RUN
from align.match.passages import Bead, RangePair
from align.match.solve import Bitext


def extend_beads(bitext: Bitext, beads: Sequence[Bead], forbidden: Sequence[RangePair]) -> list[Bead]:
    """The beads, in order; those with LONGEST_RUN sentences on a side are extended by adjacent omissions."""
    extended = list(beads)
    forbidden_pairs = set(forbidden)
    index = 0
    while index < len(extended):
        if (
            max(len(extended[index].src), len(extended[index].tgt)) >= LONGEST_RUN
            and extended[index].src
            and extended[index].tgt
        ):
            index = _extend_bead(bitext, extended, index, forbidden_pairs)
        index += 1
    return extended


def _extend_bead(bitext: Bitext, beads: list[Bead], index: int, forbidden_pairs: set[RangePair]) -> int:
    """Merge neighbours into the bead at `index` and return its new index."""
    for step in (1, -1):
        while 0 <= index + step < len(beads):
            larger = _with_omission(beads[index], beads[index + step])
            if larger is None or (larger.src, larger.tgt) in forbidden_pairs:
                break
            if _cosine(bitext, larger) <= _cosine(bitext, beads[index]):  # an unrelated sentence lowers it
                break
            beads[index] = larger
            del beads[index + step]
            index -= step == -1
    return index


def _with_omission(bead: Bead, omission: Bead) -> Bead | None:
    """The bead extended by an adjacent omission, on its longer side; None if they are not adjacent."""
    if omission.src and omission.tgt:
        return None
    longer, other = (bead.src, omission.src) if len(bead.src) > len(bead.tgt) else (bead.tgt, omission.tgt)
    if not other or (other.start != longer.stop and other.stop != longer.start):
        return None
    run = range(min(longer.start, other.start), max(longer.stop, other.stop))
    return replace(bead, src=run) if len(bead.src) > len(bead.tgt) else replace(bead, tgt=run)


def _cosine(bitext: Bitext, bead: Bead) -> float:
    """Cosine of the length-weighted vector sums of both sides."""
    one, other = (
        (side.vectors[run.start : run.stop] * side.length[run.start : run.stop, None]).sum(0)
        for side, run in zip(bitext.sides, (bead.src, bead.tgt), strict=True)
    )
    return float(one @ other / max(1e-9, float(np.linalg.norm(one) * np.linalg.norm(other))))
