"""The driver: runs the waiting batches of the database on a pool, stores the results, writes shards."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from align.bulk.engine import Pool, Supervisor
from align.bulk.ledger import RunDatabase
from align.bulk.shards import Shards
from align.bulk.standing import RunProgress
from align.errors import UsageError

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
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"{out}: another run uses it. Wait for it, or name another folder.") from error
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
