"""Random samples of links for an audit, reproducible by their seed, and what follows from the verdicts."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.models import Link
from align.report.pace import wilson
from align.review.decisions import WriteSummary
from align.review.session import ReviewSession
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
