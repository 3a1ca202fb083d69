"""Contrast of text: colours of a theme, darkened or lightened until they can be read on each ground of the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.color import Color

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
