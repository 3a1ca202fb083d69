"""The local engine: one process per worker, two batches in each, so that none waits for the driver.

Not `concurrent.futures`: when one process dies its whole pool is broken, and it does not report which task died.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import queue
import threading
from collections import deque
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TextIO

from align.bulk.supervisor import TaskResult
from align.bulk.types import Batch, BatchResult, BatchWork, WorkFactory
from align.errors import AlignError

BATCHES_PER_WORKER = 2
"""Batches per worker: one running, one queued."""
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
TIMEOUT_EXIT_CODE = 1
"""Exit code of a process that faulthandler ends."""
MAX_FAILED_STARTS = 3
"""Failed starts per worker, before any is ready, after which the pool gives up."""


class LocalPool:
    """`count` processes of `threads` threads each; see `Pool`. A process that dies is replaced."""

    certain = True

    def __init__(self, factory: WorkFactory, count: int, *, threads: int = 1, timeout: float | None = None) -> None:
        self._factory = factory
        self._threads = threads
        self._timeout = timeout
        self._context = multiprocessing.get_context("spawn")
        self._failed_starts = 0
        self._workers = [self._start() for _ in range(count)]

    def capacity(self) -> int:
        """See `Pool`."""
        return sum(BATCHES_PER_WORKER - len(worker.tasks) for worker in self._workers)

    def submit(self, ticket: int, batch: Batch) -> None:
        """See `Pool`. The worker with the fewest tasks gets it."""
        worker = min(self._workers, key=lambda worker: len(worker.tasks))
        worker.tasks.append((ticket, batch))
        worker.send((ticket, batch))

    def wait(self, seconds: float) -> list[TaskResult]:
        """See `Pool`."""
        wait([end for worker in self._workers for end in (worker.pipe, worker.process.sentinel)], seconds)
        results: list[TaskResult] = []
        for index, worker in enumerate(self._workers):
            results += self._receive(worker)
            if not worker.process.is_alive():
                results += self._reap(index)
        return results

    def workers(self) -> int:
        """See `Pool`."""
        return len(self._workers)

    def process_ids(self) -> list[int]:
        """The workers' process ids."""
        return [worker.process.pid or 0 for worker in self._workers]

    def close(self) -> None:
        """See `Pool`."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(0.5)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers = []

    def _start(self) -> _Worker:
        driver_end, worker_end = self._context.Pipe()
        previous = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        # Libraries read these when they are loaded, before the child runs any code of align.
        os.environ.update({name: str(self._threads) for name in THREAD_VARIABLES})
        try:
            process = self._context.Process(
                target=_serve, args=(worker_end, self._factory, self._timeout), name="align-bulk", daemon=True
            )
            process.start()
        finally:
            for name, value in previous.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        worker_end.close()
        return _Worker(process, driver_end)

    def _receive(self, worker: _Worker) -> list[TaskResult]:
        """The results that the worker has sent. An end of file is left to `_reap`."""
        results = []
        try:
            while worker.pipe.poll():
                message = worker.pipe.recv()
                if message is None:
                    worker.ready, self._failed_starts = True, 0
                elif isinstance(message, AlignError):
                    raise message
                else:
                    ticket, result, error = message
                    worker.tasks = deque(task for task in worker.tasks if task[0] != ticket)
                    results.append(TaskResult(ticket, result, error))
        except (EOFError, OSError):
            worker.process.join(1)
        return results

    def _reap(self, index: int) -> list[TaskResult]:
        """Receive what a dead worker had sent, start a replacement, and return its results and its lost task."""
        worker = self._workers[index]
        results = self._receive(worker)
        worker.process.join()
        code = worker.process.exitcode
        worker.pipe.close()
        worker.process.close()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS * len(self._workers):
                del self._workers[index]
                raise AlignError(
                    f"bulk: workers die as they start ({_exit_reason(code)}). Try `align pair` on one document."
                )
        elif worker.tasks:
            ticket, _ = worker.tasks.popleft()
            results.append(
                TaskResult(ticket, error=self._failure(code), worker_died=True, can_retry=not self._timed_out(code))
            )
        self._workers[index] = self._start()
        # Tasks that were not started move to the new worker without a report.
        for task in worker.tasks:
            self._workers[index].tasks.append(task)
            self._workers[index].send(task)
        return results

    def _timed_out(self, code: int | None) -> bool:
        return self._timeout is not None and code == TIMEOUT_EXIT_CODE

    def _failure(self, code: int | None) -> str:
        if self._timed_out(code):
            return f"took longer than {self._timeout:g} s"
        return f"its worker died ({_exit_reason(code)})"


class _Worker:
    """The driver's side of a worker process."""

    def __init__(self, process: SpawnProcess, pipe: Connection) -> None:
        self.process = process
        self.pipe = pipe
        self.tasks: deque[tuple[int, Batch]] = deque()
        self.ready = False

    def send(self, message: tuple[int, Batch]) -> None:
        """Send a task to the worker. If it has just died, `wait` notices."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(message)


def _exit_reason(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def _serve(pipe: Connection, factory: WorkFactory, timeout: float | None) -> None:
    """The main function of a worker: load the work, then run batches until the driver closes the pipe."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The driver handles Ctrl-C and closes the pipe.
    tasks: queue.SimpleQueue[tuple[int, Batch]] = queue.SimpleQueue()

    def listen() -> None:
        # Always reads, so that neither end blocks on a full pipe; ends the process with the
        # driver, whatever is running.
        try:
            while True:
                tasks.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(0)

    # Stacks of a hanging process would mix with the driver's output: discard them.
    with open(os.devnull, "w") as devnull, suppress(BrokenPipeError, ConnectionResetError):  # the driver is gone
        try:
            work = factory()
        except AlignError as error:
            pipe.send(error)
            return
        pipe.send(None)
        threading.Thread(target=listen, daemon=True).start()
        while True:
            ticket, batch = tasks.get()
            pipe.send((ticket, *run_with_timeout(work, batch, timeout, devnull)))


def run_with_timeout(
    work: BatchWork, batch: Batch, timeout: float | None, stacks: TextIO | int
) -> tuple[BatchResult | None, str | None]:
    """Run a batch; returns its result, or one line on why there is none. Without progress (see `start_step`) for
    `timeout` seconds the process exits with `TIMEOUT_EXIT_CODE` and writes its stacks to `stacks`: C code that
    hangs cannot be interrupted otherwise."""
    global _watch
    _watch = (timeout, stacks) if timeout else None
    start_step()
    try:
        return work(batch), None
    except Exception as error:
        return None, error_line(error)
    finally:
        if timeout:
            faulthandler.cancel_dump_traceback_later()
        _watch = None


_watch: tuple[float, TextIO | int] | None = None
"""The time-out of the running batch, and where stacks are written."""


def start_step(documents: int = 1) -> None:
    """Begin a step of a batch on that many documents; each of them adds a whole time-out, counted from now."""
    if _watch is not None:
        timeout, stacks = _watch
        faulthandler.dump_traceback_later(timeout * max(1, documents), exit=True, file=stacks)


def error_line(error: BaseException) -> str:
    """An error in one line."""
    words = " ".join(str(error).split())
    return words if isinstance(error, AlignError) and words else f"{type(error).__name__}: {words}".rstrip(": ")
