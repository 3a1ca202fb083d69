"""What the review screen shows of a session: both texts with context and marks, the top line, the reasons."""

from __future__ import annotations

from collections.abc import Sequence

from align.domain import Link
from align.jobs.merge import conflict_line as conflict_text
from align.jobs.resolve import AlternativeTarget
from align.review.aids import correspondences, text_diff
from align.review.reading import load_context
from align.review.session import ReviewSession
from align.review.sides import RoleSpans, headline, shown_texts, side_view
from align.review.widgets.texts import FooterLine, Passage, SideView
from align.text.width import cells

WIDE = 96
"""Width from which on the top line has every word."""
STOP = 0.98
"""Expected rate from which on the undecided links may be accepted as they are."""
RIVAL_LINES = 2
RIVAL_HEIGHT = 24
"""Lines of the texts from which on a rival has `RIVAL_LINES`, else one."""
EMPTY = Passage("No links here. `/` changes the filter; `align propose` finds links.", (), "foot")


class LinkPresenter:
    """The current link of a session as text. `reasons_shown` and `changes_shown` are switched by keys."""

    def __init__(self, session: ReviewSession) -> None:
        self.session = session
        self.reasons_shown = False
        self.changes_shown = True
        self.rivals: Sequence[AlternativeTarget] = ()
        self.rivals_of: int | None = None
        """The link whose rivals are known."""
        self.rivals_failed = ""

    def sides(self, link: Link, height: int, *, by_sentence: bool = False) -> tuple[SideView, SideView]:
        """Both sides with context for a height; `by_sentence` shows the sentences even where their text was edited."""
        reach = max(1, height // 4)
        sides = (link.src, link.tgt)
        contexts = [load_context(self.session.browser, side, reach) for side in sides]
        texts = [
            [row.text for row in context.sentences] if by_sentence else shown_texts(side, context.sentences)
            for side, context in zip(sides, contexts, strict=True)
        ]
        marks = marks_of(texts, (link.src.lang, link.tgt.lang))
        shown = [
            side_view(side, context, mark, active=name == self.session.side, texts_shown=text)
            for name, side, context, mark, text in zip(("src", "tgt"), sides, contexts, marks, texts, strict=True)
        ]
        return shown[0], shown[1]

    def foot(self, link: Link, height: int) -> list[FooterLine]:
        """Edits, conflicts, what is in one text only, the note, and the reasons."""
        all_marks = correspondences(link.src.text, link.tgt.text, link.src.lang, link.tgt.lang)
        unmatched = [
            f"{side.lang}: {', '.join(dict.fromkeys(side.text[m.start : m.end] for m in marks if m.role == 'lonely'))}"
            for side, marks in zip((link.src, link.tgt), all_marks, strict=True)
            if any(mark.role == "lonely" for mark in marks)
        ]
        foot = self._changes(link)
        if link.attention == "conflict":
            conflicts = self.session.browser.conflicts(link.id)
            foot += [Passage(conflict_text(conflict), (), "warning", "!") for conflict in conflicts]
        if unmatched:
            foot.append(Passage(f"Without a partner: {'; '.join(unmatched)}", (), "warning", "!"))
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
        """Score, features and rivals of a link."""
        features = self.session.browser.signals(link.id) or {}
        values = ", ".join(f"{name} {value:.2f}" for name, value in sorted(features.items()))
        words = f"score {link.score:.3f} by {link.encoder}" + (f": {values}" if values else "")
        lines = [Passage(words, (), "foot", "i", max_lines=RIVAL_LINES)]
        if self.rivals_of != link.id:
            return [*lines, Passage("Looking for rivals …", (), "foot")]
        if self.rivals_failed:
            return [*lines, Passage(f"No rivals: {self.rivals_failed}", (), "warning", "!")]
        if not self.rivals:
            return [*lines, Passage("It has no rivals.", (), "foot")]
        limit = RIVAL_LINES if height >= RIVAL_HEIGHT else 1
        return lines + [
            Passage(f"{rival.score:+.2f}  {rival.text}", (), "foot", str(number), max_lines=limit)
            for number, rival in enumerate(self.rivals, 1)
        ]

    def top(self, width: int) -> tuple[str, str]:
        """The position and the state of the link, and what is left."""
        session, link = self.session, self.session.current
        words = "nothing left to decide"
        if session.left:
            rate = session.expected_right / session.left
            expects = "expected " if width >= WIDE else ""
            stop = ", stop here?" if rate >= STOP else ""
            words = f"{session.left:,} left, {expects}{100 * rate:.1f} % right{stop}"
        head = headline(link, session.cursor, session.total) if link else "no links"
        if session.state.typed:
            head += f" · / {session.state.typed}"
        if session.state.order == "doubt":
            head += " · doubt first"
        numbered = f"link {link.id:,} · {head}" if link else head
        if cells(numbered) + cells(words) + 3 <= width:
            head = numbered
        return f" {head}", f" {words} "


def marks_of(texts: list[list[str]], langs: tuple[str, str]) -> list[list[RoleSpans]]:
    """The marks of both sides, a sentence at a time, derived from the whole of each side."""
    joined = ["\n".join(side) for side in texts]
    joined_marks = correspondences(joined[0], joined[1], *langs)
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
