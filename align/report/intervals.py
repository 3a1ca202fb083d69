"""Confidence interval of a sampled rate."""

from __future__ import annotations

import math
import random

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
