"""Bulk jobs at scale: rates against the bare encoder, workers, engines, memory, faults.

    python -m benchmarks.bulk rate [--encoder use] [--documents 1000]
    python -m benchmarks.bulk workers
    python -m benchmarks.bulk engines
    python -m benchmarks.bulk memory [--documents 100000]
    python -m benchmarks.bulk faults [--kills 30]

Each prints JSON objects, a figure per line. Rates are paired: both sides of a comparison are timed alternately in
one run. Both wall-clock and CPU seconds are printed, since a busy machine affects the latter less. Mining has its
own command, `benchmarks.bulk_mining`; document matching `benchmarks.bulk_matching`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from align.bulk.database import open_run_database
from align.bulk.job import BulkJob, OpenPool
from align.bulk.manifest import plan_batches, weigh_by_size
from align.bulk.run import bulk, cluster_pool, entries_of, local_pool
from align.bulk.run_state import RunProgress
from align.bulk.supervisor import DATABASE_FILE, Pool
from align.bulk.types import Batch, Item, WorkFactory
from align.bulk.worker import WorkSpec
from align.bulk.workers_dask import ClusterPool
from align.bulk.workers_local import LocalPool
from benchmarks.bulk_cluster import Cluster, Storm
from benchmarks.bulk_corpus import write_corpus

TURNS = 2
"""Number of measurements of each side of a comparison; the best counts."""


def say(**figures: object) -> None:
    """Print one line of figures."""
    print(json.dumps(figures), flush=True)


def order_for(folder: Path, name: str, encoder: str, **more: Any) -> BulkJob:
    """A job on the corpus of `folder`, into `folder/name`."""
    spec = WorkSpec(encoder, str(folder), segments="line")
    return BulkJob((str(folder / "pairs.tsv"),), folder / name, spec, **more)


def processor() -> float:
    """CPU seconds of this process and its finished children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(order: BulkJob, pool: OpenPool) -> tuple[float, float, dict[str, Any]]:
    """Wall-clock and CPU seconds, and the summary, of a run from scratch."""
    shutil.rmtree(order.out, ignore_errors=True)
    began, used = time.perf_counter(), processor()
    figures = bulk(order, pool)
    return time.perf_counter() - began, processor() - used, figures


def batches_of(order: BulkJob) -> list[Batch]:
    """The batches of a job, as planned by its database."""
    entries, _ = entries_of(order)
    found: dict[int, list[Item]] = {}
    for number, plan in enumerate(plan_batches(entries, weigh_by_size(Path(order.work.folder)), order.sizes), start=1):
        found.setdefault(plan.batch, []).append(Item(number, plan.entry))
    return [Batch(number, tuple(items)) for number, items in found.items()]


def timed_both(order: BulkJob) -> tuple[float, float, float, float]:
    """Time a worker over all batches, and its encoder over the same texts in the same calls.

    Wall-clock and CPU seconds of each, both in this process, warm, on one thread.
    """
    work = order.work()
    encoder = work.encoder  # type: ignore[attr-defined]
    batches = batches_of(order)
    work(batches[0])
    began, used = time.perf_counter(), time.process_time()
    for batch in batches:
        work(batch)
    whole = time.perf_counter() - began, time.process_time() - used
    texts = [
        list(dict.fromkeys(
            line
            for item in batch.items
            for name in (item.entry.src, item.entry.tgt)
            for line in (Path(order.work.folder) / name).read_text(encoding="utf-8").splitlines()
        ))
        for batch in batches
    ]  # fmt: skip
    began, used = time.perf_counter(), time.process_time()
    for some in texts:
        encoder.encode(some)
    return *whole, time.perf_counter() - began, time.process_time() - used


def rate(folder: Path, arguments: argparse.Namespace) -> None:
    """A worker against its bare encoder on the same texts and core; and a whole run with start-up."""
    write_corpus(folder, arguments.documents, 12)
    order = order_for(folder, "rate", arguments.encoder)
    turns = [timed_both(order) for _ in range(TURNS)]
    whole_s, whole_cpu, bare_s, bare_cpu = (min(turn[n] for turn in turns) for n in range(4))
    started_s, started_cpu, figures = timed(order, local_pool(1))
    sentences = sum(figures["sentences"].values())
    say(what="rate", encoder=arguments.encoder, documents=arguments.documents, sentences=sentences,
        bare_per_s=round(sentences / bare_s), worker_per_s=round(sentences / whole_s), ratio=round(bare_s / whole_s, 3),
        bare_per_cpu_s=round(sentences / bare_cpu), worker_per_cpu_s=round(sentences / whole_cpu),
        cpu_ratio=round(bare_cpu / whole_cpu, 3), run_with_start_s=round(started_s, 1),
        run_with_start_cpu_s=round(started_cpu, 1))  # fmt: skip


def workers(folder: Path, arguments: argparse.Namespace) -> None:
    """Two workers against one."""
    write_corpus(folder, arguments.documents, 12)
    order = order_for(folder, "workers", arguments.encoder)
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(TURNS):
        for count, taken in found.items():
            taken.append(timed(order, local_pool(count))[0])
    say(what="workers", encoder=arguments.encoder, one_s=round(min(found[1]), 1), two_s=round(min(found[2]), 1),
        speedup=round(min(found[1]) / min(found[2]), 2))  # fmt: skip


