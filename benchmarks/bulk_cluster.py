"""A Dask cluster on loopback for benchmarks, and random kills of its processes."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

CALM = (1.0, 5.0)
"""Seconds between two kills, once the driver has its workers."""


class Cluster:
    """`dask scheduler` and `dask worker`s as processes, ended by their process ids."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in range(workers)]

    def __enter__(self) -> Cluster:
        from distributed import Client

        deadline = time.monotonic() + 120
        while True:
            try:
                with Client(self.address, set_as_default=False, timeout=30) as client:  # type: ignore[no-untyped-call]
                    client.wait_for_workers(len(self.workers), timeout=120)
                return self
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def __exit__(self, *error: object) -> None:
        for process in (*self.workers, self.scheduler):
            kill(process)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a dask command in its own session."""
        with (self.folder / "cluster.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True,
            )  # fmt: skip

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        """Start the scheduler, always on the same port."""
        return self.start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")

    def start_again(self) -> None:
        """Start a scheduler, and workers: Dask's exit when they lose theirs."""
        for worker in self.workers:
            kill(worker)
        self.scheduler = self.start_scheduler()
        self.workers = [self.start_worker() for _ in self.workers]

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a worker of one process and one thread, under a nanny."""
        return self.start(
            "worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
            "--death-timeout", "120",
        )  # fmt: skip


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process and its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(pid: int) -> list[int]:
    """Process ids of a process's children that compute (without multiprocessing's resource tracker)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            with suppress(OSError):
                if "resource_tracker" not in Path(f"/proc/{child}/cmdline").read_text():
                    found.append(int(child))
    return found


class Storm:
    """Runs `align bulk` to its end despite random kills of its workers, its scheduler and itself."""

    def __init__(self, folder: Path, name: str, encoder: str, rng: random.Random, *, clustered: bool) -> None:
        self.folder, self.rng = folder, rng
        self.command = [
            sys.executable, "-m", "align", "--quiet", "bulk", str(folder / "pairs.tsv"), str(folder / name),
            "--encoder", encoder, "--segments", "line", "--workers", "2",
        ]  # fmt: skip
        self.clustered = clustered
        self.kills: dict[str, int] = {}

    def run(self, most: int = 12) -> dict[str, int]:
        """Kill up to `most` times, then let it finish. Returns the number of kills by kind."""
        if self.clustered:
            with Cluster(self.folder) as cluster:
                self.command += ["--scheduler", cluster.address]
                self._drive(most, cluster)
        else:
            self._drive(most, None)
        return self.kills

    def _drive(self, most: int, cluster: Cluster | None) -> None:
        driver = self._start()
        while True:
            try:
                if driver.wait(self.rng.uniform(*CALM)) in (0, 3):
                    return
                driver = self._start()  # it was notified that the scheduler is gone
                continue
            except subprocess.TimeoutExpired:
                pass
            if sum(self.kills.values()) >= most:
                continue
            what = self.rng.choice(["worker", "driver", "scheduler"] if cluster else ["worker", "driver"])
            if what == "driver":
                kill(driver)
                driver = self._start()
            elif what == "scheduler" and cluster:
                kill(cluster.scheduler)
                cluster.start_again()
            elif not self._kill_worker(driver, cluster):
                continue
            self.kills[what] = self.kills.get(what, 0) + 1

    def _kill_worker(self, driver: subprocess.Popen[bytes], cluster: Cluster | None) -> bool:
        if cluster:
            number = self.rng.randrange(len(cluster.workers))
            if cluster.workers[number].poll() is None and self.rng.random() < 0.5:
                below = children(cluster.workers[number].pid)  # the nanny starts another
                for pid in below:
                    os.kill(pid, signal.SIGKILL)
                return bool(below)
            kill(cluster.workers[number])
            cluster.workers[number] = cluster.start_worker()
            return True
        below = children(driver.pid)
        if not below:
            return False
        with suppress(ProcessLookupError):
            os.kill(self.rng.choice(below), signal.SIGKILL)
        return True

    def _start(self) -> subprocess.Popen[Any]:
        with (self.folder / "driver.log").open("ab") as log:
            return subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
