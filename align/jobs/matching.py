"""Which link of the store each row of an exchange file came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from align.domain import Link, LinkSide, Status
from align.store import Store
from align.text.clean import clean
from align.writers.readback.row import Row, Told
from align.writers.seen import digest64
from align.writers.stamp import Stamp, place, read_stamp

MOST = 3
"""Rows or links with the same text that are looked at; a text that more have says nothing of where it came from."""


class Match(NamedTuple):
    """A row, or one pair of languages of it, with the link that it came from; its sides as the link has them."""

    row: Row
    link: Link
    src: Told
    tgt: Told
    status: Status | None
    stamp: Stamp | None
    """The link as it was exported, its sides as the link has them now."""


class _Said(NamedTuple):
    """One pair of languages of a row."""

    row: Row
    number: int | None
    sides: tuple[Told, Told]
    status: Status | None
    stamp: Stamp | None


def plain(text: str) -> str:
    """A text as the store keeps it: one space where there is white space, nothing that cannot be seen."""
    return clean(" ".join(text.split()))


def find_links(store: Store, found: Sequence[Row]) -> tuple[list[Match], list[Row]]:
    """Matches, and the rows that come from no link: by number and stamp, else by number and text, else by text."""
    matches: list[Match] = []
    left: list[_Said] = []
    claimed: set[int] = set()
    for said in _pairs(found):
        match = _by_number(store, said)
        if match is None:
            left.append(said)
        elif match.link.id not in claimed:
            claimed.add(match.link.id)
            matches.append(match)
    by_text, strangers = _by_text(store, left, claimed, ours=len(matches))
    return matches + by_text, strangers


def _pairs(found: Iterable[Row]) -> Iterator[_Said]:
    """The rows as pairs of languages: more than one where a unit has more than two languages."""
    for row in found:
        if len(row.sides) < 2:
            continue
        yield _Said(row, row.id, (row.sides[0], row.sides[1]), row.status, read_stamp(row.stamp))
        for also in row.also:
            if max(also.src, also.tgt) < len(row.sides):
                sides = row.sides[also.src], row.sides[also.tgt]
                yield _Said(row._replace(note=None, kind=None), also.id, sides, also.status, read_stamp(also.stamp))


def _by_number(store: Store, said: _Said) -> Match | None:
    if said.number is None:
        return None
    try:
        link = store.link(said.number)
    except KeyError:
        return None
    if said.stamp is not None:
        here = place(link.src.doc, link.src.spans), place(link.tgt.doc, link.tgt.spans)
        there = said.stamp.src_place, said.stamp.tgt_place
        if here == there:
            return _match(said, link, turned=False)
        return _match(said, link, turned=True) if here == (there[1], there[0]) else None
    src, tgt = said.sides
    for turned, (one, two) in ((False, (src, tgt)), (True, (tgt, src))):
        if _says(link.src, one.text) or _says(link.tgt, two.text):
            return _match(said, link, turned=turned)
    return None


def _match(said: _Said, link: Link, *, turned: bool) -> Match:
    src, tgt = reversed(said.sides) if turned else said.sides
    stamp = said.stamp
    if stamp is not None and turned:
        stamp = stamp._replace(
            src_place=stamp.tgt_place, tgt_place=stamp.src_place, src=stamp.tgt, tgt=stamp.src
        )  # fmt: skip
    return Match(said.row, link, src, tgt, said.status, stamp)


def _says(side: LinkSide, text: str) -> bool:
    """Whether a side has this text now, or had it before a reviewer changed it."""
    wanted = plain(text)
    return wanted == plain(side.text) or (side.original is not None and wanted == plain(side.original))


def _texts(side: LinkSide) -> set[int]:
    return {digest64(plain(text)) for text in (side.text, side.original) if text is not None and text.strip()}


def _by_text(store: Store, left: Sequence[_Said], claimed: set[int], ours: int) -> tuple[list[Match], list[Row]]:
    """Rows whose texts are in one link only; first those with both texts, then, in a file of ours, those with one."""
    if not left:
        return [], []
    places: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    for number, said in enumerate(left):
        for index, told in zip(places, said.sides, strict=True):
            index.setdefault(digest64(plain(told.text)), []).append(number)
    both: dict[int, list[tuple[int, bool]]] = {}
    one: dict[int, list[tuple[int, bool]]] = {}
    for link in store.links():
        if link.id in claimed:
            continue
        src, tgt = _texts(link.src), _texts(link.tgt)
        for turned, (first, second) in ((False, (src, tgt)), (True, (tgt, src))):
            having = [
                {number for digest in digests for number in index.get(digest, ())[: MOST * 100]}
                for index, digests in zip(places, (first, second), strict=True)
            ]
            for number in having[0] & having[1]:
                _note(both, number, link.id, turned)
            for number in having[0] ^ having[1]:
                _note(one, number, link.id, turned)
    return _choose(store, left, claimed, both, one, ours)


def _note(places: dict[int, list[tuple[int, bool]]], number: int, link: int, turned: bool) -> None:
    found = places.setdefault(number, [])
    if len(found) <= MOST:
        found.append((link, turned))


def _choose(
    store: Store,
    left: Sequence[_Said],
    claimed: set[int],
    both: dict[int, list[tuple[int, bool]]],
    one: dict[int, list[tuple[int, bool]]],
    ours: int,
) -> tuple[list[Match], list[Row]]:
    matches: list[Match] = []
    taken = set(claimed)
    placed: set[int] = set()
    for number, said in enumerate(left):
        link, turned = next(((link, way) for link, way in both.get(number, ()) if link not in taken), (0, False))
        if link:
            taken.add(link)
            placed.add(number)
            matches.append(_match(said._replace(stamp=None), store.link(link), turned=turned))
        elif both.get(number):
            placed.add(number)  # the same row twice: the first one spoke for the link
    if 2 * (ours + len(matches)) >= len(left) - len(matches):
        for number, said in enumerate(left):
            found = [] if number in placed else [(link, way) for link, way in one.get(number, ()) if link not in taken]
            if len(found) == 1:
                link, turned = found[0]
                taken.add(link)
                placed.add(number)
                matches.append(_match(said._replace(stamp=None), store.link(link), turned=turned))
    strangers = [said.row for number, said in enumerate(left) if number not in placed]
    return matches, strangers
