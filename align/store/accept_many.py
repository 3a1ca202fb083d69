"""Decisions on many links, made with a few SQL statements instead of link by link."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from sqlite_utils import Database

from align.errors import ConflictError, EmptyDecisionError
from align.models import Decision
from align.store import decision_log
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import REVIEWED, State, append, local_time, now, state_of
from align.store.filter import LinkFilter, where
from align.store.links import who_changed
from align.store.records import Change
from align.text.messages import pluralise
from align.text.tags import primary

if TYPE_CHECKING:
    from align.store.decision_draft import DecisionDraft


ACCEPTED = "case when src_text is null and tgt_text is null then 'accepted' else 'edited' end"


def accept_many(
    db: Database,
    reviewer: str,
    link_filter: LinkFilter,
    extra_detail: Mapping[str, object],
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
    condition, values = where(link_filter)
    condition += " and status = 'proposed' and coalesce(attention, 'changed') = 'changed'"
    # Conflicts, and links that were judged wrong in an audit, are decided one by one.
    detail = dict(extra_detail)
    if above is not None:
        condition += " and confidence >= ?"
        values.append(above)
        detail["above"] = above
    if through is not None:
        position = db.conn.execute("select place from links where id = ?", (through,)).fetchone()[0]
        condition += " and (place, id) <= (?, ?)"
        values += [position, through]
        detail["through"] = through
    at = now()
    sql = f"select id, confidence from links where {condition} order by place, id"
    candidates: dict[int, float] = dict(db.conn.execute(sql, values))
    if not candidates:
        raise EmptyDecisionError("nothing to accept: no matching link is undecided.")
    pick(db, candidates)
    if since is not None:
        _expect_unchanged(db, reviewer, since)
    excluded, superseded = _find_contradicted(db, candidates)
    links = [link for link in candidates if link not in excluded]
    if not links:
        raise EmptyDecisionError("nothing to accept: all sentences of these links are in accepted links already.")
    if excluded:
        pick(db, links)
        detail["left_out"] = len(excluded)
    if superseded:
        detail["gave_way"] = len(superseded)
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
    if superseded:
        DecisionDraft(db, reviewer).write(
            decision.id, [(link, state_of(db, link), None) for link in sorted(superseded)]
        )
    refresh_touched(db, decision.id)
    return Change((*links, *sorted(superseded)), decision, None, f"accepted {pluralise(len(links), 'link')}")


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
        raise ConflictError(f"some of these links were proposed again at {local_time(row[0])}. Decide again.")


def _find_contradicted(db: Database, candidates: Mapping[int, float]) -> tuple[set[int], set[int]]:
    """(links not to accept, links to delete): picked links that overlap settled or more confident ones, and unreviewed
    links, picked or not, that overlap the accepted ones."""
    edges = set(pairs(db))
    if not edges:
        return set(), set()
    inside = ",".join(map(str, {other for _, other in edges}))
    rows = db.conn.execute(
        f"select id, status in ('accepted', 'edited') or anchored, {REVIEWED} from links where id in ({inside})"
    ).fetchall()
    settled = {link for link, is_settled, _ in rows if is_settled and link not in candidates}
    unreviewed = {link for link, _, is_reviewed in rows if not is_reviewed}
    excluded = {link for link, other in edges if other in settled}
    alternatives: dict[int, set[int]] = {}
    for link, other in edges:
        if other in candidates:
            alternatives.setdefault(link, set()).add(other)
    for link in sorted(alternatives, key=lambda number: (-candidates[number], number)):
        if link not in excluded:
            excluded |= alternatives[link]
    accepted = candidates.keys() - excluded
    return excluded, {other for link, other in edges if link in accepted and other in unreviewed - accepted}


def refresh_touched(db: Database, decision: int) -> None:
    """Recount the buckets of the links that a decision touched."""
    sql = (
        f"select distinct place >> {decision_log.BUCKET_BITS} from links "
        "where id in (select link from patches where decision = ?)"
    )
    decision_log.recount(db, [row[0] for row in db.conn.execute(sql, (decision,))])


MAX_DISTINCT_PATCHES = 20
"""Maximum number of distinct patches for which a decision on many links is inverted as a whole."""


def turn_bulk(
    db: Database, reviewer: str, target: int, action: str, extra_detail: Mapping[str, object]
) -> tuple[Decision, tuple[int, ...]] | None:
    """Append an `undo` or `redo` of a decision that made the same few changes to many links; `extra_detail`: further
    fields of the log entry.

    None if it is not such a decision, or if sentences of those links are settled in other links. Raises
    ConflictError if links changed since.
    """
    groups = db.conn.execute(
        "select was, now, count(*) from patches where decision = ? group by was, now limit ?",
        (target, MAX_DISTINCT_PATCHES + 1),
    ).fetchall()
    is_bulk = sum(count for _, _, count in groups) > 10 * MAX_DISTINCT_PATCHES and len(groups) <= MAX_DISTINCT_PATCHES
    if not is_bulk or any(
        state is None or '"src"' in state or '"tgt"' in state for was, now_, _ in groups for state in (was, now_)
    ):
        return None
    pick(db, (row[0] for row in db.conn.execute("select link from patches where decision = ?", (target,))))
    if overlaps_settled(db):
        return None
    target_row = db.conn.execute("select action, link from decisions where id = ?", (target,)).fetchone()
    decision = append(
        db, reviewer, action, link=target_row[1], target=target, detail={"action": target_row[0], **extra_detail}
    )
    for was, now_, count in groups:
        before, after = (now_, was) if action == "undo" else (was, now_)
        _turn_group(db, target, (was, now_), json.loads(before), json.loads(after), count, target_row[0])
    columns = "now, was" if action == "undo" else "was, now"
    db.conn.execute(
        f"insert into patches (decision, link, was, now) select ?, link, {columns} from patches where decision = ?",
        (decision.id, target),
    )
    refresh_touched(db, decision.id)
    rows = db.conn.execute("select link from patches where decision = ? order by link", (decision.id,))
    return decision, tuple(row[0] for row in rows)


def _turn_group(
    db: Database, target: int, group: tuple[str, str], before: State, after: State, count: int, target_action: str
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
            f"cannot undo or redo {target_action!r}: {count - changed:,} of its links changed since. Decide them again."
        )


# Bulk decisions

PICKED = "create temp table if not exists picked (link integer primary key)"


EDGES = """
    select distinct one.link, other.link, one.side,
        iif(one.side, a.src_lang, a.tgt_lang), iif(other.side, b.src_lang, b.tgt_lang)
    from link_sentences as one cross join picked on picked.link = one.link
    cross join link_sentences as other on other.sentence = one.sentence and other.link <> one.link
    cross join links as a on a.id = one.link
    cross join links as b on b.id = other.link
    where b.status <> 'rejected'
        and iif(one.side, a.src_document, a.tgt_document) = iif(other.side, b.src_document, b.tgt_document)"""
"""The shared sentences are in the same document, and the opposite sides are, too."""


def pick(db: Database, links: Iterable[int]) -> None:
    """Set the links that `pairs` examines, replacing the previous ones."""
    db.conn.execute(PICKED)
    db.conn.execute("delete from picked")
    db.conn.executemany("insert or ignore into picked values (?)", ((link,) for link in links))


def pairs(db: Database) -> Iterator[tuple[int, int]]:
    """Pairs of each picked link with each link that shares sentences with it, by the rule of `Extent.shared`.

    A pair may come more than once.
    """
    first_side: dict[tuple[int, int], int] = {}
    for one, other, side, lang, other_lang in db.conn.execute(EDGES):
        on_both = first_side.setdefault((one, other), side) != side
        if on_both or _primary(lang) == _primary(other_lang):
            yield one, other


def overlaps_settled(db: Database) -> bool:
    """Whether a picked link shares a sentence with a settled one that was not picked."""
    others = {other for _, other in pairs(db)}
    inside = ",".join(map(str, others))
    sql = f"""select 1 from links where id in ({inside}) and id not in (select link from picked)
              and (status in ('accepted', 'edited') or anchored) limit 1"""
    return bool(others) and db.conn.execute(sql).fetchone() is not None


_primary = cache(primary)
