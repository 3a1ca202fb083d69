"""The screen where links are decided: the list and both texts of the current link, with a key for each action."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.screen import Screen

from align.models import CONFIRMED, Link
from align.report.pace import sample, wilson
from align.review.consequences import Consequences
from align.review.filter_language import GRAMMAR, parse_percentage
from align.review.keys import KEY_BAR, REVIEW_KEYS, bindings
from align.review.presenters import EMPTY, LinkPresenter
from align.review.screens.audit import AUDIT_SIZE, AuditScreen
from align.review.screens.base import ours, reason
from align.review.screens.dialogs import (
    Ask,
    AskText,
    Choose,
    Confirm,
    HelpScreen,
    HistoryScreen,
    LinkIds,
    confirm_existing_links,
)
from align.review.screens.document import DocumentScreen, View
from align.review.screens.realign_preview import RealignmentPreview
from align.review.screens.split import SplitScreen, can_split
from align.review.session import PendingEdit, ReviewSession
from align.review.session_state import SessionState
from align.review.split_points import SplitPoint
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.link_list import LinkList
from align.review.widgets.texts import Texts
from align.text.messages import pluralise
from align.workspace.realign import AlternativeTarget

NEWS_SECONDS = 2.0
"""Seconds between two looks at what others did."""
RIVALS = 9
KIND_KEYS = (("t", "translation"), ("p", "partial"), ("s", "summary"), ("i", "title"), ("q", "quote"))


class ReviewScreen(Screen[None]):
    """A session on screen. A key calls `do_` and its action here where it needs a dialog, else the session's method."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(REVIEW_KEYS, "perform('{}')")
    KEY_BAR = KEY_BAR
    session: ReviewSession
    presenter: LinkPresenter

    class AlternativesReady(Message):
        """The rivals of a link, or why there are none."""

        def __init__(self, link: int, future: Future[list[AlternativeTarget]]) -> None:
            super().__init__()
            self.link = link
            self.future = future

    def __init__(self, state: SessionState) -> None:
        super().__init__()
        self._state = state
        self._rivals_asked: int | None = None

    def compose(self) -> ComposeResult:
        """Top line, list and texts, message, keys."""
        app = ours(self)
        self.session = ReviewSession(
            app.browser,
            app.decision_writer,
            app.reviewer,
            self._state,
            remember=app.save_state,
            when_saved=lambda future: app.when_saved(future, self),
        )
        self.presenter = LinkPresenter(self.session)
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
            if self.presenter.reasons_shown and self.presenter.rivals_of != link.id:
                self._ask_rivals(link)
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
        line.show(message.text, f"saving {waiting} …" if waiting and message.text else "")

    def useful(self, call: str) -> bool:
        """Whether the key bar offers an action now. The key works all the same, and says why it does nothing."""
        if call.startswith("rival"):
            return self.presenter.reasons_shown and self.session.current is not None
        return self.session.is_useful(call.split("'")[1])

    def look_for_news(self) -> None:
        """Show what others did to the store meanwhile."""
        if self.is_current:
            self.session.news()
            self.paint()

    def saved(self, future: Future[Any]) -> None:
        """Show a decision that took long."""
        self.session.saved(future)
        self.paint()

    def on_link_list_moved(self, message: LinkList.Moved) -> None:
        """Go to the link of that row."""
        self.session.move(message.rank)
        self.paint()

    # Keys

    def action_perform(self, action: str) -> None:
        """Do what a key is for; an edit that is solved around asks first."""
        work: Callable[[], PendingEdit | None] = getattr(self, f"do_{action}", None) or getattr(self.session, action)
        pending = work()
        if pending is not None:
            self._realign(pending)
        self.paint()

    def _realign(self, pending: PendingEdit) -> None:
        """Preview an edit, solve around it, show what else changes, then commit both as one decision."""

        def answered(answer: Consequences | None) -> None:
            if answer is None:
                self.session.cancel(pending)
            else:
                self.session.commit(pending, answer.versions, answer.realignment)
            self.paint()

        self.app.push_screen(RealignmentPreview(pending.edit, pending.words), answered)

    def _ask(self, dialog: Screen[Any], use: Callable[[Any], PendingEdit | None]) -> None:
        """Show a dialog and use its answer; None cancels."""

        def answered(answer: Any) -> None:
            if answer is not None:
                pending = use(answer)
                if pending is not None:
                    self._realign(pending)
                self.paint()

        self.app.push_screen(dialog, answered)

    def do_next(self) -> None:
        """Go to the next undecided link."""
        self.session.next_undecided()

    def do_side(self) -> None:
        """Change the active side."""
        self.session.other_side()

    def do_filter(self) -> None:
        """Ask what to list."""
        state = self.session.state
        hint, check = f"{GRAMMAR} · empty = all · ↑ earlier filters", self.session.matching
        dialog = Ask("Filter: show only", state.typed, hint, check=check, history=state.typed_before)
        self._ask(dialog, self.session.filter)

    def do_go_to(self) -> None:
        """Ask where to go."""
        hint = "a position in the list · #18 (the link's own number) · 50% · words of its text"
        self._ask(Ask("Go to", "", hint), self.session.go_to)

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

    def do_copy(self) -> None:
        """Copy the text of the active side."""
        link = self.session.require_current()
        if link is not None:
            self.app.copy_to_clipboard(getattr(link, self.session.side).text)
            self.session.inform(f"Copied the {'source' if self.session.side == 'src' else 'target'}.", "good")

    def do_kind(self) -> None:
        """Ask for the kind of the link."""
        link = self.session.require_current()
        if link is not None:
            dialog = Choose(f"Kind (now {link.kind.value})", KIND_KEYS)
            self._ask(dialog, lambda kind: self.session.set_kind(link, kind))

    def do_note(self) -> None:
        """Ask for the note."""
        link = self.session.require_current()
        if link is not None:
            self._ask(Ask("Note", link.note or "", "empty = no note"), lambda text: self.session.note(link, text))

    def do_edit(self) -> None:
        """Ask for the text of the active side."""
        link, side = self.session.require_current(), self.session.side
        if link is not None:
            words = "source" if side == "src" else "target"
            hint = "Enter saves · Esc cancels · the original is kept · Tab before `e` chooses the side"
            dialog = AskText(f"Edit the {words}", getattr(link, side).text, hint)
            self._ask(dialog, lambda text: self.session.edit_text(link, side, text))

    def do_split(self) -> PendingEdit | None:
        """Split a link of two by two sentences in the middle; ask where to split any other."""
        link = self.session.require_current()
        if link is not None and (len(link.src.sentences), len(link.tgt.sentences)) == (2, 2):
            return self.session.split(link, 1, 1)
        self._split_at(link)
        return None

    def do_split_at(self) -> None:
        """Ask where to split the link."""
        self._split_at(self.session.require_current())

    def _split_at(self, link: Link | None) -> None:
        if link is None:
            return
        sides = self.presenter.sides(link, self.query_one(Texts).size.height, by_sentence=True)
        if not can_split(sides):
            self.session.inform("A side has one character only: `d` unlinks, `r` links to another place.", "bad")
            return

        def use(points: tuple[SplitPoint, SplitPoint]) -> PendingEdit:
            return self.session.split(link, *points)

        self._ask(SplitScreen(sides), use)

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

    def do_history(self) -> None:
        """Show what was decided on the link."""
        link = self.session.current
        if link is not None:
            self.app.push_screen(HistoryScreen(link.id))

    def do_help(self) -> None:
        """Show every key."""
        self.app.push_screen(HelpScreen())

    def do_back(self) -> None:
        """Go to the workspace."""
        self.app.pop_screen()

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
        session = self.session
        listed = session.state.filter
        settled = listed if listed.statuses else replace(listed, statuses=CONFIRMED)
        total = session.browser.count(settled)
        if not total:
            session.inform("There is nothing to audit: no link of this list is accepted yet.")
            return

        def use(typed: str) -> None:
            if typed.strip().isdecimal() and int(typed) >= 1:
                ranks = sample(total, int(typed), random.Random())
                links = [session.browser.at(rank, 1, settled)[0] for rank in ranks]
                self.app.push_screen(AuditScreen(links), self._audited)

        hint = f"of {total:,} {'links of this list' if listed.statuses else 'accepted links of this list'}"
        self._ask(Ask("How many random links to check?", str(min(AUDIT_SIZE, total)), hint), use)

    def _audited(self, result: tuple[int, int] | None) -> None:
        if not result or not result[1]:
            self.session.inform("The audit was left; nothing is kept of it.")
        else:
            self.session.record_audit(*result, *wilson(*result))
        self.paint()

    # Rivals

    def do_info(self) -> None:
        """Show or hide the reasons for the link."""
        self.presenter.reasons_shown = not self.presenter.reasons_shown

    def _ask_rivals(self, link: Link) -> None:
        if self._rivals_asked == link.id:
            return
        self._rivals_asked = link.id
        future = ours(self).solver.submit(lambda solver: solver.alternatives(link, RIVALS))
        future.add_done_callback(lambda done: self.post_message(self.AlternativesReady(link.id, done)))

    def on_review_screen_alternatives_ready(self, message: AlternativesReady) -> None:
        """Show them, if the link is still the current one. Whatever fails in the solver, the review goes on."""
        link, self._rivals_asked = self.session.current, None
        if link is not None and link.id == message.link:
            error = message.future.exception()
            self.presenter.rivals_of = link.id
            self.presenter.rivals_failed = reason(error) if error else ""
            self.presenter.rivals = [] if error else message.future.result()
            self.paint()

    def action_rival(self, number: int) -> None:
        """Link the source side to a rival; where none are shown yet, show them first."""
        link, presenter = self.session.current, self.presenter
        if link is None:
            return
        if not presenter.reasons_shown or presenter.rivals_of != link.id:
            presenter.reasons_shown = True
        elif number > len(presenter.rivals):
            self.session.inform(f"There is no alternative {number}.")
        else:
            self._relink(link, link.src.sentences, presenter.rivals[number - 1].sentences)
        self.paint()

    def _relink(self, link: Link, src: Sequence[int], tgt: Sequence[int]) -> None:
        """Move the link to other sentences; asks where they are in accepted links."""

        def go_on(shared: LinkIds | None) -> None:
            if shared is None:
                self.session.inform("Re-linking: cancelled, nothing changed.")
                self.paint()
            else:
                self._realign(self.session.relink(link, src, tgt, shared))

        confirm_existing_links(ours(self), (src, tgt), link, go_on)
