"""Who else says this: from a link to a statement, roles by keys, undo, and the list of statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import OptionList

from align.models import Role
from align.review.screens.statement_screens import StatementScreen, StatementsScreen
from align.store import Store, open_store

from .conftest import Quiet, Run, press


class AnyEncoder:
    """Vectors that depend on the text alone."""

    name = digest = "any"
    dimensions = 16
    languages = None

    def encode(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        rows = np.array([np.random.default_rng(sum(text.encode())).normal(size=16) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class RankingSolver(Quiet):
    """What the solver's thread has: a store of its own, and an encoder."""

    def __init__(self, db: Path) -> None:
        super().__init__()
        self.db = db
        self.encoder = AnyEncoder()

    @cached_property
    def store(self) -> Store:
        return open_store(self.db)


@pytest.fixture
def solver(db: Path) -> Quiet:
    """The solver of the app under test."""
    return RankingSolver(db)


async def test_a_key_asks_who_else_says_it_and_keys_give_roles(run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "W")
        screen = pilot.app.screen
        assert isinstance(screen, StatementScreen)
        for _ in range(200):
            await pilot.pause(0.05)
            if screen._suggestions:
                break
        store = pilot.app.browser.store
        (statement,) = store.statements().values()
        assert [member.role for member in statement.members] == [Role.FULL], "the passage that was asked for"
        options = screen.query_one(OptionList)
        suggested = next(name for name, rows in screen._suggestions.items() if rows)
        at = next(n for n, row in enumerate(screen._passages.values()) if row[0] == suggested and row[2])
        options.highlighted = at - 1
        await press(pilot, "j", "p")
        (statement,) = store.statements().values()
        assert [member.document for member in statement.members_with(Role.PARTIAL)] == [suggested]
        options.highlighted = at - 1
        await press(pilot, "m")
        (statement,) = store.statements().values()
        assert [member.text for member in statement.members_with(Role.ABSENT)] == [""]
        await press(pilot, "u", "u")
        (statement,) = store.statements().values()
        assert [member.role for member in statement.members] == [Role.FULL]
        await press(pilot, "q")
        assert not isinstance(pilot.app.screen, StatementScreen)
        pilot.app.action_statements()
        await pilot.pause()
        assert isinstance(pilot.app.screen, StatementsScreen)
        assert pilot.app.screen.query_one(OptionList).option_count == 1
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, StatementScreen)
