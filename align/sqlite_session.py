"""Transactions on SQLite files (stores, databases of bulk jobs), and errors of SQLite as messages with a remedy."""

from __future__ import annotations

import os
import sqlite3
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from align.atomic_file import try_lock_bytes
from align.errors import StoreError

BUSY_SECONDS = 30.0
"""Seconds that a writer waits for another before it fails."""
UNWRITABLE_ERRORS = (
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHMSIZE",
    "SQLITE_IOERR_SHMOPEN",
)
"""Prefixes of SQLite error names for a file that cannot be written."""
NOT_UTF8 = "a text in it is not UTF-8"
DAMAGED_STORE_ADVICE = "`align store check` shows the damage; `align store restore BACKUP` restores a backup."
"""Advice for a damaged store."""
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ncpfs", "davfs"})


class ClosesItself:
    """A context manager that is closed at the end of its block."""

    def close(self) -> None:
        """Release what it holds."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Write in one transaction: all or nothing. Joins a transaction that is already open."""
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
    """Read from one snapshot, whatever others write in the meantime; must not stay open over a `yield`."""
    if db.conn.in_transaction:
        yield
        return
    db.conn.execute("begin")
    try:
        yield
    finally:
        db.conn.execute("commit")


@contextmanager
def translate_errors(path: Path, *, damaged: str = DAMAGED_STORE_ADVICE) -> Iterator[None]:
    """Translate SQLite errors of the file at `path` into one line; `damaged`: advice for a damaged file.

    Raises StoreError.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {_error_message(path, error, damaged)}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: damaged ({NOT_UTF8}). {damaged}") from error


def _error_message(path: Path, error: sqlite3.Error, damaged: str) -> str:
    name = getattr(error, "sqlite_errorname", "") or ""
    words = " ".join(str(error).split())  # It may quote a damaged schema, which has several lines.
    if words.startswith("Could not decode"):  # The message contains the damaged text, which a terminal may not show.
        return f"damaged ({NOT_UTF8}). {damaged}"
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # The second: the WAL index cannot be enlarged.
        return "no space left on the disk; nothing of this step was written. Free space and try again."
    if name.startswith(("SQLITE_IOERR_LOCK", "SQLITE_IOERR_SHM", "SQLITE_PROTOCOL")) or "locking protocol" in words:
        system = file_system(path)
        where = (
            f"on a network file system ({system})"
            if system in NETWORK_FILE_SYSTEMS
            else f"on this file system ({system})"
        )
        return f"file locks do not work {where}. Keep the store on a local disk."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        if (system := file_system(path)) in NETWORK_FILE_SYSTEMS:  # Where the server has no locks, SQLite reports busy.
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
        return f"disk error ({words}); nothing of this step was written. Check the disk and its free space."
    if name == "SQLITE_ERROR":  # A table or column is missing, or a trigger of another program fails.
        return f"unexpected tables ({words}). {damaged}"
    return f"{words} ({name})" if name else words


def file_system(path: Path) -> str:
    """Type of the file system of `path`, as named by the kernel; `unknown` where it is not reported."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown"
    best, fs_type = "", "unknown"
    for line in mounts:
        fields = line.split(" ")
        point = fields[1].replace("\\040", " ")
        if path.absolute().is_relative_to(point) and len(point) >= len(best):
            best, fs_type = point, fields[2]
    return fs_type


Inode = tuple[int, int]
LOCK_START, LOCK_LENGTH = 0x40000000, 512
"""The bytes that SQLite locks (sqlite.org/fileformat2.html, 1.2): every connection in WAL mode has a shared lock on
some of them until it is closed. A killed process has none."""

OPEN_LOCK = RLock()
"""Locked from the inspection of a file that SQLite has not opened yet until SQLite has opened it."""
_open_counts: Counter[Inode] = Counter()


def inode(path: Path) -> Inode | None:
    """Device and inode number of the file at `path`; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def register(path: Path) -> Inode:
    """Count the file at `path` as open and return its inode, for `unregister`."""
    with OPEN_LOCK:
        status = path.stat()
        _open_counts[status.st_dev, status.st_ino] += 1
        return status.st_dev, status.st_ino


def unregister(file: Inode) -> None:
    """Count a file as closed by SQLite."""
    with OPEN_LOCK:
        _open_counts[file] -= 1


class RegisteredConnection(sqlite3.Connection):
    """Connection that registers its file as open from opening to closing."""

    file: Inode | None = None

    def close(self) -> None:
        """Close the connection and release the file."""
        super().close()
        if self.file is not None:
            unregister(self.file)
            self.file = None


def refuse_replaced(path: Path, db: Database) -> None:
    """Raise StoreError if the open file is no longer the one at `path`: writes would be lost."""
    if isinstance(db.conn, RegisteredConnection) and db.conn.file != inode(path):
        raise StoreError(
            f"{path}: was replaced or removed while it was open here. Nothing was written; close it and open it again."
        )


def is_open(path: Path) -> bool:
    """Whether SQLite has the file at `path` open in this process, as a database, its WAL or the WAL index."""
    for suffix in ("", "-wal", "-shm"):
        home = path.with_name(path.name.removesuffix(suffix) or path.name)
        if path.name.endswith(suffix):
            with suppress(OSError), OPEN_LOCK:
                status = home.stat()
                if _open_counts[status.st_dev, status.st_ino] > 0:
                    return True
    return False


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Prevent other programs from opening the SQLite file at `path` during the block; yields a handle on it.

    The block must not open and close the file, which would drop the lock. Raises StoreError where a program has the
    file open, and OSError.
    """
    with OPEN_LOCK:
        if is_open(path):
            raise StoreError(f"{path}: is open in this program. Close it first; nothing was changed.")
        handle = os.open(path, os.O_RDWR)
        try:
            if not try_lock_bytes(handle, LOCK_START, LOCK_LENGTH):
                who = f"another program{_owner(handle)}"
                raise StoreError(f"{path}: is open in {who}. Close it and try again; nothing was changed.")
            yield handle
        finally:
            os.close(handle)


def _owner(handle: int) -> str:
    """The process that has the lock, if the system reports it: ` (process 4711: align review)`."""
    if sys.platform != "linux":  # The layout of `struct flock` depends on the system.
        return ""
    import fcntl

    layout = "hhqqi"  # type, whence, start, length, process
    request = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, LOCK_START, LOCK_LENGTH, 0)
    process = struct.unpack(layout, fcntl.fcntl(handle, fcntl.F_GETLK, request))[-1]
    if process <= 0:  # Released in the meantime, or in another container.
        return ""
    words = ""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ")
    words = "".join(filter(str.isprintable, " ".join(words.split())[:60]))
    return f" (process {process}{f': {words}' if words else ''})"
