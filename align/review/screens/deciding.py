"""Accept, reject, skip, undo, redo: one key decides and goes on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from align.domain import Link, Realignment, Status
from align.errors import AlignError, ConflictError, EmptyDecisionError
from align.jobs.history import words_of
from align.review.screens.base import Part
from align.reviewer import Expected, Reviewer
from align.store import Change, edits
from align.store.actions import Action, Trait
from align.store.edits import Edit

AHEAD = 16
"""Links of the list that are looked at before the store is asked for the next undecided one."""

ORDER_KEPT = Action.having(Trait.KEEPS_ORDER)
"""Decisions that leave every link where it stands."""


class Deciding(Part):
    """What one key decides."""

    def decide(
        self,
        edit: Edit,
        link: Link,
        *,
        go_on: bool,
        expected: Expected = None,
        realignment: Realignment | None = None,
    ) -> None:
        """Commit an edit of the link as it is shown; go to the next undecided link, or stay."""
        expected = link.version if expected is None else expected
        following = self.following(link) if go_on else link.id
        future = self.app.clerk.submit(
            lambda reviewer: reviewer.commit(edit, expected=expected, realignment=realignment)
        )
        if not self.app.in_time(future, self):
            self.go_to_link(following)
            self.say("saving …")
            return
        try:
            change = future.result()
        except AlignError as error:
            self._refused(error, link)
        else:
            self._done(change, following)

    def ask_reviewer(self, work: Callable[[Reviewer], Change], after: Link | None = None) -> None:
        """A decision on no link in particular, or on many; then to what is still undecided after a link, if given."""
        future = self.app.clerk.submit(work)
        if not self.app.in_time(future, self):
            self.say("saving …")
            return
        try:
            change = future.result()
        except AlignError as error:
            self._refused(error, after)
            return
        undecided = self.app.browser.next_undecided
        self._done(change, undecided(after.id, self.place.filter, self.place.order) if after else None)

    def saved(self, future: Future[Any]) -> None:
        """A decision that took long is done, or was refused."""
        error = future.exception()
        if error is None:
            change = future.result()
            link = self.current
            if isinstance(change, Change) and self._same_list(change):
                self._renew(change)
                self.look()
            else:
                self.relist(link.id if link else None)
            if isinstance(change, Change):
                self.say(words_of(change.decision), "good")
        elif isinstance(error, AlignError):
            self._refused(error, None)
        else:
            raise error

    def following(self, link: Link) -> int | None:
        """The undecided link after this one; None where it is the last."""
        found = self._near(link)
        if found is None:
            found = self.app.browser.next_undecided(link.id, self.place.filter, self.place.order)
        return None if found == link.id else found

    def _near(self, link: Link) -> int | None:
        """The undecided link among the next few of the list, which are at hand already."""
        here = self.links.cursor
        current = self.links.current
        if current is None or current.id != link.id:
            return None
        for rank in range(here + 1, here + 1 + AHEAD):
            near = self.links.link_at(rank)
            if near is None:
                return None
            if near.status is Status.PROPOSED:
                return near.id
        return None

    def _done(self, change: Change, following: int | None) -> None:
        target = change.look_at if change.look_at is not None else following
        if self._same_list(change):
            self._renew(change)
        else:
            self.relist(target)
        self.go_to_link(target)
        self.say(words_of(change.decision), "good")

    def _renew(self, change: Change) -> None:
        """Show the links of a decision as they are now."""
        found = [self.app.browser.link(number) for number in change.link_ids]
        self._recount(self.links.renew(link for link in found if link is not None))

    def _same_list(self, change: Change) -> bool:
        """Whether the list has the same links in the same order as before, so that it need not be counted anew."""
        chosen = self.place.filter
        told = (chosen.statuses, chosen.kinds, chosen.noted, chosen.bookmarked, chosen.reviewer, chosen.attention)
        touched = any(told)
        action = change.decision.action
        if action in ("undo", "redo"):
            action = str(change.decision.detail.get("action"))
        gave_way = "gave_way" in change.decision.detail
        return not (touched or gave_way) and action in ORDER_KEPT and len(change.link_ids) <= AHEAD

    def _recount(self, changed: list[tuple[Link, Link]]) -> None:
        """What is left, after these links (as they were, as they are) changed: no need to add up a million others."""
        for was, now in changed:
            step = (now.status is Status.PROPOSED) - (was.status is Status.PROPOSED)
            self.left += step
            self.expected += step * was.confidence

    def _refused(self, error: AlignError, link: Link | None) -> None:
        if isinstance(error, EmptyDecisionError):
            words = str(error)
            self.say(words[:1].upper() + words[1:])
            return
        self.relist(link.id if link else None)
        words = str(error)
        if (
            isinstance(error, ConflictError)
            and link is not None
            and (self.current is None or self.current.id != link.id)
        ):
            words = words.replace("this link", f"link {link.id}", 1).replace(
                " Decide again.", " It is not listed here now."
            )
        self.say(words, "bad")

    def go_to_link(self, link: int | None) -> None:
        """Put the cursor on the link; None = stay, but show anew."""
        if link is not None:
            rank = self._rank_of(link)
            if rank is not None and rank != self.links.cursor:
                self.links.cursor = rank
                return
        self.look()

    def _rank_of(self, link: int) -> int | None:
        """Where the link stands: near the cursor most often, which spares counting a million others."""
        here = self.links.cursor
        for rank in range(here, here + AHEAD + 1):
            near = self.links.link_at(rank)
            if near is not None and near.id == link:
                return rank
        return self.app.browser.rank(link, self.place.filter, self.place.order)

    def action_accept(self) -> None:
        """Accept and go on."""
        self._on_current(edits.accept)

    def action_reject(self) -> None:
        """Reject and go on."""
        self._on_current(edits.reject)

    def _on_current(self, edit: Callable[[int], Edit]) -> None:
        link = self.current
        if link is None:
            self.say("There is no link here.")
        else:
            self.decide(edit(link.id), link, go_on=True)

    def action_skip(self) -> None:
        """Go on without deciding."""
        self.action_next()

    def action_next(self) -> None:
        """The next undecided link, around the end to the beginning."""
        link = self.current
        found = self._near(link) if link else None
        if found is None:
            found = self.app.browser.next_undecided(link.id if link else None, self.place.filter, self.place.order)
        if found is None or (link is not None and found == link.id and link.status is not Status.PROPOSED):
            self.say("Nothing is left undecided here.", "good")
        elif link is not None and found == link.id:
            self.say("This is the only one left undecided.")
        else:
            self.go_to_link(found)

    def action_undo(self) -> None:
        """Take back."""
        self.ask_reviewer(Reviewer.undo)

    def action_redo(self) -> None:
        """Decide again."""
        self.ask_reviewer(Reviewer.redo)
