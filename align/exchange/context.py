"""What goes along with links: what stands around them, sentences without a partner, whole blocks, third languages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby

from align.domain import SETTLED, Link, LinkKind, LinkSide, Status
from align.exchange.digest_set import SeenSet, digest64
from align.exchange.source import Passage, Source
from align.exchange.types import Context, ExportReport, Unit
from align.text.clean import join


def deduped(units: Iterable[Unit], report: ExportReport) -> Iterator[Unit]:
    """The units without those whose languages and texts were there before."""
    seen = SeenSet()
    for unit in units:
        if seen.add(digest64("\0".join([part for side in unit.sides for part in (side.lang, side.text)]))):
            yield unit
        else:
            report.left_out["said before, word for word"] += 1


class Surroundings:
    """The sentences around a side."""

    def __init__(self, source: Source, count: int) -> None:
        self.count = count
        self._passages = lru_cache(maxsize=8)(lambda document: _Ordered(source.passages(document)))

    def around(self, side: LinkSide) -> Context:
        """The clean text of up to `count` sentences before the side, and after it."""
        if not side.sentences:
            return Context((), ())
        ordered = self._passages(side.document)
        places = [ordered.places[number] for number in side.sentences if number in ordered.places]
        if not places:
            return Context((), ())
        first, last = min(places), max(places)
        before = ordered.texts[max(0, first - self.count) : first]
        return Context(tuple(before), tuple(ordered.texts[last + 1 : last + 1 + self.count]))


class _Ordered:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self.places = {passage.id: place for place, passage in enumerate(passages)}
        self.texts = [passage.text for passage in passages]


class Partnered:
    """Which sentences have a partner: a bit a sentence."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def note(self, link: Link) -> None:
        """Remember the sentences of a link."""
        for number in (*link.src.sentences, *link.tgt.sentences):
            byte = number >> 3
            if byte >= len(self._bits):
                self._bits.extend(bytes(byte + 1 - len(self._bits) + 1024))
            self._bits[byte] |= 1 << (number & 7)

    def alone(self, number: int) -> bool:
        """Whether the sentence was in no link."""
        byte = number >> 3
        return byte >= len(self._bits) or not self._bits[byte] & 1 << (number & 7)


def alone_links(source: Source, partnered: Partnered) -> Iterator[Link]:
    """Every sentence without a partner as a link with one side, number 0, no confidence."""
    nobody = LinkSide(0, "", "und", (), "", ())
    for document, name in source.documents():
        for passage in source.passages(document):
            if partnered.alone(passage.id):
                side = LinkSide(document, name, passage.lang, (passage.id,), passage.text, passage.pieces)
                yield Link(0, side, nobody, LinkKind.TRANSLATION, 0.0, 0.0, Status.PROPOSED, "")


def in_blocks(links: Iterable[Link], source: Source) -> Iterator[Link]:
    """Links of whole blocks: blocks that links connect become one unit, in full.

    Its confidence is the least of its links; it is settled where all are, and a translation where all are.
    The links of one pair of documents are in memory at a time.
    """
    passages = lru_cache(maxsize=8)(source.passages)
    for (src, tgt), run in groupby(links, lambda link: (link.src.document, link.tgt.document)):
        sides = passages(src), passages(tgt)
        for group in _connected(list(run), sides):
            yield _block_link(group, sides)


Node = tuple[str, str, int, int]
"""A block in one language: the two languages of the links, 0 or 1 for the side, the block's number."""


def _connected(links: Sequence[Link], sides: tuple[Sequence[Passage], Sequence[Passage]]) -> list[list[Link]]:
    """The links in groups that share a block on a side, in the order of their first links."""
    blocks = [{passage.id: passage.block for passage in side} for side in sides]
    leader: dict[Node, Node] = {}

    def find(node: Node) -> Node:
        while leader.setdefault(node, node) != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    def touched(link: Link) -> list[Node]:
        return [
            (link.src.lang, link.tgt.lang, number, blocks[number][sentence])
            for number, side in enumerate((link.src, link.tgt))
            for sentence in side.sentences
        ]

    for link in links:
        first, *others = touched(link)
        for other in others:
            leader[find(other)] = find(first)
    groups: dict[Node, list[Link]] = {}
    for link in links:
        groups.setdefault(find(touched(link)[0]), []).append(link)
    return list(groups.values())


def _block_link(group: Sequence[Link], passages: tuple[Sequence[Passage], Sequence[Passage]]) -> Link:
    first = group[0]
    sides = (
        _block_side([link.src for link in group], passages[0]),
        _block_side([link.tgt for link in group], passages[1]),
    )
    if len(group) == 1 and (sides[0].sentences, sides[1].sentences) == (first.src.sentences, first.tgt.sentences):
        return first
    settled = all(link.status in SETTLED for link in group)
    kinds = {link.kind for link in group}
    statuses = {link.status for link in group}
    return replace(
        first,
        src=sides[0],
        tgt=sides[1],
        kind=first.kind if len(kinds) == 1 else LinkKind.PARTIAL,
        score=min(link.score for link in group),
        confidence=min(link.confidence for link in group),
        status=first.status if len(statuses) == 1 else Status.EDITED if settled else Status.PROPOSED,
        note="\n".join(link.note for link in group if link.note) or None,
        version=0,  # so its stamp says that it is no link
    )


def _block_side(sides: Sequence[LinkSide], passages: Sequence[Passage]) -> LinkSide:
    """All the sentences of the blocks of the sides, with the texts that reviewers edited in place of theirs."""
    first = sides[0]
    linked = {sentence for side in sides for sentence in side.sentences}
    wanted = {passage.block for passage in passages if passage.id in linked}
    edited = {side.sentences[0]: side for side in sides if side.original is not None}
    covered = {sentence for side in edited.values() for sentence in side.sentences[1:]}
    inside = [p for p in passages if p.id in linked or (p.block in wanted and p.lang == first.lang)]
    texts = [edited[p.id].text if p.id in edited else p.text for p in inside if p.id not in covered]
    return replace(
        first,
        sentences=tuple(passage.id for passage in inside),
        text=join(texts, first.lang),
        spans=tuple(span for passage in inside for span in passage.pieces),
        original=None,
    )
