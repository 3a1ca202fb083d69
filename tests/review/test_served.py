"""The app in a browser: no path of the server, names that prove nothing, downloads."""

from __future__ import annotations

import re
import sqlite3
import sys
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from align.errors import StoreError
from align.models import Status
from align.review.jobs import Download, Job, JobContext, JobResult
from align.review.screens.base import without_folders
from align.reviewer import open_reviewer
from align.store import edits, open_store

from .conftest import Quiet, Run, document, links, press, screen, settle
from .test_statement_screens import RankingSolver
from .test_workspace import over

SYSTEM = {"Quit", "Theme", "Keys", "Maximize", "Minimize"}
"""Commands of Textual itself; they touch no file."""


FOLDER = '/srv/our "old": texts/secret/'


@pytest.fixture
def deep(db: Path) -> Path:
    """Linked documents whose names are paths of the server, and a decision that names one."""
    with open_store(db) as store:
        store.add_document(document("notes.de.txt", "de", ("Ein Satz.", "Noch einer.")))
    with sqlite3.connect(db) as connection:
        connection.execute("update documents set name = ? || name", (FOLDER,))
    with open_store(db) as store:
        store.add_document(document(f"{FOLDER}notes.de.txt", "de", ("Ein Satz.", "Anderer.")))
    return db


@pytest.fixture
def solver(db: Path) -> Quiet:
    """A solver that ranks passages, so that the screen of a statement lists documents."""
    return RankingSolver(db)


