"""What an export may ask of a store beside its links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from align.domain import Link, Span


class Passage(NamedTuple):
    """A sentence of a document, in reading order."""

    id: int
    block: int
    lang: str
    text: str
    pieces: tuple[Span, ...]


class Source(Protocol):
    """Documents and links, asked again and again. The job fills it from a store."""

    def documents(self) -> Sequence[tuple[int, str]]:
        """(id, name) of every document."""

    def passages(self, document: int) -> Sequence[Passage]:
        """The sentences of a document, in order. May be asked for the same document many times."""

    def links(self) -> Iterator[Link]:
        """The links of the export once more, from the first."""

    def link(self, number: int) -> Link:
        """One of them."""
