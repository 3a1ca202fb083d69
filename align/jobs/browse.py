"""Look through the links of a store: pages by number, neighbours, contexts, tallies. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from align.domain import Decision, Link, LinkSide
from align.store import Conflict, DocumentRow, LinkFilter, PairRow, SentenceRow, Store, open_store
from align.store.edits import linked_already
from align.store.ledger import Ledger
from align.store.places import Order

__all__ = ["Browser", "DocumentRow", "Left", "LinkFilter", "Order", "PairRow", "SentenceRow", "open_browser"]


class Left(NamedTuple):
    """What is undecided: how many links, and how many of them are expected to be right."""

    links: int
    expected_right: float


def open_browser(path: Path, *, create: bool = False) -> Browser:
    """A browser of its own, with its own connection; close it with `with`."""
    return Browser(open_store(path, create=create))


class Browser:
    """Reading access for a front end: one connection, used by one thread."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._page: tuple[object, int, list[int]] = (None, 0, [])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store."""
        self.store.close()

    # The list

    def count(self, chosen: LinkFilter) -> int:
        """How many links a filter has."""
        return self.store.count(chosen)

    def at(self, rank: int, n: int, chosen: LinkFilter, order: Order = "document") -> list[Link]:
        """`n` links of the filter from number `rank` (from 0).

        Beside what was asked for last it is found without counting up to there, which by doubt takes its time.
        """
        asked = (chosen, order, self.store.latest())
        known, first, found = self._page
        if order == "doubt" and known == asked and found and rank == first + len(found):
            links = self.store.beside(found[-1], n, chosen, order=order)
        elif order == "doubt" and known == asked and found and rank + n == first:
            links = self.store.beside(found[0], n, chosen, order=order, before=True)
        else:
            links = self.store.at(rank, n, chosen, order=order)
        self._page = asked, rank, [link.id for link in links]
        return links

    def rank(self, link: int, chosen: LinkFilter, order: Order = "document") -> int | None:
        """Where a link stands in the filter's order, or would stand; None where it is no more."""
        return self.store.rank(link, chosen, order=order)

    def next_undecided(
        self, after: int | None, chosen: LinkFilter, order: Order = "document", *, max_confidence: float | None = None
    ) -> int | None:
        """The next undecided link of the filter after link `after`, from the start again where none is left.

        With `max_confidence` only links that doubtful count.
        """
        return self.store.next_undecided(after, chosen, order=order, max_confidence=max_confidence)

    def next(self, after: int | None, chosen: LinkFilter, order: Order = "document") -> int | None:
        """The next link of the filter after link `after`, from the start again where none is left."""
        return self.store.next_link(after, chosen, order=order)

    def left(self, chosen: LinkFilter) -> Left:
        """How many links of the filter are undecided, and how many of those are expected to be right."""
        return Left(*self.store.left(chosen))

    def latest(self) -> int:
        """The number of the last entry of the log."""
        return self.store.latest()

    def others_since(self, decision: int, reviewer: str) -> bool:
        """Whether anybody but the reviewer, the program too, has put something into the log after that decision."""
        return self.store.others_since(decision, reviewer)

    def who_changed(self, link: Link) -> str | None:
        """`B rejected this link at 12:05`, if somebody changed it since it was read; None where it is as it was."""
        return self.store.who_changed(link)

    def has(self, link: int, chosen: LinkFilter, order: Order = "document") -> bool:
        """Whether the filter has the link."""
        rank = self.store.rank(link, chosen, order=order)
        return rank is not None and [one.id for one in self.store.at(rank, 1, chosen, order=order)] == [link]

    def link(self, link: int) -> Link | None:
        """The link, or None where it is no more."""
        try:
            return self.store.link(link)
        except KeyError:
            return None

    # Around a link

    def context(self, side: LinkSide, n: int) -> tuple[tuple[SentenceRow, ...], tuple[SentenceRow, ...]]:
        """Up to `n` sentences before the side and after it, in reading order."""
        return self.store.context(side, n)

    def sentences(self, document: int, start: int, n: int) -> list[SentenceRow]:
        """`n` sentences of a document from position `start`."""
        return self.store.sentences(document, start, n)

    def sentences_by_id(self, wanted: Sequence[int]) -> list[SentenceRow]:
        """These sentences, in reading order."""
        return self.store.sentences_by_id(wanted)

    def sentence_count(self, document: int) -> int:
        """How many sentences a document has."""
        return self.store.sentence_count(document)

    def links_of_sentences(self, sentences: list[int]) -> dict[int, list[Link]]:
        """The links of each of these sentences; sentences without any are there with none."""
        return self.store.links_of_sentences(sentences)

    def linked_already(
        self, src: Sequence[int], tgt: Sequence[int], moved: int | None = None
    ) -> list[tuple[SentenceRow, Link]]:
        """The links that a reviewer has to know of before linking these sentences by hand, each with the first sentence
        in common: settled ones, and the rejected one of the very same sentences. `moved`: a link that is moved there.

        Raises UsageError where the sentences cannot be linked.
        """
        links = linked_already(Ledger(self.store.db, ""), src, tgt, moved)
        return [(self.sentences_by_id(list(common))[0], self.store.link(link)) for link, common in links.items()]

    def signals(self, link: int) -> dict[str, float] | None:
        """What the solver saw when it proposed the link."""
        return self.store.signals(link)

    # The whole

    def documents(self) -> list[DocumentRow]:
        """Every document, in the order of adding."""
        return self.store.documents()

    def pairs(self) -> list[PairRow]:
        """Every two documents and languages with links between them, and how far their review is."""
        return self.store.pairs()

    def history(self, link: int | None = None, n: int | None = None) -> list[Decision]:
        """What was done, latest first: to one link, or at all."""
        return self.store.decisions(link=link, limit=n)

    def conflicts(self, link: int) -> list[Conflict]:
        """What another copy decided differently on a link and nobody has chosen yet."""
        return self.store.conflicts(link)

    # What the front end keeps

    def recall(self, key: str) -> str | None:
        """What `Reviewer.remember` kept under this key."""
        return self.store.recall(key)

    def audits(self) -> list[dict[str, object]]:
        """The audits that were recorded, latest first."""
        return self.store.audits()
