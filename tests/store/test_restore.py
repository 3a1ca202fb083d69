"""Backups put back: whole or not at all, whatever is beside the store, whoever has it open, whenever we are killed."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from align.atomic_file import part_folder
from align.errors import StoreError, UsageError
from align.reviewer import Reviewer
from align.store import backup as backup_module
from align.store import edits, open_store, restore
from align.store.schema import LATEST
from tests.store.test_open import FIXTURES

HOLDER = """
import sys, time
from pathlib import Path
from align.reviewer import Reviewer
from align.store import edits, open_store
with open_store(Path(sys.argv[1])) as store:
    for link in map(int, sys.argv[2].split(",")):
        Reviewer(store, "cy").commit(edits.accept(link))
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    """A store of our own, closed."""
    shutil.copyfile(filled, tmp_path / "align.db")
    return tmp_path / "align.db"


@pytest.fixture
def saved(path: Path) -> Path:
    """A backup of it; the store has a decision more."""
    out = path.with_name("backup.db")
    with open_store(path) as store:
        store.backup(out)
        Reviewer(store, "ada").commit(edits.accept(1))
    return out


def crash(path: Path, links: str) -> None:
    """Accept links and be killed, so that the decisions stand in the log beside the store only."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path), links], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
    assert path.with_name(path.name + "-wal").stat().st_size > 0


def decided(path: Path) -> list[tuple[int, str | None]]:
    """What was decided by whom, of a sound store."""
    with open_store(path, create=False) as store:
        assert store.check() == []
        return [(link.id, link.reviewer) for link in store.links() if link.reviewer]


def in_child(work: Callable[[], object], end: Callable[[], None] = lambda: None) -> int:
    """Run it in a forked process; how that ended, as `waitpid` has it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            end()
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_restored_store_is_the_backup_and_can_be_taken_back(path: Path, saved: Path) -> None:
    restored = restore(path, saved)
    assert (restored.documents, restored.links, restored.repaired) == (2, 6, 0)
    assert decided(path) == []
    assert restored.before is not None
    assert restored.before.name.startswith("align.before-20")
    again = restore(path, restored.before)
    assert not list(path.parent.glob("*.db-*"))
    assert decided(path) == [(1, "ada")]
    assert again.before not in (None, restored.before)
    assert decided(saved) == []
    with open_store(path) as store:
        Reviewer(store, "ada").commit(edits.accept(2))
    assert decided(path) == [(1, "ada"), (2, "ada")]


def test_what_a_crash_left_in_the_log_is_kept_with_the_store_of_before(path: Path, saved: Path) -> None:
    crash(path, "3,4")
    restored = restore(path, saved)
    assert decided(path) == []
    assert restored.before is not None
    assert decided(restored.before) == [(1, "ada"), (3, "cy"), (4, "cy")]
    assert names(path.parent) == ["align.before-" + restored.before.name[13:], "align.db", "backup.db"]


@pytest.mark.parametrize("copy", [shutil.copyfile, os.replace])
def test_a_backup_copied_over_a_crashed_store_is_not_mixed_with_its_log(
    path: Path, saved: Path, copy: Callable[[Path, Path], object]
) -> None:
    crash(path, "3,4")
    copy(shutil.copyfile(saved, path.with_name("copy.db")), path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"align\.db-wal\) belongs to another file.*align store restore"):
            open_store(path)
        with pytest.raises(StoreError, match="belongs to another file"):
            open_store(path, readonly=True)
    assert path.read_bytes() == before
    restored = restore(path, saved)
    assert decided(path) == []
    assert restored.before is not None
    assert decided(restored.before) == []
    assert any(name.endswith(".of-another-file-wal") for name in names(path.parent))


def test_an_older_copy_of_the_file_is_not_mixed_with_the_log_either(path: Path) -> None:
    old = path.with_name("copied.db")
    with open_store(path) as store:
        Reviewer(store, "ada").commit(edits.accept(1))
    shutil.copyfile(path, old)
    for link in (2, 3):
        with open_store(path) as store:
            Reviewer(store, "ada").commit(edits.accept(link))
    crash(path, "4")
    shutil.copyfile(old, path)
    with pytest.raises(StoreError, match="belongs to another file"):
        open_store(path)
    path.with_name("align.db-wal").unlink()
    assert decided(path) == [(1, "ada")]


