"""Split screen: select a split point on each side, between sentences or inside one."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from align.review.screens.base import ClosesOnce
from align.review.split_points import SplitPoint, clause_points, nearest_point, share, split_points, step, word_points
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Passage, SideView, Texts

Points = tuple[SplitPoint, SplitPoint]


class SplitScreen(ClosesOnce, ModalScreen[Points | None]):
    """Select a split point on each side; dismissed with both, or None. Each half has text on both sides.

    `sides` have a passage per sentence. The initial point is nearest to half of the source: between two sentences,
    else at a clause if one is near. The target's point follows the source's until it is moved itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,s", "take", "split here", id="split_take"),
        Binding("escape,q", "cancel", "cancel", id="split_cancel"),
        Binding("tab,shift+tab", "side", "other side", id="split_side"),
        Binding("down,j", "sentence(1)", "sentence", id="split_down"),
        Binding("up,k", "sentence(-1)", "back", show=False, id="split_up"),
        Binding("w", "word(1)", "word, clause", id="split_word"),
        Binding("b", "word(-1)", "back", show=False, id="split_word_back"),
        Binding("right,l", "point(1)", "character", id="split_right"),
        Binding("left,h", "point(-1)", "back", show=False, id="split_left"),
    ]

    def __init__(self, sides: tuple[SideView, SideView]) -> None:
        super().__init__()
        self._sides = sides
        self._texts = tuple([passage.text for passage in side.body] for side in sides)
        self._points = tuple(split_points(texts) for texts in self._texts)
        first = nearest_point(self._texts[0], 0.5, self._points[0])
        self._cuts = [first, nearest_point(self._texts[1], share(self._texts[0], first), self._points[1])]
        self._active = 0
        self._follows = True

    def compose(self) -> ComposeResult:
        """Both texts with their split points, key bar."""
        with Vertical(classes="dialog -tall"):
            yield Line(id="split-top", max_lines=2)
            yield Texts(id="split-texts")
            yield KeyBar(id="split-keys")

    def on_mount(self) -> None:
        """Show the split points."""
        self._show()

    def _show(self) -> None:
        sides = [
            cut_side(side, cut, active=number == self._active)
            for number, (side, cut) in enumerate(zip(self._sides, self._cuts, strict=True))
        ]
        inside = any(cut.character for cut in self._cuts)
        heading = "Split where? Each side is cut at its dashed line"
        self.query_one("#split-top", Line).show(f"{heading}{'; a sentence is split in two.' if inside else '.'}")
        self.query_one(Texts).show(sides)

    def action_sentence(self, by: int) -> None:
        """Move to the next or previous sentence start; on a side with one sentence, to the next or previous clause."""
        among = self._points[self._active]
        between = [point for point in among if not point.character]
        self._move(step(between or clause_points(self._texts[self._active], among), self._cuts[self._active], by))

    def action_word(self, by: int) -> None:
        """Move to the next or previous start of a word or clause."""
        self._move(
            step(word_points(self._texts[self._active], self._points[self._active]), self._cuts[self._active], by)
        )

    def action_point(self, by: int) -> None:
        """Move by one character."""
        self._move(step(self._points[self._active], self._cuts[self._active], by))

    def _move(self, point: SplitPoint) -> None:
        self._cuts[self._active] = point
        if self._active:
            self._follows = False
        elif self._follows:
            self._cuts[1] = nearest_point(self._texts[1], share(self._texts[0], point), self._points[1])
        self._show()

    def action_side(self) -> None:
        """Change to the other side."""
        self._active = 1 - self._active
        self._show()

    def action_take(self) -> None:
        """Return the split points."""
        self.dismiss((self._cuts[0], self._cuts[1]))

    def action_cancel(self) -> None:
        """Cancel."""
        self.dismiss(None)


def can_split(sides: tuple[SideView, SideView]) -> bool:
    """Whether both sides have a split point."""
    return all(split_points([passage.text for passage in side.body]) for side in sides)


def cut_side(side: SideView, cut: SplitPoint, *, active: bool) -> SideView:
    """The side with its split point; a sentence that is split is shown as two passages."""
    body = list(side.body)
    if cut.character:
        whole = body[cut.sentence]
        marks = [
            tuple((max(a, low) - low, min(b, high) - low, role) for a, b, role in whole.marks if a < high and low < b)
            for low, high in ((0, cut.character), (cut.character, len(whole.text)))
        ]
        texts = whole.text[: cut.character].rstrip(), whole.text[cut.character :]
        body[cut.sentence : cut.sentence + 1] = [
            replace(whole, text=text, marks=mark) for text, mark in zip(texts, marks, strict=True)
        ]
    margin = "▌" if active else "▏"
    shown = tuple(Passage(p.text, p.marks, p.role, margin, p.max_lines) for p in body)
    at = cut.sentence + (cut.character > 0)
    return replace(side, body=shown, before=(), after=(), cut=at, active=active)
