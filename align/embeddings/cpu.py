"""Usable cores, and the fast number formats of the processor."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from align.errors import UsageError


def thread_count(threads: int | None = None) -> int:
    """Number of threads: the argument, else `ALIGN_THREADS`, else the usable cores. At least 1.

    Raises UsageError where `ALIGN_THREADS` is not a positive integer.
    """
    if threads is None:
        setting = os.environ.get("ALIGN_THREADS", "").strip()
        if setting and not (setting.isdecimal() and int(setting)):
            raise UsageError(f"ALIGN_THREADS must be a number of threads, 1 or more, not {setting!r}.")
        threads = int(setting) if setting else usable_cores()
    return max(1, threads)


ThreadMap = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""A function like `map`: results in the order of the items."""


@contextmanager
def thread_map(threads: int) -> Iterator[ThreadMap]:
    """`map` on a thread pool; plain `map` for one thread, which has no start-up cost."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


def usable_cores() -> int:
    """Cores that this process may use, by its affinity."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def processor_flags() -> frozenset[str]:
    """Feature flags of the processor (Linux); elsewhere those that its architecture always has; empty if unknown."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() in ("flags", "features"):
                return frozenset(value.split())
    except OSError:
        pass
    return frozenset({"asimddp"}) if platform.machine() in ("arm64", "aarch64") else frozenset()


def has_fast_int8() -> bool:
    """Whether there are dot products of bytes; without them 8-bit products saturate or are no faster."""
    return bool(processor_flags() & {"avx512_vnni", "avx_vnni", "asimddp", "amx_int8"})


def has_fast_bf16() -> bool:
    """Whether there are dot products of bfloat16."""
    return bool(processor_flags() & {"avx512_bf16", "amx_bf16", "bf16"})
