"""Run batches on a pool of workers that may die, and report a result for every document.

A batch that is lost with its worker is retried as it was. Lost twice, its documents are run one by one to identify
those that kill a worker; these fail, and the others are run together again, so that the output does not depend on
which worker died when.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from align.atomic_file import try_lock
from align.bulk.database import RunDatabase
from align.bulk.run_state import RunProgress
from align.bulk.shards import Shards
from align.bulk.types import Batch, BatchResult, ItemResult
from align.errors import UsageError

MAX_TRIES = 2
"""How often a document may fail before it is reported as failed."""
MAX_BATCH_RETRIES = 2
"""How often a batch without failed documents is retried before their single results are used."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The outcome of a task: a result, or an error."""

    ticket: int
    result: BatchResult | None = None
    error: str | None = None
    """Why there is no result, on one line."""
    tries: int = 1
    """Number of workers it was tried on."""
    worker_died: bool = False
    """Whether its worker died, rather than reported an error."""
    can_retry: bool = True
    """Whether a retry may succeed; a timed-out task is not retried."""


class Pool(Protocol):
    """Workers that run batches. Tickets are numbers that the caller chooses."""

    certain: bool
    """Whether a batch that ended with its worker was the one being run. Dask blames all of the worker's batches."""

    def capacity(self) -> int:
        """Number of further batches it accepts now (back-pressure: no more are submitted)."""

    def submit(self, ticket: int, batch: Batch) -> None:
        """Submit a batch."""

    def wait(self, seconds: float) -> list[TaskResult]:
        """The tasks that have ended; empty after `seconds` without any. AlignError where the pool itself is
        lost."""

    def workers(self) -> int:
        """Current number of workers."""

    def close(self) -> None:
        """Stop the workers and drop their unfinished batches."""


@dataclass(slots=True)
class _BatchState:
    """The state of a batch in progress: its remaining documents and the attempts so far."""

    batch: Batch
    failures: int = 0
    probing: int = 0
    """Single documents still in flight."""
    probed: bool = False
    single_results: dict[int, ItemResult] = field(default_factory=dict)
    failed: dict[int, ItemResult] = field(default_factory=dict)


