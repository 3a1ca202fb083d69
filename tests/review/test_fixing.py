"""Journeys through what puts links right: what the solver was asked, and what the store holds afterwards."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from align.models import Link, LinkKind, Proposal, Realignment, Status
from align.review.screens.document import DocumentScreen
from align.review.screens.edit_dialogs import RealignmentPreview, SplitScreen
from align.review.widgets.aligned_table import AlignedTable
from align.review.widgets.texts import Texts
from align.workspace.realign import AlternativeTarget

from .conftest import Quiet, Run, links, press, screen, settle

Shape = tuple[tuple[int, ...], tuple[int, ...]]


def shapes(db: Path) -> list[Shape]:
    """The sentences of each link, numbered from 0 on each side (the store numbers them 1 to 10 and 11 to 20)."""
    return [(tuple(s - 1 for s in link.src.sentences), tuple(t - 11 for t in link.tgt.sentences)) for link in links(db)]


def settled(db: Path) -> list[Shape]:
    """The shapes that a reviewer stands behind."""
    return [shape for shape, link in zip(shapes(db), links(db), strict=True) if link.status is Status.EDITED]


async def test_merge_with_the_next_asks_the_solver_and_is_one_undo(db: Path, run: Run, solver: Quiet) -> None:
    before = shapes(db)
    async with run() as pilot:
        await press(pilot, "m")
        assert settled(db) == [((0, 1), (0, 1))]
        assert solver.asked[0]["anchors"] == (((1, 2), (11, 12)),)
        assert set(solver.asked[0]["replaced"]) == {1, 2}
        await press(pilot, "u")
    assert shapes(db) == before


async def test_split_of_two_by_two_takes_one_key(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "down", "down", "down", "s")
    assert settled(db) == [((3,), (3,)), ((4,), (4,))]


async def test_split_asks_where_when_there_is_a_choice(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "m", "g", "1", "enter", "m")
        assert settled(db)[0] == ((0, 1, 2), (0, 1, 2))
        await press(pilot, "g", "1", "enter", "s")
        assert isinstance(pilot.app.screen, SplitScreen)
        assert "╌" in pilot.app.screen.query_one(Texts).words
        await press(pilot, "down", "tab", "down", "enter")
    assert settled(db) == [((0, 1), (0, 1)), ((2,), (2,))]


def halves(db: Path) -> list[tuple[str, str]]:
    """The texts of the links that a reviewer stands behind."""
    return [(link.src.text, link.tgt.text) for link in links(db) if link.status is Status.EDITED]


async def test_split_inside_a_sentence_is_one_undo(db: Path, run: Run, solver: Quiet) -> None:
    before = shapes(db)
    async with run() as pilot:
        await press(pilot, "down", "s")
        assert isinstance(pilot.app.screen, SplitScreen)
        assert "split in two" in pilot.app.screen.query_one("#split-top").words
        await press(pilot, "left", "left", "right", "tab", "right", "b", "w", "w", "enter")
        ((ja, en), (ja_rest, en_rest)) = halves(db)
        assert ja + ja_rest == "会議は2013年11月2日に東京で開催された。"
        assert f"{en} {en_rest}" == "The meeting took place in Tokyo on November 2, 2013."
        assert solver.asked[0]["anchors"] == (((2,), (12,)),)
        assert len(links(db)) == 9
        await press(pilot, "u")
    assert shapes(db) == before


async def test_the_cut_of_the_target_follows_until_it_is_moved(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "g", "7", "enter", "S")
        top = pilot.app.screen
        places = [top._cuts[1]]
        for _ in range(4):
            await press(pilot, "right")
        places.append(top._cuts[1])
        await press(pilot, "tab", "left", "tab")
        moved = top._cuts[1]
        await press(pilot, "left", "left", "left", "left")
        assert places[0] != places[1]
        assert top._cuts[1] == moved
        await press(pilot, "escape")
    assert halves(db) == []


async def test_split_of_two_by_two_elsewhere_than_in_the_middle(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "down", "down", "down", "S", "left", "enter")
    assert [ja for ja, _ in halves(db)] == ["日本は共同訓練を提案した", "。訓練は来年行われる。"]


async def test_taking_a_sentence_in(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "end", "right_curly_bracket")
    assert ((8, 9), (8,)) in settled(db)


async def test_an_undecided_link_that_a_move_empties_goes_with_a_notice_and_comes_back(db: Path, run: Run) -> None:
    before = shapes(db)
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "down", "right_curly_bracket")
        assert screen(pilot).query_one("#said").words == "boundary moved; link 3 had no sentences left and was deleted"
        assert len(shapes(db)) == len(before) - 1
        await press(pilot, "u")
    assert shapes(db) == before


async def test_what_a_move_takes_from_a_reviewer_is_asked_for_and_named(db: Path, run: Run) -> None:
    before = shapes(db)
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "a", "left_curly_bracket")
        shown: Any = pilot.app.screen
        assert isinstance(shown, RealignmentPreview)
        assert "leaves link 1, accepted by Aoi, without sentences" in shown.query_one("#ripple-top").words
        assert "− 日露で初の会議が開かれた。" in shown.query_one(Texts).words
        await press(pilot, "escape")
        assert shapes(db) == before
        await press(pilot, "left_curly_bracket", "enter")
        assert settled(db) == [((0, 1), (1,))]
        assert screen(pilot).query_one("#said").words == "boundary moved; link 1 had no sentences left and was deleted"
        await press(pilot, "u")
    assert shapes(db) == before
    assert links(db)[0].status is Status.ACCEPTED


async def test_unlink_forbids_the_pair(db: Path, run: Run, solver: Quiet) -> None:
    async with run() as pilot:
        await press(pilot, "d")
    assert links(db)[0].status is Status.REJECTED
    assert solver.asked[0]["forbidden"] == (((1,), (11,)),)


async def test_edit_keeps_the_original_and_shows_the_difference(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "tab", "e", *"!!", "enter")
        link = next(link for link in links(db) if link.id == 1)
        assert link.tgt.text == "Japan and Russia held their first meeting.!!"
        assert link.tgt.original == "Japan and Russia held their first meeting."
        assert link.status is Status.EDITED
        assert "+ Japan and Russia held their first meeting.!!" in screen(pilot).query_one(Texts).words
        await press(pilot, "equals_sign")
        assert "+ Japan" not in screen(pilot).query_one(Texts).words


async def test_relink_to_another_place(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "end", "r")
        assert isinstance(pilot.app.screen, DocumentScreen)
        await press(pilot, "down", "l")
        assert screen(pilot) is pilot.app.screen
    assert settled(db) == [((8,), (9,))]


async def test_link_by_hand_two_distant_rows(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "v", "end", "space", "space", "l")
        assert isinstance(pilot.app.screen, DocumentScreen)
    assert shapes(db)[-1] == ((9,), (9,))
    assert links(db)[-1].status is Status.ACCEPTED


async def test_the_document_view_finds_what_is_linked_to_nothing_and_goes_to_review(db: Path, run: Run) -> None:
    async with run() as pilot:
        await press(pilot, "v", "0")
        table = pilot.app.screen.query_one(AlignedTable)
        assert table.current is not None
        assert table.current.position == 9
        await press(pilot, "home", "down", "r")
        assert screen(pilot).session.cursor == 1


async def test_alternatives_are_shown_before_they_are_taken(db: Path, run: Run, solver: Quiet) -> None:
    solver.found = [AlternativeTarget((20,), "That is the summary.", 0.2)]
    async with run() as pilot:
        await press(pilot, "end", "1")
        assert settled(db) == []
        words = screen(pilot).query_one(Texts).words
        assert "1 +0.20  That is the summary." in words
        assert "linked by hand" not in words
        await press(pilot, "1")
    assert settled(db) == [((8,), (9,))]


def ripple_of(db: Path) -> Realignment:
    """The last link gives way to one that takes the last sentence in."""
    last: Link = links(db)[-1]
    new = Proposal((9, 10), (19, 20), LinkKind.TRANSLATION, 0.4, 0.8)
    return Realignment(removed=(last,), added=(new,), encoder="use")


async def test_a_ripple_is_shown_before_it_is_taken(db: Path, run: Run, solver: Quiet) -> None:
    solver.ripple = ripple_of(db)
    async with run() as pilot:
        await press(pilot, "m")
        shown: Any = pilot.app.screen
        assert isinstance(shown, RealignmentPreview)
        words = shown.query_one(Texts).words
        assert "− 予算は51億円である。" in words
        assert "+ 予算は51億円である。以上が概要である。" in words
        assert settled(db) == []
        await press(pilot, "enter")
    assert ((8, 9), (8, 9)) in shapes(db)
    assert ((8,), (8,)) not in shapes(db)
    async with run() as pilot:
        await press(pilot, "u")
    assert ((8,), (8,)) in shapes(db)
    assert ((0,), (0,)) in shapes(db)


async def test_a_ripple_can_be_left_out_or_cancelled(db: Path, run: Run, solver: Quiet) -> None:
    solver.ripple = ripple_of(db)
    async with run() as pilot:
        await press(pilot, "m", "escape")
        assert settled(db) == []
        await press(pilot, "m", "o")
        assert settled(db) == [((0, 1), (0, 1))]
        assert ((8,), (8,)) in shapes(db)


async def test_a_solver_that_cannot_is_told_and_the_fix_can_still_be_taken(db: Path, run: Run, solver: Quiet) -> None:
    from align.errors import EncoderError

    def fails(*_documents: int, **_asked: Any) -> Realignment:
        raise EncoderError("no such model")

    solver.realign = fails  # type: ignore[method-assign]
    async with run() as pilot:
        await press(pilot, "m")
        assert "could not be checked" in pilot.app.screen.query_one("#ripple-top").words
        assert "! no such model" in pilot.app.screen.query_one(Texts).words
        await press(pilot, "enter")
        await settle(pilot)
    assert settled(db) == [((0, 1), (0, 1))]


async def test_the_fix_alone_need_not_wait_for_the_solver(db: Path, run: Run, solver: Quiet) -> None:
    goes_on = threading.Event()

    def slow(*_documents: int, **_asked: Any) -> Realignment:
        goes_on.wait(30)
        return Realignment()

    solver.realign = slow  # type: ignore[method-assign]
    async with run() as pilot:
        await pilot.press("m")
        await pilot.pause(0.1)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, RealignmentPreview)
        await pilot.press("o")
        await pilot.pause(0.1)
        assert settled(db) == [((0, 1), (0, 1))]
        goes_on.set()
        await settle(pilot)
        assert screen(pilot) is pilot.app.screen


async def test_solving_again_around_what_is_settled_is_shown_and_one_decision(
    db: Path, run: Run, solver: Quiet
) -> None:
    async with run() as pilot:
        await press(pilot, "R")
        assert "Nothing is settled" in screen(pilot).query_one("#said").words
        await press(pilot, "a", "down", "R")
        assert "nothing would change" in screen(pilot).query_one("#said").words
        assert solver.asked[-1]["anchors"] == (((1,), (11,)),)
        gone = next(link for link in links(db) if link.confidence == 0.3)
        solver.ripple = Realignment((gone,), (Proposal((10,), (20,), LinkKind.TRANSLATION, 0.1, 0.66),), "use")
        await press(pilot, "R")
        assert isinstance(pilot.app.screen, RealignmentPreview)
        await press(pilot, "escape")
        assert len(links(db)) == 8
        await press(pilot, "R", "enter")
        assert [link.confidence for link in links(db)][-1] == 0.66
        await press(pilot, "u")
    assert [link.confidence for link in links(db)][-1] == 0.3


async def test_linking_a_settled_sentence_by_hand_asks(db: Path, run: Run, solver: Quiet) -> None:
    async with run() as pilot:
        await press(pilot, "a", "up", "v", "space", "end", "space", "l")
        question = pilot.app.screen.query_one(".question").render().plain
        assert question == "Sentence 1 is already in accepted link 1. Link anyway?"
        await press(pilot, "escape")
        assert len(links(db)) == 8
        await press(pilot, "l", "enter")
        assert solver.asked[-1]["shared_links"] == (1,)
    found = links(db)
    assert [link.status for link in found if 1 in link.src.sentences] == [Status.ACCEPTED, Status.ACCEPTED]
    assert {link.id for link in found} == set(range(1, 10))


async def test_another_place_on_a_settled_sentence_asks_too(db: Path, run: Run, solver: Quiet) -> None:
    solver.found = [AlternativeTarget((12,), "The meeting took place in Tokyo.", 0.3)]
    async with run() as pilot:
        await press(pilot, "down", "a", "home", "i", "1")
        question = pilot.app.screen.query_one(".question").render().plain
        assert question == "Sentence 2 is already in accepted link 2. Link anyway?"
        await press(pilot, "n")
        assert "cancelled" in screen(pilot).query_one("#said").words
        assert shapes(db)[0] == ((0,), (0,))
        await press(pilot, "1", "y")
    assert shapes(db)[0] == ((0,), (1,))
