"""Undo and redo, unlimited and across restarts: both are decisions with the inverted patches of another decision.

A decision that cannot be inverted, because others changed its links since or because it was compacted away, is
skipped with a reason, so that it never blocks earlier ones.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import chain, islice
from typing import NamedTuple

from sqlite_utils import Database

from align.errors import ConflictError, EmptyDecisionError, StoreError
from align.models import Decision, Document
from align.store import accept_many, conflicts, statements
from align.store.actions import Action, Trait
from align.store.decision_draft import DecisionDraft
from align.store.decision_log import Patch, read_patches
from align.store.draft_changes import join_cut, make_cut, turn
from align.store.reimport import restore_removed, turn_change
from align.store.remove import note_displaced, removed, restore_document, with_both_documents
from align.store.revisions import sides_of
from align.store.sentence_splits import Cut, follows, in_force

UNDOABLE = Action.having(Trait.UNDOABLE)
"""Actions that a reviewer's undo reverts; it skips all others."""
DOCUMENT_ACTIONS = ("cut", "remove", "import")
"""Decisions that change a document even if they change no link."""


class _LogEntry(NamedTuple):
    """A reviewer's log entry, with the decision that it is, undoes or redoes."""

    action: str
    target: int
    """Id of that decision; the following fields describe it."""
    group: str | None
    done: str
    link: int | None
    name: str | None
    patched: bool
    """Whether the log has patches of it."""
    has_document: bool
    has_link: bool
    compacted: bool
    """Whether it may have changed links of documents that were compacted away since."""

    @property
    def loss(self) -> str:
        """Why it can never be inverted: its document or link was compacted away. Empty if it can."""
        if self.done in DOCUMENT_ACTIONS and not self.has_document:
            return f"{self.done!r} of {self.name or 'a document'}: it was compacted away"
        if self.compacted and self.link is not None and not self.has_link:
            return f"{self.done!r} of link {self.link}: its document was compacted away"
        return ""

    @property
    def changes(self) -> bool:
        """Whether there is, or was, anything to undo."""
        return self.patched or self.done in (*DOCUMENT_ACTIONS, Action.STATEMENT) or bool(self.loss)


class _Invertible(NamedTuple):
    """A candidate for undo or redo."""

    entry: _LogEntry
    reported: bool
    """Whether an earlier decision was inverted since, so that the reason for skipping this one is not new."""


def next_visit(db: Database, reviewer: str, action: str) -> str | None:
    """The visit in which the decision was made that the reviewer's next undo or redo is of; empty without a visit.

    None if there is none. What may be in its way is not looked at.
    """
    groups = _groups(db, reviewer, action, 1)
    if not groups:
        return None
    sql = "select coalesce(json_extract(detail, '$.visit'), '') from decisions where id = ?"
    return str(db.conn.execute(sql, (groups[0][0].entry.target,)).fetchone()[0])


def invert_last(
    db: Database, reviewer: str, action: str, detail: Mapping[str, object], *, begun: bool = False
) -> tuple[Decision, tuple[int, ...], str]:
    """Undo the reviewer's last decision in force (`undo`), or redo the last undone one if nothing was decided since
    (`redo`), with the decisions grouped with it. Call inside `writing`. `detail`: further fields of the log entries;
    `begun`: nothing was written in the open transaction, so an attempt that fails may begin it anew.

    Returns the last entry written, the links touched, and the new reasons for skipping later decisions. Raises
    ConflictError if none can be inverted, EmptyDecisionError if there is none.
    """
    reasons: list[str] = []
    new_reasons: list[str] = []

    def others() -> Iterator[list[_Invertible]]:
        """The further groups, computed only if needed, since that reads the whole log."""
        yield from _groups(db, reviewer, action)[1:]

    for group in chain(_groups(db, reviewer, action, 1), others()):
        reason = next((one.entry.loss for one in group if one.entry.loss), "")
        if not reason:
            skipped = _summary(new_reasons)
            try:
                with _restarting(db) if begun else _savepoint(db):
                    inverted = [
                        invert_decision(db, reviewer, one.entry.target, action, skipped, detail) for one in group
                    ]
            except ConflictError as error:
                reason = str(error).rstrip(".")
            else:
                links = dict.fromkeys(link for _, touched in inverted for link in touched)
                return inverted[-1][0], tuple(links), skipped
        reasons.append(reason)
        new_reasons += [] if group[0].reported else [reason]
    nothing = f"nothing to {action} of {reviewer}'s decisions"
    if reasons:
        raise ConflictError(f"{nothing}: {_summary(reasons)}.")
    raise EmptyDecisionError(f"{nothing}.")


