"""`align serve` in headless Chromium, with the review app itself: opens, decides by key, and the store has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from align.models import Block, BlockKind, Document, Link, LinkKind, Proposal, Sentence, Span, Status
from align.store import LinkFilter, open_store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SRC = ["日本とロシアは会談した。", "次の会談は来年モスクワで開かれる。", "両国は条約を結んでいない。"]
TGT = ["Japan and Russia held talks.", "The next talks will be in Moscow next year.", "They have no treaty."]


def document(name: str, lang: str, sentences: list[str]) -> Document:
    """A document of one block."""
    found, start = [], 0
    for text in sentences:
        found.append(Sentence((Span(start, start + len(text)),), lang, 1.0))
        start += len(text) + 1
    text = "\n".join(sentences)
    return Document(name, text, (Block(Span(0, len(text)), BlockKind.BODY, lang, 1.0, tuple(found)),))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Three proposed links."""
    path = tmp_path / "talks.db"
    with open_store(path) as store:
        first = store.add_document(document("talk.ja.txt", "ja", SRC)).document
        second = store.add_document(document("talk.en.txt", "en", TGT)).document
        ids = [[row.id for row in store.sentences(number)] for number in (first, second)]
        found = [Proposal((a,), (b,), LinkKind.TRANSLATION, 0.2, 0.9) for a, b in zip(*ids, strict=True)]
        store.propose(first, second, found, "use", languages=("ja", "en"))
    return path


def links(db: Path) -> list[Link]:
    with open_store(db, readonly=True) as store:
        return list(store.links(LinkFilter()))


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until it is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


def repeat(key: Callable[[], None], true: Callable[[], bool]) -> None:
    """Press a key, again and again, until it is so."""
    for _ in range(20):
        key()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            if true():
                return
            time.sleep(0.05)
    pytest.fail("no key press did it")


@pytest.fixture
def serve(db: Path) -> Iterator[Callable[..., str]]:
    """`serve("--reviewer", "Aoi")` starts the command and gives the address that it printed."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("ALIGN_")}
    environ["ALIGN_CONFIG"] = str(db.parent / "none.toml")
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        command = [sys.executable, "-m", "align", "serve", "--db", str(db), "--port", "0", *arguments]
        with (db.parent / "serve.log").open("w") as log:
            process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
        process.stdout.close()


def watched(page: Page) -> tuple[list[str], list[str]]:
    """What a page complains of, and all that it asks for."""
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    return complaints, asked


def test_a_link_is_accepted_by_key_and_the_store_has_it(db: Path, serve: Callable[..., str], chromium: Browser) -> None:
    address = serve("--reviewer", "Aoi")
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    complaints, asked = watched(page)
    page.goto(address)
    page.locator("#opening").wait_for(state="hidden", timeout=30_000)
    page.wait_for_timeout(500)
    # Without a click: the terminal has the focus. In the workspace `a` opens the review, in the review it accepts.
    repeat(lambda: page.keyboard.press("a"), lambda: any(link.status is Status.ACCEPTED for link in links(db)))
    assert {link.reviewer for link in links(db) if link.status is Status.ACCEPTED} == {"Aoi"}
    repeat(lambda: page.keyboard.press("u"), lambda: all(link.status is Status.PROPOSED for link in links(db)))
    assert complaints == []
    assert [url for url in asked if not url.startswith((address, address.replace("http", "ws"), "data:"))] == []


def test_an_export_is_downloaded(db: Path, serve: Callable[..., str], chromium: Browser) -> None:
    address = serve("--reviewer", "Aoi")
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    complaints, asked = watched(page)
    page.goto(address)
    page.locator("#opening").wait_for(state="hidden", timeout=30_000)
    repeat(lambda: page.keyboard.press("a"), lambda: any(link.status is Status.ACCEPTED for link in links(db)))
    with page.expect_download(timeout=60_000) as downloading:
        for key in ("q", "e", "u", "a"):  # to the workspace; export; all but rejected links; as TMX
            page.keyboard.press(key)
            page.wait_for_timeout(2000)
    assert downloading.value.suggested_filename == "talks.tmx"
    content = downloading.value.path().read_bytes()
    assert content.count(b"<tu ") == len(links(db))
    assert str(db.parent).encode() not in content
    assert complaints == []
    assert all(url.startswith((address, address.replace("http", "ws"), "data:", "blob:")) for url in asked)


def test_the_page_asks_for_a_name_and_a_phone_gets_keys(db: Path, serve: Callable[..., str], chromium: Browser) -> None:
    address = serve()
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    complaints, _ = watched(page)
    page.goto(address)
    page.get_by_label("Name").fill("葵")
    page.get_by_role("button", name="Start reviewing").tap()
    page.locator("#opening").wait_for(state="hidden", timeout=30_000)
    page.wait_for_timeout(500)
    bar = page.get_by_role("navigation", name="Keys")
    keys = [bar.get_by_role("button", name=name, exact=True) for name in ("accept", "reject")]
    # In the workspace the first opens the review.
    keys[0].dispatch_event("pointerdown")
    page.wait_for_timeout(1000)
    repeat(
        lambda: keys[1].dispatch_event("pointerdown"), lambda: any(link.status is Status.REJECTED for link in links(db))
    )
    assert {link.reviewer for link in links(db) if link.status is Status.REJECTED} == {"葵"}
    assert complaints == []


def test_without_the_token_the_browser_sees_nothing(serve: Callable[..., str], chromium: Browser) -> None:
    address = serve("--reviewer", "Aoi")
    root = address.rstrip("/").rpartition("/")[0]
    page = chromium.new_page()
    for url in (root + "/", root + "/guess/", address[:-2] + "/"):
        answer = page.goto(url)
        assert answer is not None
        assert answer.status == 403
        assert "talks" not in page.content()
        assert page.locator("canvas, .xterm, script").count() == 0


def test_a_full_house_says_so(db: Path, serve: Callable[..., str], chromium: Browser) -> None:
    address = serve("--reviewer", "Aoi", "--seats", "1")
    first, second = chromium.new_page(), chromium.new_page()
    first.goto(address)
    first.locator("#opening").wait_for(state="hidden", timeout=30_000)
    second.goto(address)
    second.get_by_text("all sessions are in use").wait_for(timeout=10_000)
    first.close()
    until(lambda: "closed for Aoi" in (db.parent / "serve.log").read_text())
    second.get_by_role("button", name="Open it again").click()
    second.locator("#opening").wait_for(state="hidden", timeout=30_000)
