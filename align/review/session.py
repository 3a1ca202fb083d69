"""A review session: what a reviewer decides on the link at the cursor, and how the list goes on. It needs no screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from align.errors import AlignError, ConflictError, EmptyDecisionError, UsageError
from align.models import CONFIRMED, Link, LinkKind, Realignment, Status
from align.review.filter_language import parse_percentage
from align.review.navigation import AHEAD, LinkNavigator
from align.review.overruling import OverruleGuard
from align.review.queries import nearest_confirmed, neighbour
from align.review.session_state import SessionState
from align.review.worker_thread import DecisionWriter
from align.reviewer import Expected, Reviewer
from align.store import Change, edits
from align.store.actions import Action, Trait
from align.store.edits import Direction, Edit, End, Point, Side
from align.workspace.browse import Browser
from align.workspace.history import words_of

PATIENCE = 0.015
"""Seconds that a decision is waited for; far more than it takes where nobody else writes."""
ORDER_UNCHANGED = Action.having(Trait.KEEPS_ORDER)
"""Decisions that leave every link at its position."""


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


@dataclass(frozen=True, slots=True)
class WriteSummary:
    """What several writes have done together, and the link to go to; None stays."""

    words: str
    link: int | None


class ReviewSession(LinkNavigator):
    """What one reviewer decides in a list. `when_saved` gets the future of a decision that takes long;
    with `waits`, the session waits for each instead.

    `visit` names the visit of a browser, where the reviewer's name is only what somebody typed.
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
        super().__init__(browser, reviewer, state, remember=remember)
        self.writer = writer
        self.guard = OverruleGuard(browser, reviewer, visit)
        self.side: Side = "src"
        """The side that edits of a boundary or a text are for."""
        self._when_saved = when_saved
        self._waits = waits
        self._unmoved: tuple[Future[Any], int | None, Link | None] | None = None
        """A decision that is being saved, the link that was current, and the one after which the list goes on."""

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
        return self.browser.next_undecided(link.id, self.state.filter, self.state.order) if link else None

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

    # Verdicts

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

    # Edits that are solved around

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
