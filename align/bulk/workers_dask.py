"""The Dask engine: the workers of a running scheduler, on any machines.

`distributed` provides the transport, the elastic set of workers and the resubmission of a lost worker's tasks. This
module adds a plugin that loads the encoder once per worker process, as many batches in flight as keep the workers
busy, and the same reports of failures as the local engine.
"""

from __future__ import annotations

import logging
import queue
import socket
import sys
import threading
import time
import uuid
from typing import Any

from distributed import Client, Future, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host_port

from align import __version__
from align.bulk.supervisor import TaskResult
from align.bulk.types import Batch, BatchResult, BatchWork, WorkFactory
from align.bulk.workers_local import BATCHES_PER_WORKER, run_with_timeout
from align.errors import AlignError

CONNECT_SECONDS = 20.0
"""Seconds to wait for a scheduler."""
COUNT_SECONDS = 1.0
"""Minimum seconds between two queries of the number of workers."""


class EncoderPlugin(WorkerPlugin):
    """The batch work of one run in a worker process. The first batch loads the encoder, not `setup`, where it would
    delay the worker's heartbeats."""

    def __init__(self, name: str, factory: WorkFactory) -> None:
        self.name = name
        self.version = __version__
        self._factory = factory
        self._work: BatchWork | None = None
        self._lock: threading.Lock | None = None

    def setup(self, worker: Any) -> None:
        """Called by Dask in every worker process, also in those that join later."""
        self._lock = threading.Lock()

    def teardown(self, worker: Any) -> None:
        """Called by Dask when the run is over: release the encoder."""
        self._work = None

    def run(self, batch: Batch, timeout: float | None) -> tuple[BatchResult | None, str | None]:
        """Run a batch, one at a time whatever the worker's number of threads: an encoder serves one thread."""
        assert self._lock is not None
        with self._lock:
            if self._work is None:
                if self.version != __version__:
                    raise AlignError(
                        f"a worker has align {__version__}, the driver {self.version}. Install the same version."
                    )
                self._work = self._factory()
            return run_with_timeout(self._work, batch, timeout, sys.__stderr__ or 2)  # the log of the Dask worker


def run_batch(name: str, batch: Batch, timeout: float | None) -> tuple[BatchResult | None, str | None]:
    """The task that the cluster runs."""
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, EncoderPlugin)
    return plugin.run(batch, timeout)


class ClusterPool:
    """The workers of the scheduler at `address`; see `Pool`. Raises AlignError where no scheduler answers."""

    certain = False

    def __init__(self, factory: WorkFactory, address: str, *, timeout: float | None = None) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors that matter are raised here
        self._address = address
        self._timeout = timeout
        self._name = f"align-{uuid.uuid4().hex}"
        self._futures: dict[int, Future[Any]] = {}
        self._done_tickets: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._count = 0
        self._counted_at = float("-inf")
        _check_reachable(address)
        try:
            self._client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=CONNECT_SECONDS, set_as_default=False, name="align-bulk"
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise _unreachable(address, error) from error
        try:
            self._client.register_plugin(EncoderPlugin(self._name, factory), name=self._name)
        except Exception as error:
            self.close()
            raise AlignError(
                f"{address}: its workers cannot run align ({error}). Is the same version installed there?"
            ) from error

    def capacity(self) -> int:
        """See `Pool`. Without workers, one batch is queued at the scheduler."""
        return max(1, BATCHES_PER_WORKER * self.workers()) - len(self._futures)

    def submit(self, ticket: int, batch: Batch) -> None:
        """See `Pool`."""
        try:
            future = self._client.submit(
                run_batch, self._name, batch, self._timeout, key=f"{self._name}-{ticket}", pure=False
            )
        except Exception as error:
            raise self._scheduler_lost() from error
        self._futures[ticket] = future
        future.add_done_callback(lambda _: self._done_tickets.put(ticket))

    def wait(self, seconds: float) -> list[TaskResult]:
        """See `Pool`."""
        tickets: list[int] = []
        try:
            tickets.append(self._done_tickets.get(timeout=seconds))
            while True:
                tickets.append(self._done_tickets.get_nowait())
        except queue.Empty:
            pass
        if self._client.status not in ("running", "newly-created"):
            raise self._scheduler_lost()
        return [self._task_result(ticket) for ticket in tickets]

    def workers(self) -> int:
        """See `Pool`."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            self._counted_at = time.monotonic()
            try:
                self._count = len(self._client.scheduler_info(n_workers=-1)["workers"])
            except Exception as error:
                raise self._scheduler_lost() from error
        return self._count

    def close(self) -> None:
        """See `Pool`. The cluster keeps running; the tasks and encoders of this run are removed from it."""
        try:
            if self._client.status == "running":
                self._client.cancel(list(self._futures.values()))
                self._client.unregister_worker_plugin(self._name)
        except Exception:  # the cluster may be gone: nothing to cancel
            logging.getLogger(__name__).debug("closing", exc_info=True)
        self._futures.clear()
        self._client.close(timeout=2)

    def _task_result(self, ticket: int) -> TaskResult:
        from distributed.scheduler import KilledWorker

        future = self._futures.pop(ticket)
        if status(future) == "lost":
            return lost_result(ticket)
        if status(future) == "cancelled":
            raise self._scheduler_lost()
        try:
            result, error = future.result(timeout=60)
        except KilledWorker as killed:
            # Dask has already retried it on that many workers.
            tries = killed.allowed_failures + 1
            return TaskResult(ticket, error="its worker died (Dask gave it up)", tries=tries, worker_died=True)
        except AlignError:
            raise
        except Exception as exception:
            if self._client.status != "running" or status(future) == "cancelled":
                raise self._scheduler_lost() from exception
            if status(future) == "lost":
                return lost_result(ticket)
            return TaskResult(ticket, error=f"{type(exception).__name__}: {exception}")
        return TaskResult(ticket, result, error)

    def _scheduler_lost(self) -> AlignError:
        return AlignError(
            f"{self._address}: the scheduler is gone. Completed work is saved: start it and run the same command again."
        )


def status(future: Future[Any]) -> str:
    """The current status of a future, which may change at any time."""
    return str(future.status)


def lost_result(ticket: int) -> TaskResult:
    """The result for a batch whose worker died before its result was fetched."""
    return TaskResult(ticket, error="its worker died with the result", worker_died=True)


def _check_reachable(address: str) -> None:
    """Raise AlignError where nothing listens at an address; a `Client` would retry, and log errors at its end."""
    try:
        host, port = get_address_host_port(address, strict=True)
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError, TypeError) as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> AlignError:
    return AlignError(
        f"{address}: no Dask scheduler answers ({error or type(error).__name__}). Start one with `dask scheduler`, "
        "workers with `dask worker tcp://HOST:8786`, and give --scheduler tcp://HOST:8786."
    )
