"""The server as a client meets it, with a small Textual app in the place of the review app."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest

from align.errors import UsageError
from align.models import LinkKind, Proposal
from align.readers import read
from align.server import app_process
from align.server.server import FILES, ReviewServer, ServerOptions, clean_name
from align.store import LinkFilter, open_store

APP = """
import os, sys
from textual.app import App
class Small(App):
    def on_mount(self):
        self.title = " ".join(os.environ.get(name, "-") for name in ("ALIGN_REVIEWER", "ALIGN_THEME"))
    def on_key(self, event):
        if event.character == "w":
            open(sys.argv[1], "a").write(f"{self.title} {self.size.width}x{self.size.height}\\n")
        if event.character == "q":
            self.exit()
        if event.character == "!":
            os._exit(3)
Small().run()
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """The small app: w writes a line to `out`, q leaves, ! dies."""
    (tmp_path / "small.py").write_text(APP)
    return [sys.executable, str(tmp_path / "small.py"), str(tmp_path / "out")]


@asynccontextmanager
async def served(plan: ServerOptions) -> AsyncIterator[tuple[ReviewServer, list[str]]]:
    """A running server, and the lines of its log."""
    log: list[str] = []
    server = ReviewServer(plan, log.append)
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(server.serve(stop, ready.set))
    await asyncio.wait_for(asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when="FIRST_COMPLETED"), 10)
    try:
        if task.done():
            await task
        yield server, log
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)


async def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


