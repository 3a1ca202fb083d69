"""Bars: position in the list, last message, and the keys that are enabled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


PALETTE = "app.command_palette"
WIDTH_WITH_PALETTE = 96
"""Cells from which on the key bar names the command palette; the help names it always."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key of the key bar. `useful`: whether it does something to the current link."""

    key: str
    label: str
    action: str
    useful: bool = True

    @property
    def width(self) -> int:
        """Cells of the entry with the space after it."""
        return cells(self.key) + cells(self.label) + 3


class KeyBar(Painted):
    """The keys of a screen in a fixed order, as many as fit; a click on one does its action.

    First those of the screen's `KEY_BAR`, then the others in the order of its bindings; the keys in `LAST` are always
    shown, at the end. A key that does nothing now is dimmed, so that no key moves.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key", "key-bar--idle"}
    LAST = ("filter", "filter_texts", "find", "back", "help")
    _shown: Sequence[KeyEntry] = ()

    def on_mount(self) -> None:
        """Subscribe to changes of the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._renew())

    def _renew(self) -> None:
        entries = self.entries()
        if entries != self._shown:
            self._shown = entries
            self.refresh()

    def entries(self) -> list[KeyEntry]:
        """Every action of the screen, those that are always shown last."""
        active: dict[str, tuple[Binding, bool]] = {}
        for _node, binding, enabled, _tip in self.screen.active_bindings.values():
            if binding.show and binding.description:
                active.setdefault(binding.action, (binding, enabled))
        first: Sequence[str] = getattr(self.screen, "KEY_BAR", ())
        useful: Callable[[str], bool] = getattr(self.screen, "useful", lambda _action: True)
        listed = [binding for binding in type(self.screen).BINDINGS if isinstance(binding, Binding)]

        def position(binding: Binding) -> tuple[int, int]:
            name = binding.id or ""
            if name in self.LAST:
                return 2, self.LAST.index(name)
            return (0, first.index(name)) if name in first else (1, 0)

        entries = []
        for declared in sorted(listed, key=position):
            if declared.action in active:
                binding, enabled = active[declared.action]
                key = self.app.get_key_display(binding)
                is_useful = enabled and useful(declared.action)
                if is_useful or not (declared.id or "").startswith("alternative"):
                    entries.append(KeyEntry(key, binding.description, declared.action, is_useful))
        if self.app.size.width >= WIDTH_WITH_PALETTE and not self.screen.is_modal:
            entries.append(KeyEntry("Ctrl+P", "any action", PALETTE))
        return entries

    def render_line(self, y: int) -> Strip:
        """Fill the lines from the left; keys that do not fit are in the help screen."""
        width, style = self.size.width, self.base
        key_style, idle = style + self.component_style("key-bar--key"), style + self.component_style("key-bar--idle")
        lines = self._lines(width)
        if y >= len(lines):
            return Strip.blank(width, style)
        segments, used = [], 0
        for entry in lines[y]:
            segments += [
                Segment(fit(entry.key, cells(entry.key)), key_style if entry.useful else idle),
                Segment(f" {entry.label}  ", style if entry.useful else idle),
            ]
            used += entry.width
        segments.append(Segment(" " * max(0, width - used), style))
        return Strip(segments).crop_extend(0, width, style)

    async def on_click(self, event: events.Click) -> None:
        """Do the action of the entry that was clicked."""
        lines, left = self._lines(self.size.width), 0
        for entry in lines[event.y] if event.y < len(lines) else ():
            if left <= event.x < left + entry.width - 2:
                await self.screen.run_action(entry.action)
                return
            left += entry.width

    def _lines(self, width: int) -> list[list[KeyEntry]]:
        entries = self._shown or self.entries()
        last_actions = {b.action for b in type(self.screen).BINDINGS if isinstance(b, Binding) and b.id in self.LAST}
        last_actions.add(PALETTE)
        last = [entry for entry in entries if entry.action in last_actions]
        rest = [entry for entry in entries if entry.action not in last_actions]
        reserved = sum(entry.width for entry in last)
        lines: list[list[KeyEntry]] = []
        for number in range(max(1, self.size.height)):
            free_width = width + 2 - (reserved if number == self.size.height - 1 else 0)
            line = []
            while rest and rest[0].width <= free_width:
                free_width -= rest[0].width
                line.append(rest.pop(0))
            lines.append(line)
        lines[-1] += last
        return lines
