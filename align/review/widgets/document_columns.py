"""Draw links between two columns of rows, crossings included. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from align.models import Link, Status
from align.review.rendering import Painted, fitted_segment
from align.workspace.browse import SentenceRow

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
GLYPHS = " ╴╶─╵┘└┴╷┐┌┬│┤├┼"
"""Box-drawing character by the sum of the arms in a cell: LEFT + RIGHT + UP + DOWN."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One link: its visible rows on each side, and the direction of a side that is not visible."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    off_screen: int = 0
    """Direction of the side that is off the screen: -1 above, 1 below; 0 if both are visible."""

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row of the link."""
        both = (*self.left, *self.right)
        return min(both), max(both)

    @property
    def straight(self) -> bool:
        """Whether it links one row to the same row."""
        return self.left == self.right and len(self.left) == 1


@dataclass(frozen=True, slots=True)
class GutterCell:
    """Glyph of a cell, and index of the wire that drew it last (None if empty)."""

    glyph: str = " "
    wire: int | None = None


def wire_columns(wires: Sequence[Wire], width: int) -> dict[int, int]:
    """Column of the vertical part of each wire: wires that overlap get different columns, short wires first.

    If there are more than fit, they share the last column.
    """
    occupied: list[list[tuple[int, int]]] = [[] for _ in range(max(1, width - 2))]
    columns: dict[int, int] = {}
    bent = [n for n, wire in enumerate(wires) if not wire.off_screen and not wire.straight]
    for number in sorted(bent, key=lambda n: (wires[n].rows[1] - wires[n].rows[0], wires[n].rows)):
        low, high = wires[number].rows
        # From the middle outwards, so that bends look symmetric.
        middle = len(occupied) // 2
        for column in sorted(range(len(occupied)), key=lambda c: (abs(c - middle), c)):
            if all(high < a or b < low for a, b in occupied[column]):
                break
        else:
            column = len(occupied) - 1
        occupied[column].append((low, high))
        columns[number] = column + 1
    return columns


def draw(wires: Sequence[Wire], height: int, width: int) -> list[list[GutterCell]]:
    """`height` rows of `width` cells. Later wires are drawn over earlier ones."""
    arms = [[0] * width for _ in range(height)]
    owner: list[list[int | None]] = [[None] * width for _ in range(height)]
    glyphs: dict[tuple[int, int], str] = {}
    columns = wire_columns(wires, width)

    def draw_arm(row: int, column: int, arm: int, wire: int) -> None:
        if 0 <= row < height:
            arms[row][column] |= arm
            owner[row][column] = wire

    def across(row: int, first: int, last: int, wire: int) -> None:
        for column in range(first, last + 1):
            # At the edges the line continues to the text.
            arm = LEFT if column > first or first == 0 else 0
            arm |= RIGHT if column < last or last == width - 1 else 0
            draw_arm(row, column, arm, wire)

    for number, wire in enumerate(wires):
        if wire.off_screen:
            arrow = "↑" if wire.off_screen < 0 else "↓"
            for row in wire.left:
                across(row, 0, 0, number)
                glyphs[row, 1] = arrow
                draw_arm(row, 1, 0, number)
            for row in wire.right:
                across(row, width - 1, width - 1, number)
                glyphs[row, width - 2] = arrow
                draw_arm(row, width - 2, 0, number)
        elif wire.straight:
            across(wire.left[0], 0, width - 1, number)
        else:
            column = columns[number]
            low, high = wire.rows
            for row in wire.left:
                across(row, 0, column, number)
            for row in wire.right:
                across(row, column, width - 1, number)
            for row in range(low, high + 1):
                draw_arm(row, column, (UP if row > low else 0) | (DOWN if row < high else 0), number)
    return [
        [GutterCell(glyphs.get((y, x), GLYPHS[arms[y][x]]), owner[y][x]) for x in range(width)] for y in range(height)
    ]


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


class DocumentColumns(Painted, can_focus=True):
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

    class CursorMoved(Message):
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
        self.post_message(self.CursorMoved())

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
