"""Both texts of a link side by side (stacked on narrow screens), with the sentences before and after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from align.review.rendering import Paint, Painted, fitted_segment, paragraph

MIN_WIDTH_SIDE_BY_SIDE = 76
"""Minimum width for texts side by side."""
SIDE_SEPARATOR = " │ "


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence with its style. `marks` are `(start, end, role)`; roles are the component classes `texts--ROLE`."""

    text: str
    marks: tuple[tuple[int, int, str], ...] = ()
    role: str = "body"
    margin: str = " "
    """One cell before the text: status of the sentence."""
    max_lines: int = 0
    """Maximum number of lines; 0 = all."""


FooterLine = Passage | tuple[Passage, Passage]


@dataclass(frozen=True, slots=True)
class SideView:
    """View of one side. `cut`: number of sentences of `body` before the split point; None without one."""

    title: str
    before: tuple[Passage, ...] = ()
    body: tuple[Passage, ...] = ()
    after: tuple[Passage, ...] = ()
    cut: int | None = None
    active: bool = False


@dataclass(slots=True)
class _Column:
    """Rendered strips of a side, of equal width."""

    title: Strip
    before: list[Strip] = field(default_factory=list)
    body: list[Strip] = field(default_factory=list)
    after: list[Strip] = field(default_factory=list)


