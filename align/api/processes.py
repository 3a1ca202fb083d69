"""Alignment in several processes, for `Aligner.align_many`."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from align.api.alignment import Aligner, Alignment, TextInput
from align.bulk.workers_local import THREAD_VARIABLES
from align.embeddings import Encoder
from align.embeddings.inference import usable_cores
from align.errors import AlignError, UsageError

PAIRS_PER_TASK = 8
TASKS_PER_WORKER = 3
"""Tasks that are submitted ahead per worker, so that `pairs` may be a stream."""
Pair = tuple[TextInput, TextInput]

_aligner: Aligner | None = None
"""The aligner of a worker process."""


def align_in_processes(
    encoder: str | Encoder, cache: Path | None, pairs: Iterable[Pair], options: dict[str, Any], workers: int
) -> Iterator[Alignment]:
    """Align the pairs with `workers` processes; yields in order. options: arguments of `Aligner.align`.

    Raises UsageError for an encoder that cannot be sent to another process, AlignError where a worker dies.
    """
    try:
        sent = pickle.dumps((encoder, cache))
    except Exception as error:  # any class may refuse
        raise UsageError(f"workers above 1 need an encoder by name: this one cannot be pickled ({error}).") from error
    stream = iter(pairs)
    running: deque[Future[list[Alignment]]] = deque()
    context = multiprocessing.get_context("spawn")
    threads = max(1, usable_cores() // workers)
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(sent,)) as pool:
        try:
            while True:
                while len(running) < workers * TASKS_PER_WORKER and (task := list(islice(stream, PAIRS_PER_TASK))):
                    with _child_environment(threads, script=not isinstance(encoder, str)):
                        running.append(pool.submit(_align, task, options))
                if not running:
                    return
                yield from running.popleft().result()
        except BrokenProcessPool as error:
            raise AlignError("a worker process died: too little memory, or its encoder failed to load.") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _start(sent: bytes) -> None:
    global _aligner
    encoder, cache = pickle.loads(sent)
    _aligner = Aligner(encoder, cache=cache)


def _align(pairs: list[Pair], options: dict[str, Any]) -> list[Alignment]:
    assert _aligner is not None
    return [_aligner.align(src, tgt, **options) for src, tgt in pairs]


@contextmanager
def _child_environment(threads: int, *, script: bool) -> Iterator[None]:
    """Number of threads of new processes; `script`: whether they import the user's script, for its classes.

    Importing it runs it again, so that one without `if __name__ == "__main__":` would start processes of its own.
    """
    main: Any = sys.modules["__main__"]
    file, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    variables = (*THREAD_VARIABLES, "ALIGN_THREADS")
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(dict.fromkeys(variables, str(threads)))
    if not script:
        main.__file__ = main.__spec__ = None
    try:
        yield
    finally:
        if not script:
            main.__file__, main.__spec__ = file, spec
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
