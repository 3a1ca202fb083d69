"""Split tokenised texts into windows for a model, and group windows into batches with little padding."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class TokenWindow(NamedTuple):
    """A run of a text's tokens, without special tokens."""

    text: int
    """Index of the text."""
    ids: npt.NDArray[np.int64]
    first: int
    """Index of its first token in the text."""


def windows_of(tokens: Sequence[Sequence[int]], longest: int) -> Iterator[TokenWindow]:
    """Yield windows of even size, at most `longest` tokens, that cover every token once; one if there is none."""
    for text, ids in enumerate(tokens):
        parts = max(1, -(-len(ids) // longest))
        bounds = [len(ids) * part // parts for part in range(parts + 1)]
        for start, end in pairwise(bounds):
            yield TokenWindow(text, np.asarray(ids[start:end], dtype=np.int64), start)


def batches_of(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices in batches of similar length, longest first; the padded size of a batch does not exceed the budget.

    An item longer than the budget is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batches: list[list[int]] = []
    for index in order:
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "�"


def encodable(text: str) -> str:
    """`text` with lone surrogates (invalid in UTF-8) and NULs (the end of a text in C) replaced."""
    if not text.isascii() and LONE_SURROGATE.search(text):
        text = LONE_SURROGATE.sub(REPLACEMENT, text)
    return text.replace("\x00", REPLACEMENT) if "\x00" in text else text
