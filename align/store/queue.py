"""The order of doubt: where a look of the reviewer is expected to find the most mistakes.

A link of confidence p is wrong with probability q = 1 - p. Looking at it finds that mistake; and since two links that
share a boundary are wrong together when the boundary is, a fix here puts the neighbour right too when what lies around
it is solved again. `SHARED` of the smaller of two neighbours' doubts is taken to be mended so. A look is expected to
find

    q + SHARED * (min(q, q above) + min(q, q below))

mistakes: `links.queue`, negative, so that what comes first is smallest. It follows from the confidences of the links
between two documents alone, not from what was decided: the queue stands still while it is worked off.
`benchmarks.queue` holds it against other orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlite_utils import Database

from align.store.tallies import SHIFT

SHARED: Final = 0.2
"""How much of two neighbours' common doubt a fix of one of them mends."""
PAIR: Final = 22
"""`links.place >> PAIR` is the pair of documents; see `log.TARGET`."""

_DOUBT = "(1.0 - confidence)"
_SHARED = f"(min({_DOUBT}, 1.0 - coalesce(above, 1.0)) + min({_DOUBT}, 1.0 - coalesce(below, 1.0)))"
_VALUE = f"-({_DOUBT} + {SHARED} * {_SHARED})"
_UPDATE = f"""update links set queue = found.value from (
        select id, {_VALUE} as value, place as at from (
            select id, place, confidence, lag(confidence) over text as above, lead(confidence) over text as below
            from links where place >= ? and place <= ?
            window text as (partition by place >> {PAIR} order by place, id)
        ) where place >= ? and place <= ?
    ) as found where links.id = found.id and links.queue <> found.value"""


def queue(confidences: Sequence[float]) -> list[float]:
    """The values of all links between two documents, whose confidences stand in the order of the text."""
    doubts = [1.0 - confidence for confidence in confidences]
    found = []
    above = 0.0
    for doubt, below in zip(doubts, [*doubts[1:], 0.0], strict=False):
        shared = min(doubt, above) + min(doubt, below)
        found.append(-(doubt + SHARED * shared))
        above = doubt
    return found


def refresh(db: Database, buckets: Iterable[int]) -> None:
    """Reckon anew what stands in and beside these stretches of text (`tallies.SHIFT`), whose links became others."""
    for bucket in set(buckets):
        start, stop = bucket << SHIFT, (bucket + 1) << SHIFT
        pair = start >> PAIR
        low, high = pair << PAIR, (pair + 1) << PAIR
        first, last = _before(db, start, low), _after(db, stop - 1, high)
        # The values of the neighbours change too, and theirs have neighbours of their own.
        db.conn.execute(_UPDATE, (_before(db, first, low), _after(db, last, high), first, last))


def _before(db: Database, place: int, low: int) -> int:
    sql = "select max(place) from links where place >= ? and place < ?"
    row = db.conn.execute(sql, (low, place)).fetchone()
    return place if row[0] is None else int(row[0])


def _after(db: Database, place: int, high: int) -> int:
    sql = "select min(place) from links where place > ? and place < ?"
    row = db.conn.execute(sql, (place, high)).fetchone()
    return place if row[0] is None else int(row[0])


def refresh_range(db: Database, low: int, high: int) -> None:
    """Reckon the links of the places from `low` to before `high` anew: whole pairs of documents."""
    db.conn.execute(_UPDATE, (low, high - 1, low, high - 1))


def refresh_all(db: Database) -> None:
    """Reckon every link anew."""
    row = db.conn.execute("select min(place), max(place) from links").fetchone()
    if row[0] is not None:
        refresh_range(db, row[0], row[1] + 1)