@pytest.mark.parametrize("tail", [b"", b"\0" * 5000, os.urandom(9000)])
def test_the_own_log_is_replayed_whatever_stands_at_its_end(path: Path, tail: bytes) -> None:
    crash(path, "3,4")
    log = path.with_name("align.db-wal")
    log.write_bytes(log.read_bytes() + tail)
    assert decided(path) == [(3, "cy"), (4, "cy")]


def test_a_log_whose_first_transaction_is_torn_is_not_another_files(path: Path) -> None:
    """SQLite ignores it, and so do we: the numbers in it count only while the checksums hold."""
    with open_store(path) as store:
        store.remember("a", "b")
    crash(path, "3")
    log = path.with_name("align.db-wal")
    content = bytearray(log.read_bytes())
    page = int.from_bytes(content[8:12], "big")
    for start in range(32, len(content) - page, page + 24):
        content[start + 24 + 60 : start + 24 + 64] = b"\x12\x34\x56\x78"
    log.write_bytes(bytes(content))
    assert decided(path) == []


def test_a_store_that_was_replaced_while_open_takes_no_more_decisions(path: Path, saved: Path) -> None:
    with open_store(path) as store:
        Reviewer(store, "ada").commit(edits.accept(2))
        os.replace(shutil.copyfile(saved, path.with_name("copy.db")), path)
        with pytest.raises(StoreError, match="was replaced or removed while it was open"):
            Reviewer(store, "ada").commit(edits.accept(3))
        with pytest.raises(StoreError, match="belongs to another file"):
            open_store(path)


def test_a_store_that_is_open_is_refused(path: Path, saved: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path), "3"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        before = names(path.parent)
        with pytest.raises(StoreError, match=rf"is open in another program \(process {process.pid}: .*python"):
            restore(path, saved)
        assert names(path.parent) == before
        process.kill()
    assert restore(path, saved).before is not None
    with open_store(path), pytest.raises(StoreError, match="is open in this program"):
        restore(path, saved)


def test_what_cannot_be_restored_leaves_the_store_as_it_was(path: Path, saved: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("no store")
    cut = tmp_path / "cut.db"
    cut.write_bytes(saved.read_bytes()[:9000])
    flipped = tmp_path / "flipped.db"
    content = bytearray(saved.read_bytes())
    content[content.index("霧が出る。".encode())] ^= 1
    flipped.write_bytes(bytes(content))
    empty = tmp_path / "empty.db"
    empty.touch()
    before = path.read_bytes()
    for source, error, words in (
        (tmp_path / "none.db", UsageError, "no such file"),
        (path, UsageError, "is the store itself"),
        (text, StoreError, r"not a store.*Name another file\.$"),
        (cut, StoreError, r"truncated.*Name another copy\.$"),
        (empty, StoreError, r"empty.*Name another copy\.$"),
        (flipped, StoreError, r"flipped\.db: damaged \(.*ja\.txt.*Restore another backup"),
    ):
        with pytest.raises(error, match=words):
            restore(path, source)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not a store of align, so it was not replaced"):
        restore(tmp_path / "notes.txt", saved)
    assert path.read_bytes() == before
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert names(tmp_path) == ["align.db", "backup.db", "cut.db", "empty.db", "flipped.db", "notes.txt", "text.db"]


def test_a_damaged_or_missing_store_is_restored(path: Path, saved: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])
    restored = restore(path, saved)
    assert decided(path) == []
    assert restored.before is not None
    assert restored.before.stat().st_size == 5000
    path.unlink()
    path.with_name("align.db-wal").write_bytes(b"left")
    assert restore(path, saved).before is None
    assert decided(path) == []


def test_a_backup_that_a_rebuild_mends_is_mended(path: Path, saved: Path) -> None:
    with closing(sqlite3.connect(saved)) as conn:
        conn.execute("update links set status = 'accepted' where id = 2")
        conn.commit()
    assert restore(path, saved).repaired == 1
    assert decided(path) == []


