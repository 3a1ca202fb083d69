"""Judge whether a text is an edited version of another one, for files that lost what identifies their links."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from align.text.sentences import split

MAX_GROWTH = 3
"""Length of an edited text to that of the original in it; a longer one is a text around it."""
MIN_LENGTH = 10
"""Characters that the length of a text counts as at least."""
MIN_LEAD = 0.05
"""Lead in similarity of the sides (0 to 2) with which one of several links is identified by one text."""


def is_around(text: str, original: str, lang: str) -> bool:
    """Whether a text has the original among other sentences: then it is a paragraph around it, not an edit."""
    if text == original or original not in text:
        return False
    added = len(split(text, lang)) > len(split(original, lang))
    return added or len(text) > MAX_GROWTH * max(len(original), MIN_LENGTH)


def most_similar(texts: tuple[str, str], candidates: Sequence[tuple[str, str]]) -> int | None:
    """Index of the candidate whose two texts are most like `texts`; None where no candidate leads."""
    if len(candidates) < 2:
        return 0 if candidates else None
    likeness = [
        sum(SequenceMatcher(None, own, text, autojunk=False).ratio() for own, text in zip(pair, texts, strict=True))
        for pair in candidates
    ]
    best, second = sorted(range(len(candidates)), key=likeness.__getitem__)[:-3:-1]
    return best if likeness[best] >= likeness[second] + MIN_LEAD else None
