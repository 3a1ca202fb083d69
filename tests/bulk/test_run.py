"""The ledger and the shards: killed at any moment, the next run ends with the bytes of an undisturbed one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from bulk_fakes import Echo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from align.bulk.database import RunDatabase, open_run_database
from align.bulk.manifest import PlanSizes, plan_batches
from align.bulk.run_state import MetricsFile, exposition, format_duration, read_progress, summary
from align.bulk.shards import Shards, write_lines
from align.bulk.supervisor import DATABASE_FILE, TaskResult, output_folder, run_batches
from align.bulk.types import Batch, ItemState, PairEntry
from align.errors import StoreError, UsageError


class Power(BaseException):
    """The power goes."""


class Now:
    """A pool that does its batches in the order of a seed, and lets the power go after so many steps."""

    certain = True

    def __init__(self, work: Echo, steps: int | None = None, last_first: bool = False) -> None:
        self.work, self.steps, self.last_first = work, steps, last_first
        self.out: list[tuple[int, Batch]] = []

    def capacity(self) -> int:
        return 4 - len(self.out)

    def submit(self, ticket: int, batch: Batch) -> None:
        self.out.append((ticket, batch))

    def wait(self, seconds: float) -> list[TaskResult]:
        if self.steps is not None:
            self.steps -= 1
            if self.steps < 0:
                raise Power
        ticket, batch = self.out.pop(-1 if self.last_first else 0)
        return [TaskResult(ticket, self.work.work(batch))]

    def workers(self) -> int:
        return 1

    def close(self) -> None:
        pass


NAMES = [f"doc-{n % 7}" if n % 9 else f"fail-{n}" for n in range(40)]
"""With near-duplicates (the number is the key) and broken ones."""


def begin(ledger: RunDatabase) -> None:
    entries = (PairEntry(name, name) for name in NAMES)
    assert ledger.plan(plan_batches(entries, lambda entry: 4, PlanSizes(3, 3, 9))) == len(NAMES)


def run(out: Path, pool: Now, write: object = write_lines) -> dict[str, object]:
    with output_folder(out):
        ledger = open_run_database(out / DATABASE_FILE, begin=begin)
        try:
            standing = read_progress(ledger)
            run_batches(ledger, pool, Shards(ledger, out, ".jsonl", write, dedupe=True), standing, lambda s: None)  # type: ignore[arg-type]
            return summary(ledger, standing)
        finally:
            ledger.close()


def outputs(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("part-*"))}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, object]]:
    folder = tmp_path_factory.mktemp("calm")
    figures = run(folder / "out", Now(Echo(str(folder))))
    return outputs(folder / "out"), figures


def test_every_document_is_accounted_for_and_every_key_written_once(calm: tuple[dict, dict]) -> None:
    files, figures = calm
    failed = sum(name.startswith("fail") for name in NAMES)
    assert figures["documents"] == {"waiting": 0, "done": len(NAMES) - failed, "failed": failed}
    assert len(files) > 3, "several shards"
    assert sum(content.count(b"\n") for content in files.values()) == 7
    assert figures["links"] == {
        "found": len(NAMES) - failed, "written": 7, "removed": {"duplicate": len(NAMES) - failed - 7}
    }  # fmt: skip
    assert [shard["links"] for shard in figures["shards"]] == [files[s["file"]].count(b"\n") for s in figures["shards"]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=5))
def test_power_cuts_change_nothing(
    calm: tuple[dict, dict], tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for steps, last_first in cuts:
        with suppress(Power):
            run(folder / "out", Now(Echo(str(folder)), steps, last_first))
    figures = run(folder / "out", Now(Echo(str(folder)), last_first=True))
    assert outputs(folder / "out") == calm[0]
    assert {k: v for k, v in figures.items() if k != "run"} == {k: v for k, v in calm[1].items() if k != "run"}


@pytest.mark.parametrize("after", range(5))
def test_a_cut_while_a_shard_is_written_changes_nothing(calm: tuple[dict, dict], tmp_path: Path, after: int) -> None:
    countdown = itertools.count()

    def write(lines: Iterator[bytes], path: Path) -> None:
        with path.open("wb") as file:
            for line in lines:
                if next(countdown) == after:
                    raise Power
                file.write(line)

    with pytest.raises(Power):
        run(tmp_path / "out", Now(Echo(str(tmp_path))), write)
    run(tmp_path / "out", Now(Echo(str(tmp_path))))
    assert outputs(tmp_path / "out") == calm[0]


def test_a_cut_while_planning_leaves_no_ledger(tmp_path: Path) -> None:
    def cut(ledger: RunDatabase) -> None:
        ledger.plan(plan_batches([PairEntry("a", "b")] * 2000, lambda entry: 1, PlanSizes()))
        raise Power

    with pytest.raises(Power), output_folder(tmp_path):
        open_run_database(tmp_path / DATABASE_FILE, begin=cut)
    figures = run(tmp_path, Now(Echo(str(tmp_path.parent))))
    assert figures["documents"]["waiting"] == 0  # type: ignore[index]


def test_what_is_done_is_not_done_again(calm: tuple[dict, dict], tmp_path: Path) -> None:
    run(tmp_path / "out", Now(Echo(str(tmp_path))))
    again = Now(Echo(str(tmp_path)), steps=0)
    run(tmp_path / "out", again)
    assert outputs(tmp_path / "out") == calm[0]


def test_one_run_at_a_time_and_only_in_a_folder_of_ours(tmp_path: Path) -> None:
    with (
        output_folder(tmp_path / "out"),
        pytest.raises(UsageError, match="another run"),
        output_folder(tmp_path / "out"),
    ):
        pass
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").touch()
    with pytest.raises(UsageError, match=r"holds thesis\.doc but no bulk run"), output_folder(tmp_path / "other"):
        pass
    with pytest.raises(UsageError, match="cannot be used"), output_folder(tmp_path / "other" / "thesis.doc"):
        pass


def test_a_file_that_is_no_ledger_is_left_alone(tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at as one" * 20)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("create table t (x)")
    other.close()
    for name in ("text.db", "other.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(StoreError, match="not the database of a bulk run"):
            open_run_database(tmp_path / name, begin=lambda ledger: None)
        assert (tmp_path / name).read_bytes() == before


def test_a_broken_ledger_is_told_as_what_it_is_and_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / DATABASE_FILE).write_text("junk\n")
    with pytest.raises(StoreError, match=r"ledger\.db: not the database of a bulk run"):
        run(tmp_path / "out", Now(Echo(str(tmp_path))))
    assert (tmp_path / "out" / DATABASE_FILE).read_text() == "junk\n"


def test_a_ledger_that_may_not_grow_is_told_and_goes_on_later(calm: tuple[dict, dict], tmp_path: Path) -> None:
    with output_folder(tmp_path / "out"):
        ledger = open_run_database(tmp_path / "out" / DATABASE_FILE, begin=begin)
        pages = ledger._db.execute("pragma page_count").fetchone()[0]
        ledger._db.execute(f"pragma max_page_count = {pages}")
        result = Echo(str(tmp_path)).work(next(ledger.waiting_batches()))
        big = replace(result, items=tuple(replace(item, payload=os.urandom(99_000)) for item in result.items))
        with pytest.raises(StoreError, match=r"ledger\.db: no space left on the disk"):
            ledger.save_result(big)
        assert not ledger._db.conn.in_transaction
        ledger.close()
    run(tmp_path / "out", Now(Echo(str(tmp_path))))
    assert outputs(tmp_path / "out") == calm[0]


def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    ledger = open_run_database(tmp_path / DATABASE_FILE, begin=begin)
    ledger._db.execute("pragma foreign_keys = on")
    ledger._db.execute("create table a (x integer primary key)")
    ledger._db.execute("create table b (x references a deferrable initially deferred)")
    with pytest.raises(StoreError, match="FOREIGN KEY"), ledger.writing():
        ledger._db.conn.execute("insert into b values (7)")
    with ledger.writing():
        ledger.save_meta("after", 1)
    assert ledger.load_meta("after") == 1
    ledger.close()


def test_batches_hold_what_they_may() -> None:
    weights = [5, 1, 1, 1, 1, 40, 1, 1]
    entries = [PairEntry(str(n), str(n)) for n in range(len(weights))]
    plan = list(plan_batches(entries, lambda entry: weights[int(entry.src)], PlanSizes(1, 3, 2)))
    batches = [[p.weight for p in plan if p.batch == batch] for batch in range(plan[-1].batch + 1)]
    assert batches == [[5], [1, 1, 1], [1], [40], [1, 1]], "at most 4 bytes or 3 documents, or one that is longer"
    assert [p.shard for p in plan] == sorted(p.shard for p in plan)


def test_progress_and_metrics(tmp_path: Path) -> None:
    with output_folder(tmp_path):
        ledger = open_run_database(tmp_path / DATABASE_FILE, begin=begin)
    standing = read_progress(ledger)
    ledger.close()
    assert "waiting for a worker, time left unknown" in standing.line()
    standing.workers = 1
    assert ", 1 worker, " in standing.line()
    assert f"0/{len(NAMES)} documents" in standing.line()
    now = [0.0]
    metrics = MetricsFile(tmp_path / "m.prom", clock=lambda: now[0])
    metrics.update(standing)
    standing.done = 3
    metrics.update(standing)
    assert 'align_bulk_documents{state="done"} 0' in (tmp_path / "m.prom").read_text()
    metrics.update(standing, is_last=True)
    assert 'align_bulk_documents{state="done"} 3' in (tmp_path / "m.prom").read_text()
    samples = [line for line in exposition(standing).splitlines() if not line.startswith("#")]
    assert all(len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) >= 0 for line in samples)
    assert [format_duration(s) for s in (4.2, 200, 7500)] == ["4 s", "3 min 20 s", "2 h 05 min"]
    assert ItemState.FAILED == "failed"
