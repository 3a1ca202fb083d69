"""Conflicts that wait for a reviewer: decisions of merged copies that do not agree, or what a file says of a link.

A link waits while its `attention` is `conflict`; its rows here have both sides. Rows of another copy are written by
`unite`. What a file says is in the log too, in the detail of a decision `conflict`: its row comes and goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from align.domain import Decision
from align.errors import UsageError
from align.store.charset import storable
from align.store.ledger import Ledger, settling
from align.store.log import read_patches
from align.store.replica import Entry
from align.store.rows import Conflict

FILE = "import"
"""What the `action` of a row is where a file says otherwise."""


class Row(NamedTuple):
    """What a decision that is in conflict about a link says of it, against another one or what the link is."""

    link: int
    uid: str
    at: str
    reviewer: str
    action: str
    ours: dict[str, object]
    theirs: dict[str, object]
    name: str
    by: str | None
    """Who decided `ours`; None where that is what the link is."""
    decisions: list[str]
    """The uids of all decisions on the link that are out of force."""


def waiting(db: Database, link: int | None = None) -> list[Conflict]:
    """Those that nobody has chosen yet, in document order; of one link, or all."""
    chosen, values = ("1", []) if link is None else ("link = ?", [link])
    rows = db.conn.execute(
        f"""select link, at, conflicts.reviewer, action, ours, theirs, name, links.id is null,
                   json_extract(contested, '$.by') from conflicts
            left join links on links.id = link
            where (attention = 'conflict' or links.id is null) and dismissed is null and {chosen}
            order by place, link, at""",
        values,
    ).fetchall()
    return [
        Conflict(number, at, reviewer, action, json.loads(ours), json.loads(theirs), name, gone == 1, by)
        for number, at, reviewer, action, ours, theirs, name, gone, by in rows
    ]


def replace(db: Database, rows: Sequence[Row]) -> int:
    """Put the conflicts that a merge leaves in the place of those that merges left before; returns how many are new."""
    waiting = "contested is not null and dismissed is null"
    before = set(db.conn.execute(f"select link, uid from conflicts where {waiting}"))
    db.conn.execute(f"delete from conflicts where {waiting}")
    db.conn.executemany(
        """insert or replace into conflicts (link, uid, at, reviewer, action, ours, theirs, name, contested)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            (*row[:5], json.dumps(row.ours), json.dumps(row.theirs), row.name,
             json.dumps({"by": row.by, "decisions": row.decisions}))
            for row in rows
        ),
    )  # fmt: skip
    return len({(row.link, row.uid) for row in rows} - before)


def restate(db: Database, contests: Iterable[tuple[int, Entry, bool | None]]) -> None:
    """Bring what files say otherwise to what a merge made of it: (link, decision, whether it waits; None: undone)."""
    for link, entry, waits in contests:
        if waits is None:
            db.conn.execute("delete from conflicts where uid = ? and action = ?", (entry.uid, FILE))
            continue
        ours, theirs = (json.dumps(entry.detail[side]) for side in ("ours", "theirs"))
        db.conn.execute(
            """insert into conflicts (link, uid, at, reviewer, action, ours, theirs, name)
               values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (link, uid) do nothing""",
            (link, entry.uid, entry.at, entry.reviewer, FILE, ours, theirs, entry.detail["name"]),
        )
        db.conn.execute(
            "update conflicts set dismissed = iif(?, null, coalesce(dismissed, uid)) where link = ? and uid = ?",
            (waits, link, entry.uid),
        )


def contest(
    db: Database,
    reviewer: str,
    link: int,
    name: str,
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    more: Mapping[str, object],
) -> tuple[Decision, tuple[int, ...]] | None:
    """The file `name` has other columns than the link: it waits for a reviewer. None where it waits for that already.

    `more` is what else the log tells. Runs inside the caller's `writing`. Raises ConflictError where the link is no
    more.
    """
    name = storable(name)
    here, there = ({column: storable(value) for column, value in told.items()} for told in (ours, theirs))
    if any((known.action, known.name, known.theirs) == (FILE, name, there) for known in waiting(db, link)):
        return None
    ledger = Ledger(db, reviewer)
    ledger.change(link, attention="conflict")
    ledger.say(link, "attention")  # It may wait already, for another reason: undo is to find this one all the same.
    detail: dict[str, object] = {"name": name, "ours": here, "theirs": there}
    decision, touched = ledger.close("conflict", link=link, detail={**more, **detail})
    follow(db, decision)
    return decision, touched


def dismiss(db: Database, reviewer: str, link: int) -> tuple[Decision, tuple[int, ...]]:
    """The link stays as it is. Runs inside the caller's `writing`. Raises UsageError where it has no conflict."""
    if not waiting(db, link):
        raise UsageError(f"link {link} has no conflict. `align store conflicts` lists them.")
    ledger = Ledger(db, reviewer)
    if ledger.present(link):
        ledger.change(link, attention=None)
    else:
        ledger.detail |= settling(db, [link])
    decision, touched = ledger.close("dismiss", link=link)
    follow(db, decision)
    return decision, touched


def follow(db: Database, decision: Decision) -> None:
    """Bring the rows to a decision that was just written, and to those that it takes back or brings back."""
    if decision.action not in ("undo", "redo"):
        _enter(db, decision)
        return
    row = db.conn.execute(
        """select done.id, done.uid, done.at, done.reviewer, done.action, done.link, done.detail
           from decisions as done join decisions as turn on turn.target = done.id where turn.id = ?""",
        (decision.id,),
    ).fetchone()
    if row is None:
        return
    id_, uid, at, reviewer, action, link, detail = row
    done = Decision(id_, uid, at, reviewer, action, link, json.loads(detail))
    if decision.action == "undo":
        db.conn.execute("update conflicts set dismissed = null where dismissed = ?", (done.uid,))
    if decision.action == "redo":
        _enter(db, done)
    elif done.action in ("conflict", "dismiss"):
        db.conn.execute("delete from conflicts where link = ? and uid = ? and action = ?", (done.link, done.uid, FILE))


def _enter(db: Database, decision: Decision) -> None:
    if decision.action == "dismiss":
        _close(db, decision)
    elif decision.action == "conflict" and "theirs" in decision.detail:
        if not _waited(db, decision):
            _close(db, decision)
        ours, theirs = (json.dumps(decision.detail[side]) for side in ("ours", "theirs"))
        db.conn.execute(
            """insert into conflicts (link, uid, at, reviewer, action, ours, theirs, name)
               values (?, ?, ?, ?, ?, ?, ?, ?)""",
            (decision.link, decision.uid, decision.at, decision.reviewer, FILE, ours, theirs, decision.detail["name"]),
        )


def _waited(db: Database, decision: Decision) -> bool:
    """Whether the link waited for a reviewer before; where not, whatever stood against it is settled."""
    was = next((was for link, was, _ in read_patches(db, decision.id) if link == decision.link), None)
    return was is not None and was.get("attention") == "conflict"


def _close(db: Database, decision: Decision) -> None:
    db.conn.execute(
        "update conflicts set dismissed = ? where link = ? and dismissed is null", (decision.uid, decision.link)
    )
