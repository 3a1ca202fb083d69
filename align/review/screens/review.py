"""The screen where links are settled: the list, both texts, one key for each thing that can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen

from align.domain import SETTLED, Link, Status
from align.review.keys import REVIEW, bindings
from align.review.place import Place
from align.review.screens.auditing import Auditing
from align.review.screens.deciding import Deciding
from align.review.screens.detail import Detail
from align.review.screens.explaining import Explaining
from align.review.screens.finding import Finding
from align.review.screens.fixing import Fixing
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.link_list import LinkList
from align.review.widgets.texts import Texts

NEWS_EVERY = 2.0
"""Seconds between two looks at what others did."""

MANY_HITS = 20_000
"""Links with the words of a filter that are not looked for anew by themselves: it takes a moment."""

WITHOUT_LINK = frozenset({"filter", "undo", "redo", "help", "back"})
"""What is of use where no link is listed."""

USEFUL: dict[str, Callable[[Link, ReviewScreen], bool]] = {
    "accept": lambda link, _screen: link.status not in SETTLED,
    "reject": lambda link, _screen: link.status is not Status.REJECTED,
    "skip": lambda link, _screen: link.status is Status.PROPOSED,
    "give_up": lambda link, screen: len(getattr(link, screen.side).sentences) > 1,
    "give_down": lambda link, screen: len(getattr(link, screen.side).sentences) > 1,
    "difference": lambda link, _screen: link.src.original is not None or link.tgt.original is not None,
    "rival": lambda _link, screen: screen.info_shown,
    "next": lambda _link, screen: screen.left > 0,
    "doubtful": lambda _link, screen: screen.left > 0,
}
"""When the key bar offers what is not of use to every link."""


class ReviewScreen(Deciding, Fixing, Explaining, Finding, Auditing, Detail, Screen[None]):
    """The list of links in `place`, and what its reviewer does with them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(REVIEW)

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.total = 0
        self.left = 0
        self.expected = 0.0
        self.since = 0
        """The last entry of the log when the list was fetched: what is decided on many links goes by it."""
        self._painted: Link | None = None
        self._stale: tuple[int, int] | None = None
        self._said_of: int | None = None

    def compose(self) -> ComposeResult:
        """Top line, list and texts, what was said, keys."""
        yield Line(id="top")
        with Container(id="both"):
            yield LinkList(self._fetch, id="links")
            yield Texts(id="texts")
        yield Line(id="said", most=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Stand where the reviewer was."""
        self.query_one(LinkList).focus()
        self.relist(self.place.link, self.place.rank)
        if self.place.link is None:
            self.action_next()
        self.set_interval(NEWS_EVERY, self.look_for_news)

    def look_for_news(self) -> None:
        """Show what others did to the store meanwhile: a colleague, `align propose`, a bulk run.

        The link that is being read stays as it is on the screen, with a word on what became of it: a decision on it is
        one on what the reviewer has read, and the store refuses it.
        """
        if not self.is_current or (self.place.filter.text and self.total > MANY_HITS):
            return
        browser, link = self.app.browser, self.current
        if not browser.others_since(self.since, self.app.reviewer):
            return
        if link is not None:
            changed = browser.who_changed(link)
            if changed is None and not browser.has(link.id, self.place.filter, self.place.order):
                changed = "this link is no longer in the list"
            if changed is not None:
                if self._stale != (link.id, self.since):
                    self._stale = link.id, self.since
                    self.say(f"{changed[:1].upper()}{changed[1:]}.", "bad")
                return
        self.relist(link.id if link else None)

    def _fetch(self, rank: int, count: int) -> list[Link]:
        return list(self.app.browser.at(rank, count, self.place.filter, self.place.order))

    @property
    def links(self) -> LinkList:
        """The list widget."""
        return self.query_one(LinkList)

    @property
    def current(self) -> Link | None:
        """The link under the cursor, as it was when it was shown."""
        link, painted = self.links.current, self._painted
        return painted if link is not None and painted is not None and link.id == painted.id else link

    def relist(self, link: int | None = None, rank: int | None = None) -> None:
        """Count and fetch anew, and stand on the link; where it is no more, on that rank, or where the cursor was."""
        browser = self.app.browser
        self.since = browser.latest()
        self.total = browser.count(self.place.filter)
        self.count_left()
        rank = self.links.cursor if rank is None else rank
        if link is not None:
            found = browser.rank(link, self.place.filter, self.place.order)
            rank = rank if found is None else found
        self.links.show(self.total, rank)
        self.look()

    def count_left(self) -> None:
        """How many links of the list are undecided, and how many of those should be right."""
        self.left, self.expected = self.app.browser.left(self.place.filter)

    def on_link_list_moved(self, _message: LinkList.Moved) -> None:
        """Show the link and remember the place."""
        self.look()

    def look(self) -> None:
        """Show the link under the cursor, remember the place, and offer what can be done now."""
        link = self._painted = self.links.current
        if link is not None and link.id != self.place.link:
            self.place = self.place.at(link.id, self.links.cursor)
            self.app.keep_place(self.place)
        if self._said_of != (link.id if link else None):
            self.say("")  # What was said tells of where the reviewer was before.
        self.show_texts(link)
        self.show_top()
        self.refresh_bindings()

    def say(self, words: str, mood: str = "") -> None:
        """A line or two about what just happened, until the reviewer moves on; mood `good`, `bad` or none."""
        link = self.current
        self._said_of = link.id if link else None
        said = self.query_one("#said", Line)
        said.set_class(mood == "good", "-good")
        said.set_class(mood == "bad", "-bad")
        waiting = self.app.clerk.waiting
        said.show(words, f"saving {waiting} …" if waiting else "")

    def useful(self, action: str) -> bool:
        """Whether the key bar offers the action now. The key works all the same, and says why it does nothing."""
        link = self.current
        name = action.partition("(")[0]
        if link is None:
            return name in WITHOUT_LINK
        test = USEFUL.get(name)
        return test(link, self) if test else True

    def action_down(self) -> None:
        """Next link of the list."""
        self.links.cursor += 1

    def action_up(self) -> None:
        """Previous link of the list."""
        self.links.cursor -= 1

    def action_back(self) -> None:
        """To the workspace."""
        self.app.pop_screen()
