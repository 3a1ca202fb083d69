"""Run batches on a pool of workers that may die, and say what became of every document.

A batch that is lost with its worker is tried again as it was. Lost twice, its documents are tried one by one to find
which of them kill; those are set aside, and the others are done together again, so that what is written does not
depend on who died when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from align.bulk.model import Batch, BatchResult, ItemResult

TRIES = 2
"""How often a document may fail before it is set aside."""
WHOLE_TRIES = 2
"""How often a batch whose documents are all innocent is tried again before their single results are taken."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A task that came to an end: with a result, or with what went wrong."""

    ticket: int
    result: BatchResult | None = None
    error: str | None = None
    """One line on why there is no result."""
    tries: int = 1
    """How many workers it was tried on."""
    died: bool = False
    """Whether a worker died with it, rather than said what is wrong."""
    again: bool = True
    """Whether another try may end otherwise; what took too long once is not waited for again."""


class Pool(Protocol):
    """Workers that take batches. Tickets are the caller's own numbers."""

    certain: bool
    """Whether a batch that ended with its worker was the one at work. Dask blames all that the worker had before it."""

    def room(self) -> int:
        """How many more batches it wants now (back-pressure: no more are handed over)."""

    def submit(self, ticket: int, batch: Batch) -> None:
        """Hand over a batch."""

    def wait(self, seconds: float) -> list[Ended]:
        """What has ended; empty after `seconds` without any. Raises AlignError where the pool itself is lost."""

    def workers(self) -> int:
        """How many workers there are at this moment."""

    def close(self) -> None:
        """End the workers; what they were doing is dropped."""


@dataclass(slots=True)
class _Case:
    """A batch on its way: which documents it still has, and what was tried."""

    batch: Batch
    lost: int = 0
    probing: int = 0
    """Single documents still out."""
    probed: bool = False
    single: dict[int, ItemResult] = field(default_factory=dict)
    poisonous: dict[int, ItemResult] = field(default_factory=dict)


class Supervisor:
    """Feeds a pool and yields results; see the module."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._next_ticket = 0
        self._out: dict[int, tuple[_Case, Batch, int]] = {}
        """Ticket -> the case, what was handed over, and how often it was lost before."""
        self._again: deque[tuple[_Case, Batch, int]] = deque()
        self._suspects: deque[tuple[_Case, Batch, int]] = deque()
        """Single documents to be tried with nothing else at work, where the pool cannot tell who killed."""
        self._alone: int | None = None
        """The ticket of the suspect at work."""

    def run(self, batches: Iterator[Batch], *, beat: float = 0.5) -> Iterator[BatchResult | None]:
        """The result of every batch, as they come; None after every `beat` seconds without one."""
        more = True
        while more or self._out or self._again or self._suspects:
            for _ in range(self._pool.room()):
                if self._suspects or self._alone:
                    if not self._out:
                        self._hand_over(*self._suspects.popleft())
                        self._alone = self._next_ticket
                    break
                if self._again:
                    self._hand_over(*self._again.popleft())
                    continue
                batch = next(batches, None) if more else None
                if batch is None:
                    more = False
                    break
                self._hand_over(_Case(batch), batch, 0)
            if not (self._out or self._again or self._suspects or more):
                return
            ended = self._pool.wait(beat)
            if not ended:
                yield None
            for one in ended:
                result = self._settle(one)
                if result is not None:
                    yield result

    def _hand_over(self, case: _Case, batch: Batch, lost: int) -> None:
        self._next_ticket += 1
        self._out[self._next_ticket] = (case, batch, lost)
        self._pool.submit(self._next_ticket, batch)

    def _settle(self, ended: Ended) -> BatchResult | None:
        case, batch, lost = self._out.pop(ended.ticket)
        alone = ended.ticket == self._alone
        if alone:
            self._alone = None
        if case.probing:
            return self._settle_single(case, batch, lost, ended, sure=alone or self._pool.certain)
        if ended.result is not None:
            return self._whole(case, ended.result.items)
        case.lost += ended.tries if ended.again else TRIES
        if case.probed:
            if case.lost < WHOLE_TRIES:
                self._again.append((case, batch, 0))
                return None
            return self._whole(case, tuple(case.single.values()))
        if case.lost < TRIES:
            self._again.append((case, batch, 0))
        else:
            case.probing = len(batch.items)
            self._again.extend((case, replace(batch, items=(item,)), 0) for item in batch.items)
        return None

    def _settle_single(self, case: _Case, batch: Batch, lost: int, ended: Ended, *, sure: bool) -> BatchResult | None:
        number = batch.items[0].number
        lost += ended.tries
        if ended.result is not None:
            case.single[number] = ended.result.items[0]
        elif lost < TRIES and ended.again:
            self._again.append((case, batch, lost))
            return None
        elif ended.died and not sure:
            self._suspects.append((case, batch, lost))
            return None
        else:
            case.poisonous[number] = ItemResult(number, error=ended.error or "lost with its worker", tries=lost)
        case.probing -= 1
        if case.probing:
            return None
        case.probed, case.lost = True, 0
        left = tuple(item for item in case.batch.items if item.number not in case.poisonous)
        if not left:
            return self._whole(case, ())
        self._again.append((case, replace(case.batch, items=left), 0))
        return None

    @staticmethod
    def _whole(case: _Case, done: tuple[ItemResult, ...]) -> BatchResult:
        items = sorted((*done, *case.poisonous.values()), key=lambda item: item.number)
        return BatchResult(case.batch.number, tuple(items))
