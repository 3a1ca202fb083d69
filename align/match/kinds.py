"""What kind of correspondence a bead is, from how much each side says that the other does not."""

from __future__ import annotations

from align.domain import LinkKind
from align.match.solve import Texts


def kind_of(texts: Texts, src: range, tgt: range) -> LinkKind:
    """Translation unless the evidence says otherwise."""
    return LinkKind.TRANSLATION
