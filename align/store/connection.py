"""Recognise a store and open its connection."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote

from sqlite_utils import Database

from align.errors import StoreError
from align.sqlite_session import (
    BUSY_SECONDS,
    DAMAGED_STORE_ADVICE,
    OPEN_LOCK,
    RegisteredConnection,
    inode,
    is_open,
    register,
    translate_errors,
    writing,
)
from align.store.schema import (
    APPLICATION_ID,
    LAST_MIGRATING_COMMIT,
    LATEST,
    create_views,
    migrations,
    missing_views,
    schema_names,
)
from align.store.transaction import MAX_FILE_NUMBER, advance, seal

MAGIC = b"SQLite format 3\0"


RESTORE_ADVICE = "`align store restore BACKUP` restores a backup."


class Advice(NamedTuple):
    """What to do where a file is not a store that can be used."""

    missing: str = "Make one with `align add FILE`, or name another with --db."
    other: str = "Name another with --db."
    """It is of another program, or no file."""
    damaged: str = RESTORE_ADVICE
    after_check: str = DAMAGED_STORE_ADVICE
    """It can be opened, so that `store check` shows the damage."""


OWN_STORE = Advice()
OTHER_COPY = Advice("Name another file.", "Name another file.", "Name another copy.", "Name another copy.")
"""A backup, or a copy to be merged: the damage is not the store's."""


def connect(path: Path, *, create: bool, readonly: bool, advice: Advice = OWN_STORE) -> Database:
    """Connect to the store at `path`; checks that it is one of the current schema.

    With `readonly` the file is not changed. `advice` ends the messages.

    Raises StoreError, with the file unchanged, if there is none (and not `create`), if it is not a store, damaged,
    of another schema, or not writable (and not `readonly`).
    """
    with OPEN_LOCK:
        present = recognise(path, advice)
        if not present and (readonly or not create):
            if path.exists():
                raise StoreError(f"{path}: empty, there is no store in it. If there was one: {advice.damaged}")
            raise StoreError(f"{path}: no store there. {advice.missing}")
        if not present and not path.parent.is_dir():
            raise StoreError(f"{path}: the folder {path.parent} does not exist. Make it first.")
        with translate_errors(path, damaged=advice.after_check):
            if present:
                check_application(path, advice)
            db = _open(path, "ro") if readonly else _open_for_writing(path, present)
    with translate_errors(path, damaged=advice.after_check):
        try:
            if not readonly:
                _prepare(path, db)
        except BaseException:
            db.close()
            raise
        return db


def recognise(path: Path, advice: Advice = OWN_STORE) -> bool:
    """Whether an SQLite file is at `path`; False if it is absent or empty. Raises StoreError for anything else."""
    if is_open(path):
        return True
    if path.exists() and not path.is_file():
        what = "a directory" if path.is_dir() else "no regular file"
        raise StoreError(f"{path}: is {what}. A store is a file. {advice.other}")
    try:
        with path.open("rb") as file:
            head = file.read(100)
            size = file.seek(0, 2)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. A store is a file. {advice.other}") from error
    log = path.with_name(path.name + "-wal")
    has_log = log.exists() and log.stat().st_size > 0
    if not head:
        if has_log:  # SQLite would delete it.
            raise StoreError(f"{path}: empty, but the log next to it ({log.name}) is not. {advice.damaged}")
        return False
    if not head.startswith(MAGIC):
        raise StoreError(f"{path}: not a store of align (not an SQLite file). {advice.other}")
    pages, page_size = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    expected = pages * (65536 if page_size == 1 else page_size)
    if len(head) < 100 or (size < expected and not has_log):
        raise StoreError(f"{path}: truncated ({size:,} of {expected:,} bytes). {advice.damaged}")
    if is_foreign(path):
        raise StoreError(
            f"{path}: the log next to it ({path.name}-wal) belongs to another file, which a copied or moved file "
            f"replaced. Nothing was opened. {advice.damaged} To open this file without the log, move the log away."
        )
    return True


def check_application(path: Path, advice: Advice = OWN_STORE) -> None:
    """Check application id and schema, read-only. Raises StoreError for files of other or newer programs."""
    db = _open(path, "ro")
    try:
        application = db.execute("pragma application_id").fetchone()[0]
        tables = set(db.table_names())
        if application != APPLICATION_ID and (application or tables):
            raise StoreError(
                f"{path}: an SQLite file of another program ({', '.join(sorted(tables)[:3]) or 'no tables'}), "
                f"not a store of align. {advice.other}"
            )
        names = schema_names(db)
        if names and names[-1] > LATEST:
            raise StoreError(
                f"{path}: made by a newer align (it has {names[-1]!r}). Update with `pip install -U align-workbench`."
            )
        if application == APPLICATION_ID and "decisions" not in tables:
            raise StoreError(f"{path}: a store whose tables are missing. {advice.damaged}")
        if application == APPLICATION_ID and LATEST not in names:
            raise StoreError(
                f"{path}: made by an earlier align (schema {names[-1] if names else 'unknown'}). Nothing was changed. "
                f"`align documents` of commit {LAST_MIGRATING_COMMIT} brings it to this one; its JSONL and TMX exports "
                "can be imported into a new store."
            )
    finally:
        db.close()


def _open_for_writing(path: Path, present: bool) -> Database:
    """Open for writing if permitted; a store on read-only media opens read-only, and refuses writes."""
    try:
        return _open(path, "rwc")
    except sqlite3.OperationalError as error:
        refused = (error.sqlite_errorname or "").startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        if not (present and refused):
            raise
        return _open(path, "ro")


