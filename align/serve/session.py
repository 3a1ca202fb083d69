"""One visit: a review app in a process of its own, driven through Textual's web driver."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from align.sqlite import BUSY_SECONDS

STOP_SECONDS = 5.0
"""How long an app may take to leave before anybody is told."""
FINISH_SECONDS = BUSY_SECONDS + 15
"""How long at most: a decision waits for another program's writing, and is saved or said to be lost."""


class Session(AppService):
    """textual-serve's service, started without a shell, with an end that always comes.

    environment: what the app sees on top of ours (the reviewer's name).
    """

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            "",
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,
            download_manager=DownloadManager(),
        )
        self._program = command
        self._extra = dict(environment)
        self._complaints = bytearray()
        self._listening: asyncio.Task[None] | None = None

    @property
    def complaint(self) -> str:
        """The last line that the app wrote to stderr; empty where it wrote none."""
        lines = self._complaints.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # Without a shell: nothing in a path or a name can become a command.
        environment = self._build_environment(width=width, height=height) | self._extra
        process = await asyncio.create_subprocess_exec(
            *self._program, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
        )
        assert process.stdin is not None
        assert process.stderr is not None
        self._process = process
        self._stdin = process.stdin
        self._listening = asyncio.create_task(self._listen(process.stderr))
        # textual-serve would print what the app says on stderr to our stdout, which is for the address.
        process.stderr = asyncio.StreamReader()
        process.stderr.feed_eof()
        return process

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(4096):
            self._complaints += chunk
            del self._complaints[:-65536]

    async def finish(self, waiting: Callable[[], None] = lambda: None) -> int | None:
        """Ask the app to leave, and make it leave where it does not; returns its exit code.

        It has as long as a decision waits for the store while another program writes; `waiting` is called where it
        takes more than a moment.
        """
        process = self._process
        if process is None:
            return None
        leaving = asyncio.create_task(self._leave(process))
        try:
            done, _ = await asyncio.wait({leaving}, timeout=STOP_SECONDS)
            if not done:
                waiting()
                await asyncio.wait({leaving}, timeout=FINISH_SECONDS - STOP_SECONDS)
        finally:
            leaving.cancel()
            if process.returncode is None:
                process.kill()
                await process.wait()
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=STOP_SECONDS)
        return process.returncode

    async def _leave(self, process: Process) -> None:
        """Have the app leave, and read what it still paints: it comes to a stand where nobody does."""
        await self._download_manager.cancel_app_downloads(app_service_id=self.app_service_id)
        if self._task is not None:
            await self.send_meta({"type": "quit"})
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None
        assert process.stdout is not None
        while await process.stdout.read(1 << 16):
            pass
        await process.wait()
