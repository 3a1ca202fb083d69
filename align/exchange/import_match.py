"""Which link of the store each row of an exchange file came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

from align.domain import UNDETERMINED, Link, LinkSide, Status
from align.exchange.digest_set import digest64
from align.exchange.link_stamp import Stamp, checksum, location_crc, read_stamp, written_location_crc
from align.exchange.types import ImportedUnit as Row
from align.exchange.types import Segment as Told
from align.store import Store
from align.text.clean import clean
from align.text.tags import primary

MOST = 3
"""Rows or links with the same text that are looked at; a text that more have says nothing of where it came from."""
ELSEWHERE = -1
"""The version of a stamp that is of the same texts, but of a link with another number."""
Ends = tuple[int, int]
"""Which of a row's sides are the source and the target."""


class Match(NamedTuple):
    """A row, or one pair of languages of it, with the link that it came from; its sides as the link has them."""

    row: Row
    link: Link
    src: Told
    tgt: Told
    status: Status | None
    stamp: Stamp | None
    """The link as it was exported, its sides as the link has them now."""
    sure: bool = True
    """Whether the file itself names the link: by its number and where it stands, not by texts only."""


class Found(NamedTuple):
    """What became of the rows of a file."""

    matches: list[Match]
    strangers: list[Row]
    """Rows that come from no link of the store."""
    blocks: int = 0
    """Rows that are whole blocks of links here."""
    alone: int = 0
    """Rows that are sentences of documents here, exported without a partner."""


class _Said(NamedTuple):
    """One pair of languages of a row."""

    row: Row
    number: int | None
    ends: Ends
    """As they stood when the row was exported."""
    status: Status | None
    stamp: Stamp | None

    @property
    def sides(self) -> tuple[Told, Told]:
        return self.row.sides[self.ends[0]], self.row.sides[self.ends[1]]


def plain(text: str) -> str:
    """A text as the store keeps it: one space where there is white space, nothing that cannot be seen."""
    return clean(" ".join(text.split()))


def find_links(store: Store, found: Sequence[Row]) -> Found:
    """Matches, and the rows that come from no link: by number and place, else by texts, in whatever order they stand.

    A number alone names no link: other tools number their units, too.
    """
    matches: list[Match] = []
    left: list[_Said] = []
    claimed: set[int] = set()
    names = {row.name for row in store.documents()}
    blocks = alone = 0
    for said in _pairs(found):
        if said.number is None and said.stamp is None and _has_no_partner(said) and names.intersection(said.row.docs):
            alone += 1
            continue
        link = _numbered(store, said.number)
        if said.stamp is not None and said.stamp.version == 0:
            if link is not None and {link.src.doc, link.tgt.doc}.intersection(said.row.docs):
                blocks += 1
                continue
            said = said._replace(number=None, stamp=None)
        match = None if link is None else _by_number(said, link)
        if match is None:
            left.append(said)
        elif match.link.id not in claimed:
            claimed.add(match.link.id)
            matches.append(match)
    by_text, strangers = _by_text(store, left, claimed, ours=len(matches))
    return Found(matches + by_text, strangers, blocks, alone)


def _has_no_partner(said: _Said) -> bool:
    src, tgt = said.sides
    return bool(src.text.strip()) is not bool(tgt.text.strip())


def _pairs(found: Iterable[Row]) -> Iterator[_Said]:
    """The rows as pairs of languages: more than one where a unit has more than two languages."""
    for row in found:
        if len(row.sides) < 2:
            continue
        stamp = read_stamp(row.stamp)
        if len(row.sides) > 2 and stamp is None:
            for ends in combinations(range(len(row.sides)), 2):
                yield _Said(row, None, ends, row.status, None)
            continue
        yield _Said(row, row.id, (0, 1), row.status, stamp)
        for extra in row.extra_links:
            if max(extra.src, extra.tgt) < len(row.sides):
                one = row._replace(note=None, kind=None)
                yield _Said(one, extra.id, (extra.src, extra.tgt), extra.status, read_stamp(extra.stamp))


def _numbered(store: Store, number: int | None) -> Link | None:
    if number is None:
        return None
    try:
        return store.link(number)
    except KeyError:
        return None


def _by_number(said: _Said, link: Link) -> Match | None:
    """The link of the row's number, if the row was exported of it: by its stamp, its place or both its texts."""
    here = location_crc(link.src.doc, link.src.spans), location_crc(link.tgt.doc, link.tgt.spans)
    if said.stamp is None:
        ends = _facing(said, link, here)
        ours = ends is not None and (
            here == (_place(said.row, ends[0]), _place(said.row, ends[1])) or _agree(said.row, ends, link)
        )
        return _match(said, link, ends) if ours else None
    for way in (said, _turned(said)):
        if way.stamp is not None and (_stands(way.stamp, here) or _reworded(way, way.stamp, link, here)):
            return _match(way, link, _facing(way, link, here))
    return None


