"""Is everything as it should be? Looked at in a copy, so that nobody waits and nothing is written."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from sqlite_utils import Database

from align.errors import StoreError, UsageError
from align.sqlite import writing
from align.store import cuts
from align.store.rebuild import rebuild

LINK_TABLES = ("links", "link_sentences", "tallies", "cuts")
"""What the log adds up to."""
NO_ROOM = ("SQLITE_FULL", "SQLITE_CANTOPEN", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "SQLITE_IOERR_SHMOPEN")


def backup(db: Database, out: Path, *, force: bool = False) -> int:
    """Copy the store as it is at this moment to `out`, while others go on reading and writing; returns its size.

    The file appears whole or not at all. Raises UsageError where `out` is there (and not `force`) or cannot be.
    """
    if out.exists() and not force:
        raise UsageError(f"{out}: is there already. Choose another name, or say --force.")
    if not out.parent.is_dir():
        raise UsageError(f"{out}: the folder {out.parent} does not exist. Make it first.")
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        copy(db, beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, out)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror}). Choose another place.") from error
    finally:
        for leftover in (beside, Path(f"{beside}-wal"), Path(f"{beside}-shm"), Path(f"{beside}-journal")):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)
    return out.stat().st_size


def copy(db: Database, out: Path) -> None:
    """The whole file, in one read transaction."""
    target = sqlite3.connect(out)
    try:
        db.conn.backup(target)
    finally:
        target.close()


def check(db: Database) -> list[str]:
    """What is wrong, a line each; nothing for a sound store. Raises StoreError where a copy has no room."""
    try:
        with tempfile.TemporaryDirectory(prefix="align-check-") as folder:
            return _looked_into(db, Path(folder) / "store.db")
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and not _without_room(error):
            raise
        where = tempfile.tempdir or "the temporary folders"
        raise StoreError(
            f"no room in {where} for the copy that is looked into. Set TMPDIR to a folder with more."
        ) from error


def _looked_into(db: Database, twin: Path) -> list[str]:
    try:
        copy(db, twin)
    except sqlite3.DatabaseError as error:
        if _without_room(error):
            raise
        return [f"the file cannot be read to its end: {error}"]
    conn = sqlite3.connect(twin, isolation_level=None)
    try:
        conn.execute("pragma journal_mode = off")
        conn.execute("pragma synchronous = off")
        return list(_findings(Database(conn, execute_plugins=False)))
    finally:
        conn.close()


def _without_room(error: sqlite3.Error) -> bool:
    """Whether the copy could not be written: that says nothing about the store."""
    return (getattr(error, "sqlite_errorname", None) or "").startswith(NO_ROOM)


def _findings(db: Database) -> Iterator[str]:
    try:
        damage = [row[0] for row in db.conn.execute("pragma integrity_check(20)")]
    except sqlite3.DatabaseError as error:
        if _without_room(error):
            raise
        damage = [str(error)]
    if damage != ["ok"]:
        yield from (f"damaged file: {line}" for line in damage)
        return
    for table, row, parent, _ in db.conn.execute("pragma foreign_key_check"):
        yield f"{table} row {row} points to a row of {parent} that is not there"
    yield from _texts(db)
    yield from _log(db)
    yield from cuts.findings(db)
    yield from _sum(db)


def _texts(db: Database) -> Iterator[str]:
    """Documents are what was added; blocks and sentences lie inside them, in order."""
    for document, name, digest, characters, stored in db.conn.execute(
        "select id, name, digest, characters, content from documents left join texts on texts.document = documents.id"
    ):
        if stored is None:
            yield f"{name}: its text is missing"
            continue
        text = stored.decode("utf-8", "surrogatepass")
        if len(text) != characters or hashlib.sha256(stored).hexdigest() != digest:
            yield f"{name}: its text is not the one that was added"
        yield from (f"{name}: {line}" for line in _spans(db, document, characters))


def _spans(db: Database, document: int, characters: int) -> Iterator[str]:
    blocks: dict[int, tuple[int, int]] = {}
    for position, start, end in db.conn.execute(
        'select position, start, "end" from blocks where document = ? order by position', (document,)
    ):
        blocks[position] = (start, end)
        if not 0 <= start <= end <= characters:
            yield f"block {position} [{start}, {end}) lies outside its {characters} characters"
    rows = db.conn.execute(
        'select id, block, position, start, "end", pieces from sentences where document = ? order by position',
        (document,),
    )
    for number, (sentence, block, position, start, end, pieces) in enumerate(rows):
        if position != number:
            yield f"sentence {sentence} stands at position {position} instead of {number}"
        low, high = blocks.get(block, (0, -1))
        if not low <= start < end <= high:
            yield f"sentence {sentence} [{start}, {end}) lies outside its block {block} [{low}, {high})"
        spans = json.loads(pieces) if pieces else [[start, end]]
        if spans[0][0] != start or spans[-1][1] != end or any(a[1] > b[0] for a, b in pairwise(spans)):
            yield f"the pieces of sentence {sentence} do not make up its span"


def _log(db: Database) -> Iterator[str]:
    for decision, target in db.conn.execute(
        "select id, target from decisions where action in ('undo', 'redo') and (target is null or target >= id)"
    ):
        yield f"decision {decision} takes back {target}, which is not before it"


def _sum(db: Database) -> Iterator[str]:
    """Links are what the log adds up to."""
    for table in LINK_TABLES:
        db.conn.execute(f"create temp table was_{table} as select * from main.{table}")
    try:
        with writing(db):
            rebuild(db)
    except (sqlite3.Error, ValueError, KeyError, StoreError) as error:
        if isinstance(error, sqlite3.Error) and _without_room(error):
            raise
        yield f"the log of decisions cannot be added up: {error}"
        return
    # A sum of floats depends on the order of adding; its last digits are no finding.
    columns = {"tallies": "bucket, status, src_document, tgt_document, src_lang, tgt_lang, n, round(total, 6), least"}
    for table in LINK_TABLES:
        chosen = columns.get(table, "*")
        for one, other, word in ((f"was_{table}", table, "not in the log's sum"), (table, f"was_{table}", "missing")):
            rows = db.conn.execute(f"select {chosen} from {one} except select {chosen} from {other}").fetchall()
            if rows:
                yield f"{table}: {len(rows):,} rows {word}, such as {rows[0][:4]}. `align store rebuild` mends it."
