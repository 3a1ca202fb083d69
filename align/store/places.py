"""Where links stand in a list: counts, ranks, jumps and the next of a kind, each in milliseconds among a million.

Document order goes by `links.place`, then id; the order of doubt by `links.queue`, then id. An index covers each, so
the text of no link is read on the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from sqlite_utils import Database

from align.store import hits, search, tallies
from align.store.filter import ANY, Condition, LinkFilter, where

Order = Literal["document", "doubt"]
Key = tuple[int | float, int]
KEYS: dict[Order, str] = {"document": "place", "doubt": "queue"}
"""What each order goes by; links that are alike in it go by id."""


def key_of(db: Database, key: str, link: int) -> Key | None:
    """The link's place in the order `key`; None where there is no such link."""
    row = db.conn.execute(f"select {key} from links where id = ?", (link,)).fetchone()
    return (row[0], link) if row else None


class Source(NamedTuple):
    """Where the links of a filter are found: tables, the names of key and number in them, the rest of the condition."""

    tables: str
    key: str
    number: str
    condition: str
    values: list[object]


def source(db: Database, chosen: LinkFilter, order: Order = "document") -> Source:
    """The links of a filter; those with words in them are gathered first, and kept for the next question."""
    if not search.parse(chosen.text or ""):
        return Source("links", KEYS[order], "id", *where(chosen))
    hits.gather(db, chosen.text or "")
    if order == "doubt":
        hits.by_doubt(db)
    condition, values = where(replace(chosen, text=None))
    tables = hits.TABLES[order] if condition == "1" else f"{hits.TABLES[order]} {hits.JOIN}"
    return Source(tables, hits.KEYS[order], "h_id", condition, values)


def count(db: Database, chosen: LinkFilter = ANY) -> int:
    """How many links a filter has."""
    known = tallies.coarse(chosen)
    if known is not None:
        return int(db.conn.execute(f"select coalesce(sum(n), 0) from tallies where {known[0]}", known[1]).fetchone()[0])
    found = source(db, chosen)
    return int(
        db.conn.execute(f"select count(*) from {found.tables} where {found.condition}", found.values).fetchone()[0]
    )


def left(db: Database, chosen: LinkFilter = ANY) -> tuple[int, float]:
    """How many links of a filter are undecided, and the sum of their confidences."""
    known = tallies.coarse(chosen)
    if known is not None:
        sql = f"select coalesce(sum(n), 0), total(total) from tallies where {known[0]} and status = 'proposed'"
        row = db.conn.execute(sql, known[1]).fetchone()
        return row[0], row[1]
    found = source(db, chosen)
    if found.tables == hits.TABLE:
        kept = hits.gather(db, chosen.text or "")
        if kept.gathered == kept.known:
            return kept.left, kept.expected
    tables = hits.JOINED if found.tables == hits.TABLE else found.tables
    sql = f"select count(*), total(confidence) from {tables} where {found.condition} and status = 'proposed'"
    row = db.conn.execute(sql, found.values).fetchone()
    return row[0], row[1]


def ids_at(db: Database, rank: int, n: int, chosen: LinkFilter = ANY, order: Order = "document") -> list[int]:
    """`n` link numbers of a filter from number `rank` (from 0) in an order."""
    if rank < 0 or n < 1:
        return []
    tables, key, number, condition, values = source(db, chosen, order)
    known = tallies.coarse(chosen)
    if order == "document" and known is not None:
        start, rank = _bucket_at(db, rank, known)
        condition, values = f"place >= ? and {condition}", [start, *values]
    elif (total := count(db, chosen)) < 2 * rank:  # From the end it is nearer.
        stop = total - rank
        sql = f"select {number} from {tables} where {condition} order by {key} desc, {number} desc limit ? offset ?"
        rows = db.conn.execute(sql, [*values, min(n, stop), max(0, stop - n)]).fetchall() if stop > 0 else []
        return [row[0] for row in reversed(rows)]
    rows = db.conn.execute(
        f"select {number} from {tables} where {condition} order by {key}, {number} limit ? offset ?", [*values, n, rank]
    ).fetchall()
    return [row[0] for row in rows]


