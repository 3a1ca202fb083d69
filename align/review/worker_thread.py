"""Threads that own what must stay in one thread: the Reviewer that writes, and the Resolver that solves again.

The app waits a moment for each decision, which is nearly always enough. Where it is not (another process holds the
store), it goes on, says that something is being saved, and hears of the outcome by message.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, Generic, TypeVar

from align.reviewer import Reviewer

R = TypeVar("R")
T = TypeVar("T")


class WorkerThread(Generic[R]):
    """Runs jobs on one thing, one after another, in a thread of its own. `open_thing` is called there, when needed."""

    def __init__(self, name: str, open_thing: Callable[[], AbstractContextManager[R]]) -> None:
        self._open = open_thing
        self._context: AbstractContextManager[R] | None = None
        self._thing: R | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = Lock()
        self._waiting = 0
        self._closing = False
        self.lost: list[BaseException] = []
        """What went wrong after `close` was called, when nobody could be told any more."""

    @property
    def waiting(self) -> int:
        """Jobs that are not done yet."""
        return self._waiting

    def submit(self, work: Callable[[R], T]) -> Future[T]:
        """Queue the work; its future holds the outcome or the error."""
        with self._lock:
            self._waiting += 1
        future = self._thread.submit(self._run, work)
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """Finish what is queued, then close the thing."""
        self._closing = True
        self._thread.submit(self._shut)
        self._thread.shutdown(wait=True)

    def _done(self, future: Future[Any]) -> None:
        with self._lock:
            self._waiting -= 1
        error = future.exception()
        if self._closing and error is not None:
            self.lost.append(error)

    def _run(self, work: Callable[[R], T]) -> T:
        if self._thing is None:
            self._context = self._open()
            self._thing = self._context.__enter__()
        return work(self._thing)

    def _shut(self) -> None:
        if self._context is not None:
            self._context.__exit__(None, None, None)


class DecisionWriter(WorkerThread[Reviewer]):
    """Writes decisions, and remembers small things when there is time."""

    def __init__(self, open_reviewer: Callable[[], AbstractContextManager[Reviewer]]) -> None:
        super().__init__("decisions", open_reviewer)
        self._pending_settings: dict[str, str] = {}

    def remember(self, key: str, value: str) -> None:
        """Keep a value in the store when there is time; only the latest of each key is written."""
        with self._lock:
            waiting = bool(self._pending_settings)
            self._pending_settings[key] = value
        if not waiting:
            self._thread.submit(self._run, self._write_settings)

    def _write_settings(self, reviewer: Reviewer) -> None:
        with self._lock:
            pending_settings, self._pending_settings = self._pending_settings, {}
        for key, value in pending_settings.items():
            reviewer.remember(key, value)
