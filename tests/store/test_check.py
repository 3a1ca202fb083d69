"""What is found wrong with a store, and what is not its fault."""

from __future__ import annotations

import os
import random
import re
import shlex
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.errors import AlignError, StoreError
from align.reviewer import Reviewer
from align.sqlite_session import translate_errors
from align.store import Store, edits, open_store, schema
from align.store.check import REBUILD_COMMAND, RESTORE_COMMAND
from align.store.schema import VIEWS
from benchmarks.byte_flips import flips


def test_lack_of_room_for_the_copy_is_no_finding(store: Store) -> None:
    resource = pytest.importorskip("resource", reason="NO LIMITS on this system: lack of room is not tried.")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told = []
    for room in (0, store.path.stat().st_size // 2, store.path.stat().st_size * 4):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            told.append(str(store.check()))
        except StoreError as error:
            told.append(str(error))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ["not enough space" in line for line in told] == [True, True, False]
    assert "TMPDIR" in told[0]
    assert told[2] == "[]"


@pytest.mark.parametrize(
    "sql",
    [
        "create trigger t after insert on decisions begin delete from links where id = 3; end",
        "create trigger t before insert on patches begin select raise(ignore); end",
        "create unique index t on links (status)",
    ],
)
def test_nothing_is_written_past_a_trigger_or_an_index_of_another_program(store: Store, sql: str) -> None:
    if "unique" in sql:
        store.db.conn.execute("delete from links where id > 1")
    store.db.conn.execute(sql)
    accept = edits.accept(1)
    for work in (lambda: Reviewer(store, "ada").commit(accept), lambda: store.remember("key", "value"), store.compact):
        with pytest.raises(StoreError, match=r"s\.db: the (trigger|index) t in it is not part of align.*store rebuild"):
            work()
    assert store.latest() == 1
    store.rebuild()
    Reviewer(store, "ada").commit(accept)
    assert store.check() == []


def test_rebuild_forgets_the_last_number_of_a_table_that_is_not_there(store: Store) -> None:
    Reviewer(store, "ada").commit(edits.cut(1, 3))
    before = dict(store.db.conn.execute("select name, seq from sqlite_sequence"))
    store.db.conn.execute("update sqlite_sequence set name = 'sentencez' where name = 'sentences'")
    assert [command for _, command in problems(store)] == [REBUILD_COMMAND]
    store.rebuild()
    assert dict(store.db.conn.execute("select name, seq from sqlite_sequence")) == before


def problems(store: Store) -> list[tuple[str, str]]:
    return [(finding.problem, finding.command) for finding in store.check()]


@pytest.mark.parametrize(
    ("change", "problem", "command"),
    [
        (
            "create trigger t after insert on decisions begin delete from links; end",
            "trigger t is not part of",
            REBUILD_COMMAND,
        ),
        ("create index i on links (note)", "index i is not part of align", REBUILD_COMMAND),
        ("drop index links_place", "the index links_place is missing", REBUILD_COMMAND),
        ("drop trigger seal_patches_insert", "the trigger seal_patches_insert is missing", REBUILD_COMMAND),
        ("alter table links drop column note", "the table links has no column note", REBUILD_COMMAND),
        ("delete from links where id = 2", "1 link not as in the log: 2", REBUILD_COMMAND),
        (
            "delete from link_sentences where link = 2",
            "the table link_sentences differs from the log",
            REBUILD_COMMAND,
        ),
        (
            "insert into search (search) values ('delete-all')",
            "the search index does not match the sentences",
            REBUILD_COMMAND,
        ),
        ("insert into search (rowid, body) values (3, 'volcano')", "the search index does not match", REBUILD_COMMAND),
        ("update search_config set v = 9 where k = 'version'", "the search index is damaged", RESTORE_COMMAND),
        ("alter table documents drop column reader", "the table documents has no column reader", RESTORE_COMMAND),
        ("drop table seals", "the table seals is missing", RESTORE_COMMAND),
        ("create table t (x)", "the table t is not part of align", "sqlite-utils"),
        ("create view v as select 1", "the view v is not part of align", "sqlite-utils"),
    ],
)
def test_other_tables_than_ours_are_named_and_mended(store: Store, change: str, problem: str, command: str) -> None:
    links = list(store.links())
    if "seals" in change or "reader" in change:
        for name in schema.triggers():
            store.db.conn.execute(f"drop trigger {name}")
    if "drop column" in change:  # SQLite refuses to drop a column that a view names.
        for name in VIEWS:
            store.db.conn.execute(f"drop view {name}")
    store.db.conn.execute(change)
    store.close()
    with open_store(store.path) as opened:
        found = problems(opened)
        ((_, remedy),) = [one for one in found if problem in one[0]]
        assert remedy.startswith(command), found
        if command == REBUILD_COMMAND:
            opened.rebuild()
            assert opened.check() == []
            assert list(opened.links()) == links
        if command == "sqlite-utils":
            _, path, sql = shlex.split(remedy)
            with sqlite3.connect(path) as conn:
                conn.execute(sql)
            conn.close()
            assert opened.check() == []


def flipped(store: Store, words: str) -> Path:
    """The file with a bit of the first such words changed."""
    store.close()
    content = bytearray(store.path.read_bytes())
    content[content.index(words.encode())] ^= 1
    store.path.write_bytes(bytes(content))
    return store.path


def test_a_damaged_document_is_named(store: Store) -> None:
    with open_store(flipped(store, "霧が出る。\n山へ行く。\n川を渡る。")) as opened:
        assert problems(opened) == [("ja.txt: its text does not match its digest", RESTORE_COMMAND)]


def test_a_damaged_decision_is_named_and_nothing_is_added_to_the_damage(reviewer: Reviewer, store: Store) -> None:
    reviewer.commit(edits.note(2, "a remark"))
    reviewer.commit(edits.note(2, "another"))  # The first is in the log alone now.
    with open_store(flipped(store, '"note":"a remark"}')) as opened:
        problem, command = problems(opened)[0]
        assert re.fullmatch(r"decision [23] \(note by ada, link 2\) does not match its checksum", problem)
        assert command == RESTORE_COMMAND
        with pytest.raises(StoreError, match=r"decision [23] is damaged"):
            opened.compact()


def test_damage_is_not_sealed_by_the_next_change(store: Store) -> None:
    store.close()
    content = store.path.read_bytes()
    words = "川を渡る。".encode()
    places = [place for place in range(len(content)) if content.startswith(words, place)]
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1
        store.path.write_bytes(bytes(damaged))
        with open_store(store.path) as opened:
            before = opened.check()
            if ("ja.txt (document 1) does not match its checksum", RESTORE_COMMAND) in problems(opened):
                break
    else:
        pytest.fail("no flip hit the sentence")
    with open_store(store.path) as opened:
        for change in (lambda: opened.set_language(1, "zh"), lambda: Reviewer(opened, "ada").commit(edits.cut(1, 2))):
            with pytest.raises(StoreError, match="document 1 is damaged"):
                change()
        assert opened.check() == before


def test_what_another_program_wrote_is_found_and_sealed_by_a_rebuild(store: Store) -> None:
    store.db.conn.execute("update documents set reader = 'other' where id = 1")
    assert problems(store) == [("ja.txt (document 1) was written by another program", REBUILD_COMMAND)]
    store.rebuild()
    assert store.check() == []


def test_every_command_on_a_damaged_store_ends_in_one_line(reviewer: Reviewer, store: Store, tmp_path: Path) -> None:
    reviewer.commit(edits.reject(2))
    for table, column in (("links", "status"), ("tallies", "status"), ("decisions", "detail"), ("sentences", "pieces")):
        damaged = tmp_path / f"{table}.db"
        store.backup(damaged)
        with sqlite3.connect(damaged) as conn:
            conn.execute(f"update or replace {table} set {column} = 'rejecte'")
        conn.close()
        for command in ("stats", "documents", "history", "search fog", "export - --to tmx --status any", "report"):
            arguments = [*command.split(), "--db", str(damaged)]
            if command == "report":
                arguments[1:1] = [str(tmp_path / "report.html"), "--force"]
            error = CliRunner().invoke(cli, arguments, standalone_mode=False).exception
            assert error is None or isinstance(error, AlignError), (table, command, error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NO FORK here: flips are not tried.")
def test_flipped_bytes_are_found_or_harmless(tmp_path: Path) -> None:
    report = flips(tmp_path, 25, random.Random(7), 24)
    assert report["wrong"] == []
    assert sum(report["outcomes"].values()) == 25  # type: ignore[attr-defined]


def test_a_damaged_schema_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised, translate_errors(tmp_path / "s.db"):
        sqlite3.connect(":memory:").execute("select `a\n  b")
    assert len(str(raised.value).splitlines()) == 1