def engines(folder: Path, arguments: argparse.Namespace) -> None:
    """Two local processes against two Dask workers and against a LocalCluster; compares the bytes of all results.

    The Dask workers are started beforehand, as on a cluster; the LocalCluster is started for the run.
    """
    write_corpus(folder, arguments.documents, 12)
    order = order_for(folder, "engines", arguments.encoder)
    digests = {}
    found: dict[str, list[float]] = {"pool": [], "dask": [], "LocalCluster": []}
    with Cluster(folder) as cluster:
        pools: dict[str, OpenPool] = {
            "pool": local_pool(2), "dask": cluster_pool(cluster.address), "LocalCluster": LocalClusterPool
        }  # fmt: skip
        for _ in range(TURNS):
            for name, pool in pools.items():
                found[name].append(timed(order, pool)[0])
                digests[name] = digest(order.out)
    best = {name: min(taken) for name, taken in found.items()}
    say(what="engines", encoder=arguments.encoder, seconds={name: round(taken, 1) for name, taken in best.items()},
        dask_of_pool=round(best["pool"] / best["dask"], 3), local_cluster_of_pool=round(
            best["pool"] / best["LocalCluster"], 3), same_bytes=len(set(digests.values())) == 1)  # fmt: skip


class LocalClusterPool(ClusterPool):
    """Two workers of a LocalCluster that is closed with the pool."""

    def __init__(self, factory: WorkFactory, threads: int) -> None:
        from distributed import LocalCluster

        self._cluster: Any = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=threads, processes=True, dashboard_address=None, host="127.0.0.1"
        )
        super().__init__(factory, self._cluster.scheduler_address)

    def close(self) -> None:
        """See `Pool`."""
        super().close()
        self._cluster.close()


def memory(folder: Path, arguments: argparse.Namespace) -> None:
    """Memory of each worker, and of the driver, over the course of a run."""
    write_corpus(folder, arguments.documents, 1)
    order = order_for(folder, "memory", arguments.encoder)
    pools: list[LocalPool] = []
    marks = [0.01, 0.5, 1.0]

    def opened(work: WorkFactory, threads: int) -> Pool:
        pools.append(LocalPool(work, 2, threads=threads))
        return pools[-1]

    def tell(standing: RunProgress) -> None:
        share = (standing.done + standing.failed) / standing.total
        if pools and marks and share >= marks[0]:
            at = marks.pop(0)
            sizes = [resident(pid) for pid in pools[-1].process_ids()] if share < 1 or at == 1.0 else []
            say(what="memory", at=at, documents=standing.done, workers_mb=sizes, driver_mb=resident("self"))

    began = time.perf_counter()
    figures = bulk(order, opened, on_progress=tell)
    say(what="memory", documents=figures["documents"], seconds=round(time.perf_counter() - began, 1))


def resident(pid: int | str) -> int | None:
    """Resident megabytes of a process; None if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return None


def digest(out: Path) -> str:
    """Digest of all shards in order."""
    found = hashlib.sha256()
    for shard in sorted(out.glob("part-*")):
        found.update(shard.name.encode() + shard.read_bytes())
    return found.hexdigest()


def faults(folder: Path, arguments: argparse.Namespace) -> None:
    """Kill -9 workers, schedulers and drivers at random until the work is done; then compare with a calm run."""
    spoilt = write_corpus(folder, arguments.documents, 6, broken=0.01)
    calm = order_for(folder, "calm", arguments.encoder)
    figures = bulk(calm, local_pool(2))
    failed = [one["document"] for one in figures["failed"]]
    say(what="faults", broken=len(spoilt), set_aside=len(failed), exactly_those=failed == spoilt,
        documents=figures["documents"])  # fmt: skip
    expected = digest(calm.out)
    rng = random.Random(arguments.seed)
    kills: dict[str, int] = {}
    rounds = 0
    same = True
    while sum(kills.values()) < arguments.kills:
        rounds += 1
        storm = Storm(folder, f"storm-{rounds}", arguments.encoder, rng, clustered=rounds % 2 == 0)
        for kind, count in storm.run().items():
            kills[kind] = kills.get(kind, 0) + count
        out = folder / f"storm-{rounds}"
        right = digest(out) == expected and accounted(out) == accounted(calm.out)
        same &= right
        say(what="storm", round=rounds, clustered=rounds % 2 == 0, kills=kills, identical=right)
    say(what="faults", kills=kills, in_all=sum(kills.values()), rounds=rounds, all_identical=same)
    if not same:
        raise SystemExit(1)


def accounted(out: Path) -> list[tuple[int, str]]:
    """Every document of a job's database with its state, each once."""
    ledger = open_run_database(out / DATABASE_FILE, begin=lambda new: None)
    try:
        return ledger.document_states()
    finally:
        ledger.close()


COMMANDS: dict[str, tuple[Callable[[Path, argparse.Namespace], None], int]] = {
    "rate": (rate, 1000),
    "workers": (workers, 1000),
    "engines": (engines, 1000),
    "memory": (memory, 100_000),
    "faults": (faults, 1500),
}


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="rate")
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--documents", type=int)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="Where the corpus goes while it is needed.")
    arguments = parser.parse_args()
    command, documents = COMMANDS[arguments.command]
    arguments.documents = arguments.documents or documents
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        command(Path(folder), arguments)


if __name__ == "__main__":
    main()
