"""The specification of a bulk run, and what all its stages share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from align import __version__
from align.bulk.engine import Pool
from align.bulk.ledger import Ledger, open_ledger
from align.bulk.model import State, WorkFactory
from align.bulk.plan import Sizes
from align.bulk.run import drive
from align.bulk.shards import Shards
from align.bulk.standing import Standing, standing_of
from align.errors import UsageError
from align.exchange.detect_format import readable_suffixes
from align.inputs import walk
from align.jobs.bulk_work import WorkSpec


@dataclass(frozen=True, slots=True)
class Order:
    """The specification of a bulk run. The engine is not part of it: any engine can continue a run.

    `match`: pair the documents by content instead of by name; pairs below `match_confidence` are left out. `store`:
    the store in which links below `doubtful_below` are proposed, for review.
    """

    sources: tuple[str, ...]
    out: Path
    work: WorkSpec
    to: str = "jsonl"
    src: str | None = None
    tgt: str | None = None
    sizes: Sizes = field(default_factory=Sizes)
    match: bool = False
    match_confidence: float = 0.5
    store: Path | None = None
    doubtful_below: float = 0.9

    def described(self) -> dict[str, Any]:
        """The options that must be equal for a run to be continued."""
        known = asdict(self)
        for place in ("out", "store"):
            known.pop(place)
        known["work"].pop("cache")
        known["work"]["filters"]["kinds"] = sorted(self.work.filters.kinds or ())
        described: dict[str, Any] = json.loads(json.dumps(known))
        return described | {"version": __version__}


OpenPool = Callable[[WorkFactory, int], Pool]
"""Opens a pool for some work, with a number of threads per worker."""
Tell = Callable[[Standing], None]


def work_off(ledger: Ledger, shards: Shards, open_pool: Callable[[], Pool], tell: Tell) -> Standing:
    """Run the waiting batches and write the remaining shards. A pool is opened only if there is work."""
    standing = standing_of(ledger)
    shards.write_complete()
    if standing.done + standing.failed < standing.total:
        pool = open_pool()
        try:
            drive(ledger, pool, shards, standing, tell)
        finally:
            pool.close()
    tell(standing)
    return standing


def ledger_of(path: Path, order: Order, begin: Callable[[Ledger, Order], None]) -> Ledger:
    """Open the database of a job, or create it with `begin`. A database of another job without any results is
    replaced, so that a mistyped command does not spoil its folder.

    Raises UsageError if it has results of another job.
    """
    ledger = open_ledger(path, begin=lambda new: begin(new, order))
    try:
        states = ledger.states()
        if ledger.remembered("order") != order.described() and not states[State.DONE] + states[State.FAILED]:
            ledger.close()
            path.unlink()
            ledger = open_ledger(path, begin=lambda new: begin(new, order))
        check_same(ledger, order)
    except BaseException:
        ledger.close()
        raise
    return ledger


def check_same(ledger: Ledger, order: Order) -> None:
    """Raise UsageError if the folder was started with another job."""
    before, now = ledger.remembered("order"), order.described()
    if before != now:
        flat = [{**kind, **kind["work"], **kind["work"]["filters"]} for kind in (before, now)]
        name = min(k for k in flat[1] if flat[0].get(k) != flat[1][k] and k not in ("work", "filters"))
        raise UsageError(
            f"{order.out}: was started with {name} = {flat[0].get(name)!r}, not {flat[1][name]!r}. Continue with "
            "that value, or name another folder."
        )


def files_of(order: Order) -> list[str]:
    """The readable files below the sources, in a stable order. Raises UsageError if there are none."""
    readable = readable_suffixes()
    files: list[str] = []
    for source in order.sources:
        if os.path.isfile(source):
            raise UsageError(f"{source}: give one manifest, or folders.")
        if not os.path.isdir(source):
            raise UsageError(f"{source}: no such file or folder. Check the name.")
        files += walk(source, readable)
    if not files:
        raise UsageError(f"{order.sources[0]}: no texts in it (looked for {' '.join(sorted(readable))}).")
    return files
