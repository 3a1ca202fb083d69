"""The one door to the file: how a store is recognised and opened."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from align.errors import StoreError
from align.held import OPENING, Inode, hold, inode, is_held, release
from align.sqlite import BUSY_SECONDS, told, writing
from align.store import seals, wal
from align.store.schema import APPLICATION_ID, migrations

MAGIC = b"SQLite format 3\0"


RESTORE = "`align store restore BACKUP` puts a backup in its place."


def connect(path: Path, *, create: bool, readonly: bool, older: bool = False) -> Database:
    """A connection to the store at `path`, recognised and brought to this program's layout.

    With `readonly` it is not changed, and one of an earlier layout is refused, or with `older` opened as it is.

    Raises StoreError, with the file untouched, where there is none (and not `create`), where it is not ours, damaged,
    from a newer program, or cannot be written (and not `readonly`).
    """
    with OPENING:
        present = recognise(path)
        if not present and (readonly or not create):
            raise StoreError(f"{path}: no store there. Make one with `align add FILE`, or name another with --db.")
        if not present and not path.parent.is_dir():
            raise StoreError(f"{path}: the folder {path.parent} does not exist. Make it first.")
        with told(path):
            if present:
                known(path)
            db = _open(path, "ro") if readonly else _open_for_writing(path, present)
    with told(path):
        try:
            if not readonly:
                _prepare(path, db)
            elif not older:
                _refuse_stale(path, db)
        except BaseException:
            db.close()
            raise
        return db


class _Connection(sqlite3.Connection):
    """A connection whose file is held from when it is opened to when it is closed."""

    file: Inode | None = None

    def close(self) -> None:
        """Close it; once no connection has the file, others may look into it."""
        super().close()
        if self.file is not None:
            release(self.file)
            self.file = None


def recognise(path: Path) -> bool:
    """Whether a SQLite file stands at `path`. An absent or empty file is none; anything else raises StoreError."""
    if is_held(path):
        return True
    if path.exists() and not path.is_file():
        what = "a directory" if path.is_dir() else "no regular file"
        raise StoreError(f"{path}: is {what}. A store is a file; name another with --db.")
    try:
        with path.open("rb") as file:
            head = file.read(100)
            size = file.seek(0, 2)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}. A store is a file; name another with --db.") from error
    if not head:
        return False
    if not head.startswith(MAGIC):
        raise StoreError(f"{path}: not a store of align (not an SQLite file). Name another with --db.")
    pages, page_size = int.from_bytes(head[28:32], "big"), int.from_bytes(head[16:18], "big")
    expected = pages * (65536 if page_size == 1 else page_size)
    log = path.with_name(path.name + "-wal")
    if len(head) < 100 or (size < expected and not (log.exists() and log.stat().st_size)):
        raise StoreError(f"{path}: cut short ({size:,} of {expected:,} bytes). {RESTORE}")
    if wal.is_foreign(path):
        raise StoreError(
            f"{path}: the log beside it ({path.name}-wal) belongs to another file, which a copied or moved file "
            f"replaced. Nothing was opened. {RESTORE} To open this file as it is, move the log away."
        )
    return True


def known(path: Path) -> None:
    """Read who made the file. Raises StoreError where it is not ours or from a newer program. Changes nothing."""
    db = _open(path, "ro")
    try:
        application = db.execute("pragma application_id").fetchone()[0]
        tables = set(db.table_names())
        if application != APPLICATION_ID and (application or tables):
            raise StoreError(
                f"{path}: an SQLite file of another program ({', '.join(sorted(tables)[:3]) or 'no tables'}), "
                "not a store of align. Name another with --db."
            )
        newer = {done.name for done in migrations.applied(db)} - {m.name for m in migrations._migrations}
        if newer:
            raise StoreError(
                f"{path}: made by a newer align (it has {min(newer)!r}). Update with `pip install -U align-workbench`."
            )
        if application == APPLICATION_ID and "decisions" not in tables:
            raise StoreError(f"{path}: a store whose tables are missing. {RESTORE}")
    finally:
        db.close()


def _open_for_writing(path: Path, present: bool) -> Database:
    """For writing where that is allowed; a store on a medium that may only be read still opens, and refuses writes."""
    try:
        return _open(path, "rwc")
    except sqlite3.OperationalError as error:
        refused = (error.sqlite_errorname or "").startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN"))
        if not (present and refused):
            raise
        return _open(path, "ro")


def refuse_replaced(path: Path, db: Database) -> None:
    """Raise StoreError where the open file is no longer the one at `path`: what is written would go nowhere."""
    if isinstance(db.conn, _Connection) and db.conn.file != inode(path):
        raise StoreError(
            f"{path}: was replaced or removed while it was open here. Nothing was written; close it and open it again."
        )


def _refuse_stale(path: Path, db: Database) -> None:
    if migrations.pending(db):
        raise StoreError(f"{path}: made by an older align. Open it once for writing (`align documents`) to update it.")


def _open(path: Path, mode: str) -> Database:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    log = path.with_name(path.name + "-wal")
    try:
        return _connection(path, uri)
    except sqlite3.OperationalError:
        # A read-only folder has no room for the shared memory of WAL; without a log the file alone is the truth.
        if mode != "ro" or (log.exists() and log.stat().st_size):
            raise
        return _connection(path, uri + "&immutable=1")


def _connection(path: Path, uri: str) -> Database:
    before = inode(path)
    conn = sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256, factory=_Connection
    )
    try:
        conn.file = hold(path)
        conn.execute("select count(*) from sqlite_master").fetchone()
        if before not in (None, conn.file) or inode(path) != conn.file:
            # Put in place by a restore between the opening of the old file and our lock on it.
            conn.close()
            return _connection(path, uri)
        # FULL: in WAL mode only this makes a commit survive a power cut.
        conn.execute("pragma synchronous = full")
        conn.execute("pragma foreign_keys = on")
        conn.execute("pragma cache_size = -32768")
        conn.execute("pragma temp_store = memory")
        # After a big import the log would keep its size for good.
        conn.execute("pragma journal_size_limit = 67108864")
    except BaseException:
        conn.close()
        raise
    return Database(conn, execute_plugins=False)


def _prepare(path: Path, db: Database) -> None:
    """WAL and the newest layout, decided inside one write lock: first openers race."""
    pending = bool(migrations.pending(db))
    may_write = all(os.access(there, os.W_OK) for there in (path, path.parent))
    if (pending or may_write) and db.execute("pragma journal_mode").fetchone()[0] != "wal":  # New, or a backup.
        mode = db.execute("pragma journal_mode = wal").fetchone()[0]
        if mode != "wal":
            raise sqlite3.OperationalError(f"locking protocol (journal mode is {mode})")
    if not pending:
        return
    with writing(db):
        db.execute(f"pragma application_id = {APPLICATION_ID}")
        migrations.apply(db)
        seals.reopen(db)
        seals.seal(db)
        wal.advance(db)