def _turned(said: _Said) -> _Said:
    """The row as of the link seen from its other side."""
    stamp = said.stamp
    if stamp is not None:
        stamp = stamp._replace(
            src_location=stamp.tgt_location, tgt_location=stamp.src_location, src=stamp.tgt, tgt=stamp.src
        )  # fmt: skip
    return said._replace(ends=(said.ends[1], said.ends[0]), stamp=stamp)


def _stands(stamp: Stamp, here: tuple[int, int]) -> bool:
    return (stamp.src_location, stamp.tgt_location) == here


def _reworded(said: _Said, stamp: Stamp, link: Link, here: tuple[int, int]) -> bool:
    """Whether the link is the exported one though a side changed since: a page was read again, a sentence moved."""
    src, tgt = _as_exported(link.src, stamp.src), _as_exported(link.tgt, stamp.tgt)
    if any(said.row.docs):
        return (src or tgt) and bool({link.src.doc, link.tgt.doc}.intersection(said.row.docs))
    return (src and (tgt or stamp.src_location == here[0])) or (tgt and stamp.tgt_location == here[1])


def _as_exported(side: LinkSide, base: int) -> bool:
    """Whether a side has, or before an edit had, the text of a checksum."""
    return checksum(side.text) == base or (side.original is not None and checksum(side.original) == base)


def _facing(said: _Said, link: Link, here: tuple[int, int]) -> Ends | None:
    """Which sides of the row are the link's source and target, in whatever order a tool wrote them.

    None where they are in no languages of the link, as far as can be told: a tool's tags may be other ones.
    """
    row, stamp = said.row, said.stamp
    if stamp is not None and _unedited(row, said.ends, stamp):
        return said.ends
    sides = (link.src, link.tgt)

    def likeness(ends: Ends) -> tuple[bool, int, int, int, bool]:
        told = [row.sides[end] for end in ends]
        if stamp is not None:
            same = sum(_is(one.text, base) for one, base in zip(told, (stamp.src, stamp.tgt), strict=True))
        else:
            same = sum(_says(side, one.text) for side, one in zip(sides, told, strict=True))
        stand = sum(_place(row, end) == spot for end, spot in zip(ends, here, strict=True))
        tongues = sum(_tongue(one.lang, side.lang) for one, side in zip(told, sides, strict=True))
        return same == 2, stand, tongues, same, ends == said.ends

    best = max(permutations(range(len(row.sides)), 2), key=likeness)
    return best if likeness(best)[0] or not _contradicts(row, best, link) else None


def _unedited(row: Row, ends: Ends, stamp: Stamp) -> bool:
    return _is(row.sides[ends[0]].text, stamp.src) and _is(row.sides[ends[1]].text, stamp.tgt)


def _is(text: str, base: int) -> bool:
    return base in (checksum(text), checksum(plain(text)))


def _place(row: Row, end: int) -> int | None:
    """Where a side stands as the row tells it."""
    if end < len(row.docs) and end < len(row.spans) and row.spans[end]:
        return written_location_crc(row.docs[end], row.spans[end])
    return None


def _tongue(told: str, ours: str) -> int:
    """How well a tag of the file fits ours: 2 the same, 1 the same language, 0 another one or one of the tool's own."""
    if told.strip().replace("_", "-").lower() == ours.lower():
        return 2
    return int(primary(told) == primary(ours))


def _contradicts(row: Row, ends: Ends, link: Link) -> bool:
    """Whether a side is said to be in the language of the link's other side."""
    src, tgt = primary(link.src.lang), primary(link.tgt.lang)
    one, two = (primary(row.sides[end].lang) for end in ends)
    return src != tgt and UNDETERMINED not in (src, tgt) and (one == tgt or two == src)


def _match(said: _Said, link: Link, ends: Ends | None, *, sure: bool = True) -> Match | None:
    if ends is None:
        return None
    return Match(said.row, link, said.row.sides[ends[0]], said.row.sides[ends[1]], said.status, said.stamp, sure)


def _says(side: LinkSide, text: str) -> bool:
    """Whether a side has this text now, or had it before a reviewer changed it."""
    wanted = plain(text)
    return wanted == plain(side.text) or (side.original is not None and wanted == plain(side.original))


def _agree(row: Row, ends: Ends, link: Link) -> bool:
    return _says(link.src, row.sides[ends[0]].text) and _says(link.tgt, row.sides[ends[1]].text)


def _texts(side: LinkSide) -> set[int]:
    return {digest64(plain(text)) for text in (side.text, side.original) if text is not None and text.strip()}


def _sums(side: LinkSide) -> set[int]:
    return {checksum(text) for text in (side.text, side.original) if text is not None}