class Supervisor:
    """Submits batches to a pool, retries them and yields results; see the module."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._next_ticket = 0
        self._in_flight: dict[int, tuple[_BatchState, Batch, int]] = {}
        """Ticket -> the batch state, what was submitted, and how often it was lost before."""
        self._retries: deque[tuple[_BatchState, Batch, int]] = deque()
        self._suspects: deque[tuple[_BatchState, Batch, int]] = deque()
        """Documents to be run one at a time, where the pool cannot identify which one killed a worker."""
        self._suspect_ticket: int | None = None
        """The ticket of the suspect that is being run."""

    def run(self, batches: Iterator[Batch], *, poll_seconds: float = 0.5) -> Iterator[BatchResult | None]:
        """Yield the result of every batch as it ends; None after every `poll_seconds` without one."""
        has_more = True
        while has_more or self._in_flight or self._retries or self._suspects:
            for _ in range(self._pool.capacity()):
                if self._suspects or self._suspect_ticket:
                    if not self._in_flight:
                        self._submit(*self._suspects.popleft())
                        self._suspect_ticket = self._next_ticket
                    break
                if self._retries:
                    self._submit(*self._retries.popleft())
                    continue
                batch = next(batches, None) if has_more else None
                if batch is None:
                    has_more = False
                    break
                self._submit(_BatchState(batch), batch, 0)
            if not (self._in_flight or self._retries or self._suspects or has_more):
                return
            task_results = self._pool.wait(poll_seconds)
            if not task_results:
                yield None
            for task_result in task_results:
                result = self._settle(task_result)
                if result is not None:
                    yield result

    def _submit(self, case: _BatchState, batch: Batch, failures: int) -> None:
        self._next_ticket += 1
        self._in_flight[self._next_ticket] = (case, batch, failures)
        self._pool.submit(self._next_ticket, batch)

    def _settle(self, task_result: TaskResult) -> BatchResult | None:
        case, batch, failures = self._in_flight.pop(task_result.ticket)
        is_suspect = task_result.ticket == self._suspect_ticket
        if is_suspect:
            self._suspect_ticket = None
        if case.probing:
            return self._settle_single(case, batch, failures, task_result, is_certain=is_suspect or self._pool.certain)
        if task_result.result is not None:
            return self._batch_result(case, task_result.result.items)
        case.failures += task_result.tries if task_result.can_retry else MAX_TRIES
        if case.probed:
            if case.failures < MAX_BATCH_RETRIES:
                self._retries.append((case, batch, 0))
                return None
            return self._batch_result(case, tuple(case.single_results.values()))
        if case.failures < MAX_TRIES:
            self._retries.append((case, batch, 0))
        else:
            case.probing = len(batch.items)
            self._retries.extend((case, replace(batch, items=(item,)), 0) for item in batch.items)
        return None

    def _settle_single(
        self, case: _BatchState, batch: Batch, failures: int, task_result: TaskResult, *, is_certain: bool
    ) -> BatchResult | None:
        number = batch.items[0].number
        failures += task_result.tries
        if task_result.result is not None:
            case.single_results[number] = task_result.result.items[0]
        elif failures < MAX_TRIES and task_result.can_retry:
            self._retries.append((case, batch, failures))
            return None
        elif task_result.worker_died and not is_certain:
            self._suspects.append((case, batch, failures))
            return None
        else:
            case.failed[number] = ItemResult(number, error=task_result.error or "lost with its worker", tries=failures)
        case.probing -= 1
        if case.probing:
            return None
        case.probed, case.failures = True, 0
        remaining = tuple(item for item in case.batch.items if item.number not in case.failed)
        if not remaining:
            return self._batch_result(case, ())
        self._retries.append((case, replace(case.batch, items=remaining), 0))
        return None

    @staticmethod
    def _batch_result(case: _BatchState, done: tuple[ItemResult, ...]) -> BatchResult:
        items = sorted((*done, *case.failed.values()), key=lambda item: item.number)
        return BatchResult(case.batch.number, tuple(items))


DATABASE_FILE = "ledger.db"
LOCK_FILE = ".lock"
FAILED_FILE = "failed.tsv"
DOCUMENTS = "documents.tsv"

OnProgress = Callable[[RunProgress], None]


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Lock the output folder exclusively for the block; the system releases the lock however the process ends.

    Raises UsageError where it cannot be created, has other contents, or is used by another run.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(f"{out}: cannot be used as the output folder ({error.strerror or error}).") from error
    try:
        if not try_lock(handle):
            raise UsageError(f"{out}: another run uses it. Wait for it, or name another folder.")
        unexpected = [name for name in os.listdir(out) if name != LOCK_FILE and not (out / DATABASE_FILE).exists()]
        unexpected = [name for name in unexpected if not name.startswith((DATABASE_FILE, "."))]
        if unexpected:
            raise UsageError(f"{out}: holds {min(unexpected)} but no bulk run. Name a new or an empty folder.")
        try:
            yield
        except BaseException:
            remove_if_unused(out)
            raise
    finally:
        os.close(handle)


def remove_if_unused(out: Path) -> None:
    """Delete the folder if no run was started: it contains only the lock and a database without a plan."""
    names = {LOCK_FILE, DATABASE_FILE, f"{DATABASE_FILE}-wal", f"{DATABASE_FILE}-shm"}
    try:
        if set(os.listdir(out)) <= names and not has_plan(out / DATABASE_FILE):
            for name in names:
                (out / name).unlink(missing_ok=True)
            out.rmdir()
    except (OSError, sqlite3.Error):  # An unreadable folder stays; only the error that ended the run is reported.
        return


def has_plan(path: Path) -> bool:
    """Whether a run database has a plan."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("select count(*) from sqlite_master").fetchone()[0])


def run_batches(
    database: RunDatabase, pool: Pool, shards: Shards, progress: RunProgress, on_progress: OnProgress
) -> None:
    """Run the waiting batches. Results are stored as they arrive: this can be interrupted and called again."""
    shards.write_complete()
    for result in Supervisor(pool).run(database.waiting_batches()):
        progress.workers = pool.workers()
        if result is not None:
            database.save_result(result)
            progress.add_result(result, database.weight(result.number))
            shards.write_complete()
        on_progress(progress)
    shards.write_complete()
