"""Who else says this: from a link to a statement, roles by keys, undo, and the list of statements."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual.widgets import OptionList

from align.models import Role
from align.review.screens.statement_screens import StatementScreen, StatementsScreen
from align.review.widgets.bars import Line
from align.reviewer import open_reviewer
from align.store import Store, open_store
from align.store.statements import RoleChange, new_uid

from .conftest import ENGLISH, JAPANESE, Quiet, Run, press


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


async def ready(pilot: Any) -> StatementScreen:
    """The screen with its suggestions."""
    screen = pilot.app.screen
    assert isinstance(screen, StatementScreen)
    for _ in range(200):
        await pilot.pause(0.05)
        if screen._suggestions:
            break
    return screen


def go_to(screen: StatementScreen, document: str, *, text: bool) -> None:
    """Select the first passage of a document, or its heading."""
    rows = enumerate(screen._passages.values())
    screen._options.highlighted = next(n for n, row in rows if row[0] == document and bool(row[2]) == text)


async def test_a_key_asks_who_else_says_it_and_keys_give_roles(run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "W")
        screen = await ready(pilot)
        store = pilot.app.browser.store
        assert not store.statements(), "looking writes nothing"
        suggested = next(name for name, rows in screen._suggestions.items() if rows)
        go_to(screen, suggested, text=False)
        await press(pilot, "j", "p")
        (statement,) = store.statements().values()
        assert [member.role for member in statement.members_with(Role.FULL)] == [Role.FULL], "what was asked for"
        assert [member.document for member in statement.members_with(Role.PARTIAL)] == [suggested]
        go_to(screen, suggested, text=False)
        await press(pilot, "m")
        (statement,) = store.statements().values()
        assert [member.text for member in statement.members_with(Role.ABSENT)] == [""]
        await press(pilot, "u")
        (statement,) = store.statements().values()
        assert len(statement.members) == 2
        assert "undid" in screen.query_one("#said", Line).words
        await press(pilot, "q", "W")
        again = await ready(pilot)
        assert again._statement.uid == statement.uid, "the same passage asks for the same statement"
        await press(pilot, "u", "q")
        assert not store.statements(), "the first role and the passage that was asked for are one decision"
        pilot.app.action_statements()
        await pilot.pause(0.2)
        assert isinstance(pilot.app.screen, StatementsScreen)
        assert "no statements yet" in pilot.app.screen.query_one("#top", Line).words


async def test_a_role_of_somebody_else_is_asked_about_once(db: Path, run: Run) -> None:
    uid = new_uid()
    with open_reviewer(db, "Bea") as reviewer:
        sentence = reviewer.store.sentences(reviewer.store.documents()[1].id)[0]
        change = RoleChange("talks.en.txt", sentence.text, "en", Role.FULL)
        reviewer.decide_statement(uid, [change, RoleChange("talks.ja.txt", "", "und", Role.ABSENT)])
    async with run() as pilot:
        pilot.app.action_statements()
        await pilot.pause(0.3)
        await press(pilot, "enter")
        screen = await ready(pilot)
        words = [str(option.prompt) for option in screen._options.options]
        assert any("talks.ja.txt  not in this text" in line for line in words)
        go_to(screen, "talks.en.txt", text=True)
        await press(pilot, "x")
        assert "Bea gave it: says" in screen.query_one("#said", Line).words
        assert not pilot.app.browser.store.statements()[uid].is_contested
        await press(pilot, "x")
        assert pilot.app.browser.store.statements()[uid].is_contested


async def test_a_hit_of_the_search_is_asked_for_unpaired_ones_too(run: Run) -> None:
    async with run(start="workspace") as pilot:
        await press(pilot, "f", *"drill", "enter", "W")
        asked = pilot.app.screen
        assert isinstance(asked, StatementScreen)
        assert asked._passage is not None
        assert (asked._passage.document, asked._passage.text) == ("talks.en.txt", ENGLISH[3])
        await press(pilot, "q", "slash", *"以上が", "enter", "enter")
        assert "unpaired" in pilot.app.screen.query_one("#said").words
        await press(pilot, "W")
        assert pilot.app.screen._passage.text == JAPANESE[9]


async def test_a_wide_screen_lists_the_statements_and_opens_them(db: Path, run: Run) -> None:
    uids = sorted(new_uid() for _ in range(2))
    with open_reviewer(db, "Bea") as reviewer:
        for uid, number in zip(uids, (0, 3), strict=True):
            sentence = reviewer.store.sentences(reviewer.store.documents()[1].id)[number]
            reviewer.decide_statement(uid, [RoleChange("talks.en.txt", sentence.text, "en", Role.FULL)])
    async with run(size=(160, 48)) as pilot:
        pilot.app.action_statements()
        await pilot.pause(0.3)
        await press(pilot, "enter")
        screen = await ready(pilot)
        left = screen.query_one("#statements")
        assert left.display
        assert screen._statement.uid == screen.query_one("#statements", OptionList).get_option_at_index(0).id
        await press(pilot, "shift+tab", "down", "enter")
        assert screen._statement.uid == screen.query_one("#statements", OptionList).get_option_at_index(1).id
        assert screen._options.has_focus
        prompts = [option.prompt for option in screen._options.options]
        assert any(ENGLISH[3][:20] in str(prompt) for prompt in prompts)
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.1)
        assert not left.display
