"""A file that is there whole or not at all: written beside, synced, moved into place; and what is needed meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

PREFIX, SUFFIX = ".align-", ".part"
"""How the names of folders for files in the making begin and end."""


@contextmanager
def written_beside(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that becomes `path` when the block ends well; until then, and otherwise, what is there stays.

    Its `name` is where it can be read until then. A link is followed; a pipe that somebody reads, or a character
    device, is written to, since there is nothing to replace. Raises OSError, also for a disk as a device and for a pipe
    that nobody reads: opening that would wait for ever.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with opened_stream(target) as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    beside = Path(name)
    try:
        with beside.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~umask())
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(target.parent)


def opened_stream(path: Path) -> IO[bytes]:
    """A pipe that somebody reads, or a character device such as a terminal, open for writing. Raises OSError."""
    if path.is_block_device():
        raise OSError(errno.EPERM, "is a disk, not a file", str(path))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.ENXIO and path.is_fifo():
            raise OSError(errno.ENXIO, "nobody reads this pipe", str(path)) from error
        raise
    os.set_blocking(handle, True)
    return open(handle, "wb")


def umask() -> int:
    """The bits that new files of this process do not have."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk for certain. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make a move itself survive a power cut, where the system can."""
    with suppress(OSError):
        sync(folder)


@contextmanager
def part_folder(parent: Path) -> Iterator[Path]:
    """A folder in `parent` for a file in the making; afterwards it is gone, also where the process is terminated.

    What killed processes left there is removed first: they no longer lock theirs.
    """
    _remove_dead_parts(parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, suffix=SUFFIX, dir=parent))
        with suppress(FileNotFoundError):  # Another program may have taken it for dead just now.
            handle = os.open(folder, os.O_RDONLY)
            fcntl.flock(handle, fcntl.LOCK_EX)
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
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, so that it can clean up; in the main thread only."""

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
