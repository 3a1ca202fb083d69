"""Checksums of primary data, so that a damaged byte is detected and its document or decision named.

`seals` has a CRC-32 for each document (with its blocks and sentences; its text has a separate digest), each
decision (with its patches) and each row of the other primary tables. Triggers set the checksum of written rows to
null; `seal` recomputes those before the transaction is committed. A CRC-32 detects every error burst of up to 32
bits.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlite_utils import Database

from align.errors import StoreError

SealKey = int | str

SEALED_TABLES: Final = {
    "document": (
        ("documents", "id", "id"),
        ("blocks", "document", "position"),
        ("sentences", "document", "position, id"),
    ),
    "decision": (("decisions", "id", "id"), ("patches", "decision", "link"), ("replicas", "decision", "decision")),
    "alias": (("aliases", "uid", "ordinal"),),
    "conflict": (("conflicts", "link", "uid"),),
    "audit": (("audits", "id", "id"),),
    "note": (("kept", "key", "key"),),
    "revision": (("revisions", "decision", "decision"),),
    "displaced link": (("displaced_links", "link", "decision"),),
}
"""Tables of each kind of checksum: (table, key column, row order). The first table has the keys."""
DAMAGED: Final = (
    "{} is damaged, so nothing was changed. `align store check` shows the damage; `align store restore BACKUP` "
    "restores a backup."
)
SEQUENCE: Final = "sequence"
"""Kind of the last assigned ids, by table; the checksum is the id itself."""


TABLES: Final = (
    "create table seals (kind text not null, key any not null, sum integer, primary key (kind, key))"
    " strict, without rowid",
    "create index seals_open on seals (kind, key) where sum is null",
)


def triggers() -> dict[str, str]:
    """Name -> SQL of the triggers that record writes."""
    statements = {}
    for kind, parts in SEALED_TABLES.items():
        for table, column, _ in parts:
            for event, row in (("insert", "new"), ("update", "old"), ("delete", "old")):
                name = f"seal_{table}_{event}"
                statements[name] = (
                    f"create trigger {name} after {event} on {table} begin insert into seals (kind, key)"
                    f" values ('{kind}', {row}.{column}) on conflict (kind, key) do update set sum = null"
                    " where sum is not null; end"
                )
    return statements


def enter_missing(db: Database) -> None:
    """Add rows for data without a checksum, and delete checksums of unknown kinds."""
    there = {row[0] for row in db.conn.execute("select name from sqlite_schema")}
    for kind, parts in SEALED_TABLES.items():
        table, column, _ = parts[0]
        if table not in there:
            continue
        db.conn.execute(f"insert or ignore into seals (kind, key) select distinct '{kind}', {column} from {table}")
    marks = ", ".join("?" * (len(SEALED_TABLES) + 1))
    db.conn.execute(f"delete from seals where kind not in ({marks})", (*SEALED_TABLES, SEQUENCE))


def seal(db: Database) -> None:
    """Compute the checksums of what the open transaction wrote."""
    rows = db.conn.execute("select kind, key from seals indexed by seals_open where sum is null").fetchall()
    for kind, key in rows:
        checksum = compute(db, kind, key)
        if checksum is None:
            db.conn.execute("delete from seals where kind = ? and key = ?", (kind, key))
        else:
            db.conn.execute("update seals set sum = ? where kind = ? and key = ?", (checksum, kind, key))
    db.conn.execute(
        """insert into seals (kind, key, sum) select ?, name, seq from sqlite_sequence where true
           on conflict (kind, key) do update set sum = excluded.sum where sum is not excluded.sum""",
        (SEQUENCE,),
    )


def compute(db: Database, kind: str, key: SealKey) -> int | None:
    """Checksum of the current rows; None if there are none."""
    total, there = 0, False
    for table, column, order in SEALED_TABLES[kind]:
        rows = db.conn.execute(f"select * from {table} where {column} = ? order by {order}", (key,))
        while chunk := rows.fetchmany(1000):
            there = True
            total = zlib.crc32(repr([_checksum_form(row) for row in chunk]).encode("utf-8", "surrogatepass"), total)
        total = zlib.crc32(b"\0", total)
    return total if there else None


def _checksum_form(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with BLOBs replaced by their CRC-32: their repr would be four times as long."""
    if any(isinstance(value, bytes) for value in row):
        return tuple(zlib.crc32(value) if isinstance(value, bytes) else value for value in row)
    return row


def refuse_damaged(db: Database, kind: str, keys: Iterable[SealKey]) -> None:
    """Raise StoreError if one of them is damaged: changing it would renew its checksum and hide the damage."""
    for key in keys:
        row = db.conn.execute("select sum from seals where kind = ? and key = ?", (kind, key)).fetchone()
        if row and row[0] is not None and row[0] != compute(db, kind, key):
            raise StoreError(DAMAGED.format(f"{kind} {key}"))


def all_sums(db: Database) -> Iterator[tuple[str, SealKey, int | None]]:
    """Every stored checksum: (kind, key, sum)."""
    yield from db.conn.execute("select kind, key, sum from seals not indexed")
