"""Find the link of the store that each unit of an exchange file was exported from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

from align.exchange.group_by import digest64, is_around, most_similar
from align.exchange.link_stamp import Stamp, checksum, location_crc, read_stamp, written_location_crc
from align.exchange.types import ImportedUnit, Segment
from align.models import UNDETERMINED, Link, LinkSide, Status
from align.store import Store
from align.text.normalize import clean
from align.text.tags import primary

MAX_CANDIDATES = 3
"""Links per unit that are considered by text: a text that more links have does not identify one."""
MAX_REPEATS = 100 * MAX_CANDIDATES
"""Units with one text that are considered per link."""
OTHER_LINK = -1
"""Version of a stamp with the texts of the link, but exported from a link with another number."""
SideIndexes = tuple[int, int]
"""Indexes of source and target in `ImportedUnit.sides`."""
Locations = tuple[int, int]
"""`location_crc` of the source and the target of a link."""


class UnitMatch(NamedTuple):
    """A unit, or one pair of its languages, and its link; `src` and `tgt` are the unit's texts for the link's sides."""

    unit: ImportedUnit
    link: Link
    src: Segment
    tgt: Segment
    status: Status | None
    stamp: Stamp | None
    """The link as it was exported, in the direction that the link has now."""
    by_number: bool = True
    """Whether the file itself names the link, by number and location; False: only the texts do."""


class MatchResult(NamedTuple):
    """The units of a file, by how they were matched."""

    matches: list[UnitMatch]
    unmatched: list[ImportedUnit]
    """Units of no link in the store."""
    blocks: int = 0
    """Number of units that are whole blocks of links (`--level block`)."""
    unpaired: int = 0
    """Number of units that are unpaired sentences of documents in the store (`--with-nulls`)."""


class UnitPair(NamedTuple):
    """One pair of languages of a unit."""

    unit: ImportedUnit
    number: int | None
    """The link's id in the file."""
    ends: SideIndexes
    """Source and target at export time."""
    status: Status | None
    stamp: Stamp | None

    @property
    def sides(self) -> tuple[Segment, Segment]:
        """The texts of source and target."""
        return self.unit.sides[self.ends[0]], self.unit.sides[self.ends[1]]


def normalise(text: str) -> str:
    """A text as the store has it: white space as single spaces, without invisible characters."""
    return clean(" ".join(text.split()))


def match_units(store: Store, units: Sequence[ImportedUnit]) -> MatchResult:
    """Match units with links by number and location, else by texts. The order of units and of their sides is free.

    A number alone does not identify a link, since other tools number their units too.
    """
    matches: list[UnitMatch] = []
    left: list[UnitPair] = []
    matched: set[int] = set()
    names = {document.name for document in store.documents()}
    blocks = unpaired = 0
    for pair in _pairs(units):
        if pair.number is None and pair.stamp is None and _is_unpaired(pair) and names.intersection(pair.unit.docs):
            unpaired += 1
            continue
        link = _link(store, pair.number)
        if pair.stamp is not None and pair.stamp.version == 0:
            if link is not None and {link.src.doc, link.tgt.doc}.intersection(pair.unit.docs):
                blocks += 1
                continue
            pair = pair._replace(number=None, stamp=None)
        match = None if link is None else _match_by_number(pair, link)
        if match is None:
            left.append(pair)
        elif match.link.id not in matched:
            matched.add(match.link.id)
            matches.append(match)
    by_text, unmatched = _match_by_text(store, left, matched, by_number=len(matches))
    unmatched += [unit for unit in units if len(unit.sides) < 2]
    return MatchResult(matches + by_text, unmatched, blocks, unpaired)


def _is_unpaired(pair: UnitPair) -> bool:
    src, tgt = pair.sides
    return bool(src.text.strip()) is not bool(tgt.text.strip())


