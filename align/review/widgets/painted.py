"""Base of widgets that render their own lines, with cached styles."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.widget import Widget


class Painted(Widget):
    """`base` is the widget's own style, cached since a look-up walks all ancestors and is too slow per line and key."""

    _base: Style | None = None

    def __init__(self, *children: Any, **kwargs: Any) -> None:
        super().__init__(*children, **kwargs)
        self._style_cache: dict[tuple[str, bool], Style] = {}

    @property
    def base(self) -> Style:
        """Style of plain text."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def component_style(self, name: str, *, ground: bool = False) -> Style:
        """Style of a component to combine with others; with `ground`, includes its background.

        Taken from the full style: Textual's partial styles leave muted colours unblended, white on any theme.
        """
        key = (name, ground)
        if key not in self._style_cache:
            whole = self.get_component_rich_style(name)
            self._style_cache[key] = Style(
                color=whole.color,
                bgcolor=whole.bgcolor if ground else None,
                bold=whole.bold,
                italic=whole.italic,
                underline=whole.underline,
                strike=whole.strike,
                reverse=whole.reverse,
                dim=whole.dim,
            )
        return self._style_cache[key]

    def notify_style_update(self) -> None:
        """Clear the cache if theme or state changed."""
        super().notify_style_update()
        if self._base is not None and self.is_mounted and self._base != self.rich_style:
            self._base = None
            self._style_cache.clear()
            self.restyled()

    def restyled(self) -> None:
        """Called when the colours changed, to render cached lines again."""
