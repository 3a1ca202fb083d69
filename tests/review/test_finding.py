"""Filter, go to, sort, the place that is remembered, audit, workspace, keys: what leads to links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from align.errors import UsageError
from align.models import LinkKind, Proposal, Status
from align.review.app import ReviewApp
from align.review.filter_language import parse_filter
from align.review.keys import ACTIONS_BY_ID, ACTIONS_BY_SCREEN, REVIEW_KEYS, check_settings, keymap, split_keys
from align.review.screens.audit import AuditScreen
from align.review.screens.review import ReviewScreen
from align.review.screens.workspace import WorkspaceScreen
from align.review.session import ReviewSession
from align.review.widgets.bars import KeyBar
from align.review.widgets.link_list import LinkList
from align.review.widgets.workspace_table import WorkspaceTable
from align.settings import Settings
from align.store import open_store
from align.workspace.browse import LinkFilter

from .conftest import Run, links, press, screen, settle


async def test_a_filter_that_cannot_be_read_changes_nothing_and_says_what_can(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "slash", *"status:nice", "enter")
        assert "proposed, accepted, rejected, edited" in str(pilot.app.screen.query_one("#effect").render())
        await press(pilot, "escape")
        assert screen(pilot).session.total == 8


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", LinkFilter()),
        ("status:acc kind:title", LinkFilter(statuses=frozenset({Status.ACCEPTED}), kinds=frozenset({LinkKind.TITLE}))),
        ("lang:ja-en >90", LinkFilter(src_lang="ja", tgt_lang="en", min_confidence=0.9)),
        ("lang:zh-Hant-en", LinkFilter(src_lang="zh-Hant", tgt_lang="en")),
        ("lang:en-zh_TW", LinkFilter(src_lang="en", tgt_lang="zh-Hant")),
        ("lang:en-US-zh-Hans", LinkFilter(src_lang="en-US", tgt_lang="zh-Hans")),
        ("lang:pt-BR", LinkFilter(src_lang="pt-BR")),
        ("lang:ja-", LinkFilter(src_lang="ja")),
        ("lang:-zh-Hant", LinkFilter(tgt_lang="zh-Hant")),
        ("<50 雾气 mist", LinkFilter(max_confidence=0.5, text="雾气 mist")),
        ("doc:talk noted bookmarked by:Aoi", LinkFilter(document=7, noted=True, bookmarked=True, reviewer="Aoi")),
    ],
)
def test_the_grammar_of_the_filter(typed: str, expected: LinkFilter) -> None:
    assert parse_filter(typed, LinkFilter(), [(7, "my/Talk.txt")]) == expected


def test_a_document_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="doc:nowhere"):
        parse_filter("doc:nowhere", LinkFilter(), [(7, "talk.txt")])


def test_what_is_no_language_is_named() -> None:
    with pytest.raises(UsageError, match="lang:japanese: write tags"):
        parse_filter("lang:japanese", LinkFilter())


async def test_starting_again_stands_where_the_reviewer_was(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "slash", *"<95", "enter", "end", "up")
        was = screen(pilot).session.current
    async with run() as pilot:
        again = screen(pilot).session.current
        assert (was, again) == (again, was)
        assert screen(pilot).session.state.typed == "<95"


async def test_a_place_that_makes_no_sense_any_more_is_forgotten(db: Path, run: Run) -> None:
    with open_store(db) as store:
        store.remember("place:Aoi", json.dumps({"filter": {"nonsense": 1}}))
    async with run() as pilot:
        assert screen(pilot).session.total == 8


async def test_workspace_tells_what_is_left_and_opens_a_pair(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "a", "q")
        assert isinstance(pilot.app.screen, WorkspaceScreen)
        row = pilot.app.screen.query_one(WorkspaceTable).rows[0]
        assert (row.left, row.decided, row.total) == (7, 1, 8)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert screen(pilot).session.state.filter.src_lang == "ja"
        await press(pilot, "slash", *"nowhere", "enter")
        assert "these two texts" in screen(pilot).query_one("#said").words
        await press(pilot, "q", "q")
        assert not pilot.app.is_running


async def test_the_workspace_stands_on_the_pair_that_was_reviewed(db: Path, run: Run) -> None:
    with open_store(db) as store:
        first = store.sentences(1)
        store.propose(1, 1, [Proposal((first[8].id,), (first[9].id,), LinkKind.TRANSLATION, 0.1, 0.5)], "x")
    async with run() as pilot:
        await press(pilot, "end", "q")
        shown = pilot.app.screen.query_one(WorkspaceTable)
        assert len(shown.rows) == 2
        assert shown.row.documents == (1, 2)
        await press(pilot, "j" if shown.cursor == 0 else "k", "h", "escape")
        assert shown.row.documents == (1, 1), "it is where the reviewer went since"


async def test_an_empty_list_offers_the_filter(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "slash", *"nowhere", "enter")
        offered = [entry.label for entry in pilot.app.screen.query_one(KeyBar).entries() if entry.useful]
        assert offered == ["undo", "redo", "clear", "filter", "back", "help", "any action"]


async def test_an_audit_is_kept_with_its_interval(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "y")
        assert "nothing to audit" in screen(pilot).query_one("#said").words
        await press(pilot, "C", "a", "a", "a", "a", "y", "enter")
        assert isinstance(pilot.app.screen, AuditScreen)
        await press(pilot, "a", "x", "u", "a", "a", "x", "a")
        assert "of 5 right" in screen(pilot).query_one("#said").words
        assert "1 wrong link undecided again" in screen(pilot).query_one("#said").words
        wrong = [link for link in links(db) if link.attention == "audit"]
        assert [link.status for link in wrong] == [Status.PROPOSED]
        assert screen(pilot).session.current.id == wrong[0].id
        with open_store(db) as store:
            audit = store.audits()[0]
        assert (audit["n"], audit["right"]) == (5, 4)
        assert audit["low"] == pytest.approx(0.3755, abs=1e-3)
        await press(pilot, "A", "0", "enter")
        assert screen(pilot).session.current.attention == "audit", "no bulk accept takes it again"
        # The same seed draws the same links.
        seed = str(audit["filter"]).rpartition(" ")[2]
        await press(pilot, "u", "u", "y", *f"5 seed {seed}", "enter")
        again = pilot.app.screen._links
        assert wrong[0].id == again[3].id


def keys_of_audit(pilot: Any) -> str:
    """What the help says of the action that lost its key."""
    table = pilot.app.screen._table("")
    rows = zip(*(column._cells for column in table.columns), strict=True)
    return next(str(keys) for keys, tells in rows if "random sample" in str(tells))


async def test_a_rebound_key_works_and_is_shown(db: Path, run: Run) -> None:
    async with run(keys={"accept": "y, f8"}) as pilot:
        assert ("y", "accept") in [(e.key, e.label) for e in pilot.app.screen.query_one(KeyBar).entries()]
        await press(pilot, "a", "y")
        await press(pilot, "question_mark")
        assert "(Ctrl+P)" in keys_of_audit(pilot)
    assert [link.status.value[0] for link in links(db)] == list("appppppp")


def test_a_key_for_an_action_there_is_not_is_refused(db: Path) -> None:
    with pytest.raises(UsageError, match="'acept'"):
        ReviewApp(db, "Aoi", keys={"acept": "y"})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"accept": "foo"}, "'foo' is no key"),
        ({"accept": "hold+a"}, "'hold\\+a' is no key"),
        ({"accept": " , "}, "accept has no key"),
        ({"accept": "/", "reject": "slash"}, "slash is both accept and reject"),
    ],
)
def test_a_key_that_is_none_is_refused(keys: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        keymap(keys)


def test_the_keys_of_the_table_and_those_with_others_held_are_keys() -> None:
    for action in ACTIONS_BY_ID.values():
        keymap({action.id: action.keys})
    keymap({"accept": "ctrl+y,é,+,f12,shift+up,full_stop"})


def test_what_the_settings_ask_of_the_app_is_told_by_the_doctor() -> None:
    found = list(check_settings(Settings(keys={"acept": "y"}, theme="purple")))
    assert [finding.area for finding in found] == ["keys", "theme"]
    assert list(check_settings(Settings(keys={"accept": "y"}, theme="nord"))) == []


def test_one_key_for_two_actions_is_refused(db: Path) -> None:
    with pytest.raises(UsageError, match="y is both accept and reject"):
        ReviewApp(db, "Aoi", keys={"accept": "y", "reject": "x,y"})


def test_every_key_of_the_list_has_a_method_of_its_screen_or_of_the_session() -> None:
    for action in REVIEW_KEYS:
        assert action.call or hasattr(ReviewScreen, f"do_{action.id}") or hasattr(ReviewSession, action.id), action.id


async def test_keys_do_what_the_session_does(db: Path, run: Run) -> None:
    async with run() as pilot:
        session = screen(pilot).session
        await press(pilot, "x", "space", "u", "U")
        assert links(db)[0].status is Status.REJECTED
        await press(pilot, "g", *"#5", "enter")
        assert "#5 (5/8)" in screen(pilot).query_one("#top").words
        await press(pilot, "N", "J", "down", "up", "tab", "w", "C", "enter")
        assert session.side == "tgt"
        assert [link.status for link in links(db)][1:4] == [Status.ACCEPTED] * 3
        await press(pilot, "slash", *"会議", "enter")
        assert session.total == 2
        assert screen(pilot).query_one("#said").words == "2 links"


def test_no_default_key_does_two_things() -> None:
    for actions in ACTIONS_BY_SCREEN:
        keys = [key for action in actions for key in split_keys(action.keys)]
        assert len(keys) == len(set(keys))


async def test_the_palette_finds_every_action_that_can_be_done_now(db: Path, run: Run) -> None:
    async with run() as pilot:
        found = {command.title: command for command in pilot.app.get_system_commands(pilot.app.screen)}
        found["reject (x)"].callback()
        await settle(pilot)
    assert links(db)[0].status is Status.REJECTED


async def test_the_key_bar_offers_what_is_of_use(db: Path, run: Run) -> None:
    async with run() as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        before = bar.entries()
        assert "first up" not in [entry.label for entry in before if entry.useful]
        await press(pilot, "g", "4", "enter")
        assert "first up" in [entry.label for entry in bar.entries() if entry.useful]
        assert [entry.label for entry in before] == [entry.label for entry in bar.entries()], "no key moves"
        await pilot.click(KeyBar, offset=(0, 0))
        assert links(db)[3].status is Status.ACCEPTED


async def test_help_and_history_open_and_close(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "a", "up", "question_mark")
        assert pilot.app.screen.__class__.__name__ == "HelpScreen"
        await press(pilot, "escape", "h")
        assert pilot.app.screen.__class__.__name__ == "HistoryScreen"
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, ReviewScreen)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (160, 48)])
async def test_the_cursor_is_always_in_sight_with_a_row_around_it(db: Path, run: Run, size: tuple[int, int]) -> None:
    async with run(size=size) as pilot:
        shown = screen(pilot).query_one(LinkList)
        for key in ("down",) * 7 + ("up",) * 7 + ("end", "home"):
            await press(pilot, key)
            first = shown.scroll_offset.y // shown.lines_each
            seen = shown.size.height // shown.lines_each
            rows = range(first, first + seen)
            assert shown.cursor in rows
            assert shown.cursor - 1 in rows or shown.cursor == 0
            assert shown.cursor + 1 in rows or shown.cursor == screen(pilot).session.total - 1
