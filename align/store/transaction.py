"""How a store is written: one transaction at a time, each sealed and numbered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from align.sqlite import writing
from align.store import seals, wal


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Hold the write lock for the block: all of it lands, or none. Inside another it joins that one."""
    if db.conn.in_transaction:
        yield
        return
    with writing(db):
        before = db.conn.total_changes
        yield
        if db.conn.total_changes != before:
            seals.seal(db)
            wal.advance(db)
