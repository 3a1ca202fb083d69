"""A random sample judged by eye: what share of the links is right, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from align.domain import Link
from align.review.aids.sampling import wilson
from align.review.reading import surroundings
from align.review.screens.base import ours
from align.review.sides import shown_texts, side_of
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Texts

AUDIT_SIZE = 50
"""Links that an audit proposes to judge."""


class AuditScreen(Screen[tuple[int, int] | None]):
    """One sampled link after the other; answers (right, judged). What was judged so far counts when left early."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,enter", "judge(True)", "right", id="audit_right"),
        Binding("x", "judge(False)", "wrong", id="audit_wrong"),
        Binding("u", "back_one", "back one", id="audit_back"),
        Binding("q", "finish", "stop and keep", id="audit_stop"),
        Binding("escape", "leave", "leave without keeping", id="audit_leave"),
    ]

    def __init__(self, links: Sequence[Link]) -> None:
        super().__init__()
        self._links = links
        self._verdicts: list[bool] = []

    def compose(self) -> ComposeResult:
        """How far, the texts, keys."""
        yield Line(id="top")
        yield Texts(id="texts")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """The first."""
        self._show()

    def on_resize(self) -> None:
        """With as much around it as there is room for."""
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
        reach = max(1, self.size.height // 4)
        sides = []
        for side in (link.src, link.tgt):
            around = surroundings(ours(self).browser, side, reach)
            sides.append(side_of(side, around, (), shown=shown_texts(side, around.own)))
        self.query_one(Texts).show(sides)

    def action_judge(self, right: bool) -> None:
        """Right or wrong."""
        self._verdicts.append(right)
        self._show()

    def action_back_one(self) -> None:
        """Judge the last one again."""
        if self._verdicts:
            self._verdicts.pop()
            self._show()

    def action_finish(self) -> None:
        """Keep what was judged."""
        self.dismiss((sum(self._verdicts), len(self._verdicts)))

    def action_leave(self) -> None:
        """Keep nothing."""
        self.dismiss(None)
