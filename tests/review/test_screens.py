"""What stands on the screen: a few whole screens as text, and what must hold at every size.

`ALIGN_UPDATE_SCREENS=1 pytest tests/review/test_screens.py` writes the screens anew; read the difference before
committing it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from align.models import Proposal, Realignment
from align.review.widgets.texts import Texts
from align.reviewer import open_reviewer
from align.store import edits, open_store
from align.text.width import NO_END, NO_START

from .conftest import Quiet, Run, links, press

SCREENS = Path(__file__).parent / "screens"
SIZES = [(60, 20), (80, 24), (160, 48), (250, 70)]


def text_of(pilot: Any) -> str:
    """The screen as a terminal would show it."""
    strips = pilot.app.screen._compositor.render_strips(pilot.app.size)
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def same(pilot: Any, name: str) -> None:
    """The screen is the one that was kept under this name."""
    path, seen = SCREENS / f"{name}.txt", text_of(pilot)
    if os.environ.get("ALIGN_UPDATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert seen == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES)
async def test_review_at_every_size(run: Run, size: tuple[int, int]) -> None:
    async with run(size=size) as pilot:
        await press(pilot, "a", "down", "down")
        same(pilot, f"review-{size[0]}x{size[1]}")


async def test_documents_with_a_crossing(db: Path, run: Run) -> None:
    with open_store(db) as store:
        store.propose(
            1, 2, [Proposal((a,), (b,), links(db)[0].kind, 0.2, 0.5) for a, b in ((1, 14), (3, 12), (10, 11))], "x"
        )
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "v")
        same(pilot, "documents-80x24")


async def test_ripple(db: Path, run: Run, solver: Quiet) -> None:
    last = links(db)[-1]
    solver.ripple = Realignment((last,), (Proposal((9, 10), (19, 20), last.kind, 0.4, 0.8),), "use")
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "m")
        same(pilot, "ripple-80x24")


async def test_workspace_and_help(run: Run) -> None:
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "a", "x", "q")
        same(pilot, "workspace-80x24")
        await press(pilot, "question_mark")
        same(pilot, "help-80x24")


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_is_shown_literally_and_harmlessly(db: Path, run: Run, size: tuple[int, int]) -> None:
    with open_reviewer(db, "Ben\x1b]0;title\x07") as reviewer:
        reviewer.commit(edits.note(5, "[red]\x1b[31m\u202e note"))
        reviewer.commit(edits.bookmark(5))
    async with run(size=size) as pilot:
        await press(pilot, "g", "5", "enter")
        seen = text_of(pilot)
        assert "[b]括弧[/b]" in seen
        assert "[b]brackets[/b]" in seen
        assert "[red]␛[31m" in seen
        await press(pilot, "h")
        seen += text_of(pilot)
        assert "Ben␛]0;title␇" in seen
        assert not any((ord(char) < 0x20 and char != "\n") or 0x7F <= ord(char) < 0xA0 for char in seen)
        assert not set(seen) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@pytest.mark.parametrize("size", SIZES)
async def test_every_line_fills_the_width_exactly(run: Run, size: tuple[int, int]) -> None:
    async with run(size=size) as pilot:
        for key in ("down", "i", "v", "q", "q"):
            await press(pilot, key)
            for strip in pilot.app.screen._compositor.render_strips(pilot.app.size):
                assert sum(cell_len(segment.text) for segment in strip) == size[0]


@pytest.mark.parametrize("size", SIZES)
async def test_kinsoku_holds_on_the_screen(run: Run, size: tuple[int, int]) -> None:
    async with run(size=size) as pilot:
        for _ in range(7):
            for line in pilot.app.screen.query_one(Texts).words.splitlines()[1:]:
                for column in line.split(" │ "):
                    words = column.strip("▌▏·∅✓ ")
                    if words:
                        assert words[0] not in NO_START or words[0] == "!"
                        assert words[-1] not in NO_END
            await press(pilot, "down")


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light"])
async def test_every_theme_paints(run: Run, theme: str) -> None:
    async with run(theme=theme) as pilot:
        assert pilot.app.theme == theme
        await press(pilot, "a")
        assert "(2/8)" in text_of(pilot)


async def test_a_theme_there_is_not_is_told_not_fatal(run: Run) -> None:
    async with run(theme="nice") as pilot:
        await press(pilot, "a")
        assert "(2/8)" in text_of(pilot)
