"""Read access to a store for a front end, with what the store itself has no query for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from align.models import Link
from align.sqlite_session import ClosesItself
from align.store import DocumentRow, LinkFilter, PairRow, SentenceRow, Store, open_store
from align.store.decision_draft import DecisionDraft
from align.store.edits import linked_already
from align.store.pagination import Order

__all__ = ["Browser", "DocumentRow", "LinkFilter", "Order", "PairRow", "SentenceRow", "Undecided", "open_browser"]


class Undecided(NamedTuple):
    """The undecided links: their number, and how many are expected to be right."""

    links: int
    expected_right: float


def open_browser(path: Path, *, create: bool = False) -> Browser:
    """Open a store with a connection of its own; use it in a `with` block."""
    return Browser(open_store(path, create=create))


class Browser(ClosesItself):
    """Read access for a front end: one connection (`store`), used by one thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pages_key: object = None
        self._pages: dict[int, int] = {}
        """Ranks of fetched pages in the order of doubt, with the link there; valid for `_pages_key`."""

    def close(self) -> None:
        """Close the store."""
        self.store.close()

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

    def undecided(self, link_filter: LinkFilter) -> Undecided:
        """Number of undecided links of the filter, and how many of them are expected to be right."""
        return Undecided(*self.store.undecided(link_filter))

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

    def linked_already(
        self, src: Sequence[int], tgt: Sequence[int], moved: int | None = None
    ) -> list[tuple[SentenceRow, Link]]:
        """The links that a reviewer has to know of before linking these sentences by hand, each with the first sentence
        in common: settled ones, and the rejected one of the very same sentences. `moved`: a link that is moved there.

        Raises UsageError where the sentences cannot be linked.
        """
        links = linked_already(DecisionDraft(self.store.db, ""), src, tgt, moved)
        return [(self.store.sentences_by_id(list(common))[0], self.store.link(link)) for link, common in links.items()]

    def is_of_visit(self, link: Link, reviewer: str, visit: str) -> bool:
        """Whether the last decision on the link was made by the reviewer in that visit."""
        last = self.store.decisions(link=link.id, limit=1)
        return bool(last) and last[0].reviewer == reviewer and last[0].detail.get("visit") == visit
