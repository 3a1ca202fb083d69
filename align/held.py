"""Which files SQLite has open in this process: nothing else may open them.

POSIX takes away all locks that a process holds on a file when the process closes any handle on it. With a store open,
reading so much as its first bytes would leave it without locks: another program then takes it for unused, and removes
its log under our decisions. See "How To Corrupt An SQLite Database File" (sqlite.org/howtocorrupt.html), 2.2.
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
"""The bytes that SQLite locks (sqlite.org/fileformat2.html, 1.2): every connection in WAL mode keeps a shared lock on
some of them until it is closed. A process that was killed has none."""

OPENING = RLock()
"""Held from a look into a file that SQLite does not have open yet until SQLite has it."""
_held: Counter[Inode] = Counter()


def inode(path: Path) -> Inode | None:
    """Which file `path` names; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def hold(path: Path) -> Inode:
    """Count the file at `path` as open; what it is, to be handed to `release`."""
    with OPENING:
        status = path.stat()
        _held[status.st_dev, status.st_ino] += 1
        return status.st_dev, status.st_ino


def release(file: Inode) -> None:
    """SQLite has closed it."""
    with OPENING:
        _held[file] -= 1


def is_held(path: Path) -> bool:
    """Whether SQLite has the file at `path` open in this process, or its log, or the index of that."""
    for suffix in ("", "-wal", "-shm"):
        home = path.with_name(path.name.removesuffix(suffix) or path.name)
        if path.name.endswith(suffix):
            with suppress(OSError), OPENING:
                status = home.stat()
                if _held[status.st_dev, status.st_ino] > 0:
                    return True
    return False


@contextmanager
def exclusive(path: Path) -> Iterator[int]:
    """Keep every other program from opening the SQLite file at `path` for the block; yields a handle on it.

    Nothing inside may open and close the file, which would drop the lock. Raises StoreError where a program has the
    file open, and OSError.
    """
    with OPENING:
        if is_held(path):
            raise StoreError(f"{path}: is open in this program. Close it first; nothing was changed.")
        handle = os.open(path, os.O_RDWR)
        try:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCK_LENGTH, LOCK_START)
            except BlockingIOError:
                who = f"another program{_owner(handle)}"
                raise StoreError(f"{path}: is open in {who}. Close it and call again; nothing was changed.") from None
            yield handle
        finally:
            os.close(handle)


def _owner(handle: int) -> str:
    """The process that has the lock, where the system says so: ` (process 4711: align review)`."""
    if sys.platform != "linux":  # The layout of `struct flock` is the system's.
        return ""
    layout = "hhqqi"  # type, whence, start, length, process
    asked = struct.pack(layout, fcntl.F_WRLCK, os.SEEK_SET, LOCK_START, LOCK_LENGTH, 0)
    process = struct.unpack(layout, fcntl.fcntl(handle, fcntl.F_GETLK, asked))[-1]
    if process <= 0:  # Released meanwhile, or of another container.
        return ""
    words = ""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ")
    words = "".join(filter(str.isprintable, " ".join(words.split())[:60]))
    return f" (process {process}{f': {words}' if words else ''})"
