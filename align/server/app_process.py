"""A session: a review app in a process, run through Textual's web driver."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping

from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from align.sqlite_session import BUSY_SECONDS

STOP_SECONDS = 5.0
"""Seconds that an app may take to exit before the wait is reported."""
FINISH_SECONDS = BUSY_SECONDS + 15
"""Maximum seconds: a decision waits for another program's write lock, and is saved or reported as lost."""


class Session(AppService):
    """textual-serve's service, started without a shell, and guaranteed to end.

    environment: additional variables for the app (the reviewer's name). `downloads`: where its files are fetched from.
    """

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        downloads: DownloadManager,
        write_bytes: Callable[[bytes], Awaitable[None]],
        write_str: Callable[[str], Awaitable[None]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(
            "",
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,
            download_manager=downloads,
        )
        self._program = command
        self._extra_environment = dict(environment)
        self._stderr_tail = bytearray()
        self._listening: asyncio.Task[None] | None = None

    @property
    def last_error_line(self) -> str:
        """The last line that the app wrote to stderr; empty if there is none."""
        lines = self._stderr_tail.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # Without a shell: no part of a path or name is executed.
        environment = self._build_environment(width=width, height=height) | self._extra_environment
        process = await asyncio.create_subprocess_exec(
            *self._program, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment
        )
        assert process.stdin is not None
        assert process.stderr is not None
        self._process = process
        self._stdin = process.stdin
        self._listening = asyncio.create_task(self._listen(process.stderr))
        # textual-serve would print the app's stderr to stdout, which is reserved for the address.
        process.stderr = asyncio.StreamReader()
        process.stderr.feed_eof()
        return process

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(4096):
            self._stderr_tail += chunk
            del self._stderr_tail[:-65536]

    async def finish(self, on_wait: Callable[[], None] = lambda: None) -> int | None:
        """Ask the app to exit, and kill it after a time-out; returns its exit code.

        The time-out covers a decision that waits while another program writes to the store; `on_wait` is called if
        it takes more than `STOP_SECONDS`.
        """
        process = self._process
        if process is None:
            return None
        leaving = asyncio.create_task(self._leave(process))
        try:
            done, _ = await asyncio.wait({leaving}, timeout=STOP_SECONDS)
            if not done:
                on_wait()
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
        """Ask the app to exit, and read its remaining output: it would block on a full pipe."""
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
