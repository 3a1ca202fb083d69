"""Read access to the links of a store for a front end: lists, neighbours, contexts, counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from align.models import Decision, Link, LinkSide, Status
from align.sqlite_session import ClosesItself
from align.store import Conflict, DocumentRow, LinkFilter, PairRow, SentenceRow, Store, open_store
from align.store.decision_draft import DecisionDraft
from align.store.edits import linked_already
from align.store.pagination import Order
from align.workspace.concordance import ConcordanceHit, Rendering, renderings, search

__all__ = ["Browser", "DocumentRow", "LinkFilter", "Order", "PairRow", "SentenceRow", "Undecided", "open_browser"]


class Undecided(NamedTuple):
    """The undecided links: their number, and how many are expected to be right."""

    links: int
    expected_right: float


def open_browser(path: Path, *, create: bool = False) -> Browser:
    """Open a store with a connection of its own; use it in a `with` block."""
    return Browser(open_store(path, create=create))


class Browser(ClosesItself):
    """Read access for a front end: one connection, used by one thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pages_key: object = None
        self._pages: dict[int, int] = {}
        """Ranks of fetched pages in the order of doubt, with the link there; valid for `_pages_key`."""

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    # The list

    def count(self, link_filter: LinkFilter) -> int:
        """Number of links that match the filter."""
        return self.store.count(link_filter)

    def at(self, rank: int, n: int, link_filter: LinkFilter, order: Order = "document") -> list[Link]:
        """`n` links of the filter from index `rank`.

        In the order of doubt, which has no counts to look up, links are counted from the nearest page that was fetched
        since the last decision, or from an end.
        """
        if order != "doubt":
            return self.store.at(rank, n, link_filter, order=order)
        key = (link_filter, self.store.latest())
        if key != self._pages_key:
            self._pages_key, self._pages = key, {}
        before = max((first for first in self._pages if first <= rank), default=None)
        after = min((first for first in self._pages if first >= rank + n), default=None)
        from_an_end = min(rank, self.store.count(link_filter) - rank)
        links: list[Link] | None = None
        if before is not None and rank - before > from_an_end:
            before = None
        if after is not None and after - rank > from_an_end:
            after = None
        if before == rank:
            links = self.store.adjacent_links(self._pages[rank], n - 1, link_filter, order=order)
            links = [self.store.link(self._pages[rank]), *links]
        elif before is not None and (after is None or rank - before <= after - rank):
            skip = rank - before - 1
            links = self.store.adjacent_links(self._pages[before], n, link_filter, order=order, skip=skip)
        elif after is not None:
            skip = after - rank - n
            links = self.store.adjacent_links(self._pages[after], n, link_filter, order=order, skip=skip, before=True)
        if links is None:
            links = self.store.at(rank, n, link_filter, order=order)
        if links:
            self._pages[rank] = links[0].id
        return links

    def rank(self, link: int, link_filter: LinkFilter, order: Order = "document") -> int | None:
        """The index of a link in the filter's order, also of one that does not match; None for a deleted link."""
        return self.store.rank(link, link_filter, order=order)

    def next_undecided(
        self,
        after: int | None,
        link_filter: LinkFilter,
        order: Order = "document",
        *,
        max_confidence: float | None = None,
    ) -> int | None:
        """The next undecided link of the filter after link `after`, wrapping around at the end.

        `max_confidence`: only links up to this confidence.
        """
        return self.store.next_undecided(after, link_filter, order=order, max_confidence=max_confidence)

    def next(self, after: int | None, link_filter: LinkFilter, order: Order = "document") -> int | None:
        """The next link of the filter after link `after`, wrapping around at the end."""
        return self.store.next_link(after, link_filter, order=order)

    def undecided(self, link_filter: LinkFilter) -> Undecided:
        """Number of undecided links of the filter, and how many of them are expected to be right."""
        return Undecided(*self.store.undecided(link_filter))

    def latest(self) -> int:
        """The number of the last decision in the log."""
        return self.store.latest()

    def others_since(self, decision: int, reviewer: str) -> bool:
        """Whether anyone other than the reviewer, the program included, made a decision after that one."""
        return self.store.others_since(decision, reviewer)

    def who_changed(self, link: Link) -> str | None:
        """`B rejected this link at 12:05`, if the link was changed since it was read; None if not."""
        return self.store.who_changed(link)

    def has(self, link: int, link_filter: LinkFilter, order: Order = "document") -> bool:
        """Whether the link matches the filter."""
        rank = self.store.rank(link, link_filter, order=order)
        return rank is not None and [one.id for one in self.store.at(rank, 1, link_filter, order=order)] == [link]

    def link(self, link: int) -> Link | None:
        """The link, or None if it was deleted."""
        try:
            return self.store.link(link)
        except KeyError:
            return None

    # Around a link

    def context(self, side: LinkSide, n: int) -> tuple[tuple[SentenceRow, ...], tuple[SentenceRow, ...]]:
        """Up to `n` sentences before and after the side, in reading order."""
        return self.store.context(side, n)

    def sentences(self, document: int, start: int, n: int) -> list[SentenceRow]:
        """`n` sentences of a document from position `start`."""
        return self.store.sentences(document, start, n)

    def sentences_by_id(self, ids: Sequence[int]) -> list[SentenceRow]:
        """These sentences, in reading order."""
        return self.store.sentences_by_id(ids)

    def sentence_count(self, document: int) -> int:
        """Number of sentences of a document."""
        return self.store.sentence_count(document)

    def links_of_sentences(self, sentences: list[int]) -> dict[int, list[Link]]:
        """The links of each of these sentences; an empty list for sentences without links."""
        return self.store.links_of_sentences(sentences)

    def ends_between(self, src: int, tgt: int) -> list[tuple[int, tuple[int, ...], tuple[int, ...], Status, float]]:
        """(id, source sentences, target sentences, status, confidence) of the links from one document to the other
        that are not rejected."""
        return self.store.ends_between(src, tgt)

    def sentence_ids(self, document: int) -> list[tuple[int, str]]:
        """(id, language) of the sentences of a document, in reading order."""
        return self.store.sentence_ids(document)

    def sentences_with(self, query: str, documents: Sequence[int]) -> set[int]:
        """Sentences of these documents with all words of `query`."""
        return self.store.sentences_with(query, documents)

    def linked_already(
        self, src: Sequence[int], tgt: Sequence[int], moved: int | None = None
    ) -> list[tuple[SentenceRow, Link]]:
        """The links that a reviewer has to know of before linking these sentences by hand, each with the first sentence
        in common: settled ones, and the rejected one of the very same sentences. `moved`: a link that is moved there.

        Raises UsageError where the sentences cannot be linked.
        """
        links = linked_already(DecisionDraft(self.store.db, ""), src, tgt, moved)
        return [(self.sentences_by_id(list(common))[0], self.store.link(link)) for link, common in links.items()]

    def signals(self, link: int) -> dict[str, float] | None:
        """The features of the link when it was proposed."""
        return self.store.signals(link)

    # The store

    def documents(self) -> list[DocumentRow]:
        """Every document, in the order of adding."""
        return self.store.documents()

    def pairs(self) -> list[PairRow]:
        """Every two documents and languages with links between them, with their review progress."""
        return self.store.pairs()

    def history(self, link: int | None = None, n: int | None = None) -> list[Decision]:
        """Decisions, latest first: on one link, or all."""
        return self.store.decisions(link=link, limit=n)

    def is_of_visit(self, link: Link, reviewer: str, visit: str) -> bool:
        """Whether the last decision on the link was made by the reviewer in that visit."""
        last = self.store.decisions(link=link.id, limit=1)
        return bool(last) and last[0].reviewer == reviewer and last[0].detail.get("visit") == visit

    def visit_to_undo(self, reviewer: str, action: str) -> str | None:
        """The visit of the decision that the reviewer's next `undo` or `redo` is of; None if there is none."""
        return self.store.visit_to_undo(reviewer, action)

    def conflicts(self, link: int) -> list[Conflict]:
        """Unresolved conflicts of a link with other copies."""
        return self.store.conflicts(link)

    def search(self, query: str, limit: int) -> list[ConcordanceHit]:
        """Hits of a query in all texts. Raises UsageError for an empty query."""
        return list(search(self.store, query, limit=limit))

    def renderings(self, link: Link, side: Literal["src", "tgt"]) -> list[Rendering]:
        """All translations of the text of a side in the store, the most frequent first."""
        return renderings(self.store, link, side)

    # State of the front end

    def recall(self, key: str) -> str | None:
        """The value stored under this key by `Reviewer.remember`."""
        return self.store.recall(key)

    def audits(self) -> list[dict[str, object]]:
        """The recorded audits, latest first."""
        return self.store.audits()
