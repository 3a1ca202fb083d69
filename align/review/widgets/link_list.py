"""List of links. It fetches only pages near the visible part, so that a million links are as fast as ten."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from align.models import Link, LinkKind, Status
from align.review.decisions import DecisionSession
from align.review.rendering import Painted, fitted_segment
from align.review.wording import percent

STATUS_MARKS = {Status.PROPOSED: " ", Status.ACCEPTED: "✓", Status.REJECTED: "✗", Status.EDITED: "✎"}
KIND_LETTERS = {
    LinkKind.TRANSLATION: " ",
    LinkKind.PARTIAL: "p",
    LinkKind.SUMMARY: "s",
    LinkKind.TITLE: "T",
    LinkKind.QUOTE: "q",
}
HEAD_WIDTH = 14
"""Cells before the texts: cursor, status, confidence, kind, sentence counts, flags."""


class LinkList(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """`fetch(rank, n)` returns the links in order; `show` sets their number. The cursor is a rank."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "end_of(0)", "first", show=False),
        Binding("end", "end_of(1)", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "link-list--cursor",
        "link-list--doubtful",
        "link-list--likely",
        "link-list--accepted",
        "link-list--rejected",
        "link-list--edited",
        "link-list--faint",
    }

    class Moved(Message):
        """The cursor moved to another link."""

        def __init__(self, rank: int) -> None:
            super().__init__()
            self.rank = rank

    def __init__(self, navigator: DecisionSession, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._navigator = navigator
        self._revision = -1
        self._cursor = 0
        self.lines_each = 1

    def update_rows(self) -> None:
        """Paint what changed in the list since the last call, and keep the cursor in sight."""
        navigator, cursor = self._navigator, self._navigator.cursor
        if navigator.revision != self._revision:
            self._revision = navigator.revision
            self._resize()
            self.refresh()
        else:
            moved = {self._cursor, cursor} if cursor != self._cursor else set()
            for rank in navigator.changed_ranks | moved:
                self._refresh_rank(rank)
        navigator.changed_ranks.clear()
        self._cursor = cursor
        self._keep_in_sight()

    @property
    def cursor(self) -> int:
        """The rank of the current link."""
        return self._navigator.cursor

    def _move(self, rank: int) -> None:
        self.post_message(self.Moved(rank))

    def action_page(self, step: int) -> None:
        """Move by a page."""
        self._move(self.cursor + step * max(1, self.size.height // self.lines_each - 1))

    def action_end_of(self, end: int) -> None:
        """Go to the first or last link."""
        self._move(end * (self._navigator.total - 1))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked row; no function needs the mouse."""
        self._move((event.y + self.scroll_offset.y) // self.lines_each)

    def on_resize(self, _event: events.Resize) -> None:
        """Use two lines a link if the texts do not fit side by side."""
        self._resize()
        self._keep_in_sight()

    def _resize(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self.lines_each = 1 if width >= 76 else 2
        size = Size(width, self._navigator.total * self.lines_each)
        if size != self.virtual_size:
            self.virtual_size = size

    def _keep_in_sight(self) -> None:
        """Scroll by most of a page when the cursor comes near an edge: a list that is still between such steps is
        easier to read and faster to render than one that scrolls at every key."""
        each, visible_links = self.lines_each, self.size.height // self.lines_each
        if visible_links < 1:
            return
        first = self.scroll_offset.y // each
        margin = 1 if visible_links >= 3 else 0
        if first + margin <= self.cursor < first + visible_links - margin or (
            first <= self.cursor and self.cursor < margin
        ):
            return
        scroll_lead = max(margin, visible_links // 4)
        part = scroll_lead if self.cursor >= first + margin else visible_links - 1 - scroll_lead
        self.scroll_to(y=max(0, self.cursor - part) * each, animate=False, force=True, immediate=True)

    def _refresh_rank(self, rank: int) -> None:
        top = rank * self.lines_each - self.scroll_offset.y
        self.refresh(Region(0, top, self.size.width, self.lines_each))

    def render_line(self, y: int) -> Strip:
        """Render a line of a link."""
        line = y + self.scroll_offset.y
        rank, part = divmod(line, self.lines_each)
        width = self.scrollable_content_region.width
        link = self._navigator.link_at(rank)
        if link is None:
            return Strip.blank(width, self.base)
        base = self.base
        faint = self.component_style("link-list--faint")
        if rank == self.cursor:
            base = self.component_style("link-list--cursor", ground=True)
            faint = Style()
        head = self._head(link, rank == self.cursor, base) if part == 0 else self._under(rank == self.cursor, base)
        text_width = width - HEAD_WIDTH
        text_style = base + self._status_style(link)
        if self.lines_each == 2:
            segments = [fitted_segment(link.src.text if part == 0 else link.tgt.text, text_width, text_style)]
        else:
            left = (text_width - 3) // 2
            segments = [
                fitted_segment(link.src.text, left, text_style),
                Segment(" │ ", base + faint),
                fitted_segment(link.tgt.text, text_width - 3 - left, text_style),
            ]
        return Strip([*head, *segments], width)

    def _status_style(self, link: Link) -> Style:
        if link.status is Status.REJECTED:
            return self.component_style("link-list--rejected")
        return Style()

    def _under(self, here: bool, base: Style) -> list[Segment]:
        return [Segment("▌" if here else " ", base), Segment(" " * (HEAD_WIDTH - 1), base)]

    def _head(self, link: Link, here: bool, base: Style) -> list[Segment]:
        """Cursor, status, confidence in per cent, kind, n:m unless 1:1, bookmark and note."""
        confidence = "doubtful" if link.confidence < 0.5 else "likely"
        counts = len(link.src.sentences), len(link.tgt.sentences)
        beads = "" if counts == (1, 1) else f"{min(counts[0], 9)}:{min(counts[1], 9)}"
        status = Style() if link.status is Status.PROPOSED else self.component_style(f"link-list--{link.status.value}")
        confidence_style = self.component_style(f"link-list--{confidence}")
        if link.status is not Status.PROPOSED:
            confidence_style = self.component_style("link-list--faint")
        return [
            Segment("▌" if here else " ", base),
            Segment(STATUS_MARKS[link.status] + " ", base + status),
            Segment(f"{percent(link.confidence):2d}", base + confidence_style),
            Segment(f" {KIND_LETTERS[link.kind]} {beads:>3}", base),
            Segment(("⚑" if link.bookmarked else " ") + ("#" if link.note else " "), base + confidence_style),
            Segment(" ", base),
        ]
