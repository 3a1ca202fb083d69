"""The list of links. It holds no links but those near what is seen, so that a million take no longer than ten."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from align.domain import Link, LinkKind, Status
from align.review.paint import plain
from align.review.widgets.painted import Painted

PAGE = 64
PAGES_KEPT = 24
MARKS = {Status.PROPOSED: " ", Status.ACCEPTED: "✓", Status.REJECTED: "✗", Status.EDITED: "✎"}
KINDS = {
    LinkKind.TRANSLATION: " ",
    LinkKind.PARTIAL: "p",
    LinkKind.SUMMARY: "s",
    LinkKind.TITLE: "T",
    LinkKind.QUOTE: "q",
}
HEAD = 14
"""Cells before the texts: cursor, status, confidence, kind, numbers of sentences, flags."""

MOST_SURE = 99
"""Per cent: nobody is surer before a reviewer is."""


def percent(confidence: float) -> int:
    """A confidence as it is shown, the same everywhere: rounded, and no more than `MOST_SURE`."""
    return min(MOST_SURE, round(100 * confidence))


Fetch = Callable[[int, int], Sequence[Link]]


class LinkList(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """`fetch(rank, n)` gives the links in order; `show` says how many there are. The cursor is a rank."""

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

    cursor: reactive[int] = reactive(0, repaint=False)
    total: reactive[int] = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor stands on another link."""

        def __init__(self, rank: int) -> None:
            super().__init__()
            self.rank = rank

    def __init__(self, fetch: Fetch, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._fetch = fetch
        self._pages: OrderedDict[int, Sequence[Link]] = OrderedDict()
        self.lines_each = 1

    def show(self, total: int, cursor: int) -> None:
        """Forget what was fetched: there are `total` links now, and the cursor stands on rank `cursor`."""
        self._pages.clear()
        self.total = total
        self._resize()
        self.set_reactive(LinkList.cursor, max(0, min(cursor, total - 1)))
        self._keep_in_sight()
        self.refresh()

    def renew(self, links: Iterable[Link]) -> list[tuple[Link, Link]]:
        """Put these in the place of what is held of them, the order being the same; returns those, was and is."""
        new = {link.id: link for link in links}
        changed = []
        for number, page in self._pages.items():
            if any(link.id in new for link in page):
                self._pages[number] = [new.get(link.id, link) for link in page]
                for offset, link in enumerate(page):
                    if link.id in new:
                        changed.append((link, new[link.id]))
                        self._refresh_rank(number * PAGE + offset)
        return changed

    def link_at(self, rank: int) -> Link | None:
        """The link of that rank; None outside the list."""
        if not 0 <= rank < self.total:
            return None
        number, offset = divmod(rank, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = self._fetch(number * PAGE, PAGE)
            if len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page[offset] if offset < len(page) else None

    def rows_of(self, links: Collection[int]) -> list[Link]:
        """Those of some links that are fetched, as this list shows them."""
        return [row for page in self._pages.values() for row in page if row.id in links]

    @property
    def current(self) -> Link | None:
        """The link under the cursor."""
        return self.link_at(self.cursor)

    def validate_cursor(self, cursor: int) -> int:
        """Stay in the list."""
        return max(0, min(cursor, self.total - 1))

    def watch_cursor(self, before: int, after: int) -> None:
        """Repaint the two rows, and tell the screen."""
        for rank in (before, after):
            self._refresh_rank(rank)
        self._keep_in_sight()
        self.post_message(self.Moved(after))

    def action_page(self, step: int) -> None:
        """A screen up or down."""
        self.cursor += step * max(1, self.size.height // self.lines_each - 1)

    def action_end_of(self, end: int) -> None:
        """To the first or last link."""
        self.cursor = end * (self.total - 1)

    def on_click(self, event: events.Click) -> None:
        """The mouse may point, though nothing needs it."""
        self.cursor = (event.y + self.scroll_offset.y) // self.lines_each

    def on_resize(self, _event: events.Resize) -> None:
        """Two lines a link where both texts do not fit side by side."""
        self._resize()
        self._keep_in_sight()

    def _resize(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self.lines_each = 1 if width >= 76 else 2
        size = Size(width, self.total * self.lines_each)
        if size != self.virtual_size:
            self.virtual_size = size

    def _keep_in_sight(self) -> None:
        """Scroll by most of a page when the cursor comes near an edge: a list that stands still is read and painted
        more easily than one that moves at every key."""
        each, seen = self.lines_each, self.size.height // self.lines_each
        if seen < 1:
            return
        first = self.scroll_offset.y // each
        margin = 1 if seen >= 3 else 0
        if first + margin <= self.cursor < first + seen - margin or (first <= self.cursor and self.cursor < margin):
            return
        lead = max(margin, seen // 4)
        part = lead if self.cursor >= first + margin else seen - 1 - lead
        self.scroll_to(y=max(0, self.cursor - part) * each, animate=False, force=True, immediate=True)

    def _refresh_rank(self, rank: int) -> None:
        top = rank * self.lines_each - self.scroll_offset.y
        self.refresh(Region(0, top, self.size.width, self.lines_each))

    def render_line(self, y: int) -> Strip:
        """One line of one link."""
        line = y + self.scroll_offset.y
        rank, part = divmod(line, self.lines_each)
        width = self.scrollable_content_region.width
        link = self.link_at(rank)
        if link is None:
            return Strip.blank(width, self.base)
        base = self.base
        faint = self.look("link-list--faint")
        if rank == self.cursor:
            base = self.look("link-list--cursor", ground=True)
            faint = Style()
        head = self._head(link, rank == self.cursor, base) if part == 0 else self._under(rank == self.cursor, base)
        room = width - HEAD
        text_style = base + self._status_style(link)
        if self.lines_each == 2:
            segments = [plain(link.src.text if part == 0 else link.tgt.text, room, text_style)]
        else:
            left = (room - 3) // 2
            segments = [
                plain(link.src.text, left, text_style),
                Segment(" │ ", base + faint),
                plain(link.tgt.text, room - 3 - left, text_style),
            ]
        return Strip([*head, *segments], width)

    def _status_style(self, link: Link) -> Style:
        if link.status is Status.REJECTED:
            return self.look("link-list--rejected")
        return Style()

    def _under(self, here: bool, base: Style) -> list[Segment]:
        return [Segment("▌" if here else " ", base), Segment(" " * (HEAD - 1), base)]

    def _head(self, link: Link, here: bool, base: Style) -> list[Segment]:
        """Cursor, status, confidence in per cent, kind, n:m unless 1:1, bookmark and note."""
        confidence = "doubtful" if link.confidence < 0.5 else "likely"
        counts = len(link.src.sentences), len(link.tgt.sentences)
        beads = "" if counts == (1, 1) else f"{min(counts[0], 9)}:{min(counts[1], 9)}"
        status = Style() if link.status is Status.PROPOSED else self.look(f"link-list--{link.status.value}")
        doubt = self.look(f"link-list--{confidence}")
        if link.status is not Status.PROPOSED:
            doubt = self.look("link-list--faint")
        return [
            Segment("▌" if here else " ", base),
            Segment(MARKS[link.status] + " ", base + status),
            Segment(f"{percent(link.confidence):2d}", base + doubt),
            Segment(f" {KINDS[link.kind]} {beads:>3}", base),
            Segment(("⚑" if link.bookmarked else " ") + ("#" if link.note else " "), base + doubt),
            Segment(" ", base),
        ]
