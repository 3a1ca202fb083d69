"""What is a store and what is not; stores of other schemas; what cannot be written."""

from __future__ import annotations

import gzip
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from align.errors import StoreError
from align.exchange.import_file import import_file
from align.models import Status
from align.reviewer import Reviewer
from align.sqlite_session import BUSY_SECONDS, file_system, translate_errors
from align.store import LinkFilter, Store, edits, open_store, restore
from align.store.connection import MAGIC
from align.store.schema import LAST_MIGRATING_COMMIT, LATEST
from tests.store.conftest import EN, JA, fill, make_document

FIXTURES = Path(__file__).parent / "fixtures"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpacked(name: str, folder: Path) -> Path:
    path = folder / "old.db"
    path.write_bytes(gzip.decompress((FIXTURES / f"{name}.db.gz").read_bytes()))
    return path


def test_a_store_of_the_last_migration_is_opened_with_all_that_was_decided(tmp_path: Path) -> None:
    old = unpacked(LATEST, tmp_path)
    before = digest(old)
    open_store(old, readonly=True).close()
    assert digest(old) == before
    with open_store(old) as store:
        links = {link.id: link for link in store.links()}
        assert {number: link.status.value for number, link in links.items()} == {
            1: "accepted", 2: "rejected", 3: "edited", 5: "edited", 6: "proposed",
        }  # fmt: skip
        assert links[3].src.text == JA[2] + JA[3]
        assert (links[5].tgt.text, links[5].tgt.original) == ("The wind blows.", EN[4])
        assert links[6].note == "hm"
        assert store.check() == []
        assert store.count(LinkFilter(text="霧")) == 1
        assert [(row.name, row.sentences) for row in store.documents()] == [("ja.txt", 6), ("en.txt", 6)]
        reviewer = Reviewer(store, "ada")
        assert reviewer.redo().link_ids == (6,)
        for _ in range(6):
            reviewer.undo()
        assert {link.status for link in store.links()} == {Status.PROPOSED}
        assert store.check() == []


@pytest.mark.parametrize("readonly", [False, True])
def test_an_earlier_schema_is_refused_with_the_commit_that_opens_it(tmp_path: Path, readonly: bool) -> None:
    old = unpacked("m013_revisions", tmp_path)
    before = digest(old)
    with pytest.raises(StoreError, match=f"m013_revisions.*commit {LAST_MIGRATING_COMMIT} brings it") as caught:
        open_store(old, readonly=readonly)
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match="made by an earlier align"):
        restore(tmp_path / "s.db", old)
    assert digest(old) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["old.db"]


@pytest.mark.parametrize("suffix", ["jsonl", "tmx"])
def test_exports_of_an_earlier_schema_bring_their_decisions(tmp_path: Path, suffix: str) -> None:
    """Into an empty store; and onto the same documents and proposals, by links with another history."""
    exported = FIXTURES / f"m013_revisions.{suffix}"
    with open_store(tmp_path / "empty.db") as store:
        report = import_file(store, exported, "ada")
        assert report.documents is not None
        assert [(link.status.value, link.tgt.text) for link in store.links()] == [
            ("accepted", EN[0]), ("accepted", f"{EN[2]} {EN[3]}"), ("accepted", "The wind blows."), ("proposed", EN[5]),
        ]  # fmt: skip
    with open_store(tmp_path / "same.db") as store:
        fill(store)
        report = import_file(store, exported, "ada")
        links = [(link.status.value, link.tgt.text, link.note) for link in store.links()]
        assert links == [
            ("accepted", EN[0], None), ("rejected", EN[1], None), ("proposed", EN[2], None),
            ("proposed", EN[3], None), ("edited", "The wind blows.", None), ("proposed", EN[5], "hm"),
        ]  # fmt: skip
        assert [unit.sides[1].text for unit in report.unmatched] == [f"{EN[2]} {EN[3]}"]
        assert import_file(store, exported, "ada").same == 4
        assert store.check() == []


def test_a_newer_schema_is_refused_untouched(store: Store, tmp_path: Path) -> None:
    store.close()
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as conn:
        conn.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('align.store', 'm999_later', '')"
        )
        conn.execute("pragma journal_mode = delete")
    conn.close()
    before = digest(path)
    with pytest.raises(StoreError, match=r"newer align.*m999_later"):
        open_store(path)
    assert digest(path) == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"hello, I am a text\n", "not an SQLite file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not an SQLite file"),
        (MAGIC + bytes(20), "truncated"),
    ],
)
def test_what_is_no_store_is_refused_untouched(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=says):
        open_store(path)
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.db"]


def test_another_programs_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as conn:
        conn.execute("create table moz_places (id integer primary key, url text)")
    conn.close()
    before = digest(path)
    with pytest.raises(StoreError, match=r"another program \(moz_places\)"):
        open_store(path)
    assert digest(path) == before


def test_a_cut_store_is_told(store: Store, tmp_path: Path) -> None:
    store.db.execute("pragma wal_checkpoint(truncate)")
    store.close()
    path = tmp_path / "s.db"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="truncated"):
        open_store(path)


