"""Merge, split, move, re-link, unlink, edit, swap; and kind, note, bookmark."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from align.domain import Link, LinkKind
from align.jobs.resolve import Ripple
from align.review import fixes
from align.review.fixes import End, Fix, SideName, Way
from align.review.points import Point
from align.review.reading import link_at, nearest_settled, neighbour
from align.review.screens.asking import Ask, AskText, Choose
from align.review.screens.base import Part
from align.review.screens.linking import Known, ask_known
from align.review.screens.ripple import RippleScreen
from align.review.screens.splitting import SplitScreen, can_split

KIND_KEYS = (("t", "translation"), ("p", "partial"), ("s", "summary"), ("i", "title"), ("q", "quote"))


class Fixing(Part):
    """What puts a link right."""

    side: SideName = "src"

    def fix(self, fix: Fix, link: Link) -> None:
        """Solve around the fix, show what else changes, then write both as one decision."""

        def answered(ripple: Ripple | None) -> None:
            if ripple is None:
                self.say(f"{fix.words}: cancelled, nothing changed.")
            else:
                self.decide(lambda desk, _link: fix.write(desk, ripple), link, go_on=False)

        self.app.push_screen(RippleScreen(fix), answered)

    def relink(self, link: Link, src: Sequence[int], tgt: Sequence[int]) -> None:
        """Move the link to other sentences, with the reviewer's leave where they are in accepted links."""

        def go_on(known: Known | None) -> None:
            if known is None:
                self.say("re-link: cancelled, nothing changed.")
            else:
                self.fix(fixes.relink(link, tuple(src), tuple(tgt), known), link)

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
            self.fix(fixes.merge(link, self.links.listed(other)), link)

    def action_split(self) -> None:
        """In two."""
        self._with_current(self._split)

    def _split(self, link: Link) -> None:
        if (len(link.src.sentences), len(link.tgt.sentences)) == (2, 2):
            self.fix(fixes.split(link, Point(1), Point(1)), link)
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
                self.fix(fixes.split(link, *cuts), link)

        self.app.push_screen(SplitScreen(sides), answered)

    def action_side(self) -> None:
        """The side that the bracket keys work on."""
        self.side = "tgt" if self.side == "src" else "src"
        self.show_texts(self.current)

    def action_give_up(self) -> None:
        """First sentence of the side to what stands above."""
        self._move("first", "up")

    def action_give_down(self) -> None:
        """Last sentence of the side to what stands below."""
        self._move("last", "down")

    def action_take_up(self) -> None:
        """The sentence above into this side."""
        self._move("first", "down")

    def action_take_down(self) -> None:
        """The sentence below into this side."""
        self._move("last", "up")

    def _move(self, end: End, way: Way) -> None:
        link = self.current
        if link is None:
            return
        side = getattr(link, self.side)
        outward = (end, way) in (("first", "up"), ("last", "down"))
        if outward and len(side.sentences) == 1:
            self.say("This side has one sentence only. Tab chooses the other side; `m` merges, `d` unlinks.", "bad")
            return
        before, after = self.app.browser.context(side, 1)
        near = before[-1:] if end == "first" else after[:1]
        if not near and not outward:
            self.say("There is no sentence there to take.", "bad")
            return
        beyond = near[0].id if near else None
        neighbour = link_at(self.app.browser, beyond, link, self.side) if beyond is not None else None
        neighbour = self.links.listed(neighbour) if neighbour is not None else None
        self.fix(fixes.move(link, self.side, end, way, beyond, neighbour), link)

    def action_solve(self) -> None:
        """Around the nearest settled link."""
        link = self.current
        settled = nearest_settled(self.app.browser, link) if link else None
        if link is None or settled is None:
            self.say("Nothing is settled near here yet: accept a link, and `R` solves around it.")
            return

        def answered(ripple: Ripple | None) -> None:
            if ripple:
                fix = fixes.solve_again(settled)
                self.decide(lambda desk, _link: fix.write(desk, ripple), link, go_on=False)
            else:
                words = "nothing would change" if ripple is not None else "cancelled, nothing changed"
                self.say(f"solve again: {words}.")

        self.app.push_screen(RippleScreen(fixes.solve_again(settled)), answered)

    def action_unlink(self) -> None:
        """Apart."""
        self._with_current(lambda link: self.fix(fixes.unlink(link), link))

    def action_swap(self) -> None:
        """Source and target."""
        self._stay(lambda desk, link: desk.swap(link.id, seen=link.version))

    def _stay(self, work: Callable[..., object]) -> None:
        self._with_current(lambda link: self.decide(work, link, go_on=False))

    def action_bookmark(self) -> None:
        """On or off."""
        self._stay(lambda desk, link: desk.bookmark(link.id, not link.bookmarked, seen=link.version))

    def action_kind(self) -> None:
        """Choose one."""

        def ask(link: Link) -> None:
            def chosen(kind: str | None) -> None:
                if kind is not None:
                    self.decide(
                        lambda desk, _l: desk.set_kind(link.id, LinkKind(kind), seen=link.version), link, go_on=False
                    )

            self.app.push_screen(Choose(f"Kind (now {link.kind.value})", KIND_KEYS), chosen)

        self._with_current(ask)

    def action_note(self) -> None:
        """Write or change the note."""

        def ask(link: Link) -> None:
            def written(text: str | None) -> None:
                if text is not None:
                    note = text.strip() or None
                    self.decide(lambda desk, _l: desk.note(link.id, note, seen=link.version), link, go_on=False)

            self.app.push_screen(Ask("Note", link.note or "", "empty = no note"), written)

        self._with_current(ask)

    def action_edit(self) -> None:
        """The text of the active side."""
        side = self.side

        def written(link: Link, before: str, text: str | None) -> None:
            if text is not None and text != before:
                self.decide(lambda desk, _l: desk.edit(link.id, side, text, seen=link.version), link, go_on=False)

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
            self.ask_desk(lambda desk: desk.accept_through(link.id, chosen, seen=link.version, since=since), after=link)

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
            self.ask_desk(lambda desk: desk.accept_above(int(figure) / 100, chosen, since=since))

        self.app.push_screen(Ask("Accept every undecided link that is at least this sure, in per cent", "90"), answered)
