"""Audit: a reviewer judges a random sample of links, which estimates the share of right ones with an interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from align.models import Link
from align.report.pace import wilson
from align.review.presenters import shown_texts, side_view
from align.review.queries import load_context
from align.review.screens.base import ours
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Texts

AUDIT_SIZE = 50
"""Links that an audit proposes to judge."""


class AuditScreen(Screen[tuple[int, int] | None]):
    """Judge sampled links in turn. Dismissed with (right, judged), also when stopped early, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "judge(True)", "right", id="audit_right"),
        Binding("x", "judge(False)", "wrong", id="audit_wrong"),
        Binding("u", "back_one", "back one", id="audit_back"),
        Binding("q", "finish", "stop and save", id="audit_stop"),
        Binding("d", "leave", "discard", id="audit_leave"),
    ]

    def __init__(self, links: Sequence[Link]) -> None:
        super().__init__()
        self._links = links
        self._verdicts: list[bool] = []

    def compose(self) -> ComposeResult:
        """Header, texts, key bar."""
        yield Line(id="top")
        yield Texts(id="texts")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the first link."""
        self._show()

    def on_resize(self) -> None:
        """Adapt the context to the new height."""
        self._show()

    def _show(self) -> None:
        if len(self._verdicts) >= len(self._links):
            self.action_finish()
            return
        link = self._links[len(self._verdicts)]
        right, judged = sum(self._verdicts), len(self._verdicts)
        low, high = wilson(right, judged)
        rate = f"{right} of {judged} right, {100 * low:.0f} to {100 * high:.0f} %" if judged else "is this link right?"
        self.query_one("#top", Line).show(f" Audit: {judged + 1} of {len(self._links)}", f"{rate} ")
        reach = max(1, self.size.height // 2)
        sides = []
        for side in (link.src, link.tgt):
            around = load_context(ours(self).browser, side, reach)
            sides.append(side_view(side, around, (), texts_shown=shown_texts(side, around.sentences)))
        self.query_one(Texts).show(sides)

    def action_judge(self, right: bool) -> None:
        """Record a verdict and show the next link."""
        self._verdicts.append(right)
        self._show()

    def action_back_one(self) -> None:
        """Go back to the previous link and discard its verdict."""
        if self._verdicts:
            self._verdicts.pop()
            self._show()

    def action_finish(self) -> None:
        """Return the verdicts."""
        self.dismiss((sum(self._verdicts), len(self._verdicts)))

    def action_leave(self) -> None:
        """Discard the verdicts."""
        self.dismiss(None)
