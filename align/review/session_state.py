"""The state of a review session that the next one begins with: filter, order and current link."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from align.models import LinkKind, Status
from align.workspace.browse import Browser, LinkFilter

Order = Literal["document", "doubt"]
HISTORY_SIZE = 20
"""Maximum number of earlier filters."""


@dataclass(frozen=True, slots=True)
class SessionState:
    """`typed` is the text of the filter; `base` filters the pair of texts that was opened in the workspace."""

    filter: LinkFilter = field(default_factory=LinkFilter)
    base: LinkFilter = field(default_factory=LinkFilter)
    typed: str = ""
    order: Order = "document"
    link: int | None = None
    rank: int = 0
    """The rank of the link, in case it is deleted by then."""

    typed_before: tuple[str, ...] = ()
    """Earlier filters, latest first."""

    def with_history(self, typed: str) -> SessionState:
        """The same state with a filter put first in the history; blank changes nothing."""
        words = typed.strip()
        before = [words, *(other for other in self.typed_before if other != words)] if words else self.typed_before
        return replace(self, typed_before=tuple(before[:HISTORY_SIZE]))

    def at(self, link: int | None, rank: int = 0) -> SessionState:
        """The same list, another link."""
        return replace(self, link=link, rank=rank)

    def to_dict(self) -> dict[str, Any]:
        """The state as values for JSON."""
        return {
            "filter": _plain(self.filter),
            "base": _plain(self.base),
            "typed": self.typed,
            "order": self.order,
            "link": self.link,
            "rank": self.rank,
            "typed_before": list(self.typed_before),
        }

    def to_json(self) -> str:
        """The state as stored."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> SessionState:
        """The inverse of `to_dict`."""
        order: Order = "doubt" if fields.get("order") == "doubt" else "document"
        where = fields["link"], int(fields.get("rank", 0))
        before = tuple(map(str, fields.get("typed_before", ())))
        return cls(_filter(fields["filter"]), _filter(fields["base"]), str(fields["typed"]), order, *where, before)


def state_key(reviewer: str, base: LinkFilter | None = None) -> str:
    """Key under which the store has the last state of a reviewer; with `base`, that in a row of the workspace."""
    key = f"place:{reviewer}"
    if base is None:
        return key
    row = (base.document, *(base.documents or ()), base.src_lang, base.tgt_lang)
    return f"{key}\t{' '.join(str(part or '-') for part in row)}"


def recall_state(browser: Browser, reviewer: str, base: LinkFilter | None = None) -> SessionState:
    """The state that the last session of a reviewer ended with, or in which a row of the workspace was left."""
    recorded = browser.store.recall(state_key(reviewer, base))
    try:
        return SessionState.from_dict(json.loads(recorded)) if recorded else SessionState()
    except (ValueError, TypeError, KeyError):
        return SessionState()


def _plain(link_filter: LinkFilter) -> dict[str, Any]:
    fields = asdict(link_filter)
    for name in ("statuses", "kinds"):
        fields[name] = sorted(fields[name] or ())
    return {name: value for name, value in fields.items() if value not in (None, [], False)}


def _filter(fields: dict[str, Any]) -> LinkFilter:
    fields = dict(fields)
    for name in ("documents", "shape"):
        if name in fields:
            fields[name] = tuple(fields[name])
    fields["statuses"] = frozenset(Status(value) for value in fields.get("statuses", ()))
    fields["kinds"] = frozenset(LinkKind(value) for value in fields.get("kinds", ()))
    return LinkFilter(**fields)
