"""The driver: runs the waiting batches of the database on a pool, stores the results, writes shards."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from align.bulk.engine import Pool, Supervisor
from align.bulk.ledger import Ledger
from align.bulk.shards import Shards
from align.bulk.standing import Standing
from align.errors import UsageError

LEDGER = "ledger.db"
LOCK = ".lock"
FAILED = "failed.tsv"
DOCUMENTS = "documents.tsv"

Tell = Callable[[Standing], None]


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Lock the output folder exclusively for the block; the system releases the lock however the process ends.

    Raises UsageError where it cannot be created, has other contents, or is used by another run.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UsageError(f"{out}: cannot be used as the output folder ({error.strerror or error}).") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"{out}: another run uses it. Wait for it, or name another folder.") from error
        strange = [name for name in os.listdir(out) if name != LOCK and not (out / LEDGER).exists()]
        strange = [name for name in strange if not name.startswith((LEDGER, "."))]
        if strange:
            raise UsageError(f"{out}: holds {min(strange)} but no bulk run. Name a new or an empty folder.")
        try:
            yield
        except BaseException:
            leave_as_found(out)
            raise
    finally:
        os.close(handle)


def leave_as_found(out: Path) -> None:
    """Delete the folder if no run was started: it contains only the lock and a database without a plan."""
    names = {LOCK, LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"}
    try:
        if set(os.listdir(out)) <= names and not planned_in(out / LEDGER):
            for name in names:
                (out / name).unlink(missing_ok=True)
            out.rmdir()
    except (OSError, sqlite3.Error):  # An unreadable folder stays; only the error that ended the run is reported.
        return


def planned_in(ledger: Path) -> bool:
    """Whether a run database has a plan."""
    if not ledger.exists():
        return False
    with closing(sqlite3.connect(ledger)) as connection:
        return bool(connection.execute("select count(*) from sqlite_master").fetchone()[0])


def drive(ledger: Ledger, pool: Pool, shards: Shards, standing: Standing, tell: Tell) -> None:
    """Run the waiting batches. Results are stored as they arrive: this can be interrupted and called again."""
    shards.write_complete()
    for result in Supervisor(pool).run(ledger.waiting()):
        standing.workers = pool.workers()
        if result is not None:
            ledger.keep(result)
            standing.take(result, ledger.weight(result.number))
            shards.write_complete()
        tell(standing)
    shards.write_complete()
