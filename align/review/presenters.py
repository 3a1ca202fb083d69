"""What the review screen shows of a session: both texts with context and marks, the top line, the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from align.highlight import Surroundings, correspondences, text_diff
from align.models import BlockKind, Link, LinkSide
from align.review.queries import SideContext, load_context
from align.review.session import ReviewSession
from align.review.widgets.texts import FooterLine, Passage, SideView
from align.review.wording import STATUS_GLYPHS, headline, only_in_one, progress_of, reasons_of
from align.review.workspace_rows import base_name
from align.store.search import Term, find_terms, parse
from align.text.width import cells
from align.workspace.browse import SentenceRow
from align.workspace.merge_copies import conflict_line as conflict_text
from align.workspace.realign import AlternativeTarget

WIDE = 96
"""Width from which on the top line has every word."""
STOP = 0.98
"""Expected rate from which on the undecided links may be accepted as they are."""
ALTERNATIVE_LINES = 2
ALTERNATIVE_HEIGHT = 24
"""Lines of the texts from which on an alternative has `ALTERNATIVE_LINES`, else one."""
EMPTY = Passage("No links here. `/` changes the filter; `align propose` finds links.", (), "foot")


class LinkPresenter:
    """The current link of a session as text. `reasons_shown` and `changes_shown` are switched by keys."""

    def __init__(self, session: ReviewSession) -> None:
        self.session = session
        self.reasons_shown = False
        self.changes_shown = True
        self.alternatives: Sequence[AlternativeTarget] = ()
        self.alternatives_of: int | None = None
        """The link whose alternatives are known."""
        self.alternatives_failed = ""

    def sides(self, link: Link, height: int, *, by_sentence: bool = False) -> tuple[SideView, SideView]:
        """Both sides with context for a height; `by_sentence` shows the sentences even where their text was edited."""
        reach = max(1, height // 2)
        sides = (link.src, link.tgt)
        contexts = [load_context(self.session.browser, side, reach) for side in sides]
        texts = [
            [row.text for row in context.sentences] if by_sentence else shown_texts(side, context.sentences)
            for side, context in zip(sides, contexts, strict=True)
        ]
        terms = parse(self.session.state.filter.text or "")
        marks_of_sides = marks_of(texts, (link.src.lang, link.tgt.lang), self.session.surroundings.around(link))
        marks = [
            [(*spans, *hits_in(text, terms)) for text, spans in zip(own, of_side, strict=False)]
            for own, of_side in zip(texts, marks_of_sides, strict=True)
        ]
        shown = [
            side_view(side, context, mark, active=name == self.session.side, texts_shown=text, terms=terms)
            for name, side, context, mark, text in zip(("src", "tgt"), sides, contexts, marks, texts, strict=True)
        ]
        return shown[0], shown[1]

    def foot(self, link: Link, height: int) -> list[FooterLine]:
        """Edits, conflicts, what is in one text only, the note, and the reasons."""
        foot = self._changes(link)
        if link.attention == "conflict":
            conflicts = self.session.browser.store.conflicts(link.id)
            conflicts = [replace(conflict, name=base_name(conflict.name)) for conflict in conflicts]
            foot += [Passage(conflict_text(conflict), (), "warning", "!") for conflict in conflicts]
        if only := only_in_one(link, self.session.surroundings.around(link)):
            foot.append(Passage(only, (), "warning", "!"))
        if link.note:
            foot.append(Passage(f"Note: {link.note}", (), "foot", "#"))
        return [*foot, *(self._reasons(link, height) if self.reasons_shown else [])]

    def _changes(self, link: Link) -> list[FooterLine]:
        """Edited sides before and after, side by side, with the differences marked."""
        lines: list[FooterLine] = []
        for side in (link.src, link.tgt):
            if side.original is not None and self.changes_shown:
                was, now = text_diff(side.original, side.text)
                lines.append((Passage(side.original, was, "context", "−"), Passage(side.text, now, "foot", "+")))
        return lines

    def _reasons(self, link: Link, height: int) -> list[Passage]:
        """Score, features and alternatives of a link."""
        features = self.session.browser.store.signals(link.id) or {}
        words = "; ".join(reasons_of(link, features))
        lines = [Passage(f"{words[:1].upper()}{words[1:]}.", (), "foot", "i")]
        if self.alternatives_of != link.id:
            return [*lines, Passage("Looking for alternatives …", (), "foot")]
        if self.alternatives_failed:
            return [*lines, Passage(f"No alternatives: {self.alternatives_failed}", (), "warning", "!")]
        if not self.alternatives:
            return [*lines, Passage("It has no alternatives.", (), "foot")]
        limit = ALTERNATIVE_LINES if height >= ALTERNATIVE_HEIGHT else 1
        return lines + [
            Passage(f"{alternative.score:+.2f}  {alternative.text}", (), "foot", str(number), max_lines=limit)
            for number, alternative in enumerate(self.alternatives, 1)
        ]

    def top(self, width: int) -> tuple[str, str]:
        """The position and the state of the link, and what is left."""
        session, link = self.session, self.session.current
        words = progress_of(session.left, session.expected_right)
        if session.left and session.expected_right >= STOP * session.left and width >= WIDE:
            words += " · may be accepted as they are"
        head = headline(link, session.cursor, session.total) if link else "no links"
        if session.state.typed:
            head += f" · / {session.state.typed}"
        if session.state.order == "doubt":
            head += " · doubt first"
        if cells(head) + cells(words) + 3 > width and session.left:
            words = f"{session.left:,} left"
        return f" {head}", f" {words} "


def marks_of(texts: list[list[str]], langs: tuple[str, str], around: Surroundings) -> list[list[RoleSpans]]:
    """The marks of both sides, a sentence at a time, derived from the whole of each side."""
    joined = ["\n".join(side) for side in texts]
    joined_marks = correspondences(joined[0], joined[1], langs[0], langs[1], around)
    marks: list[list[RoleSpans]] = []
    for side, whole in zip(texts, joined_marks, strict=True):
        rows: list[RoleSpans] = []
        start = 0
        for text in side:
            end = start + len(text)
            rows.append(
                tuple((m.start - start, m.end - start, m.role) for m in whole if start <= m.start and m.end <= end)
            )
            start = end + 1
        marks.append(rows)
    return marks


RoleSpans = tuple[tuple[int, int, str], ...]


def side_view(
    side: LinkSide,
    context: SideContext,
    marks: Sequence[RoleSpans],
    *,
    cut: int | None = None,
    active: bool = False,
    texts_shown: Sequence[str] | None = None,
    terms: Sequence[Term] = (),
) -> SideView:
    """View of one side. `texts_shown`: the texts that `marks` refer to, one a sentence or one edited text for all."""
    texts = list(texts_shown) if texts_shown is not None else shown_texts(side, context.sentences)
    marks = list(marks) + [()] * (len(texts) - len(marks))
    body = tuple(Passage(text, mark, "body", "▌" if active else "▏") for text, mark in zip(texts, marks, strict=False))
    return SideView(
        title=title_of(side, context.sentences),
        before=tuple(_context_passage(row, context, terms) for row in context.before),
        body=body,
        after=tuple(_context_passage(row, context, terms) for row in context.after),
        cut=cut,
        active=active,
    )


def shown_texts(side: LinkSide, rows: Sequence[SentenceRow]) -> list[str]:
    """Texts of the side's sentences; the edited text as one if there is one."""
    if side.original is not None or not rows:
        return [side.text]
    return [row.text for row in rows]


def title_of(side: LinkSide, rows: Sequence[SentenceRow]) -> str:
    """Language, paragraph, document name."""
    location = ""
    if rows:
        kind = "" if rows[0].kind is BlockKind.BODY else f" ({rows[0].kind.value})"
        location = f" paragraph {rows[0].block + 1}{kind}"
    return f"{side.lang}{location} · {base_name(side.doc)}"


def hits_in(text: str, terms: Sequence[Term]) -> RoleSpans:
    """Where the words of the filter are in a text."""
    return tuple((start, end, "hit") for start, end in find_terms(text, terms)) if terms else ()


def _context_passage(row: SentenceRow, context: SideContext, terms: Sequence[Term]) -> Passage:
    status, hits = context.linked.get(row.id), hits_in(row.text, terms)
    if status is None:
        return Passage(row.text, hits, "unlinked", "∅")
    return Passage(row.text, hits, "context", STATUS_GLYPHS[status])
