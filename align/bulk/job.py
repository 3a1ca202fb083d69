"""The specification of a bulk run, and what all its stages share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from align import __version__
from align.bulk.database import RunDatabase, open_run_database
from align.bulk.manifest import PlanSizes
from align.bulk.run_state import RunProgress, read_progress
from align.bulk.shards import Shards
from align.bulk.supervisor import Pool, run_batches
from align.bulk.types import ItemState, WorkFactory
from align.bulk.worker import WorkSpec
from align.errors import UsageError
from align.exchange.detect_format import readable_suffixes
from align.inputs import walk

# ISO 639-1, and the three-letter codes that corpora use for languages without a shorter one.
LANGUAGE_CODES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu ast ceb fil hsb dsb nds
    yue wuu ckb
    """.split()  # noqa: SIM905
)
LANGUAGE_SUFFIXES = frozenset(f".{code}" for code in LANGUAGE_CODES)


@dataclass(frozen=True, slots=True)
class BulkJob:
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
    sizes: PlanSizes = field(default_factory=PlanSizes)
    match: bool = False
    match_confidence: float = 0.5
    store: Path | None = None
    doubtful_below: float = 0.9

    def to_dict(self) -> dict[str, Any]:
        """The options that must be equal for a run to be continued."""
        values = asdict(self)
        for name in ("out", "store"):
            values.pop(name)
        values["work"].pop("cache")
        values["work"]["filters"]["kinds"] = sorted(self.work.filters.kinds or ())
        described: dict[str, Any] = json.loads(json.dumps(values))
        return described | {"version": __version__}


OpenPool = Callable[[WorkFactory, int], Pool]
"""Opens a pool for some work, with a number of threads per worker."""
OnProgress = Callable[[RunProgress], None]


def run_pending(
    database: RunDatabase, shards: Shards, open_pool: Callable[[], Pool], on_progress: OnProgress
) -> RunProgress:
    """Run the waiting batches and write the remaining shards. A pool is opened only if there is work."""
    progress = read_progress(database)
    shards.write_complete()
    if progress.done + progress.failed < progress.total:
        pool = open_pool()
        try:
            run_batches(database, pool, shards, progress, on_progress)
        finally:
            pool.close()
    on_progress(progress)
    return progress


def open_job_database(path: Path, job: BulkJob, begin: Callable[[RunDatabase, BulkJob], None]) -> RunDatabase:
    """Open the database of a job, or create it with `begin`. A database of another job without any results is
    replaced, so that a mistyped command does not spoil its folder.

    Raises UsageError if it has results of another job.
    """
    database = open_run_database(path, begin=lambda new: begin(new, job))
    try:
        states = database.states()
        if database.load_meta("order") != job.to_dict() and not states[ItemState.DONE] + states[ItemState.FAILED]:
            database.close()
            path.unlink()
            database = open_run_database(path, begin=lambda new: begin(new, job))
        check_same_job(database, job)
    except BaseException:
        database.close()
        raise
    return database


def check_same_job(database: RunDatabase, job: BulkJob) -> None:
    """Raise UsageError if the folder was started with another job."""
    before, now = database.load_meta("order"), job.to_dict()
    if before != now:
        flat = [{**kind, **kind["work"], **kind["work"]["filters"]} for kind in (before, now)]
        name = min(k for k in flat[1] if flat[0].get(k) != flat[1][k] and k not in ("work", "filters"))
        raise UsageError(
            f"{job.out}: was started with {name} = {flat[0].get(name)!r}, not {flat[1][name]!r}. Continue with "
            "that value, or name another folder."
        )


def readable_files(job: BulkJob) -> list[str]:
    """The files named, and those below the folders that are readable or have a language as suffix (`x.de`), in a
    stable order. Raises UsageError if there are none."""
    readable = readable_suffixes() | LANGUAGE_SUFFIXES
    files: list[str] = []
    for source in job.sources:
        if os.path.isfile(source):
            files.append(source)
            continue
        if not os.path.isdir(source):
            raise UsageError(f"{source}: no such file or folder. Check the name.")
        files += walk(source, readable)
    if not files:
        raise UsageError(f"{job.sources[0]}: no texts in it (looked for {' '.join(sorted(readable_suffixes()))}).")
    return files
