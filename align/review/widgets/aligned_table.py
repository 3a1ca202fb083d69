"""The aligned table: two texts side by side, one row a link, wrapped; only links that cross are drawn.

Rows have different heights, so the table scrolls by (row, line), and it wraps only the rows in sight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from align.models import Status
from align.review.aligned_rows import AlignedRows, GutterCell, Row, Wire, draw
from align.review.rendering import Paint, Painted, paragraph
from align.review.wording import STATUS_GLYPHS, percent
from align.store.search import find_terms, parse
from align.workspace.browse import SentenceRow

GUTTER_WIDTH, WHEEL_LINES = 11, 3
HEIGHT_WITH_GAPS = 30
"""Lines from which on a blank line is between the rows."""
Texts = Callable[[int, int, int], Sequence[SentenceRow]]
"""Sentences of a side: `(side, first position, number)`."""


class TableLine(NamedTuple):
    """A line on the screen: row, line of the row, and the sentence of each side that it shows (position, or -1)."""

    row: int
    line: int
    sentences: tuple[int, int]


class AlignedTable(Painted, can_focus=True):
    """Both texts with one cursor, on a sentence. `rows` and `texts` are set by `show`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "down", show=False),
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "page up", show=False),
        Binding("home", "end_of(0)", "first", show=False),
        Binding("end", "end_of(1)", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--row",
        "table--cursor",
        "table--picked",
        "table--unlinked",
        "table--settled",
        "table--proposed",
        "table--doubtful",
        "table--crossing",
        "table--hit",
    }

    class CursorMoved(Message):
        """The cursor moved to another sentence."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rows = AlignedRows((), (), ())
        self._texts: Texts = lambda _side, _first, _number: ()
        self.side = 0
        """The side that the cursor is on, where the row has it."""
        self.row = 0
        self._within = 0
        """Sentence of the row's side that the cursor is on."""
        self._top, self._offset = 0, 0
        """First row in sight, and how many of its lines are above the screen."""
        self.picked: tuple[set[int], set[int]] = (set(), set())
        self.search = ""
        """Search words that are highlighted."""
        self._lines: list[TableLine] = []
        self._crossing: list[int] = []
        """The links of the wires in `_drawn`."""
        self._drawn: list[list[GutterCell]] = []

    def show(self, rows: AlignedRows, texts: Texts) -> None:
        """Set the rows; the cursor stays at its sentence."""
        current, side = self.current_id, self.current_side
        self.rows, self._texts = rows, texts
        if current is not None and current in rows.position[side]:
            self.go_to_sentence(side, rows.position[side][current])
        else:
            self.go(min(self.row, len(rows.rows) - 1))

    # The cursor

    @property
    def current_row(self) -> Row | None:
        """The row under the cursor."""
        return self.rows.rows[self.row] if self.rows.rows else None

    @property
    def current_side(self) -> int:
        """The side of the sentence under the cursor: that of the cursor, unless the row has only the other."""
        row = self.current_row
        return 1 - self.side if row is not None and not row.positions(self.side) else self.side

    @property
    def current_position(self) -> int | None:
        """Position of the sentence under the cursor in its text."""
        row = self.current_row
        positions = row.positions(self.current_side) if row is not None else range(0)
        return positions[min(self._within, len(positions) - 1)] if positions else None

    @property
    def current_id(self) -> int | None:
        """The sentence under the cursor."""
        position = self.current_position
        return None if position is None else self.rows.sentences[self.current_side][position]

    @property
    def current(self) -> SentenceRow | None:
        """The sentence under the cursor with its text."""
        position = self.current_position
        sentences = self._texts(self.current_side, position, 1) if position is not None else ()
        return sentences[0] if sentences else None

    @property
    def link(self) -> int:
        """The link of the row under the cursor; 0 without one."""
        row = self.current_row
        return row.link if row is not None else 0

    def go(self, row: int, within: int = 0) -> None:
        """Move the cursor to a row."""
        self.row = max(0, min(row, len(self.rows.rows) - 1))
        self._within = within
        self._keep_in_sight()
        self.lay_out()
        self.post_message(self.CursorMoved())

    def go_to_sentence(self, side: int, position: int) -> None:
        """Move the cursor to a sentence."""
        self.side = side
        row = self.rows.row_of_sentence(side, position)
        positions = self.rows.rows[row].positions(side) if self.rows.rows else range(0)
        self.go(row, position - positions.start if position in positions else 0)

    def cross(self) -> None:
        """Change sides; from a link that crosses, go to the row of its other side."""
        side = 1 - self.current_side
        row = self.current_row
        if row is not None and row.crosses:
            self.side = side
            self.go(self.rows.other_row(self.row))
        elif row is not None and row.positions(side):
            self.side = side
            self.go(self.row)
        else:
            # Unlinked: the other text is longest in sight next to it.
            start = (row.tgt_start if side else row.src_start) if row is not None else 0
            if self.rows.sentences[side]:
                self.go_to_sentence(side, min(start, len(self.rows.sentences[side]) - 1))

    def action_step(self, step: int) -> None:
        """Go to the next or previous sentence of the row, then to the next row."""
        row = self.current_row
        if row is None:
            return
        within = min(self._within, max(0, len(row.positions(self.current_side)) - 1)) + step
        if 0 <= within < len(row.positions(self.current_side)):
            self.go(self.row, within)
        else:
            self.go(self._row_from(self.row + step, step), 0 if step > 0 else 1_000_000)

    def _row_from(self, row: int, step: int) -> int:
        """The row, or the next one in that direction: while sentences are picked, only rows with the cursor's side."""
        if not (self.picked[0] or self.picked[1]):
            return row
        while 0 <= row < len(self.rows.rows):
            if self.rows.rows[row].positions(self.side):
                return row
            row += step
        return self.row

    def action_page(self, step: int) -> None:
        """Move by the rows of a screen."""
        visible = len({line.row for line in self._lines if line.row >= 0})
        self.go(self.row + step * max(1, visible - 1))

    def action_end_of(self, end: int) -> None:
        """Go to the first or last row."""
        self.go(self._row_from(end * (len(self.rows.rows) - 1), -1 if end else 1))

    # Layout

    @property
    def _gap(self) -> int:
        return int(self.size.height >= HEIGHT_WITH_GAPS)

    @property
    def _widths(self) -> tuple[int, int]:
        left = max(4, (self.size.width - GUTTER_WIDTH) // 2)
        return left, max(4, self.size.width - GUTTER_WIDTH - left)

    def _sentence_lines(self, row: Row) -> tuple[list[tuple[int, int]], ...]:
        """(position, number of lines) of the sentences of each side."""
        sides = []
        for side, width in enumerate(self._widths):
            positions = row.positions(side)
            sentences = self._texts(side, positions.start, len(positions)) if positions else ()
            sides.append(
                [(at, len(self._wrapped(one.text, width))) for at, one in zip(positions, sentences, strict=False)]
            )
        return tuple(sides)

    def _wrapped(self, text: str, width: int) -> tuple[Strip, ...]:
        return paragraph(text, width - 2, self.base)

    def _height(self, number: int) -> int:
        sides = self._sentence_lines(self.rows.rows[number])
        return max(1, *(sum(lines for _, lines in side) for side in sides)) + self._gap

    def _keep_in_sight(self) -> None:
        """Scroll as little as shows the sentence under the cursor with a margin."""
        height = self.size.height
        if not height or not self.rows.rows:
            return
        before, own = self._lines_of_cursor()
        margin = min(2, (height - 1) // 4)
        if (self.row, before) <= (self._top, self._offset + margin):
            self._top, self._offset = self._up(self.row, before, margin)
            return
        distance, row = before - self._offset, self._top
        while row < self.row and distance <= height:
            distance += self._height(row)
            row += 1
        if row < self.row or distance + min(own, height - margin) + margin > height:
            self._top, self._offset = self._up(self.row, before, max(margin, height - margin - own))

    def _lines_of_cursor(self) -> tuple[int, int]:
        """Lines of the row before the sentence under the cursor, and its own."""
        before = 0
        for at, lines in self._sentence_lines(self.rows.rows[self.row])[self.current_side]:
            if at == self.current_position:
                return before, lines
            before += lines
        return 0, 1

    def _up(self, row: int, offset: int, lines: int) -> tuple[int, int]:
        """The row and line that are so many lines above a line of a row."""
        while lines > offset and row > 0:
            lines -= offset
            row -= 1
            offset = self._height(row)
        return row, max(0, offset - lines)

    def lay_out(self) -> None:
        """Lay out the lines in sight, and draw the links that cross."""
        lines: list[TableLine] = []
        number, height = self._top, self.size.height
        while len(lines) < height + self._offset and number < len(self.rows.rows):
            sides = [[at for at, n in side for _ in range(n)] for side in self._sentence_lines(self.rows.rows[number])]
            for line in range(max(1, *map(len, sides))):
                src, tgt = (side[line] if line < len(side) else -1 for side in sides)
                lines.append(TableLine(number, line, (src, tgt)))
            lines += [TableLine(-1, 0, (-1, -1))] * self._gap
            number += 1
        self._lines = lines[self._offset : self._offset + height]
        self._wire()
        self.refresh()

    def _wire(self) -> None:
        first: dict[int, int] = {}
        for y, line in enumerate(self._lines):
            if line.row >= 0:
                first.setdefault(line.row, y)
        wires: dict[int, Wire] = {}
        for number, y in first.items():
            row = self.rows.rows[number]
            if not row.crosses or row.link in wires:
                continue
            other = self.rows.other_row(number)
            own_side = 0 if row.src_stop > row.src_start else 1
            there = () if other not in first else (first[other],)
            left, right = ((y,), there) if own_side == 0 else (there, (y,))
            wires[row.link] = Wire(left, right, 0 if there else -1 if other < number else 1)
        self._crossing = list(wires)
        self._drawn = draw(list(wires.values()), len(self._lines), GUTTER_WIDTH) if wires else []

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out for the new size."""
        self._keep_in_sight()
        self.lay_out()

    def restyled(self) -> None:
        """Lay out in the colours of the theme."""
        self.lay_out()

    # Painting

    def render_line(self, y: int) -> Strip:
        """A line of both texts, with the state of the link between them."""
        width = self.size.width
        if y >= len(self._lines) or self._lines[y].row < 0:
            return Strip.join(
                [Strip.blank(self._widths[0], self.base), self._gutter(y), Strip.blank(self._widths[1], self.base)]
            )
        line = self._lines[y]
        left, right = (self._side(line, side, column) for side, column in enumerate(self._widths))
        return Strip.join([left, self._gutter(y), right]).crop_extend(0, width, self.base)

    def _side(self, line: TableLine, side: int, width: int) -> Strip:
        at = line.sentences[side]
        here = line.row == self.row
        ground = self._style("row") if here else Style()
        if at < 0:
            return Strip.blank(width, self.base + ground)
        sentence = self._texts(side, at, 1)[0]
        row = self.rows.rows[line.row]
        base = self.base + ground
        if not row.link:
            base += self._style("unlinked")
        is_picked = sentence.id in self.picked[side]
        if is_picked:
            base += self._style("picked")
        if here and side == self.current_side and at == self.current_position:
            base += self._style("cursor")
        words = parse(self.search) if self.search else ()
        hits = tuple(Paint(a, b, self._style("hit")) for a, b in find_terms(sentence.text, words)) if words else ()
        strips = paragraph(sentence.text, width - 2, base, hits)
        number = line.line - self._first_line(line, side)
        mark = ("◆" if is_picked else " " if row.link else "∅") if number == 0 else " "
        return Strip([Segment(f"{mark} ", base), *strips[min(number, len(strips) - 1)]])

    def _first_line(self, line: TableLine, side: int) -> int:
        """The line of the row at which the sentence of this line begins."""
        of_side = self._sentence_lines(self.rows.rows[line.row])[side]
        return sum(lines for _, lines in takewhile(lambda one: one[0] != line.sentences[side], of_side))

    def _gutter(self, y: int) -> Strip:
        line = self._lines[y] if y < len(self._lines) else TableLine(-1, 0, (-1, -1))
        state, style = self._gutter_state(line)
        drawn = self._drawn[y] if self._drawn and y < len(self._drawn) else ()
        if all(cell.wire is None for cell in drawn):
            ground = self._style("row") if line.row == self.row else Style()
            return Strip([Segment(state, self.base + ground + style)], GUTTER_WIDTH)
        if any(cell.wire is not None and letter != " " for cell, letter in zip(drawn, state, strict=True)):
            state = " " * GUTTER_WIDTH  # a line goes through it
        segments = []
        for cell, letter in zip(drawn, state, strict=True):
            if cell.wire is not None:
                own = self._crossing[cell.wire] == self.link
                segments.append(Segment(cell.glyph, self.base + self._style("picked" if own else "crossing")))
            else:
                segments.append(Segment(letter, self.base + style))
        return Strip(segments, GUTTER_WIDTH)

    def _gutter_state(self, line: TableLine) -> tuple[str, Style]:
        """Status or confidence on the first line of a link that does not cross others, with its style; else blank."""
        row = self.rows.rows[line.row] if line.row >= 0 else None
        if row is None or not row.link or row.crosses or line.line:
            return " " * GUTTER_WIDTH, Style()
        link = self.rows.links[row.link]
        settled = link.status is not Status.PROPOSED
        state = f"{STATUS_GLYPHS[link.status] if settled else percent(link.confidence)}".center(GUTTER_WIDTH)
        return state, self._style("settled" if settled else "doubtful" if link.confidence < 0.5 else "proposed")

    def _style(self, name: str) -> Style:
        return self.component_style(f"table--{name}", ground=name in ("row", "cursor", "hit"))

    # The mouse

    async def on_click(self, event: events.Click) -> None:
        """Move the cursor to the sentence; a second click on it picks it."""
        if event.y >= len(self._lines) or self._lines[event.y].row < 0:
            return
        line = self._lines[event.y]
        side = int(event.x >= self._widths[0] + GUTTER_WIDTH // 2)
        at = line.sentences[side]
        if at < 0:
            self.go(line.row)
        elif (side, at) == (self.current_side, self.current_position) and event.chain > 1:
            await self.screen.run_action("pick")
        else:
            self.go_to_sentence(side, at)

    def on_mouse_scroll_down(self) -> None:
        """Scroll down; the cursor stays."""
        lines = WHEEL_LINES + self._offset
        while self._top < len(self.rows.rows) - 1 and lines >= (height := self._height(self._top)):
            lines -= height
            self._top += 1
        self._offset = min(lines, self._height(self._top) - 1) if self.rows.rows else 0
        self.lay_out()

    def on_mouse_scroll_up(self) -> None:
        """Scroll up; the cursor stays."""
        self._top, self._offset = self._up(self._top, self._offset, WHEEL_LINES)
        self.lay_out()
