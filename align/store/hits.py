"""Cache of the links that match a search, in temporary tables of the connection.

A term that half a million links contain takes a second to search for, and a list that is paged, counted and jumped
in would search at every step. Links are gathered once per query, in both orders, and again only after a decision
that changes links or texts; verdicts, notes and bookmarks change neither.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlite_utils import Database

from align.store import search
from align.store.actions import Action, Trait

TEXT_KEEPING_ACTIONS: Final = tuple(sorted(Action.having(Trait.KEEPS_TEXT)))
"""Actions that leave links and their texts unchanged."""
TABLE: Final = "temp.hits"
TABLES: Final = {"document": TABLE, "doubt": "temp.hits_by_doubt"}
KEYS: Final = {"document": "h_place", "doubt": "h_queue"}
JOIN: Final = "cross join links on links.id = h_id"
JOINED: Final = f"{TABLE} {JOIN}"
COMMON_TERM_SENTENCES: Final = 50_000
"""Minimum number of sentences with a common term: scanning all links is then faster than looking up each."""


class CachedHits(NamedTuple):
    """State of the cache: the query, the decisions it covers, and the undecided links in it."""

    query: str
    gathered_at: int
    """Last decision when the links were gathered; later verdicts may have changed which are undecided."""
    checked_at: int
    """Last decision that was checked."""
    undecided: int
    expected: float


def gather(db: Database, query: str) -> CachedHits:
    """Fill `temp.hits` with the links of a query in document order, with their status and confidence at that time."""
    latest = db.conn.execute("select coalesce(max(id), 0) from decisions").fetchone()[0]
    cached = _load_cached(db)
    if cached and cached.query == query and (cached.checked_at == latest or _same_words(db, cached.checked_at)):
        db.conn.execute("update temp.hits_of set known = ?", (latest,))
        return cached._replace(checked_at=latest)
    conditions, values = [], list[object]()
    for term in search.parse(query):
        sql, parameters = search.links_with(term)
        conditions.append(f"id in ({sql})")
        values += parameters
    for table in ("hits", "hits_by_doubt", "hits_of"):
        db.conn.execute(f"drop table if exists temp.{table}")
    db.conn.execute(
        """create temp table hits (
            h_place integer, h_id integer, h_status text, h_confidence real,
            primary key (h_place, h_id)) without rowid"""
    )
    # For common terms, scan all links in order of the covering index: no sort is needed.
    index_hint = "indexed by links_place" if all(_is_common(db, term) for term in search.parse(query)) else ""
    db.conn.execute(
        f"""insert into temp.hits select place, id, status, confidence from links {index_hint}
            where {" and ".join(conditions) or "1"} order by place, id""",
        values,
    )
    undecided, expected = db.conn.execute(
        f"select count(*), total(h_confidence) from {TABLE} where h_status = 'proposed'"
    ).fetchone()
    db.conn.execute("create temp table hits_of (query text, gathered int, known int, amount int, expected real)")
    cached = CachedHits(query, latest, latest, undecided, expected)
    db.conn.execute("insert into temp.hits_of values (?, ?, ?, ?, ?)", cached)
    return cached


def _is_common(db: Database, term: search.Term) -> bool:
    """Whether more than `COMMON_TERM_SENTENCES` sentences contain the term."""
    sql, values = search.sentences_with(term)
    return (
        int(db.conn.execute(f"select count(*) from ({sql} limit {COMMON_TERM_SENTENCES + 1})", values).fetchone()[0])
        > COMMON_TERM_SENTENCES
    )


def gather_by_doubt(db: Database) -> None:
    """Fill `temp.hits_by_doubt` (h_queue, h_id): the same links in doubt order."""
    if db.conn.execute("select 1 from temp.sqlite_master where name = 'hits_by_doubt'").fetchone():
        return
    db.conn.execute(
        "create temp table hits_by_doubt (h_queue real, h_id integer, primary key (h_queue, h_id)) without rowid"
    )
    db.conn.execute(f"insert into temp.hits_by_doubt select queue, id from {JOINED} order by 1, 2")


def _load_cached(db: Database) -> CachedHits | None:
    if not db.conn.execute("select 1 from temp.sqlite_master where name = 'hits_of'").fetchone():
        return None
    row = db.conn.execute("select query, gathered, known, amount, expected from temp.hits_of").fetchone()
    return CachedHits(*row) if row else None


def _same_words(db: Database, since: int) -> bool:
    """Whether the decisions after `since` left links and texts unchanged."""
    marks = ", ".join("?" * len(TEXT_KEEPING_ACTIONS))
    other = db.conn.execute(
        f"""select 1 from decisions where id > ?
            and case when action in ('undo', 'redo') then json_extract(detail, '$.action') else action end
                not in ({marks}) limit 1""",
        (since, *TEXT_KEEPING_ACTIONS),
    ).fetchone()
    return other is None
