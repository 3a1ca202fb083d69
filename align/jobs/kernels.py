"""Whether the matching has its kernels compiled yet: the first time on a machine takes longer, and says so."""

from __future__ import annotations

from pathlib import Path


def matching_stage() -> str:
    """What the bar of the matching is called: numba compiles in the first run and keeps what it made."""
    return "Matching" if compiled() else "Compiling once, then matching"


def compiled() -> bool:
    """Whether numba has kept kernels of an earlier run; False costs a longer word on the screen, no more."""
    from align.match import lattice
    from align.match.kernels import kernel_cache

    if kernel_cache() is None:
        return False
    for kernel in vars(lattice).values():
        place = getattr(getattr(kernel, "_cache", None), "cache_path", None)
        if place is not None:
            return any(Path(place).glob("lattice.*.nbi"))
    return True
