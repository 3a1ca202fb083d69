"""Units of three languages and more: links that share a side, character for character, say the same thing.

Two passes: the first finds which links share a side from 24 bytes a link, the second writes, fetching the partners of
a link by number. A unit takes one side of a language; links that do not fit into it stay units of their own.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence

from align.domain import Link, LinkSide
from align.exchange.digest_set import digest64
from align.exchange.source import Source
from align.exchange.types import Unit


def side_key(side: LinkSide) -> int:
    """64 bits that two sides share when they are the same sentences with the same text in force."""
    return digest64(f"{side.document}\0{','.join(map(str, side.sentences))}\0{side.text}")


def joined(links: Iterable[Link], source: Source, again: Iterable[Link]) -> Iterator[Unit]:
    """The links as units. `again` gives the same links as `links`, for the first pass."""
    groups = _groups(again)
    done: set[int] = set()
    for link in links:
        group = groups.get(link.id)
        if group is None:
            yield Unit(link)
        elif link.id not in done:
            unit = _unit(link, [source.link(number) for number in group if number != link.id and number not in done])
            done.update([link.id, *(other.id for other, _, _ in unit.others)])
            yield unit


def _groups(links: Iterable[Link]) -> dict[int, Sequence[int]]:
    """For each link that shares a side with another: the numbers of all links that hang together with it."""
    import numpy as np

    numbers, src, tgt = array("q"), array("Q"), array("Q")
    for link in links:
        numbers.append(link.id)
        src.append(side_key(link.src))
        tgt.append(side_key(link.tgt))
    if not numbers:
        return {}
    keys = np.concatenate([np.frombuffer(src, np.uint64), np.frombuffer(tgt, np.uint64)])
    found, counts = np.unique(keys, return_counts=True)
    shared = set(found[counts > 1].tolist())
    del keys, found, counts
    leader: dict[int, int] = {}

    def find(key: int) -> int:
        while leader.setdefault(key, key) != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    hanging = [(n, s, t) for n, s, t in zip(numbers, src, tgt, strict=True) if s in shared or t in shared]
    for _, one, two in hanging:
        leader[find(one)] = find(two)
    members: dict[int, list[int]] = {}
    for number, one, _ in hanging:
        members.setdefault(find(one), []).append(number)
    return {number: group for group in members.values() for number in group}


def _unit(first: Link, others: Sequence[Link]) -> Unit:
    """A unit that starts with `first` and takes in what fits: a new language, or a link between sides it has."""
    sides: list[LinkSide] = [first.src, first.tgt]
    places = {side_key(side): place for place, side in enumerate(sides)}
    taken: list[tuple[Link, int, int]] = []
    left = list(others)
    grew = True
    while grew:
        grew = False
        for link in list(left):
            new = [side for side in (link.src, link.tgt) if side_key(side) not in places]
            if len(new) > 1 or any(side.lang == one.lang for side in sides for one in new):
                continue
            for one in new:
                places[side_key(one)] = len(sides)
                sides.append(one)
            taken.append((link, places[side_key(link.src)], places[side_key(link.tgt)]))
            left.remove(link)
            grew = True
    return Unit(first, tuple(sides[2:]), tuple(taken))
