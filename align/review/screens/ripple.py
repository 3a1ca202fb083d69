"""What a fix would change around it, shown before it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from align.domain import SETTLED, Link
from align.jobs.resolve import Ripple
from align.review.fixes import Fix
from align.review.screens.base import ours, reason
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Passage, Texts
from align.text.clean import join


class RippleScreen(ModalScreen[Ripple | None]):
    """Solves around the fix. No other link changes: answers at once. Else shows it and waits: Enter takes, Esc cancels.

    Answers the Ripple to write with the fix (empty where nothing else changes), or None for no fix at all.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,a", "take", "take all of it", id="ripple_take"),
        Binding("o", "only", "only the fix", id="ripple_only"),
        Binding("escape,q,x", "cancel", "cancel", id="ripple_cancel"),
        Binding("down,j", "scroll(4)", "down", show=False),
        Binding("up,k", "scroll(-4)", "up", show=False),
    ]

    class Solved(Message):
        """The solver is done."""

    def __init__(self, fix: Fix) -> None:
        super().__init__()
        self.fix = fix
        self._future: Future[Ripple] | None = None
        self.ripple: Ripple | None = None

    def compose(self) -> ComposeResult:
        """Headline, what goes and comes, keys."""
        with Vertical(classes="dialog -tall -quiet"):
            yield Line(id="ripple-top", most=2)
            yield Texts(id="ripple-texts")
            yield KeyBar(id="ripple-keys")

    def on_mount(self) -> None:
        """Ask the solver."""
        fix = self.fix
        self._line(f"{fix.words}: solving again around it …")
        self._show(Ripple())
        self._future = ours(self).solver.submit(
            lambda solver: solver.around(
                *fix.documents, anchors=fix.anchors, forbidden=fix.forbidden, replaced=fix.replaced, known=fix.known
            )
        )
        self._future.add_done_callback(lambda _future: self.post_message(self.Solved()))

    def _line(self, words: str) -> None:
        self.query_one("#ripple-top", Line).show(words)

    def on_ripple_screen_solved(self, _message: Solved) -> None:
        """Show what changes, or answer."""
        assert self._future is not None
        if not self.is_current:  # answered already, without waiting
            return
        error = self._future.exception()
        if error is not None:
            # The fix itself needs no solver; a person decides with open eyes whether to take it alone.
            self.ripple = Ripple()
            self._line(f"{self.fix.words}: nothing was solved again around it. Enter takes the fix alone.")
            self._show(self.ripple, reason(error))
        else:
            self.ripple = self._future.result()
            if not self.ripple and not self.fix.emptied:
                self.dismiss(self.ripple)
                return
            self._line(f"{self.fix.words} {self._consequences(self.ripple)}. Take it?")
            self._show(self.ripple)
        self.add_class("-waits")
        self.refresh_bindings()

    def _consequences(self, ripple: Ripple) -> str:
        """What else changes, in words."""
        words = [f"leaves {_called(link)} with nothing, so that it goes" for link in self.fix.emptied]
        if ripple:
            words.append(f"also changes: − {len(ripple.removed)} proposed, + {len(ripple.added)} new")
        return "; ".join(words)

    def _show(self, ripple: Ripple, why: str = "") -> None:
        passages = [Passage(why, (), "warning", "!"), Passage("", (), "foot")] if why else []
        for link in (*self.fix.emptied, *ripple.removed):
            passages += _two(link.src.text, link.tgt.text, "−", "removed")
        for proposal in ripple.added:
            src, tgt = (self._text(ids) for ids in (proposal.src, proposal.tgt))
            passages += _two(src, tgt, "+", "added")
        self.query_one(Texts).show((), passages)

    def _text(self, sentences: Sequence[int]) -> str:
        rows = ours(self).browser.sentences_by_id(sentences)
        return join([row.text for row in rows], rows[0].lang) if rows else ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What follows cannot be taken before it is known; the fix alone can be, at any time."""
        return not (action == "take" and self.ripple is None)

    def action_take(self) -> None:
        """The fix and what follows from it."""
        self.dismiss(self.ripple)

    def action_only(self) -> None:
        """The fix without what follows."""
        self.dismiss(Ripple())

    def action_cancel(self) -> None:
        """Neither."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """See the rest."""
        self.query_one(Texts).scroll_by(lines)


def _called(link: Link) -> str:
    """The link, and who stands behind it, if anybody does."""
    if link.status not in SETTLED:
        return f"link {link.id}"
    by = f" by {link.reviewer}" if link.reviewer else ""
    return f"link {link.id}, {link.status}{by},"


def _two(src: str, tgt: str, sign: str, role: str) -> list[Passage]:
    return [Passage(src, (), role, sign), Passage(tgt, (), role, " "), Passage("", (), "foot")]
