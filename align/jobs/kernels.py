"""Detect whether the aligner's kernels are compiled, for the label of the first, slower run on a machine."""

from __future__ import annotations

from pathlib import Path


def matching_stage() -> str:
    """The progress label of the aligner; numba compiles in the first run and caches the result."""
    return "Matching" if has_compiled_kernels() else "Compiling once, then matching"


def has_compiled_kernels() -> bool:
    """Whether numba has cached kernels of an earlier run; a wrong False affects only the label."""
    from align.match import lattice
    from align.match.kernels import kernel_cache

    if kernel_cache() is None:
        return False
    for kernel in vars(lattice).values():
        cache_path = getattr(getattr(kernel, "_cache", None), "cache_path", None)
        if cache_path is not None:
            return any(Path(cache_path).glob("lattice.*.nbi"))
    return True
