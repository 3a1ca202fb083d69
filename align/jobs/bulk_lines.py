"""Parse links from the JSON Lines that workers write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from align.domain import Link, LinkKind, LinkSide, Span, Status


def links_of(lines: Iterable[bytes]) -> Iterator[Link]:
    """Links from lines of the JSON Lines contract."""
    for line in lines:
        record = json.loads(line)
        yield Link(
            id=record["id"],
            src=side_of(1, record["src"]),
            tgt=side_of(2, record["tgt"]),
            kind=LinkKind(record["kind"]),
            score=record["score"],
            confidence=record["confidence"],
            status=Status(record["status"]),
            encoder=record["encoder"],
        )


def side_of(document: int, record: dict[str, Any]) -> LinkSide:
    """A side of a link from its JSON record."""
    spans = tuple(Span(*span) for span in record["spans"])
    return LinkSide(document, record["doc"], record["lang"], (), record["text"], spans)