def text_of(pilot: Any) -> str:
    """The whole screen."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips(pilot.app.size))


async def test_no_action_of_the_palette_shows_or_opens_a_path(deep: Path, run: Run, monkeypatch: Any) -> None:
    opened: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching[0]:
            return
        if event in ("subprocess.Popen", "os.system", "os.startfile", "webbrowser.open"):
            opened.append(f"{event} {arguments[0]}")
        if (
            event == "open"
            and isinstance(arguments[0], str)
            and isinstance(arguments[1], str)
            and "r" not in arguments[1]
        ):
            opened.append(f"open {arguments[0]}")

    downloads: list[str] = []
    monkeypatch.setattr(JobContext, "propose", lambda _context: lambda _job: JobResult("proposed"))
    async with run(size=(120, 40), served=True, visit="v1") as pilot:
        monkeypatch.setattr(
            pilot.app, "deliver_binary", lambda _file, *, save_filename, open_method: downloads.append(save_filename)
        )
        await press(pilot, "q")
        seen, names = set[str](), set[str]()
        sys.addaudithook(watch)
        try:
            for opening in ((), ("a",), ("a", "v")):
                await press(pilot, *opening)
                titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
                for title in titles:
                    if title in SYSTEM or title in seen or title.startswith(("back", "quit", "leave")):
                        continue
                    command = next(
                        (c for c in pilot.app.get_system_commands(pilot.app.screen) if c.title == title), None
                    )
                    if command is None:
                        continue
                    depth = len(pilot.app.screen_stack)
                    command.callback()
                    await settle(pilot)
                    seen.add(title)
                    shown = text_of(pilot)
                    assert not re.search(r"/srv|texts/|secret/", shown), title
                    assert str(deep.parent) not in shown, title
                    names |= set(re.findall(r"talks\.\w\w\.txt|notes\.de\.txt", shown))
                    while len(pilot.app.screen_stack) > depth:
                        pilot.app.screen.dismiss(None) if hasattr(pilot.app.screen, "dismiss") else None
                        await settle(pilot)
                    while len(pilot.app.screen_stack) < depth:  # the action went back
                        await press(pilot, "a" if depth == 3 else "v")
                while len(pilot.app.screen_stack) > 2:
                    await press(pilot, "q")
        finally:
            watching[0] = False
        assert {"add (+)", "export (e)", "report (r)", "propose (p)", "accept (a)"} <= seen
        assert names == {"talks.ja.txt", "talks.en.txt", "notes.de.txt"}
        assert "Screenshot" not in seen
        await over(pilot)
    assert opened == []
    assert all("/" not in name for name in downloads)


async def test_no_message_shows_a_path(deep: Path, run: Run) -> None:
    error: Future[Any] = Future()
    error.set_exception(StoreError(f"{FOLDER}talks.ja.txt: gone"))
    async with run(size=(120, 24), served=True, visit="v1") as pilot:
        app = pilot.app
        for action in ("", "v", "f"):
            await press(pilot, *action)
            if action == "f":
                app.screen.post_message(app.screen.Ready(app.screen._asked, error))
            else:
                app.screen.saved(error)
            await settle(pilot)
            assert "talks.ja.txt: gone" in app.screen.query_one("#said").words, action
            assert "/" not in app.screen.query_one("#said").words, action
            if action:
                await press(pilot, "q")
        await press(pilot, "W")
        app.screen.post_message(app.screen.Suggested(error))
        await settle(pilot)
        assert "talks.ja.txt: gone" in text_of(pilot)
        assert FOLDER not in text_of(pilot)


async def test_adding_is_off_and_an_export_is_a_download(deep: Path, run: Run, monkeypatch: Any) -> None:
    downloads: list[tuple[str, bytes]] = []
    async with run(size=(120, 40), served=True, visit="v1", start="workspace") as pilot:
        monkeypatch.setattr(
            pilot.app,
            "deliver_binary",
            lambda file, *, save_filename, open_method: downloads.append((save_filename, file.read())),
        )
        assert "talks.db" not in pilot.app.screen.query_one("#top").words
        await press(pilot, "plus")
        assert "off in the browser" in pilot.app.screen.query_one("#said").words
        await press(pilot, "e", "u", "a")
        words = await over(pilot)
        assert "8 units" in words
        assert "/" not in words.replace("and/or", "")
        await press(pilot, "r")
        await over(pilot)
    assert [name for name, _ in downloads] == ["talks.tmx", "talks-report.html"]
    assert downloads[0][1].startswith(b"<?xml")
    assert str(deep.parent).encode() not in downloads[1][1]
    assert not re.search(rb"/srv|texts/|secret/", downloads[1][1])
    assert b"talks.ja.txt" in downloads[1][1]


async def test_a_job_that_ends_while_its_progress_is_shown_is_delivered_once(
    db: Path, run: Run, monkeypatch: Any
) -> None:
    """The job goes on in its thread while the screen is painted: it is over before the handler has returned."""
    downloads: list[str] = []
    steps: list[str] = []
    async with run(served=True, visit="v1", start="workspace") as pilot:
        jobs, screen = pilot.app.jobs, pilot.app.screen
        monkeypatch.setattr(
            pilot.app, "deliver_binary", lambda _file, *, save_filename, open_method: downloads.append(save_filename)
        )
        listed, inform, shown = screen.list_rows, screen.inform, Event()

        def slow(words: str, *, bad: bool = False) -> None:
            inform(words, bad=bad)
            if jobs.job is not None and jobs.job.stage:
                shown.set()
                jobs.wait()
            steps.append(words)

        monkeypatch.setattr(screen, "inform", slow)
        monkeypatch.setattr(screen, "list_rows", lambda: (steps.append("listed"), listed()))

        def work(job: Job) -> JobResult:
            job.progress("counting")(1, 2)
            shown.wait(5)
            return JobResult("Made.", Download("talks.tmx", b""))

        jobs.start("Exporting", work)
        assert await over(pilot) == "Made."
        assert steps[1:] == ["listed", "Made."]
    assert downloads == ["talks.tmx"]


async def test_a_name_proves_nothing_in_a_visit(db: Path, run: Run) -> None:
    first, second = links(db)[:2]
    with open_reviewer(db, "Aoi") as reviewer:
        reviewer.commit(edits.accept(first.id))
    with open_reviewer(db, "Aoi", "v0") as reviewer:
        reviewer.commit(edits.accept(second.id))
    async with run(served=True, visit="v1", start="workspace") as pilot:
        await press(pilot, "a", "g", "1", "enter", "x")
        assert "in another visit. The same key again will reject it" in screen(pilot).query_one("#said").words
        assert links(db)[0].status is Status.ACCEPTED
        await press(pilot, "x")
        assert links(db)[0].status is Status.REJECTED
        await press(pilot, "g", "1", "enter", "a")
        assert links(db)[0].status is Status.ACCEPTED, "decided in this visit"
        await press(pilot, "g", "2", "enter", "d")
        assert "will unlink it" in screen(pilot).query_one("#said").words
        assert links(db)[1].status is Status.ACCEPTED
        await press(pilot, "u", "u", "u")
        assert "decided as Aoi in another visit" in screen(pilot).query_one("#said").words
        assert links(db)[1].status is Status.ACCEPTED
    with open_store(db, create=False) as store:
        visits = [decision.detail.get("visit") for decision in store.decisions(limit=4)]
    assert visits == ["v1"] * 4, "undo and verdicts alike"


def test_only_names_are_left_of_paths() -> None:
    assert without_folders("/srv/texts/a.txt: gone") == "a.txt: gone"
    assert without_folders("in ~/x/y.db and C:\\data\\z.db, 3/4 and km/h") == "in y.db and z.db, 3/4 and km/h"
    assert without_folders("https://example.org/a/b.txt") == "https://example.org/a/b.txt"
    assert without_folders("file:///srv/x/a.txt, texts/secret/notes.txt") == "a.txt, notes.txt"
    assert without_folders("No such file: '/srv/my texts/b: c/a.txt'") == "No such file: 'a.txt'"


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("/srv/my texts/secret/a.txt: gone", "a.txt: gone"),
        ("/srv/my texts/secret/deep/er/b: gone", "b: gone"),
        ("/srv/my texts/other and/or", "other and/or"),
        ('/srv/it\'s: a "b"/x y.txt, /srv/new/z', "x y.txt, z"),
        ("in te xts/secret/notes, conte xts/secret/notes", "in notes, conte xts/secret/notes"),
        ("nothing, 3/4.5 and km/h", "nothing, 3/4.5 and km/h"),
    ],
)
def test_folders_of_the_server_may_have_any_name(words: str, left: str) -> None:
    folders = ["/srv/my texts/secret/", '/srv/it\'s: a "b"', "te xts/secret/", "/", "./", ""]
    assert without_folders(words, folders) == left
