"""View data of a link for the text widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from align.domain import Link, LinkKind, LinkSide, Status
from align.jobs.browse import SentenceRow
from align.review.widgets.link_list import percent
from align.review.widgets.texts import Passage, SideView

RoleSpans = tuple[tuple[int, int, str], ...]
STATUS_GLYPHS = {Status.PROPOSED: "·", Status.ACCEPTED: "✓", Status.REJECTED: "✗", Status.EDITED: "✎"}

ATTENTION_WORDS = {"changed": "text changed since", "conflict": "in conflict"}
"""Why a link should be decided again."""


@dataclass(frozen=True, slots=True)
class SideContext:
    """Sentences of a side of a link, and those before and after; `linked`: sentence id -> status of its best link."""

    before: Sequence[SentenceRow]
    sentences: Sequence[SentenceRow]
    after: Sequence[SentenceRow]
    linked: dict[int, Status]


def side_view(
    side: LinkSide,
    context: SideContext,
    marks: Sequence[RoleSpans],
    *,
    cut: int | None = None,
    active: bool = False,
    texts_shown: Sequence[str] | None = None,
) -> SideView:
    """View of one side. `texts_shown`: the texts that `marks` refer to, one a sentence or one edited text for all."""
    texts = list(texts_shown) if texts_shown is not None else shown_texts(side, context.sentences)
    marks = list(marks) + [()] * (len(texts) - len(marks))
    body = tuple(Passage(text, mark, "body", "▌" if active else "▏") for text, mark in zip(texts, marks, strict=False))
    return SideView(
        title=title_of(side, context.sentences),
        before=tuple(_context_passage(row, context) for row in context.before),
        body=body,
        after=tuple(_context_passage(row, context) for row in context.after),
        cut=cut,
        active=active,
    )


def shown_texts(side: LinkSide, rows: Sequence[SentenceRow]) -> list[str]:
    """Texts of the side's sentences; the edited text as one if there is one."""
    if side.original is not None or not rows:
        return [side.text]
    return [row.text for row in rows]


def title_of(side: LinkSide, rows: Sequence[SentenceRow]) -> str:
    """Language, location in the document, document name."""
    location = ""
    if rows:
        span = rows[0].span.start, rows[-1].span.end
        location = f" ¶{rows[0].block + 1} {rows[0].kind.value} {span[0]}–{span[1]}"
    return f"{side.lang}{location} · {side.doc.rsplit('/', 1)[-1]}"


def _context_passage(row: SentenceRow, context: SideContext) -> Passage:
    status = context.linked.get(row.id)
    if status is None:
        return Passage(row.text, (), "unlinked", "∅")
    return Passage(row.text, (), "context", STATUS_GLYPHS[status])


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
        parts.append(ATTENTION_WORDS.get(link.attention, link.attention))
    if link.bookmarked:
        parts.append("⚑")
    return " · ".join(parts)
