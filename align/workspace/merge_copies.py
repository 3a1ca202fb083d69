"""Merge two copies of a store; list and resolve the conflicts between their decisions."""

from __future__ import annotations

from itertools import starmap
from pathlib import Path
from typing import Any

from align.errors import UsageError
from align.reviewer import Reviewer
from align.store import Change, Conflict, Store, United
from align.store.actions import Action
from align.store.edits import set_columns
from align.text.messages import json_line

TAKEABLE_COLUMNS = frozenset({"status", "src_text", "tgt_text", "kind", "note"})
"""Columns that can be taken from one side of a conflict; changed sentences are resolved in the review app."""
STATUS_ACTIONS = {"accepted": Action.ACCEPT, "rejected": Action.REJECT, "proposed": Action.REOPEN}


def merge_copy(store: Store, other: Path) -> United:
    """Merge the decisions of the copy at `other`. UsageError for the store itself, StoreError if it is no store."""
    if other.exists() and other.samefile(store.path):
        raise UsageError(f"{other}: is the store itself. Name the other copy.")
    return store.unite(other)


def take_side(reviewer: Reviewer, link: int, side: int) -> Change:
    """Resolve a link's conflict with one of its sides, numbered from 1 as `sides` lists them.

    Raises UsageError for an unknown side, or one that cannot be applied here.
    """
    conflict_sides = sides(reviewer.store.conflicts(link))
    if not conflict_sides:
        raise UsageError(f"link {link} has no conflict. `align store conflicts` lists them.")
    if not 1 <= side <= len(conflict_sides):
        raise UsageError(f"link {link} has {len(conflict_sides)} sides. Name one from 1 to {len(conflict_sides)}.")
    columns = dict(conflict_sides[side - 1])
    if not any(conflict.is_deleted for conflict in reviewer.store.conflicts(link)):
        stored_link = reviewer.store.link(link)
        for name, link_side in (("source", stored_link.src), ("target", stored_link.tgt)):
            if columns.get(name) == (link_side.original or link_side.text):
                del columns[name]
    if not columns.keys() <= TAKEABLE_COLUMNS or columns.get("status") == "taken away":
        raise UsageError(
            f"link {link}: side {side} changes the sentences of links. Make that change in `align review`."
        )
    action = STATUS_ACTIONS.get(columns.get("status", ""), Action.EDIT)
    if columns.keys() <= {"kind", "note"}:
        action = Action.KIND if "kind" in columns else Action.NOTE
    change = reviewer.commit(set_columns(action, link, columns))
    return Change(change.link_ids, change.decision, link, f"link {link}: {_side(columns)}")


def sides(conflicts: list[Conflict]) -> list[dict[str, Any]]:
    """The sides of the conflicts of one link, the local one first."""
    ours = [conflict.ours for conflict in conflicts[:1]]
    return ours + [conflict.theirs for conflict in conflicts]


def conflict_line(conflict: Conflict, *, as_json: bool = False) -> str:
    """A conflict in one line."""
    if as_json:
        return json_line(
            {
                "link": conflict.link,
                "ours": conflict.ours,
                "by": conflict.by,
                "theirs": conflict.theirs,
                "reviewer": conflict.reviewer,
                "at": conflict.at,
                "action": conflict.action,
                "from": conflict.name,
                "gone": conflict.is_deleted,
            }
        )
    when = conflict.at[:16].replace("T", " ")
    gone = (
        " It was deleted here: `align store conflicts --dismiss` removes the conflict." if conflict.is_deleted else ""
    )
    first = f"{conflict.by or 'here'} {_side(conflict.ours)}"
    second = f"{conflict.reviewer} in {conflict.name} ({when}): {_side(conflict.theirs)}"
    return f"link {conflict.link}: {first}; {second}.{gone}"


def _side(columns: dict[str, object]) -> str:
    return ", ".join(starmap(_column, columns.items()))


def _column(column: str, value: object) -> str:
    """A column with its value; without an edited text, that of the document."""
    if value is None:
        return f"{column} as in the document" if column.endswith("_text") else f"no {column}"
    return f"{column} {value}"