class Texts(Painted):
    """`show(sides, footer)` renders both sides and scrolls to the link's sentences.

    It scrolls without ScrollView, which lays out the whole screen whenever the height of its content changes, and
    here that happens at every key.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "texts--title",
        "texts--title-active",
        "texts--body",
        "texts--context",
        "texts--unlinked",
        "texts--rule",
        "texts--number",
        "texts--latin",
        "texts--name",
        "texts--han",
        "texts--word",
        "texts--lonely",
        "texts--added",
        "texts--removed",
        "texts--foot",
        "texts--warning",
        "texts--cut",
        "texts--hit",
    }

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._sides: tuple[SideView, ...] = ()
        self._footer: tuple[FooterLine, ...] = ()
        self._strips: list[Strip] = []
        self._above: list[Strip] = []
        self._below: list[Strip] = []
        self._footer_strips: list[Strip] = []
        self._footer_top = 0
        self._top = 0

    def show(self, sides: Sequence[SideView], footer: Sequence[FooterLine] = ()) -> None:
        """Set the sides and the lines of the footer."""
        self._sides, self._footer = tuple(sides), tuple(footer)
        self._compose_lines()

    @property
    def words(self) -> str:
        """The text of all lines, for tests."""
        return "\n".join(strip.text for strip in (*self._above, *self._strips, *self._below))

    class SideClicked(Message):
        """A side was clicked: 0 is the source."""

        def __init__(self, side: int) -> None:
            super().__init__()
            self.side = side

    def on_click(self, event: events.Click) -> None:
        """Make the side active that was clicked."""
        width = self.size.width - 1
        if len(self._sides) == 2 and width >= MIN_WIDTH_SIDE_BY_SIDE:
            self.post_message(self.SideClicked(int(event.x > (width - len(SIDE_SEPARATOR)) // 2)))

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap again."""
        self._compose_lines()

    def restyled(self) -> None:
        """Wrap again in the colours of the theme."""
        self._compose_lines()

    def scroll_by(self, lines: int) -> None:
        """Scroll the texts, and at their end the footer."""
        top = max(0, min(self._top + lines, len(self._strips) - self._visible_line_count()))
        if top == self._top:
            self._footer_top = max(0, min(self._footer_top + lines, len(self._footer_strips) - len(self._below)))
            self._below = self._footer_strips[self._footer_top : self._footer_top + len(self._below)]
        self._top = top
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        """Scroll down by three lines."""
        self.scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll up by three lines."""
        self.scroll_by(-3)

    def _style(self, role: str) -> Style:
        return self.component_style(f"texts--{role}", ground=role.startswith(("title", "hit")))

    def _compose_lines(self) -> None:
        """Titles and footer are fixed; the part between scrolls, initially with the link's sentences in its middle."""
        width, height = self.size.width - 1, self.size.height
        if width < 1 or not height:
            return
        footer = [strip for line in self._footer for strip in self._footer_line_strips(line, width)]
        is_footer_only = not self._sides
        self._footer_strips, self._footer_top = footer, 0
        self._below = [] if is_footer_only else footer[: max(1, height * 3 // 5)]
        self._above = []
        top = body = 0
        if is_footer_only:
            self._strips = footer
        elif width >= MIN_WIDTH_SIDE_BY_SIDE and len(self._sides) == 2:
            strips, top, body = self._side_by_side(width)
            self._above, self._strips, top = strips[:1], strips[1:], top - 1
        else:
            self._strips, top, body = self._stacked(width, height - len(self._below))
        visible_count = self._visible_line_count()
        self._top = max(0, min(top - max(0, (visible_count - body) // 2), len(self._strips) - visible_count))
        self.refresh()

    def _visible_line_count(self) -> int:
        """Number of visible lines that scroll."""
        return max(1, self.size.height - len(self._above) - len(self._below))

    def _footer_line_strips(self, line: FooterLine, width: int) -> list[Strip]:
        """Strips of a footer line; a pair is side by side if it fits."""
        if isinstance(line, Passage):
            return self._passage(line, width)
        if width < MIN_WIDTH_SIDE_BY_SIDE:
            return [strip for passage in line for strip in self._passage(passage, width)]
        left = (width - len(SIDE_SEPARATOR)) // 2
        column_widths = (left, width - len(SIDE_SEPARATOR) - left)
        columns = [
            self._passage(passage, column_width) for passage, column_width in zip(line, column_widths, strict=True)
        ]
        longest = max(map(len, columns))
        rule = Strip([Segment(SIDE_SEPARATOR, self.base + self._style("rule"))], len(SIDE_SEPARATOR))
        filled = [
            column + [Strip([Segment(" " * column_width, self.base)], column_width)] * (longest - len(column))
            for column, column_width in zip(columns, column_widths, strict=True)
        ]
        return [Strip.join([a, rule, b]) for a, b in zip(*filled, strict=True)]

    def _passage(self, passage: Passage, width: int) -> list[Strip]:
        base = self.base + self._style(passage.role)
        paints = tuple(Paint(start, end, self._style(role)) for start, end, role in passage.marks)
        strips = paragraph(passage.text, width - 2, base, paints)
        if passage.max_lines and len(strips) > passage.max_lines:
            strips = strips[: passage.max_lines]
        heads = [passage.margin + " "] + ["  "] * (len(strips) - 1)
        return [Strip([Segment(head, base), *strip], width) for head, strip in zip(heads, strips, strict=True)]

    def _column(self, side: SideView, width: int) -> _Column:
        style = self.base + self._style("title-active" if side.active else "title")
        column = _Column(Strip([fitted_segment(side.title, width, style)], width))
        for passage in side.before:
            column.before += self._passage(passage, width)
        for number, passage in enumerate(side.body):
            if side.cut is not None and side.cut == number:
                column.body.append(self._rule(width))
            column.body += self._passage(passage, width)
        for passage in side.after:
            column.after += self._passage(passage, width)
        return column

    def _rule(self, width: int) -> Strip:
        return Strip([Segment("╌" * width, self.base + self._style("cut"))], width)

    def _side_by_side(self, width: int) -> tuple[list[Strip], int, int]:
        """(strips, index of the link's first strip, number of its strips)."""
        left = (width - len(SIDE_SEPARATOR)) // 2
        widths = (left, width - len(SIDE_SEPARATOR) - left)
        columns = [self._column(side, column_width) for side, column_width in zip(self._sides, widths, strict=True)]
        above, body, below = (
            max(len(getattr(column, part)) for column in columns) for part in ("before", "body", "after")
        )
        base = self.base
        rule = Strip([Segment(SIDE_SEPARATOR, base + self._style("rule"))], len(SIDE_SEPARATOR))
        whole = []
        for column, column_width in zip(columns, widths, strict=True):
            blank = Strip([Segment(" " * column_width, base)], column_width)
            whole.append(
                [column.title]
                + [blank] * (above - len(column.before))
                + column.before
                + column.body
                + [blank] * (body - len(column.body))
                + column.after
                + [blank] * (below - len(column.after))
            )
        return [Strip.join([a, rule, b]) for a, b in zip(*whole, strict=True)], 1 + above, body

    def _stacked(self, width: int, height: int) -> tuple[list[Strip], int, int]:
        """The same with the sides stacked; context only if it fits."""
        columns = [self._column(side, width) for side in self._sides]
        bodies = sum(len(column.body) + 1 for column in columns)
        context_lines = max(0, (height - bodies) // (2 * len(columns)))
        strips: list[Strip] = []
        for column in columns:
            strips.append(column.title)
            strips += column.before[len(column.before) - min(context_lines, len(column.before)) :]
            strips += column.body
            strips += column.after[:context_lines]
        return strips, 0, min(bodies, height)

    def render_line(self, y: int) -> Strip:
        """Render a line with the scroll mark at its right."""
        width, visible_count, above = self.size.width - 1, self._visible_line_count(), len(self._above)
        mark = " "
        if y < above:
            line = self._above[y]
        elif y < above + visible_count:
            number = y - above + self._top
            line = self._strips[number] if number < len(self._strips) else Strip.blank(width, self.base)
            mark = self._scroll_mark(y - above, visible_count)
        elif y - above - visible_count < len(self._below):
            line = self._below[y - above - visible_count]
        else:
            line = Strip.blank(width, self.base)
        edge = Strip([Segment(mark, self.base + self._style("rule"))], 1)
        return Strip.join([line.crop_extend(0, width, self.base), edge])

    def _scroll_mark(self, y: int, visible_count: int) -> str:
        if len(self._strips) <= visible_count:
            return " "
        bar = max(1, visible_count * visible_count // len(self._strips))
        first = self._top * (visible_count - bar) // max(1, len(self._strips) - visible_count)
        return "┃" if first <= y < first + bar else " "
