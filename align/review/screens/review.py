"""The screen where links are decided: the list and both texts of the current link, with a key for each action."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen

from align.models import Link
from align.review.filter_language import GRAMMAR, parse_percentage
from align.review.keys import KEY_BAR, REVIEW_KEYS, bindings
from align.review.presenters import EMPTY
from align.review.screens.audit import audit
from align.review.screens.base import ours, reason, served_text
from align.review.screens.deciding import DecidingScreen
from align.review.screens.dialogs import (
    Ask,
    Confirm,
)
from align.review.screens.document import DocumentScreen, View
from align.review.session_state import SessionState
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.link_list import LinkList
from align.review.widgets.texts import Texts
from align.text.messages import pluralise
from align.workspace.realign import AlternativeTarget

NEWS_SECONDS = 2.0
"""Seconds between two looks at what others did."""
MAX_ALTERNATIVES = 9


class ReviewScreen(DecidingScreen):
    """A session on screen, with the list of its links and the texts of the current one."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(REVIEW_KEYS, "perform('{}')")
    KEY_BAR = KEY_BAR
    HELP_ACTIONS = REVIEW_KEYS

    class AlternativesReady(Message):
        """The alternatives of a link, or why there are none."""

        def __init__(self, link: int, future: Future[list[AlternativeTarget]]) -> None:
            super().__init__()
            self.link = link
            self.future = future

    def __init__(self, state: SessionState) -> None:
        super().__init__()
        self._state = state
        self._alternatives_requested: int | None = None

    def compose(self) -> ComposeResult:
        """Top line, list and texts, message, keys."""
        self.open_session(self._state, ours(self).save_state)
        yield Line(id="top")
        with Container(id="both"):
            yield LinkList(self.session, id="links")
            yield Texts(id="texts")
        yield Line(id="said", max_lines=2)
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Go to the link where the last session ended."""
        self.query_one(LinkList).focus()
        self.session.open()
        self.paint()
        self.set_interval(NEWS_SECONDS, self.look_for_news)

    def on_resize(self) -> None:
        """Show as much context as there is room for."""
        self.call_after_refresh(self.paint)

    # Painting

    def paint(self) -> None:
        """Show the session as it is."""
        if not self.is_attached or not self.session.revision:
            return
        session, texts = self.session, self.query_one(Texts)
        link = session.current
        self.query_one(LinkList).update_rows()
        height = texts.size.height
        if link is None:
            texts.show((), (EMPTY,))
        else:
            if self.presenter.reasons_shown and self.presenter.alternatives_of != link.id:
                self._request_alternatives(link)
            texts.show(self.presenter.sides(link, height), self.presenter.foot(link, height))
        self.query_one("#top", Line).show(*self.presenter.top(self.size.width))
        self.paint_message()
        self.refresh_bindings()

    def paint_message(self) -> None:
        """Show the message, and how many decisions are being saved."""
        message, line = self.session.message, self.query_one("#said", Line)
        line.set_class(message.mood == "good", "-good")
        line.set_class(message.mood == "bad", "-bad")
        waiting = ours(self).decision_writer.waiting
        line.show(served_text(self, message.text), f"saving {waiting} …" if waiting and message.text else "")

    def useful(self, call: str) -> bool:
        """Whether the key bar offers an action now. The key works all the same, and says why it does nothing."""
        if call.startswith(("alternative", "app.")):
            shown = call.startswith("app.") or self.presenter.reasons_shown
            return shown and self.session.current is not None
        return self.session.is_useful(call.split("'")[1])

    def look_for_news(self) -> None:
        """Show what others did to the store meanwhile."""
        if self.is_current:
            self.session.news()
            self.paint()

    def on_link_list_moved(self, message: LinkList.Moved) -> None:
        """Go to the link of that row."""
        self.session.move(message.rank)
        self.paint()

    def on_texts_side_clicked(self, message: Texts.SideClicked) -> None:
        """Make that side the active one."""
        if ("src", "tgt")[message.side] != self.session.side:
            self.session.other_side()
            self.paint()

    # Keys

    def do_next(self) -> None:
        """Go to the next undecided link."""
        self.session.next_undecided()

    def do_side(self) -> None:
        """Change the active side."""
        self.session.other_side()

    def do_filter(self) -> None:
        """Ask what to list."""
        state = self.session.state
        hint = f"{GRAMMAR} · empty = all · Tab completes · ↑ earlier filters"
        dialog = Ask(
            "Filter: show only",
            state.typed,
            hint,
            check=self.session.matching,
            history=state.typed_before,
            complete=self.session.completions,
        )
        self._ask(dialog, self.session.filter)

    def do_accept_above(self) -> None:
        """Ask for the confidence."""
        session = self.session

        def describe(typed: str) -> str:
            return f"Accepts {pluralise(session.count_above(typed), 'undecided link')}."

        question = "Accept every undecided link that is at least this sure, in per cent"
        self._ask(Ask(question, "90", check=parse_percentage, describe=describe), session.accept_above)

    def do_accept_through(self) -> None:
        """Accept all to here; ask first where that is more than this link."""
        count = self.session.count_through()
        if count <= 1:
            self.session.accept_through()
            return

        def use(agreed: bool) -> None:
            if agreed:
                self.session.accept_through()

        self._ask(Confirm(f"Accept {count:,} undecided links, from the top of the list to this one?"), use)

    def do_document(self) -> None:
        """Show both documents of the link."""
        self._show_documents(relinks=False)

    def do_relink(self) -> None:
        """Choose other sentences for the link in its documents."""
        self._show_documents(relinks=True)

    def _show_documents(self, *, relinks: bool) -> None:
        def back(number: int | None) -> None:
            self.session.fetch(number if number is not None else self.session.state.link)
            self.paint()

        link = self.session.current
        if link is not None:
            self.app.push_screen(DocumentScreen(View.of(link, relinks=relinks)), back)

    def document_of_side(self) -> int | None:
        """The document of the active side."""
        link = self.session.require_current()
        return getattr(link, self.session.side).document if link is not None else None

    def do_back(self) -> None:
        """Go to the workspace."""
        self.dismiss()

    def do_scroll_down(self) -> None:
        """Scroll the texts down."""
        self.query_one(Texts).scroll_by(4)

    def do_scroll_up(self) -> None:
        """Scroll the texts up."""
        self.query_one(Texts).scroll_by(-4)

    def do_difference(self) -> None:
        """Show or hide what was changed in edited texts."""
        self.presenter.changes_shown = not self.presenter.changes_shown

    def do_audit(self) -> None:
        """Ask how many links to judge, then judge them."""

        def push(screen: Screen[Any], use: Callable[[Any], None]) -> None:
            def answered(answer: Any) -> None:
                use(answer)
                self.paint()

            self.app.push_screen(screen, answered)

        audit(self.session, push)

    # Alternatives

    def do_info(self) -> None:
        """Show or hide the reasons for the link."""
        self.presenter.reasons_shown = not self.presenter.reasons_shown

    def _request_alternatives(self, link: Link) -> None:
        if self._alternatives_requested == link.id:
            return
        self._alternatives_requested = link.id
        future = ours(self).solver.submit(lambda solver: solver.alternatives(link, MAX_ALTERNATIVES))
        future.add_done_callback(lambda done: self.post_message(self.AlternativesReady(link.id, done)))

    def on_review_screen_alternatives_ready(self, message: AlternativesReady) -> None:
        """Show them, if the link is still the current one. Whatever fails in the solver, the review goes on."""
        link, self._alternatives_requested = self.session.current, None
        if link is not None and link.id == message.link:
            error = message.future.exception()
            self.presenter.alternatives_of = link.id
            self.presenter.alternatives_failed = served_text(self, reason(error)) if error else ""
            self.presenter.alternatives = [] if error else message.future.result()
            self.paint()

    def action_alternative(self, number: int) -> None:
        """Link the source side to an alternative; where none are shown yet, show them first."""
        link, presenter = self.session.current, self.presenter
        if link is None:
            return
        if not presenter.reasons_shown or presenter.alternatives_of != link.id:
            presenter.reasons_shown = True
        elif number > len(presenter.alternatives):
            self.session.inform(f"There is no alternative {number}.")
        else:
            self._relink(link, link.src.sentences, presenter.alternatives[number - 1].sentences)
        self.paint()
