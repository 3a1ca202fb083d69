"""Unite two copies of a store, and tell of their conflicts."""

from __future__ import annotations

import json
from itertools import starmap
from pathlib import Path

from align.errors import UsageError
from align.store import Conflict, Store, United


def unite(store: Store, other: Path) -> United:
    """Take in the decisions of the copy at `other`. Raises UsageError for the store itself, StoreError for no store."""
    if other.exists() and other.samefile(store.path):
        raise UsageError(f"{other}: is this very store. Name the other copy.")
    return store.unite(other)


def told(conflict: Conflict, *, as_json: bool = False) -> str:
    """A conflict in one line."""
    if as_json:
        return json.dumps(
            {
                "link": conflict.link,
                "ours": conflict.ours,
                "theirs": conflict.theirs,
                "reviewer": conflict.reviewer,
                "at": conflict.at,
                "action": conflict.action,
                "from": conflict.name,
                "gone": conflict.gone,
            },
            ensure_ascii=False,
        )
    here, there = (", ".join(starmap(_column, side.items())) for side in (conflict.ours, conflict.theirs))
    when = conflict.at[:16].replace("T", " ")
    gone = " It is gone here: `align store conflicts --dismiss` has done with it." if conflict.gone else ""
    return f"link {conflict.link}: here {here}; {conflict.reviewer} in {conflict.name} ({when}): {there}.{gone}"


def _column(column: str, value: object) -> str:
    """A column and what it holds; words that nobody wrote are the text's own."""
    if value is None:
        return f"{column} as in the document" if column.endswith("_text") else f"no {column}"
    return f"{column} {value}"
