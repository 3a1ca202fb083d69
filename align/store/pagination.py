"""Positions of links in a list: counts, ranks, jumps and the next match, each in milliseconds among a million links.

Document order sorts by `links.place`, then id; doubt order by `links.queue`, then id. Both have a covering index,
so no link texts are read. Link counts by bucket of `2 ** BUCKET_BITS` source sentences are updated with every write:
whole buckets are summed, and only the bucket of the position is scanned. They answer conditions on status, documents
and languages; for others `exact_condition` returns None and the links are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from sqlite_utils import Database

from align.store import search
from align.store.decision_log import BUCKET_BITS
from align.store.filter import ANY, Condition, LinkFilter, language_term, where


def exact_condition(link_filter: LinkFilter) -> Condition | None:
    """The filter as a condition on `tallies`, or None if they cannot answer it."""
    answerable = LinkFilter(
        statuses=link_filter.statuses,
        src_lang=link_filter.src_lang,
        tgt_lang=link_filter.tgt_lang,
        document=link_filter.document,
        documents=link_filter.documents,
    )
    if answerable != link_filter:
        return None
    return possible_condition(link_filter)


def possible_condition(link_filter: LinkFilter) -> Condition:
    """Condition on `tallies` that is true for every bucket with a match of the filter, and perhaps for others."""
    terms, values = ["1"], list[object]()
    if link_filter.statuses:
        terms.append(f"status in ({', '.join('?' * len(link_filter.statuses))})")
        values += sorted(link_filter.statuses)
    for column, lang in (("src_lang", link_filter.src_lang), ("tgt_lang", link_filter.tgt_lang)):
        if lang is not None:
            term, parameters = language_term(column, lang)
            terms.append(term)
            values += parameters
    if link_filter.document is not None:
        terms.append("(src_document = ? or tgt_document = ?)")
        values += [link_filter.document] * 2
    if link_filter.documents is not None:
        terms.append("src_document = ? and tgt_document = ?")
        values += link_filter.documents
    if link_filter.max_confidence is not None:
        terms.append("least <= ?")
        values.append(link_filter.max_confidence)
    return " and ".join(terms), values


Order = Literal["document", "doubt"]

OrderKey = tuple[int | float, int]

KEY_COLUMNS: dict[Order, str] = {"document": "place", "doubt": "queue"}
"""Sort column of each order; ties are sorted by id."""


def order_key(db: Database, key: str, link: int) -> OrderKey | None:
    """Sort key of the link in the order `key`; None if there is no such link."""
    row = db.conn.execute(f"select {key} from links where id = ?", (link,)).fetchone()
    return (row[0], link) if row else None


class LinkSource(NamedTuple):
    """SQL for the links of a filter: tables, the columns of sort key and id in them, the remaining condition."""

    tables: str
    key: str
    number: str
    condition: str
    values: list[object]


def link_source(db: Database, link_filter: LinkFilter, order: Order = "document") -> LinkSource:
    """SQL for the links of a filter. Matches of search terms are gathered first and cached for the next query."""
    if not search.parse(link_filter.text or ""):
        return LinkSource("links", KEY_COLUMNS[order], "id", *where(link_filter))
    search.gather(db, link_filter.text or "")
    if order == "doubt":
        search.gather_by_doubt(db)
    condition, values = where(replace(link_filter, text=None))
    tables = search.TABLES[order] if condition == "1" else f"{search.TABLES[order]} {search.JOIN}"
    return LinkSource(tables, search.KEYS[order], "h_id", condition, values)


def count(db: Database, link_filter: LinkFilter = ANY) -> int:
    """Number of links that match a filter."""
    tally_filter = exact_condition(link_filter)
    if tally_filter is not None:
        return int(
            db.conn.execute(
                f"select coalesce(sum(n), 0) from tallies where {tally_filter[0]}", tally_filter[1]
            ).fetchone()[0]
        )
    links_from = link_source(db, link_filter)
    return int(
        db.conn.execute(
            f"select count(*) from {links_from.tables} where {links_from.condition}", links_from.values
        ).fetchone()[0]
    )


def undecided(db: Database, link_filter: LinkFilter = ANY) -> tuple[int, float]:
    """Number of undecided links that match a filter, and the sum of their confidences."""
    tally_filter = exact_condition(link_filter)
    if tally_filter is not None:
        sql = f"select coalesce(sum(n), 0), total(total) from tallies where {tally_filter[0]} and status = 'proposed'"
        row = db.conn.execute(sql, tally_filter[1]).fetchone()
        return row[0], row[1]
    links_from = link_source(db, link_filter)
    if links_from.tables == search.TABLE:
        cached = search.gather(db, link_filter.text or "")
        if cached.gathered_at == cached.checked_at:
            return cached.undecided, cached.expected
    tables = search.JOINED if links_from.tables == search.TABLE else links_from.tables
    sql = f"select count(*), total(confidence) from {tables} where {links_from.condition} and status = 'proposed'"
    row = db.conn.execute(sql, links_from.values).fetchone()
    return row[0], row[1]


def ids_at(db: Database, rank: int, n: int, link_filter: LinkFilter = ANY, order: Order = "document") -> list[int]:
    """`n` link ids of a filter from 0-based `rank` in an order."""
    if rank < 0 or n < 1:
        return []
    tables, key, number, condition, values = link_source(db, link_filter, order)
    tally_filter = exact_condition(link_filter)
    if order == "document" and tally_filter is not None:
        start, rank = _bucket_at(db, rank, tally_filter)
        condition, values = f"place >= ? and {condition}", [start, *values]
    elif (total := count(db, link_filter)) < 2 * rank:  # nearer from the end
        stop = total - rank
        sql = f"select {number} from {tables} where {condition} order by {key} desc, {number} desc limit ? offset ?"
        rows = db.conn.execute(sql, [*values, min(n, stop), max(0, stop - n)]).fetchall() if stop > 0 else []
        return [row[0] for row in reversed(rows)]
    rows = db.conn.execute(
        f"select {number} from {tables} where {condition} order by {key}, {number} limit ? offset ?", [*values, n, rank]
    ).fetchall()
    return [row[0] for row in rows]


def adjacent_ids(
    db: Database,
    link: int,
    n: int,
    link_filter: LinkFilter = ANY,
    order: Order = "document",
    *,
    skip: int = 0,
    before: bool = False,
) -> list[int]:
    """`n` link ids of a filter after a link in an order, or before it, without the `skip` next to it; in that order."""
    sort_key = order_key(db, KEY_COLUMNS[order], link)
    if sort_key is None:
        return []
    tables, key, number, condition, values = link_source(db, link_filter, order)
    compare, direction = ("<", "desc") if before else (">", "asc")
    rows = db.conn.execute(
        f"""select {number} from {tables} where {condition} and ({key}, {number}) {compare} (?, ?)
            order by {key} {direction}, {number} {direction} limit ? offset ?""",
        [*values, *sort_key, n, skip],
    ).fetchall()
    link_ids = [row[0] for row in rows]
    return link_ids[::-1] if before else link_ids


def _bucket_at(db: Database, rank: int, tally_filter: Condition) -> tuple[int, int]:
    """First sort key of the bucket with the link of that rank, and the rank inside the bucket."""
    before = start = 0
    # Summed here, since a window function takes SQLite four times as long.
    for bucket, n in db.conn.execute(
        f"select bucket, sum(n) from tallies where {tally_filter[0]} group by bucket order by bucket", tally_filter[1]
    ):
        start = bucket << BUCKET_BITS
        if before + n > rank:
            return start, rank - before
        before += n
    return start + (1 << BUCKET_BITS), 0


def rank(db: Database, link: int, link_filter: LinkFilter = ANY, order: Order = "document") -> int | None:
    """Number of links of the filter before this one; None if the link does not exist."""
    sort_key = order_key(db, KEY_COLUMNS[order], link)
    if sort_key is None:
        return None
    tables, key, number, condition, values = link_source(db, link_filter, order)
    before = 0
    tally_filter = exact_condition(link_filter)
    if order == "document" and tally_filter is not None:
        bucket = int(sort_key[0]) >> BUCKET_BITS
        sql = f"select coalesce(sum(n), 0) from tallies where {tally_filter[0]} and bucket < ?"
        before = db.conn.execute(sql, [*tally_filter[1], bucket]).fetchone()[0]
        condition, values = f"place >= ? and {condition}", [bucket << BUCKET_BITS, *values]
    sql = f"select count(*) from {tables} where {condition} and ({key}, {number}) < (?, ?)"
    return before + int(db.conn.execute(sql, [*values, *sort_key]).fetchone()[0])


def next_id(
    db: Database, after: int | None, link_filter: LinkFilter = ANY, order: Order = "document", *, wrap: bool = True
) -> int | None:
    """Id of the first link of the filter after link `after` in the order, from the start again if there is none."""
    sort_key = order_key(db, KEY_COLUMNS[order], after) if after is not None else None
    link_id = _first_after(db, sort_key, link_filter, order)
    if link_id is None and sort_key is not None and wrap:
        link_id = _first_after(db, None, link_filter, order)
    return link_id


def _first_after(db: Database, sort_key: OrderKey | None, link_filter: LinkFilter, order: Order) -> int | None:
    tables, key, number, condition, values = link_source(db, link_filter, order)
    after_condition, start = (
        ("1", list[object]()) if sort_key is None else (f"({key}, {number}) > (?, ?)", list(sort_key))
    )
    if order == "doubt" or tables != "links":
        sql = f"select {number} from {tables} where {after_condition} and {condition} order by {key}, {number} limit 1"
        row = db.conn.execute(sql, [*start, *values]).fetchone()
        return row[0] if row else None
    # Bucket by bucket, skipping those without a possible match.
    possible, parameters = possible_condition(link_filter)
    bucket = -1 if sort_key is None else int(sort_key[0]) >> BUCKET_BITS
    buckets = db.conn.execute(
        f"select distinct bucket from tallies where bucket >= ? and {possible} order by bucket", [bucket, *parameters]
    ).fetchall()
    sql = f"""select id from links where place >= ? and place < ? and {after_condition} and {condition}
        order by place, id limit 1"""
    for (bucket_number,) in buckets:
        low, high = bucket_number << BUCKET_BITS, (bucket_number + 1) << BUCKET_BITS
        row = db.conn.execute(sql, [low, high, *start, *values]).fetchone()
        if row:
            return int(row[0])
    return None


SHARED_DOUBT: Final = 0.2
"""Share of the common doubt of two neighbours that a fix of one of them removes."""

PAIR_BITS: Final = 22
"""`links.place >> PAIR_BITS` is the pair of documents; see `decision_log.TARGET_FACTOR`."""


_DOUBT = "(1.0 - confidence)"

_SHARED = f"(min({_DOUBT}, 1.0 - coalesce(above, 1.0)) + min({_DOUBT}, 1.0 - coalesce(below, 1.0)))"

_VALUE = f"-({_DOUBT} + {SHARED_DOUBT} * {_SHARED})"

_UPDATE = f"""update links set queue = found.value from (
        select id, {_VALUE} as value, place as at from (
            select id, place, confidence, lag(confidence) over text as above, lead(confidence) over text as below
            from links where place >= ? and place <= ?
            window text as (partition by place >> {PAIR_BITS} order by place, id)
        ) where place >= ? and place <= ?
    ) as found where links.id = found.id and links.queue <> found.value"""


def queue_values(confidences: Sequence[float]) -> list[float]:
    """Queue values of all links between two documents, from their confidences in document order."""
    doubts = [1.0 - confidence for confidence in confidences]
    values = []
    above = 0.0
    for doubt, below in zip(doubts, [*doubts[1:], 0.0], strict=False):
        shared = min(doubt, above) + min(doubt, below)
        values.append(-(doubt + SHARED_DOUBT * shared))
        above = doubt
    return values


def refresh(db: Database, buckets: Iterable[int]) -> None:
    """Recompute the values in and next to these buckets (`2 ** BUCKET_BITS` sentences), whose links changed."""
    for bucket in set(buckets):
        start, stop = bucket << BUCKET_BITS, (bucket + 1) << BUCKET_BITS
        pair = start >> PAIR_BITS
        low, high = pair << PAIR_BITS, (pair + 1) << PAIR_BITS
        first, last = _before(db, start, low), _after(db, stop - 1, high)
        # The neighbours' values change too, and depend on their own neighbours.
        db.conn.execute(_UPDATE, (_before(db, first, low), _after(db, last, high), first, last))


def _before(db: Database, position: int, low: int) -> int:
    sql = "select max(place) from links where place >= ? and place < ?"
    row = db.conn.execute(sql, (low, position)).fetchone()
    return position if row[0] is None else int(row[0])


def _after(db: Database, position: int, high: int) -> int:
    sql = "select min(place) from links where place > ? and place < ?"
    row = db.conn.execute(sql, (position, high)).fetchone()
    return position if row[0] is None else int(row[0])


def refresh_range(db: Database, low: int, high: int) -> None:
    """Recompute all links with sort keys in [low, high), which must cover whole pairs of documents."""
    db.conn.execute(_UPDATE, (low, high - 1, low, high - 1))


def refresh_all(db: Database) -> None:
    """Recompute all links."""
    row = db.conn.execute("select min(place), max(place) from links").fetchone()
    if row[0] is not None:
        refresh_range(db, row[0], row[1] + 1)
