"""Ledgers, engines and a real Dask cluster on loopback, ended by process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # worker processes import `bulk_fakes` by this


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and workers as processes of their own, as a user would start them."""

    def __init__(self, folder: Path, workers: int = 2, nanny: bool = True) -> None:
        self.folder = folder
        self.port = free_port()
        self.nanny = nanny
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start_scheduler()
        for _ in range(workers):
            self.start_worker()
        self.wait_for(workers)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        env = os.environ | {"PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__WORKER__DAEMON": "True"}
        with (self.folder / "cluster.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=env, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        self.scheduler = self.start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show"
        )
        return self.scheduler

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
            "--nanny" if self.nanny else "--no-nanny", "--death-timeout", "60",
        )  # fmt: skip

    def worker_pids(self) -> list[int]:
        """The processes that do the work (below their nannies)."""
        from distributed import Client

        with Client(self.address, set_as_default=False, timeout=20) as client:
            return sorted(client.run(os.getpid).values())

    def wait_for(self, workers: int) -> None:
        from distributed import Client

        deadline = time.monotonic() + 60
        while True:
            try:
                with Client(self.address, set_as_default=False, timeout=20) as client:
                    client.wait_for_workers(workers, timeout=60)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def close(self) -> None:
        """End what we started, and only that: each is the head of a session of its own."""
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def cluster_in(folder: Path, workers: int = 2, nanny: bool = True) -> Iterator[Cluster]:
    cluster = Cluster(folder, workers, nanny)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers that tests share. A test that kills one waits until there are two again."""
    with cluster_in(tmp_path_factory.mktemp("cluster")) as found:
        yield found
