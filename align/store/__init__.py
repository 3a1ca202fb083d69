"""Documents, links and decisions in one SQLite file. All SQL on it is in this package."""

from align.store.backup import Restored, restore
from align.store.check import StoreFinding
from align.store.filter import LinkFilter
from align.store.records import (
    Added,
    Change,
    Conflict,
    Constraint,
    DocumentRow,
    PairRow,
    ProposeCounts,
    SentenceRow,
    StoredConstraints,
    TextChange,
    United,
)
from align.store.store import Store, open_store

__all__ = [
    "Added",
    "Change",
    "Conflict",
    "Constraint",
    "DocumentRow",
    "LinkFilter",
    "PairRow",
    "ProposeCounts",
    "Restored",
    "SentenceRow",
    "Store",
    "StoreFinding",
    "StoredConstraints",
    "TextChange",
    "United",
    "open_store",
    "restore",
]
