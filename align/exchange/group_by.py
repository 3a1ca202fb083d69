"""Group and compare units: digests, duplicates, versions of a text, and `--level block`.

With `--level block`, blocks that links connect are exported in full as one unit.
"""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from align.exchange.types import Unit
from align.models import CONFIRMED, Link, LinkKind, LinkSide, Status
from align.text.normalize import join
from align.text.sentences import split

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import SentenceRow


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
