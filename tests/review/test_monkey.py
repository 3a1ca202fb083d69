"""Keys pressed at random: whatever comes, the app stands and the store is what its decisions add up to."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from align.review.app import ReviewApp
from align.store import open_store

from .conftest import Run, settle

BRACKETS = ("left_square_bracket", "right_square_bracket", "left_curly_bracket", "right_curly_bracket")
MOVES = ("up", "down", "home", "end", "pageup", "pagedown", "tab", "space", "enter", "escape", "backspace")
KEYS = (*"axuUCAtcbmMsrdewiNngovyhjk123=/?q5%", *BRACKETS, *MOVES)


@pytest.mark.parametrize("seed", range(int(os.environ.get("ALIGN_MONKEYS", "2"))))
async def test_keys_at_random_break_nothing(db: Path, run: Run, seed: int) -> None:
    chance = random.Random(seed)
    async with run(size=chance.choice([(60, 20), (80, 24), (160, 48)])) as pilot:
        app: ReviewApp = pilot.app
        for _ in range(70):
            if len(app.screen_stack) <= 2 and app.screen.__class__.__name__ == "WorkspaceScreen":
                await pilot.press("a")
            await pilot.press(chance.choice(KEYS))
            if chance.random() < 0.2:
                await settle(pilot)
            if not app.is_running:
                break
    with open_store(db) as store:
        before = list(store.links())
        store.rebuild()
        assert list(store.links()) == before
