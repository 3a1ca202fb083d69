"""Statements: groups of passages that say the same, in any documents and languages, as reviewers have confirmed them.

A statement is no link: it has any number of members, and none of them need be a translation of another. Its decisions
are entries of the decision log that name documents and passages by name and text, so that they mean the same in every
copy of a store and survive a new text of a document. What is in force is derived from the log on every read.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from align.errors import ConflictError, UsageError
from align.models import Decision, Role
from align.store.actions import Action
from align.store.decision_log import append
from align.store.merge.causality import Causality
from align.store.merge.replica import Log
from align.store.merge.sentence_numbers import Sentences
from align.store.records import storable

MemberKey = tuple[str, str]
"""(document name, text); an empty text is the document as a whole."""


@dataclass(frozen=True, slots=True)
class Member:
    """A passage of a document in a statement."""

    document: str
    text: str
    """As it is in the document; empty for a document that does not make the statement."""
    lang: str
    role: Role
    reviewer: str
    at: str
    """Time of the decision (ISO 8601, UTC)."""
    contested: tuple[Role | None, ...] = ()
    """Roles that copies of the store gave without knowledge of each other, None for "no member"; empty if agreed."""


@dataclass(slots=True)
class Statement:
    """A statement with its members, in the order of documents and of their decisions."""

    uid: str
    given_label: str = ""
    """Set by a reviewer; empty if none was."""
    members: list[Member] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The label that a reviewer gave, else the shortest passage that makes the statement."""
        supporting = self.members_with(Role.FULL) or self.members_with(Role.PARTIAL) or self.members
        return self.given_label or min((member.text for member in supporting if member.text), key=len, default="")

    @property
    def documents(self) -> set[str]:
        """Names of the documents that make it, at least in part."""
        return {member.document for member in self.members_with(Role.FULL, Role.PARTIAL)}

    @property
    def is_contested(self) -> bool:
        """Whether a passage contradicts it, or copies of the store gave a passage different roles."""
        return any(member.role == Role.CONTRADICTS or member.contested for member in self.members)

    def members_with(self, *roles: Role) -> list[Member]:
        """The members that have one of these roles."""
        return [member for member in self.members if member.role in roles]


@dataclass(frozen=True, slots=True)
class RoleChange:
    """The role that a passage gets in a statement; None removes it."""

    document: str
    text: str
    lang: str
    role: Role | None


