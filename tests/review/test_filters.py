"""The filter by shape, crossing, unpaired neighbours and notes; its completion; jumps by kind; marked hits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from align.models import LinkKind, Proposal
from align.review.filter_language import JUMPS, completions, parse_filter
from align.review.screens.deciding import JUMP_KEYS
from align.review.screens.dialogs import Ask, HelpScreen
from align.review.session_state import SessionState
from align.review.widgets.texts import Texts
from align.reviewer import open_reviewer
from align.store import LinkFilter, Store, edits, open_store

from .conftest import Run, press, screen


@pytest.fixture
def store(db: Path) -> Iterator[Store]:
    """Links 1:1 in order, but for a 2:1 link and two that cross; sentences 5, 6, 9 and 10 are unlinked."""
    pairs = [((1,), (11,)), ((2,), (12,)), ((3, 4), (14,)), ((7,), (18,)), ((8,), (17,))]
    with open_store(db) as opened:
        opened.propose(1, 2, [Proposal(a, b, LinkKind.TRANSLATION, 0.5, 0.9) for a, b in pairs], "x")
        yield opened


def listed(store: Store, typed: str) -> list[int]:
    """First source sentence of each link that a filter lists."""
    return [link.src.sentences[0] for link in store.links(parse_filter(typed, LinkFilter()))]


def test_shape_crossing_and_unpaired_neighbours(store: Store) -> None:
    assert listed(store, "2:1") == [3]
    assert listed(store, "1:2") == []
    assert listed(store, "1:1") == [1, 2, 7, 8]
    assert listed(store, "crossing") == [7, 8]
    # 13 is next to 12 and 14; 5 to 4, 6 to 7, 9 to 8; 15, 16, 19 on the other side.
    assert listed(store, "unlinked") == [2, 3, 7, 8]
    assert listed(store, "crossing 1:1") == [7, 8]
    assert store.count(parse_filter("crossing", LinkFilter())) == 2


def test_edited_and_notes(db: Path, store: Store) -> None:
    numbers = [link.id for link in store.links()]
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.merge(numbers[0], numbers[1]))
        reviewer.commit(edits.note(numbers[3], "ask 50% of_them"))
    assert listed(store, "edited") == [1]
    assert listed(store, "noted") == listed(store, "notes") == [7]
    assert listed(store, "note:50%") == [7]
    assert listed(store, "note:5_%") == []


def test_a_rejected_link_neither_crosses_nor_links(db: Path, store: Store) -> None:
    with open_reviewer(db, "Ben") as reviewer:
        reviewer.commit(edits.reject([link.id for link in store.links()][4]))
    assert listed(store, "crossing") == []
    assert 8 in listed(store, "unlinked status:rejected")


def test_completion_of_the_last_word() -> None:
    assert completions("st") == ["status:"]
    assert completions("foo status:p") == ["foo status:proposed"]
    assert completions("doc:TA", [(1, "in/talks.ja.txt")]) == ["doc:talks.ja.txt"]
    assert completions("un") == ["uneven", "unlinked"] or completions("un") == ["unlinked", "uneven"]
    assert completions("") == completions("crossing") == []


def test_the_state_with_every_condition_comes_back() -> None:
    matching = parse_filter("1:2 crossing unlinked edited note:x", LinkFilter(documents=(1, 2)))
    state = SessionState(filter=matching, base=LinkFilter(documents=(1, 2)), typed="1:2")
    assert SessionState.from_dict(state.to_dict()) == state


def test_every_jump_has_a_letter() -> None:
    assert len(JUMP_KEYS) == len(set(JUMP_KEYS)) == len(JUMPS)


async def test_tab_completes_and_hits_are_marked(run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "slash", *"sta", "tab", *"p", "tab")
        assert isinstance(pilot.app.screen, Ask)
        assert pilot.app.screen.query_one("#answer").value == "status:proposed"
        await press(pilot, *" tokyo", "enter")
        texts = screen(pilot).query_one(Texts)
        marked = [
            passage for side in texts._sides for passage in side.body if "hit" in {role for *_, role in passage.marks}
        ]
        assert [passage.text for passage in marked] == ["The meeting took place in Tokyo on November 2, 2013."]


async def test_jumps_are_repeated_by_the_same_key(run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "full_stop", "1")
        assert screen(pilot).session.cursor == 3
        await press(pilot, "home", "full_stop", "full_stop")
        assert screen(pilot).session.cursor == 3
        await press(pilot, "full_stop", "n")
        assert "No link of this list: with a note." in screen(pilot).query_one("#said").words


async def test_help_shows_the_keys_of_the_screen_and_searches_as_one_types(run: Run) -> None:
    async with run() as pilot:

        def lines() -> str:
            assert isinstance(pilot.app.screen, HelpScreen)
            table = pilot.app.screen._table(pilot.app.screen.query_one("#help-search").value)
            return "\n".join(str(cell) for column in table.columns for cell in column._cells)

        await press(pilot, "v", "question_mark")
        assert lines().lstrip().startswith("Documents")
        await press(pilot, *"merge next")
        assert "Merge the link with the next one." in lines()
        assert "Reject" not in lines()
        await press(pilot, "escape", "q", "question_mark")
        assert lines().lstrip().startswith("Decide")


async def test_a_click_on_a_side_makes_it_active(run: Run) -> None:
    async with run() as pilot:
        await pilot.click(Texts, offset=(80, 5))
        assert screen(pilot).session.side == "tgt"
        await pilot.click(Texts, offset=(5, 5))
        assert screen(pilot).session.side == "src"
