"""The one door through which exports reach the disk: written beside, synced, moved into place.

Whatever happens before the move, the old file stays as it was and nothing half-written is left.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from align.beside import sync, sync_folder, umask, written_beside
from align.errors import ExportError, UsageError
from align.held import is_held

STDOUT = Path("-")
_SQLITE = b"SQLite format 3\0"
CARD_TITLE = "# Aligned passages"
"""What the README.md of a folder of ours is headed."""
_BESIDE = ("-wal", "-shm", "-journal", ".vectors")
"""How the files that belong to a store are called after its own name."""


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
    replaces = target.is_file() or target.is_dir() or not target.exists()  # a pipe or a device stays what it is
    if replaces:
        check_target(out, target, force)
    try:
        with written_beside(target) as file:
            yield file
            if replaces:
                check_target(out, target, force)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}). Choose another place.") from error


@contextmanager
def written_folder(out: Path, *, whole: bool, force: bool = False) -> Iterator[Path]:
    """A folder to fill. When the block ends well, it becomes `out` (`whole`), or its files move to beside `out`.

    A folder that is there is replaced with `force` only if it is empty or holds what an export wrote and nothing else.
    Raises UsageError and ExportError as `written_file` does.
    """
    target = Path(os.path.realpath(out))
    if whole:
        _check_folder(out, target, force)
    else:
        check_target(out, target.with_name(target.name + ".ids"), force=True)
    beside = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent))
        yield beside
        for path in sorted(beside.rglob("*")):
            path.chmod((0o777 if path.is_dir() else 0o666) & ~umask())
            if path.is_file():
                sync(path)
        if whole:
            beside.chmod(0o777 & ~umask())
            _replace_folder(beside, target)
        else:
            _move_files(beside, out, target.parent, force)
        sync_folder(target.parent)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror or error}). Choose another place.") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


def _check_folder(out: Path, target: Path, force: bool) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{out}: the folder {target.parent} does not exist. Make it, or choose another place.")
    if not target.exists():
        return
    if not force:
        raise UsageError(f"{out}: exists already. Add --force to replace it, or choose another name.")
    if not target.is_dir():
        raise UsageError(f"{out}: is no folder, so it stays. Choose another name.")
    card = target / "README.md"
    ours = set(target.glob("*/train-*.parquet"))
    ours |= {path.parent for path in ours}
    if card.is_file() and CARD_TITLE in card.read_text(encoding="utf-8", errors="replace"):
        ours.add(card)
    other = next((path for path in sorted(target.rglob("*")) if path not in ours), None)
    if other is not None:
        raise UsageError(f"{out}: holds {other.name}, which no export wrote, so it stays. Choose another name.")


def _replace_folder(new: Path, target: Path) -> None:
    """Between the two moves there is no folder of that name; whatever fails, the old one comes back."""
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.", suffix=".old", dir=target.parent))
    target.rename(old / "was")
    try:
        new.rename(target)
    except OSError:
        (old / "was").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _move_files(folder: Path, out: Path, home: Path, force: bool) -> None:
    names = [path.name for path in sorted(folder.iterdir())]
    for name in names:
        check_target(out.with_name(name), home / name, force)
    for name in names:
        os.replace(folder / name, home / name)


def spare_stores(out: Path) -> None:
    """Raises UsageError where `out` is a store, or any other database, or a file that belongs to one."""
    target = Path(os.path.realpath(out))
    homes = [target, *(Path(str(target).removesuffix(end)) for end in _BESIDE if target.name.endswith(end))]
    if any(_is_database(home) for home in homes):
        raise UsageError(f"{out}: is a store or belongs to one, so it stays. Choose another name.")


def _is_database(path: Path) -> bool:
    if is_held(path):
        return True
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def check_target(out: Path, target: Path, force: bool) -> None:
    """Raises UsageError where `target` may not become a file."""
    if target.is_dir():
        raise UsageError(f"{out}: is a folder. Name a file in it.")
    spare_stores(out)
    if not target.parent.is_dir():
        raise UsageError(f"{out}: the folder {target.parent} does not exist. Make it, or choose another place.")
    if target.exists() and not force:
        raise UsageError(f"{out}: exists already. Add --force to replace it, or choose another name.")
