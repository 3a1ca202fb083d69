"""One decision on many links, told to SQLite as a whole instead of link by link."""

from __future__ import annotations

from sqlite_utils import Database

from align.errors import ConflictError
from align.store import tallies
from align.store.clock import now
from align.store.filter import LinkFilter, where
from align.store.log import append
from align.store.rows import Change

ACCEPTED = "case when src_text is null and tgt_text is null then 'accepted' else 'edited' end"


def accept_many(db: Database, reviewer: str, chosen: LinkFilter, *, above: float | None, through: int | None) -> Change:
    """Accept undecided links of a filter as one decision with a patch a link. Runs inside the caller's `writing`."""
    condition, values = where(chosen)
    condition += " and status = 'proposed'"
    detail: dict[str, object] = {}
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
    sql = (
        f"select distinct place >> {tallies.SHIFT} from links where id in (select link from patches where decision = ?)"
    )
    tallies.refresh(db, [row[0] for row in db.conn.execute(sql, (decision.id,))])
    return Change(tuple(links), decision, None, f"accepted {len(links):,} links")
