"""Group and compare units: digests, duplicates, and whether one text is a version of another."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b

from align.exchange.types import Unit
from align.text.sentences import split


def document_key(unit: Unit) -> tuple[int, int, str, str, str, str]:
    """Documents and languages of a unit."""
    src, tgt = unit.link.src, unit.link.tgt
    return src.document, tgt.document, src.doc, tgt.doc, src.lang, tgt.lang


def group_by(units: Iterable[Unit], key: Callable[[Unit], Hashable]) -> Iterator[Unit]:
    """The units with equal keys next to each other; keys and units in the order of first appearance.

    Memory: 8 bytes per unit.
    """
    offsets: dict[Hashable, array[int]] = {}
    with tempfile.TemporaryFile() as file:
        for unit in units:
            offsets.setdefault(key(unit), array("Q")).append(file.tell())
            pickle.dump(unit, file, protocol=pickle.HIGHEST_PROTOCOL)
        for group in offsets.values():
            for offset in group:
                file.seek(offset)
                yield pickle.load(file)  # our own bytes, from a file without a name


_FIRST_SLOTS = 1 << 12


def digest64(text: str) -> int:
    """64 bits of BLAKE2b of a text (lone surrogates included), never 0."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1


class DigestSet:
    """Open addressing with linear probing, at most half full. A slot of 0 is free."""

    def __init__(self) -> None:
        self.count = 0
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))

    def add(self, digest: int) -> bool:
        """Add a digest (not 0). Returns whether it is new."""
        if 2 * self.count >= len(self._slots):
            self._grow()
        new = self._put(digest)
        self.count += new
        return new

    def _put(self, digest: int) -> bool:
        slots = self._slots
        mask = len(slots) - 1
        at = digest & mask
        while slots[at]:
            if slots[at] == digest:
                return False
            at = (at + 1) & mask
        slots[at] = digest
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(8 * 2 * len(old)))
        for digest in old:
            if digest:
                self._put(digest)


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
