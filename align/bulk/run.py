"""The driver: takes batches off the ledger, has a pool do them, keeps what comes back, writes shards."""

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
    """Have the output folder, alone, for the block. The system lets go of it however this process ends.

    Raises UsageError where it cannot be had, belongs to something else, or another run is in it.
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
            raise UsageError(f"{out}: another run is at work in it. Wait for it, or name another folder.") from error
        strange = [name for name in os.listdir(out) if name != LOCK and not (out / LEDGER).exists()]
        strange = [name for name in strange if not name.startswith((LEDGER, "."))]
        if strange:
            raise UsageError(f"{out}: holds {min(strange)} but no ledger. Name a new or an empty folder.")
        try:
            yield
        except BaseException:
            leave_as_found(out)
            raise
    finally:
        os.close(handle)


def leave_as_found(out: Path) -> None:
    """Take away a folder in which nothing was begun: a ledger without a plan and the lock are all that is in it."""
    names = {LOCK, LEDGER, f"{LEDGER}-wal", f"{LEDGER}-shm"}
    try:
        if set(os.listdir(out)) <= names and not planned_in(out / LEDGER):
            for name in names:
                (out / name).unlink(missing_ok=True)
            out.rmdir()
    except (OSError, sqlite3.Error):  # What we cannot look into stays; the error that ends the run is told, not this.
        return


def planned_in(ledger: Path) -> bool:
    """Whether a ledger has a plan."""
    if not ledger.exists():
        return False
    with closing(sqlite3.connect(ledger)) as connection:
        return bool(connection.execute("select count(*) from sqlite_master").fetchone()[0])


def drive(ledger: Ledger, pool: Pool, shards: Shards, standing: Standing, tell: Tell) -> None:
    """Do what the ledger has waiting. Everything that is done is kept as it comes, so this may be ended at any time
    and called again."""
    shards.write_complete()
    for result in Supervisor(pool).run(ledger.waiting()):
        standing.workers = pool.workers()
        if result is not None:
            ledger.keep(result)
            standing.take(result, ledger.weight(result.number))
            shards.write_complete()
        tell(standing)
    shards.write_complete()
