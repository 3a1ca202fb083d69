"""Difference between a text and its edited form."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from align.review.aids.partners import Highlight, Highlights

DIFF_UNIT = re.compile(r"\s+|[A-Za-zÀ-ɏ0-9]+|.", re.DOTALL)


def text_diff(before: str, after: str) -> tuple[Highlights, Highlights]:
    """Highlights `removed` in the first text and `added` in the second; by word in Latin script, else by character."""
    old, new = (list(DIFF_UNIT.finditer(text)) for text in (before, after))
    matcher = SequenceMatcher(None, [m[0] for m in old], [m[0] for m in new], autojunk=False)
    removed: list[Highlight] = []
    added: list[Highlight] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        if b > a:
            removed.append(Highlight(old[a].start(), old[b - 1].end(), "removed"))
        if d > c:
            added.append(Highlight(new[c].start(), new[d - 1].end(), "added"))
    return tuple(removed), tuple(added)
