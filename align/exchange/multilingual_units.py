"""`--multilingual`: links with an identical side are joined into units of three or more languages.

Two passes: the first finds the links that share a side in 24 bytes per link, the second writes units and fetches
further links of a unit by number. A unit has at most one side per language; links that do not fit stay separate units.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from align.domain import Link, LinkSide
from align.exchange.digest_set import digest64
from align.exchange.types import Unit

if TYPE_CHECKING:
    from align.store import Store

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
