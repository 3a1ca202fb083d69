"""Where to split a link: a cut on each side, moved with the arrows."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Side, Texts


class SplitScreen(ModalScreen[tuple[int, int] | None]):
    """Answers after how many sentences of each side to cut, or None. Each half keeps a sentence on both sides."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,s", "take", "split here", id="split_take"),
        Binding("down,j", "cut(1)", "cut lower", id="split_down"),
        Binding("up,k", "cut(-1)", "cut higher", id="split_up"),
        Binding("tab,left,right", "side", "other side", id="split_side"),
        Binding("escape,q", "cancel", "cancel", id="split_cancel"),
    ]

    def __init__(self, sides: tuple[Side, Side], cuts: tuple[int, int]) -> None:
        super().__init__()
        self._sides = sides
        self._cuts = list(cuts)
        self._active = 0

    def compose(self) -> ComposeResult:
        """Both texts with their cuts, keys."""
        with Vertical(classes="dialog -tall"):
            yield Line(id="split-top")
            yield Texts(id="split-texts")
            yield KeyBar(id="split-keys")

    def on_mount(self) -> None:
        """Show the cuts."""
        self.query_one("#split-top", Line).show("Split where? The dashed line is the cut of its side.")
        self._show()

    def _show(self) -> None:
        sides = [
            replace(side, before=(), after=(), cut=cut, active=number == self._active)
            for number, (side, cut) in enumerate(zip(self._sides, self._cuts, strict=True))
        ]
        self.query_one(Texts).show(sides)

    def action_cut(self, step: int) -> None:
        """Move the cut of the active side."""
        most = len(self._sides[self._active].body) - 1
        self._cuts[self._active] = max(1, min(most, self._cuts[self._active] + step))
        self._show()

    def action_side(self) -> None:
        """The other side."""
        self._active = 1 - self._active
        self._show()

    def action_take(self) -> None:
        """Split here."""
        self.dismiss((self._cuts[0], self._cuts[1]))

    def action_cancel(self) -> None:
        """Leave it whole."""
        self.dismiss(None)
