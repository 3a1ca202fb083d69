"""The bilingual concordance: search terms in context, with the linked text of the other side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from align.errors import UsageError
from align.models import Link, LinkSide
from align.store import LinkFilter, SentenceRow, Store
from align.store.search import Term, find_terms, parse

MarkedRanges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ConcordanceText:
    """A text with the matches marked, and its location."""

    doc: str
    lang: str
    text: str
    marks: MarkedRanges
    """[start, end) in characters of `text`."""
    spans: tuple[tuple[int, int], ...]
    """In the original document."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class ConcordanceHit:
    """A link with a match on one of its sides, or an unpaired sentence with one."""

    link: Link | None
    sides: tuple[ConcordanceText, ...]
    """The side with the match first, then the other; only one without a link."""


def search(
    store: Store, query: str, link_filter: LinkFilter | None = None, *, limit: int = 50
) -> Iterator[ConcordanceHit]:
    """Hits in document order: links first, then (without a filter) unpaired sentences; at most `limit`.

    Every word must occur, on either side; a word matches as a prefix, a quoted one exactly. UsageError for an empty
    query.
    """
    terms = parse(query)
    if not terms:
        raise UsageError('the query is empty. Example: align search 霧 "rising fog"')
    text_filter = replace(link_filter or LinkFilter(), text=query)
    n_links = 0
    for link in store.links(text_filter, limit=limit):
        n_links += 1
        yield _of_link(store, link, terms)
    if n_links < limit and link_filter in (None, LinkFilter()):
        names = {row.id: row.name for row in store.documents()}
        for row in store.unlinked_with(query, limit - n_links):
            yield ConcordanceHit(None, (_of_sentence(store, row, names[row.document], terms),))


def _of_link(store: Store, link: Link, terms: tuple[Term, ...]) -> ConcordanceHit:
    sides = [_of_side(store, side, terms) for side in (link.src, link.tgt)]
    return ConcordanceHit(link, tuple(sorted(sides, key=lambda side: not side.marks)))


def _of_side(store: Store, side: LinkSide, terms: tuple[Term, ...]) -> ConcordanceText:
    before, after = store.context(side, 1)
    spans = tuple((span.start, span.end) for span in side.spans)
    around = [
        row.text if row and row.lang == side.lang else ""
        for row in (before[0] if before else None, after[0] if after else None)
    ]
    return ConcordanceText(side.doc, side.lang, side.text, find_terms(side.text, terms), spans, *around)


def _of_sentence(store: Store, row: SentenceRow, doc: str, terms: tuple[Term, ...]) -> ConcordanceText:
    neighbours: dict[Literal[-1, 1], str] = {}
    for step in (-1, 1):
        rows = store.sentences(row.document, row.position + step, 1) if row.position + step >= 0 else []
        neighbours[step] = rows[0].text if rows and rows[0].lang == row.lang else ""
    spans = tuple((span.start, span.end) for span in row.pieces)
    return ConcordanceText(doc, row.lang, row.text, find_terms(row.text, terms), spans, neighbours[-1], neighbours[1])