def test_a_backup_of_the_last_migration_is_restored(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    content = gzip.decompress((FIXTURES / f"{LATEST}.db.gz").read_bytes())
    old.write_bytes(content)
    restore(path, old)
    assert len(decided(path)) >= 3
    assert old.read_bytes() == content


def test_a_store_behind_a_link_stays_behind_it(path: Path, saved: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(path)
    restore(link, saved)
    assert link.is_symlink()
    assert decided(path) == []


def test_a_file_system_without_hard_links(path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(backup_module.os, "link", refuse)
    restored = restore(path, saved)
    assert decided(path) == []
    assert restored.before is not None
    assert decided(restored.before) == [(1, "ada")]


def test_permissions_stay(path: Path) -> None:
    path.chmod(0o600)
    out = path.with_name("backup.db")
    with open_store(path) as store:
        store.backup(out)
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        out.chmod(0o644)
        store.backup(out, force=True)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    out.chmod(0o644)
    restored = restore(path, out)
    assert restored.before is not None
    assert [stat.S_IMODE(file.stat().st_mode) for file in (path, restored.before)] == [0o600, 0o600]


# Killed


def killed_at(number: int, folder: Path) -> Callable[[], None]:
    """Be killed at the so many-th opening, renaming, linking or removing of a file in the folder, or connection."""

    def begin() -> None:
        left = number

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event.startswith("fcntl.") or any(folder.name in str(argument) for argument in arguments[:2]):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)

    return begin


@pytest.mark.parametrize("crashed", [False, True])
def test_killed_at_any_moment_a_restore_leaves_the_old_store_or_the_new_one(
    path: Path, saved: Path, tmp_path: Path, crashed: bool
) -> None:
    if crashed:
        crash(path, "3,4")
    old = [(1, "ada"), (3, "cy"), (4, "cy")] if crashed else [(1, "ada")]
    states = []
    for number in range(1, 1000):
        folder = tmp_path / f"run{number}"
        folder.mkdir()
        for file in (path, path.with_name("align.db-wal")):
            if file.exists():
                shutil.copyfile(file, folder / file.name)
        store = folder / "align.db"
        status = in_child(lambda store=store: restore(store, saved), killed_at(number, folder))  # type: ignore[misc]
        states.append(decided(store))
        kept = [decided(file) for file in folder.glob("align.before-*")]
        assert states[-1] == old or (states[-1] == [] and kept == [old])
        restore(store, saved)
        assert not list(folder.glob(".align-*"))
        assert [decided(file) for file in folder.glob("align.before-*")].count(old) == 1
        shutil.rmtree(folder)
        if status == 0:
            break
    assert number > 20
    assert states[0] == old
    assert states[-1] == []
    assert states == sorted(states, reverse=True)


# Backups


def test_a_backup_follows_no_link(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.db"
    victim.write_text("mine")
    out = tmp_path / "out.db"
    out.symlink_to(victim)
    with open_store(path) as store:
        with pytest.raises(UsageError, match="exists already"):
            store.backup(out)
        store.backup(out, force=True)
    assert victim.read_text() == "mine"
    assert not out.is_symlink()
    assert decided(out) == []


def test_a_backup_does_not_replace_a_store_in_use(path: Path, saved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    shutil.copyfile(saved, other)
    with open_store(other) as theirs, open_store(path) as store:
        Reviewer(theirs, "bo").commit(edits.accept(2))
        with pytest.raises(StoreError, match="is open in this program"):
            store.backup(other, force=True)
    assert decided(other) == [(2, "bo")]
    crash(other, "3")
    with open_store(path) as store:
        store.backup(other, force=True)
    assert decided(other) == [(1, "ada")]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_what_an_ended_backup_leaves_is_gone_after_the_next(path: Path, tmp_path: Path, end: signal.Signals) -> None:
    def back_up() -> None:
        with open_store(path) as store, part_folder(tmp_path) as folder:
            (folder / "store.db").write_text("half")
            os.kill(os.getpid(), end)
            time.sleep(5)
            store.count()

    in_child(back_up)
    assert len(list(tmp_path.glob(".align-*"))) == (end == signal.SIGKILL)
    with part_folder(tmp_path) as living, open_store(path) as store:
        store.backup(tmp_path / "out.db")
        assert list(tmp_path.glob(".align-*")) == [living], "what is being written stays"
    assert not list(tmp_path.glob(".align-*"))
