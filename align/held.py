"""Registry of the SQLite files that this process has open: no other code may open them.

POSIX drops all locks that a process has on a file when the process closes any handle on it. While a store is open,
even reading its first bytes by another handle would drop its locks: another program then takes it for unused, and
removes its log with our decisions. See "How To Corrupt An SQLite Database File" (sqlite.org/howtocorrupt.html),
2.2.
"""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from align.errors import StoreError

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
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCK_LENGTH, LOCK_START)
            except BlockingIOError:
                who = f"another program{_owner(handle)}"
                raise StoreError(f"{path}: is open in {who}. Close it and try again; nothing was changed.") from None
            yield handle
        finally:
            os.close(handle)


def _owner(handle: int) -> str:
    """The process that has the lock, if the system reports it: ` (process 4711: align review)`."""
    if sys.platform != "linux":  # The layout of `struct flock` depends on the system.
        return ""
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
