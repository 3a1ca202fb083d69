"""A review session: all that a reviewer does to links without a dialog. It needs no screen."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from align.errors import AlignError, UsageError
from align.models import CONFIRMED, MAX_ID, Link, LinkKind, Realignment, Status
from align.review.decisions import DecisionSession
from align.review.filter_language import JUMPS, completions, parse_filter, parse_percentage
from align.review.queries import nearest_confirmed, neighbour
from align.review.session_state import Order
from align.reviewer import Reviewer
from align.store import edits
from align.store.actions import Action
from align.store.edits import Direction, Edit, End, Point, Side
from align.text.messages import per_cent, pluralise
from align.workspace.browse import LinkFilter

DOUBTFUL = 0.6
"""Confidence below which a link is doubtful."""

LARGE_LIST = 20_000
"""Links of a text filter from which on the list is not fetched anew by itself: it takes a moment."""


@dataclass(frozen=True, slots=True)
class PendingEdit:
    """An edit that is committed once it is known what solving again around it changes."""

    edit: Edit
    words: str
    link: Link | None
    """The link that stays at the cursor; None where the edit makes it."""
    expected: Mapping[int, int]
    only_realigns: bool = False
    """Whether nothing is committed where solving again changes nothing."""


class ReviewSession(DecisionSession):
    """A session whose cursor goes to links of a kind, whose list can be filtered and sorted, and whose edits are solved
    around. Keys call its methods by name; `accept` and `reject` are of `DecisionSession`."""

    last_jump = "crossing another link"
    """The one of `JUMPS` that was used last."""
    side: Side = "src"
    """The side that edits of a boundary or a text are for."""
    _outdated: tuple[int, int] | None = None
    """A link of which the reviewer was informed that others changed it, and the last decision then."""

    # The list and the cursor

    def news(self) -> None:
        """Fetch what others changed meanwhile: a colleague, `align propose`, a bulk run.

        The current link stays as it is shown, with a message on what became of it: a decision on it is one on what the
        reviewer has read, and the store refuses it.
        """
        if self.state.filter.text and self.total > LARGE_LIST:
            return
        link = self.current
        if not self.browser.store.others_since(self.latest, self.reviewer):
            return
        if link is not None:
            change = self.browser.store.who_changed(link)
            if change is None and not self.browser.has(link.id, self.state.filter, self.state.order):
                change = "this link is no longer in the list"
            if change is not None:
                if self._outdated != (link.id, self.latest):
                    self._outdated = link.id, self.latest
                    self.inform(f"{change[:1].upper()}{change[1:]}.", "bad")
                return
        self.fetch(link.id if link else None)

    def down(self) -> None:
        """Go to the next link of the list."""
        self.move(self.cursor + 1)

    def up(self) -> None:
        """Go to the previous link of the list."""
        self.move(self.cursor - 1)

    def next_undecided(self) -> None:
        """Go to the next undecided link, from the start again after the last."""
        link = self.current
        following = self.near_undecided(link) if link else None
        if following is None:
            after = link.id if link else None
            following = self.browser.store.next_undecided(after, self.state.filter, order=self.state.order)
        if following is None or (link is not None and following == link.id and link.status is not Status.PROPOSED):
            self.inform("Nothing is left undecided here.", "good")
        elif link is not None and following == link.id:
            self.inform("This is the only one left undecided.")
        else:
            self.go_to_link(following)

    def skip(self) -> None:
        """Leave the link undecided and go to the next undecided one."""
        self.next_undecided()

    def doubtful(self) -> None:
        """Go to the next undecided link that is less sure than the rest."""
        undecided = replace(self.state.filter, statuses=frozenset({Status.PROPOSED}), max_confidence=DOUBTFUL)
        self._go_to_next(undecided, f"No undecided link is below {per_cent(DOUBTFUL)}.")

    def next_uneven(self) -> None:
        """Go to the next link that is not one sentence to one."""
        self._go_to_next(replace(self.state.filter, uneven=True), "Every link here is one sentence to one.")

    def jump(self, target: str) -> None:
        """Go to the next link of one of `JUMPS`, and remember it for the next jump."""
        self.last_jump = target
        self._go_to_next(replace(self.state.filter, **JUMPS[target]), f"No link of this list: {target}.")

    def next_bookmark(self) -> None:
        """Go to the next bookmarked link."""
        self._go_to_next(replace(self.state.filter, bookmarked=True), "There are no bookmarks.")

    def _go_to_next(self, matching: LinkFilter, otherwise: str) -> None:
        link = self.browser.store.next_link(self.state.link, matching, order=self.state.order)
        if link is None:
            self.inform(otherwise)
        else:
            self.go_to_link(link)

    def go_to(self, typed: str) -> None:
        """Go to a rank (from 1), `#` and a number of a link, a percentage of the list, or words of a text."""
        typed = typed.strip()
        if not typed or not self.total:
            return
        number = re.fullmatch(r"(#?)\s*(\d+)\s*(%?)", typed, re.ASCII)
        if number is None or (number[1] and number[3]):
            self._go_to_next(replace(self.state.filter, text=typed), f"{typed!r} is in no link of this list.")
        elif number[1]:
            self._go_to_number(int(number[2]))
        elif number[3]:
            self.move((self.total - 1) * min(100, int(number[2])) // 100)
        else:
            self.move(int(number[2]) - 1)

    def _go_to_number(self, number: int) -> None:
        state = self.state
        rank = self.browser.store.rank(number, state.filter, order=state.order) if number <= MAX_ID else None
        if rank is None:
            self.inform(f"There is no link {number} (any more).")
        elif [link.id for link in self.browser.at(rank, 1, state.filter, state.order)] != [number]:
            self.inform(f"Link {number} is not in this list. Esc clears the filter.")
        else:
            self.move(rank)

    def clear(self) -> None:
        """List all links again; the current link stays."""
        if self.state.typed:
            self.filter("")
        else:
            self.inform("There is no filter to clear. `q` goes back.")

    def matching(self, typed: str) -> LinkFilter:
        """The filter that a reviewer typed. Raises UsageError, naming the word that cannot be read."""
        return parse_filter(typed, self.state.base, self._documents())

    def completions(self, typed: str) -> list[str]:
        """What the last word of a filter can become."""
        return completions(typed, self._documents(), (self.reviewer,))

    def _documents(self) -> list[tuple[int, str]]:
        pairs = self.browser.store.pairs()
        names = {(p.src_document, p.src_doc) for p in pairs} | {(p.tgt_document, p.tgt_doc) for p in pairs}
        return sorted(names)

    def filter(self, typed: str) -> None:
        """List only the links that match; empty lists all. The current link stays if it is listed."""
        try:
            matching = self.matching(typed)
        except AlignError as error:
            self.inform(str(error), "bad")
            return
        link = self.state.link
        self.state = replace(self.state, filter=matching, typed=typed.strip()).with_history(typed)
        self.fetch(link)
        self._remember(self.state)
        if self.total:
            self.inform(pluralise(self.total, "link"))
        elif self.state.base.documents:
            self.inform("No link of these two texts matches. Esc clears the filter; `q`, then `a`, looks through all.")
        else:
            self.inform("No link matches. Esc clears the filter.")

    def count_through(self) -> int:
        """Number of undecided links that `accept_through` would accept; 0 where it is refused."""
        link = self.current
        if link is None or self.state.order == "doubt":
            return 0
        undecided = replace(self.state.filter, statuses=frozenset({Status.PROPOSED}))
        if self.state.filter.statuses and Status.PROPOSED not in self.state.filter.statuses:
            return 0
        return (self.browser.store.rank(link.id, undecided) or 0) + (link.status is Status.PROPOSED)

    def count_above(self, typed: str) -> int:
        """Number of undecided links of at least a percentage."""
        level = max(parse_percentage(typed) / 100, self.state.filter.min_confidence or 0.0)
        return self.browser.undecided(replace(self.state.filter, min_confidence=level)).links

    def sort(self) -> None:
        """Change to document order, at the same link, or to doubt first, at the first undecided link."""
        link = self.state.link
        order: Order = "document" if self.state.order == "doubt" else "doubt"
        self.state = replace(self.state, order=order)
        if order == "doubt":
            link = self.browser.store.next_undecided(None, self.state.filter, order=order) or link
        self.fetch(link)
        self._remember(self.state)
        words = "Sorted by doubt: a look at what comes first is expected to find the most mistakes."
        self.inform(words if order == "doubt" else "Sorted as in the documents.")

    # Decisions

    def undo(self) -> None:
        """Undo the reviewer's last decision."""
        if not self._asks(self.guard.question_before_undo("undo", self.latest)):
            self._decide_many(Reviewer.undo)

    def redo(self) -> None:
        """Redo what was undone last."""
        if not self._asks(self.guard.question_before_undo("redo", self.latest)):
            self._decide_many(Reviewer.redo)

    def accept_through(self) -> None:
        """Accept this link and all above, in document order: by doubt, the most doubtful would be above."""
        if self.state.order == "doubt":
            self.inform(
                "The doubtful links are above here. `A` accepts all above a confidence; `o` sorts by document.", "bad"
            )
        elif link := self.require_current():
            matching, latest = self.state.filter, self.latest
            self._decide_many(
                lambda reviewer: reviewer.accept_through(link.id, matching, expected=link.version, since=latest),
                after=link,
            )

    def accept_above(self, typed: str) -> None:
        """Accept all undecided links that are at least as sure as a percentage."""
        try:
            level = parse_percentage(typed) / 100
        except UsageError as error:
            self.inform(f"Nothing accepted. {error}", "bad")
            return
        matching, latest = self.state.filter, self.latest
        self._decide_many(lambda reviewer: reviewer.accept_above(level, matching, since=latest))

    def bookmark(self) -> None:
        """Set the bookmark of the link, or remove it."""
        if link := self.require_current():
            self.decide(edits.bookmark(link.id, not link.bookmarked), link)

    def swap(self) -> None:
        """Swap source and target of the link."""
        if link := self.require_current():
            self.decide(edits.swap(link.id), link)

    def set_kind(self, link: Link, kind: str) -> None:
        """Set the kind of the link."""
        self.decide(edits.set_kind(link.id, LinkKind(kind)), link)

    def note(self, link: Link, text: str) -> None:
        """Set the note of the link; blank removes it."""
        self.decide(edits.note(link.id, text.strip() or None), link)

    def edit_text(self, link: Link, side: Side, text: str) -> None:
        """Replace the text of a side, if it differs."""
        if text != getattr(link, side).text:
            self.decide(edits.edit_text(link.id, side, text), link)

    def other_side(self) -> None:
        """Change the side that edits of a boundary or a text are for."""
        self.side = "tgt" if self.side == "src" else "src"

    def merge_next(self) -> PendingEdit | None:
        """Merge the link with the one below."""
        return self._merge(1)

    def merge_previous(self) -> PendingEdit | None:
        """Merge the link with the one above."""
        return self._merge(-1)

    def _merge(self, step: int) -> PendingEdit | None:
        link = self.require_current()
        other = neighbour(self.browser, link, step) if link else None
        if link is None:
            return None
        if other is None:
            self.inform(f"There is no link {'below' if step > 0 else 'above'} in the same two texts to merge with.")
            return None
        return self.pending(edits.merge(link.id, other.id), "Merging", link)

    def split(self, link: Link, src_at: Point, tgt_at: Point) -> PendingEdit:
        """Split the link at a point of each side."""
        edit = edits.split(link.id, src_at, tgt_at)
        return self.pending(edit, "Splitting the sentence" if edit.action == Action.CUT else "Splitting", link)

    def give_up(self) -> PendingEdit | None:
        """Give the first sentence of the side to the link above."""
        return self._move("first", "give")

    def give_down(self) -> PendingEdit | None:
        """Give the last sentence of the side to the link below."""
        return self._move("last", "give")

    def take_up(self) -> PendingEdit | None:
        """Take the sentence above into the side."""
        return self._move("first", "take")

    def take_down(self) -> PendingEdit | None:
        """Take the sentence below into the side."""
        return self._move("last", "take")

    def _move(self, end: End, direction: Direction) -> PendingEdit | None:
        link = self.require_current()
        if link is None:
            return None
        if direction == "give" and len(getattr(link, self.side).sentences) == 1:
            self.inform("This side has one sentence only. Tab chooses the other side; `m` merges, `d` unlinks.", "bad")
            return None
        return self.pending(edits.move(link.id, self.side, end, direction), "Moving the sentence", link)

    def unlink(self) -> PendingEdit | None:
        """Unlink the sentences of the link."""
        link = self.require_current()
        return self.pending(edits.unlink(link.id), "Unlinking", link) if link else None

    def relink(self, link: Link, src: Sequence[int], tgt: Sequence[int], shared: Sequence[int]) -> PendingEdit:
        """Move the link to other sentences; `shared` are links on them that stay."""
        return self.pending(edits.relink(link.id, tuple(src), tuple(tgt), shared=shared), "Re-linking", link)

    def solve(self) -> PendingEdit | None:
        """Solve again around the nearest settled link."""
        link = self.current
        settled = nearest_confirmed(self.browser, link) if link else None
        if link is None or settled is None:
            self.inform("Nothing is settled near here yet: accept a link, and `R` solves around it.")
            return None
        expected = {settled.id: settled.version}
        return PendingEdit(edits.solve(settled.id), "Realigning", link, expected, only_realigns=True)

    def pending(self, edit: Edit, words: str, link: Link) -> PendingEdit:
        """An edit of a link that is to be solved around, with the version of the link as it is shown."""
        return PendingEdit(edit, words, link, {link.id: link.version})

    def fetched(self, links: Collection[int]) -> list[Link]:
        """Those of some links that are fetched, as the list shows them."""
        return [link for page in self._pages.values() for link in page if link.id in links]

    def commit(self, pending: PendingEdit, versions: Mapping[int, int], realignment: Realignment) -> None:
        """Commit a pending edit with a realignment. `versions` of its preview: those of the list count where it is."""
        if pending.only_realigns and not realignment:
            self.inform(f"{pending.words}: nothing would change.")
            return
        listed = {link.id: link.version for link in self.fetched(versions)}
        expected = {**versions, **listed, **pending.expected}
        self.decide(pending.edit, pending.link, expected=expected, realignment=realignment)

    def cancel(self, pending: PendingEdit) -> None:
        """Say that a pending edit is not committed."""
        self.inform(f"{pending.words}: cancelled, nothing changed.")

    def is_useful(self, action: str) -> bool:
        """Whether an action does something to the current link. It can be called all the same, and tells why not."""
        link = self.current
        if link is None:
            return action in WITHOUT_LINK
        test = USEFUL.get(action)
        return test(link, self) if test else True


WITHOUT_LINK = frozenset({"filter", "clear", "undo", "redo", "help", "back"})
"""What is of use where no link is listed."""


USEFUL: dict[str, Callable[[Link, ReviewSession], bool]] = {
    "accept": lambda link, _session: link.status not in CONFIRMED,
    "reject": lambda link, _session: link.status is not Status.REJECTED,
    "skip": lambda link, _session: link.status is Status.PROPOSED,
    "give_up": lambda link, session: len(getattr(link, session.side).sentences) > 1,
    "give_down": lambda link, session: len(getattr(link, session.side).sentences) > 1,
    "difference": lambda link, _session: link.src.original is not None or link.tgt.original is not None,
    "next": lambda _link, session: session.left > 0,
    "doubtful": lambda _link, session: session.left > 0,
}
"""When the key bar offers what is not of use to every link."""