def test_a_damaged_store_is_told_in_one_line(store: Store, tmp_path: Path) -> None:
    store.db.execute("pragma wal_checkpoint(truncate)")
    store.close()
    path = tmp_path / "s.db"
    whole = bytearray(path.read_bytes())
    for page in range(2, len(whole) // 4096):
        whole[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(bytes(whole))

    def use() -> None:
        with open_store(path) as opened:
            findings = opened.check()
            assert findings
            list(opened.links())

    with pytest.raises(StoreError, match="damaged"):
        use()


def test_a_folder_a_missing_folder_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"[Ii]s a directory"):
        open_store(tmp_path)
    with pytest.raises(StoreError, match="does not exist"):
        open_store(tmp_path / "no" / "s.db")
    with pytest.raises(StoreError, match="no regular file"):
        open_store(Path(os.devnull))
    with pytest.raises(StoreError, match="no store there"):
        open_store(tmp_path / "s.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "s.db").touch()
    with open_store(tmp_path / "s.db") as store:
        fill(store)
        assert store.check() == []


def test_names_with_anything_in_them(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?&mode=ro 霧.db"
    with open_store(path) as store:
        fill(store)
    with open_store(path, readonly=True) as store:
        assert store.count() == 6


def unprivileged(work: Callable[[], str]) -> str:
    """What `work` says when run as a user who owns nothing (root passes over permissions), in a child process."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            said = work()
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(theirs, said.encode())
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def count_and_accept(path: Path, readonly: bool) -> str:
    with open_store(path, readonly=readonly) as store:
        count = store.count()
        try:
            Reviewer(store, "me").commit(edits.accept(1))
        except StoreError as error:
            return f"{count}, then {error}"
    return "written"


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    """A store that may be read, in a folder that may not be written."""
    with open_store(tmp_path / "s.db") as store:
        fill(store)
    for entry in (tmp_path, *tmp_path.parents):
        if entry.stat().st_uid == os.getuid() and str(entry).startswith("/tmp/"):
            entry.chmod(0o755)
    (tmp_path / "s.db").chmod(0o444)
    tmp_path.chmod(0o555)
    return tmp_path


def test_a_store_that_may_only_be_read(closed_folder: Path) -> None:
    path = closed_folder / "s.db"
    before = digest(path)
    reading = unprivileged(lambda: count_and_accept(path, readonly=True))
    assert reading.startswith("6, then ")
    assert "cannot be written" in reading
    writing = unprivileged(lambda: count_and_accept(path, readonly=False))
    assert writing.startswith("6, then "), "what may only be read is read"
    assert "cannot be written" in writing
    assert digest(path) == before


def test_two_at_once_make_one_store(tmp_path: Path) -> None:
    code = "import sys, pathlib, align.store; align.store.open_store(pathlib.Path(sys.argv[1])).close()"
    many = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s.db")]) for _ in range(6)]
    assert [process.wait(60) for process in many] == [0] * 6
    with open_store(tmp_path / "s.db") as store:
        assert store.check() == []


def test_a_writer_that_keeps_the_lock_is_told_of(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("align.store.connection.BUSY_SECONDS", 0.2)
    assert BUSY_SECONDS >= 10
    with store.writing(), open_store(tmp_path / "s.db") as other:
        assert other.count() == 6, "readers do not wait"
        with pytest.raises(StoreError, match="another program has been writing"):
            Reviewer(other, "bo").commit(edits.accept(1))
    Reviewer(store, "ada").commit(edits.accept(1))


def test_the_file_system_is_named(tmp_path: Path) -> None:
    assert file_system(tmp_path) not in ("", "unknown")
    assert file_system(Path("/proc/self/mounts")) == "proc"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SQLITE_IOERR_LOCK", "Keep the store on a local disk"),
        ("SQLITE_IOERR_SHMMAP", "Keep the store on a local disk"),
        ("SQLITE_IOERR_SHMSIZE", "no space left on the disk"),
        ("SQLITE_PROTOCOL", "Keep the store on a local disk"),
        ("SQLITE_BUSY", "another program"),
        ("SQLITE_FULL", "no space left"),
        ("SQLITE_READONLY_DIRECTORY", "cannot be written"),
        ("SQLITE_CANTOPEN", "cannot be opened"),
        ("SQLITE_CORRUPT", "damaged"),
        ("SQLITE_IOERR_WRITE", "disk error"),
    ],
)
def test_each_mishap_is_one_line_with_a_way_on(tmp_path: Path, name: str, says: str) -> None:
    error = sqlite3.OperationalError("words of SQLite")
    error.sqlite_errorname = name
    with pytest.raises(StoreError, match=says) as caught, translate_errors(tmp_path / "s.db"):
        raise error
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "s.db"))


def test_a_network_file_system_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("align.sqlite_session.file_system", lambda path: "nfs4")
    error = sqlite3.OperationalError("locking protocol")
    with pytest.raises(StoreError, match=r"network file system \(nfs4\)"), translate_errors(tmp_path / "s.db"):
        raise error


def test_a_network_file_system_without_locks_is_not_taken_for_a_busy_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("align.sqlite_session.file_system", lambda path: "nfs")
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    with pytest.raises(StoreError, match=r"nfs.*Keep the store on a local disk"), translate_errors(tmp_path / "s.db"):
        raise error


def test_a_store_that_may_not_grow_is_told_and_stays_sound(store: Store) -> None:
    pages = store.db.execute("pragma page_count").fetchone()[0]
    store.db.execute(f"pragma max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="no space left"):
        store.add_document(make_document("big.txt", ["word " * 2000] * 20, "en"))
    store.db.execute("pragma max_page_count = 1000000")
    assert [row.name for row in store.documents()] == ["ja.txt", "en.txt"]
    assert store.check() == []
