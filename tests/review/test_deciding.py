"""Journeys through the app, one for each operation that decides; what counts is what the store holds."""

from __future__ import annotations

import gc
import re
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest

from align.errors import StoreError
from align.models import LinkKind, Status
from align.review.screens.document import DocumentScreen
from align.review.widgets.texts import Texts
from align.reviewer import open_reviewer
from align.store import edits, open_store

from .conftest import Run, links, press, screen, settle


def statuses(db: Path) -> str:
    """One letter a link, in document order."""
    return "".join(link.status.value[0] for link in links(db))


async def test_accept_decides_and_goes_on(db: Path, run: Run) -> None:
    async with run() as pilot:
        first = screen(pilot).session.current
        await press(pilot, "a", "a")
        assert screen(pilot).session.cursor == 2
    assert statuses(db) == "aapppppp"
    assert links(db)[0].reviewer == "Aoi"
    assert first is not None
    assert first.status is Status.PROPOSED


async def test_a_long_message_has_two_lines(run: Run) -> None:
    async with run(size=(80, 24)) as pilot:
        said = screen(pilot).query_one("#said")
        screen(pilot).session.inform("word " * 30)
        screen(pilot).paint()
        await pilot.pause()
        assert said.size.height == 2
        assert said.render_line(1).text.startswith("word")
        screen(pilot).session.inform("short")
        screen(pilot).paint()
        await pilot.pause()
        assert said.size.height == 1


async def test_accept_above_a_confidence(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "A", "9", "2", "enter")
    assert [link.status is Status.ACCEPTED for link in links(db)] == [link.confidence >= 0.92 for link in links(db)]


async def test_kind_note_and_bookmark(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "t", "s", "c", *"nice", "enter", "b")
        assert screen(pilot).session.cursor == 0
    link = links(db)[0]
    assert (link.kind, link.note, link.bookmarked, link.status) == (LinkKind.SUMMARY, "nice", True, Status.PROPOSED)
    async with run() as pilot:
        await press(pilot, "down", "down", "B")
        assert screen(pilot).session.cursor == 0


async def test_a_busy_store_holds_up_no_key_and_loses_nothing(db: Path, run: Run) -> None:
    async with run() as pilot:
        with open_store(db) as other, other.writing():
            await pilot.press("a")
            await pilot.press("a")
            assert pilot.app.decision_writer.waiting == 2
            assert screen(pilot).session.cursor == 2
            assert "saving" in screen(pilot).query_one("#said").words
        await press(pilot, "x")
        assert "saving" not in screen(pilot).query_one("#said").words
    assert statuses(db) == "aarppppp"


async def test_nothing_left_is_said(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, *"aaaaaaaa", "n")
        assert "nothing left" in screen(pilot).query_one("#top").words
        assert "Nothing is left" in screen(pilot).query_one("#said").words
    assert statuses(db) == "aaaaaaaa"


async def test_a_decision_that_cannot_be_saved_when_leaving_is_told(db: Path, run: Run) -> None:
    def fails(_reviewer: object) -> None:
        time.sleep(0.2)
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="1 of the last decisions could not be saved: disk full"):
        async with run() as pilot:
            pilot.app.decision_writer.submit(fails)


async def test_control_c_copies_and_escape_never_leaves(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "a", "ctrl+c")
        assert pilot.app.clipboard == links(db)[1].src.text
        await press(pilot, "slash", *"bookmarked", "enter", "escape")
        assert screen(pilot).session.total == 8
        await press(pilot, "escape", "enter")
        assert pilot.app.screen is screen(pilot)
    assert statuses(db) == "appppppp"


async def test_a_dialog_keeps_what_cannot_be_used_and_counts_what_it_would_do(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "slash", *"status:foo", "enter")
        dialog: Any = pilot.app.screen
        assert "'foo'" in str(dialog.query_one("#effect").render())
        await press(pilot, *"edited", "enter")
        assert screen(pilot).session.state.typed == "edited"
        await press(pilot, "escape", "A", *"92")
        assert "4 undecided links" in str(pilot.app.screen.query_one("#effect").render())
        await press(pilot, "escape", "end", "C")
        assert statuses(db) == "pppppppp"
        await press(pilot, "enter")
    assert statuses(db) == "aaaaaaaa"


