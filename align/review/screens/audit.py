"""Audit: a reviewer judges a random sample of links, which estimates the share of right ones with an interval.

A sample is reproducible by its seed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.models import CONFIRMED, Link
from align.report.pace import sample, wilson
from align.review.decisions import WriteSummary
from align.review.presenters import shown_texts, side_view
from align.review.queries import load_context
from align.review.screens.base import ClosesOnce, ours
from align.review.screens.dialogs import Ask
from align.review.session import ReviewSession
from align.review.widgets.bars import KeyBar, Line
from align.review.widgets.texts import Texts
from align.reviewer import Reviewer
from align.store import edits
from align.text.messages import pluralise

MAX_SEED = 100_000


@dataclass(frozen=True, slots=True)
class SamplePlan:
    """How many links are judged, and the seed that they are drawn with: the same seed draws the same ones."""

    count: int
    seed: int

    @classmethod
    def of(cls, typed: str) -> SamplePlan:
        """`50`, or `50 seed 123` as shown. Raises UsageError otherwise."""
        match = re.fullmatch(r"\s*(\d{1,9})(?:\s+seed\s+(\d{1,9}))?\s*", typed, re.ASCII)
        if match is None or not int(match[1]):
            raise UsageError("Type a number of links, such as 50, or with the seed of an earlier sample: 50 seed 123.")
        return cls(int(match[1]), int(match[2]) if match[2] else random.randrange(MAX_SEED))


@dataclass(frozen=True, slots=True)
class AuditResult:
    """Links of a random sample that were judged, with whether each is right."""

    links: tuple[Link, ...]
    verdicts: tuple[bool, ...]
    seed: int
    total: int
    """Links that they were drawn from."""

    @property
    def wrong(self) -> list[Link]:
        """The links that were judged wrong."""
        return [link for link, right in zip(self.links, self.verdicts, strict=True) if not right]


def record_audit(session: ReviewSession, result: AuditResult) -> None:
    """Record an audit, and make the links that were judged wrong undecided again, as one decision.

    They ask for attention, so that bulk accepts leave them out. The session goes to the first of them.
    """
    right, judged, wrong = sum(result.verdicts), len(result.verdicts), result.wrong
    low, high = wilson(right, judged)
    words = f"{session.state.typed or 'accepted'}, {judged} of {result.total} drawn with seed {result.seed}"

    def work(reviewer: Reviewer) -> WriteSummary:
        reviewer.record_audit(words, judged, right, low, high)
        reopened: list[int] = []
        with reviewer.batch(), reviewer.because(f"judged wrong in an audit, seed {result.seed}"):
            for link in wrong:
                try:
                    reviewer.commit(edits.reopen(link.id, "audit"), expected=link.version)
                except (ConflictError, EmptyDecisionError):
                    continue  # decided by somebody else since it was drawn
                reopened.append(link.id)
        rate = f"{right} of {judged} right: {100 * low:.1f} to {100 * high:.1f} % (95 %, Wilson; seed {result.seed})."
        if not reopened:
            return WriteSummary(rate, None)
        count = pluralise(len(reopened), "wrong link")
        return WriteSummary(f"{rate} {count} undecided again: `/` attention lists them.", reopened[0])

    future = session.writer.submit(work)
    if session.is_in_time(future):
        session.saved(future)
    else:
        session.inform("saving …")


AUDIT_SIZE = 50
"""Links that an audit proposes to judge."""


def audit(session: ReviewSession, push: Callable[[Screen[Any], Callable[[Any], None]], object]) -> None:
    """Ask how many links of the session's list to judge, judge them, and record the result.

    The confirmed ones, unless the filter names other statuses. `push` shows a screen and passes its answer on.
    """
    listed = session.state.filter
    settled = listed if listed.statuses else replace(listed, statuses=CONFIRMED)
    total = session.browser.store.count(settled)
    if not total:
        session.inform("There is nothing to audit: no link of this list is accepted yet.")
        return

    def use(typed: str | None) -> None:
        if typed is None:
            return
        plan = SamplePlan.of(typed)
        ranks = sample(total, plan.count, random.Random(plan.seed))
        links = [link for rank in ranks for link in session.browser.at(rank, 1, settled)]

        def judged(verdicts: list[bool] | None) -> None:
            if verdicts:
                record_audit(session, AuditResult(tuple(links[: len(verdicts)]), tuple(verdicts), plan.seed, total))
            else:
                session.inform("The audit was left; nothing is saved of it.")

        push(AuditScreen(links), judged)

    hint = f"of {total:,} {'links of this list' if listed.statuses else 'accepted links of this list'}"
    hint += " · the same seed draws the same links again"
    value = f"{min(AUDIT_SIZE, total)} seed {random.randrange(MAX_SEED)}"
    push(Ask("How many random links to check?", value, hint, check=SamplePlan.of), use)


class AuditScreen(ClosesOnce, Screen[list[bool] | None]):
    """Judge sampled links in turn. Dismissed with the verdicts (right or not), also when stopped early, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "judge(True)", "right", id="audit_right"),
        Binding("x", "judge(False)", "wrong", id="audit_wrong"),
        Binding("u", "back_one", "back one", id="audit_back"),
        Binding("q", "finish", "stop and save", id="audit_stop"),
        Binding("d", "leave", "discard", id="audit_leave"),
    ]

    def __init__(self, links: Sequence[Link]) -> None:
        super().__init__()
        self._links = links
        self._verdicts: list[bool] = []

    def compose(self) -> ComposeResult:
        """Header, texts, key bar."""
        yield Line(id="top")
        yield Texts(id="texts")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Show the first link."""
        self._show()

    def on_resize(self) -> None:
        """Adapt the context to the new height."""
        self._show()

    def _show(self) -> None:
        if len(self._verdicts) >= len(self._links):
            self.action_finish()
            return
        link = self._links[len(self._verdicts)]
        right, judged = sum(self._verdicts), len(self._verdicts)
        low, high = wilson(right, judged)
        rate = f"{right} of {judged} right, {100 * low:.0f} to {100 * high:.0f} %" if judged else "is this link right?"
        self.query_one("#top", Line).show(f" Audit: {judged + 1} of {len(self._links)}", f"{rate} ")
        reach = max(1, self.size.height // 2)
        sides = []
        for side in (link.src, link.tgt):
            around = load_context(ours(self).browser, side, reach)
            sides.append(side_view(side, around, (), texts_shown=shown_texts(side, around.sentences)))
        self.query_one(Texts).show(sides)

    def action_judge(self, right: bool) -> None:
        """Record a verdict and show the next link."""
        self._verdicts.append(right)
        self._show()

    def action_back_one(self) -> None:
        """Go back to the previous link and discard its verdict."""
        if self._verdicts:
            self._verdicts.pop()
            self._show()

    def action_finish(self) -> None:
        """Return the verdicts."""
        self.dismiss(self._verdicts)

    def action_leave(self) -> None:
        """Discard the verdicts."""
        self.dismiss(None)
