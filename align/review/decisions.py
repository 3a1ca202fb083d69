"""The links that a reviewer looks through, with a cursor, and the decisions on the link at the cursor."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from align.errors import AlignError, ConflictError, EmptyDecisionError
from align.models import CONFIRMED, Link, Realignment, Status
from align.review.queries import SurroundingsReader
from align.review.session_state import SessionState
from align.reviewer import DecisionWriter, Expected, Reviewer
from align.store import Change, edits
from align.store.actions import Action, Trait
from align.store.edits import Edit
from align.workspace.browse import Browser
from align.workspace.history import words_of

PAGE = 64
"""Links that are fetched at once."""
PAGES_CACHED = 24
AHEAD = 16
"""Links of the list that are looked at before the store is asked for the next undecided one."""
PATIENCE = 0.015
"""Seconds that a decision is waited for; far more than it takes where nobody else writes."""
ORDER_UNCHANGED = Action.having(Trait.KEEPS_ORDER)
"""Decisions that leave every link at its position."""
OVERRULING = {
    "accept": "accept", "reject": "reject", "unlink": "unlink", "merge_next": "merge", "merge_previous": "merge",
    "split": "split", "split_at": "split", "give_up": "change", "give_down": "change", "take_up": "change",
    "take_down": "change", "relink": "re-link", "edit": "edit", "swap": "swap",
}  # fmt: skip
"""Actions that change what is settled, with the verb of the question."""


class OverruleGuard:
    """Asks once about each link and version, or decision to undo; the same key again does it.

    `visit` names the visit of a browser, where a name proves nothing: what was decided under the same name in another
    visit counts as somebody else's.
    """

    def __init__(self, browser: Browser, reviewer: str, visit: str = "") -> None:
        self._browser = browser
        self._reviewer = reviewer
        self._visit = visit
        self._asked: tuple[object, ...] | None = None
        """The action, link and version that were asked about last; without the action where a message came first."""

    def question(self, link: Link | None, action: str) -> str:
        """The question before an action on a link; empty where it may be done."""
        if link is None or action not in OVERRULING or link.reviewer is None:
            return ""
        is_settled = link.status is Status.REJECTED if action == "accept" else link.status in CONFIRMED
        if not is_settled or self._is_own(link) or self._asked_before((action, link.id, link.version)):
            return ""
        words = f"{link.reviewer} {link.status.value} this link"
        again = " in another visit" if link.reviewer == self._reviewer else ""
        return f"{words}{again}. The same key again will {OVERRULING[action]} it."

    def question_before_undo(self, action: str, latest: int) -> str:
        """The question before an undo, or a redo, of a decision of another visit; `latest` is the last decision."""
        visit = self._browser.store.visit_to_undo(self._reviewer, action) if self._visit else None
        if visit in (None, self._visit) or self._asked_before((action, latest)):
            return ""
        return f"That was decided as {self._reviewer} in another visit. The same key again will {action} it."

    def was_informed(self, link: Link) -> None:
        """The reviewer has just read how the link is now: do not ask about it."""
        self._asked = link.id, link.version

    def _is_own(self, link: Link) -> bool:
        if not self._visit:
            return link.reviewer == self._reviewer
        return self._browser.is_of_visit(link, self._reviewer, self._visit)

    def _asked_before(self, attempt: tuple[object, ...]) -> bool:
        is_repeated = self._asked in (attempt, attempt[1:])
        self._asked = None if is_repeated else attempt
        return is_repeated


@dataclass(frozen=True, slots=True)
class Message:
    """A line or two about what just happened; mood: `good`, `bad` or empty."""

    text: str = ""
    mood: str = ""


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """What several writes have done together, and the link to go to; None stays."""

    words: str
    link: int | None


class DecisionSession:
    """The links of a state's filter, in its order, with a cursor, and what one reviewer decides on them.

    `remember` saves the state for the next session. `when_saved` gets the future of a decision that takes long; with
    `waits`, the session waits for each instead. `visit` names the visit of a browser, where the reviewer's name is
    only what somebody typed.
    """

    def __init__(
        self,
        browser: Browser,
        writer: DecisionWriter,
        reviewer: str,
        state: SessionState,
        *,
        remember: Callable[[SessionState], None] = lambda _state: None,
        when_saved: Callable[[Future[Any]], None] = lambda _future: None,
        waits: bool = False,
        visit: str = "",
    ) -> None:
        self.browser = browser
        self.reviewer = reviewer
        self.state = state
        self.cursor = 0
        """The rank of the current link, from 0."""
        self.total = 0
        self.left = 0
        """Undecided links of the list."""
        self.expected_right = 0.0
        """The sum of their confidences."""
        self.latest = 0
        """The number of the last decision when the list was fetched: decisions on many links expect no later one."""
        self.message = Message()
        self.revision = 0
        """Grows whenever the list is fetched anew."""
        self.changed_ranks: set[int] = set()
        """Ranks of the links that changed since the list was last shown."""
        self.writer = writer
        self.surroundings = SurroundingsReader(browser)
        self.guard = OverruleGuard(browser, reviewer, visit)
        self._remember = remember
        self._when_saved = when_saved
        self._waits = waits
        self._unmoved: tuple[Future[Any], int | None, Link | None] | None = None
        """A decision that is being saved, the link that was current, and the one after which the list goes on."""
        self._pages: OrderedDict[int, list[Link]] = OrderedDict()
        self._shown: Link | None = None
        self._message_link: int | None = None

    # The list

    def open(self) -> None:
        """Fetch the list; go to the link of the state, or to the first undecided one."""
        link = self.state.link
        if link is None:
            link = self.browser.store.next_undecided(None, self.state.filter, order=self.state.order)
        self.fetch(link, self.state.rank)

    def link_at(self, rank: int) -> Link | None:
        """The link of that rank; None outside the list."""
        if not 0 <= rank < self.total:
            return None
        number, offset = divmod(rank, PAGE)
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = list(self.browser.at(number * PAGE, PAGE, self.state.filter, self.state.order))
            if len(self._pages) > PAGES_CACHED:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(number)
        return page[offset] if offset < len(page) else None

    def renew(self, links: Iterable[int]) -> None:
        """Read some links again, the list having the same ones in the same order, and count what is left."""
        new = {link.id: link for link in map(self.browser.link, links) if link is not None}
        for number, page in self._pages.items():
            for offset, link in enumerate(page):
                if link.id in new:
                    now = page[offset] = new[link.id]
                    step = (now.status is Status.PROPOSED) - (link.status is Status.PROPOSED)
                    self.left += step
                    self.expected_right += step * link.confidence
                    self.changed_ranks.add(number * PAGE + offset)

    @property
    def current(self) -> Link | None:
        """The link at the cursor, as it was when it was shown."""
        link = self.link_at(self.cursor)
        shown = self._shown
        return shown if link is not None and shown is not None and link.id == shown.id else link

    def fetch(self, link: int | None = None, rank: int | None = None) -> None:
        """Fetch the list anew and go to the link; where it is deleted, to that rank, or stay at the cursor's."""
        self.latest = self.browser.store.latest()
        self.total = self.browser.store.count(self.state.filter)
        self.left, self.expected_right = self.browser.undecided(self.state.filter)
        self._pages.clear()
        self.revision += 1
        rank = self.cursor if rank is None else rank
        position = (
            self.browser.store.rank(link, self.state.filter, order=self.state.order) if link is not None else None
        )
        self.move(rank if position is None else position)

    def move(self, rank: int) -> None:
        """Put the cursor on a rank, at most the last, and show the link there."""
        self.cursor = max(0, min(rank, self.total - 1))
        self.show()

    def show(self) -> None:
        """Show the link at the cursor as it is now; a message goes when another link is shown."""
        link = self._shown = self.link_at(self.cursor)
        if link is not None and link.id != self.state.link:
            self.state = self.state.at(link.id, self.cursor)
            self._remember(self.state)
        if self._message_link != (link.id if link else None):
            self.inform("")

    def inform(self, text: str, mood: str = "") -> None:
        """Set the message, until another link is shown."""
        link = self.current
        self._message_link = link.id if link else None
        self.message = Message(text, mood)

    def go_to_link(self, link: int | None) -> None:
        """Put the cursor on the link; None shows the current one anew."""
        rank = self._rank_of(link) if link is not None else None
        self.move(self.cursor if rank is None else rank)

    def _rank_of(self, link: int) -> int | None:
        """The rank of a link: mostly near the cursor, which spares counting a million others."""
        for rank in range(self.cursor, self.cursor + AHEAD + 1):
            near = self.link_at(rank)
            if near is not None and near.id == link:
                return rank
        return self.browser.store.rank(link, self.state.filter, order=self.state.order)

    def following(self, link: Link) -> int | None:
        """The undecided link after this one; None where it is the last."""
        following = self.near_undecided(link)
        if following is None:
            following = self.browser.store.next_undecided(link.id, self.state.filter, order=self.state.order)
        return None if following == link.id else following

    def near_undecided(self, link: Link) -> int | None:
        """The undecided link among the next ones of the list, which are fetched already."""
        current = self.current
        if current is None or current.id != link.id:
            return None
        for rank in range(self.cursor + 1, self.cursor + 1 + AHEAD):
            near = self.link_at(rank)
            if near is None:
                return None
            if near.status is Status.PROPOSED:
                return near.id
        return None

    # Decisions

    def decide(
        self,
        edit: Edit,
        link: Link | None,
        *,
        go_on: bool = False,
        expected: Expected = None,
        realignment: Realignment | None = None,
    ) -> None:
        """Commit an edit of the link as it was shown; go to the next undecided link, or stay."""
        following = None if link is None else self.following(link) if go_on else link.id
        versions = link.version if expected is None and link is not None else expected
        future = self.writer.submit(lambda reviewer: reviewer.commit(edit, expected=versions, realignment=realignment))
        if not self.is_in_time(future):
            self.go_to_link(following)
            self.inform("saving …")
            return
        try:
            change = future.result()
        except AlignError as error:
            self._refused(error, link)
        else:
            self._committed(change, following)

    def _decide_many(self, work: Callable[[Reviewer], Change], after: Link | None = None) -> None:
        """Make a decision on several links; then go to what is still undecided after a link, if given."""
        future = self.writer.submit(work)
        if not self.is_in_time(future):
            self._unmoved = future, self.state.link, after
            self.inform("saving …")
            return
        try:
            change = future.result()
        except AlignError as error:
            self._refused(error, after)
            return
        self._committed(change, self._undecided_after(after))

    def _undecided_after(self, link: Link | None) -> int | None:
        return self.browser.store.next_undecided(link.id, self.state.filter, order=self.state.order) if link else None

    def saved(self, future: Future[Any]) -> None:
        """Show a decision that took long, or that it was refused."""
        error = future.exception()
        if error is None:
            change = future.result()
            if isinstance(change, WriteSummary):
                self.fetch(change.link if change.link is not None else self.state.link)
                self.inform(change.words, "good")
                return
            link = self.current
            waiting, current, after = self._unmoved or (None, None, None)
            if isinstance(change, Change) and waiting is future and current == (link.id if link else None):
                self._committed(change, self._undecided_after(after))
                return
            if isinstance(change, Change) and self._same_list(change):
                self.renew(change.link_ids)
                self.show()
            else:
                self.fetch(link.id if link else None)
            if isinstance(change, Change):
                self.inform(words_of(change.decision), "good")
        elif isinstance(error, AlignError):
            self._refused(error, None)
        else:
            raise error

    def is_in_time(self, future: Future[Any]) -> bool:
        """Whether a decision is saved, or refused, within a moment; `saved` shows it later where it is not."""
        done, _ = wait([future], None if self._waits else PATIENCE)
        if not done:
            self._when_saved(future)
        return bool(done)

    def _committed(self, change: Change, following: int | None) -> None:
        link = change.next_link if change.next_link is not None else following
        if self._same_list(change):
            self.renew(change.link_ids)
        else:
            self.fetch(link)
        self.go_to_link(link)
        self.inform(words_of(change.decision), "good")

    def _same_list(self, change: Change) -> bool:
        """Whether the list has the same links in the same order as before."""
        matching = self.state.filter
        by_decision = (
            matching.statuses, matching.kinds, matching.noted, matching.bookmarked, matching.reviewer,
            matching.attention,
        )  # fmt: skip
        action = change.decision.action
        if action in ("undo", "redo"):
            action = str(change.decision.detail.get("action"))
        has_deleted_proposals = "gave_way" in change.decision.detail
        return (
            not (any(by_decision) or has_deleted_proposals)
            and action in ORDER_UNCHANGED
            and len(change.link_ids) <= AHEAD
        )

    def _refused(self, error: AlignError, link: Link | None) -> None:
        words = str(error)
        if isinstance(error, EmptyDecisionError):
            self.inform(words[:1].upper() + words[1:])
            return
        self.fetch(link.id if link else None)
        current = self.current
        if isinstance(error, ConflictError) and current is not None:
            self.guard.was_informed(current)
        if isinstance(error, ConflictError) and link is not None and (current is None or current.id != link.id):
            words = words.replace("this link", f"link {link.id}", 1)
            words = words.replace(" Decide again.", " It is not listed here now.")
        self.inform(words, "bad")

    def require_current(self) -> Link | None:
        """The current link; a message where there is none."""
        link = self.current
        if link is None:
            self.inform("There is no link here.")
        return link

    def accept(self) -> None:
        """Accept the link and go on."""
        if (link := self.require_current()) and not self.asks_to_overrule("accept"):
            self.decide(edits.accept(link.id), link, go_on=True)

    def reject(self) -> None:
        """Reject the link and go on."""
        if (link := self.require_current()) and not self.asks_to_overrule("reject"):
            self.decide(edits.reject(link.id), link, go_on=True)

    def asks_to_overrule(self, action: str) -> bool:
        """Ask once before an action changes what somebody else has settled; the same key again does it."""
        return self._asks(self.guard.question(self.current, action))

    def _asks(self, question: str) -> bool:
        if question:
            self.inform(question, "bad")
        return bool(question)
