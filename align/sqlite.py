"""How this house writes to an SQLite file, a store or a ledger, and how what goes wrong with one is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlite_utils import Database

from align.errors import StoreError

BUSY_SECONDS = 30.0
"""How long a writer waits for another before it says so."""
NO_ROOM = ("SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN")
"""Names of errors of a file that cannot be written, as they begin."""
NO_TEXT = "a text in it is no UTF-8"
DAMAGED = "`align store check` says what is; `align store restore BACKUP` puts a backup in its place."
"""What to do with a broken store."""
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs", "davfs"})


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Hold SQLite's one write lock for the block: all of it lands, or none. Inside another it joins that one."""
    if db.conn.in_transaction:
        yield
        return
    db.conn.execute("begin immediate")
    try:
        yield
        db.conn.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            if db.conn.in_transaction:
                db.conn.execute("rollback")
        raise


@contextmanager
def reading(db: Database) -> Iterator[None]:
    """Several reads of one and the same moment, whatever others write meanwhile; never kept open over a `yield`."""
    if db.conn.in_transaction:
        yield
        return
    db.conn.execute("begin")
    try:
        yield
    finally:
        db.conn.execute("commit")


@contextmanager
def told(path: Path, *, damaged: str = DAMAGED) -> Iterator[None]:
    """Turn SQLite's mishaps with the file at `path` into one line that says what to do; `damaged`: with a broken one.

    Raises StoreError.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {_tell(path, error, damaged)}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: damaged ({NO_TEXT}). {damaged}") from error


def _tell(path: Path, error: sqlite3.Error, damaged: str) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    words = str(error)
    if words.startswith("Could not decode"):  # With the damaged text itself, which is nothing for a terminal.
        return f"damaged ({NO_TEXT}). {damaged}"
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # The second: the index of the log cannot grow.
        return "no room left on the disk; nothing of this step was written. Make room and try again."
    if name.startswith(("SQLITE_IOERR_LOCK", "SQLITE_IOERR_SHM", "SQLITE_PROTOCOL")) or "locking protocol" in words:
        system = file_system(path)
        where = f"on a network file system ({system})" if system in NETWORK else f"on this file system ({system})"
        return f"file locks do not work {where}. Keep the store on a local disk."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        if (system := file_system(path)) in NETWORK:  # Where the server gives no locks, SQLite says busy.
            return (
                f"no lock within {BUSY_SECONDS:.0f} s on a network file system ({system}): another program is writing, "
                "or locks do not work there. Keep the store on a local disk."
            )
        return f"another program has been writing for over {BUSY_SECONDS:.0f} s. Wait for it and try again."
    if name.startswith("SQLITE_READONLY"):
        return "cannot be written (read-only file or folder). Check its permissions."
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened. Check that the folder exists and may be written."
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"damaged ({words}). {damaged}"
    if name.startswith("SQLITE_IOERR"):
        return f"the disk failed ({words}); nothing of this step was written. Check the disk and its free space."
    if name == "SQLITE_ERROR":  # A table or column is missing, or a trigger of another program fails.
        return f"its tables are not as they should be ({words}). {damaged}"
    return f"{words} ({name})" if name else words


def file_system(path: Path) -> str:
    """The type of the file system that `path` is on, as the kernel names it; `unknown` where it does not tell."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown"
    best, found = "", "unknown"
    for line in mounts:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ")
        if path.absolute().is_relative_to(point) and len(point) >= len(best):
            best, found = point, fields[2]
    return found
