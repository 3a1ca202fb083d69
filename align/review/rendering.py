"""Render texts as styled cells. Text is never interpreted as markup, and no control character reaches the terminal.

Colours of a theme are darkened or lightened until text can be read on each ground of the app.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from align.text.width import clusters, fit, wrap


class Paint(NamedTuple):
    """A style for `[start, end)` in characters of a text; later ones override earlier ones."""

    start: int
    end: int
    style: Style


def fitted_segment(text: str, width: int, style: Style) -> Segment:
    """The text in exactly `width` cells."""
    return Segment(fit(text, width), style)


def paint_segments(text: str, start: int, end: int, base: Style, paints: Sequence[Paint] = ()) -> Iterator[Segment]:
    """`text[start:end]` as the minimal number of styled segments. A cluster has the style of its first character."""
    run: list[str] = []
    style = base
    for cluster in clusters(text[start:end]):
        at = cluster.start + start
        cluster_style = base
        for paint in paints:
            if paint.start <= at < paint.end:
                cluster_style = cluster_style + paint.style
        if cluster_style != style and run:
            yield Segment("".join(run), style)
            run = []
        style = cluster_style
        run.append(cluster.shown)
    if run:
        yield Segment("".join(run), style)


@lru_cache(maxsize=1024)
def paragraph(text: str, width: int, base: Style, paints: tuple[Paint, ...] = ()) -> tuple[Strip, ...]:
    """The text wrapped into strips of exactly `width` cells. Cached: neighbouring links share most of their context."""
    strips = []
    for line in wrap(text, width):
        near = [paint for paint in paints if paint.start < line.end and line.start < paint.end]
        segments = list(paint_segments(text, line.start, line.end, base, near))
        if line.width < width:
            segments.append(Segment(" " * (width - line.width), base))
        strips.append(Strip(segments, max(width, line.width)))
    return tuple(strips)


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


MIN_CONTRAST = 4.5
"""Minimum ratio for text, from the Web Content Accessibility Guidelines 2.2 (level AA)."""

GROUNDS = ("background", "surface", "panel")

CURSOR_SHARE = 0.25
"""Share of the primary colour in the ground of a cursor line, as in `review.tcss`."""

INKS = ("text-accent", "text-primary", "text-success", "text-warning", "text-error")

STEPS = 20


def luminance(color: Color) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    channels = [value / 255 for value in color.rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: Color, b: Color) -> float:
    """Contrast ratio of two opaque colours, 1 to 21."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def readable(color: Color, grounds: Sequence[Color], towards: Color) -> Color:
    """The colour, blended with `towards` as little as gives the minimum contrast on every ground."""
    for step in range(STEPS + 1):
        blended = color.blend(towards, step / STEPS)
        if all(contrast(blended, ground) >= MIN_CONTRAST for ground in grounds):
            return blended
    return towards


def readable_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The CSS variables of a theme with readable text colours; those of ANSI themes, which terminals define, as is."""
    result = dict(variables)
    if any(not variables.get(name, "").startswith("#") for name in (*GROUNDS, "primary")):
        return result
    grounds = [Color.parse(variables[name]) for name in GROUNDS]
    primary = Color.parse(variables["primary"])
    grounds += [ground.blend(primary, CURSOR_SHARE) for ground in grounds[:2]]
    dark = sum(map(luminance, grounds)) < 0.5 * len(grounds)
    towards = Color(255, 255, 255) if dark else Color(0, 0, 0)
    for name in INKS:
        if variables.get(name, "").startswith("#"):
            result[name] = readable(Color.parse(variables[name]), grounds, towards).hex
    result["text-disabled"] = variables.get("text-muted", "auto 60%")
    return result
