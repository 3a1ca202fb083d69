"""What a fix would change around it, shown before it is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from align.errors import AlignError
from align.models import CONFIRMED, Link, Realignment
from align.review.screens.base import ours, reason
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Passage, Texts
from align.reviewer import Preview
from align.store.actions import Action
from align.store.edits import Edit
from align.text.messages import pluralise
from align.text.normalize import join
from align.workspace.realign import Realigner


@dataclass(frozen=True, slots=True)
class Answer:
    """What to commit: the versions to expect of the links that the edit changes, and what solving again changes."""

    realignment: Realignment
    versions: Mapping[int, int] = field(default_factory=dict)


class RealignmentPreview(ModalScreen[Answer | None]):
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
        self.realignment: Realignment | None = None
        self._emptied: list[Link] = []

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
        self._show(Realignment())
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
            self.dismiss(Answer(Realignment()))
            return
        browser = ours(self).browser
        emptied = [browser.link(number) for number in self._preview.result().deleted]
        self._emptied = [link for link in emptied if link is not None]
        error = self._future.exception()
        if error is not None:
            # The fix itself needs no solver; a person decides with open eyes whether to take it alone.
            self.realignment = Realignment()
            self._line(f"{self.words}: the neighbours could not be checked. Enter applies the change alone.")
            self._show(self.realignment, reason(error))
        else:
            self.realignment = self._future.result()
            if not self.realignment and not self._emptied:
                self._answer(self.realignment)
                return
            self._line(f"{self.words} {self._consequences(self.realignment)}. Apply?")
            self._show(self.realignment)
        self.add_class("-waits")
        self.refresh_bindings()

    def _consequences(self, realignment: Realignment) -> str:
        """What else changes, in words."""
        words = [f"leaves {_called(link)} without sentences, so it is deleted" for link in self._emptied]
        if realignment:
            counts = [f"removes {pluralise(len(realignment.removed), 'proposal')}"] if realignment.removed else []
            counts += [f"adds {pluralise(len(realignment.added), 'proposal')}"] if realignment.added else []
            words.append(f"also {' and '.join(counts)} next to it")
        return "; ".join(words)

    def _show(self, realignment: Realignment, why: str = "") -> None:
        passages = [Passage(why, (), "warning", "!"), Passage("", (), "foot")] if why else []
        for link in (*self._emptied, *realignment.removed):
            passages += _two(link.src.text, link.tgt.text, "−", "removed")
        for proposal in realignment.added:
            src, tgt = (self._text(ids) for ids in (proposal.src, proposal.tgt))
            passages += _two(src, tgt, "+", "added")
        self.query_one(Texts).show((), passages)

    def _text(self, sentences: Sequence[int]) -> str:
        rows = ours(self).browser.sentences_by_id(sentences)
        return join([row.text for row in rows], rows[0].lang) if rows else ""

    def _answer(self, realignment: Realignment) -> None:
        done = self._preview is not None and self._preview.done() and self._preview.exception() is None
        self.dismiss(Answer(realignment, self._preview.result().versions if done and self._preview else {}))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What follows cannot be taken before it is known; the fix alone can be, at any time."""
        return not (action == "take" and self.realignment is None)

    def action_take(self) -> None:
        """The fix and what follows from it."""
        assert self.realignment is not None
        self._answer(self.realignment)

    def action_only(self) -> None:
        """The fix without what follows."""
        self._answer(Realignment())

    def action_cancel(self) -> None:
        """Neither."""
        self.dismiss(None)

    def action_scroll(self, lines: int) -> None:
        """See the rest."""
        self.query_one(Texts).scroll_by(lines)


def realignment_of(solver: Realigner, preview: Preview, edit: Edit) -> Realignment:
    """What follows from an edit around it; for `solve`, all that a new solution there changes."""
    return solver.realign(
        *preview.documents,
        anchors=preview.anchors,
        forbidden=preview.forbidden,
        replaced=preview.replaced,
        shared_links=preview.shared,
        against_store=edit.action == Action.SOLVE,
    )


def _called(link: Link) -> str:
    """The link, and who stands behind it, if anybody does."""
    if link.status not in CONFIRMED:
        return f"link {link.id}"
    by = f" by {link.reviewer}" if link.reviewer else ""
    return f"link {link.id}, {link.status}{by},"


def _two(src: str, tgt: str, sign: str, role: str) -> list[Passage]:
    return [Passage(src, (), role, sign), Passage(tgt, (), role, " "), Passage("", (), "foot")]
