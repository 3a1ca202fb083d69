"""What a fix would change around it, shown before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from align.errors import AlignError
from align.models import Realignment
from align.review.consequences import Consequences, consequences_of, realignment_of
from align.review.screens.base import ClosesOnce, ours, reason, served_text
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Passage, Texts
from align.reviewer import Preview
from align.store.edits import Edit
from align.text.normalize import join


class RealignmentPreview(ClosesOnce, ModalScreen[Consequences | None]):
    """A panel below the link: what else an edit changes. Answers at once if nothing: Enter applies, Esc cancels.

    Answers what to commit, or None to commit nothing. An edit that is impossible is left to the commit to refuse.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "apply", id="ripple_take"),
        Binding("o", "only", "without the neighbours", id="ripple_only"),
        Binding("escape,q,x", "cancel", "cancel", id="ripple_cancel"),
        Binding("down,j", "scroll(4)", "down", show=False),
        Binding("up,k", "scroll(-4)", "up", show=False),
    ]

    class Realigned(Message):
        """The solver is done."""

    def __init__(self, edit: Edit, words: str) -> None:
        super().__init__()
        self.edit = edit
        self.words = words
        self._preview: Future[Preview] | None = None
        self._future: Future[Realignment] | None = None
        self.consequences: Consequences | None = None

    def compose(self) -> ComposeResult:
        """Headline, what goes and comes, keys."""
        with Vertical(classes="dialog -tall -quiet"):
            yield Line(id="ripple-top", max_lines=2)
            yield Texts(id="ripple-texts")
            yield KeyBar(id="ripple-keys")

    def on_mount(self) -> None:
        """Ask the solver."""
        edit = self.edit
        self._line(f"{self.words}: checking the neighbours …")
        self._show(Consequences())
        preview = self._preview = ours(self).previews.submit(lambda reviewer: reviewer.preview(edit))
        self._future = ours(self).solver.submit(lambda solver: realignment_of(solver, preview.result(), edit))
        self._future.add_done_callback(lambda _future: self.post_message(self.Realigned()))

    def _line(self, words: str) -> None:
        self.query_one("#ripple-top", Line).show(words)

    def on_realignment_preview_realigned(self, _message: Realigned) -> None:
        """Show what changes, or answer."""
        assert self._future is not None
        if not self.is_current:  # answered already, without waiting
            return
        assert self._preview is not None
        wait([self._preview])
        if isinstance(self._preview.exception(), AlignError):
            self.dismiss(Consequences())
            return
        error = self._future.exception()
        realignment = Realignment() if error is not None else self._future.result()
        consequences = self.consequences = consequences_of(ours(self).browser, self._preview.result(), realignment)
        if error is not None:
            # The fix itself needs no solver; a person decides with open eyes whether to take it alone.
            self._line(f"{self.words}: the neighbours could not be checked. Enter applies the change alone.")
            self._show(consequences, served_text(self, reason(error)))
        elif not consequences.needs_answer:
            self.dismiss(consequences)
            return
        else:
            self._line(f"{self.words} {consequences.in_words()}. Apply?")
            self._show(consequences)
        self.add_class("-waits")
        self.refresh_bindings()

    def _show(self, consequences: Consequences, why: str = "") -> None:
        passages = [Passage(why, (), "warning", "!"), Passage("", (), "foot")] if why else []
        for link in (*consequences.emptied, *consequences.realignment.removed):
            passages += _two(link.src.text, link.tgt.text, "−", "removed")
        for proposal in consequences.realignment.added:
            src, tgt = (self._text(ids) for ids in (proposal.src, proposal.tgt))
            passages += _two(src, tgt, "+", "added")
        self.query_one(Texts).show((), passages)

    def _text(self, sentences: Sequence[int]) -> str:
        rows = ours(self).browser.sentences_by_id(sentences)
        return join([row.text for row in rows], rows[0].lang) if rows else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What follows cannot be taken before it is known; the fix alone can be, at any time."""
        return not (action == "take" and self.consequences is None)

    def action_take(self) -> None:
        """The fix and what follows from it."""
        assert self.consequences is not None
        self.dismiss(self.consequences)

    def action_only(self) -> None:
        """The fix without what follows."""
        if self.consequences is not None:
            self.dismiss(self.consequences.without_neighbours())
            return
        done = self._preview is not None and self._preview.done() and self._preview.exception() is None
        self.dismiss(Consequences(versions=self._preview.result().versions if done and self._preview else {}))

    def action_cancel(self) -> None:
        """Neither."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """See the rest."""
        self.query_one(Texts).scroll_by(lines)


def _two(src: str, tgt: str, sign: str, role: str) -> list[Passage]:
    return [Passage(src, (), role, sign), Passage(tgt, (), role, " "), Passage("", (), "foot")]
