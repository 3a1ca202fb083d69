"""Run batches on a pool of workers that may die, and report a result for every document.

A batch that is lost with its worker is retried as it was. Lost twice, its documents are run one by one to identify
those that kill a worker; these fail, and the others are run together again, so that the output does not depend on
which worker died when.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from align.bulk.model import Batch, BatchResult, ItemResult

TRIES = 2
"""How often a document may fail before it is reported as failed."""
WHOLE_TRIES = 2
"""How often a batch without failed documents is retried before their single results are used."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The outcome of a task: a result, or an error."""

    ticket: int
    result: BatchResult | None = None
    error: str | None = None
    """Why there is no result, on one line."""
    tries: int = 1
    """Number of workers it was tried on."""
    died: bool = False
    """Whether its worker died, rather than reported an error."""
    again: bool = True
    """Whether a retry may succeed; a timed-out task is not retried."""


class Pool(Protocol):
    """Workers that run batches. Tickets are numbers that the caller chooses."""

    certain: bool
    """Whether a batch that ended with its worker was the one being run. Dask blames all of the worker's batches."""

    def room(self) -> int:
        """Number of further batches it accepts now (back-pressure: no more are submitted)."""

    def submit(self, ticket: int, batch: Batch) -> None:
        """Submit a batch."""

    def wait(self, seconds: float) -> list[Ended]:
        """The tasks that have ended; empty after `seconds` without any. AlignError where the pool itself is
        lost."""

    def workers(self) -> int:
        """Current number of workers."""

    def close(self) -> None:
        """Stop the workers and drop their unfinished batches."""


@dataclass(slots=True)
class _Case:
    """The state of a batch in progress: its remaining documents and the attempts so far."""

    batch: Batch
    lost: int = 0
    probing: int = 0
    """Single documents still in flight."""
    probed: bool = False
    single: dict[int, ItemResult] = field(default_factory=dict)
    poisonous: dict[int, ItemResult] = field(default_factory=dict)


class Supervisor:
    """Submits batches to a pool, retries them and yields results; see the module."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._next_ticket = 0
        self._out: dict[int, tuple[_Case, Batch, int]] = {}
        """Ticket -> the batch state, what was submitted, and how often it was lost before."""
        self._again: deque[tuple[_Case, Batch, int]] = deque()
        self._suspects: deque[tuple[_Case, Batch, int]] = deque()
        """Documents to be run one at a time, where the pool cannot identify which one killed a worker."""
        self._alone: int | None = None
        """The ticket of the suspect that is being run."""

    def run(self, batches: Iterator[Batch], *, beat: float = 0.5) -> Iterator[BatchResult | None]:
        """Yield the result of every batch as it ends; None after every `poll_seconds` without one."""
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
