"""What this machine can do: how many cores we may use, and which fast number formats its processor has."""

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


def cores(wanted: int | None = None) -> int:
    """`wanted` threads, else `ALIGN_THREADS`, else the cores this process may run on. At least 1.

    Raises UsageError where `ALIGN_THREADS` is no number of threads.
    """
    if wanted is None:
        told = os.environ.get("ALIGN_THREADS", "").strip()
        if told and not (told.isdecimal() and int(told)):
            raise UsageError(f"ALIGN_THREADS is a number of threads, 1 or more, not {told!r}.")
        wanted = int(told) if told else usable_cores()
    return max(1, wanted)


Crew = Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]
"""Like `map`: results in the order of the items."""


@contextmanager
def crew(threads: int) -> Iterator[Crew]:
    """`map` by as many threads; plain `map` for one, which costs nothing to start."""
    if threads == 1:
        yield map
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool.map


def usable_cores() -> int:
    """Cores this process may run on, as its affinity has it."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@cache
def processor_flags() -> frozenset[str]:
    """What the processor says it can (Linux); elsewhere what its architecture always has; empty if unknown."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() in ("flags", "features"):
                return frozenset(value.split())
    except OSError:
        pass
    return frozenset({"asimddp"}) if platform.machine() in ("arm64", "aarch64") else frozenset()


def has_fast_int8() -> bool:
    """Dot products of bytes in one instruction; without it 8-bit products saturate or win nothing."""
    return bool(processor_flags() & {"avx512_vnni", "avx_vnni", "asimddp", "amx_int8"})


def has_fast_bf16() -> bool:
    """Dot products of bfloat16 in one instruction."""
    return bool(processor_flags() & {"avx512_bf16", "amx_bf16", "bf16"})
