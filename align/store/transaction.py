"""Write transactions of a store: all of a block or nothing; checksums and the number of the store are renewed."""

from __future__ import annotations

import secrets
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from align.errors import StoreError
from align.sqlite_session import refuse_replaced, translate_errors, writing
from align.store.schema import SEALED_TABLES, SEQUENCE, SealKey, refuse_foreign

DAMAGED: Final = (
    "{} is damaged, so nothing was changed. `align store check` shows the damage; `align store restore BACKUP` "
    "restores a backup."
)
MAX_FILE_NUMBER: Final = 2**31 - 1


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
            seal(db)
            advance(db)


def seal(db: Database) -> None:
    """Compute the checksums of what the open transaction wrote."""
    rows = db.conn.execute("select kind, key from seals indexed by seals_open where sum is null").fetchall()
    for kind, key in rows:
        checksum = checksum_of(db, kind, key)
        if checksum is None:
            db.conn.execute("delete from seals where kind = ? and key = ?", (kind, key))
        else:
            db.conn.execute("update seals set sum = ? where kind = ? and key = ?", (checksum, kind, key))
    db.conn.execute(
        """insert into seals (kind, key, sum) select ?, name, seq from sqlite_sequence where true
           on conflict (kind, key) do update set sum = excluded.sum where sum is not excluded.sum""",
        (SEQUENCE,),
    )


def checksum_of(db: Database, kind: str, key: SealKey) -> int | None:
    """Checksum of the current rows; None if there are none."""
    total, there = 0, False
    for table, column, order in SEALED_TABLES[kind]:
        rows = db.conn.execute(f"select * from {table} where {column} = ? order by {order}", (key,))
        while chunk := rows.fetchmany(1000):
            there = True
            total = zlib.crc32(repr([_checksum_form(row) for row in chunk]).encode("utf-8", "surrogatepass"), total)
        total = zlib.crc32(b"\0", total)
    return total if there else None


def _checksum_form(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with BLOBs replaced by their CRC-32: their repr would be four times as long."""
    if any(isinstance(value, bytes) for value in row):
        return tuple(zlib.crc32(value) if isinstance(value, bytes) else value for value in row)
    return row


def refuse_damaged(db: Database, kind: str, keys: Iterable[SealKey]) -> None:
    """Raise StoreError if one of them is damaged: changing it would renew its checksum and hide the damage."""
    for key in keys:
        row = db.conn.execute("select sum from seals where kind = ? and key = ?", (kind, key)).fetchone()
        if row and row[0] is not None and row[0] != checksum_of(db, kind, key):
            raise StoreError(DAMAGED.format(f"{kind} {key}"))


def advance(db: Database) -> None:
    """Increment the number of the store, inside the open transaction."""
    number = db.conn.execute("pragma user_version").fetchone()[0]
    if number <= 0:
        renumber(db)
    else:
        db.conn.execute(f"pragma user_version = {number % MAX_FILE_NUMBER + 1}")


def renumber(db: Database) -> None:
    """Set a random number, which no log of another file matches."""
    db.conn.execute(f"pragma user_version = {secrets.randbelow(MAX_FILE_NUMBER) + 1}")


class StoreTransactions:
    """The file of a store, its connection, and transactions. Every method may raise StoreError for disk errors and for
    locks of other writers."""

    def __init__(self, path: Path, db: Database) -> None:
        self.path = path
        self.db = db
        self._group: str | None = None
        self.visit = ""
        """Written with each decision; see `reviewer.open_reviewer`."""
        self._schema_version = -1
        """Of the schema that was looked at last for what is not of align."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write transaction: all writes inside are committed or none. Never encode or wait for input inside."""
        with self._writing_anything():
            self._refuse_foreign()
            yield

    @contextmanager
    def _writing_anything(self) -> Iterator[None]:
        refuse_replaced(self.path, self.db)
        with translate_errors(self.path), transaction(self.db):
            yield

    def _refuse_foreign(self) -> None:
        """Raise StoreError where triggers or indexes of another program may change what is written."""
        version = self.db.conn.execute("pragma schema_version").fetchone()[0]
        if version != self._schema_version:
            try:
                refuse_foreign(self.db)
            except StoreError as error:
                raise StoreError(f"{self.path}: {error}") from error
            self._schema_version = version

    @contextmanager
    def together(self) -> Iterator[None]:
        """Group decisions: those made inside are committed together, and one undo reverts all of a reviewer's."""
        with self.writing():
            before, self._group = self._group, self._group or uuid.uuid4().hex
            try:
                yield
            finally:
                self._group = before

    @contextmanager
    def dry_run(self, *, lock: bool = True) -> Iterator[None]:
        """Roll back all writes made inside; exceptions are passed on."""
        with self.writing() if lock else translate_errors(self.path):
            self.db.conn.execute("savepoint rehearsal")
            try:
                yield
            finally:
                self.db.conn.execute("rollback to rehearsal")
                self.db.conn.execute("release rehearsal")

    def detail(self, why: str = "") -> dict[str, object]:
        """Details of a decision for the log: its reason, the group of decisions that it is one of, the visit."""
        return {name: value for name, value in (("why", why), ("group", self._group), ("visit", self.visit)) if value}
