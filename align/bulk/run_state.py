"""Progress of a run: progress lines, the metrics file and the summary."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from align.atomic_file import atomic_write
from align.bulk.database import RunDatabase
from align.bulk.types import UNCOVERED_PREFIX, BatchResult, ItemState

METRICS_SECONDS = 5.0
"""Minimum seconds between two updates of the metrics file."""


@dataclass(slots=True)
class RunProgress:
    """Counts of this run and of the run database. `total` and `weight_total` cover the whole plan."""

    total: int
    done: int
    failed: int
    weight_done: int
    weight_total: int
    workers: int = 0
    began: float = field(default_factory=time.monotonic)
    run_documents: int = 0
    run_sentences: int = 0
    run_links: int = 0
    run_weight: int = 0
    uncovered: set[str] = field(default_factory=set)
    """Languages of this run that the encoder does not cover."""

    @property
    def seconds(self) -> float:
        """Seconds since this run started."""
        return time.monotonic() - self.began

    @property
    def sentences_per_second(self) -> float:
        """Sentences of both sides, in this run."""
        return self.run_sentences / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated from the remaining bytes; None before the first result."""
        if not self.run_weight:
            return None
        return (self.weight_total - self.weight_done) * self.seconds / self.run_weight

    def add_result(self, result: BatchResult, weight: int) -> None:
        """Count a result."""
        for item in result.items:
            self.done += item.error is None
            self.failed += item.error is not None
            self.run_sentences += item.counts.get("src_sentences", 0) + item.counts.get("tgt_sentences", 0)
            self.run_links += item.counts.get("links", 0)
            self.uncovered.update(
                name.removeprefix(UNCOVERED_PREFIX) for name in item.counts if name.startswith(UNCOVERED_PREFIX)
            )
        self.run_documents += len(result.items)
        self.weight_done += weight
        self.run_weight += weight

    def line(self) -> str:
        """A progress line."""
        left = self.seconds_left
        workers = f"{self.workers} worker{'' if self.workers == 1 else 's'}" if self.workers else "waiting for a worker"
        return (
            f"{self.done + self.failed:,}/{self.total:,} documents, {self.failed:,} failed, "
            f"{self.sentences_per_second:,.0f} sentences/s, {workers}, "
            f"{'time left unknown' if left is None else format_duration(left) + ' left'}"
        )


def read_progress(database: RunDatabase) -> RunProgress:
    """Read the counts from the database at the start of a run."""
    states = database.states()
    done, total = database.weights()
    return RunProgress(sum(states.values()), states[ItemState.DONE], states[ItemState.FAILED], done, total)


def format_duration(seconds: float) -> str:
    """`2 h 05 min`, `3 min 20 s`, `4 s`."""
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"


class MetricsFile:
    """A metrics file in Prometheus' text format, for node_exporter's textfile collector."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._written = float("-inf")

    def update(self, progress: RunProgress, *, is_last: bool = False) -> None:
        """Write the file if it is due, or if this is the last update."""
        if not is_last and self._clock() - self._written < METRICS_SECONDS:
            return
        self._written = self._clock()
        with atomic_write(self._path) as file:
            file.write(exposition(progress).encode())


def exposition(progress: RunProgress) -> str:
    """The metrics in Prometheus' text exposition format 0.0.4."""
    waiting = progress.total - progress.done - progress.failed
    families: list[tuple[str, str, str, list[tuple[str, float]]]] = [
        (
            "align_bulk_documents",
            "gauge",
            "Document pairs of the plan by state.",
            [
                ('{state="done"}', progress.done),
                ('{state="failed"}', progress.failed),
                ('{state="waiting"}', waiting),
            ],
        ),
        ("align_bulk_bytes", "gauge", "Bytes of the plan.", [("", progress.weight_total)]),
        ("align_bulk_bytes_done", "gauge", "Bytes of documents that are done or failed.", [("", progress.weight_done)]),
        ("align_bulk_sentences_total", "counter", "Sentences read in this run.", [("", progress.run_sentences)]),
        ("align_bulk_links_total", "counter", "Links found in this run.", [("", progress.run_links)]),
        ("align_bulk_workers", "gauge", "Workers at this moment.", [("", progress.workers)]),
        ("align_bulk_run_seconds", "gauge", "Seconds since this run began.", [("", round(progress.seconds, 3))]),
    ]
    lines = []
    for name, kind, about, samples in families:
        lines += [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
        lines += [f"{name}{labels} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def summary(database: RunDatabase, progress: RunProgress) -> dict[str, Any]:
    """The result of all runs as one JSON object. Values that depend on the clock are under `run`."""
    states = database.states()
    totals = database.totals()
    removed, uncovered = (
        {name.removeprefix(prefix): n for name, n in totals.items() if name.startswith(prefix)}
        for prefix in ("removed_", UNCOVERED_PREFIX)
    )
    return {
        "documents": {state.value: count for state, count in states.items()},
        "sentences": {"src": totals["src_sentences"], "tgt": totals["tgt_sentences"]},
        "uncovered": uncovered,
        "links": {"found": totals["found"], "removed": removed, "written": totals["links"]},
        "shards": [
            {"file": file, "links": links, "sha256": digest} for _, file, links, digest in database.shards() if file
        ],
        "failed": [
            {"document": number, "src": entry.src, "tgt": entry.tgt, "error": error}
            for number, entry, error in database.failed()
        ],
        "run": {
            "seconds": round(progress.seconds, 3),
            "documents": progress.run_documents,
            "sentences": progress.run_sentences,
            "sentences_per_second": round(progress.sentences_per_second, 1),
            "worker_seconds": round(database.seconds(), 3),
        },
    }
