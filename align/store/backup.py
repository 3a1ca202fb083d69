"""Backup of a store, and its restoration."""

from __future__ import annotations

import glob
import os
import shutil
import sqlite3
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from sqlite_utils import Database

from align.atomic_file import part_folder, sync, sync_folder
from align.errors import StoreError, UsageError
from align.sqlite_session import OPEN_LOCK, UNWRITABLE_ERRORS, exclusive, is_open, reading, translate_errors
from align.store import connection
from align.store.check import REBUILD_COMMAND, RESTORE_COMMAND, check
from align.store.connection import MAGIC, OTHER_COPY, connect
from align.store.rebuild import rebuild
from align.store.schema import APPLICATION_ID
from align.store.transaction import renumber, transaction
from align.text.messages import pluralise

LOG_SUFFIXES = ("-wal", "-journal")
"""Suffixes of the log files that SQLite replays when it opens a file."""
PAGES_PER_STEP = 2048
"""Pages copied per step; signals are handled between two steps."""


def backup(db: Database, out: Path, *, mode: int, force: bool = False) -> int:
    """Copy the current state of the store to `out` while others read and write; returns the size in bytes.

    The file appears whole or not at all, with the permissions `mode`; a link at `out` is replaced, not followed.
    Raises UsageError if `out` exists (and not `force`) or cannot be created, StoreError if it is a store in use.
    """
    if not out.parent.is_dir():
        raise UsageError(f"{out}: the folder {out.parent} does not exist. Make it first.")
    if out.is_dir() and not out.is_symlink():
        raise UsageError(f"{out}: is a folder. Name a file in it.")
    if os.path.lexists(out) and not force:
        raise UsageError(f"{out}: exists already. Choose another name, or use --force.")
    if out.exists() and not out.is_file() and not out.is_symlink():
        raise UsageError(f"{out}: is a pipe or a device, so it stays. Name a file.")
    try:
        with part_folder(out.parent) as folder:
            new = folder / "store.db"
            _copy(db, new, out)
            new.chmod(mode)
            sync(new)
            with exclusive(out) if out.is_file() and not out.is_symlink() else nullcontext():
                for log in _logs(out):  # or SQLite would replay it into the backup
                    log.unlink(missing_ok=True)
                os.replace(new, out)
            sync_folder(out.parent)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror}). Choose another path.") from error
    return out.stat().st_size


@dataclass(frozen=True, slots=True)
class Restored:
    """Counts of a restored store, and the path of the previous store (None: there was none)."""

    documents: int
    links: int
    decisions: int
    before: Path | None
    repaired: int
    """Number of findings that a rebuild repaired."""


def restore(path: Path, source: Path) -> Restored:
    """Replace the store at `path` by a copy of the backup at `source`.

    The previous store is saved under another name in the same folder, and its log never reaches the new one. If the
    process is killed, either the old or the new store is there, whole. Raises UsageError if `source` cannot be
    used, StoreError if it is damaged or the store is open in any program; the store is then unchanged.
    """
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    if not source.exists():
        raise UsageError(f"{source}: no such file. Name a backup that `align store backup` made.")
    if path.exists() and path.samefile(source):
        raise UsageError(f"{source}: is the store itself. Name a backup of it.")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: the folder {path.parent} does not exist. Make it first.")
    _refuse_other_files(path)
    try:
        if path.exists():
            with exclusive(path):
                pass  # fail before the work of copying and checking, not only after it
        with part_folder(path.parent) as folder:
            new = folder / path.name
            has_no_log = not source.with_name(f"{source.name}-wal").exists()
            translated = translate_errors(source, damaged=OTHER_COPY.damaged)
            with translated, closing(connect(source, create=False, readonly=True, advice=OTHER_COPY)) as db:
                _copy(db, new, path)
            if has_no_log:
                _remove_index(source)
            restored = _check_copy(new, path, source)
            _copy_permissions(new, path if path.exists() else source)
            sync(new)
            before = _install(new, path)
        with closing(connect(path, create=False, readonly=False)) as db:
            installed_counts = _counts(db)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}). Check its permissions.") from error
    if installed_counts != restored[:3]:
        raise StoreError(f"{path}: was changed by another program meanwhile. The previous store is {before}.")
    return Restored(*restored[:3], before, restored[3])


def _remove_index(source: Path) -> None:
    """Remove the empty log and its index that a read-only SQLite leaves, unless they are in use."""
    with suppress(OSError, StoreError), exclusive(source):
        if not any(_content(log) for log in _logs(source)):
            for end in ("-wal", "-shm"):
                source.with_name(source.name + end).unlink(missing_ok=True)


# Copies


def _copy(db: Database, new: Path, out: Path) -> None:
    """Copy the file in one read transaction and give it a new number. Raises StoreError that names `out`.

    The copy is in rollback-journal mode: with WAL, a program that only reads it would leave an index file.
    """
    try:
        with closing(sqlite3.connect(new, isolation_level=None)) as target:
            with reading(db):
                db.conn.execute("select 1 from sqlite_master").fetchone()
                db.conn.backup(target, pages=PAGES_PER_STEP, progress=lambda *_: None)
            renumber(Database(target, execute_plugins=False))
            target.execute("pragma journal_mode = delete")
    except sqlite3.Error as error:
        if (getattr(error, "sqlite_errorname", None) or "").startswith(UNWRITABLE_ERRORS):
            raise StoreError(f"{out}: not enough disk space for it. Free some, or choose another path.") from error
        raise


# Replacing the store


