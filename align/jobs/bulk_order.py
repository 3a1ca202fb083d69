"""What a bulk run is asked to do, and what every stage of it does in the same way."""

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
    """What a bulk run is asked to do. The engine is not part of it: any may go on with what another began.

    `match`: pair the documents by content rather than by name; pairs less sure than `match_confidence` stay apart.
    `store`: where links less sure than `doubtful_below` go as proposals, for review.
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
        """What must be the same for a run to be gone on with."""
        known = asdict(self)
        for place in ("out", "store"):
            known.pop(place)
        known["work"].pop("cache")
        known["work"]["filters"]["kinds"] = sorted(self.work.filters.kinds or ())
        described: dict[str, Any] = json.loads(json.dumps(known))
        return described | {"version": __version__}


OpenPool = Callable[[WorkFactory, int], Pool]
"""Opens a pool for some work, of so many threads a worker."""
Tell = Callable[[Standing], None]


def work_off(ledger: Ledger, shards: Shards, open_pool: Callable[[], Pool], tell: Tell) -> Standing:
    """Do what a ledger has waiting, and write what is left to write. A pool is opened only if there is work."""
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
    """The ledger of an order, begun by `begin` where there is none. One that another order began, and that no document
    came to anything in, keeps nothing: it is begun anew, so that a mistyped call does not spoil its folder.

    Raises UsageError where another order was worked on.
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
    """Raises UsageError where the folder was begun with another order."""
    before, now = ledger.remembered("order"), order.described()
    if before != now:
        flat = [{**kind, **kind["work"], **kind["work"]["filters"]} for kind in (before, now)]
        name = min(k for k in flat[1] if flat[0].get(k) != flat[1][k] and k not in ("work", "filters"))
        raise UsageError(
            f"{order.out}: was begun with {name} = {flat[0].get(name)!r}, not {flat[1][name]!r}. Go on as it was "
            "begun, or name another folder."
        )


def files_of(order: Order) -> list[str]:
    """The readable files below the sources, in a stable order. Raises UsageError where there are none."""
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
