"""`--level block`: blocks that links connect, exported in full as one unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from align.domain import CONFIRMED, Link, LinkKind, LinkSide, Status
from align.exchange.multilingual_units import components
from align.text.clean import join

if TYPE_CHECKING:
    from align.store import Store
    from align.store.rows import SentenceRow

_CACHED_DOCUMENTS = 8
Node = tuple[str, str, int, int]
"""A block in one language: the languages of the links, 0 (source) or 1 (target), the number of the block."""


def block_links(links: Iterable[Link], store: Store) -> Iterator[Link]:
    """Links of whole blocks: the blocks that links connect become one link.

    Its confidence is the minimum of the links; it is confirmed where all are, and a translation where all are.
    The links of one pair of documents are in memory at a time.
    """
    sentences = lru_cache(maxsize=_CACHED_DOCUMENTS)(store.sentences)
    for (src, tgt), run in groupby(links, lambda link: (link.src.document, link.tgt.document)):
        sides = sentences(src), sentences(tgt)
        for group in _connected(list(run), sides):
            yield _block_link(group, sides)


def _connected(links: Sequence[Link], sides: tuple[Sequence[SentenceRow], Sequence[SentenceRow]]) -> list[list[Link]]:
    """The links in groups that share a block on a side, in the order of their first links."""
    blocks = [{sentence.id: sentence.block for sentence in side} for side in sides]

    def nodes(link: Link) -> list[Node]:
        return [
            (link.src.lang, link.tgt.lang, number, blocks[number][sentence])
            for number, side in enumerate((link.src, link.tgt))
            for sentence in side.sentences
        ]

    return components(links, nodes)


def _block_link(group: Sequence[Link], sentences: tuple[Sequence[SentenceRow], Sequence[SentenceRow]]) -> Link:
    first = group[0]
    sides = (
        _block_side([link.src for link in group], sentences[0]),
        _block_side([link.tgt for link in group], sentences[1]),
    )
    if len(group) == 1 and (sides[0].sentences, sides[1].sentences) == (first.src.sentences, first.tgt.sentences):
        return first
    confirmed = all(link.status in CONFIRMED for link in group)
    kinds = {link.kind for link in group}
    statuses = {link.status for link in group}
    return replace(
        first,
        src=sides[0],
        tgt=sides[1],
        kind=first.kind if len(kinds) == 1 else LinkKind.PARTIAL,
        score=min(link.score for link in group),
        confidence=min(link.confidence for link in group),
        status=first.status if len(statuses) == 1 else Status.EDITED if confirmed else Status.PROPOSED,
        note="\n".join(link.note for link in group if link.note) or None,
        version=0,  # marks the stamp as that of a block unit, not of a link
    )


def _block_side(sides: Sequence[LinkSide], sentences: Sequence[SentenceRow]) -> LinkSide:
    """All the sentences of the blocks of the sides, with the texts that reviewers edited instead of the originals."""
    first = sides[0]
    linked = {sentence for side in sides for sentence in side.sentences}
    blocks = {sentence.block for sentence in sentences if sentence.id in linked}
    edited = {side.sentences[0]: side for side in sides if side.original is not None}
    covered = {sentence for side in edited.values() for sentence in side.sentences[1:]}
    inside = [s for s in sentences if s.id in linked or (s.block in blocks and s.lang == first.lang)]
    texts = [edited[s.id].text if s.id in edited else s.text for s in inside if s.id not in covered]
    return replace(
        first,
        sentences=tuple(sentence.id for sentence in inside),
        text=join(texts, first.lang),
        spans=tuple(span for sentence in inside for span in sentence.pieces),
        original=None,
    )
