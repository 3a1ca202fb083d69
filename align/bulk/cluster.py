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
from align.bulk.engine import Ended
from align.bulk.local import AT_ONCE, do
from align.bulk.model import Batch, BatchResult, Work, WorkFactory
from align.errors import AlignError

CONNECT = 20.0
"""Seconds to wait for a scheduler."""
COUNT_EVERY = 1.0
"""Minimum seconds between two queries of the number of workers."""


class EncoderPlugin(WorkerPlugin):
    """The batch work of one run in a worker process. The first batch loads the encoder, not `setup`, where it would
    delay the worker's heartbeats."""

    def __init__(self, name: str, factory: WorkFactory) -> None:
        self.name = name
        self.version = __version__
        self._factory = factory
        self._work: Work | None = None
        self._turn: threading.Lock | None = None

    def setup(self, worker: Any) -> None:
        """Called by Dask in every worker process, also in those that join later."""
        self._turn = threading.Lock()

    def teardown(self, worker: Any) -> None:
        """Called by Dask when the run is over: release the encoder."""
        self._work = None

    def do(self, batch: Batch, timeout: float | None) -> tuple[BatchResult | None, str | None]:
        """Run a batch, one at a time whatever the worker's number of threads: an encoder serves one thread."""
        assert self._turn is not None
        with self._turn:
            if self._work is None:
                if self.version != __version__:
                    raise AlignError(
                        f"a worker has align {__version__}, the driver {self.version}. Install the same version."
                    )
                self._work = self._factory()
            return do(self._work, batch, timeout, sys.__stderr__ or 2)  # the log of the Dask worker


def run_batch(name: str, batch: Batch, timeout: float | None) -> tuple[BatchResult | None, str | None]:
    """The task that the cluster runs."""
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, EncoderPlugin)
    return plugin.do(batch, timeout)


class ClusterPool:
    """The workers of the scheduler at `address`; see `Pool`. Raises AlignError where no scheduler answers."""

    certain = False

    def __init__(self, factory: WorkFactory, address: str, *, timeout: float | None = None) -> None:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors that matter are raised here
        self._address = address
        self._timeout = timeout
        self._name = f"align-{uuid.uuid4().hex}"
        self._out: dict[int, Future[Any]] = {}
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._count = 0
        self._counted = float("-inf")
        _knock(address)
        try:
            self._client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=CONNECT, set_as_default=False, name="align-bulk"
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise _nobody(address, error) from error
        try:
            self._client.register_plugin(EncoderPlugin(self._name, factory), name=self._name)
        except Exception as error:
            self.close()
            raise AlignError(
                f"{address}: its workers cannot run align ({error}). Is the same version installed there?"
            ) from error

    def room(self) -> int:
        """See `Pool`. Without workers, one batch is queued at the scheduler."""
        return max(1, AT_ONCE * self.workers()) - len(self._out)

    def submit(self, ticket: int, batch: Batch) -> None:
        """See `Pool`."""
        try:
            future = self._client.submit(
                run_batch, self._name, batch, self._timeout, key=f"{self._name}-{ticket}", pure=False
            )
        except Exception as error:
            raise self._lost() from error
        self._out[ticket] = future
        future.add_done_callback(lambda _: self._ended.put(ticket))

    def wait(self, seconds: float) -> list[Ended]:
        """See `Pool`."""
        tickets: list[int] = []
        try:
            tickets.append(self._ended.get(timeout=seconds))
            while True:
                tickets.append(self._ended.get_nowait())
        except queue.Empty:
            pass
        if self._client.status not in ("running", "newly-created"):
            raise self._lost()
        return [self._settled(ticket) for ticket in tickets]

    def workers(self) -> int:
        """See `Pool`."""
        if time.monotonic() - self._counted > COUNT_EVERY:
            self._counted = time.monotonic()
            try:
                self._count = len(self._client.scheduler_info(n_workers=-1)["workers"])
            except Exception as error:
                raise self._lost() from error
        return self._count

    def close(self) -> None:
        """See `Pool`. The cluster keeps running; the tasks and encoders of this run are removed from it."""
        try:
            if self._client.status == "running":
                self._client.cancel(list(self._out.values()))
                self._client.unregister_worker_plugin(self._name)
        except Exception:  # the cluster may be gone: nothing to cancel
            logging.getLogger(__name__).debug("closing", exc_info=True)
        self._out.clear()
        self._client.close(timeout=2)

    def _settled(self, ticket: int) -> Ended:
        from distributed.scheduler import KilledWorker

        future = self._out.pop(ticket)
        if status(future) == "lost":
            return vanished(ticket)
        if status(future) == "cancelled":
            raise self._lost()
        try:
            result, why = future.result(timeout=60)
        except KilledWorker as killed:
            # Dask has already retried it on that many workers.
            tries = killed.allowed_failures + 1
            return Ended(ticket, error="its worker died (Dask gave it up)", tries=tries, died=True)
        except AlignError:
            raise
        except Exception as error:
            if self._client.status != "running" or status(future) == "cancelled":
                raise self._lost() from error
            if status(future) == "lost":
                return vanished(ticket)
            return Ended(ticket, error=f"{type(error).__name__}: {error}")
        return Ended(ticket, result, why)

    def _lost(self) -> AlignError:
        return AlignError(
            f"{self._address}: the scheduler is gone. Completed work is saved: start it and run the same command again."
        )


def status(future: Future[Any]) -> str:
    """The current status of a future, which may change at any time."""
    return str(future.status)


def vanished(ticket: int) -> Ended:
    """The result for a batch whose worker died before its result was fetched."""
    return Ended(ticket, error="its worker died with the result", died=True)


def _knock(address: str) -> None:
    """Raise AlignError where nothing listens at an address; a `Client` would retry, and log errors at its end."""
    try:
        host, port = get_address_host_port(address, strict=True)
        socket.create_connection((host, port), timeout=CONNECT).close()
    except (OSError, ValueError, TypeError) as error:
        raise _nobody(address, error) from error


def _nobody(address: str, error: Exception) -> AlignError:
    return AlignError(
        f"{address}: no Dask scheduler answers ({error or type(error).__name__}). Start one with `dask scheduler`, "
        "workers with `dask worker tcp://HOST:8786`, and give --scheduler tcp://HOST:8786."
    )
