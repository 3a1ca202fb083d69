"""The aligned table of two texts: its rows, what is decided and mended in it, and that it is quick with many links."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from align.models import Proposal, Status
from align.review.aligned_rows import AlignedRows, LinkEnds
from align.review.screens.document import DocumentScreen
from align.review.widgets.aligned_table import AlignedTable
from align.store import open_store

from .conftest import Run, links, press

P = Status.PROPOSED


def ends(number: int, src: tuple[int, ...], tgt: tuple[int, ...], status: Status = P) -> LinkEnds:
    return LinkEnds(number, src, tgt, status, 0.5)


def shape(rows: AlignedRows) -> list[tuple[list[int], list[int], int]]:
    """Sentences of both sides and link of each row."""
    return [
        (
            [rows.sentences[0][at] for at in row.positions(0)],
            [rows.sentences[1][at] for at in row.positions(1)],
            row.link,
        )
        for row in rows.rows
    ]


def test_one_row_a_link_unlinked_in_place_and_a_crossing_in_two_rows() -> None:
    rows = AlignedRows(
        (1, 2, 3, 4, 5, 6),
        (11, 12, 13, 14, 15),
        [ends(1, (1, 2), (11,)), ends(2, (4,), (15,)), ends(3, (5,), (13,)), ends(4, (6,), (14,))],
    )
    assert shape(rows) == [
        ([1, 2], [11], 1),
        ([3], [], 0),
        ([4], [], 2),
        ([], [12], 0),
        ([5], [13], 3),
        ([6], [14], 4),
        ([], [15], 2),
    ]
    assert [row.crosses for row in rows.rows] == [False, False, True, False, False, False, True]
    assert rows.other_row(2) == 6
    assert rows.other_row(6) == 2
    assert rows.row_of_sentence(0, 1) == 0
    assert rows.next_unlinked(1) == 3
    assert rows.next_unlinked(3) == 1


def test_a_sentence_of_two_links_is_in_the_row_of_the_settled_one() -> None:
    rows = AlignedRows((1, 2), (11, 12), [ends(1, (1,), (11,)), ends(2, (1,), (12,), Status.ACCEPTED)])
    assert ([1], [12], 2) in shape(rows)
    assert sorted(at for row in rows.rows for at in row.positions(1)) == [0, 1]


@given(st.data())
def test_every_sentence_is_in_one_row_and_both_texts_are_in_order(data: Any) -> None:
    n, m = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
    some = st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True)
    drawn = data.draw(st.lists(st.tuples(some, some, st.sampled_from(list(Status))), max_size=8))
    pairs = [
        ends(number, tuple(src), tuple(100 + at for at in tgt), status)
        for number, (src, tgt, status) in enumerate(drawn, 1)
        if max(src) < n and max(tgt) < m
    ]
    rows = AlignedRows(range(n), range(100, 100 + m), pairs)
    for side, size in ((0, n), (1, m)):
        assert [at for row in rows.rows for at in row.positions(side)] == list(range(size))
        for at in range(size):
            assert at in rows.rows[rows.row_of_sentence(side, at)].positions(side)
    for row in rows.rows:
        assert row.positions(0) or row.positions(1)
        assert not row.crosses or row.link


@given(st.data())
def test_changed_links_have_the_rows_of_a_new_table(data: Any) -> None:
    ids = st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True)
    link = st.builds(
        lambda src, tgt, status, sure: LinkEnds(0, tuple(src), tuple(100 + at for at in tgt), status, sure),
        ids, ids, st.sampled_from([P, Status.ACCEPTED]), st.sampled_from([0.3, 0.6]),
    )  # fmt: skip
    src, tgt = range(9), range(100, 109)
    links = {number: one._replace(id=number) for number, one in enumerate(data.draw(st.lists(link, max_size=8)), 1)}
    rows = AlignedRows(src, tgt, links.values())
    for number in data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)):
        ends = data.draw(st.none() | link)
        same_sides = links.get(number) if data.draw(st.booleans()) else None
        if ends is not None and same_sides is not None:
            ends = same_sides._replace(status=ends.status, confidence=ends.confidence)
        links.pop(number, None)
        if ends is not None:
            links[number] = ends._replace(id=number)
        assert rows.change(number, links.get(number))
        anew = AlignedRows(src, tgt, links.values())
        assert rows._owners == anew._owners
        assert rows._overlapping == anew._overlapping
        assert rows.rows == anew.rows
        for side in (0, 1):
            assert [at for row in rows.rows for at in row.positions(side)] == list(range(9))
        assert all(rows.row_of_link(one) is None or rows.rows[rows.row_of_link(one)].link == one for one in links)
    assert not rows.change(1, LinkEnds(1, (77,), (100,), P, 0.5))


def test_forty_thousand_links_are_laid_out_in_linear_time() -> None:
    def seconds(n: int) -> float:
        many = [ends(at + 1, (at,), (n + at,)) for at in range(n) if at % 17]
        gc.collect()
        gc.disable()  # the collector goes through all objects of the tests before
        try:
            began = time.process_time()
            rows = AlignedRows(range(n), range(n, 2 * n), many)
            spent = time.process_time() - began
        finally:
            gc.enable()
        assert len(rows.rows) == n + n // 17 + (n % 17 > 0)
        return spent

    assert min(seconds(40_000) for _ in range(3)) < 20 * min(seconds(4_000) for _ in range(5))


def test_a_change_builds_the_rows_around_it_only() -> None:
    n = 40_000
    links = [ends(at + 1, (at,), (n + at,)) for at in range(n)]
    began = time.process_time()
    rows = AlignedRows(range(n), range(n, 2 * n), links)
    built = time.process_time()
    for at in range(0, n, n // 10):
        assert rows.change(at + 1, None)
        assert rows.change(at + 1, links[at])
    assert time.process_time() - built < built - began
    assert [row.link for row in rows.rows] == list(range(1, n + 1))


async def opened(pilot: Any) -> AlignedTable:
    await press(pilot, "v")
    assert isinstance(pilot.app.screen, DocumentScreen)
    return pilot.app.screen.query_one(AlignedTable)


async def test_links_are_decided_and_mended_between_the_documents(db: Path, run: Run) -> None:
    async with run() as pilot:
        table = await opened(pilot)
        await press(pilot, "a")
        assert table.link == 2
        await press(pilot, "x", "m", "u", "down", "s", "u")
        assert [link.status.value[0] for link in links(db)] == list("arpppppp")
        await press(pilot, "g", "4", "enter", "s")
        assert len(links(db)) == 9
        await press(pilot, "u", "e", "end", *"!", "enter")
        assert links(db)[3].src.text.endswith("!")
        await press(pilot, "q")
    assert links(db)[3].status is Status.EDITED


async def test_what_is_picked_stays_in_sight_and_escape_puts_it_back(run: Run) -> None:
    async with run(size=(80, 24)) as pilot:
        table = await opened(pilot)
        await press(pilot, "down", "space", "end")
        screen = pilot.app.screen
        assert screen.query_one("#picked").words.startswith("◆ Picked: ja 2 会議は2013年")
        assert table.current_side == 1
        await press(pilot, "escape")
        assert not screen.query_one("#picked").display
        assert not table.picked[0]


async def test_words_are_found_in_both_texts_linked_or_not(run: Run) -> None:
    async with run() as pilot:
        table = await opened(pilot)
        await press(pilot, "slash", *"summary", "enter")
        assert table.current is not None
        assert table.current.text == "That is the summary."
        assert "1 sentence." in pilot.app.screen.query_one("#said").words
        await press(pilot, "slash", *"nowhere", "enter")
        assert "is in neither text" in pilot.app.screen.query_one("#said").words


async def test_a_link_that_crosses_is_drawn_and_the_partner_key_goes_to_its_other_side(db: Path, run: Run) -> None:
    with open_store(db) as store:
        store.propose(
            1, 2, [Proposal((a,), (b,), links(db)[0].kind, 0.9, 0.99) for a, b in ((1, 14), (3, 12), (4, 13))], "x"
        )
    async with run(size=(100, 40)) as pilot:
        table = await opened(pilot)
        await press(pilot, "home")
        row = table.current_row
        assert row is not None
        assert row.crosses
        assert any(cell.wire is not None for line in table._drawn for cell in line)
        await press(pilot, "p")
        assert table.current is not None
        assert table.current.id == 14


async def test_a_click_moves_to_a_sentence_and_a_copy_takes_it(run: Run) -> None:
    async with run() as pilot:
        table = await opened(pilot)
        y = next(y for y, line in enumerate(table._lines) if line.row == 2)
        await pilot.click(AlignedTable, offset=(80, y))
        assert table.current is not None
        assert table.current.text.startswith("Minister Lavrov")
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == table.current.text
