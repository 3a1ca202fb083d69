"""Context of links, and sentences without a link, from the store that an export comes from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from align.exchange.types import Context
from align.models import Link, LinkKind, LinkSide, Status

if TYPE_CHECKING:
    from align.store import Store

_CACHED_DOCUMENTS = 8


class SentenceContext:
    """The sentences before and after a side."""

    def __init__(self, store: Store, count: int) -> None:
        self.store, self.count = store, count
        self._texts = lru_cache(maxsize=_CACHED_DOCUMENTS)(self._document)

    def _document(self, document: int) -> tuple[dict[int, int], list[str]]:
        """Position of each sentence by its id, and the texts by position."""
        sentences = self.store.sentences(document)
        positions = {sentence.id: position for position, sentence in enumerate(sentences)}
        return positions, [sentence.text for sentence in sentences]

    def around(self, side: LinkSide) -> Context:
        """The clean text of up to `count` sentences before and after the side."""
        if not side.sentences:
            return Context((), ())
        positions, texts = self._texts(side.document)
        own = [positions[number] for number in side.sentences if number in positions]
        if not own:
            return Context((), ())
        first, last = min(own), max(own)
        return Context(tuple(texts[max(0, first - self.count) : first]), tuple(texts[last + 1 : last + 1 + self.count]))


class LinkedSentences:
    """The set of sentences in links: one bit per sentence id."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, link: Link) -> None:
        """Add the sentences of a link."""
        for number in (*link.src.sentences, *link.tgt.sentences):
            byte = number >> 3
            if byte >= len(self._bits):
                self._bits.extend(bytes(byte + 1 - len(self._bits) + 1024))
            self._bits[byte] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (number & 7))


def null_links(store: Store, linked: LinkedSentences) -> Iterator[Link]:
    """Every sentence outside `linked` as a link with an empty target, id 0 and confidence 0."""
    nothing = LinkSide(0, "", "und", (), "", ())
    for document in store.documents():
        for sentence in store.sentences(document.id):
            if sentence.id not in linked:
                ids = (sentence.id,)
                side = LinkSide(document.id, document.name, sentence.lang, ids, sentence.text, sentence.pieces)
                yield Link(0, side, nothing, LinkKind.TRANSLATION, 0.0, 0.0, Status.PROPOSED, "")
