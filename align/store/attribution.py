"""Who changed or removed a link, how and when: the words of refusals."""

from __future__ import annotations

from sqlite_utils import Database

from align.clock import local_time
from align.store.actions import past_tense


def who_changed(db: Database, link: int, versions: int, called: str = "this link") -> str:
    """`B rejected this link at 12:05`: the last verdict among the last `versions` changes of a link, else the last."""
    rows = db.conn.execute(
        """select reviewer, action, at, json_extract(was, '$.status'), json_extract(now, '$.status')
           from patches join decisions on decisions.id = decision
           where patches.link = ? order by decision desc limit ?""",
        (link, max(1, versions)),
    ).fetchall()
    if not rows:
        return f"{called} came with a new proposal"
    reviewer, action, at, before, after = next((row for row in rows if row[3] != row[4]), rows[0])
    verdict = {"proposed": "reopened"}.get(after, after) if before != after else None
    done = f"{verdict} {called}" if verdict else f"changed {called} ({past_tense(action)})"
    return f"{reviewer} {done} at {local_time(at)}"


def who_removed(db: Database, link: int) -> str:
    """Who took a link away, how and when."""
    row = db.conn.execute(
        """select reviewer, action, at from patches join decisions on decisions.id = decision
           where patches.link = ? and now is null order by decision desc limit 1""",
        (link,),
    ).fetchone()
    if row is None:
        return "a new proposal took it away"
    return f"{row[0]} took it away at {local_time(row[2])} ({past_tense(row[1])})"


def removed_by(db: Database, link: int) -> str:
    """What took a link away, in words."""
    row = db.conn.execute(
        """select action, reviewer, json_extract(detail, '$.name') from decisions
           where id = (select max(decision) from patches where link = ? and now is null)""",
        (link,),
    ).fetchone()
    if row is None:
        return "a new proposal took it away"
    action, reviewer, name = row
    return f"{reviewer} added {name} with another text" if action == "import" else f"{action!r} by {reviewer}"
