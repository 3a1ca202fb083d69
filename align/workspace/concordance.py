"""The bilingual concordance: search terms in context, with the linked text of the other side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from align.errors import UsageError
from align.models import Link, LinkSide, Status
from align.store import LinkFilter, SentenceRow, Store
from align.store.search import Term, find_terms, parse
from align.text.normalize import folded
from align.text.tags import primary

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
    sentences: tuple[int, ...] = ()
    """Their ids in the store."""


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
    before_text, after_text = (
        row.text if row and row.lang == side.lang else ""
        for row in (before[0] if before else None, after[0] if after else None)
    )
    marks = find_terms(side.text, terms)
    return ConcordanceText(side.doc, side.lang, side.text, marks, spans, before_text, after_text, side.sentences)


def _of_sentence(store: Store, row: SentenceRow, doc: str, terms: tuple[Term, ...]) -> ConcordanceText:
    neighbours: dict[Literal[-1, 1], str] = {}
    for step in (-1, 1):
        rows = store.sentences(row.document, row.position + step, 1) if row.position + step >= 0 else []
        neighbours[step] = rows[0].text if rows and rows[0].lang == row.lang else ""
    spans = tuple((span.start, span.end) for span in row.pieces)
    marks = find_terms(row.text, terms)
    return ConcordanceText(doc, row.lang, row.text, marks, spans, neighbours[-1], neighbours[1], (row.id,))


@dataclass(frozen=True, slots=True)
class Rendering:
    """One translation of a text, and the links that have it, in document order."""

    text: str
    links: tuple[Link, ...]


MAX_RENDERED_LINKS = 500
"""Links that are compared for the translations of a text."""
PHRASE_LENGTH = 80
"""Characters of a sentence that are searched; the whole texts are then compared."""


def renderings(store: Store, link: Link, side: Literal["src", "tgt"]) -> list[Rendering]:
    """All translations of the text of a side into the language of the other, the most frequent first.

    Texts are compared by their letters and digits, without case. Rejected links are left out; the link itself is
    included, so that one rendering means that the text is translated consistently.
    """
    own, other = (link.src, link.tgt) if side == "src" else (link.tgt, link.src)
    rows = store.sentences_by_id(own.sentences)
    longest = max((row.text for row in rows), key=len, default=own.text)
    phrase = longest[:PHRASE_LENGTH].rpartition(" ")[0] if len(longest) > PHRASE_LENGTH else longest
    query = '"' + (phrase or longest[:PHRASE_LENGTH]).replace('"', " ") + '"'
    links_by_text: dict[str, list[Link]] = {}
    same = folded(own.text)
    matches = store.links(LinkFilter(text=query), limit=MAX_RENDERED_LINKS) if parse(query) else ()
    for match in matches:
        for one, rendered in ((match.src, match.tgt), (match.tgt, match.src)):
            if (
                match.status is not Status.REJECTED
                and primary(one.lang) == primary(own.lang)
                and primary(rendered.lang) == primary(other.lang)
                and folded(one.text) == same
            ):
                links_by_text.setdefault(folded(rendered.text), []).append(match)
                break
    distinct = [
        Rendering((links[0].tgt if folded(links[0].tgt.text) == text else links[0].src).text, tuple(links))
        for text, links in links_by_text.items()
    ]
    return sorted(distinct, key=lambda one: -len(one.links))


def last_words(text: str, length: int) -> str:
    """The last `length` characters of a text, from the beginning of a word where there are spaces."""
    if len(text) <= length:
        return text
    cut = text[-length:]
    return f"…{cut.partition(' ')[2] or cut}"


def first_words(text: str, length: int) -> str:
    """The first `length` characters of a text, to the end of a word where there are spaces."""
    if len(text) <= length:
        return text
    cut = text[:length]
    return f"{cut.rpartition(' ')[0] or cut}…"
