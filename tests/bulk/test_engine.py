"""Whoever dies, every document is accounted for once, and what is written does not depend on it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bulk_fakes import Crash, Echo, Refuse

from align.bulk.shards import unpack
from align.bulk.supervisor import Pool, Supervisor, TaskResult
from align.bulk.types import Batch, BatchResult, Item, PairEntry
from align.bulk.workers_local import LocalPool
from align.errors import AlignError


def batches_of(*groups: str) -> list[Batch]:
    """`"a b", "c"`: two batches."""
    number = 0
    found = []
    for batch, group in enumerate(groups):
        items = []
        for name in group.split():
            number += 1
            items.append(Item(number, PairEntry(name, name)))
        found.append(Batch(batch, tuple(items)))
    return found


def results(pool: Pool, *groups: str) -> dict[str, BatchResult]:
    found = [result for result in Supervisor(pool).run(iter(batches_of(*groups))) if result is not None]
    assert sorted(result.number for result in found) == list(range(len(groups))), "each batch once"
    return {groups[result.number]: result for result in found}


def told(result: BatchResult) -> dict[int, str]:
    return {item.number: item.error or unpack(item.payload)[0].decode() for item in result.items}


class Scripted:
    """A pool in this process whose losses are scripted: (names of the batch) -> how often it is lost first. One that is
    not `certain` blames what stands beside a loss too, as Dask does."""

    def __init__(self, work: Echo, losses: dict[str, int], certain: bool = True) -> None:
        self.work, self.losses, self.certain = work, losses, certain
        self.ended: list[TaskResult] = []
        self.seen: list[str] = []

    def capacity(self) -> int:
        return 2 - len(self.ended)

    def submit(self, ticket: int, batch: Batch) -> None:
        name = " ".join(item.entry.src for item in batch.items)
        self.seen.append(name)
        if self.losses.get(name, 0) > 0:
            self.losses[name] -= 1
            self.ended.append(TaskResult(ticket, error="lost", worker_died=True))
        else:
            self.ended.append(TaskResult(ticket, self.work.work(batch)))

    def wait(self, seconds: float) -> list[TaskResult]:
        ended, self.ended = self.ended, []
        if not self.certain and any(one.error for one in ended):
            return [TaskResult(one.ticket, error="lost", tries=4, worker_died=True) for one in ended]
        return ended

    def workers(self) -> int:
        return 1

    def close(self) -> None:
        pass


def test_a_batch_that_is_lost_once_is_done_again_as_it_was(tmp_path: Path) -> None:
    calm = results(Scripted(Echo(str(tmp_path)), {}), "a b", "c d")
    stormy = results(Scripted(Echo(str(tmp_path)), {"a b": 1}), "a b", "c d")
    assert stormy == calm


def test_a_batch_whose_documents_are_innocent_is_done_together_in_the_end(tmp_path: Path) -> None:
    pool = Scripted(Echo(str(tmp_path)), {"a b": 2})
    assert results(pool, "a b") == results(Scripted(Echo(str(tmp_path)), {}), "a b")
    assert pool.seen == ["a b", "a b", "a", "b", "a b"]


def test_a_batch_that_only_dies_together_is_done_one_by_one(tmp_path: Path) -> None:
    result = results(Scripted(Echo(str(tmp_path)), {"a b": 99}), "a b")["a b"]
    assert [item.error for item in result.items] == [None, None]
    assert '"with": ["a"]' in told(result)[1]


def test_a_document_that_kills_is_set_aside_and_the_others_are_done_without_it(tmp_path: Path) -> None:
    pool = Scripted(Echo(str(tmp_path)), {"a x b": 2, "x": 99})
    result = results(pool, "a x b")["a x b"]
    assert result.items[1].error == "lost"
    assert result.items[1].tries == 2
    assert '"with": ["a", "b"]' in told(result)[1]
    assert '"with": ["a", "b"]' in told(result)[3]


def test_who_stands_beside_a_killer_is_not_set_aside(tmp_path: Path) -> None:
    pool = Scripted(Echo(str(tmp_path)), {"a x": 99, "x": 99}, certain=False)
    found = results(pool, "a x", "b c", "d e", "f g")
    assert [item.number for result in found.values() for item in result.items if item.error] == [2]
    assert '"with": ["b", "c"]' in told(found["b c"])[3]


Engine = Callable[[Echo], Pool]


@pytest.fixture(params=["local", "dask"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Makes a pool of two real workers."""
    made: list[Pool] = []

    def make(work: Echo, timeout: float | None = None) -> Pool:
        if request.param == "local":
            made.append(LocalPool(work, 2, timeout=timeout))
        else:
            from align.bulk.workers_dask import ClusterPool

            made.append(ClusterPool(work, request.getfixturevalue("cluster").address, timeout=timeout))
        return made[-1]

    yield make
    for pool in made:
        pool.close()
    if request.param == "dask":
        request.getfixturevalue("cluster").wait_for(2)


