"""Corpus filters with counts: low confidence, length ratios, wrong languages, near-duplicates."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from align.models import Link, LinkKind, LinkSide
from align.text.normalize import folded, weighted_length
from align.text.tags import primary

NON_LETTERS = re.compile(r"[\W\d_]+")
MIN_CHECKED_LENGTH = 20
"""Characters below which neither a length ratio nor a detected language is reliable."""

IdentifyLanguage = Callable[[str], str]
"""Returns the BCP 47 tag of a text; `und` where it is undetermined."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that a link must meet. The defaults let everything through.

    `length_ratio`: maximum ratio of the longer to the shorter side, in weighted length. `languages`: both sides are
    in the language declared for their file. `dedupe`: "near" drops a link whose texts were written before but for
    case, punctuation, digits and spaces; "exact" one whose texts are the same; "off" none.
    """

    min_confidence: float = 0.0
    length_ratio: float | None = None
    languages: bool = False
    dedupe: str = "off"
    kinds: frozenset[LinkKind] | None = None
    min_document_confidence: float = 0.0

    def __post_init__(self) -> None:
        for name in ("min_confidence", "min_document_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is between 0 and 1")
        if self.length_ratio is not None and self.length_ratio < 1:
            raise ValueError("length_ratio is 1 or more")
        if self.dedupe not in ("off", "exact", "near"):
            raise ValueError("dedupe is off, exact or near")


def removed_by(link: Link, filters: Filters, identify: IdentifyLanguage) -> str | None:
    """The filter that removes the link, or None. Duplicates are detected by `link_key`."""
    if link.confidence < filters.min_confidence:
        return "confidence"
    if filters.kinds is not None and link.kind not in filters.kinds:
        return "kind"
    if filters.length_ratio is not None and _ratio(link) > filters.length_ratio:
        return "length"
    if filters.languages and not (_is_in_language(link.src, identify) and _is_in_language(link.tgt, identify)):
        return "language"
    return None


def link_key(link: Link, dedupe: str) -> int:
    """63 bits, equal for links that count as duplicates. "near" ignores case, punctuation, digits, spaces."""
    texts = (link.src.text, link.tgt.text)
    if dedupe == "near":
        texts = (letters(texts[0]), letters(texts[1]))
    digest = hashlib.blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def letters(text: str) -> str:
    """The case-folded letters of a text; the text itself where it has none (`42` is not `43`)."""
    return NON_LETTERS.sub("", folded(text)) or text


def _ratio(link: Link) -> float:
    src, tgt = weighted_length(link.src.text, link.src.lang), weighted_length(link.tgt.text, link.tgt.lang)
    if max(src, tgt) < MIN_CHECKED_LENGTH:
        return 1.0
    return max(src, tgt) / max(min(src, tgt), 1.0)


def _is_in_language(side: LinkSide, identify: IdentifyLanguage) -> bool:
    text, lang = side.text, side.lang
    if weighted_length(text, lang) < MIN_CHECKED_LENGTH or lang == "und":
        return True
    identified = identify(text)
    return identified == "und" or primary(identified) == primary(lang)
