"""What running a model needs: usable cores, fast number formats of the processor, windows and batches of tokens."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

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
    """Feature flags of the processor (Linux); empty elsewhere."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip().lower() in ("flags", "features"):
                return frozenset(value.split())
    except OSError:
        pass
    return frozenset()


def has_fast_bf16() -> bool:
    """Whether there are dot products of bfloat16."""
    return bool(processor_flags() & {"avx512_bf16", "amx_bf16", "bf16"})


class TokenWindow(NamedTuple):
    """A run of a text's tokens, without special tokens."""

    text: int
    """Index of the text."""
    ids: npt.NDArray[np.int64]
    first: int
    """Index of its first token in the text."""


def windows_of(tokens: Sequence[Sequence[int]], longest: int) -> Iterator[TokenWindow]:
    """Yield windows of even size, at most `longest` tokens, that cover every token once; one if there is none."""
    for text, ids in enumerate(tokens):
        parts = max(1, -(-len(ids) // longest))
        bounds = [len(ids) * part // parts for part in range(parts + 1)]
        for start, end in pairwise(bounds):
            yield TokenWindow(text, np.asarray(ids[start:end], dtype=np.int64), start)


def batches_of(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices in batches of similar length, longest first; the padded size of a batch does not exceed the budget.

    An item longer than the budget is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    batches: list[list[int]] = []
    for index in order:
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


LONE_SURROGATE = re.compile("[\ud800-\udfff]")
REPLACEMENT = "�"


def encodable(text: str) -> str:
    """`text` with lone surrogates (invalid in UTF-8) and NULs (the end of a text in C) replaced."""
    if not text.isascii() and LONE_SURROGATE.search(text):
        text = LONE_SURROGATE.sub(REPLACEMENT, text)
    return text.replace("\x00", REPLACEMENT) if "\x00" in text else text