def _pairs(units: Iterable[ImportedUnit]) -> Iterator[UnitPair]:
    """The units as pairs of languages: several where a unit has more than two languages."""
    for unit in units:
        if len(unit.sides) < 2:
            continue
        stamp = read_stamp(unit.stamp)
        if len(unit.sides) > 2 and stamp is None:
            for ends in combinations(range(len(unit.sides)), 2):
                yield UnitPair(unit, None, ends, unit.status, None)
            continue
        yield UnitPair(unit, unit.id, (0, 1), unit.status, stamp)
        for extra in unit.extra_links:
            if max(extra.src, extra.tgt) < len(unit.sides):
                shared = unit._replace(note=None, kind=None)
                yield UnitPair(shared, extra.id, (extra.src, extra.tgt), extra.status, read_stamp(extra.stamp))


def _link(store: Store, number: int | None) -> Link | None:
    if number is None:
        return None
    try:
        return store.link(number)
    except KeyError:
        return None


def _locations(link: Link) -> Locations:
    return location_crc(link.src.doc, link.src.spans), location_crc(link.tgt.doc, link.tgt.spans)


def _match_by_number(pair: UnitPair, link: Link) -> UnitMatch | None:
    """The match with the link of the unit's number, if its stamp, its location or both its texts agree."""
    locations = _locations(link)
    if pair.stamp is None:
        ends = _ends_of_link(pair, link, locations)
        agrees = ends is not None and (
            locations == (_written_location(pair.unit, ends[0]), _written_location(pair.unit, ends[1]))
            or (
                _has_text(link.src, pair.unit.sides[ends[0]].text)
                and _has_text(link.tgt, pair.unit.sides[ends[1]].text)
            )
        )
        return _match(pair, link, ends) if agrees else None
    for turned in (pair, _turned(pair)):
        stamp = turned.stamp
        if stamp is not None and (
            (stamp.src_location, stamp.tgt_location) == locations or _is_revised(turned, stamp, link, locations)
        ):
            return _match(turned, link, _ends_of_link(turned, link, locations))
    return None


def _turned(pair: UnitPair) -> UnitPair:
    """The pair in the other direction."""
    stamp = pair.stamp
    if stamp is not None:
        stamp = stamp._replace(
            src_location=stamp.tgt_location, tgt_location=stamp.src_location, src=stamp.tgt, tgt=stamp.src
        )
    return pair._replace(ends=(pair.ends[1], pair.ends[0]), stamp=stamp)


def _is_revised(pair: UnitPair, stamp: Stamp, link: Link, locations: Locations) -> bool:
    """Whether the link is the exported one though a side has changed since, as when its document was added again."""
    src, tgt = stamp.src in _checksums(link.src), stamp.tgt in _checksums(link.tgt)
    if any(pair.unit.docs):
        return (src or tgt) and bool({link.src.doc, link.tgt.doc}.intersection(pair.unit.docs))
    return (src and (tgt or stamp.src_location == locations[0])) or (tgt and stamp.tgt_location == locations[1])


def _ends_of_link(pair: UnitPair, link: Link, locations: Locations) -> SideIndexes | None:
    """The indexes of the unit's sides for the link's source and target, in whatever order a tool wrote them.

    Sides are compared by texts, locations, then languages (a tool may use other tags). None where the languages
    contradict the link.
    """
    unit, stamp = pair.unit, pair.stamp
    if stamp is not None and all(
        _has_checksum(side.text, base) for side, base in zip(pair.sides, (stamp.src, stamp.tgt), strict=True)
    ):
        return pair.ends
    sides = (link.src, link.tgt)

    def likeness(ends: SideIndexes) -> tuple[bool, int, int, int, bool]:
        segments = [unit.sides[end] for end in ends]
        if stamp is not None:
            bases = (stamp.src, stamp.tgt)
            texts = sum(_has_checksum(segment.text, base) for segment, base in zip(segments, bases, strict=True))
        else:
            texts = sum(_has_text(side, segment.text) for side, segment in zip(sides, segments, strict=True))
        located = sum(_written_location(unit, end) == crc for end, crc in zip(ends, locations, strict=True))
        languages = sum(_language_fit(s.lang, side.lang) for s, side in zip(segments, sides, strict=True))
        return texts == 2, located, languages, texts, ends == pair.ends

    best = max(permutations(range(len(unit.sides)), 2), key=likeness)
    return best if likeness(best)[0] or not _contradicts(unit, best, link) else None


