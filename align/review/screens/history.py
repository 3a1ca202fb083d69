"""History screen: decisions with reviewer and time."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from align.domain import Decision
from align.jobs.history import words_of
from align.review.screens.base import ours
from align.text.width import shown


class HistoryScreen(ModalScreen[None]):
    """Decisions on one link, or the latest ones of the store, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,h,enter", "dismiss", "back")]
    MOST = 200

    def __init__(self, link: int | None = None) -> None:
        super().__init__()
        self._link = link

    def compose(self) -> ComposeResult:
        """One line per decision."""
        decisions = ours(self).browser.history(self._link, self.MOST)
        with VerticalScroll(classes="page"):
            yield Static(self._words(decisions))

    def _words(self, decisions: list[Decision]) -> Text:
        words = Text()
        words.append(f"Link {self._link}\n\n" if self._link else "The latest decisions\n\n", style="bold")
        if not decisions:
            words.append("No decisions yet.")
        for decision in decisions:
            words.append(f"{decision.at[:19].replace('T', ' ')}  ", style="dim")
            words.append(shown(decision.reviewer))
            words.append(f"  {shown(words_of(decision))}", style="bold")
            words.append(f"  link {decision.link}\n" if self._link is None and decision.link else "\n", style="dim")
        return words
