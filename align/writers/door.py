"""The one door through which exports reach the disk: written beside, synced, moved into place.

Whatever happens before the move, the old file stays as it was and nothing half-written is left.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from align.errors import ExportError, UsageError

STDOUT = Path("-")


@contextmanager
def written_file(out: Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary file that becomes `out` when the block ends well. `-` is standard output.

    Raises UsageError where `out` exists and `force` is not given, or cannot be a file;
    ExportError where the disk refuses.
    """
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(out))
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("wb") as device:  # a pipe or a device: there is nothing to replace
            yield device
        return
    check_target(out, target, force)
    beside = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
        beside = Path(name)
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        check_target(out, target, force)
        os.replace(beside, target)
        beside = None
        _sync_folder(target.parent)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}). Choose another place.") from error
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.unlink()


def check_target(out: Path, target: Path, force: bool) -> None:
    """Raises UsageError where `target` may not become a file."""
    if target.is_dir():
        raise UsageError(f"{out}: is a folder. Name a file in it.")
    if not target.parent.is_dir():
        raise UsageError(f"{out}: the folder {target.parent} does not exist. Make it, or choose another place.")
    if target.exists() and not force:
        raise UsageError(f"{out}: exists already. Add --force to replace it, or choose another name.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the move itself survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
