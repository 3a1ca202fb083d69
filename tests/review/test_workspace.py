"""The workspace: progress a pair and a document, sort and filter, the position of each, and long jobs."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from textual import events

from align.models import LinkKind, Proposal, Status
from align.review.jobs import Job, JobContext, JobResult, JobRunner
from align.review.screens.concordance_view import ConcordanceScreen
from align.review.screens.review import ReviewScreen
from align.review.screens.workspace import WorkspaceScreen
from align.review.widgets.workspace_table import WorkspaceTable
from align.store import open_store
from align.text.width import cells

from .conftest import ENGLISH, JAPANESE, Run, document, links, press, screen, settle


async def over(pilot: Any) -> str:
    """Wait for the job that runs; the message of the workspace."""
    await asyncio.wait_for(asyncio.to_thread(pilot.app.jobs.wait), 20)
    await settle(pilot)
    return str(pilot.app.screen.query_one("#said").words)


def table(pilot: Any) -> WorkspaceTable:
    """The table of the workspace."""
    shown: WorkspaceTable = pilot.app.screen.query_one(WorkspaceTable)
    return shown


@pytest.fixture
def more(db: Path) -> Path:
    """A third document, without links."""
    with open_store(db) as store:
        store.add_document(document("a-very-long-name-of-a-text-without-links.zh-Hant.txt", "zh-Hant", JAPANESE))
    return db


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_columns_total_and_documents_without_links(more: Path, run: Run, size: tuple[int, int]) -> None:
    async with run(size=size, start="workspace") as pilot:
        await press(pilot, "a", "a", "x", "q")
        lines = table(pilot).words.splitlines()
        assert "talks.ja.txt ↔ talks.en.txt" in lines[1]
        assert "25 %" in lines[1]
        assert "no links" in lines[2]
        assert all(cells(line) <= size[0] for line in lines)
        top = pilot.app.screen.query_one("#top").words
        assert "3 documents" in top
        assert top.endswith("Aoi")
        assert "…" not in top
        total = pilot.app.screen.query_one("#total").render_line(0).text
        assert "Total: 1 pair" in total
        assert total.split()[3:5] == ["8", *(["━━────────"] if size[0] == 160 else ["25"])]
        await press(pilot, "tab")
        assert len(table(pilot).rows) == 3
        assert [row.total for row in table(pilot).rows] == [8, 8, 0]
        await press(pilot, "enter")
        assert screen(pilot).session.total == 8


async def test_sort_and_filter(more: Path, run: Run) -> None:
    async with run(start="workspace") as pilot:
        await press(pilot, "tab", "o", "o")
        assert "▾" in table(pilot).words
        await press(pilot, "slash", *"unlinked")
        assert "1 row." in str(pilot.app.screen.query_one("#effect").render())
        await press(pilot, "enter")
        assert [row.total for row in table(pilot).rows] == [0]
        await press(pilot, "enter")
        assert "no links yet" in pilot.app.screen.query_one("#said").words
        await press(pilot, "escape")
        assert len(table(pilot).rows) == 3
        await press(pilot, "slash", *"talks en", "enter")
        assert [row.name for row in table(pilot).rows] == ["talks.en.txt"]


async def test_each_pair_opens_where_it_was_left(more: Path, run: Run) -> None:
    async with run(start="workspace") as pilot:
        await press(pilot, "enter")
        assert screen(pilot).session.cursor == 0, "the first undecided link"
        await press(pilot, "down", "down", "down", "q", "a", "end", "q", "enter")
        assert screen(pilot).session.cursor == 3
    async with run(start="workspace") as pilot:
        await press(pilot, "enter")
        assert screen(pilot).session.cursor == 3
    with open_store(more) as store:
        store.remember("place:Ben", "{}")
    async with run(start="workspace") as pilot:
        pilot.app.reviewer = "Ben"
        await press(pilot, "a", "a", "q")
        pilot.app.reviewer = "Chloe"
        await press(pilot, "enter")
        assert screen(pilot).session.cursor == 1, "the first is decided"


async def test_add_export_and_report_from_inside(db: Path, run: Run, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new text.txt").write_text("A new text. It has two sentences.\n", encoding="utf-8")
    async with run(size=(120, 30), start="workspace") as pilot:
        await press(pilot, "plus", *"nothing.txt", "enter")
        assert "no such file" in str(pilot.app.screen.query_one("#effect").render())
        await press(pilot, "home", *["delete"] * 11, *'"new text.txt"', "enter")
        assert "1 file: 1 added." in await over(pilot)
        assert len(table(pilot).rows) == 2
        await press(pilot, "enter", "a", "q", "e", "a", "enter")
        assert "talks.tmx: 1 unit written as tmx." in await over(pilot)
        await press(pilot, "e", "u", "enter")
        assert "Replace it?" in str(pilot.app.screen.query_one(".question").render())
        await press(pilot, "enter")
        assert "8 units" in await over(pilot)
        await press(pilot, "e", "u", *"nothing.nope", "enter")
        assert "suffix" in str(pilot.app.screen.query_one("#effect").render())
        await press(pilot, "escape", "r", "enter")
        assert "talks-report.html" in await over(pilot)
    assert (tmp_path / "talks-report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


async def test_a_job_shows_progress_and_is_cancelled(db: Path, run: Run) -> None:
    begun = threading.Event()

    def work(job: Job) -> JobResult:
        report = job.progress("counting")
        for number in range(10_000):
            report(number, 10_000)
            begun.set()
            threading.Event().wait(0.005)
        return JobResult("done")

    async with run(start="workspace") as pilot:
        pilot.app.screen._start("Testing", work)
        assert begun.wait(5)
        await pilot.pause(0.2)
        assert "counting" in pilot.app.screen.query_one("#said").words
        await press(pilot, "p")
        assert "still running" in pilot.app.screen.query_one("#said").words
        await press(pilot, "enter", "a", "q", "q")
        assert "Cancel it and leave?" in str(pilot.app.screen.query_one(".question").render())
        await press(pilot, "escape", "x")
        assert "cancelled" in await over(pilot)
    assert links(db)[0].status is Status.ACCEPTED, "the review went on"


def test_a_job_that_fails_is_over_with_its_error() -> None:
    changes: list[Job] = []
    jobs = JobRunner(changes.append)
    job = jobs.start("Failing", lambda _job: JobResult(str(1 / 0)))
    jobs.close()
    assert jobs.job is None
    assert isinstance(job.error, ZeroDivisionError)
    assert changes[-1] is job


async def test_the_concordance_finds_words_and_other_translations(db: Path, run: Run) -> None:
    with open_store(db) as store:
        ids = []
        for name, lang, texts in (("b.ja.txt", "ja", (JAPANESE[6],)), ("b.en.txt", "en", ("The two sides agreed.",))):
            added = store.add_document(document(name, lang, texts))
            ids.append((added.document, store.sentences(added.document)[0].id))
        first = links(db)[0]
        store.propose(ids[0][0], ids[1][0], [Proposal((ids[0][1],), (ids[1][1],), first.kind, 0.3, 0.9)], "x")
    async with run(start="workspace") as pilot:
        await press(pilot, "a", "g", "6", "enter", "f")
        assert isinstance(pilot.app.screen, ConcordanceScreen)
        options = pilot.app.screen.query_one("#hits")
        shown = [str(options.get_option_at_index(number).prompt) for number in range(options.option_count)]
        assert "2 links, 2 translations" in shown[0]
        assert any(ENGLISH[6] in words for words in shown[1:3])
        assert any("The two sides agreed." in words for words in shown[1:3])
        await press(pilot, "slash", *"drill", "enter")
        assert "1 hit" in pilot.app.screen.query_one("#said").words
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ReviewScreen)
        assert pilot.app.screen.session.current.tgt.text.startswith("Japan proposed a joint drill.")
        await press(pilot, "q")
        assert screen(pilot).session.cursor == 5
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, WorkspaceScreen)


async def test_the_sentences_of_a_link_are_listed_in_all_other_texts(db: Path, run: Run) -> None:
    chinese = ("日俄举行首次会谈。", "会谈于2013年11月2日在东京举行。")
    with open_store(db) as store:
        first, second = (one.src for one in links(db)[:2])
        added = store.add_document(document("talks.zh.txt", "zh-Hans", chinese)).document
        rows = [row.id for row in store.sentences(added)]
        proposals = [
            Proposal(side.sentences, (row,), LinkKind.TRANSLATION, 0.5, 0.8)
            for side, row in zip((first, second), rows, strict=True)
        ]
        store.propose(first.document, added, proposals, "x")
    async with run(size=(80, 24)) as pilot:
        await press(pilot, "g", "2", "enter", "f")
        options = pilot.app.screen.query_one("#hits")
        shown = [str(options.get_option_at_index(number).prompt) for number in range(options.option_count)]
        assert shown[0] == "In 1 other text"
        assert shown[1].startswith(f"zh-Hans {chinese[1]}\n")
        assert "talks.zh.txt" in shown[1]
        assert "80 % sure" in shown[1]
        assert "In 1 other" not in "".join(shown[1:])
        await press(pilot, "down", "enter")
        assert pilot.app.screen.session.current.tgt.text == chinese[1]


async def test_keys_in_a_burst_answer_a_dialog_once_and_close_one_screen(
    db: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that come faster than the app handles them all reach the screen that the first one closes."""
    outs: list[Path] = []

    def report(_context: JobContext, out: Path, *, force: bool = False) -> Any:
        outs.append(out)
        return lambda _job: JobResult("written")

    monkeypatch.setattr(JobContext, "report", report)

    async def burst(pilot: Any, *keys: str) -> None:
        for key in keys:
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await settle(pilot)

    async with run(start="workspace") as pilot:
        await press(pilot, "r", *str(db.with_name("report.html")))
        await burst(pilot, "enter", "enter", "enter")
        assert await over(pilot) == "written"
        assert outs == [db.with_name("report.html")]
        for key in ("h", "question_mark", "f", "W", "e"):
            await press(pilot, key)
            await burst(pilot, "escape", "escape", "escape")
            assert isinstance(pilot.app.screen, WorkspaceScreen), key
        await press(pilot, "a", "v")
        await burst(pilot, "q", "q")
        assert isinstance(pilot.app.screen, ReviewScreen | WorkspaceScreen)
