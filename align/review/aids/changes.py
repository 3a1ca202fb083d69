"""Difference between a text and its edited form."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from align.review.aids.partners import Mark, Marks

UNIT = re.compile(r"\s+|[A-Za-zÀ-ɏ0-9]+|.", re.DOTALL)


def changed(before: str, after: str) -> tuple[Marks, Marks]:
    """Highlights `removed` in the first text and `added` in the second; by word in Latin script, else by character."""
    old, new = (list(UNIT.finditer(text)) for text in (before, after))
    matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    removed: list[Mark] = []
    added: list[Mark] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        if b > a:
            removed.append(Mark(old[a].start(), old[b - 1].end(), "removed"))
        if d > c:
            added.append(Mark(new[c].start(), new[d - 1].end(), "added"))
    return tuple(removed), tuple(added)
