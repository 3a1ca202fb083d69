"""Targets of exports: written to a temporary file or folder next to the target, synced, then renamed.

Until the rename, an existing file is unchanged; after an error no partial file is left.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from align.atomic_file import atomic_write, sync, sync_folder, umask
from align.errors import ExportError, UsageError
from align.sqlite_session import is_open

STDOUT = Path("-")

_SQLITE = b"SQLite format 3\0"

CARD_TITLE = "# Aligned passages"
"""First heading of the README.md in an exported folder."""

_STORE_SUFFIXES = ("-wal", "-shm", "-journal", ".vectors")
"""Appended to the name of a store, they give the names of its other files."""


@contextmanager
def written_file(out: Path, *, force: bool = False) -> Iterator[IO[bytes]]:
    """A binary file that replaces `out` when the block ends without an error. `-` is standard output.

    Raises UsageError where `out` exists and `force` is False, or cannot be a file; ExportError for errors of the disk.
    """
    if out == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(out))
    replaces = target.is_file() or target.is_dir() or not target.exists()  # not a pipe or a device
    if replaces:
        check_target(out, target, force)
    try:
        with atomic_write(target) as file:
            yield file
            if replaces:
                check_target(out, target, force)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}). Choose another path.") from error


@contextmanager
def written_folder(out: Path, *, whole: bool, force: bool = False) -> Iterator[Path]:
    """A folder to fill. When the block ends without an error, it becomes `out` (`whole`), or its files are moved next
    to `out`.

    With `force`, an existing folder is replaced only if it is empty or has only files that an export writes.
    Raises UsageError and ExportError as `written_file` does.
    """
    target = Path(os.path.realpath(out))
    if whole:
        _check_folder(out, target, force)
    else:
        check_target(out, target.with_name(target.name + ".ids"), force=True)
    filled = None
    try:
        filled = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent))
        yield filled
        for path in sorted(filled.rglob("*")):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~umask())
            if path.is_file():
                sync(path)
        if whole:
            filled.chmod(0o777 & ~umask())
            _replace_folder(filled, target)
        else:
            _move_files(filled, out, target.parent, force)
        sync_folder(target.parent)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}). Choose another path.") from error
    finally:
        if filled is not None:
            shutil.rmtree(filled, ignore_errors=True)


def _check_folder(out: Path, target: Path, force: bool) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{out}: the folder {target.parent} does not exist. Create it, or choose another path.")
    if not target.exists():
        return
    if not force:
        raise UsageError(f"{out}: exists already. Add --force to replace it, or choose another name.")
    if not target.is_dir():
        raise UsageError(f"{out}: is not a folder, so it stays. Choose another name.")
    card = target / "README.md"
    ours = set(target.glob("*/train-*.parquet"))
    ours |= {path.parent for path in ours}
    if card.is_file() and CARD_TITLE in card.read_text(encoding="utf-8", errors="replace"):
        ours.add(card)
    other = next((path for path in sorted(target.rglob("*")) if path not in ours), None)
    if other is not None:
        raise UsageError(f"{out}: has {other.name}, which no export wrote, so it stays. Choose another name.")


def _replace_folder(new: Path, target: Path) -> None:
    """Between the two renames there is no folder of that name; after an error, the old one is restored."""
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".old", dir=target.parent))
    target.rename(old / "replaced")
    try:
        new.rename(target)
    except OSError:
        (old / "replaced").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _move_files(folder: Path, out: Path, parent: Path, force: bool) -> None:
    names = [path.name for path in sorted(folder.iterdir())]
    for name in names:
        check_target(out.with_name(name), parent / name, force)
    for name in names:
        os.replace(folder / name, parent / name)


def refuse_store(out: Path) -> None:
    """Raises UsageError where `out` is a store or another SQLite database, or one of its files."""
    target = Path(os.path.realpath(out))
    ends = [end for end in _STORE_SUFFIXES if target.name.endswith(end)]
    if any(_is_database(path) for path in (target, *(Path(str(target).removesuffix(end)) for end in ends))):
        raise UsageError(f"{out}: is a store or belongs to one, so it stays. Choose another name.")


def _is_database(path: Path) -> bool:
    if is_open(path):
        return True
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def check_target(out: Path, target: Path, force: bool) -> None:
    """Raises UsageError where `target`, the real path of `out`, must not be replaced by a file."""
    if target.is_dir():
        raise UsageError(f"{out}: is a folder. Name a file in it.")
    refuse_store(out)
    if not target.parent.is_dir():
        raise UsageError(f"{out}: the folder {target.parent} does not exist. Create it, or choose another path.")
    if target.exists() and not force:
        raise UsageError(f"{out}: exists already. Add --force to replace it, or choose another name.")


def build_time() -> datetime:
    """The current time in UTC; or SOURCE_DATE_EPOCH (seconds since 1970), for reproducible builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch.isascii() and epoch.isdigit() else datetime.now(UTC)