async def read_all(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Take what comes until the server closes: an app whose screen nobody reads comes to a stand."""
    while not socket.closed:
        await socket.receive()


def plan(command: list[str], **more: object) -> ServerOptions:
    return ServerOptions(command=command, title="talks <b>", port=0, **more)  # type: ignore[arg-type]


async def test_without_the_token_nothing_opens(command: list[str]) -> None:
    async with served(plan(command)) as (server, log), aiohttp.ClientSession() as client:
        base = f"http://127.0.0.1:{server.port}"
        for path in (
            "/",
            "/wrong/",
            "/static/serve.js",
            "/wrong/static/serve.js",
            "/%2e%2e/",
            f"/{server.auth.token}x/",
        ):
            async with client.get(base + path) as answer:
                assert answer.status == 403, path
                assert "talks" not in await answer.text()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(f"{base}/wrong/ws/dark/Aoi", origin=base)
        assert all("refused" in line for line in log)
        assert not any(server.auth.token in line for line in log)


async def test_an_address_without_its_last_stroke_is_led_on(command: list[str]) -> None:
    async with (
        served(plan(command)) as (server, _log),
        aiohttp.ClientSession() as visitor,
        visitor.get(server.address.rstrip("/")) as answer,
    ):
        assert answer.status == 200
        assert str(answer.url) == server.address


async def test_another_page_or_name_gets_nothing(command: list[str]) -> None:
    async with served(plan(command)) as (server, _), aiohttp.ClientSession() as client:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            async with client.get(server.address, headers=headers) as answer:
                assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(server.address + "ws/dark/Aoi", origin="http://evil.example")
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.ws_connect(server.address + "ws/dark/Aoi")


async def test_the_page_is_whole_and_asks_nobody_else(command: list[str]) -> None:
    async with served(plan(command, reviewer='A"oi')) as (server, _), aiohttp.ClientSession() as client:
        async with client.get(server.address) as answer:
            page = await answer.text()
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "talks &lt;b&gt;" in page
        assert "<b>" not in page
        assert 'data-reviewer="A&quot;oi"' in page
        assert "http:" not in page
        assert "https:" not in page
        for name in FILES:
            async with client.get(f"{server.address}static/{name}") as answer:
                assert answer.status == 200
                assert b"googleapis" not in await answer.read()
        for path in ("static/", "static/index.html", "static/..%2f..%2fsettings.py", "nothing"):
            async with client.get(server.address + path) as answer:
                assert answer.status == 404


async def test_keys_reach_the_app_and_it_knows_who_typed(command: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with served(plan(command)) as (server, log), aiohttp.ClientSession() as client:
        where = f"{server.address}ws/light/%E9%9D%92%E3%81%84?width=90&height=30"
        async with client.ws_connect(where, origin=f"http://127.0.0.1:{server.port}") as socket:
            first = await asyncio.wait_for(socket.receive(), 20)
            assert first.type is aiohttp.WSMsgType.BINARY
            for nonsense in ("{", "[]", "5", '["stdin"]', '["resize", {"width": "x"}]', '["stdin", 5]', '{"a": 1}'):
                await socket.send_str(nonsense)
            await socket.send_json(["ping", "7"])
            screen = asyncio.create_task(read_all(socket))
            async with asyncio.timeout(20):
                # An app that is still starting may miss a size.
                while not (out.exists() and out.read_text().endswith("青い textual-light 70x1000\n")):
                    await socket.send_json(["resize", {"width": 70, "height": 10**9}])
                    await asyncio.sleep(0.2)
                    await socket.send_json(["stdin", "w"])
            await socket.send_json(["stdin", "q"])
            await asyncio.wait_for(screen, 20)
        await until(lambda: any(line.startswith("closed for 青い") for line in log))
        assert "exit code" not in log[-1]


async def test_no_more_visits_than_seats(command: list[str]) -> None:
    async with served(plan(command, max_sessions=1)) as (server, log), aiohttp.ClientSession() as client:
        here = f"http://127.0.0.1:{server.port}"
        async with client.ws_connect(server.address + "ws/dark/Aoi", origin=here) as first:
            await asyncio.wait_for(first.receive(), 20)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(server.address + "ws/dark/Mei", origin=here)
            assert refused.value.status == 503
        await until(lambda: any(line.startswith("closed for Aoi") for line in log))
        async with client.ws_connect(server.address + "ws/dark/Mei", origin=here) as second:
            assert (await asyncio.wait_for(second.receive(), 20)).type is aiohttp.WSMsgType.BINARY


@pytest.mark.parametrize("death", ["!", None])
async def test_an_app_that_dies_is_told_in_the_log(command: list[str], tmp_path: Path, death: str | None) -> None:
    if death is None:
        (tmp_path / "small.py").write_text("raise SystemExit('align: no store there')")
    async with served(plan(command)) as (server, log), aiohttp.ClientSession() as client:
        origin = f"http://127.0.0.1:{server.port}"
        async with client.ws_connect(server.address + "ws/dark/Aoi", origin=origin) as socket:
            if death:
                await asyncio.wait_for(socket.receive(), 20)
                await socket.send_json(["stdin", death])
            while not socket.closed:
                await asyncio.wait_for(socket.receive(), 20)
        await until(lambda: any("closed for Aoi" in line for line in log))
        assert f"with exit code {3 if death else 1}" in log[-1]
        assert death or "no store there" in log[-1]


async def test_a_visit_that_breaks_leaves_nobody_watching(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    watching: list[str] = []

    async def watch(*_: object) -> None:
        watching.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            watching.append("ended")

    async def broken(*_: object) -> None:
        await asyncio.sleep(0)
        raise BrokenPipeError

    monkeypatch.setattr(ReviewServer, "_close_after", watch)
    monkeypatch.setattr("align.server.server.relay", broken)
    async with served(plan(command)) as (server, log), aiohttp.ClientSession() as client:
        origin = f"http://127.0.0.1:{server.port}"
        async with client.ws_connect(server.address + "ws/dark/Aoi", origin=origin) as socket:
            await asyncio.wait_for(read_all(socket), 20)
        await until(lambda: any("closed for Aoi" in line for line in log))
        assert watching == ["begun", "ended"]


async def test_stopping_the_server_stops_its_apps(command: list[str], tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as client:
        async with served(plan(command)) as (server, log):
            socket = await client.ws_connect(server.address + "ws/dark/Aoi", origin=f"http://127.0.0.1:{server.port}")
            await asyncio.wait_for(socket.receive(), 20)
        assert log[-1].startswith("closed for Aoi")
        await socket.close()


async def test_what_was_decided_is_saved_though_another_program_writes_and_the_page_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_process, "STOP_SECONDS", 0.2)
    db = tmp_path / "talks.db"
    with open_store(db) as store:
        for name, text in (
            ("de.txt", "Eins.\n\nZwei.\n\nDrei.\n\nVier.\n"),
            ("en.txt", "One.\n\nTwo.\n\nThree.\n\nFour.\n"),
        ):
            document = read(name, text.encode(), lang=name[:2])
            store.add_document(document)
        sides = [store.sentences(number) for number in (1, 2)]
        store.propose(
            1,
            2,
            [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.5, 0.5) for a, b in zip(*sides, strict=True)],
            "use",
        )
    command = [sys.executable, "-m", "align", "review", "--db", str(db), "--encoder", "use"]
    async with served(plan(command, reviewer="Aoi")) as (server, log), aiohttp.ClientSession() as client:
        here = f"http://127.0.0.1:{server.port}"
        async with client.ws_connect(server.address + "ws/dark/x", origin=here) as socket:
            painted = bytearray()
            async with asyncio.timeout(60):
                while b"Eins" not in painted or b"accept" not in painted:
                    painted += (await socket.receive()).data
            with closing(sqlite3.connect(db, isolation_level=None)) as other:
                other.execute("begin immediate")
                for _ in range(3):
                    await socket.send_json(["stdin", "a"])
                screen = asyncio.create_task(read_all(socket))
                await asyncio.sleep(0.5)
                await socket.close()
                await until(lambda: "waiting for Aoi" in log[-1])
                await asyncio.sleep(1)
                other.execute("rollback")
            await asyncio.wait_for(screen, 20)
        await until(lambda: log[-1].startswith("closed for Aoi"), 30)
        assert "exit code" not in log[-1]
    with open_store(db, readonly=True) as store:
        assert [link.status for link in store.links(LinkFilter())] == 3 * ["accepted"] + ["proposed"]


@pytest.mark.parametrize("sent", [b"\x00", "[" * 100_000, '["ping", ' + "[" * 500_000])
async def test_what_no_page_sends_ends_the_visit(command: list[str], sent: bytes | str) -> None:
    async with served(plan(command)) as (server, log), aiohttp.ClientSession() as client:
        here = f"http://127.0.0.1:{server.port}"
        async with client.ws_connect(server.address + "ws/dark/Aoi", origin=here) as socket:
            await asyncio.wait_for(socket.receive(), 20)
            await (socket.send_bytes(sent) if isinstance(sent, bytes) else socket.send_str(sent))
            await asyncio.wait_for(read_all(socket), 20)
            assert socket.close_code in (1003, 1007)
        await until(lambda: log[-1].startswith("closed for Aoi"))
        async with client.get(server.address, headers={"Origin": "http://["}) as answer:
            assert answer.status == 403


async def test_a_port_that_is_taken(command: list[str]) -> None:
    async with served(plan(command)) as (server, _):
        taken = ServerOptions(command=command, title="x", port=server.port)
        with pytest.raises(UsageError, match="--port"):
            async with served(taken):
                pass


def test_names_are_cleaned() -> None:
    assert clean_name("  Aoi\n\x1b[31m \x00") == "Aoi[31m"
    assert len(clean_name("a" * 500)) == 80