class _Seen:
    """The rows that name no link, by what they say and by what they said when they were exported."""

    def __init__(self, left: Sequence[_Said]) -> None:
        self.texts: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        self.bases: dict[tuple[int, int], list[int]] = {}
        for number, said in enumerate(left):
            for index, told in zip(self.texts, said.sides, strict=True):
                index.setdefault(digest64(plain(told.text)), []).append(number)
            if said.stamp is not None:
                self.bases.setdefault((said.stamp.src, said.stamp.tgt), []).append(number)

    def having(self, src: set[int], tgt: set[int]) -> tuple[set[int], set[int]]:
        """Rows that say one of these on the one side, and on the other."""
        one, two = (
            {number for digest in digests for number in index.get(digest, ())[: MOST * 100]}
            for index, digests in zip(self.texts, (src, tgt), strict=True)
        )
        return one, two

    def exported(self, src: LinkSide, tgt: LinkSide) -> Iterator[int]:
        """Rows that said these two when they were exported."""
        if self.bases:
            for one in _sums(src):
                for two in _sums(tgt):
                    yield from self.bases.get((one, two), ())[: MOST * 100]


Places = dict[int, list[tuple[int, bool]]]
"""By row: links, and whether they are seen from their other side."""


def _by_text(store: Store, left: Sequence[_Said], claimed: set[int], ours: int) -> tuple[list[Match], list[Row]]:
    """Rows whose texts are in one link only: with both texts, with both as they were exported, and in a file of ours
    without stamps those with one."""
    if not left:
        return [], []
    seen = _Seen(left)
    both: Places = {}
    bases: Places = {}
    one: Places = {}
    for link in store.links():
        if link.id in claimed:
            continue
        src, tgt = _texts(link.src), _texts(link.tgt)
        for turned in (False, True):
            having = seen.having(tgt, src) if turned else seen.having(src, tgt)
            for number in having[0] & having[1]:
                _note(both, number, link.id, turned)
            for number in having[0] ^ having[1]:
                _note(one, number, link.id, turned)
            for number in seen.exported(link.tgt, link.src) if turned else seen.exported(link.src, link.tgt):
                _note(bases, number, link.id, turned)
    return _choose(store, left, set(claimed), (both, bases, one), ours)


def _note(places: Places, number: int, link: int, turned: bool) -> None:
    found = places.setdefault(number, [])
    if len(found) <= MOST:
        found.append((link, turned))


def _choose(
    store: Store, left: Sequence[_Said], taken: set[int], found: tuple[Places, Places, Places], ours: int
) -> tuple[list[Match], list[Row]]:
    both, bases, one = found
    matches: list[Match] = []
    placed: set[int] = set()

    def place_row(number: int, said: _Said, link: int) -> bool:
        here = store.link(link)
        spots = location_crc(here.src.doc, here.src.spans), location_crc(here.tgt.doc, here.tgt.spans)
        match = _match(said, here, _facing(said, here, spots), sure=False)
        if match is None:
            return False
        taken.add(link)
        placed.add(number)
        matches.append(match)
        return True

    for number, said in enumerate(left):
        link, turned = next(((link, way) for link, way in both.get(number, ()) if link not in taken), (0, False))
        if link:
            way = _turned(said) if turned else said
            place_row(number, way._replace(stamp=None), link)
        elif both.get(number):
            placed.add(number)  # the same row twice: the first one spoke for the link
    for number, said in enumerate(left):
        free = [] if number in placed else [(link, way) for link, way in bases.get(number, ()) if link not in taken]
        if said.stamp is not None and free:
            link, turned = free[0]
            way = said._replace(stamp=said.stamp._replace(version=ELSEWHERE))
            place_row(number, _turned(way) if turned else way, link)
    if 2 * (ours + len(placed)) >= ours + len({id(said.row) for said in left}):
        for number, said in enumerate(left):
            if number in placed or said.stamp is not None or len(said.row.sides) > 2:
                continue
            free = [(link, way) for link, way in one.get(number, ()) if link not in taken]
            free = [(link, way) for link, way in free if link == said.number] or free
            if len(free) == 1 and not _contains(said, store.link(free[0][0]), turned=free[0][1]):
                link, turned = free[0]
                place_row(number, _turned(said) if turned else said, link)
    known = {id(left[number].row) for number in placed}
    strangers = {id(said.row): said.row for said in left if id(said.row) not in known}
    return matches, list(strangers.values())


def _contains(said: _Said, link: Link, *, turned: bool) -> bool:
    """Whether a side merely has the link's text among others: that is a paragraph around it, no other wording."""
    ends = (said.ends[1], said.ends[0]) if turned else said.ends
    for side, end in zip((link.src, link.tgt), ends, strict=True):
        ours, theirs = plain(side.text), plain(said.row.sides[end].text)
        if ours != theirs and ours in theirs:
            return True
    return False
