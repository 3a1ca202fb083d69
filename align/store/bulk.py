"""One decision on many links, told to SQLite as a whole instead of link by link."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlite_utils import Database

from align.clock import now
from align.domain import Decision
from align.errors import ConflictError, EmptyDecisionError
from align.store import tallies
from align.store.filter import LinkFilter, where
from align.store.log import State, append
from align.store.rows import Change
from align.text.counted import counted

ACCEPTED = "case when src_text is null and tgt_text is null then 'accepted' else 'edited' end"


def accept_many(
    db: Database,
    reviewer: str,
    chosen: LinkFilter,
    more: Mapping[str, object],
    *,
    above: float | None,
    through: int | None,
) -> Change:
    """Accept undecided links of a filter as one decision with a patch a link. Runs inside the caller's `writing`.
    `more` is what the log tells beside how they were chosen.

    Raises EmptyDecisionError where there are none.
    """
    condition, values = where(chosen)
    condition += " and status = 'proposed'"
    detail = dict(more)
    if above is not None:
        condition += " and confidence >= ?"
        values.append(above)
        detail["above"] = above
    if through is not None:
        row = db.conn.execute("select place from links where id = ?", (through,)).fetchone()
        if row is None:
            raise ConflictError(f"link {through} is no more: another decision took it away. Look again.")
        condition += " and (place, id) <= (?, ?)"
        values += [row[0], through]
        detail["through"] = through
    at = now()
    links = [row[0] for row in db.conn.execute(f"select id from links where {condition} order by place, id", values)]
    if not links:
        raise EmptyDecisionError("nothing to accept: no link like that is undecided.")
    detail["links"] = len(links)
    decision = append(db, reviewer, "accept-many", at=at, link=through, detail=detail)
    db.conn.execute(
        f"""insert into patches (decision, link, was, now)
            select ?, id,
                json_object('status', status, 'reviewer', reviewer, 'decided_at', decided_at, 'attention', attention),
                json_object('status', {ACCEPTED}, 'reviewer', ?, 'decided_at', ?, 'attention', null)
            from links where {condition} order by id""",
        [decision.id, reviewer, at, *values],
    )
    db.conn.execute(
        f"""update links set status = {ACCEPTED}, reviewer = ?, decided_at = ?, attention = null, version = version + 1
            where id in (select link from patches where decision = ?)""",
        (reviewer, at, decision.id),
    )
    refresh_touched(db, decision.id)
    return Change(tuple(links), decision, None, f"accepted {counted(len(links), 'link')}")


def refresh_touched(db: Database, decision: int) -> None:
    """Count the buckets of the links that a decision touched anew."""
    sql = (
        f"select distinct place >> {tallies.SHIFT} from links where id in (select link from patches where decision = ?)"
    )
    tallies.refresh(db, [row[0] for row in db.conn.execute(sql, (decision,))])


ALIKE = 20
"""So many different patches may a decision on many links have to be turned round as a whole."""


def turn_alike(
    db: Database, reviewer: str, target: int, action: str, more: Mapping[str, object]
) -> tuple[Decision, tuple[int, ...]] | None:
    """Append an `undo` or `redo` of a decision that did the same few things to many links; `more`: what else the log
    says.

    None where it is not such a decision. Raises ConflictError where links changed since.
    """
    groups = db.conn.execute(
        "select was, now, count(*) from patches where decision = ? group by was, now limit ?", (target, ALIKE + 1)
    ).fetchall()
    many = sum(count for _, _, count in groups) > 10 * ALIKE and len(groups) <= ALIKE
    if not many or any(
        state is None or '"src"' in state or '"tgt"' in state for was, now_, _ in groups for state in (was, now_)
    ):
        return None
    told = db.conn.execute("select action, link from decisions where id = ?", (target,)).fetchone()
    decision = append(db, reviewer, action, link=told[1], target=target, detail={"action": told[0], **more})
    for was, now_, count in groups:
        before, after = (now_, was) if action == "undo" else (was, now_)
        _turn_group(db, target, (was, now_), json.loads(before), json.loads(after), count, told[0])
    turned = "now, was" if action == "undo" else "was, now"
    db.conn.execute(
        f"insert into patches (decision, link, was, now) select ?, link, {turned} from patches where decision = ?",
        (decision.id, target),
    )
    refresh_touched(db, decision.id)
    rows = db.conn.execute("select link from patches where decision = ? order by link", (decision.id,))
    return decision, tuple(row[0] for row in rows)


def _turn_group(
    db: Database, target: int, group: tuple[str, str], before: State, after: State, count: int, told: str
) -> None:
    """Bring the links that `target` changed in one way to `after`; all of them must still be as in `before`."""
    inside = "id in (select link from patches where decision = ? and was = ? and now = ?)"
    same = " and ".join(f"{column} is ?" for column in before)
    sets = ", ".join(f"{column} = ?" for column in after)
    changed = db.conn.execute(
        f"update links set {sets}, version = version + 1 where {inside} and {same}",
        [*after.values(), target, *group, *before.values()],
    ).rowcount
    if changed != count:
        raise ConflictError(
            f"cannot take back {told!r}: {count - changed:,} of its links changed since. Decide them anew."
        )
