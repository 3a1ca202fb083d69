"""Compiled functions, and the folder that their machine code is cached in."""

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

FOLDER = "kernels"
BESIDE = Path(__file__).parent / "__pycache__"


@cache
def kernel_cache() -> Path | None:
    """The folder with compiled kernels; None where no folder can be written, so that each run compiles its own.

    `NUMBA_CACHE_DIR`, else beside the code, else in the cache folder of the settings, else in a temporary folder
    that is this user's alone: what is in it is run.
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
    yield BESIDE
    with suppress(AlignError):  # a broken config file: what reads it next says so
        yield load_settings().cache / FOLDER
    if (temporary := temporary_folder()) is not None:
        yield temporary / FOLDER


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit` with these options, cached in `kernel_cache()`.

    Numba's `cache=True` alone raises where it finds no folder to write, and then nothing can be imported.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        folder = kernel_cache()
        config: Any = numba.config
        before = config.CACHE_DIR
        # Numba looks at its configuration as a function is decorated; the caller's own functions keep theirs.
        config.CACHE_DIR = "" if folder in (None, BESIDE) else str(folder)
        try:
            return numba.njit(cache=folder is not None, **options)(function)
        except RuntimeError:  # the folder went away, or is full
            return numba.njit(**options)(function)
        finally:
            config.CACHE_DIR = before

    return compiled
