"""View data of a link for the text widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from align.domain import Link, LinkKind, LinkSide, Status
from align.jobs.browse import SentenceRow
from align.review.widgets.link_list import percent
from align.review.widgets.texts import Passage, Side

Marks = tuple[tuple[int, int, str], ...]
STATUS_MARGIN = {Status.PROPOSED: "·", Status.ACCEPTED: "✓", Status.REJECTED: "✗", Status.EDITED: "✎"}

ATTENTION = {"changed": "text changed since", "conflict": "in conflict"}
"""Why a link should be decided again."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Sentences of a side of a link, and those before and after; `linked`: sentence id -> status of its best link."""

    before: Sequence[SentenceRow]
    own: Sequence[SentenceRow]
    after: Sequence[SentenceRow]
    linked: dict[int, Status]


def side_of(
    side: LinkSide,
    around: Surroundings,
    marks: Sequence[Marks],
    *,
    cut: int | None = None,
    active: bool = False,
    shown: Sequence[str] | None = None,
) -> Side:
    """View of one side. `texts_shown`: the texts that `marks` refer to, one a sentence or one edited text for all."""
    texts = list(shown) if shown is not None else shown_texts(side, around.own)
    marks = list(marks) + [()] * (len(texts) - len(marks))
    body = tuple(Passage(text, mark, "body", "▌" if active else "▏") for text, mark in zip(texts, marks, strict=False))
    return Side(
        title=title_of(side, around.own),
        before=tuple(_context(row, around) for row in around.before),
        body=body,
        after=tuple(_context(row, around) for row in around.after),
        cut=cut,
        active=active,
    )


def shown_texts(side: LinkSide, own: Sequence[SentenceRow]) -> list[str]:
    """Texts of the side's sentences; the edited text as one if there is one."""
    if side.original is not None or not own:
        return [side.text]
    return [row.text for row in own]


def title_of(side: LinkSide, own: Sequence[SentenceRow]) -> str:
    """Language, location in the document, document name."""
    place = ""
    if own:
        span = own[0].span.start, own[-1].span.end
        place = f" ¶{own[0].block + 1} {own[0].kind.value} {span[0]}–{span[1]}"
    return f"{side.lang}{place} · {side.doc.rsplit('/', 1)[-1]}"


def _context(row: SentenceRow, around: Surroundings) -> Passage:
    status = around.linked.get(row.id)
    if status is None:
        return Passage(row.text, (), "unlinked", "∅")
    return Passage(row.text, (), "context", STATUS_MARGIN[status])


def headline(link: Link, rank: int, total: int) -> str:
    """One-line summary of the link."""
    parts = [f"{rank + 1:,} of {total:,}", link.status.value]
    if link.status is Status.PROPOSED:
        parts[-1] += f", {percent(link.confidence)} % sure"
    elif link.reviewer:
        parts[-1] += f" by {link.reviewer}"
    if link.kind is not LinkKind.TRANSLATION:
        parts.append(link.kind.value)
    parts.append(f"{len(link.src.sentences)}:{len(link.tgt.sentences)}")
    if link.attention:
        parts.append(ATTENTION.get(link.attention, link.attention))
    if link.bookmarked:
        parts.append("⚑")
    return " · ".join(parts)
