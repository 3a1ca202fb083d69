"""Unresolved conflicts: contradictory decisions of merged copies, or differences to an imported file.

A link has open conflicts while its `attention` is `conflict`; its rows here have both versions. `unite` writes the
rows of other copies. A difference to a file is also in the log, in the detail of a decision `conflict`, and its row
is updated with undo and redo of that decision.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from align.errors import UsageError
from align.models import Decision
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import read_patches, settling
from align.store.merge.replica import Entry
from align.store.records import Conflict, storable

IMPORT_ACTION = "import"
"""Value of `action` in rows of imported files."""


class ConflictRow(NamedTuple):
    """One decision in conflict about a link, compared with another decision or with the link's current state."""

    link: int
    uid: str
    at: str
    reviewer: str
    action: str
    ours: dict[str, object]
    theirs: dict[str, object]
    name: str
    by: str | None
    """Who decided `ours`; None if that is the link's current state."""
    decisions: list[str]
    """Uids of all decisions on the link that are out of force."""


def unresolved(db: Database, link: int | None = None) -> list[Conflict]:
    """Unresolved conflicts in document order, of one link or all."""
    condition, values = ("1", []) if link is None else ("link = ?", [link])
    rows = db.conn.execute(
        f"""select link, at, conflicts.reviewer, action, ours, theirs, name, links.id is null,
                   contested ->> '$.by', contested is not null and contested ->> '$.by' is null,
                   status, kind, note, src_text, tgt_text from conflicts
            left join links on links.id = link
            where (attention = 'conflict' or links.id is null) and dismissed is null and {condition}
            order by place, link, at""",
        values,
    ).fetchall()
    conflicts = []
    for number, at, reviewer, action, ours, theirs, name, is_deleted, by, is_current, *now in rows:
        columns = json.loads(ours)
        if is_current and not is_deleted:  # A note or kind may have been given since, which decides nothing.
            current = dict(zip(("status", "kind", "note", "src_text", "tgt_text"), now, strict=True))
            columns |= {column: current[column] for column in columns.keys() & current.keys()}
        conflicts.append(Conflict(number, at, reviewer, action, columns, json.loads(theirs), name, is_deleted == 1, by))
    return conflicts


def replace(db: Database, rows: Sequence[ConflictRow]) -> int:
    """Replace the unresolved conflicts of earlier merges by those of this one; returns the number of new ones."""
    unresolved_condition = "contested is not null and dismissed is null"
    before = set(db.conn.execute(f"select link, uid from conflicts where {unresolved_condition}"))
    db.conn.execute(f"delete from conflicts where {unresolved_condition}")
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
    """Update the rows of imported files after a merge: (link, decision, whether it is unresolved; None: undone)."""
    for link, entry, waits in contests:
        if waits is None:
            db.conn.execute("delete from conflicts where uid = ? and action = ?", (entry.uid, IMPORT_ACTION))
            continue
        ours, theirs = (json.dumps(entry.detail[side]) for side in ("ours", "theirs"))
        db.conn.execute(
            """insert into conflicts (link, uid, at, reviewer, action, ours, theirs, name)
               values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (link, uid) do nothing""",
            (link, entry.uid, entry.at, entry.reviewer, IMPORT_ACTION, ours, theirs, entry.detail["name"]),
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
    extra_detail: Mapping[str, object],
) -> tuple[Decision, tuple[int, ...]] | None:
    """Record that the file `name` has other columns for the link. None if that conflict is open already.

    `extra_detail`: further fields of the log entry. Call inside `writing`. Raises ConflictError if the link was
    deleted.
    """
    name = storable(name)
    own_columns, file_columns = (
        {column: storable(value) for column, value in columns.items()} for columns in (ours, theirs)
    )
    if any(
        (existing.action, existing.name, existing.theirs) == (IMPORT_ACTION, name, file_columns)
        for existing in unresolved(db, link)
    ):
        return None
    draft = DecisionDraft(db, reviewer)
    draft.change(link, attention="conflict")
    draft.touch_columns(link, "attention")  # recorded even if unchanged, so that undo finds this decision
    detail: dict[str, object] = {"name": name, "ours": own_columns, "theirs": file_columns}
    decision, touched = draft.close("conflict", link=link, detail={**extra_detail, **detail})
    update_conflicts(db, decision)
    return decision, touched


def dismiss(db: Database, reviewer: str, link: int) -> tuple[Decision, tuple[int, ...]]:
    """Dismiss the conflicts; the link is unchanged. Call inside `writing`. Raises UsageError if it has none."""
    if not unresolved(db, link):
        raise UsageError(f"link {link} has no conflict. `align store conflicts` lists them.")
    draft = DecisionDraft(db, reviewer)
    if draft.present(link):
        draft.change(link, attention=None)
    else:
        draft.detail |= settling(db, [link])
    decision, touched = draft.close("dismiss", link=link)
    update_conflicts(db, decision)
    return decision, touched


def update_conflicts(db: Database, decision: Decision) -> None:
    """Update the rows for a decision just written, and for the decision that it undoes or redoes."""
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
        db.conn.execute(
            "delete from conflicts where link = ? and uid = ? and action = ?", (done.link, done.uid, IMPORT_ACTION)
        )


def _enter(db: Database, decision: Decision) -> None:
    if decision.action == "dismiss":
        _close(db, decision)
    elif decision.action == "conflict" and "theirs" in decision.detail:
        if not _was_in_conflict(db, decision):
            _close(db, decision)
        ours, theirs = (json.dumps(decision.detail[side]) for side in ("ours", "theirs"))
        db.conn.execute(
            """insert into conflicts (link, uid, at, reviewer, action, ours, theirs, name)
               values (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                decision.link,
                decision.uid,
                decision.at,
                decision.reviewer,
                IMPORT_ACTION,
                ours,
                theirs,
                decision.detail["name"],
            ),
        )


def _was_in_conflict(db: Database, decision: Decision) -> bool:
    """Whether the link was in conflict before; if not, its earlier conflict rows are resolved."""
    was = next((was for link, was, _ in read_patches(db, decision.id) if link == decision.link), None)
    return was is not None and was.get("attention") == "conflict"


def _close(db: Database, decision: Decision) -> None:
    db.conn.execute(
        "update conflicts set dismissed = ? where link = ? and dismissed is null", (decision.uid, decision.link)
    )
