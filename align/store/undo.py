"""Undo and redo, without limit and across restarts: both are decisions, with the patches of another turned round."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable
from contextlib import closing

from sqlite_utils import Database

from align.domain import Decision
from align.errors import ConflictError
from align.store import bulk, conflicts
from align.store.actions import Action, Trait
from align.store.cuts import Cut, follows, in_force
from align.store.ledger import Ledger, untouched
from align.store.log import Patch, State, read_patches
from align.store.remove import bring_back

UNDOABLE = Action.having(Trait.UNDOABLE)
"""Actions that a reviewer's undo takes back; it steps over all others."""


def last_done(db: Database, reviewer: str) -> list[int]:
    """What undo would take back, latest first: the reviewer's last decision in force, and those made together with it.

    Empty where there is none.
    """
    with closing(_done(db, reviewer)) as found:
        return _together(found)


def last_undone(db: Database, reviewer: str) -> list[int]:
    """What redo would bring back, the first decision first: the last undone, if the reviewer decided nothing since."""
    with closing(_undone(db, reviewer)) as found:
        return _together(found)


def _together(found: Iterable[tuple[int, str | None]]) -> list[int]:
    """The first of the decisions, and what follows of the same group."""
    targets: list[int] = []
    whole: str | None = None
    for target, group in found:
        if targets and (group is None or group != whole):
            break
        targets.append(target)
        whole = group
    return targets


def _done(db: Database, reviewer: str) -> Generator[tuple[int, str | None], None, None]:
    """The reviewer's decisions in force, with their groups, latest first."""
    settled: set[int] = set()
    with closing(_backwards(db, reviewer)) as entries:
        for number, action, target, group in entries:
            if action in ("undo", "redo"):
                if target not in settled and action == "redo":
                    yield target, group
                settled.add(target)
            elif action in UNDOABLE and number not in settled:
                yield number, group


def _undone(db: Database, reviewer: str) -> Generator[tuple[int, str | None], None, None]:
    """What the reviewer undid since deciding anything, with its groups, latest first."""
    settled: set[int] = set()
    with closing(_backwards(db, reviewer)) as entries:
        for _, action, target, group in entries:
            if action == "undo" and target not in settled:
                yield target, group
            if action in ("undo", "redo"):
                settled.add(target)
            elif action in UNDOABLE:
                return


def _backwards(db: Database, reviewer: str) -> Generator[tuple[int, str, int, str | None], None, None]:
    """The reviewer's entries of the log, latest first, without those that changed nothing (any more); of an undo or
    redo, the group of what it turned."""
    cursor = db.conn.execute(
        """select id, action, target,
               (select json_extract(one.detail, '$.group') from decisions as one
                where one.id = coalesce(decisions.target, decisions.id))
           from decisions where reviewer = ?
           and (target is not null or exists (select 1 from patches where decision = decisions.id)
                or (action in ('cut', 'remove') and document in (select id from documents)))
           and not (coalesce(json_extract(detail, '$.action'), action) = 'remove'
                    and document not in (select id from documents))
           order by id desc""",
        (reviewer,),
    )
    try:
        yield from cursor
    finally:
        cursor.close()


def turn(db: Database, reviewer: str, target: int, action: str) -> tuple[Decision, tuple[int, ...]]:
    """Append an `undo` or `redo` of the decision `target`. Raises ConflictError where its links changed since."""
    whole = bulk.turn_alike(db, reviewer, target, action)
    if whole is not None:
        return whole
    told, link, document = db.conn.execute(
        "select action, link, document from decisions where id = ?", (target,)
    ).fetchone()
    ledger = Ledger(db, reviewer)
    patches = [
        (number, now, was) if action == "undo" else (number, was, now) for number, was, now in read_patches(db, target)
    ]
    if told == "cut":
        patches = cut_patches(ledger, target, action, patches)
    own = {number for number, _, _ in patches}
    # What goes makes room first.
    for number, before, after in sorted(patches, key=lambda patch: patch[2] is not None):
        if before is None:
            assert after is not None
            if not (untouched(after) and superseded(ledger, after, own)):
                ledger.restore(number, after)
            continue
        if after is None and untouched(before) and not ledger.present(number):
            continue  # A proposal that a later run took away by itself.
        state = ledger.state(number)
        differing = [column for column, value in before.items() if state[column] != value]
        if differing:
            who = state["reviewer"] or "a new proposal"
            raise ConflictError(
                f"cannot {action} {told!r}: link {number} changed since ({differing[0]}, by {who}). Decide it anew."
            )
        if after is None:
            ledger.remove(number)
        else:
            ledger.change(number, **after)
    detail: dict[str, object] = {"action": told}
    turn_cuts(ledger, target, action, own)
    if told == "remove" and action == "undo":
        bring_back(db, document)
    elif told == "remove":
        db.conn.execute("update documents set removed_at = ? where id = ?", (ledger.at, document))
    decision, touched = ledger.close(action, link=link, document=document, target=target, detail=detail)
    conflicts.follow(db, decision)
    return decision, touched


def cut_patches(ledger: Ledger, target: int, action: str, patches: list[Patch]) -> list[Patch]:
    """What undo or redo of a cut tells of links by itself. That others have both halves, or the whole, follows.

    A redo turns round what the undo did, which also took away what had been proposed on the halves meanwhile.
    """
    if action == "redo":
        undone = "select max(id) from decisions where action = 'undo' and target = ?"
        number = ledger.db.conn.execute(undone, (target,)).fetchone()[0]
        patches = [(link, now, was) for link, was, now in read_patches(ledger.db, number)]
    kept = []
    for patch in patches:
        if follows(patch) and action == "redo":
            link, before, _ = patch
            state = ledger.state(link) if ledger.present(link) else {}
            if before is None or any(state.get(column) != value for column, value in before.items()):
                continue
        elif follows(patch):
            continue
        kept.append(patch)
    return kept


def turn_cuts(ledger: Ledger, target: int, action: str, own: set[int]) -> None:
    """Take back the cuts that the decision `target` made, or make them again; `own`: links that it told what to have.

    Raises ConflictError where the sentences, or links on their halves, changed since.
    """
    detail = ledger.db.conn.execute("select detail from decisions where id = ?", (target,)).fetchone()[0]
    made = [Cut.of(one) for one in json.loads(detail).get("cuts", ())]
    if action == "undo":
        # As they are now: the document may have been read anew, and they with it.
        now = {one.rest: one for number in {one.document for one in made} for one in in_force(ledger.db, number)}
        for one in reversed(made):
            ledger.join_cut(now.get(one.rest, one))
    else:
        for one in made:
            ledger.make_cut(one, but=own)


def superseded(ledger: Ledger, proposal: State, own: set[int]) -> bool:
    """Whether a later proposal stands where this one stood: it need not come back."""
    return any(ledger.present(link) for link in ledger.overlapping(proposal["src"], proposal["tgt"]) if link not in own)
