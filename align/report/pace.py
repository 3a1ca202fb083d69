"""Review statistics: decided links by confidence, by day and by reviewer, the pace of reviewers, and the confidence
interval of a sampled rate."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from align.models import CONFIRMED, Decision, Link, Status
from align.store.actions import Action, Trait
from align.store.proposals import PROGRAM_NAME

NORMAL_QUANTILE_95 = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


def wilson(right: int, judged: int, z: float = NORMAL_QUANTILE_95) -> tuple[float, float]:
    """The Wilson score interval of a rate (Wilson 1927): honest for few pairs and near 0 or 1. No pairs: (0, 1)."""
    if not 0 <= right <= judged:
        raise ValueError("right must be between 0 and judged")
    if judged == 0:
        return 0.0, 1.0
    rate = right / judged
    middle = (rate + z * z / (2 * judged)) / (1 + z * z / judged)
    half = z * math.sqrt(rate * (1 - rate) / judged + z * z / (4 * judged * judged)) / (1 + z * z / judged)
    # The interval of a rate of 0 or 1 includes that rate; rounding must not exclude it.
    low = 0.0 if right == 0 else max(0.0, middle - half)
    high = 1.0 if right == judged else min(1.0, middle + half)
    return low, high


def sample(total: int, count: int, chance: random.Random) -> list[int]:
    """`count` different ranks below `total` (all if there are fewer), in random order."""
    return chance.sample(range(total), min(count, total))


PAUSE_SECONDS = 300.0
"""A longer gap between two decisions is a pause, not review time."""
QUICKEST_SECONDS = 0.1
"""A shorter gap is not manual review: an import, or accepting many links at once."""
REVIEWS = Action.having(Trait.REVIEW)
"""Actions that judge a link."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The decisions of one reviewer that are in force, and their pace."""

    reviewer: str
    accepted: int
    edited: int
    rejected: int
    superseded: int
    """Links that the reviewer decided on where another's decision is in force, alike or not."""
    decisions: int
    """Single decisions, whether still in force or not."""
    median_seconds: float | None
    """Median gap between consecutive decisions, without pauses; None where there are too few."""
    first: str
    last: str


class LinkTally:
    """Counts links from a stream."""

    def __init__(self, bins: int) -> None:
        self._n = bins
        self._links = [0] * bins
        self._decided = [0] * bins
        self._right = [0] * bins
        self._confidence = [0.0] * bins
        self.by_reviewer: dict[str, Counter[Status]] = defaultdict(Counter)
        self.days: Counter[str] = Counter()

    def add(self, link: Link) -> None:
        """Count one link."""
        bin_index = min(int(link.confidence * self._n), self._n - 1)
        self._links[bin_index] += 1
        if link.status is Status.PROPOSED:
            return
        if link.reviewer:
            self.by_reviewer[link.reviewer][link.status] += 1
        if link.decided_at:
            self.days[link.decided_at[:10]] += 1
        self._decided[bin_index] += 1
        self._right[bin_index] += link.status in CONFIRMED
        self._confidence[bin_index] += link.confidence

    def bins(self) -> Iterable[tuple[float, float, int, int, int, float]]:
        """Per bin: `low, high, links, decided, right, mean confidence of the decided`."""
        for bin_index in range(self._n):
            decided = self._decided[bin_index]
            mean = self._confidence[bin_index] / decided if decided else 0.0
            low, high = bin_index / self._n, (bin_index + 1) / self._n
            yield low, high, self._links[bin_index], decided, self._right[bin_index], round(mean, 4)


def paces(tally: LinkTally, decisions: Iterable[Decision], superseded: Mapping[str, int]) -> tuple[Pace, ...]:
    """Each reviewer with decisions, most decisions first. `decisions` in any order; `superseded` by reviewer."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for decision in decisions:
        if decision.action in REVIEWS and decision.reviewer != PROGRAM_NAME:
            moments[decision.reviewer].append(datetime.fromisoformat(decision.at))
    reviewer_paces = []
    for reviewer in moments.keys() | tally.by_reviewer.keys():
        counts = tally.by_reviewer.get(reviewer, Counter())
        times = sorted(moments.get(reviewer, []))
        gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
        worked = [gap for gap in gaps if QUICKEST_SECONDS <= gap <= PAUSE_SECONDS]
        reviewer_paces.append(
            Pace(
                reviewer=reviewer,
                accepted=counts[Status.ACCEPTED],
                edited=counts[Status.EDITED],
                rejected=counts[Status.REJECTED],
                superseded=superseded.get(reviewer, 0),
                decisions=len(times),
                median_seconds=round(median(worked), 2) if worked else None,
                first=times[0].date().isoformat() if times else "",
                last=times[-1].date().isoformat() if times else "",
            )
        )
    return tuple(sorted(reviewer_paces, key=lambda pace: (-pace.decisions, pace.reviewer)))


EIGHTHS = " ▏▎▍▌▋▊▉█"
COLUMNS = " ▁▂▃▄▅▆▇█"
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot of a braille cell: four rows of two."""


def bar(share: float, width: int) -> str:
    """A bar of `width` cells, to an eighth of a cell; a share above 0 is never empty, one below 1 never full."""
    whole = width * 8
    eighths = round(min(max(share, 0.0), 1.0) * whole)
    if share > 0:
        eighths = max(eighths, 1)
    if share < 1:
        eighths = min(eighths, whole - 1)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def columns(counts: Sequence[int]) -> str:
    """A histogram, one character per count; counts above 0 are always visible."""
    highest = max(counts, default=0)
    return "".join(COLUMNS[max(1, round(8 * count / highest))] if count else " " for count in counts)


def dot_map(points: Iterable[tuple[float, float]], width: int, height: int) -> list[str]:
    """Points of the unit square (across, down) as `height` lines of `width` braille cells."""
    cells = [[0] * width for _ in range(height)]
    for across, down in points:
        column = min(int(across * width * 2), width * 2 - 1)
        row = min(int(down * height * 4), height * 4 - 1)
        cells[row // 4][column // 2] |= DOTS[row % 4][column % 2]
    return ["".join(chr(BRAILLE + cell) for cell in line) for line in cells]
