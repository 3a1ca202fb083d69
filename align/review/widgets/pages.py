"""Two documents side by side, a sentence per row, with links drawn between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from align.domain import Link, Status
from align.jobs.browse import SentenceRow
from align.review.paint import fitted_segment
from align.review.widgets.gutter import GutterCell, Wire, draw
from align.review.widgets.painted import Painted

GUTTER_WIDTH = 11


class SentenceColumn(Protocol):
    """One side: number of rows, sentences of a range of rows, row number of a sentence (None if not in it)."""

    count: int

    def rows(self, start: int, n: int) -> Sequence[SentenceRow]: ...

    def row_number(self, sentence: int) -> int | None: ...

    def reload(self) -> None: ...


def row_of(column: SentenceColumn, number: int) -> SentenceRow | None:
    """One row; None if out of range."""
    rows = column.rows(number, 1) if 0 <= number < column.count else ()
    return rows[0] if rows else None


class Pages(Painted, can_focus=True):
    """Both documents with one cursor; the other side scrolls to the linked sentence."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "down", show=False),
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False),
        Binding("home", "step(-1000000000)", "first", show=False),
        Binding("end", "step(1000000000)", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pages--cursor",
        "pages--other",
        "pages--picked",
        "pages--unlinked",
        "pages--settled",
        "pages--proposed",
        "pages--here",
        "pages--faint",
    }

    class Moved(Message):
        """The cursor moved to another sentence."""

    def __init__(
        self,
        columns: tuple[SentenceColumn, SentenceColumn],
        links_of: Callable[[list[int]], Sequence[Link]],
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self.columns = columns
        self._links_of = links_of
        self.side = 0
        self.cursors = [0, 0]
        self.tops = [0, 0]
        self.picked: tuple[set[int], set[int]] = (set(), set())
        self._drawn: list[list[GutterCell]] = []
        self._wired: list[Link] = []
        self._linked: dict[int, Status] = {}
        self._here: set[int] = set()

    def on_mount(self) -> None:
        """Draw both sides."""
        self.sync_sides()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again."""
        self.sync_sides()

    @property
    def current(self) -> SentenceRow | None:
        """Sentence under the cursor."""
        return row_of(self.columns[self.side], self.cursors[self.side])

    def other(self) -> SentenceRow | None:
        """Current sentence of the other side."""
        return row_of(self.columns[1 - self.side], self.cursors[1 - self.side])

    def links_here(self) -> list[Link]:
        """Links of the sentence under the cursor, decided ones first."""
        row = self.current
        links = list(self._links_of([row.id])) if row else []
        return sorted(links, key=lambda link: (link.status is Status.PROPOSED, -link.confidence))

    def go(self, side: int, number: int) -> None:
        """Move the cursor to a row of a side."""
        self.side = side
        self.cursors[side] = max(0, min(number, self.columns[side].count - 1))
        self.sync_sides()

    def action_step(self, step: int) -> None:
        """Move the cursor."""
        self.go(self.side, self.cursors[self.side] + step)

    def action_page(self, step: int) -> None:
        """Move by a page."""
        self.action_step(step * max(1, self.size.height - 2))

    def sync_sides(self) -> None:
        """Scroll both sides to the cursor and the linked sentence, and draw."""
        height = self.size.height
        if not height:
            return
        side, other = self.side, 1 - self.side
        self.tops[side] = _scrolled(self.tops[side], self.cursors[side], height, self.columns[side].count)
        partner = self._partner_row()
        if partner is not None:
            self.cursors[other] = partner
            # Level with the cursor unless the end of the document is too near.
            partner_top = partner - (self.cursors[side] - self.tops[side])
            self.tops[other] = max(0, min(partner_top, max(0, self.columns[other].count - height)))
        self.tops[other] = _scrolled(self.tops[other], self.cursors[other], height, self.columns[other].count, margin=0)
        self._wire(height)
        self.refresh()
        self.post_message(self.Moved())

    def _partner_row(self) -> int | None:
        for link in self.links_here():
            ends = (link.tgt if self.side == 0 else link.src).sentences
            return self.columns[1 - self.side].row_number(ends[0])
        return None

    def _wire(self, height: int) -> None:
        """Convert the links of the visible rows to wires."""
        screen_rows: list[dict[int, int]] = []
        for column, top in zip(self.columns, self.tops, strict=True):
            screen_rows.append({row.id: y for y, row in enumerate(column.rows(top, height))})
        links = list({link.id: link for link in self._links_of([*screen_rows[0], *screen_rows[1]])}.values())
        here = {link.id for link in self.links_here()}
        links.sort(key=lambda link: (link.id in here, link.status is not Status.PROPOSED, link.id))
        self._linked = {}
        wires: list[Wire] = []
        self._wired = []
        for link in links:
            for sentence in (*link.src.sentences, *link.tgt.sentences):
                if self._linked.get(sentence, Status.PROPOSED) is Status.PROPOSED:
                    self._linked[sentence] = link.status
            left = tuple(screen_rows[0][s] for s in link.src.sentences if s in screen_rows[0])
            right = tuple(screen_rows[1][s] for s in link.tgt.sentences if s in screen_rows[1])
            if not left and not right:
                continue
            off_screen = 0
            if not left or not right:
                visible_side, hidden_side = (0, link.tgt) if left else (1, link.src)
                row = self.columns[1 - visible_side].row_number(hidden_side.sentences[0])
                off_screen = -1 if row is not None and row < self.tops[1 - visible_side] else 1
            wires.append(Wire(left, right, off_screen))
            self._wired.append(link)
        self._drawn = draw(wires, height, GUTTER_WIDTH)
        self._here = here

    def render_line(self, y: int) -> Strip:
        """Render a row of both documents and the gutter."""
        width = self.size.width
        left = (width - GUTTER_WIDTH) // 2
        column_widths = (left, width - GUTTER_WIDTH - left)
        segments: list[Segment] = []
        for side, column_width in enumerate(column_widths):
            row = row_of(self.columns[side], self.tops[side] + y)
            if side == 1:
                segments += self._gutter(y)
            if row is None:
                segments.append(Segment(" " * column_width, self.base))
                continue
            segments += self._sentence(row, side, self.tops[side] + y == self.cursors[side], column_width)
        return Strip(segments, width)

    def _sentence(self, row: SentenceRow, side: int, here: bool, width: int) -> list[Segment]:
        picked = row.id in self.picked[side]
        style = self.base
        if row.id not in self._linked:
            style += self._style("unlinked")
        if picked:
            style += self._style("picked")
        if here:
            style += self._style("cursor" if side == self.side else "other")
        mark = "◆" if picked else "∅" if row.id not in self._linked else " "
        return [Segment(f"{mark} ", style), fitted_segment(row.text, width - 2, style)]

    def _gutter(self, y: int) -> list[Segment]:
        if y >= len(self._drawn):
            return [Segment(" " * GUTTER_WIDTH, self.base)]
        return [Segment(cell.glyph, self.base + self._wire_style(cell)) for cell in self._drawn[y]]

    def _wire_style(self, cell: GutterCell) -> Style:
        if cell.wire is None:
            return Style()
        link = self._wired[cell.wire]
        if link.id in self._here:
            return self._style("here")
        return self._style("proposed" if link.status is Status.PROPOSED else "settled")

    def _style(self, name: str) -> Style:
        return self.component_style(f"pages--{name}", ground=name in ("cursor", "other"))


def _scrolled(top: int, cursor: int, height: int, count: int, *, margin: int = 2) -> int:
    """Nearest first row that shows the cursor with a margin."""
    margin = min(margin, (height - 1) // 2)
    top = min(top, cursor - margin)
    top = max(top, cursor + margin - height + 1)
    return max(0, min(top, count - height))
