"""Positions of links in a list: counts, ranks, jumps and the next match, each in milliseconds among a million links.

Document order sorts by `links.place`, then id; doubt order by `links.queue`, then id. Both have a covering index,
so no link texts are read.
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
"""Sort column of each order; ties are sorted by id."""


def key_of(db: Database, key: str, link: int) -> Key | None:
    """Sort key of the link in the order `key`; None if there is no such link."""
    row = db.conn.execute(f"select {key} from links where id = ?", (link,)).fetchone()
    return (row[0], link) if row else None


class Source(NamedTuple):
    """SQL for the links of a filter: tables, the columns of sort key and id in them, the remaining condition."""

    tables: str
    key: str
    number: str
    condition: str
    values: list[object]


def source(db: Database, chosen: LinkFilter, order: Order = "document") -> Source:
    """SQL for the links of a filter. Matches of search terms are gathered first and cached for the next query."""
    if not search.parse(chosen.text or ""):
        return Source("links", KEYS[order], "id", *where(chosen))
    hits.gather(db, chosen.text or "")
    if order == "doubt":
        hits.by_doubt(db)
    condition, values = where(replace(chosen, text=None))
    tables = hits.TABLES[order] if condition == "1" else f"{hits.TABLES[order]} {hits.JOIN}"
    return Source(tables, hits.KEYS[order], "h_id", condition, values)


def count(db: Database, chosen: LinkFilter = ANY) -> int:
    """Number of links that match a filter."""
    known = tallies.coarse(chosen)
    if known is not None:
        return int(db.conn.execute(f"select coalesce(sum(n), 0) from tallies where {known[0]}", known[1]).fetchone()[0])
    found = source(db, chosen)
    return int(
        db.conn.execute(f"select count(*) from {found.tables} where {found.condition}", found.values).fetchone()[0]
    )


def left(db: Database, chosen: LinkFilter = ANY) -> tuple[int, float]:
    """Number of undecided links that match a filter, and the sum of their confidences."""
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
    """`n` link ids of a filter from 0-based `rank` in an order."""
    if rank < 0 or n < 1:
        return []
    tables, key, number, condition, values = source(db, chosen, order)
    known = tallies.coarse(chosen)
    if order == "document" and known is not None:
        start, rank = _bucket_at(db, rank, known)
        condition, values = f"place >= ? and {condition}", [start, *values]
    elif (total := count(db, chosen)) < 2 * rank:  # nearer from the end
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
    """The `n` link ids of a filter directly after a link in an order, or before it; in that order."""
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
    """First sort key of the bucket with the link of that rank, and the rank inside the bucket."""
    before = start = 0
    # Summed here, since a window function takes SQLite four times as long.
    for bucket, n in db.conn.execute(
        f"select bucket, sum(n) from tallies where {known[0]} group by bucket order by bucket", known[1]
    ):
        start = bucket << tallies.SHIFT
        if before + n > rank:
            return start, rank - before
        before += n
    return start + (1 << tallies.SHIFT), 0


def rank(db: Database, link: int, chosen: LinkFilter = ANY, order: Order = "document") -> int | None:
    """Number of links of the filter before this one; None if the link does not exist."""
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
    """Id of the first link of the filter after link `after` in the order, from the start again if there is none."""
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
    # Bucket by bucket, skipping those without a possible match.
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
