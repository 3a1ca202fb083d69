"""The pictures show the app as it is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    """The script that draws them."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "scripts" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["pictures"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.timeout(600)
def test_pictures_are_like_the_app(pictures: ModuleType) -> None:
    drawn = pictures.draw()
    assert drawn.keys() == {path.name for path in pictures.PICTURES.glob("*.svg")}
    for name, svg in drawn.items():
        there = (pictures.PICTURES / name).read_text(encoding="utf-8")
        share = pictures.alike(there, svg)
        assert share >= pictures.ALIKE, f"{name} shows {share:.0%} of what the app shows: make fresh"


def test_pictures_ask_nobody_for_a_font(pictures: ModuleType) -> None:
    for path in pictures.PICTURES.glob("*.svg"):
        svg = path.read_text(encoding="utf-8")
        assert "@font-face" not in svg
        assert "url(http" not in svg
        assert len(pictures.words(svg)) > 10


def test_a_picture_of_another_screen_is_told_from_this_one(pictures: ModuleType) -> None:
    one, other = ((pictures.PICTURES / name).read_text(encoding="utf-8") for name in ("review.svg", "workspace.svg"))
    assert pictures.alike(one, other) < pictures.ALIKE
    assert pictures.alike(one, one) == 1
