"""The database of a bulk run: the outcome of each document pair, one SQLite file in the output folder.

Results are stored here until the shard they belong to is on disk; a kill at any moment loses no stored result and
repeats no written one. Only the driver opens it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlite_utils import Database

from align.bulk.types import Batch, BatchResult, Item, ItemState, Keys, PairEntry
from align.errors import StoreError
from align.sqlite_session import BUSY_SECONDS, translate_errors, writing

VERSION = 3
APPLICATION_ID = 0x616C6264  # "albd"
PAGE_ROWS = 500
DAMAGED_REMEDY = "Name another output folder: the run starts over there."
"""The remedy in error messages on a damaged database."""

SCHEMA = """
create table meta (key text primary key, value text not null) strict;
create table documents (
    id integer primary key, src text not null, tgt text not null, src_lang text, tgt_lang text,
    src_text blob, tgt_text blob, batch integer not null, state text not null, tries integer not null default 0,
    src_sentences integer, tgt_sentences integer, found integer, links integer,
    removed text, seconds real, error text, confidence real
) strict;
create index documents_batch on documents (batch);
create index documents_state on documents (state) where state <> 'done';
create table batches (
    id integer primary key, shard integer not null, weight integer not null, kept integer not null
) strict;
create index batches_shard on batches (shard);
create table spool (id integer primary key, keys blob not null, payload blob not null) strict;
create table shards (id integer primary key, file text, links integer, dropped integer, digest text) strict;
create table seen (key integer primary key) strict;
"""


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """A document pair with its batch and shard. `weight` (bytes) is what batches are balanced by."""

    entry: PairEntry
    batch: int
    shard: int
    weight: int


@dataclass(frozen=True, slots=True)
class SpooledResult:
    """The stored result of a document whose shard is not written yet."""

    number: int
    keys: Keys
    payload: bytes


class RunDatabase:
    """An open database of a bulk run; see `open_run_database`."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self._path = path

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Transaction with the write lock; rolled back on an error. Raises StoreError where the disk refuses."""
        with translate_errors(self._path, damaged=DAMAGED_REMEDY), writing(self._db):
            yield

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with translate_errors(self._path, damaged=DAMAGED_REMEDY):
            return self._db.conn.execute(sql, values).fetchall()

    def load_meta(self, key: str) -> Any:
        """Load a value stored by `save_meta`, or None."""
        rows = self._rows("select value from meta where key = ?", [key])
        return json.loads(rows[0][0]) if rows else None

    def save_meta(self, key: str, value: Any) -> None:
        """Store a JSON value. Inside `writing`."""
        self._db.conn.execute("insert or replace into meta values (?, ?)", [key, json.dumps(value)])

    def plan(self, planned: Iterable[PlannedPair]) -> int:
        """Insert the whole plan, numbered from 1, in the caller's transaction. Returns the number of pairs."""
        connection = self._db.conn
        total, batch, shard, weight = 0, -1, -1, 0

        def flush() -> None:
            if batch >= 0:
                connection.execute("insert into batches values (?, ?, ?, 0)", [batch, shard, weight])

        rows = iter(planned)
        while chunk := list(islice(rows, PAGE_ROWS)):
            for one in chunk:
                if one.batch != batch:
                    flush()
                    if one.shard != shard:
                        connection.execute("insert into shards (id) values (?)", [one.shard])
                    batch, shard, weight = one.batch, one.shard, 0
                weight += one.weight
            connection.executemany(
                "insert into documents (id, src, tgt, src_lang, tgt_lang, src_text, tgt_text, batch, state) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        total + n,
                        p.entry.src,
                        p.entry.tgt,
                        p.entry.src_lang,
                        p.entry.tgt_lang,
                        *(p.entry.texts or (None, None)),
                        p.batch,
                        ItemState.WAITING,
                    )
                    for n, p in enumerate(chunk, start=1)
                ],
            )
            total += len(chunk)
        flush()
        return total

    def waiting_batches(self) -> Iterator[Batch]:
        """Yield the batches without a stored result, in order, read page by page."""
        after = -1
        while True:
            rows = self._rows(
                "select id from batches where kept = 0 and id > ? order by id limit ?", [after, PAGE_ROWS]
            )
            if not rows:
                return
            for (number,) in rows:
                yield self.batch(number)
            after = rows[-1][0]

    def batch(self, number: int) -> Batch:
        """A batch with its documents."""
        rows = self._rows(
            "select id, src, tgt, src_lang, tgt_lang, src_text, tgt_text from documents where batch = ? order by id",
            [number],
        )
        return Batch(number, tuple(Item(row[0], _entry(*row[1:])) for row in rows))

    def save_result(self, result: BatchResult) -> None:
        """Store the result of a batch, once; its documents are done or failed from here on."""
        connection = self._db.conn
        with self.writing():
            changed = connection.execute("update batches set kept = 1 where id = ? and kept = 0", [result.number])
            if changed.rowcount != 1:
                raise StoreError(f"batch {result.number} came twice, or is in no plan. Please report this.")
            for item in result.items:
                counts = dict(item.counts)
                connection.execute(
                    "update documents set state = ?, tries = ?, src_sentences = ?, tgt_sentences = ?, found = ?, "
                    "links = ?, seconds = ?, error = ?, confidence = ?, removed = ? where id = ? and batch = ?",
                    [
                        ItemState.FAILED if item.error else ItemState.DONE,
                        item.tries,
                        *(counts.pop(name, None) for name in ("src_sentences", "tgt_sentences", "found", "links")),
                        item.seconds,
                        item.error,
                        item.confidence,
                        json.dumps(counts) if counts else None,
                        item.number,
                        result.number,
                    ],
                )
                if item.payload:
                    connection.execute(
                        "insert into spool values (?, ?, ?)", [item.number, item.keys.tobytes(), item.payload]
                    )

    def next_shard(self) -> int | None:
        """The first unwritten shard, if the results of all its batches are stored."""
        ((shard,),) = self._rows("select min(id) from shards where file is null")
        if shard is None or self._rows("select 1 from batches where shard = ? and kept = 0 limit 1", [shard]):
            return None
        return int(shard)

    def spooled(self, shard: int) -> Iterator[SpooledResult]:
        """Yield the stored results of a shard, in the order of its documents."""
        with translate_errors(self._path, damaged=DAMAGED_REMEDY):
            rows = self._db.conn.execute(
                "select spool.id, keys, payload from spool join documents using (id) join batches "
                "on batches.id = documents.batch where batches.shard = ? order by spool.id",
                [shard],
            )
            for number, keys, payload in rows:
                yield SpooledResult(number, np.frombuffer(keys, dtype=np.int64), payload)

    def add_key(self, key: int) -> bool:
        """Add a key (of a link, or of a planned pair); returns whether it is new. Inside `writing`."""
        return self._db.conn.execute("insert or ignore into seen values (?)", [key]).rowcount == 1

    def forget_keys(self) -> None:
        """Delete all keys: those of links are unrelated to those of the plan. Inside `writing`."""
        self._db.conn.execute("delete from seen")

    def drop_links(self, document: int, count: int) -> None:
        """Count links of a document as removed duplicates. Inside `writing`."""
        self._db.conn.execute(
            "update documents set links = links - ?1, removed = json_set(coalesce(removed, '{}'), "
            "'$.removed_duplicate', ?1) where id = ?2",
            [count, document],
        )

    def mark_shard_written(self, shard: int, file: str, links: int, dropped: int, digest: str) -> None:
        """Record a shard as on disk, and delete its stored results. Inside `writing`."""
        connection = self._db.conn
        connection.execute(
            "update shards set file = ?, links = ?, dropped = ?, digest = ? where id = ?",
            [file, links, dropped, digest, shard],
        )
        connection.execute(
            "delete from spool where id in (select documents.id from documents join batches "
            "on batches.id = documents.batch where batches.shard = ?)",
            [shard],
        )

    def shards(self) -> list[tuple[int, str | None, int | None, str | None]]:
        """Every shard: number, file, links, SHA-256; None while it is not written."""
        return self._rows("select id, file, links, digest from shards order by id")

    def states(self) -> dict[ItemState, int]:
        """Number of documents in each state."""
        counts = dict(self._rows("select state, count(*) from documents group by state"))
        return {state: counts.get(state, 0) for state in ItemState}

    def languages(self) -> list[str]:
        """The languages named in the plan, by tag."""
        rows = self._rows(
            "select src_lang from documents where src_lang is not null union "
            "select tgt_lang from documents where tgt_lang is not null order by 1"
        )
        return [row[0] for row in rows]

    def weights(self) -> tuple[int, int]:
        """Bytes of the batches with a stored result, and of all."""
        ((done, total),) = self._rows("select coalesce(sum(weight * kept), 0), coalesce(sum(weight), 0) from batches")
        return int(done), int(total)

    def weight(self, batch: int) -> int:
        """Bytes of a batch."""
        return int(self._rows("select weight from batches where id = ?", [batch])[0][0])

    def totals(self) -> dict[str, int]:
        """Sums over the documents: sentences, links, and the links removed by each filter."""
        (row,) = self._rows(
            "select coalesce(sum(src_sentences), 0), coalesce(sum(tgt_sentences), 0), coalesce(sum(found), 0), "
            "coalesce(sum(links), 0) from documents"
        )
        totals = dict(zip(("src_sentences", "tgt_sentences", "found", "links"), row, strict=True))
        removed = self._rows(
            "select each.key, sum(each.value) from documents, json_each(documents.removed) each "
            "where removed is not null group by each.key order by each.key"
        )
        return totals | dict(removed)

    def seconds(self) -> float:
        """Working time of all documents together."""
        return float(self._rows("select coalesce(sum(seconds), 0) from documents")[0][0])

    def failed(self) -> Iterator[tuple[int, PairEntry, str]]:
        """The failed documents: number, files, error."""
        rows = self._rows(
            "select id, src, tgt, src_lang, tgt_lang, error from documents where state = 'failed' order by id"
        )
        for row in rows:
            yield row[0], PairEntry(*row[1:5]), row[5]

    def judged(self) -> Iterator[tuple[PairEntry, int, float | None]]:
        """Every document that is done, in order: files, links that were written, document confidence."""
        query = "select src, tgt, src_lang, tgt_lang, links, confidence from documents where state = 'done' order by id"
        for *entry, links, confidence in self._db.conn.execute(query):
            yield PairEntry(*entry), links, confidence

    def doubtful(self, below: float) -> int:
        """How many documents have a document confidence below that."""
        return int(self._rows("select count(*) from documents where confidence < ?", [below])[0][0])

    def pairs(self) -> Iterator[PairEntry]:
        """Every pair of the plan, in order."""
        for row in self._db.conn.execute("select src, tgt, src_lang, tgt_lang from documents order by id"):
            yield PairEntry(*row)

    def document_states(self) -> list[tuple[int, str]]:
        """Every document with its state."""
        return self._rows("select id, state from documents order by id")

    def entries(self, numbers: Sequence[int]) -> list[PairEntry]:
        """The files of documents, in the order of the numbers."""
        entries = []
        for number in numbers:
            (row,) = self._rows("select src, tgt, src_lang, tgt_lang from documents where id = ?", [number])
            entries.append(PairEntry(*row))
        return entries


