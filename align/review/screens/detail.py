"""Showing the link under the cursor: both texts, their surroundings, and the line on top."""

from __future__ import annotations

from align.domain import Link
from align.jobs.merge import told
from align.review.aids import changed, partners
from align.review.reading import surroundings
from align.review.screens.base import Part
from align.review.sides import Marks, headline, shown_texts, side_of
from align.review.widgets.bars import Line
from align.review.widgets.texts import FootLine, Passage, Side, Texts
from align.text.width import cells

ROOMY = 96
"""From this width on, the top line has room for every word."""

STOP = 0.98
"""From this expected rate on, what is left may be taken as it is."""


class Detail(Part):
    """What is shown of a link."""

    def show_texts(self, link: Link | None) -> None:
        """Both sides, what stands alone in them, and the note."""
        texts = self.query_one(Texts)
        if link is None:
            texts.show(
                (), (Passage("No links here. `/` changes the filter; `align propose` finds links.", (), "foot"),)
            )
            return
        texts.show(self.sides_of(link), self._foot(link))

    def sides_of(self, link: Link, *, by_sentence: bool = False) -> tuple[Side, Side]:
        """Both sides as shown; `by_sentence` shows the sentences even where their text was edited."""
        reach = max(1, self.query_one(Texts).size.height // 4)
        sides = (link.src, link.tgt)
        around = [surroundings(self.app.browser, side, reach) for side in sides]
        texts = [
            [row.text for row in near.own] if by_sentence else shown_texts(side, near.own)
            for side, near in zip(sides, around, strict=True)
        ]
        marks = marks_of(texts, (link.src.lang, link.tgt.lang))
        shown = [
            side_of(side, near, mark, active=name == self.side, shown=text)
            for name, side, near, mark, text in zip(("src", "tgt"), sides, around, marks, texts, strict=True)
        ]
        return shown[0], shown[1]

    def _foot(self, link: Link) -> list[FootLine]:
        """What stands alone, and the note."""
        found = partners(link.src.text, link.tgt.text, link.src.lang, link.tgt.lang)
        alone = [
            f"{side.lang}: {', '.join(dict.fromkeys(side.text[m.start : m.end] for m in marks if m.role == 'lonely'))}"
            for side, marks in zip((link.src, link.tgt), found, strict=True)
            if any(mark.role == "lonely" for mark in marks)
        ]
        foot = self._differences(link)
        if link.attention == "conflict":
            foot += [Passage(told(conflict), (), "warning", "!") for conflict in self.app.browser.conflicts(link.id)]
        if alone:
            foot.append(Passage(f"Without a partner: {'; '.join(alone)}", (), "warning", "!"))
        if link.note:
            foot.append(Passage(f"Note: {link.note}", (), "foot", "#"))
        return [*foot, *self.explanation(link)]

    def _differences(self, link: Link) -> list[FootLine]:
        """Edited sides as they were and as they are, side by side, what differs marked."""
        found: list[FootLine] = []
        for side in (link.src, link.tgt):
            if side.original is not None and self.difference_shown:
                was, now = changed(side.original, side.text)
                found.append((Passage(side.original, was, "context", "−"), Passage(side.text, now, "foot", "+")))
        return found

    def show_top(self) -> None:
        """Where we are, and what is left."""
        link = self.current
        left, expected = self.left, self.expected
        words = "nothing left to decide"
        if left:
            rate = expected / left
            expects = "expected " if self.size.width >= ROOMY else ""
            words = f"{left:,} left, {expects}{100 * rate:.1f} % right{', stop here?' if rate >= STOP else ''}"
        head = headline(link, self.links.cursor, self.total) if link else "no links"
        if self.place.typed:
            head += f" · / {self.place.typed}"
        if self.place.order == "doubt":
            head += " · doubt first"
        numbered = f"link {link.id:,} · {head}" if link else head
        if cells(numbered) + cells(words) + 3 <= self.size.width:
            head = numbered
        self.query_one("#top", Line).show(f" {head}", f" {words} ")


def marks_of(texts: list[list[str]], langs: tuple[str, str]) -> list[list[Marks]]:
    """The reading aids of both sides, a sentence at a time, found over the whole of each side."""
    joined = ["\n".join(side) for side in texts]
    found = partners(joined[0], joined[1], *langs)
    marks: list[list[Marks]] = []
    for side, whole in zip(texts, found, strict=True):
        rows: list[Marks] = []
        start = 0
        for text in side:
            end = start + len(text)
            rows.append(
                tuple((m.start - start, m.end - start, m.role) for m in whole if start <= m.start and m.end <= end)
            )
            start = end + 1
        marks.append(rows)
    return marks