def _has_checksum(text: str, base: int) -> bool:
    return base in (checksum(text), checksum(normalise(text)))


def _written_location(unit: ImportedUnit, end: int) -> int | None:
    """`location_crc` of document name and spans as written in the file; None if the file has none."""
    if end < len(unit.docs) and end < len(unit.spans) and unit.spans[end]:
        return written_location_crc(unit.docs[end], unit.spans[end])
    return None


def _language_fit(tag: str, link_tag: str) -> int:
    """How well a tag of the file fits that of the link: 2 the same, 1 the same language, 0 another or unknown one."""
    if tag.strip().replace("_", "-").lower() == link_tag.lower():
        return 2
    return int(primary(tag) == primary(link_tag))


def _contradicts(unit: ImportedUnit, ends: SideIndexes, link: Link) -> bool:
    """Whether a side has the language of the link's other side."""
    src, tgt = primary(link.src.lang), primary(link.tgt.lang)
    unit_src, unit_tgt = (primary(unit.sides[end].lang) for end in ends)
    return src != tgt and UNDETERMINED not in (src, tgt) and (unit_src == tgt or unit_tgt == src)


def _match(pair: UnitPair, link: Link, ends: SideIndexes | None, *, by_number: bool = True) -> UnitMatch | None:
    if ends is None:
        return None
    sides = pair.unit.sides
    return UnitMatch(pair.unit, link, sides[ends[0]], sides[ends[1]], pair.status, pair.stamp, by_number)


def _has_text(side: LinkSide, text: str) -> bool:
    """Whether a side has this text, or had it before a reviewer edited it."""
    text = normalise(text)
    return text == normalise(side.text) or (side.original is not None and text == normalise(side.original))


class _TextIndex:
    """Units by the digests of their texts, and by the checksums of their texts at export."""

    def __init__(self, pairs: Sequence[UnitPair]) -> None:
        self.texts: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        self.exported: dict[tuple[int, int], list[int]] = {}
        for number, pair in enumerate(pairs):
            for index, segment in zip(self.texts, pair.sides, strict=True):
                index.setdefault(digest64(normalise(segment.text)), []).append(number)
            if pair.stamp is not None:
                self.exported.setdefault((pair.stamp.src, pair.stamp.tgt), []).append(number)

    def with_texts(self, src: set[int], tgt: set[int]) -> tuple[set[int], set[int]]:
        """Units with one of these digests as their source, and units with one as their target."""
        by_source, by_target = (
            {number for digest in digests for number in index.get(digest, ())[:MAX_REPEATS]}
            for index, digests in zip(self.texts, (src, tgt), strict=True)
        )
        return by_source, by_target

    def with_exported_texts(self, src: LinkSide, tgt: LinkSide) -> Iterator[int]:
        """Units that had the texts of both sides at export."""
        if self.exported:
            for source in _checksums(src):
                for target in _checksums(tgt):
                    yield from self.exported.get((source, target), ())[:MAX_REPEATS]


def _texts(side: LinkSide) -> list[str]:
    return [text for text in (side.text, side.original) if text is not None]


def _digests(side: LinkSide) -> set[int]:
    return {digest64(normalise(text)) for text in _texts(side) if text.strip()}


def _checksums(side: LinkSide) -> set[int]:
    """Of the text of a side and, where it was edited, of its original."""
    return {checksum(text) for text in _texts(side)}


class _Candidates(dict[int, list[tuple[int, bool]]]):
    """Up to `MAX_CANDIDATES` + 1 links per unit: (link, whether in the other direction)."""

    def add(self, number: int, link: int, turned: bool) -> None:
        links = self.setdefault(number, [])
        if len(links) <= MAX_CANDIDATES:
            links.append((link, turned))