def _entry(
    src: str, tgt: str, src_lang: str, tgt_lang: str, src_text: bytes | None, tgt_text: bytes | None
) -> PairEntry:
    texts = None if src_text is None or tgt_text is None else (src_text, tgt_text)
    return PairEntry(src, tgt, src_lang, tgt_lang, texts)


def open_run_database(path: Path, *, begin: Callable[[RunDatabase], None]) -> RunDatabase:
    """Open the database at `path`. Where there is none, create it and let `begin` write the plan in the same
    transaction, so that a kill while planning leaves nothing behind.

    Raises StoreError for a file that is no such database, or one of another version, or where the disk refuses.
    """
    with translate_errors(path, damaged=DAMAGED_REMEDY):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _prepare(path, connection)
            database = RunDatabase(Database(connection), path)
            if not connection.execute("select count(*) from sqlite_master").fetchone()[0]:
                _begin(connection, database, begin)
        except BaseException:
            connection.close()
            raise
        return database


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    """Raise StoreError, leaving the file untouched, for anything but a database of this version."""
    try:
        application_id, version, tables = (
            connection.execute(query).fetchone()[0]
            for query in ("pragma application_id", "pragma user_version", "select count(*) from sqlite_master")
        )
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname == "SQLITE_NOTADB":
            raise StoreError(
                f"{path}: not the database of a bulk run ({error}). Name another output folder."
            ) from error
        raise
    if tables and (application_id != APPLICATION_ID or version != VERSION):
        raise StoreError(
            f"{path}: not the database of a bulk run of this version of align. Name another output folder."
        )
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")


def _begin(connection: sqlite3.Connection, database: RunDatabase, begin: Callable[[RunDatabase], None]) -> None:
    with database.writing():
        for statement in SCHEMA.split(";"):
            connection.execute(statement)
        begin(database)
        connection.execute(f"pragma application_id = {APPLICATION_ID}")
        connection.execute(f"pragma user_version = {VERSION}")
