"""Which files SQLite has open in this process: nothing else may open them.

POSIX takes away all locks that a process holds on a file when the process closes any handle on it. With a store open,
reading so much as its first bytes would leave it without locks: another program then takes it for unused, and removes
its log under our decisions. See "How To Corrupt An SQLite Database File" (sqlite.org/howtocorrupt.html), 2.2.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from threading import RLock

Inode = tuple[int, int]

OPENING = RLock()
"""Held from a look into a file that SQLite does not have open yet until SQLite has it."""
_held: Counter[Inode] = Counter()


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
