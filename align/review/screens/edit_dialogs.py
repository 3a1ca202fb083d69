"""Dialogs of edits: where to split a link, and what else an edit changes, before it is committed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from align.errors import AlignError
from align.models import Realignment
from align.review.queries import Consequences, consequences_of, realignment_of
from align.review.screens.base import ClosesOnce, ours, reason, served_text
from align.review.split_points import SplitPoint, clause_points, nearest_point, share, split_points, step, word_points
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Passage, SideView, Texts
from align.reviewer import Preview
from align.store.edits import Edit
from align.text.normalize import join

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
        rows = ours(self).browser.store.sentences_by_id(sentences)
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
