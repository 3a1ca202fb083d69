"""Finding links: filter, go to, sort, and the ways to the other screens."""

from __future__ import annotations

from dataclasses import replace

from align.domain import LARGEST, Status
from align.errors import AlignError
from align.review.filters import GRAMMAR, parse
from align.review.place import Order
from align.review.screens.asking import Ask
from align.review.screens.base import Part
from align.review.screens.document import DocumentScreen, View
from align.review.screens.help import HelpScreen
from align.review.screens.history import HistoryScreen
from align.review.widgets.texts import Texts
from align.text.counted import counted

DOUBTFUL = 0.6
"""Below this confidence a link is doubtful."""


class Finding(Part):
    """Ways to other links and screens."""

    def action_filter(self) -> None:
        """Ask what to list."""
        self.app.push_screen(Ask("Show only", self.place.typed, f"{GRAMMAR} · empty = all"), self._filter)

    def _filter(self, typed: str | None) -> None:
        if typed is None:
            return
        names = {(p.src_document, p.src_doc) for p in self.app.browser.pairs()}
        names |= {(p.tgt_document, p.tgt_doc) for p in self.app.browser.pairs()}
        try:
            chosen = parse(typed, self.place.base, sorted(names))
        except AlignError as error:
            self.say(str(error), "bad")
            return
        link = self.place.link
        self.place = replace(self.place, filter=chosen, typed=typed.strip())
        self.relist(link)
        self.app.keep_place(self.place)
        if self.total:
            self.say(counted(self.total, "link"))
        elif self.place.base.documents:
            self.say("No link of these two texts is like that. `q`, then `a`, looks through all.")
        else:
            self.say("No link is like that. `/` and Enter shows all again.")

    def action_sort(self) -> None:
        """Document order, where the link stays in sight; or doubt first, from the first that is undecided."""
        link = self.place.link
        order: Order = "document" if self.place.order == "doubt" else "doubt"
        self.place = replace(self.place, order=order)
        if order == "doubt":
            link = self.app.browser.next_undecided(None, self.place.filter, order) or link
        self.relist(link)
        self.app.keep_place(self.place)
        words = "Sorted by doubt: a look at what comes first is expected to find the most mistakes."
        self.say(words if order == "doubt" else "Sorted as in the documents.")

    def action_go_to(self) -> None:
        """Ask where to go."""
        self.app.push_screen(
            Ask("Go to", "", "a place in the list · #18 (the link's own number) · 50% · words of its text"), self._go_to
        )

    def _go_to(self, typed: str | None) -> None:
        typed = (typed or "").strip()
        if not typed or not self.total:
            return
        if typed.startswith("#") and typed[1:].strip().isdecimal():
            self._go_to_number(int(typed[1:]))
        elif typed.isdecimal():
            self.links.cursor = int(typed) - 1
        elif typed.endswith("%") and typed[:-1].strip().isdecimal():
            self.links.cursor = (self.total - 1) * min(100, int(typed[:-1])) // 100
        else:
            wanted = replace(self.place.filter, text=typed)
            self._go_on_to(
                self.app.browser.next(self.place.link, wanted, self.place.order), f"{typed!r} stands nowhere."
            )

    def _go_to_number(self, number: int) -> None:
        """The link that history, `align explain` and exports call so."""
        chosen, order = self.place.filter, self.place.order
        rank = self.app.browser.rank(number, chosen, order) if number <= LARGEST else None
        if rank is None:
            self.say(f"There is no link {number} (any more).")
        elif [link.id for link in self.app.browser.at(rank, 1, chosen, order)] != [number]:
            self.say(f"Link {number} is not in this list. `/` and Enter shows all.")
        else:
            self.links.cursor = rank

    def action_doubtful(self) -> None:
        """The next undecided link that is less sure than the rest."""
        wanted = replace(self.place.filter, statuses=frozenset({Status.PROPOSED}), max_confidence=DOUBTFUL)
        found = self.app.browser.next(self.place.link, wanted, self.place.order)
        self._go_on_to(found, f"No undecided link is below {DOUBTFUL:.0%}.")

    def action_next_uneven(self) -> None:
        """The next link that is not one sentence to one."""
        wanted = replace(self.place.filter, uneven=True)
        found = self.app.browser.next(self.place.link, wanted, self.place.order)
        self._go_on_to(found, "Every link here is one sentence to one.")

    def action_next_bookmark(self) -> None:
        """The next bookmarked link."""
        wanted = replace(self.place.filter, bookmarked=True)
        self._go_on_to(self.app.browser.next(self.place.link, wanted, self.place.order), "There are no bookmarks.")

    def _go_on_to(self, found: int | None, otherwise: str) -> None:
        if found is None:
            self.say(otherwise)
        else:
            self.go_to_link(found)

    def action_document(self) -> None:
        """Both documents of this link."""
        link = self.current
        if link is not None:
            self.app.push_screen(DocumentScreen(View.of(link)), self._back_from_documents)

    def action_relink(self) -> None:
        """Choose another place for this link."""
        link = self.current
        if link is not None:
            self.app.push_screen(DocumentScreen(View.of(link, relinks=True)), self._back_from_documents)

    def _back_from_documents(self, link: int | None) -> None:
        self.relist(link if link is not None else self.place.link)

    def action_history(self) -> None:
        """What was decided on this link."""
        link = self.current
        if link is not None:
            self.app.push_screen(HistoryScreen(link.id))

    def action_help(self) -> None:
        """Every key."""
        self.app.push_screen(HelpScreen())

    def action_scroll_down(self) -> None:
        """More of the texts."""
        self.query_one(Texts).scroll_by(4)

    def action_scroll_up(self) -> None:
        """Back up the texts."""
        self.query_one(Texts).scroll_by(-4)