def ids_beside(
    db: Database, link: int, n: int, chosen: LinkFilter = ANY, order: Order = "document", *, before: bool = False
) -> list[int]:
    """The `n` link numbers of a filter that stand next after a link in an order, or before it; in the order."""
    place = key_of(db, KEYS[order], link)
    if place is None:
        return []
    tables, key, number, condition, values = source(db, chosen, order)
    compare, way = ("<", "desc") if before else (">", "asc")
    rows = db.conn.execute(
        f"""select {number} from {tables} where {condition} and ({key}, {number}) {compare} (?, ?)
            order by {key} {way}, {number} {way} limit ?""",
        [*values, *place, n],
    ).fetchall()
    found = [row[0] for row in rows]
    return found[::-1] if before else found


def _bucket_at(db: Database, rank: int, known: Condition) -> tuple[int, int]:
    """Where the bucket with the link of that rank starts, and the rank inside it."""
    before = start = 0
    # Counted here: the same by a window function takes SQLite four times as long.
    for bucket, n in db.conn.execute(
        f"select bucket, sum(n) from tallies where {known[0]} group by bucket order by bucket", known[1]
    ):
        start = bucket << tallies.SHIFT
        if before + n > rank:
            return start, rank - before
        before += n
    return start + (1 << tallies.SHIFT), 0


def rank(db: Database, link: int, chosen: LinkFilter = ANY, order: Order = "document") -> int | None:
    """How many links of the filter stand before this one; None where the link is no more."""
    place = key_of(db, KEYS[order], link)
    if place is None:
        return None
    tables, key, number, condition, values = source(db, chosen, order)
    before = 0
    known = tallies.coarse(chosen)
    if order == "document" and known is not None:
        bucket = int(place[0]) >> tallies.SHIFT
        sql = f"select coalesce(sum(n), 0) from tallies where {known[0]} and bucket < ?"
        before = db.conn.execute(sql, [*known[1], bucket]).fetchone()[0]
        condition, values = f"place >= ? and {condition}", [bucket << tallies.SHIFT, *values]
    sql = f"select count(*) from {tables} where {condition} and ({key}, {number}) < (?, ?)"
    return before + int(db.conn.execute(sql, [*values, *place]).fetchone()[0])


def next_id(
    db: Database, after: int | None, chosen: LinkFilter = ANY, order: Order = "document", *, wrap: bool = True
) -> int | None:
    """The first link of the filter after link `after` in the order, from the start again where there is none."""
    place = key_of(db, KEYS[order], after) if after is not None else None
    found = _first_after(db, place, chosen, order)
    if found is None and place is not None and wrap:
        found = _first_after(db, None, chosen, order)
    return found


def _first_after(db: Database, place: Key | None, chosen: LinkFilter, order: Order) -> int | None:
    tables, key, number, condition, values = source(db, chosen, order)
    beyond, start = ("1", list[object]()) if place is None else (f"({key}, {number}) > (?, ?)", list(place))
    if order == "doubt" or tables != "links":
        sql = f"select {number} from {tables} where {beyond} and {condition} order by {key}, {number} limit 1"
        row = db.conn.execute(sql, [*start, *values]).fetchone()
        return row[0] if row else None
    # Bucket by bucket: those that cannot hold what is looked for are stepped over.
    possible, parameters = tallies.loose(chosen)
    bucket = -1 if place is None else int(place[0]) >> tallies.SHIFT
    buckets = db.conn.execute(
        f"select distinct bucket from tallies where bucket >= ? and {possible} order by bucket", [bucket, *parameters]
    ).fetchall()
    sql = f"""select id from links where place >= ? and place < ? and {beyond} and {condition}
        order by place, id limit 1"""
    for (stretch,) in buckets:
        low, high = stretch << tallies.SHIFT, (stretch + 1) << tallies.SHIFT
        row = db.conn.execute(sql, [low, high, *start, *values]).fetchone()
        if row:
            return int(row[0])
    return None
