"""Doubt order: links sorted by the number of mistakes that a reviewer is expected to find by looking at them.

A link of confidence p is wrong with probability q = 1 - p. Two links that share a boundary are wrong together if
the boundary is, so a fix of one with a realignment also fixes the neighbour; this is assumed for `SHARED_DOUBT` of
the smaller of the two doubts. The expected number of mistakes is

    q + SHARED_DOUBT * (min(q, q above) + min(q, q below))

`links.queue` is its negative, so that the first link has the smallest value. It depends only on the confidences of
the links between two documents, not on decisions: the order does not change during the review. `benchmarks.queue`
compares it with other orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlite_utils import Database

from align.store.tallies import BUCKET_BITS

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
