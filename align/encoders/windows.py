"""Cuts tokenised texts into windows a model can take, and windows into batches that waste little."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Window(NamedTuple):
    """A run of a text's tokens, without the model's own marks."""

    text: int
    """Which text."""
    ids: npt.NDArray[np.int64]
    first: int
    """Place of its first token in the text."""


def windows_of(tokens: Sequence[Sequence[int]], longest: int) -> Iterator[Window]:
    """Every token of every text in exactly one window of at most `longest`, as even as can be; one if there is none."""
    for text, ids in enumerate(tokens):
        parts = max(1, -(-len(ids) // longest))
        bounds = [len(ids) * part // parts for part in range(parts + 1)]
        for start, end in pairwise(bounds):
            yield Window(text, np.asarray(ids[start:end], dtype=np.int64), start)


def batches_of(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Places of the lengths in batches of like length, longest first; a batch padded to its longest keeps the budget.

    One that is longer than the budget is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    batches: list[list[int]] = []
    for place in order:
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
