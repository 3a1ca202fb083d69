"""What the screens on which links are decided have in common: a session, its dialogs, and what an edit changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

from textual.screen import Screen

from align.models import Link
from align.review.filter_language import JUMPS
from align.review.keys import KeyAction
from align.review.presenters import LinkPresenter
from align.review.queries import Consequences
from align.review.screens.base import ClosesOnce, ours
from align.review.screens.concordance_view import look_up
from align.review.screens.dialogs import (
    Ask,
    AskText,
    Choose,
    HelpScreen,
    HistoryScreen,
    LinkIds,
    confirm_existing_links,
)
from align.review.screens.edit_dialogs import RealignmentPreview, SplitScreen, can_split
from align.review.session import PendingEdit, ReviewSession
from align.review.session_state import SessionState
from align.review.split_points import SplitPoint

JUMP_KEYS = "cu1exnbapstq"
"""Letters of `JUMPS`."""
KIND_KEYS = (("t", "translation"), ("p", "partial"), ("s", "summary"), ("i", "title"), ("q", "quote"))


OPENERS = {"darwin": "open", "win32": "explorer"}
"""Programs that open a file in the program of its kind; elsewhere `xdg-open`."""


def opened(name: str) -> tuple[str, str]:
    """Open the file of a document; a message, and its mood."""
    path = Path(name)
    if not path.is_file():
        return f"{name}: the file is not there (any more). Start the program in the folder where it was added.", "bad"
    opener = shutil.which(OPENERS.get(sys.platform, "xdg-open"))
    if opener is None:
        return f"No program here opens files. The document is {path.resolve()}.", "bad"
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.Popen([opener, str(path.resolve())], start_new_session=True, **streams)  # type: ignore[call-overload]
    return f"Opening {path.name} …", "good"


class DecidingScreen(ClosesOnce, Screen[Any]):
    """A key calls `do_` and its action here where it needs a dialog, else the session's method."""

    HELP_ACTIONS: ClassVar[Sequence[KeyAction]] = ()
    session: ReviewSession
    presenter: LinkPresenter

    def open_session(self, state: SessionState, remember: Callable[[SessionState], None]) -> None:
        """Make the session of the screen."""
        app = ours(self)
        self.session = ReviewSession(
            app.browser,
            app.decision_writer,
            app.reviewer,
            state,
            remember=remember,
            when_saved=lambda future: app.when_saved(future, self),
            visit=app.visit,
        )
        self.presenter = LinkPresenter(self.session)

    def paint(self) -> None:
        """Show the session as it is."""
        raise NotImplementedError

    def committed(self, pending: PendingEdit) -> None:
        """An edit was committed, or is being saved; its message says which."""

    def do_jump(self) -> None:
        """Ask what kind of link to go to; the same key again goes to that of last time."""
        choices = [(".", self.session.last_jump), *zip(JUMP_KEYS, JUMPS, strict=True)]
        self._ask(Choose("Go to the next link that is …", choices), self.session.jump)

    def saved(self, future: Future[Any]) -> None:
        """Show a decision that took long."""
        self.session.saved(future)
        self.paint()

    def action_perform(self, action: str) -> None:
        """Do what a key is for; an edit that is solved around asks first."""
        work: Callable[[], PendingEdit | None] = getattr(self, f"do_{action}", None) or getattr(self.session, action)
        asks = action not in ("accept", "reject") and self.session.asks_to_overrule(action)
        pending = None if asks else work()
        if pending is not None:
            self._realign(pending)
        ours(self).acted_at = time.monotonic()
        self.paint()

    def _realign(self, pending: PendingEdit) -> None:
        """Preview an edit, solve around it, show what else changes, then commit both as one decision."""

        def answered(answer: Consequences | None) -> None:
            if answer is None:
                self.session.cancel(pending)
            else:
                self.session.commit(pending, answer.versions, answer.realignment)
                self.committed(pending)
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

    def do_go_to(self) -> None:
        """Ask where to go."""
        hint = "a position in the list · #18 (the link's own number) · 50% · words of its text"
        self._ask(Ask("Go to", "", hint), self.session.go_to)

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
        sides = self.presenter.sides(link, self.size.height, by_sentence=True)
        if not can_split(sides):
            self.session.inform("A side has one character only: `d` unlinks, `r` links to another place.", "bad")
            return

        def use(points: tuple[SplitPoint, SplitPoint]) -> PendingEdit:
            return self.session.split(link, *points)

        self._ask(SplitScreen(sides), use)

    def document_of_side(self) -> int | None:
        """The document whose file `open_file` opens; None without one."""
        raise NotImplementedError

    def do_open_file(self) -> None:
        """Open the file of a document in the program of its kind."""
        document = self.document_of_side()
        if document is None:
            return
        if ours(self).served:
            self.session.inform("Files are opened only where the program runs, not in a browser.", "bad")
            return
        name = next((row.name for row in ours(self).browser.store.documents() if row.id == document), "")
        self.session.inform(*opened(name))

    def do_history(self) -> None:
        """Show what was decided on the link."""
        link = self.session.current
        if link is not None:
            self.app.push_screen(HistoryScreen(link.id))

    def do_concordance(self) -> None:
        """Show how else the sentence is translated, and find words in all texts."""
        look_up(self, "", self.session.current)

    def do_help(self) -> None:
        """Show the keys of this screen."""
        self.app.push_screen(HelpScreen(self.HELP_ACTIONS))

    def _relink(self, link: Link, src: Sequence[int], tgt: Sequence[int]) -> None:
        """Move the link to other sentences; asks where they are in accepted links."""

        def go_on(shared: LinkIds | None) -> None:
            if shared is None:
                self.session.inform("Re-linking: cancelled, nothing changed.")
                self.paint()
            else:
                self._realign(self.session.relink(link, src, tgt, shared))

        confirm_existing_links(ours(self), (src, tgt), link, go_on)
