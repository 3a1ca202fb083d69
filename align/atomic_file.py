"""Atomic files: written to a temporary file, synced and renamed; temporary folders; and locks.

A lock on an open file is exclusive; the system releases it however the process ends: POSIX, or Windows' own.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

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


PREFIX, SUFFIX = ".align-", ".part"
"""Prefix and suffix of temporary folders."""


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Yield a binary file that replaces `path` if the block succeeds; otherwise `path` is unchanged.

    Until then it can be read under its `name`. A symbolic link is followed; a pipe or a device is written to
    directly. Raises OSError.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with opened_stream(target) as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with temporary.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(target.parent)


def opened_stream(path: Path) -> IO[bytes]:
    """A pipe that somebody reads, or a character device such as a terminal, open for writing. Raises OSError."""
    if path.is_block_device():
        raise OSError(errno.EPERM, "is a disk, not a file", str(path))
    try:
        handle = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        if error.errno == errno.ENXIO and path.is_fifo():
            raise OSError(errno.ENXIO, "nobody reads this pipe", str(path)) from error
        raise
    os.set_blocking(handle, True)
    return open(handle, "wb")


def umask() -> int:
    """File mode bits that are masked in new files of this process."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Flush a rename to the disk, where the system supports it."""
    with suppress(OSError):
        sync(folder)


@contextmanager
def part_folder(parent: Path) -> Iterator[Path]:
    """Yield a temporary folder in `parent`; it is deleted afterwards, also when the process is terminated.

    Folders of killed processes, which are no longer locked, are deleted first.
    """
    _remove_dead_parts(parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
        with suppress(FileNotFoundError):  # Another program may have deleted it as a leftover.
            handle = os.open(folder, os.O_RDONLY)
            lock(handle)
            if folder.exists():
                break
            os.close(handle)
    try:
        with _ended_by_sigterm():
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _remove_dead_parts(parent: Path) -> None:
    for folder in parent.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if try_lock(handle):
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that the block can clean up; in the main thread only."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    mine = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if mine:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if mine:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
