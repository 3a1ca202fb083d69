"""Exclusive locks on open files, which the system releases however the process ends: POSIX, or Windows' own."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

try:
    fcntl: Any = import_module("fcntl")
    msvcrt: Any = None
except ImportError:  # Windows
    fcntl, msvcrt = None, import_module("msvcrt")


def lock(handle: int) -> None:
    """Lock a new file or folder, which nobody else has locked. Raises OSError."""
    if fcntl:
        fcntl.flock(handle, fcntl.LOCK_EX)
    else:
        _lock_bytes(handle, 0, 1)


def try_lock(handle: int) -> bool:
    """Lock a file or folder; False if another process has locked it."""
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            _lock_bytes(handle, 0, 1)
    except OSError:
        return False
    return True


def try_lock_bytes(handle: int, start: int, length: int) -> bool:
    """Lock a range of bytes, as SQLite does; False if another process has locked one of them."""
    try:
        if fcntl:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        else:
            _lock_bytes(handle, start, length)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _lock_bytes(handle: int, start: int, length: int) -> None:
    os.lseek(handle, start, os.SEEK_SET)
    msvcrt.locking(handle, msvcrt.LK_NBLCK, length)
