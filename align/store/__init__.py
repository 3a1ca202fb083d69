"""Documents, links and decisions in one SQLite file. All SQL on it lives here."""

from align.store.filter import LinkFilter
from align.store.rows import (
    Added,
    Change,
    Conflict,
    DocumentRow,
    PairRow,
    ProposeCounts,
    SentenceRow,
    StoredConstraints,
)
from align.store.store import Store, open_store
from align.store.unite import United

__all__ = [
    "Added",
    "Change",
    "Conflict",
    "DocumentRow",
    "LinkFilter",
    "PairRow",
    "ProposeCounts",
    "SentenceRow",
    "Store",
    "StoredConstraints",
    "United",
    "open_store",
]