def new_uid() -> str:
    """Identity of a new statement: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def decide(
    db: Database,
    reviewer: str,
    statement: str,
    changes: Sequence[RoleChange],
    *,
    label: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> Decision | None:
    """Append one decision on a statement: roles of members, or its label. Call inside `writing`.

    `statement`: its uid, also of one that does not exist yet. Returns None where nothing would change. Raises
    UsageError for a document that is not in the store.
    """
    now = statements(db).get(statement) or Statement(statement)
    roles = {(member.document, member.text): member for member in now.members}
    names = {row[0] for row in db.conn.execute("select name from documents where removed_at is null")}
    rows: list[list[str | None]] = []
    for change in changes:
        if change.document not in names and change.role is not None:
            raise UsageError(f"{change.document}: no such document in the store. `align documents` lists them.")
        member = roles.get((change.document, change.text))
        if (member and member.role) != change.role or (member and member.contested):
            rows.append(
                [change.document, storable(change.text), change.lang, member.role if member else None, change.role]
            )
    new_label = None if label is None else " ".join(storable(label).split())
    if not rows and new_label in (None, now.given_label):
        return None
    what: dict[str, object] = {**(detail or {}), "statement": statement, "members": rows}
    if new_label not in (None, now.given_label):
        what["label"] = [now.given_label, new_label]
    return append(db, reviewer, Action.STATEMENT, detail=what)


def invert(db: Database, reviewer: str, target: int, action: str, detail: Mapping[str, object]) -> Decision:
    """Append the undo or redo of a decision on a statement. Raises ConflictError where a member changed since."""
    written = json.loads(db.conn.execute("select detail from decisions where id = ?", (target,)).fetchone()[0])
    rows = [[*row[:3], row[4], row[3]] if action == "undo" else row for row in written["members"]]
    label = written.get("label")
    if label and action == "undo":
        label = label[::-1]
    now = statements(db).get(written["statement"]) or Statement(written["statement"])
    members = {(member.document, member.text): member for member in now.members}
    for document, text, _, before, _ in rows:
        member = members.get((document, text))
        # Of a contested member the other role would be taken back too.
        if (member and member.role) != before or (member and member.contested):
            raise ConflictError(f"cannot {action} 'statement': the role of a passage of {document} changed since.")
    if label and now.given_label != label[0]:
        raise ConflictError(f"cannot {action} 'statement': its label changed since.")
    what: dict[str, object] = {
        **detail, "action": Action.STATEMENT.value, "statement": written["statement"], "members": rows,
    }  # fmt: skip
    if label:
        what["label"] = label
    return append(db, reviewer, action, target=target, detail=what)


@dataclass(slots=True)
class _Event:
    """One decision on one member or label."""

    uid: str
    value: str | None
    lang: str
    reviewer: str
    at: str


def statements(db: Database) -> dict[str, Statement]:
    """The statements in force, by uid, in the order in which they were made.

    Of decisions that copies of the store made without knowledge of each other, the later one in the common order
    holds, and the member is `contested` until somebody decides.
    """
    # Sorted by depth and uid, every decision comes after all that it knew, in the same order in every copy.
    rows = db.conn.execute(
        """select uid, at, reviewer, detail from decisions
           where action = 'statement' or (action in ('undo', 'redo') and json_extract(detail, '$.action') = 'statement')
           order by depth, uid"""
    ).fetchall()
    heads: dict[str, dict[MemberKey | None, list[_Event]]] = {}
    knows = _knowledge(db)
    for uid, at, reviewer, written in rows:
        detail = json.loads(written)
        events = heads.setdefault(detail["statement"], {})
        for key, value, lang in _values(detail):
            earlier = [event for event in events.get(key, []) if not knows(uid, event.uid)]
            events[key] = [*earlier, _Event(uid, value, lang, reviewer, at)]
    all_statements = {uid: _statement(uid, events) for uid, events in heads.items()}
    return {uid: one for uid, one in all_statements.items() if one.members or one.given_label}


def _knowledge(db: Database) -> Callable[[str, str], bool]:
    """A function of two uids of decisions, the later first: whether it was made with knowledge of the other.

    The order of the whole log is read when it is first asked for, and only where another copy was ever merged.
    """
    causality: list[Causality | None] = []

    def knows(uid: str, other: str) -> bool:
        if not causality:
            merged = db.conn.execute("select 1 from decisions where action = 'unite' limit 1").fetchone()
            causality.append(Causality(Log(db, Sentences()).origins) if merged else None)
        order = causality[0]
        return order is None or order.before(order.position[other], order.position[uid])

    return knows


def _values(detail: Mapping[str, Any]) -> Iterator[tuple[MemberKey | None, str | None, str]]:
    """(member, role, language) of a decision; the label has no member."""
    for document, text, lang, _, role in detail["members"]:
        yield (document, text), role, lang
    if "label" in detail:
        yield None, detail["label"][1], ""


def _statement(uid: str, events: Mapping[MemberKey | None, list[_Event]]) -> Statement:
    label = events[None][-1].value if None in events else ""
    statement = Statement(uid, label or "")
    for key, heads in events.items():
        if key is None:
            continue
        values = list(dict.fromkeys(event.value for event in heads))
        last = next((event for event in reversed(heads) if event.value is not None), None)
        if last is not None:
            contested = tuple(None if value is None else Role(value) for value in values) if len(values) > 1 else ()
            statement.members.append(Member(*key, last.lang, Role(str(last.value)), last.reviewer, last.at, contested))
    statement.members.sort(key=lambda member: member.document)
    return statement