def _summary(reasons: list[str]) -> str:
    """The first reason, and the number of further ones."""
    more = f" ({len(reasons) - 1:,} more)" if len(reasons) > 1 else ""
    return f"{reasons[0]}{more}" if reasons else ""


@contextmanager
def _restarting(db: Database) -> Iterator[None]:
    """Begin the transaction anew after a ConflictError inside; it goes on if nobody wrote in between.

    Inside a savepoint the time of many writes would be quadratic: SQLite walks its journal in memory after each.
    """
    last = "select max(id) from decisions"
    before = db.conn.execute(last).fetchone()
    try:
        yield
    except ConflictError:
        db.conn.execute("rollback")
        db.conn.execute("begin immediate")
        if db.conn.execute(last).fetchone() != before:
            raise StoreError(
                "another program changed the store at that moment; nothing was changed. Try again."
            ) from None
        raise


@contextmanager
def _savepoint(db: Database) -> Iterator[None]:
    """Savepoint: an exception inside rolls back to it, and the enclosing transaction continues."""
    db.conn.execute("savepoint attempt")
    try:
        yield
    except BaseException:
        db.conn.execute("rollback to attempt")
        raise
    finally:
        db.conn.execute("release attempt")


def _groups(db: Database, reviewer: str, action: str, count: int | None = None) -> list[list[_Invertible]]:
    """Candidates for undo or redo in order (at most `count` groups): decisions with those grouped with them."""
    with closing((_done if action == "undo" else _undone)(db, reviewer)) as entries:
        return list(islice(_grouped(entries), count))


def _grouped(entries: Iterable[_Invertible]) -> Iterator[list[_Invertible]]:
    group: list[_Invertible] = []
    for one in entries:
        if group and (one.entry.group is None or one.entry.group != group[0].entry.group):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _done(db: Database, reviewer: str) -> Generator[_Invertible, None, None]:
    """The reviewer's decisions in force, latest first."""
    settled: set[int] = set()
    earliest: int | None = None
    with closing(_backwards(db, reviewer)) as entries:
        for entry in entries:
            reported = earliest is not None and earliest < entry.target
            if entry.action in ("undo", "redo"):
                if entry.target not in settled and entry.action == "redo" and entry.changes:
                    yield _Invertible(entry, reported)
                settled.add(entry.target)
                if entry.action == "undo":
                    earliest = min(entry.target, earliest or entry.target)
            elif entry.action in UNDOABLE and entry.target not in settled and entry.changes:
                yield _Invertible(entry, reported)


def _undone(db: Database, reviewer: str) -> Generator[_Invertible, None, None]:
    """Decisions that the reviewer undid since the last other decision, latest first."""
    settled: set[int] = set()
    latest: int | None = None
    with closing(_backwards(db, reviewer)) as entries:
        for entry in entries:
            if entry.action in ("undo", "redo"):
                if entry.action == "undo" and entry.target not in settled and entry.changes:
                    yield _Invertible(entry, latest is not None and latest > entry.target)
                settled.add(entry.target)
                if entry.action == "redo":
                    latest = max(entry.target, latest or entry.target)
            elif entry.action in UNDOABLE and entry.changes:
                return


def _backwards(db: Database, reviewer: str) -> Generator[_LogEntry, None, None]:
    """The reviewer's log entries, latest first."""
    cursor = db.conn.execute(
        """select entry.action, done.id, json_extract(done.detail, '$.group'), done.action, done.link,
               json_extract(done.detail, '$.name'),
               exists (select 1 from patches where decision = done.id),
               exists (select 1 from documents where id = done.document),
               exists (select 1 from links where id = done.link),
               case when exists (select 1 from patches where decision = done.id) then 0
                    else done.id < (select coalesce(max(id), 0) from decisions where action = 'compact') end
           from decisions as entry join decisions as done on done.id = coalesce(entry.target, entry.id)
           where entry.reviewer = ? order by entry.id desc""",
        (reviewer,),
    )
    try:
        for row in cursor:
            yield _LogEntry(*row)
    finally:
        cursor.close()