def _match_by_text(
    store: Store, pairs: Sequence[UnitPair], matched: set[int], by_number: int
) -> tuple[list[UnitMatch], list[ImportedUnit]]:
    """Match by texts, in this order: both texts; both texts at export; one text, if most of the file matched so far.

    `matched`: links that have a unit already. `by_number`: number of units that are matched already.
    """
    if not pairs:
        return [], []
    index = _TextIndex(pairs)
    both, exported, single = _Candidates(), _Candidates(), _Candidates()
    for link in store.links():
        if link.id in matched:
            continue
        sides = [(side, _digests(side)) for side in (link.src, link.tgt)]
        for turned in (False, True):
            (src, sources), (tgt, targets) = reversed(sides) if turned else sides
            by_source, by_target = index.with_texts(sources, targets)
            for number in by_source & by_target:
                both.add(number, link.id, turned)
            for number in by_source ^ by_target:
                single.add(number, link.id, turned)
            for number in index.with_exported_texts(src, tgt):
                exported.add(number, link.id, turned)
    assignment = _Assignment(store, pairs, matched)
    assignment.by_both_texts(both)
    assignment.by_exported_texts(exported)
    if 2 * (by_number + len(assignment.assigned)) >= by_number + len({id(pair.unit) for pair in pairs}):
        assignment.by_one_text(single)
    units = {id(pairs[number].unit) for number in assignment.assigned}
    unmatched = {id(pair.unit): pair.unit for pair in pairs if id(pair.unit) not in units}
    return assignment.matches, list(unmatched.values())


class _Assignment:
    """Units assigned to links, each link to at most one unit, in the order of the file."""

    def __init__(self, store: Store, pairs: Sequence[UnitPair], matched: set[int]) -> None:
        self.store, self.pairs = store, pairs
        self.matched = set(matched)
        self.assigned: set[int] = set()
        """Numbers of units."""
        self.matches: list[UnitMatch] = []

    def by_both_texts(self, candidates: _Candidates) -> None:
        """Assign units to links with both their texts; the first of equal units gets the link."""
        for number in range(len(self.pairs)):
            if free := self._free(candidates, number):
                self._assign(number, free[0])
            elif candidates.get(number):
                self.assigned.add(number)  # repeats a unit that got the link

    def by_exported_texts(self, candidates: _Candidates) -> None:
        """Assign units to links with both the texts that they had at export, under another number."""
        for number, pair in enumerate(self.pairs):
            if number in self.assigned or pair.stamp is None:
                continue
            if free := self._free(candidates, number):
                self._assign(number, free[0], with_stamp=True)

    def by_one_text(self, candidates: _Candidates) -> None:
        """Assign units without stamps to the free link with one of their texts and another text that is similar."""
        for number, pair in enumerate(self.pairs):
            if number in self.assigned or pair.stamp is not None or len(pair.unit.sides) > 2:
                continue
            free = self._free(candidates, number)
            free = [candidate for candidate in free if candidate[0] == pair.number] or free
            likely, texts = [], []
            for candidate in free:
                link = self.store.link(candidate[0])
                sides = (link.tgt, link.src) if candidate[1] else (link.src, link.tgt)
                pairs = list(zip(pair.sides, sides, strict=True))
                if not any(is_around(normalise(unit.text), normalise(side.text), side.lang) for unit, side in pairs):
                    likely.append(candidate)
                    texts.append((normalise(sides[0].text), normalise(sides[1].text)))
            best = most_similar((normalise(pair.sides[0].text), normalise(pair.sides[1].text)), texts)
            if best is not None:
                self._assign(number, likely[best])

    def _free(self, candidates: _Candidates, number: int) -> list[tuple[int, bool]]:
        return [(link, turned) for link, turned in candidates.get(number, ()) if link not in self.matched]

    def _assign(self, number: int, candidate: tuple[int, bool], *, with_stamp: bool = False) -> None:
        """Assign a unit to a link, unless the languages contradict. `with_stamp`: its stamp is that of another link."""
        link, turned = self.store.link(candidate[0]), candidate[1]
        pair = _turned(self.pairs[number]) if turned else self.pairs[number]
        stamp = pair.stamp._replace(version=OTHER_LINK) if with_stamp and pair.stamp else None
        pair = pair._replace(stamp=stamp)
        match = _match(pair, link, _ends_of_link(pair, link, _locations(link)), by_number=False)
        if match is not None:
            self.matched.add(link.id)
            self.assigned.add(number)
            self.matches.append(match)
