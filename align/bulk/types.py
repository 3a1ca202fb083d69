"""The types of bulk work: document pairs, batches and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

UNCOVERED_PREFIX = "uncovered_"
"""Prefix of counts of documents in a language that the encoder does not cover."""
Keys = npt.NDArray[np.int64]
"""One number per link; equal for near-duplicates."""


class ItemState(StrEnum):
    """The state of a document pair in the run database."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    """Could not be done in two tries; the error is stored."""


@dataclass(frozen=True, slots=True)
class PairEntry:
    """Two files declared to be one text in two languages; a line of a manifest."""

    src: str
    tgt: str
    src_lang: str | None = None
    tgt_lang: str | None = None
    texts: tuple[bytes, bytes] | None = None
    """The two texts (UTF-8), where they are in the manifest itself; `src` and `tgt` are then names for them."""


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of work: `number` orders the outputs; `entry` names the files."""

    number: int
    entry: PairEntry


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that one worker does together, so that short documents share an encoder call.

    Its items are fixed by the plan: the last bits of vectors depend on what they are encoded with, and outputs must
    be byte-identical whichever worker makes them.
    """

    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The result of one item."""

    number: int
    error: str | None = None
    """Why it failed; None where it was done."""
    payload: bytes = b""
    """Compressed JSON Lines of the links, or of the document vector."""
    keys: Keys = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    confidence: float | None = None
    """Document confidence; None where it is unknown, or the item is one document."""
    counts: dict[str, int] = field(default_factory=dict)
    """Keys: `src_sentences`, `tgt_sentences`, `found`, `links`, `removed_<filter>` and `uncovered_<language>`."""
    seconds: float = 0.0
    tries: int = 1


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The results of a batch, in the order of its items."""

    number: int
    items: tuple[ItemResult, ...]


BatchWork = Callable[[Batch], BatchResult]
"""Runs a batch. Raises only where the failing item is unknown."""


class WorkFactory(Protocol):
    """Picklable; called once in each worker process to load what the work needs (the encoder)."""

    def __call__(self) -> BatchWork:
        """The work, ready to run. Raises AlignError where this process cannot do it."""
