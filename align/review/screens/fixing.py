"""Merge, split, move, re-link, unlink, edit, swap; and kind, note, bookmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from align.domain import Link, LinkKind
from align.review.points import Point
from align.review.reading import nearest_settled, neighbour
from align.review.screens.asking import Ask, AskText, Choose
from align.review.screens.base import Part
from align.review.screens.linking import Known, ask_known
from align.review.screens.ripple import Answer, RippleScreen
from align.review.screens.splitting import SplitScreen, can_split
from align.store import edits
from align.store.edits import Direction, Edit, End
from align.store.edits import Side as SideName

KIND_KEYS = (("t", "translation"), ("p", "partial"), ("s", "summary"), ("i", "title"), ("q", "quote"))


class Fixing(Part):
    """What puts a link right."""

    side: SideName = "src"

    def fix(self, edit: Edit, words: str, link: Link) -> None:
        """Preview the edit, solve around it, show what else changes, then commit both as one decision."""

        def answered(answer: Answer | None) -> None:
            if answer is None:
                self.say(f"{words}: cancelled, nothing changed.")
                return
            expected = {**answer.versions, link.id: link.version}
            expected |= {one.id: one.version for one in self.links.rows_of(expected) if one.id != link.id}
            self.decide(edit, link, go_on=False, expected=expected, realignment=answer.realignment)

        self.app.push_screen(RippleScreen(edit, words), answered)

    def relink(self, link: Link, src: Sequence[int], tgt: Sequence[int]) -> None:
        """Move the link to other sentences, with the reviewer's leave where they are in accepted links."""

        def go_on(known: Known | None) -> None:
            if known is None:
                self.say("re-link: cancelled, nothing changed.")
            else:
                self.fix(edits.relink(link.id, tuple(src), tuple(tgt), shared=known), "re-link", link)

        ask_known(self.app, (src, tgt), link, go_on)

    def _with_current(self, work: Callable[[Link], object]) -> None:
        link = self.current
        if link is None:
            self.say("There is no link here.")
        else:
            work(link)

    def action_merge_next(self) -> None:
        """With the one below."""
        self._with_current(lambda link: self._merge(link, 1))

    def action_merge_previous(self) -> None:
        """With the one above."""
        self._with_current(lambda link: self._merge(link, -1))

    def _merge(self, link: Link, step: int) -> None:
        other = neighbour(self.app.browser, link, step)
        if other is None:
            self.say(f"There is no link {'below' if step > 0 else 'above'} in the same two texts to merge with.")
        else:
            self.fix(edits.merge(link.id, other.id), "merge", link)

    def action_split(self) -> None:
        """In two."""
        self._with_current(self._split)

    def _split(self, link: Link) -> None:
        if (len(link.src.sentences), len(link.tgt.sentences)) == (2, 2):
            self.fix(edits.split(link.id, 1, 1), "split", link)
        else:
            self._split_at(link)

    def action_split_at(self) -> None:
        """In two, and say where."""
        self._with_current(self._split_at)

    def _split_at(self, link: Link) -> None:
        sides = self.sides_of(link, by_sentence=True)
        if not can_split(sides):
            self.say("A side has one character only: `d` unlinks, `r` links to another place.", "bad")
            return

        def answered(cuts: tuple[Point, Point] | None) -> None:
            if cuts is not None:
                inside = any(point.character for point in cuts)
                self.fix(edits.split(link.id, *cuts), "split inside a sentence" if inside else "split", link)

        self.app.push_screen(SplitScreen(sides), answered)

    def action_side(self) -> None:
        """The side that the bracket keys work on."""
        self.side = "tgt" if self.side == "src" else "src"
        self.show_texts(self.current)

    def action_give_up(self) -> None:
        """First sentence of the side to what stands above."""
        self._move("first", "give")

    def action_give_down(self) -> None:
        """Last sentence of the side to what stands below."""
        self._move("last", "give")

    def action_take_up(self) -> None:
        """The sentence above into this side."""
        self._move("first", "take")

    def action_take_down(self) -> None:
        """The sentence below into this side."""
        self._move("last", "take")

    def _move(self, end: End, direction: Direction) -> None:
        link = self.current
        if link is None:
            return
        if direction == "give" and len(getattr(link, self.side).sentences) == 1:
            self.say("This side has one sentence only. Tab chooses the other side; `m` merges, `d` unlinks.", "bad")
        else:
            self.fix(edits.move(link.id, self.side, end, direction), f"{direction} a sentence", link)

    def action_solve(self) -> None:
        """Around the nearest settled link."""
        link = self.current
        settled = nearest_settled(self.app.browser, link) if link else None
        if link is None or settled is None:
            self.say("Nothing is settled near here yet: accept a link, and `R` solves around it.")
            return

        def answered(answer: Answer | None) -> None:
            if answer and answer.realignment:
                expected = {settled.id: settled.version}
                self.decide(
                    edits.solve(settled.id), link, go_on=False, expected=expected, realignment=answer.realignment
                )
            else:
                words = "nothing would change" if answer is not None else "cancelled, nothing changed"
                self.say(f"solve again: {words}.")

        self.app.push_screen(RippleScreen(edits.solve(settled.id), "solve again"), answered)

    def action_unlink(self) -> None:
        """Apart."""
        self._with_current(lambda link: self.fix(edits.unlink(link.id), "unlink", link))

    def action_swap(self) -> None:
        """Source and target."""
        self._stay(lambda link: edits.swap(link.id))

    def _stay(self, edit: Callable[[Link], Edit]) -> None:
        self._with_current(lambda link: self.decide(edit(link), link, go_on=False))

    def action_bookmark(self) -> None:
        """On or off."""
        self._stay(lambda link: edits.bookmark(link.id, not link.bookmarked))

    def action_kind(self) -> None:
        """Choose one."""

        def ask(link: Link) -> None:
            def chosen(kind: str | None) -> None:
                if kind is not None:
                    self.decide(edits.set_kind(link.id, LinkKind(kind)), link, go_on=False)

            self.app.push_screen(Choose(f"Kind (now {link.kind.value})", KIND_KEYS), chosen)

        self._with_current(ask)

    def action_note(self) -> None:
        """Write or change the note."""

        def ask(link: Link) -> None:
            def written(text: str | None) -> None:
                if text is not None:
                    note = text.strip() or None
                    self.decide(edits.note(link.id, note), link, go_on=False)

            self.app.push_screen(Ask("Note", link.note or "", "empty = no note"), written)

        self._with_current(ask)

    def action_edit(self) -> None:
        """The text of the active side."""
        side = self.side

        def written(link: Link, before: str, text: str | None) -> None:
            if text is not None and text != before:
                self.decide(edits.edit_text(link.id, side, text), link, go_on=False)

        def ask(link: Link) -> None:
            text = getattr(link, side).text
            words = "source" if side == "src" else "target"
            hint = "Enter saves · Esc cancels · the original is kept · Tab before `e` chooses the side"
            self.app.push_screen(AskText(f"Edit the {words}", text, hint), lambda answer: written(link, text, answer))

        self._with_current(ask)

    def action_accept_through(self) -> None:
        """This and all above, in the order of the documents: by doubt, the most doubtful would stand above."""
        if self.place.order == "doubt":
            self.say(
                "The doubtful ones stand above here. `A` accepts all above a confidence; `o` sorts by document.", "bad"
            )
            return
        chosen, since = self.place.filter, self.since

        def accept(link: Link) -> None:
            self.ask_reviewer(
                lambda reviewer: reviewer.accept_through(link.id, chosen, expected=link.version, since=since),
                after=link,
            )

        self._with_current(accept)

    def action_accept_above(self) -> None:
        """All that are surer than a figure."""

        chosen, since = self.place.filter, self.since

        def answered(typed: str | None) -> None:
            figure = (typed or "").strip().rstrip("%").strip()
            if not figure.isdecimal() or not 0 <= int(figure) <= 100:
                if typed is not None:
                    self.say("Nothing accepted: that is no percentage.", "bad")
                return
            self.ask_reviewer(lambda reviewer: reviewer.accept_above(int(figure) / 100, chosen, since=since))

        self.app.push_screen(Ask("Accept every undecided link that is at least this sure, in per cent", "90"), answered)
