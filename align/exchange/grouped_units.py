"""`--level block`: blocks that links connect, exported in full as one unit."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from align.exchange.group_by import digest64
from align.exchange.types import Unit
from align.models import CONFIRMED, Link, LinkKind, LinkSide, Status
from align.text.normalize import join

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import SentenceRow

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


Item = TypeVar("Item")


def side_key(side: LinkSide) -> int:
    """64 bits that are equal for sides with the same sentences and text."""
    return digest64(f"{side.document}\0{','.join(map(str, side.sentences))}\0{side.text}")


def joined_units(links: Iterable[Link], store: Store, again: Iterable[Link]) -> Iterator[Unit]:
    """The links as units. `again` yields the same links as `links`, for the first pass."""
    groups = _groups(again)
    done: set[int] = set()
    for link in links:
        group = groups.get(link.id)
        if group is None:
            yield Unit(link)
        elif link.id not in done:
            unit = _unit(link, [store.link(number) for number in group if number != link.id and number not in done])
            done.update([link.id, *(extra.id for extra, _, _ in unit.extra_links)])
            yield unit


def components(items: Iterable[Item], nodes: Callable[[Item], Sequence[Hashable]]) -> list[list[Item]]:
    """The connected components of items that share nodes, in the order of their first items (union-find).

    Every item has at least one node.
    """
    leader: dict[Hashable, Hashable] = {}

    def find(node: Hashable) -> Hashable:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    first_nodes = []
    items = list(items)
    for item in items:
        first, *others = nodes(item)
        first_nodes.append(first)
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[Hashable, list[Item]] = {}
    for item, node in zip(items, first_nodes, strict=True):
        groups.setdefault(find(node), []).append(item)
    return list(groups.values())


def _groups(links: Iterable[Link]) -> dict[int, Sequence[int]]:
    """For each link that shares a side with another: the numbers of all links in its component."""
    import numpy as np

    numbers, src, tgt = array("q"), array("Q"), array("Q")
    for link in links:
        numbers.append(link.id)
        src.append(side_key(link.src))
        tgt.append(side_key(link.tgt))
    if not numbers:
        return {}
    keys, counts = np.unique(
        np.concatenate([np.frombuffer(src, np.uint64), np.frombuffer(tgt, np.uint64)]), return_counts=True
    )
    shared = set(keys[counts > 1].tolist())
    del keys, counts
    sharing = [(n, s, t) for n, s, t in zip(numbers, src, tgt, strict=True) if s in shared or t in shared]
    members = [[number for number, _, _ in group] for group in components(sharing, lambda link: link[1:])]
    return {number: group for group in members for number in group}


def _unit(first: Link, others: Sequence[Link]) -> Unit:
    """A unit that starts with `first` and grows by the links that fit: a new language, or between sides it has."""
    sides: list[LinkSide] = [first.src, first.tgt]
    indexes = {side_key(side): index for index, side in enumerate(sides)}
    joined: list[tuple[Link, int, int]] = []
    left = list(others)
    joined_more = True
    while joined_more:
        joined_more = False
        for link in list(left):
            new = [side for side in (link.src, link.tgt) if side_key(side) not in indexes]
            if len(new) > 1 or any(side.lang == added.lang for side in sides for added in new):
                continue
            for added in new:
                indexes[side_key(added)] = len(sides)
                sides.append(added)
            joined.append((link, indexes[side_key(link.src)], indexes[side_key(link.tgt)]))
            left.remove(link)
            joined_more = True
    return Unit(first, tuple(sides[2:]), tuple(joined))
