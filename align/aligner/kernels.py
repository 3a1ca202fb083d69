"""Compiled functions (numba): interpreted while there is little to do, compiled once there is more.

Numba takes about ten seconds of CPU to compile the kernels, and half a second to import. Python is done sooner with
small inputs, so the first run on a machine is not slower than others. Compiled code is cached, and then always used.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from align.errors import AlignError
from align.settings import load_settings, temporary_folder, writable

KERNEL_FOLDER = "kernels"
CODE_CACHE = Path(__file__).parent / "__pycache__"
INTERPRETED_SECONDS = 2.0
"""Estimated seconds that a kernel is interpreted in a process before it is compiled, which takes one or two."""


@cache
def kernel_cache() -> Path | None:
    """The folder of compiled kernels; None where no folder can be written, so that each run compiles its own.

    `NUMBA_CACHE_DIR`, else `__pycache__` next to the code, else in the cache folder of the settings, else in a
    temporary folder that only this user can write: its content is executed.
    """
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if writable(folder):
            return folder
    return None


def _folders() -> Iterator[Path]:
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(named)
    yield CODE_CACHE
    with suppress(AlignError):  # A broken config file is reported by the next reader.
        yield load_settings().cache / KERNEL_FOLDER
    if (temporary := temporary_folder()) is not None:
        yield temporary / KERNEL_FOLDER


Cost = Callable[..., float]
"""Estimated seconds of Python for a call with these arguments."""


class Kernel:
    """A function that numba can compile. Kernels call each other by their names in the module.

    cost: estimated seconds of Python for a call; None for a kernel that only kernels call. options: of `numba.njit`.
    """

    def __init__(self, function: FunctionType, cost: Cost | None, options: dict[str, Any]) -> None:
        self.function = function
        self.interpreted_seconds = 0.0
        self._cost = cost
        self._options = options
        self._lock = threading.Lock()

    def __call__(self, *args: Any) -> Any:
        """Call the compiled function, or, while there is little to do and none is on disk, Python's."""
        if self._cost is not None and "compiled" not in vars(self) and not self.is_on_disk:
            self.interpreted_seconds += self._cost(*args)
            if self.interpreted_seconds <= INTERPRETED_SECONDS:
                with np.errstate(all="ignore"):  # as compiled: division by zero gives inf or nan
                    return self.interpreted(*args)
        with self._lock:
            compiled = self.compiled
        return compiled(*args)

    @cached_property
    def is_on_disk(self) -> bool:
        """Whether an earlier run cached the compiled function: numba's index is there and newer than the source."""
        folder = kernel_cache()
        source = Path(self.function.__code__.co_filename)
        if folder is None:
            return False
        name, line = self.function.__qualname__, self.function.__code__.co_firstlineno
        pattern = f"{source.stem}.{name}-{line}.py{sys.version_info[0]}{sys.version_info[1]}*.nbi"
        with suppress(OSError):
            changed = source.stat().st_mtime
            return any(index.stat().st_mtime >= changed for index in folder.rglob(pattern))
        return False

    @cached_property
    def interpreted(self) -> Callable[..., Any]:
        """The function as Python runs it, with the interpreted kernels that it calls."""
        return self._with_kernels(lambda kernel: kernel.interpreted)

    @cached_property
    def compiled(self) -> Callable[..., Any]:
        """The function with `numba.njit`, cached in `kernel_cache()`.

        Numba's own `cache=True` raises where no folder can be written, and the import of the module fails.
        """
        import numba

        function = self._with_kernels(lambda kernel: kernel.compiled)
        folder = kernel_cache()
        config: Any = numba.config
        before = config.CACHE_DIR
        # Numba reads its configuration when a function is decorated; it is restored for the caller's functions.
        config.CACHE_DIR = "" if folder in (None, CODE_CACHE) else str(folder)
        try:
            compiled: Callable[..., Any] = numba.njit(cache=folder is not None, **self._options)(function)
        except RuntimeError:  # The folder was deleted or is full.
            compiled = numba.njit(**self._options)(function)
        else:
            if (entries := getattr(compiled, "_cache", None)) is not None:  # Not with NUMBA_DISABLE_JIT.
                _ignore_cache_errors(entries)
        finally:
            config.CACHE_DIR = before
        return compiled

    def _with_kernels(self, form: Callable[[Kernel], Callable[..., Any]]) -> FunctionType:
        """The function with each kernel that it names replaced by one of its forms."""
        function = self.function
        module = function.__globals__
        called = {name: module[name] for name in function.__code__.co_names if isinstance(module.get(name), Kernel)}
        if not called:
            return function
        replaced = module | {name: form(kernel) for name, kernel in called.items()}
        copy = FunctionType(function.__code__, replaced, function.__name__, function.__defaults__, function.__closure__)
        copy.__qualname__, copy.__module__, copy.__doc__ = function.__qualname__, function.__module__, function.__doc__
        return copy


def kernel(cost: Cost | None = None, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a `Kernel`; see there."""

    def made(function: Any) -> Any:
        return Kernel(function, cost, options)

    return made


def _ignore_cache_errors(entries: Any) -> None:
    """Let a kernel run where its entries in the cache cannot be written (a full disk) or are damaged (a crash).

    It is then compiled in each run. `entries`: numba's cache of one kernel.
    """
    load, save = entries.load_overload, entries.save_overload

    def load_or_compile(signature: Any, target: Any) -> Any:
        try:
            return load(signature, target)
        except Exception:
            with suppress(Exception):
                entries.flush()
            return None

    def save_if_possible(signature: Any, data: Any) -> None:
        with suppress(Exception):
            save(signature, data)

    entries.load_overload, entries.save_overload = load_or_compile, save_if_possible