def _refuse_other_files(path: Path) -> None:
    """Raise StoreError if the file at `path` is clearly not a store."""
    if is_open(path) or not path.exists():
        return
    if not path.is_file():
        raise StoreError(f"{path}: is no regular file. A store is a file; name another with --db.")
    with path.open("rb") as file:
        head = file.read(100)
    if head and not (head.startswith(MAGIC) and int.from_bytes(head[68:72], "big") == APPLICATION_ID):
        raise StoreError(
            f"{path}: is not a store of align, so it was not replaced. Move it away first, or name another with --db."
        )


def _check_copy(new: Path, path: Path, source: Path) -> tuple[int, int, int, int]:
    """(documents, links, decisions, repaired findings) of the copy, after a check."""
    try:
        with closing(connect(new, create=False, readonly=False)) as db, translate_errors(path):
            findings = check(db)
            repaired = sum(finding.command == REBUILD_COMMAND for finding in findings)
            if repaired:
                with transaction(db):
                    rebuild(db)
                findings = check(db)
            unrepaired = [
                finding.problem for finding in findings if finding.command in (REBUILD_COMMAND, RESTORE_COMMAND)
            ]
            if unrepaired:
                more = f" and {pluralise(len(unrepaired) - 1, 'more finding')}" if unrepaired[1:] else ""
                raise StoreError(
                    f"{source}: damaged ({unrepaired[0]}{more}). Restore another backup; {path} is unchanged."
                )
            counts = _counts(db)
            db.conn.execute("pragma wal_checkpoint(truncate)")
    except StoreError as error:
        raise StoreError(str(error).replace(str(new), str(path))) from error
    if any(_content(log) for log in _logs(new)):
        raise StoreError(f"{path}: not enough disk space for the restored store. Free some; the store is unchanged.")
    return *counts, repaired


def _counts(db: Database) -> tuple[int, int, int]:
    tables = ("documents where removed_at is null", "links", "decisions")
    documents, links, decisions = (
        int(db.conn.execute(f"select count(*) from {table}").fetchone()[0]) for table in tables
    )
    return documents, links, decisions


def _copy_permissions(new: Path, original: Path) -> None:
    """Copy the permissions of `original` to the new file, and its owner where permitted."""
    status = original.stat()
    with suppress(OSError):
        os.chown(new, status.st_uid, status.st_gid)
    new.chmod(status.st_mode & 0o777)


def _install(new: Path, path: Path) -> Path | None:
    """Install `new` as the store; returns the path of the previous store.

    The log of the previous store is checkpointed first, so that SQLite cannot replay it into the new one. A log
    that cannot be, or that belongs to another file, is saved with the previous store.
    """
    for attempt in count():
        if not path.exists():
            _move_logs(path, _name_of_before(path), foreign=True)
            os.link(new, path)
            sync_folder(path.parent)
            return None
        foreign = connection.is_foreign(path)
        if not foreign:
            _write_log_into(path)
        with exclusive(path) as handle:
            if not foreign and attempt < 2 and any(_content(log) for log in _logs(path)):
                continue  # another program used the store meanwhile and was killed
            before = _link_previous(path, handle, new.parent)
            _move_logs(path, before, foreign=foreign)
            os.replace(new, path)
            sync_folder(path.parent)
            return before
    raise AssertionError


def _write_log_into(path: Path) -> None:
    """Checkpoint the log that a killed program left. A store too damaged for that is left unchanged."""
    if not any(_content(log) for log in _logs(path)):
        return
    with OPEN_LOCK, suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as conn:
        conn.execute("pragma synchronous = full")
        conn.execute("pragma wal_checkpoint(truncate)")


def _link_previous(path: Path, handle: int, folder: Path) -> Path:
    """Link the previous store to a name from which it can be restored. `handle` is an open handle of the store."""
    for existing in path.parent.glob(f"{glob.escape(path.stem)}.before-*{glob.escape(path.suffix)}"):
        if existing.is_file() and existing.samefile(path):
            return existing  # an earlier restore was killed right after this step
    while True:
        before = _name_of_before(path)
        try:
            os.link(path, before)
        except FileExistsError:
            continue
        except OSError:  # the file system has no hard links
            _copy_previous(handle, folder / "before.db", before)
        sync_folder(path.parent)
        return before


def _copy_previous(handle: int, part: Path, before: Path) -> None:
    with part.open("xb") as copy, open(handle, "rb", closefd=False) as store:
        shutil.copyfileobj(store, copy)
        copy.flush()
        os.fchmod(copy.fileno(), os.fstat(handle).st_mode & 0o777)
        os.fsync(copy.fileno())
    os.rename(part, before)


def _name_of_before(path: Path) -> Path:
    """Free name for the previous store: `align.before-2026-11-30.db`, then `align.before-2026-11-30-2.db`."""
    today = date.today().isoformat()
    names = (f"{path.stem}.before-{today}{'' if n == 1 else f'-{n}'}{path.suffix}" for n in count(1))
    return next(there for name in names if not os.path.lexists(there := path.with_name(name)))


def _move_logs(path: Path, before: Path, *, foreign: bool) -> None:
    """Delete empty logs; move others next to `before`, with another suffix if they belong to another file."""
    for log, end in zip(_logs(path), LOG_SUFFIXES, strict=True):
        if _content(log):
            os.replace(log, before.with_name(f"{before.name}{'.of-another-file' if foreign else ''}{end}"))
        else:
            log.unlink(missing_ok=True)
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def _logs(path: Path) -> list[Path]:
    return [path.with_name(path.name + end) for end in LOG_SUFFIXES]


def _content(log: Path) -> bool:
    """Whether a log exists and is not empty."""
    try:
        return log.stat().st_size > 0
    except OSError:
        return False
