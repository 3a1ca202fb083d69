"""Decisions on many links, made with a few SQL statements instead of link by link."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlite_utils import Database

from align.clock import local, now
from align.domain import Decision
from align.errors import ConflictError, EmptyDecisionError
from align.store import overlaps, tallies
from align.store.attribution import who_changed
from align.store.filter import LinkFilter, where
from align.store.ledger import Ledger
from align.store.log import KEPT, State, append, state_of
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
    since: int | None = None,
) -> Change:
    """Accept undecided links of a filter as one decision with a patch per link. Call inside `writing`. `extra_detail`:
    further fields of the log entry.

    A link whose sentences are settled in another link is left out; of two that share a sentence, the one with the
    higher confidence is accepted. Raises EmptyDecisionError if there are none, ConflictError if others changed or
    proposed one of them after decision `since`.
    """
    condition, values = where(chosen)
    condition += " and status = 'proposed' and attention is not 'conflict'"  # Conflicts are resolved one by one.
    detail = dict(more)
    if above is not None:
        condition += " and confidence >= ?"
        values.append(above)
        detail["above"] = above
    if through is not None:
        place = db.conn.execute("select place from links where id = ?", (through,)).fetchone()[0]
        condition += " and (place, id) <= (?, ?)"
        values += [place, through]
        detail["through"] = through
    at = now()
    sql = f"select id, confidence from links where {condition} order by place, id"
    candidates: dict[int, float] = dict(db.conn.execute(sql, values))
    if not candidates:
        raise EmptyDecisionError("nothing to accept: no matching link is undecided.")
    overlaps.pick(db, candidates)
    if since is not None:
        _expect_unchanged(db, reviewer, since)
    left_out, giving_way = _contradicted(db, candidates)
    links = [link for link in candidates if link not in left_out]
    if not links:
        raise EmptyDecisionError("nothing to accept: all sentences of these links are in accepted links already.")
    if left_out:
        overlaps.pick(db, links)
        detail["left_out"] = len(left_out)
    if giving_way:
        detail["gave_way"] = len(giving_way)
    detail["links"] = len(links)
    decision = append(db, reviewer, "accept-many", at=at, link=through, detail=detail)
    db.conn.execute(
        f"""insert into patches (decision, link, was, now)
            select ?, id,
                json_object('status', status, 'reviewer', reviewer, 'decided_at', decided_at, 'attention', attention),
                json_object('status', {ACCEPTED}, 'reviewer', ?, 'decided_at', ?, 'attention', null)
            from links where id in (select link from picked) order by id""",
        [decision.id, reviewer, at],
    )
    db.conn.execute(
        f"""update links set status = {ACCEPTED}, reviewer = ?, decided_at = ?, attention = null, version = version + 1
            where id in (select link from picked)""",
        (reviewer, at),
    )
    if giving_way:
        Ledger(db, reviewer).land(decision.id, [(link, state_of(db, link), None) for link in sorted(giving_way)])
    refresh_touched(db, decision.id)
    return Change((*links, *sorted(giving_way)), decision, None, f"accepted {counted(len(links), 'link')}")


def _expect_unchanged(db: Database, reviewer: str, since: int) -> None:
    """Raise ConflictError if someone else changed or proposed picked links after decision `since`."""
    row = db.conn.execute(
        """select patches.link from patches join decisions on decisions.id = decision
           where decision > ? and reviewer <> ? and patches.link in (select link from picked)
           order by decision desc limit 1""",
        (since, reviewer),
    ).fetchone()
    if row is not None:
        raise ConflictError(f"{who_changed(db, row[0], 1, f'link {row[0]}')}. Decide again.")
    row = db.conn.execute(
        """select at from decisions where id > ? and action = 'propose' and exists (
               select 1 from links where id in (select link from picked) and src_document = document
               and tgt_document = json_extract(detail, '$.tgt_document')) order by decisions.id desc limit 1""",
        (since,),
    ).fetchone()
    if row is not None:
        raise ConflictError(f"some of these links were proposed again at {local(row[0])}. Decide again.")


def _contradicted(db: Database, candidates: Mapping[int, float]) -> tuple[set[int], set[int]]:
    """(links not to accept, links to delete): picked links that overlap settled or more confident ones, and unreviewed
    links, picked or not, that overlap the accepted ones."""
    edges = set(overlaps.pairs(db))
    if not edges:
        return set(), set()
    inside = ",".join(map(str, {other for _, other in edges}))
    rows = db.conn.execute(
        f"select id, status in ('accepted', 'edited') or anchored, {KEPT} from links where id in ({inside})"
    ).fetchall()
    settled = {link for link, is_settled, _ in rows if is_settled and link not in candidates}
    untouched = {link for link, _, kept in rows if not kept}
    left_out = {link for link, other in edges if other in settled}
    rivals: dict[int, set[int]] = {}
    for link, other in edges:
        if other in candidates:
            rivals.setdefault(link, set()).add(other)
    for link in sorted(rivals, key=lambda number: (-candidates[number], number)):
        if link not in left_out:
            left_out |= rivals[link]
    accepted = candidates.keys() - left_out
    return left_out, {other for link, other in edges if link in accepted and other in untouched - accepted}


def refresh_touched(db: Database, decision: int) -> None:
    """Recount the buckets of the links that a decision touched."""
    sql = (
        f"select distinct place >> {tallies.SHIFT} from links where id in (select link from patches where decision = ?)"
    )
    tallies.refresh(db, [row[0] for row in db.conn.execute(sql, (decision,))])


ALIKE = 20
"""Maximum number of distinct patches for which a decision on many links is inverted as a whole."""


def turn_alike(
    db: Database, reviewer: str, target: int, action: str, more: Mapping[str, object]
) -> tuple[Decision, tuple[int, ...]] | None:
    """Append an `undo` or `redo` of a decision that made the same few changes to many links; `extra_detail`: further
    fields of the log entry.

    None if it is not such a decision, or if sentences of those links are settled in other links. Raises
    ConflictError if links changed since.
    """
    groups = db.conn.execute(
        "select was, now, count(*) from patches where decision = ? group by was, now limit ?", (target, ALIKE + 1)
    ).fetchall()
    many = sum(count for _, _, count in groups) > 10 * ALIKE and len(groups) <= ALIKE
    if not many or any(
        state is None or '"src"' in state or '"tgt"' in state for was, now_, _ in groups for state in (was, now_)
    ):
        return None
    overlaps.pick(db, (row[0] for row in db.conn.execute("select link from patches where decision = ?", (target,))))
    if overlaps.with_settled(db):
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
    """Set the links with the patch `group` of `target` to `after`; all of them must still be as in `before`."""
    inside = "id in (select link from patches where decision = ? and was = ? and now = ?)"
    same = " and ".join(f"{column} is ?" for column in before)
    sets = ", ".join(f"{column} = ?" for column in after)
    changed = db.conn.execute(
        f"update links set {sets}, version = version + 1 where {inside} and {same}",
        [*after.values(), target, *group, *before.values()],
    ).rowcount
    if changed != count:
        raise ConflictError(
            f"cannot undo or redo {told!r}: {count - changed:,} of its links changed since. Decide them again."
        )
