"""Where a reviewer is: which links are listed, in which order, and which one is looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from align.domain import LinkKind, Status
from align.jobs.browse import LinkFilter

Order = Literal["document", "doubt"]


@dataclass(frozen=True, slots=True)
class Place:
    """`typed` is what stands in the filter's line; `base` is the pair of texts chosen in the workspace."""

    filter: LinkFilter = field(default_factory=LinkFilter)
    base: LinkFilter = field(default_factory=LinkFilter)
    typed: str = ""
    order: Order = "document"
    link: int | None = None
    rank: int = 0
    """Where the link stood in the list, in case it is no more when the reviewer comes back."""

    def at(self, link: int | None, rank: int = 0) -> Place:
        """The same list, another link."""
        return replace(self, link=link, rank=rank)

    def kept(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {
            "filter": _plain(self.filter),
            "base": _plain(self.base),
            "typed": self.typed,
            "order": self.order,
            "link": self.link,
            "rank": self.rank,
        }

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Place:
        """The inverse of `kept`."""
        order: Order = "doubt" if kept.get("order") == "doubt" else "document"
        where = kept["link"], int(kept.get("rank", 0))
        return cls(_filter(kept["filter"]), _filter(kept["base"]), str(kept["typed"]), order, *where)


def _plain(chosen: LinkFilter) -> dict[str, Any]:
    fields = asdict(chosen)
    for name in ("statuses", "kinds"):
        fields[name] = sorted(fields[name] or ())
    return {name: value for name, value in fields.items() if value not in (None, [], False)}


def _filter(fields: dict[str, Any]) -> LinkFilter:
    fields = dict(fields)
    if "documents" in fields:
        fields["documents"] = tuple(fields["documents"])
    fields["statuses"] = frozenset(Status(value) for value in fields.get("statuses", ()))
    fields["kinds"] = frozenset(LinkKind(value) for value in fields.get("kinds", ()))
    return LinkFilter(**fields)