async def test_a_busy_store_holds_up_no_key_between_documents_either(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "v", "end", "space", "end", "space")
        with open_store(db) as other, other.writing():
            await pilot.press("l")
            for _ in range(200):
                if isinstance(pilot.app.screen, DocumentScreen):
                    break
                await pilot.pause(0.01)
            await pilot.press("l")
            said = pilot.app.screen.query_one("#said")
            assert "Pick sentences with Space first" in said.words, "what was picked is on its way"
        await settle(pilot)
        assert said.words == "linked by hand"
    assert statuses(db) == "ppppppppa"


@pytest.mark.parametrize(("left", "shown"), [(0, "#said"), (1, "#said"), (2, "")])
async def test_what_could_not_be_saved_is_told_wherever_one_is(db: Path, run: Run, left: int, shown: str) -> None:
    """`left`: how many screens the reviewer went back over meanwhile; the workspace has no line of its own for it."""
    stop = threading.Event()

    def fails(_reviewer: object) -> None:
        stop.wait()
        raise StoreError("disk full")

    async with run() as pilot:
        await press(pilot, "v")
        pilot.app.when_saved(pilot.app.decision_writer.submit(fails), pilot.app.screen)
        for _ in range(left):
            await pilot.press("q")
        stop.set()
        await settle(pilot)
        told = pilot.app.screen.query_one(shown).words if shown else next(iter(pilot.app._notifications)).message
        assert "disk full" in told


async def test_what_a_file_says_otherwise_is_shown_until_somebody_decides(db: Path, run: Run) -> None:
    with open_reviewer(db, "Bea") as reviewer:
        reviewer.contest(1, "talks.tsv", {"tgt_text": "As it is."}, {"tgt_text": "As it was."})
    async with run() as pilot:
        await press(pilot, "home")
        words = screen(pilot).query_one(Texts).words
        assert "here tgt_text As it is.; Bea in talks.tsv" in words
        assert "tgt_text As it was." in words
        await press(pilot, "a", "home")
        assert "As it was." not in screen(pilot).query_one(Texts).words


async def test_what_was_closed_is_forgotten_when_memory_is_tidied_up(run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "v")
        closed = weakref.ref(pilot.app.screen)
        tidy(pilot.app)
        await press(pilot, "q")
        try:
            for _ in range(40):  # a timer that began on the screen may run on for a second
                tidy(pilot.app)
                if closed() is None:
                    break
                await pilot.pause(0.1)
            assert closed() is None
        finally:
            gc.unfreeze()


def tidy(app: Any) -> None:
    """What the app does after a spell of typing."""
    app.acted_at = 0.0
    app._tidy()


async def test_the_link_that_is_read_stays_when_a_colleague_decides_it(db: Path, run: Run) -> None:
    async with run() as pilot:
        with open_reviewer(db, "Ben") as reviewer:
            reviewer.commit(edits.reject(1))
        screen(pilot).look_for_news()
        said = screen(pilot).query_one("#said")
        assert re.match(r"Ben rejected this link at \d\d:\d\d\.", said.words)
        current = screen(pilot).session.current
        assert current is not None
        assert (current.id, current.status) == (1, Status.PROPOSED), "as it was read"
        await press(pilot, "a")
        assert statuses(db) == "rppppppp", "not overruled unasked"
        assert "Decide again" in said.words
        await press(pilot, "a")
        assert statuses(db) == "appppppp"


async def test_a_dialog_decides_on_the_link_it_was_opened_for(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "c", *"mine")
        with open_reviewer(db, "Ben") as reviewer:
            reviewer.commit(edits.note(1, "his"))
        await press(pilot, "enter")
        assert links(db)[0].note == "his"
        assert "Ben changed this link" in screen(pilot).query_one("#said").words
