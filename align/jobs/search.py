"""The bilingual concordance: search terms in context, with the linked text of the other side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from align.domain import Link, LinkSide
from align.errors import UsageError
from align.store import LinkFilter, SentenceRow, Store
from align.store.search import Term, marks, parse

Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A text with the matches marked, and its location."""

    doc: str
    lang: str
    text: str
    marks: Marks
    """[start, end) in characters of `text`."""
    spans: tuple[tuple[int, int], ...]
    """In the original document."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A link with a match on one of its sides, or an unpaired sentence with one."""

    link: Link | None
    sides: tuple[Shown, ...]
    """The side with the match first, then the other; only one without a link."""


def search(store: Store, query: str, chosen: LinkFilter | None = None, *, limit: int = 50) -> Iterator[Hit]:
    """Hits in document order: links first, then (without a filter) unpaired sentences; at most `limit`.

    Every word must occur, on either side; a word matches as a prefix, a quoted one exactly. UsageError for an empty
    query.
    """
    terms = parse(query)
    if not terms:
        raise UsageError('the query is empty. Example: align search 霧 "rising fog"')
    filter_ = replace(chosen or LinkFilter(), text=query)
    found = 0
    for link in store.links(filter_, limit=limit):
        found += 1
        yield _of_link(store, link, terms)
    if found < limit and chosen in (None, LinkFilter()):
        names = {row.id: row.name for row in store.documents()}
        for row in store.unlinked_with(query, limit - found):
            yield Hit(None, (_of_sentence(store, row, names[row.document], terms),))


def _of_link(store: Store, link: Link, terms: tuple[Term, ...]) -> Hit:
    sides = [_of_side(store, side, terms) for side in (link.src, link.tgt)]
    return Hit(link, tuple(sorted(sides, key=lambda side: not side.marks)))


def _of_side(store: Store, side: LinkSide, terms: tuple[Term, ...]) -> Shown:
    before, after = store.context(side, 1)
    spans = tuple((span.start, span.end) for span in side.spans)
    around = [
        row.text if row and row.lang == side.lang else ""
        for row in (before[0] if before else None, after[0] if after else None)
    ]
    return Shown(side.doc, side.lang, side.text, marks(side.text, terms), spans, *around)


def _of_sentence(store: Store, row: SentenceRow, doc: str, terms: tuple[Term, ...]) -> Shown:
    neighbours: dict[Literal[-1, 1], str] = {}
    for step in (-1, 1):
        found = store.sentences(row.document, row.position + step, 1) if row.position + step >= 0 else []
        neighbours[step] = found[0].text if found and found[0].lang == row.lang else ""
    spans = tuple((span.start, span.end) for span in row.pieces)
    return Shown(doc, row.lang, row.text, marks(row.text, terms), spans, neighbours[-1], neighbours[1])
