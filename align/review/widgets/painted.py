"""A widget that paints its own lines, in styles that are looked up once."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget


class Painted(Widget):
    """`base` is the widget's own style; finding it walks all ancestors, too slow for every line of every key."""

    _base: Style | None = None

    @property
    def base(self) -> Style:
        """Colours of plain text here."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def notify_style_update(self) -> None:
        """Another theme, or another state."""
        super().notify_style_update()
        if self._base is not None and self.is_mounted and self._base != self.rich_style:
            self._base = None
            self.restyled()

    def restyled(self) -> None:
        """The colours changed: what was painted ahead must be painted again."""
