"""The table of the workspace: a line a pair of texts or document, with headings above and the total below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from align.review.rendering import Painted, fitted_segment
from align.review.workspace_rows import SortColumn, WorkspaceRow
from align.text.width import cells

NAME_WIDTH = 20
"""Minimum width of the names, below which columns are left out."""
BAR_WIDTH = 10
BAR_FROM = 100
"""Width from which on there are bars."""
GAP = "  "


class TableColumn(NamedTuple):
    """A column: its heading, its width in cells, and the sort column that it is."""

    heading: str
    width: int
    sorts: SortColumn | None = None


class WorkspaceTable(Painted, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor. Only the rows in sight are rendered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "down", show=False),
        Binding("up,k", "step(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "down", show=False),
        Binding("pageup", "page(-1)", "up", show=False),
        Binding("home", "step(-1000000)", "first", show=False),
        Binding("end", "step(1000000)", "last", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "workspace-table--cursor",
        "workspace-table--heading",
        "workspace-table--done",
        "workspace-table--left",
        "workspace-table--unlinked",
    }
    cursor: reactive[int] = reactive(0)

    class Opened(Message):
        """The row at the cursor was clicked."""

    class SortRequested(Message):
        """The heading of a column was clicked."""

        def __init__(self, column: SortColumn) -> None:
            super().__init__()
            self.column = column

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.rows: Sequence[WorkspaceRow] = ()
        self._sort: SortColumn = "texts"
        self._empty = ""

    def show(self, rows: Sequence[WorkspaceRow], sort: SortColumn, empty: str) -> None:
        """Set the rows, the sorted column, and what is shown where there is no row."""
        self.rows, self._sort, self._empty = rows, sort, empty
        self._measure()
        self.cursor = min(self.cursor, max(0, len(rows) - 1))
        self.refresh()

    @property
    def row(self) -> WorkspaceRow | None:
        """The row at the cursor."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def words(self) -> str:
        """The lines in sight, for tests."""
        return "\n".join(self.render_line(y).text.rstrip() for y in range(self.size.height))

    def on_resize(self, _event: events.Resize) -> None:
        """Adapt to the new width."""
        self._measure()

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)

    def validate_cursor(self, cursor: int) -> int:
        """Limit the cursor to the rows."""
        return max(0, min(cursor, len(self.rows) - 1))

    def watch_cursor(self) -> None:
        """Scroll the cursor into view, below the heading."""
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, force=True)
        self.refresh()

    def action_step(self, step: int) -> None:
        """Move the cursor."""
        self.cursor += step

    def action_page(self, step: int) -> None:
        """Move the cursor by a screen."""
        self.cursor += step * max(1, self.size.height - 2)

    def on_click(self, event: events.Click) -> None:
        """Sort by the heading, select the row, or open the selected one."""
        if event.y == 0:
            at = 2
            for column in self._columns(self.scrollable_content_region.width):
                if at <= event.x < at + column.width and column.sorts:
                    self.post_message(self.SortRequested(column.sorts))
                at += column.width + len(GAP)
            return
        number = event.y - 1 + self.scroll_offset.y
        if number == self.cursor and number < len(self.rows):
            self.post_message(self.Opened())
        elif number < len(self.rows):
            self.cursor = number

    def _columns(self, width: int) -> list[TableColumn]:
        """The columns that fit, names first; narrow screens have no bars, and then no share of right ones."""
        languages = max([len("languages"), *(cells(row.languages) for row in self.rows)])
        is_wide = width >= BAR_FROM
        columns = [
            TableColumn("languages", min(languages, 24 if is_wide else 14)),
            TableColumn("links", 9 if is_wide else 7),
            TableColumn("decided", BAR_WIDTH + 6 if is_wide else 8, "decided"),
            TableColumn("left", 9 if is_wide else 7, "left"),
            TableColumn("likely right" if is_wide else "right", 13 if is_wide else 6, "right"),
        ]
        while len(columns) > 2 and _width(columns) + NAME_WIDTH > width - 2:
            columns.pop(1 if len(columns) > 3 else -1)
        names = max(1, width - 2 - _width(columns))
        return [TableColumn("texts", names, "texts"), *columns]

    def heading(self, width: int) -> Strip:
        """The names of the columns; ▾ marks the sorted one."""
        style = self.base + self.component_style("workspace-table--heading", ground=True)
        segments = [Segment("  ", style)]
        for number, column in enumerate(self._columns(width)):
            words = f"{column.heading}▾" if column.sorts == self._sort else column.heading
            if number > 1 and column.heading != "decided":
                words = words.rjust(column.width)
            segments += [Segment(GAP, style)] if number else []
            segments.append(fitted_segment(words, column.width, style))
        return Strip(segments).crop_extend(0, width, style)

    def line_of(self, row: WorkspaceRow, width: int, base: Style, mark: str = "  ") -> Strip:
        """A row of the table."""
        if not row.total and row.documents:
            base = base + self.component_style("workspace-table--unlinked")
        segments = [Segment(mark, base)]
        for number, column in enumerate(self._columns(width)):
            segments += [Segment(GAP, base)] if number else []
            segments += self._cell(row, column, base)
        return Strip(segments).crop_extend(0, width, base)

    def _cell(self, row: WorkspaceRow, column: TableColumn, base: Style) -> list[Segment]:
        name, width = column.heading, column.width
        if name in ("texts", "languages"):
            return [fitted_segment(_name(row.name, width) if name == "texts" else row.languages, width, base)]
        if not row.total:
            return [fitted_segment("no links" if name == "decided" else "–".rjust(width), width, base)]
        if name == "links":
            return [fitted_segment(f"{row.total:,}".rjust(width), width, base)]
        if name == "left":
            return [fitted_segment((f"{row.left:,}" if row.left else "✓").rjust(width), width, base)]
        if name != "decided":
            share = row.share_right
            words = "" if share is None else f"{_percent(share)} %"
            return [fitted_segment(words.rjust(width), width, base)]
        words = f"{_percent(row.share_decided):>3} %"
        if width <= BAR_WIDTH:
            return [fitted_segment(words, width, base)]
        filled = min(BAR_WIDTH, int(BAR_WIDTH * row.share_decided))
        done, left = (self.component_style(f"workspace-table--{name}") for name in ("done", "left"))
        return [
            Segment("━" * filled, base + done),
            Segment("─" * (BAR_WIDTH - filled), base + left),
            fitted_segment(f" {words}", width - BAR_WIDTH, base),
        ]

    def render_line(self, y: int) -> Strip:
        """Render the heading, or a row."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self.heading(width)
        number = y - 1 + self.scroll_offset.y
        if not self.rows and y == 2:
            return Strip([fitted_segment(f"  {self._empty}", width, self.base)], width)
        if number >= len(self.rows):
            return Strip.blank(width, self.base)
        if number == self.cursor:
            return self.line_of(
                self.rows[number], width, self.component_style("workspace-table--cursor", ground=True), "▌ "
            )
        return self.line_of(self.rows[number], width, self.base)


class WorkspaceTotal(Painted):
    """The total, in the columns of the table above."""

    def __init__(self, table: WorkspaceTable, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._table = table
        self._row = WorkspaceRow("", "", 0, 0, 0, 0.0)

    def show(self, row: WorkspaceRow) -> None:
        """Set the total."""
        self._row = row
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render the total."""
        width = self._table.scrollable_content_region.width or self.size.width
        return self._table.line_of(self._row, width, self.base).crop_extend(0, self.size.width, self.base)


def _width(columns: Sequence[TableColumn]) -> int:
    return sum(column.width + len(GAP) for column in columns)


def _percent(share: float) -> int:
    """Whole per cent; 100 only for all, 0 only for none."""
    return min(max(round(100 * share), int(share > 0)), 100 if share >= 1 else 99)


def _name(name: str, width: int) -> str:
    """The names of a pair, each cut to its half where both do not fit."""
    src, arrow, tgt = name.partition(" ↔ ")
    if not arrow or cells(name) <= width:
        return name
    free = width - 3
    src_width = min(cells(src), max(free // 2, free - cells(tgt)))
    return f"{_cut(src, src_width)} ↔ {_cut(tgt, free - src_width)}"


def _cut(text: str, width: int) -> str:
    """The text in at most `width` cells, without its middle where it is longer."""
    if cells(text) <= width or width < 5:
        return text
    head = text[: (width - 1) // 2]
    tail = text[-(width - 1 - len(head)) :]
    while cells(head) + cells(tail) + 1 > width and (head or tail):
        head, tail = (head[:-1], tail) if cells(head) >= cells(tail) else (head, tail[1:])
    return f"{head}…{tail}"
