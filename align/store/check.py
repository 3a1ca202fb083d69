"""Integrity check of a store, made in a temporary copy: nothing is written to the store and nobody is blocked.

The copy is checked, rebuilt from the log and checked again. Problems that the rebuild removes are reported with
`align store rebuild` as their remedy.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from sqlite_utils import Database

from align.atomic_file import part_folder
from align.errors import StoreError
from align.sqlite_session import UNWRITABLE_ERRORS, writing
from align.store import revisions, schema, sentence_splits
from align.store.rebuild import rebuild
from align.store.transaction import checksum_of
from align.text.messages import pluralise

REBUILD_COMMAND = "align store rebuild"
RESTORE_COMMAND = "align store restore BACKUP"
LINK_TABLES = ("links", "link_sentences", "tallies", "cuts")
"""Tables that can be rebuilt from the log."""
_ROUNDED = "bucket, status, src_document, tgt_document, src_lang, tgt_lang, n, round(total, 6), least"
"""The last digits of a sum of floats depend on the order of addition, so `total` is compared rounded."""


@dataclass(frozen=True, slots=True)
class StoreFinding:
    """A problem of a store."""

    problem: str
    command: str
    """Command that repairs it."""

    def __str__(self) -> str:
        return f"{self.problem}. `{self.command}` repairs it."


def check(db: Database) -> list[StoreFinding]:
    """Problems of the store; none if it is sound. Raises StoreError if there is no space for the copy."""
    try:
        with part_folder(Path(tempfile.gettempdir())) as folder:
            return _check_in_copy(db, folder / "store.db")
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and not _is_disk_full(error):
            raise
        where = tempfile.tempdir or "the temporary folders"
        raise StoreError(
            f"not enough space in {where} for the copy that is checked. Set TMPDIR to a folder with more."
        ) from error


def _check_in_copy(db: Database, copy_path: Path) -> list[StoreFinding]:
    with closing(sqlite3.connect(copy_path, isolation_level=None)) as conn:
        try:
            db.conn.backup(conn)
        except sqlite3.DatabaseError as error:
            if _is_disk_full(error):
                raise
            return [StoreFinding(f"the file cannot be read to its end ({error})", RESTORE_COMMAND)]
        # so that damaged texts can be compared and shown
        conn.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        conn.execute("pragma journal_mode = off")
        conn.execute("pragma synchronous = off")
        path = db.conn.execute("select file from pragma_database_list where name = 'main'").fetchone()[0]
        return _findings(Database(conn, execute_plugins=False), path)


def _is_disk_full(error: sqlite3.Error) -> bool:
    """Whether the copy could not be written for lack of space, which is no finding about the store."""
    return (getattr(error, "sqlite_errorname", None) or "").startswith(UNWRITABLE_ERRORS)


def _findings(db: Database, path: str) -> list[StoreFinding]:
    problems = _unique(_problems(db))
    unsealed = _unique(_guarded("the checksums", _unsealed, db))
    derived = _unique(_guarded("the derived tables", _remember_derived, db))
    failure: Exception | None = None
    try:
        with writing(db):
            rebuild(db)
    except Exception as error:  # Whatever damaged values lead to.
        if isinstance(error, sqlite3.Error) and _is_disk_full(error):
            raise
        failure = error
    if failure is not None:
        problems = [*problems, *derived, *unsealed, f"the decision log cannot be replayed ({_error_text(failure)})"]
        return [StoreFinding(problem, RESTORE_COMMAND) for problem in problems]
    unrepaired = set(_problems(db)) if problems else set()
    findings = [
        StoreFinding(problem, RESTORE_COMMAND if problem in unrepaired else REBUILD_COMMAND) for problem in problems
    ]
    derived += _unique(_guarded("the derived tables", _changed_by_rebuild, db))
    findings += [StoreFinding(problem, REBUILD_COMMAND) for problem in (*unsealed, *derived)]
    for kind, name in schema.of_others(db):
        drop = f'drop {kind} "{name}"'
        findings.append(
            StoreFinding(f"the {kind} {_shown(name)} is not part of align", shlex.join(["sqlite-utils", path, drop]))
        )
    return findings


def _problems(db: Database) -> Iterator[str]:
    """Problems of the data that cannot be rebuilt, and of the file itself."""
    yield from _guarded("the file", _integrity, db)
    yield from _guarded("the tables", schema.differences, db)
    yield from _guarded("the references", _references, db)
    yield from _guarded("the checksums", _sums, db)
    yield from _guarded("the documents", _texts, db)
    yield from _guarded("the log", _log, db)
    yield from _guarded("the sentence splits", sentence_splits.findings, db)
    yield from _guarded("the earlier texts of documents", revisions.findings, db)


def _guarded(what: str, examine: Callable[[Database], Iterable[str]], db: Database) -> Iterator[str]:
    """Yield what `examine` yields; an exception in it becomes a finding, and the other checks go on."""
    try:
        yield from examine(db)
    except Exception as error:  # Whatever damaged values lead to.
        if isinstance(error, sqlite3.Error) and _is_disk_full(error):
            raise
        yield f"{what} cannot be read to the end ({_error_text(error)})"


def _error_text(error: Exception) -> str:
    line = _shown(" ".join(str(error).split()))[:200]
    return line if line and isinstance(error, (sqlite3.Error, StoreError)) else f"{type(error).__name__}: {line}"


def _shown(value: object) -> str:
    """A stored value for a line of output, escaped if it is not printable."""
    return str(value) if str(value).isprintable() else ascii(value)


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


# Primary data


def _integrity(db: Database) -> Iterator[str]:
    lines = _integrity_lines(db, "pragma integrity_check(20)")
    if not lines:
        return
    named = False
    tables = db.conn.execute("select name from sqlite_schema where type = 'table' and rootpage > 0").fetchall()
    for (table,) in tables:
        quoted = table.replace('"', '""')
        broken = _integrity_lines(db, f'pragma integrity_check("{quoted}")')
        if broken:
            named = True
            yield f"the table {_shown(table)} is damaged ({broken[0]})"
    if not named:
        yield from (f"the file is damaged ({line})" for line in lines)


def _integrity_lines(db: Database, sql: str) -> list[str]:
    """Lines of an integrity check; none for `ok`."""
    try:
        rows = [str(row[0]).replace("*** in database main ***", "") for row in db.conn.execute(sql)]
    except sqlite3.DatabaseError as error:
        if _is_disk_full(error):
            raise
        rows = [str(error)]
    lines = [_shown(" ".join(row.split())) for row in rows]
    return [] if lines == ["ok"] else lines


def _references(db: Database) -> Iterator[str]:
    for table, row, parent, _ in db.conn.execute("pragma foreign_key_check"):
        yield f"{table} row {row} points to a row of {parent} that does not exist"


def _sums(db: Database) -> Iterator[str]:
    """Compare documents and decisions with their checksums, copied first since a rebuild resets some of them."""
    db.conn.execute("create temp table if not exists was_seals as select * from main.seals")
    numbers = dict(db.conn.execute("select name, seq from sqlite_sequence"))
    for kind, key, was in db.conn.execute("select kind, key, sum from was_seals where sum is not null").fetchall():
        if kind == schema.SEQUENCE:
            if numbers.get(key) != was:
                yield f"the last id assigned in {_shown(key)} is {numbers.get(key)} instead of {was}"
        elif kind in schema.SEALED_TABLES:
            try:
                now = checksum_of(db, kind, key)
            except sqlite3.Error as error:
                yield f"{_describe(db, kind, key)} cannot be read ({_error_text(error)})"
                continue
            if now is None:
                yield f"{_describe(db, kind, key)} is missing"
            elif now != was:
                yield f"{_describe(db, kind, key)} does not match its checksum"


def _unsealed(db: Database) -> Iterator[str]:
    """Rows without checksum and checksums of unknown kinds; a rebuild computes checksums of the current content."""
    for kind, key in db.conn.execute("select kind, key from was_seals where sum is null").fetchall():
        if kind in schema.SEALED_TABLES:
            yield f"{_describe(db, kind, key)} was written by another program"
    for kind, parts in schema.SEALED_TABLES.items():
        table, column, _ = parts[0]
        rows = db.conn.execute(
            f"select distinct {column} from {table} where {column} not in (select key from was_seals where kind = ?)",
            (kind,),
        )
        yield from (f"{_describe(db, kind, key)} has no checksum" for (key,) in rows.fetchall())
    marks = ", ".join("?" * (len(schema.SEALED_TABLES) + 1))
    rows = db.conn.execute(
        f"select kind from was_seals where kind not in ({marks})", (*schema.SEALED_TABLES, schema.SEQUENCE)
    )
    yield from (f"there is a checksum of an unknown kind ({_shown(kind)})" for (kind,) in rows)


def _describe(db: Database, kind: str, key: object) -> str:
    """Description of the row that a checksum belongs to."""
    row = None
    try:
        if kind == "document":
            row = db.conn.execute("select name from documents where id = ?", (key,)).fetchone()
            return f"{_shown(row[0])} (document {key})" if row else f"document {key}"
        if kind == "decision":
            row = db.conn.execute("select action, reviewer, link from decisions where id = ?", (key,)).fetchone()
    except sqlite3.Error:
        pass
    if row:
        link = "" if row[2] is None else f", link {row[2]}"
        return f"decision {key} ({_shown(row[0])} by {_shown(row[1])}{link})"
    words = {
        "alias": "the link ids of another copy", "conflict": "the conflict of link", "note": "the setting",
        "revision": "the text from before decision", "displaced link": "the former text of link",
    }  # fmt: skip
    return f"{words.get(kind, kind)} {_shown(key)}"


def _texts(db: Database) -> Iterator[str]:
    """Check that texts have their digests, and that blocks and sentences lie inside them, in order."""
    documents = db.conn.execute("select id, name, digest, characters from documents").fetchall()
    for document, name, digest, characters in documents:
        named = _shown(name)
        try:
            row = db.conn.execute("select content from texts where document = ?", (document,)).fetchone()
        except sqlite3.Error as error:
            yield f"{named}: its text cannot be read ({_error_text(error)})"
            continue
        if row is None:
            yield f"{named}: its text is missing"
        elif hashlib.sha256(row[0]).hexdigest() != digest:
            yield f"{named}: its text does not match its digest"
        elif len(row[0].decode("utf-8", "surrogatepass")) != characters:
            yield f"{named}: its text does not have {characters} characters"
        yield from _guarded(named, partial(_spans, document, characters, named), db)


def _spans(document: int, characters: int, name: str, db: Database) -> Iterator[str]:
    blocks: dict[int, tuple[int, int]] = {}
    for position, start, end in db.conn.execute(
        'select position, start, "end" from blocks where document = ? order by position', (document,)
    ):
        blocks[position] = (start, end)
        if not 0 <= start <= end <= characters:
            yield f"{name}: block {position} [{start}, {end}) lies outside its {characters} characters"
    rows = db.conn.execute(
        'select id, block, position, start, "end", pieces from sentences where document = ? order by position',
        (document,),
    )
    for number, (sentence, block, position, start, end, pieces) in enumerate(rows):
        if position != number:
            yield f"{name}: sentence {sentence} is at position {position} instead of {number}"
        low, high = blocks.get(block, (0, -1))
        if not low <= start < end <= high:
            yield f"{name}: sentence {sentence} [{start}, {end}) lies outside its block {block} [{low}, {high})"
        spans = json.loads(pieces) if pieces else [[start, end]]
        if spans[0][0] != start or spans[-1][1] != end or any(a[1] > b[0] for a, b in pairwise(spans)):
            yield f"{name}: the pieces of sentence {sentence} do not make up its span"


def _log(db: Database) -> Iterator[str]:
    for decision, target in db.conn.execute(
        "select id, target from decisions where action in ('undo', 'redo') and (target is null or target >= id)"
    ):
        yield f"decision {decision} undoes or redoes {target}, which is not an earlier decision"


# Derived data


def _remember_derived(db: Database) -> Iterator[str]:
    """Copy the derived tables for `_changed_by_rebuild`; a table that cannot be read is a finding."""
    for table in LINK_TABLES:
        try:
            db.conn.execute(f"create temp table was_{table} as select * from main.{table}")
        except sqlite3.Error as error:
            if _is_disk_full(error):
                raise
            yield f"the table {table} cannot be read ({_error_text(error)})"
    db.conn.execute("create temp table was_search (sum integer)")
    try:
        db.conn.execute("insert into main.search (search) values ('integrity-check')")
        db.conn.execute("insert into was_search values (?)", (_search_sum(db),))
    except sqlite3.Error as error:
        if _is_disk_full(error):
            raise
        yield f"the search index is damaged ({_error_text(error)})"


def _changed_by_rebuild(db: Database) -> Iterator[str]:
    """Compare links, their counts and the search index before and after the rebuild."""
    saved_tables = {row[0] for row in db.conn.execute("select name from temp.sqlite_schema")}
    for table in LINK_TABLES:
        if f"was_{table}" not in saved_tables or _width(db, table) != _width(db, f"was_{table}"):
            continue  # reported already
        columns = _ROUNDED if table == "tallies" else "*"
        one, other = (f"select {columns} from {name}" for name in (f"main.{table}", f"temp.was_{table}"))
        rows = db.conn.execute(
            f"select * from ({one} except {other}) union all select * from ({other} except {one})"
        ).fetchall()
        if rows and table == "links":
            links = sorted({row[0] for row in rows})
            named = ", ".join(map(str, links[:5])) + (" ..." if links[5:] else "")
            yield f"{pluralise(len(links), 'link')} not as in the log: {named}"
        elif rows:
            yield f"the table {table} differs from the log in {pluralise(len(rows), 'row')}"
    was = db.conn.execute("select sum from was_search").fetchone()
    if was and was[0] != _search_sum(db):
        yield "the search index does not match the sentences"


def _width(db: Database, table: str) -> int:
    return len(db.conn.execute(f"select * from {table} limit 0").description)


def _search_sum(db: Database) -> int:
    """CRC-32 of the content of the search index: each term with its sentences and positions."""
    db.conn.execute("create virtual table temp.words using fts5vocab(main, search, instance)")
    total = 0
    for sql in (
        "select term, count(*), sum(doc), sum(doc * (offset + 1)) from temp.words group by term",
        "select id, sz from main.search_docsize order by id",
    ):
        rows = db.conn.execute(sql)
        while chunk := rows.fetchmany(1000):
            total = zlib.crc32(repr(chunk).encode("utf-8", "surrogatepass"), total)
    db.conn.execute("drop table temp.words")
    return total
