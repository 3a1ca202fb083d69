"""The links with the words that are looked for, kept beside the connection while they are paged through.

A word that stands in half of a million links takes a second to gather; a list that is paged through, counted and
jumped in would gather them at every step. They are gathered once, in both orders, and anew when links or texts changed:
a verdict, a note or a bookmark changes neither.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlite_utils import Database

from align.store import search

HARMLESS: Final = ("accept", "reject", "reopen", "unlink", "anchor", "unanchor", "kind", "note", "bookmark",
                   "accept-many", "dismiss")  # fmt: skip
"""Decisions after which the same links have the same words."""
TABLE: Final = "temp.hits"
JOINED: Final = f"{TABLE} cross join links on links.id = h_id"
KEYS: Final = {"document": "h_place", "doubt": "h_queue"}


class Kept(NamedTuple):
    """What is gathered: for which query, up to which decision, and what of it is undecided."""

    query: str
    gathered: int
    """The latest decision when they were gathered; verdicts since may have changed what is undecided."""
    known: int
    """The latest decision that was looked at."""
    left: int
    expected: float


def gather(db: Database, query: str) -> Kept:
    """Have the links of a query in `temp.hits`: (h_place, h_id, h_queue), in document order."""
    latest = db.conn.execute("select coalesce(max(id), 0) from decisions").fetchone()[0]
    kept = _kept(db)
    if kept and kept.query == query and (kept.known == latest or _same_words(db, kept.known)):
        db.conn.execute("update temp.hits_of set known = ?", (latest,))
        return kept._replace(known=latest)
    conditions, values = [], list[object]()
    for term in search.parse(query):
        sql, parameters = search.links_with(term)
        conditions.append(f"id in ({sql})")
        values += parameters
    for statement in ("drop table if exists temp.hits", "drop table if exists temp.hits_of"):
        db.conn.execute(statement)
    db.conn.execute(
        """create temp table hits (
            h_place integer, h_id integer, h_queue real, primary key (h_place, h_id)) without rowid"""
    )
    db.conn.execute(
        f"""insert into temp.hits select place, id, queue from links where {" and ".join(conditions) or "1"}
            order by place, id""",
        values,
    )
    left, expected = db.conn.execute(
        f"select count(*), total(confidence) from {JOINED} where status = 'proposed'"
    ).fetchone()
    db.conn.execute("create temp table hits_of (query text, gathered int, known int, amount int, expected real)")
    kept = Kept(query, latest, latest, left, expected)
    db.conn.execute("insert into temp.hits_of values (?, ?, ?, ?, ?)", kept)
    return kept


def by_doubt(db: Database) -> None:
    """Have them in the order of doubt too."""
    db.conn.execute("create index if not exists temp.hits_queue on hits (h_queue, h_id)")


def _kept(db: Database) -> Kept | None:
    if not db.conn.execute("select 1 from temp.sqlite_master where name = 'hits_of'").fetchone():
        return None
    row = db.conn.execute("select query, gathered, known, amount, expected from temp.hits_of").fetchone()
    return Kept(*row) if row else None


def _same_words(db: Database, known: int) -> bool:
    """Whether the decisions after this one left links and texts as they were."""
    marks = ", ".join("?" * len(HARMLESS))
    other = db.conn.execute(
        f"""select 1 from decisions where id > ?
            and case when action in ('undo', 'redo') then json_extract(detail, '$.action') else action end
                not in ({marks}) limit 1""",
        (known, *HARMLESS),
    ).fetchone()
    return other is None