def test_real_workers_do_every_batch_once(engine: Engine, tmp_path: Path) -> None:
    found = results(engine(Echo(str(tmp_path))), *(f"a{i} b{i}" for i in range(40)))
    assert all(item.error is None for result in found.values() for item in result.items)
    assert len(list(tmp_path.glob("*.log"))) == 2, "both workers worked"


def test_real_workers_survive_documents_that_kill_raise_and_fail(engine: Engine, tmp_path: Path) -> None:
    groups = ("a b", "c kill-1 d", "raise-1 e", "fail-1 f", "once-7 g", "h i")
    found = results(engine(Echo(str(tmp_path))), *groups)
    broken = {
        group.split()[n]: item.error for group in groups for n, item in enumerate(found[group].items) if item.error
    }
    assert broken.keys() == {"kill-1", "raise-1", "fail-1"}
    assert "died" in (broken["kill-1"] or "")
    assert broken["raise-1"] == "ValueError: cannot do raise-1"
    assert '"with": ["c", "d"]' in told(found["c kill-1 d"])[3]
    assert '"with": ["once-7", "g"]' in told(found["once-7 g"])[10]


def test_a_document_that_hangs_is_set_aside_and_told_as_such(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pool = LocalPool(Echo(str(tmp_path)), 2, timeout=1.0)
    try:
        found = results(pool, "a", "hang-1", "b")
    finally:
        pool.close()
    assert found["hang-1"].items[0].error == "took longer than 1 s"
    assert found["hang-1"].items[0].tries == 1, "what took too long is not waited for again"
    assert capfd.readouterr().err == ""
    assert found["b"].items[0].error is None


def test_workers_killed_at_any_moment_change_nothing(tmp_path: Path) -> None:
    groups = [f"a{i} b{i}" for i in range(60)]
    calm = results(Scripted(Echo(str(tmp_path)), {}), *groups)
    pool = LocalPool(Echo(str(tmp_path), pause=0.02), 2)
    stop = threading.Event()

    def kill() -> None:
        for _ in range(3):
            if stop.wait(0.4):
                return
            os.kill(pool.process_ids()[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        assert results(pool, *groups) == calm
    finally:
        stop.set()
        killer.join()
        pool.close()


def test_workers_that_cannot_start_are_an_error_not_an_endless_loop() -> None:
    for work, words in ((Refuse(), "no such encoder"), (Crash(), "die as they start")):
        pool = LocalPool(work, 2)
        try:
            with pytest.raises(AlignError, match=words):
                results(pool, "a", "b")
        finally:
            pool.close()


def test_workers_end_with_the_driver(tmp_path: Path) -> None:
    pool = LocalPool(Echo(str(tmp_path)), 2)
    results(pool, "a", "b")
    pids = pool.process_ids()
    for worker in pool._workers:
        worker.pipe.close()  # what a kill -9 of the driver does
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)
    pool.close()


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_scheduler_that_is_not_there_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from align.bulk import workers_dask

    monkeypatch.setattr(workers_dask, "CONNECT_SECONDS", 0.3)
    with pytest.raises(AlignError, match="no Dask scheduler answers"):
        workers_dask.ClusterPool(Echo(str(tmp_path)), "tcp://127.0.0.1:9")