def invert_decision(
    db: Database,
    reviewer: str,
    target: int,
    action: str,
    skipped: str = "",
    extra_detail: Mapping[str, object] | None = None,
) -> tuple[Decision, tuple[int, ...]]:
    """Append an `undo` or `redo` of the decision `target`. `skipped`: why later ones were skipped, for the log.

    Raises ConflictError if its links changed since; the caller rolls back what was written before.
    """
    extra_detail = dict(extra_detail or {}) | ({"skipped": skipped} if skipped else {})
    bulk_result = accept_many.turn_bulk(db, reviewer, target, action, extra_detail)
    if bulk_result is not None:
        return bulk_result
    target_action, link, document = db.conn.execute(
        "select action, link, document from decisions where id = ?", (target,)
    ).fetchone()
    if target_action == Action.STATEMENT:
        return statements.invert(db, reviewer, target, action, extra_detail), ()
    if target_action == "import":
        return turn_change(db, reviewer, target, action, extra_detail)
    draft = DecisionDraft(db, reviewer)
    patches = [(number, now, was) for number, was, now in read_patches(db, _last_inversion(db, target, action))]
    if target_action == "cut":
        patches = cut_patches(draft, action, patches)
    sides = sides_of(db, (number for number, _, _ in patches)) if target_action == "remove" and action == "redo" else {}
    if target_action == "remove" and action == "undo":
        restore_document(db, document)
        patches = with_both_documents(db, patches)
    own_links = {number for number, _, _ in patches}
    turn(draft, patches, f"cannot {action} {target_action!r}")
    invert_splits(draft, target, action, own_links)
    if target_action == "remove" and action == "undo":
        restore_removed(draft, document)
    elif target_action == "remove":
        db.conn.execute("update documents set removed_at = ? where id = ?", (draft.at, document))
    decision, touched = draft.close(
        action, link=link, document=document, target=target, detail={"action": target_action, **extra_detail}
    )
    if sides:
        note_displaced(draft, decision, sides)
    conflicts.update_conflicts(db, decision)
    return decision, touched


def bring_back_removed(
    db: Database, reviewer: str, doc: Document, more: Mapping[str, object]
) -> tuple[int, int] | None:
    """Take back the removal of the document of that name and text: (document, settled links that are there again).

    None where none was removed, or its links cannot come back.
    """
    decision = removed(db, doc.name, doc.digest)
    if decision is None:
        return None
    try:
        with _savepoint(db):
            _, links = invert_decision(db, reviewer, decision, "undo", extra_detail=more)
    except ConflictError:
        return None
    inside = ",".join(map(str, links))
    sql = f"select count(*) from links where id in ({inside}) and (status <> 'proposed' or anchored)"
    document = db.conn.execute("select document from decisions where id = ?", (decision,)).fetchone()[0]
    return document, db.conn.execute(sql).fetchone()[0]


def _last_inversion(db: Database, target: int, action: str) -> int:
    """The entry whose patches are inverted: the last that undid or redid the decision, else the decision itself.

    It may have changed other proposals than the decision did, since they come and go in between.
    """
    turned = "redo" if action == "undo" else "undo"
    row = db.conn.execute("select max(id) from decisions where action = ? and target = ?", (turned, target)).fetchone()
    return int(row[0] or target)


def cut_patches(draft: DecisionDraft, action: str, patches: list[Patch]) -> list[Patch]:
    """Patches to invert for the undo or redo of a split, without those that follow from it for other links."""
    remaining = []
    for patch in patches:
        if follows(patch) and action == "redo":
            link, before, _ = patch
            state = draft.state(link) if draft.present(link) else {}
            if before is None or any(state.get(column) != value for column, value in before.items()):
                continue
        elif follows(patch):
            continue
        remaining.append(patch)
    return remaining


def invert_splits(draft: DecisionDraft, target: int, action: str, own_links: set[int]) -> None:
    """Undo or redo the splits of the decision `target`; `own_links`: links whose patches were inverted.

    Raises ConflictError if the sentences, or links of their halves, changed since.
    """
    detail = draft.db.conn.execute("select detail from decisions where id = ?", (target,)).fetchone()[0]
    splits = [Cut.from_dict(one) for one in json.loads(detail).get("cuts", ())]
    if action == "undo":
        # their current form: a new text of the document may have changed them
        now = {one.rest: one for number in {one.document for one in splits} for one in in_force(draft.db, number)}
        for one in reversed(splits):
            join_cut(draft, now.get(one.rest, one))
    else:
        for one in splits:
            make_cut(draft, one, but=own_links)