def _open(path: Path, mode: str) -> Database:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    log = path.with_name(path.name + "-wal")
    try:
        return _connection(path, uri)
    except sqlite3.OperationalError:
        # WAL's shared-memory file cannot be created in a read-only folder; without a log the file is complete.
        if mode != "ro" or (log.exists() and log.stat().st_size):
            raise
        return _connection(path, uri + "&immutable=1")


def _connection(path: Path, uri: str) -> Database:
    before = inode(path)
    conn = sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256, factory=RegisteredConnection
    )
    try:
        conn.file = register(path)
        conn.execute("select count(*) from sqlite_master").fetchone()
        if before not in (None, conn.file) or inode(path) != conn.file:
            # A restore replaced the file between our opening and locking it.
            conn.close()
            return _connection(path, uri)
        # In WAL mode only FULL makes a commit survive a power failure.
        conn.execute("pragma synchronous = full")
        conn.execute("pragma foreign_keys = on")
        conn.execute("pragma cache_size = -32768")
        conn.execute("pragma temp_store = memory")
        # Without a limit the log stays as large as the largest import.
        conn.execute("pragma journal_size_limit = 67108864")
    except BaseException:
        conn.close()
        raise
    return Database(conn, execute_plugins=False)


def _prepare(path: Path, db: Database) -> None:
    """Switch to WAL and create the tables of a new store, inside one write lock: several processes may open it."""
    pending = bool(migrations.pending(db))
    may_write = all(os.access(folder, os.W_OK) for folder in (path, path.parent))
    if (pending or may_write) and db.execute("pragma journal_mode").fetchone()[0] != "wal":  # New, or a backup.
        mode = db.execute("pragma journal_mode = wal").fetchone()[0]
        if mode != "wal":
            raise sqlite3.OperationalError(f"locking protocol (journal mode is {mode})")
    if not pending:
        if may_write and missing_views(db):
            with writing(db):
                create_views(db)
                advance(db)
        return
    with writing(db):
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        migrations.apply(db)
        seal(db)
        advance(db)


_HEADER, _FRAME = 32, 24
_MAGIC = 0x377F0682
"""If the lowest bit is set, checksums are over big-endian words."""
_NUMBER = 60
"""Offset of `user_version` in page 1."""


def is_foreign(path: Path) -> bool:
    """Whether the log next to the store at `path` belongs to another file; False if unknown. Read-only.

    Others may write meanwhile: it is foreign only if the file's number is the same before and after the log is
    read.
    """
    for _ in range(10):
        number = _number_of(path)
        if number is None or number <= 0:
            return False
        try:
            with path.with_name(path.name + "-wal").open("rb") as log:
                numbers = _numbers(log, checked=False)
                if not _is_between(number, numbers):
                    numbers = _numbers(log, checked=True)
        except OSError:
            return False
        if _is_between(number, numbers):
            return False
        if _number_of(path) == number:
            return True
    return False


def _number_of(path: Path) -> int | None:
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError:
        return None
    return int.from_bytes(head[_NUMBER : _NUMBER + 4], "big", signed=True) if len(head) == 100 else None


def _is_between(number: int, numbers: list[int]) -> bool:
    """Whether the file's number matches a log with these numbers, in order; after MAX_FILE_NUMBER they restart at 1."""
    if not numbers or min(numbers) <= 0:
        return True
    before = numbers[0] - 1
    return (number - before) % MAX_FILE_NUMBER <= (numbers[-1] - before) % MAX_FILE_NUMBER


def _numbers(log: BinaryIO, *, checked: bool) -> list[int]:
    """Numbers in the log's copies of page 1, up to the last commit; `checked`: only while the checksums are valid."""
    log.seek(0)
    head = log.read(_HEADER)
    if len(head) < _HEADER:
        return []
    magic, _, page_size, _, *salts, one, two = struct.unpack(">8I", head)
    if magic & ~1 != _MAGIC:
        return []
    words = ">" if magic & 1 else "<"
    sums = (one, two)
    numbers: list[int] = []
    committed = 0
    for frame, page in _frames(log, page_size, whole=checked):
        number, pages, salt_one, salt_two, one, two = struct.unpack(">6I", frame)
        if [salt_one, salt_two] != salts:
            break
        if checked:
            sums = _checksum(page, _checksum(frame[:8], sums, words), words)
            if sums != (one, two):
                break
        if number == 1:
            numbers.append(int.from_bytes(page[_NUMBER : _NUMBER + 4], "big", signed=True))
        if pages:
            committed = len(numbers)
    return numbers[:committed]


def _frames(log: BinaryIO, page_size: int, *, whole: bool) -> Iterator[tuple[bytes, bytes]]:
    """Yield header and page of each frame; unless `whole`, only the part of the page up to the number."""
    size = os.fstat(log.fileno()).st_size
    read_size = _FRAME + (page_size if whole else _NUMBER + 4)
    for start in range(_HEADER, size - page_size - _FRAME + 1, page_size + _FRAME):
        log.seek(start)
        content = log.read(read_size)
        if len(content) < read_size:
            return
        yield content[:_FRAME], content[_FRAME:]


def _checksum(content: bytes, sums: tuple[int, int], words: str) -> tuple[int, int]:
    one, two = sums
    for first, second in struct.iter_unpack(f"{words}2I", content):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
