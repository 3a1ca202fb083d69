"""Compiled functions (numba), and the folder of their cached machine code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba

from align.errors import AlignError
from align.settings import load_settings, temporary_folder, writable

KERNEL_FOLDER = "kernels"
CODE_CACHE = Path(__file__).parent / "__pycache__"


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


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` with these options, cached in `kernel_cache()`.

    Numba's own `cache=True` raises where no folder can be written, and the import of the module fails.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        folder = kernel_cache()
        config: Any = numba.config
        before = config.CACHE_DIR
        # Numba reads its configuration when a function is decorated; it is restored for the caller's functions.
        config.CACHE_DIR = "" if folder in (None, CODE_CACHE) else str(folder)
        try:
            dispatcher = numba.njit(cache=folder is not None, **options)(function)
        except RuntimeError:  # The folder was deleted or is full.
            return numba.njit(**options)(function)
        else:
            if (entries := getattr(dispatcher, "_cache", None)) is not None:  # Not with NUMBA_DISABLE_JIT.
                _ignore_cache_errors(entries)
            return dispatcher
        finally:
            config.CACHE_DIR = before

    return compiled


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
