"""Write transactions of a store: one at a time, each with checksums and a number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from align.sqlite import writing
from align.store import seals, wal


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Write transaction: all of the block is committed, or nothing. Nested calls join the outer one."""
    if db.conn.in_transaction:
        yield
        return
    with writing(db):
        before = db.conn.total_changes
        yield
        if db.conn.total_changes != before:
            seals.seal(db)
            wal.advance(db)
