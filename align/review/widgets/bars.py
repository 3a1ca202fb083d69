"""Bars: position in the list, last message, and the keys that are enabled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.strip import Strip

from align.review.rendering import Painted, fitted_segment
from align.text.width import cells, fit, wrap


class Line(Painted):
    """A line of text, cut to the width, or wrapped to at most `max_lines`. `right` is shown whole if it fits."""

    def __init__(self, *, max_lines: int = 1, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._max_lines = max_lines
        self._left = ""
        self._right = ""

    def show(self, left: str, right: str = "") -> None:
        """Set the text."""
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self._grow()
            self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Wrap again."""
        self._grow()

    def _grow(self) -> None:
        """Adapt the height to the text."""
        if self._max_lines > 1 and self.size.width:
            line_count = min(self._max_lines, max(1, len(self._wrapped())))
            if line_count != (self.styles.height.value if self.styles.height else 1):
                self.styles.height = line_count

    def _wrapped(self) -> list[tuple[int, int]]:
        return [(line.start, line.end) for line in wrap(self._left, self._left_width)]

    @property
    def _left_width(self) -> int:
        """Width of the left part, in cells."""
        width = self.size.width
        left_width = width - min(cells(self._right), width)
        return width if left_width < 12 and self._left else left_width

    @property
    def words(self) -> str:
        """The text shown."""
        return f"{self._left} {self._right}".strip()

    def render_line(self, y: int) -> Strip:
        """Render a line of the text, or a blank one."""
        width, style, left_width = self.size.width, self.base, self._left_width
        lines = self._wrapped() if self._max_lines > 1 else [(0, len(self._left))]
        if y >= min(self._max_lines, len(lines)):
            return Strip.blank(width, style)
        start, end = lines[y]
        # The last line gets all remaining text, so that its cut is visible.
        words = self._left[start : end if y < self._max_lines - 1 else None]
        right = self._right if y == 0 else ""
        return Strip(
            [fitted_segment(words, left_width, style), fitted_segment(right, width - left_width, style)], width
        )


class KeyBar(Painted):
    """The enabled keys as they are bound, as many as fit; the last one is always the help key."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}
    _shown: Sequence[tuple[str, str]] = ()

    def on_mount(self) -> None:
        """Subscribe to changes of the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._renew())

    def _renew(self) -> None:
        entries = self.entries()
        if entries != self._shown:
            self._shown = entries
            self.refresh()

    def entries(self) -> list[tuple[str, str]]:
        """Key and label of every enabled action."""
        by_action: dict[str, tuple[str, str]] = {}
        for _node, binding, enabled, _tip in self.screen.active_bindings.values():
            if enabled and binding.show and binding.description and binding.action not in by_action:
                by_action[binding.action] = (self.app.get_key_display(binding), binding.description)
        # In the order of the screen's table, most important first.
        listed = [binding.action for binding in type(self.screen).BINDINGS if isinstance(binding, Binding)]
        useful: Callable[[str], bool] = getattr(self.screen, "useful", lambda _action: True)
        return [by_action[call] for call in listed if call in by_action and useful(call)]

    def render_line(self, y: int) -> Strip:
        """Fill the lines from the left; keys that do not fit are in the help screen."""
        width, style = self.size.width, self.base
        key_style = style + self.component_style("key-bar--key")
        lines = self._lines(width)
        if y >= len(lines):
            return Strip.blank(width, style)
        segments, used = [], 0
        for key, words in lines[y]:
            segments += [Segment(fit(key, cells(key)), key_style), Segment(f" {words}  ", style)]
            used += cells(key) + cells(words) + 3
        segments.append(Segment(" " * max(0, width - used), style))
        return Strip(segments).crop_extend(0, width, style)

    def _lines(self, width: int) -> list[list[tuple[str, str]]]:
        entries = self._shown or self.entries()
        help_keys = [entry for entry in entries if entry[1] == "all keys"]
        rest = [entry for entry in entries if entry[1] != "all keys"]
        reserved = sum(cells(key) + cells(words) + 3 for key, words in help_keys)
        lines: list[list[tuple[str, str]]] = []
        for number in range(max(1, self.size.height)):
            free_width = width - (reserved if number == self.size.height - 1 else 0)
            line = []
            while rest and cells(rest[0][0]) + cells(rest[0][1]) + 3 <= free_width:
                free_width -= cells(rest[0][0]) + cells(rest[0][1]) + 3
                line.append(rest.pop(0))
            lines.append(line)
        lines[-1] += help_keys
        return lines
