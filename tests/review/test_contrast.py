"""Every text of the app can be read in the dark and the light theme: contrast of at least 4.5 to 1."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from align.review.rendering import MIN_CONTRAST, Painted, contrast, readable_variables

from .conftest import Run, press

THEMES = ("textual-dark", "textual-light")


@pytest.mark.parametrize("theme", THEMES)
async def test_every_text_role_has_contrast(run: Run, theme: str) -> None:
    low: dict[str, float] = {}
    async with run(size=(160, 48), theme=theme) as pilot:
        screens: list[tuple[str, ...]] = [(), ("v",), ("q",), ("q",)]
        for keys in screens:
            await press(pilot, *keys)
            for widget in pilot.app.screen.query(Painted):
                for name in type(widget).COMPONENT_CLASSES:
                    # The colour as it is painted: over its own ground, or over that of the widget.
                    style = widget.get_component_rich_style(name)
                    ground = Color.from_rich_color(style.bgcolor) if style.bgcolor else widget.background_colors[1]
                    if style.color is not None:
                        low[f"{name}"] = min(low.get(name, 21), contrast(Color.from_rich_color(style.color), ground))
                plain = widget.rich_style
                low[type(widget).__name__] = contrast(
                    Color.from_rich_color(plain.color), Color.from_rich_color(plain.bgcolor)
                )
    assert {name: round(ratio, 2) for name, ratio in low.items() if ratio < MIN_CONTRAST} == {}
    assert "texts--context" in low


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
def test_the_colours_of_any_theme_are_made_readable_on_all_grounds(theme: str) -> None:
    variables = readable_variables(BUILTIN_THEMES[theme].to_color_system().generate())
    if variables["background"].startswith("ansi"):
        return
    for ink in ("text-accent", "text-success", "text-warning", "text-error", "text-primary"):
        for ground in ("background", "surface", "panel"):
            if variables[ink].startswith("#"):
                assert contrast(Color.parse(variables[ink]), Color.parse(variables[ground])) >= MIN_CONTRAST
