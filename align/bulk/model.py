"""What bulk work is made of: documents in two languages, batches of them, and what became of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

UNCOVERED = "uncovered_"
"""Begins the name of a count: of documents in a language that the encoder does not know."""
Keys = npt.NDArray[np.int64]
"""One number a link; the same for near-duplicates."""


class State(StrEnum):
    """What the ledger knows of a document pair."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    """Set aside with its error after two tries."""


@dataclass(frozen=True, slots=True)
class PairEntry:
    """Two files that are said to be the same text in two languages; a line of a manifest."""

    src: str
    tgt: str
    src_lang: str | None = None
    tgt_lang: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of work: `number` orders the outputs; `entry` says what to read."""

    number: int
    entry: PairEntry


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that one worker does at once, so that short documents are encoded together.

    What is in a batch is fixed when the work is planned: vectors differ in their last bits with what they are encoded
    beside, and outputs are to be the same bytes whoever makes them.
    """

    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item."""

    number: int
    error: str | None = None
    """Why it was set aside; None where it was done."""
    payload: bytes = b""
    """What the driver keeps: compressed JSON Lines of the links, or a packed vector."""
    keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    confidence: float | None = None
    """Document confidence; None where it is unknown, or the item is one document."""
    counts: dict[str, int] = field(default_factory=dict)
    """Of `src_sentences`, `tgt_sentences`, `found`, `links`, and `removed_<filter>`, and `uncovered_<language>`."""
    seconds: float = 0.0
    tries: int = 1


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch, in the order of its items."""

    number: int
    items: tuple[ItemResult, ...]


Work = Callable[[Batch], BatchResult]
"""Does a batch. Raises only where it cannot tell which item is to blame."""


class WorkFactory(Protocol):
    """Picklable; called once in each worker process, where it loads what the work needs (the encoder)."""

    def __call__(self) -> Work:
        """The work, ready to run. Raises AlignError where this process cannot do it."""
