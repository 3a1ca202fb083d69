"""The list of links that a reviewer looks through, the cursor in it, and the moves of the cursor."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from align.errors import AlignError
from align.models import MAX_ID, Link, LinkKind, Status
from align.review.filter_language import FLAGS, completions, parse_filter, parse_percentage
from align.review.session_state import Order, SessionState
from align.text.messages import per_cent, pluralise
from align.workspace.browse import Browser, LinkFilter

PAGE = 64
"""Links that are fetched at once."""
PAGES_CACHED = 24
AHEAD = 16
"""Links of the list that are looked at before the store is asked for the next undecided one."""
DOUBTFUL = 0.6
"""Confidence below which a link is doubtful."""
LARGE_LIST = 20_000
"""Links of a text filter from which on the list is not fetched anew by itself: it takes a moment."""


JUMPS: dict[str, dict[str, Any]] = {
    "crossing another link": FLAGS["crossing"],
    "next to an unpaired sentence": FLAGS["unlinked"],
    "not 1:1": FLAGS["uneven"],
    "edited": FLAGS["edited"],
    "rejected": {"statuses": frozenset({Status.REJECTED})},
    "with a note": FLAGS["noted"],
    "bookmarked": FLAGS["bookmarked"],
    "asking for attention": FLAGS["attention"],
    "partial": {"kinds": frozenset({LinkKind.PARTIAL})},
    "summary": {"kinds": frozenset({LinkKind.SUMMARY})},
    "title": {"kinds": frozenset({LinkKind.TITLE})},
    "quote": {"kinds": frozenset({LinkKind.QUOTE})},
}
"""What a jump goes to, and its conditions."""


@dataclass(frozen=True, slots=True)
class Message:
    """A line or two about what just happened; mood: `good`, `bad` or empty."""

    text: str = ""
    mood: str = ""


class LinkNavigator:
    """The links of a state's filter, in its order, with a cursor. `remember` saves the state for the next session."""

    def __init__(
        self,
        browser: Browser,
        reviewer: str,
        state: SessionState,
        *,
        remember: Callable[[SessionState], None] = lambda _state: None,
    ) -> None:
        self.browser = browser
        self.reviewer = reviewer
        self.state = state
        self.cursor = 0
        """The rank of the current link, from 0."""
        self.total = 0
        self.left = 0
        """Undecided links of the list."""
        self.expected_right = 0.0
        """The sum of their confidences."""
        self.latest = 0
        """The number of the last decision when the list was fetched: decisions on many links expect no later one."""
        self.message = Message()
        self.revision = 0
        """Grows whenever the list is fetched anew."""
        self.changed_ranks: set[int] = set()
        """Ranks of the links that changed since the list was last shown."""
        self.last_jump = "crossing another link"
        self._remember = remember
        self._pages: OrderedDict[int, list[Link]] = OrderedDict()
        self._shown: Link | None = None
        self._message_link: int | None = None
        self._outdated: tuple[int, int] | None = None

    # The list

    def open(self) -> None:
        """Fetch the list; go to the link of the state, or to the first undecided one."""
        link = self.state.link
        if link is None:
            link = self.browser.next_undecided(None, self.state.filter, self.state.order)
        self.fetch(link, self.state.rank)

    def link_at(self, rank: int) -> Link | None:
        """The link of that rank; None outside the list."""
        if not 0 <= rank < self.total:
            return None
        number, offset = divmod(rank, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = list(self.browser.at(number * PAGE, PAGE, self.state.filter, self.state.order))
            if len(self._pages) > PAGES_CACHED:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page[offset] if offset < len(page) else None

    def fetched(self, links: Collection[int]) -> list[Link]:
        """Those of some links that are fetched, as the list shows them."""
        return [link for page in self._pages.values() for link in page if link.id in links]

    def renew(self, links: Iterable[int]) -> None:
        """Read some links again, the list having the same ones in the same order, and count what is left."""
        new = {link.id: link for link in map(self.browser.link, links) if link is not None}
        for number, page in self._pages.items():
            for offset, link in enumerate(page):
                if link.id in new:
                    now = page[offset] = new[link.id]
                    step = (now.status is Status.PROPOSED) - (link.status is Status.PROPOSED)
                    self.left += step
                    self.expected_right += step * link.confidence
                    self.changed_ranks.add(number * PAGE + offset)

    @property
    def current(self) -> Link | None:
        """The link at the cursor, as it was when it was shown."""
        link = self.link_at(self.cursor)
        shown = self._shown
        return shown if link is not None and shown is not None and link.id == shown.id else link

    def fetch(self, link: int | None = None, rank: int | None = None) -> None:
        """Fetch the list anew and go to the link; where it is deleted, to that rank, or stay at the cursor's."""
        self.latest = self.browser.latest()
        self.total = self.browser.count(self.state.filter)
        self.left, self.expected_right = self.browser.undecided(self.state.filter)
        self._pages.clear()
        self.revision += 1
        rank = self.cursor if rank is None else rank
        position = self.browser.rank(link, self.state.filter, self.state.order) if link is not None else None
        self.move(rank if position is None else position)

    def move(self, rank: int) -> None:
        """Put the cursor on a rank, at most the last, and show the link there."""
        self.cursor = max(0, min(rank, self.total - 1))
        self.show()

    def show(self) -> None:
        """Show the link at the cursor as it is now; a message goes when another link is shown."""
        link = self._shown = self.link_at(self.cursor)
        if link is not None and link.id != self.state.link:
            self.state = self.state.at(link.id, self.cursor)
            self._remember(self.state)
        if self._message_link != (link.id if link else None):
            self.inform("")

    def inform(self, text: str, mood: str = "") -> None:
        """Set the message, until another link is shown."""
        link = self.current
        self._message_link = link.id if link else None
        self.message = Message(text, mood)

    def go_to_link(self, link: int | None) -> None:
        """Put the cursor on the link; None shows the current one anew."""
        rank = self._rank_of(link) if link is not None else None
        self.move(self.cursor if rank is None else rank)

    def _rank_of(self, link: int) -> int | None:
        """The rank of a link: mostly near the cursor, which spares counting a million others."""
        for rank in range(self.cursor, self.cursor + AHEAD + 1):
            near = self.link_at(rank)
            if near is not None and near.id == link:
                return rank
        return self.browser.rank(link, self.state.filter, self.state.order)

    def news(self) -> None:
        """Fetch what others changed meanwhile: a colleague, `align propose`, a bulk run.

        The current link stays as it is shown, with a message on what became of it: a decision on it is one on what the
        reviewer has read, and the store refuses it.
        """
        if self.state.filter.text and self.total > LARGE_LIST:
            return
        link = self.current
        if not self.browser.others_since(self.latest, self.reviewer):
            return
        if link is not None:
            change = self.browser.who_changed(link)
            if change is None and not self.browser.has(link.id, self.state.filter, self.state.order):
                change = "this link is no longer in the list"
            if change is not None:
                if self._outdated != (link.id, self.latest):
                    self._outdated = link.id, self.latest
                    self.inform(f"{change[:1].upper()}{change[1:]}.", "bad")
                return
        self.fetch(link.id if link else None)

    # Moves

    def down(self) -> None:
        """Go to the next link of the list."""
        self.move(self.cursor + 1)

    def up(self) -> None:
        """Go to the previous link of the list."""
        self.move(self.cursor - 1)

    def next_undecided(self) -> None:
        """Go to the next undecided link, from the start again after the last."""
        link = self.current
        following = self.near_undecided(link) if link else None
        if following is None:
            after = link.id if link else None
            following = self.browser.next_undecided(after, self.state.filter, self.state.order)
        if following is None or (link is not None and following == link.id and link.status is not Status.PROPOSED):
            self.inform("Nothing is left undecided here.", "good")
        elif link is not None and following == link.id:
            self.inform("This is the only one left undecided.")
        else:
            self.go_to_link(following)

    def skip(self) -> None:
        """Leave the link undecided and go to the next undecided one."""
        self.next_undecided()

    def doubtful(self) -> None:
        """Go to the next undecided link that is less sure than the rest."""
        undecided = replace(self.state.filter, statuses=frozenset({Status.PROPOSED}), max_confidence=DOUBTFUL)
        self._go_to_next(undecided, f"No undecided link is below {per_cent(DOUBTFUL)}.")

    def next_uneven(self) -> None:
        """Go to the next link that is not one sentence to one."""
        self._go_to_next(replace(self.state.filter, uneven=True), "Every link here is one sentence to one.")

    def jump(self, target: str) -> None:
        """Go to the next link of one of `JUMPS`, and remember it for the next jump."""
        self.last_jump = target
        self._go_to_next(replace(self.state.filter, **JUMPS[target]), f"No link of this list: {target}.")

    def next_bookmark(self) -> None:
        """Go to the next bookmarked link."""
        self._go_to_next(replace(self.state.filter, bookmarked=True), "There are no bookmarks.")

    def _go_to_next(self, matching: LinkFilter, otherwise: str) -> None:
        link = self.browser.next(self.state.link, matching, self.state.order)
        if link is None:
            self.inform(otherwise)
        else:
            self.go_to_link(link)

    def go_to(self, typed: str) -> None:
        """Go to a rank (from 1), `#` and a number of a link, a percentage of the list, or words of a text."""
        typed = typed.strip()
        if not typed or not self.total:
            return
        number = re.fullmatch(r"(#?)\s*(\d+)\s*(%?)", typed, re.ASCII)
        if number is None or (number[1] and number[3]):
            self._go_to_next(replace(self.state.filter, text=typed), f"{typed!r} is in no link of this list.")
        elif number[1]:
            self._go_to_number(int(number[2]))
        elif number[3]:
            self.move((self.total - 1) * min(100, int(number[2])) // 100)
        else:
            self.move(int(number[2]) - 1)

    def _go_to_number(self, number: int) -> None:
        state = self.state
        rank = self.browser.rank(number, state.filter, state.order) if number <= MAX_ID else None
        if rank is None:
            self.inform(f"There is no link {number} (any more).")
        elif [link.id for link in self.browser.at(rank, 1, state.filter, state.order)] != [number]:
            self.inform(f"Link {number} is not in this list. Esc clears the filter.")
        else:
            self.move(rank)

    def clear(self) -> None:
        """List all links again; the current link stays."""
        if self.state.typed:
            self.filter("")
        else:
            self.inform("There is no filter to clear. `q` goes back.")

    def matching(self, typed: str) -> LinkFilter:
        """The filter that a reviewer typed. Raises UsageError, naming the word that cannot be read."""
        return parse_filter(typed, self.state.base, self._documents())

    def completions(self, typed: str) -> list[str]:
        """What the last word of a filter can become."""
        return completions(typed, self._documents(), (self.reviewer,))

    def _documents(self) -> list[tuple[int, str]]:
        pairs = self.browser.pairs()
        names = {(p.src_document, p.src_doc) for p in pairs} | {(p.tgt_document, p.tgt_doc) for p in pairs}
        return sorted(names)

    def filter(self, typed: str) -> None:
        """List only the links that match; empty lists all. The current link stays if it is listed."""
        try:
            matching = self.matching(typed)
        except AlignError as error:
            self.inform(str(error), "bad")
            return
        link = self.state.link
        self.state = replace(self.state, filter=matching, typed=typed.strip()).with_history(typed)
        self.fetch(link)
        self._remember(self.state)
        if self.total:
            self.inform(pluralise(self.total, "link"))
        elif self.state.base.documents:
            self.inform("No link of these two texts matches. Esc clears the filter; `q`, then `a`, looks through all.")
        else:
            self.inform("No link matches. Esc clears the filter.")

    def count_through(self) -> int:
        """Number of undecided links that `accept_through` would accept; 0 where it is refused."""
        link = self.current
        if link is None or self.state.order == "doubt":
            return 0
        undecided = replace(self.state.filter, statuses=frozenset({Status.PROPOSED}))
        if self.state.filter.statuses and Status.PROPOSED not in self.state.filter.statuses:
            return 0
        return (self.browser.rank(link.id, undecided) or 0) + (link.status is Status.PROPOSED)

    def count_above(self, typed: str) -> int:
        """Number of undecided links of at least a percentage."""
        level = max(parse_percentage(typed) / 100, self.state.filter.min_confidence or 0.0)
        return self.browser.undecided(replace(self.state.filter, min_confidence=level)).links

    def sort(self) -> None:
        """Change to document order, at the same link, or to doubt first, at the first undecided link."""
        link = self.state.link
        order: Order = "document" if self.state.order == "doubt" else "doubt"
        self.state = replace(self.state, order=order)
        if order == "doubt":
            link = self.browser.next_undecided(None, self.state.filter, order) or link
        self.fetch(link)
        self._remember(self.state)
        words = "Sorted by doubt: a look at what comes first is expected to find the most mistakes."
        self.inform(words if order == "doubt" else "Sorted as in the documents.")

    def following(self, link: Link) -> int | None:
        """The undecided link after this one; None where it is the last."""
        following = self.near_undecided(link)
        if following is None:
            following = self.browser.next_undecided(link.id, self.state.filter, self.state.order)
        return None if following == link.id else following

    def near_undecided(self, link: Link) -> int | None:
        """The undecided link among the next ones of the list, which are fetched already."""
        current = self.current
        if current is None or current.id != link.id:
            return None
        for rank in range(self.cursor + 1, self.cursor + 1 + AHEAD):
            near = self.link_at(rank)
            if near is None:
                return None
            if near.status is Status.PROPOSED:
                return near.id
        return None
