"""Kernels are interpreted for small inputs, compiled for large ones, with the same results; where they are cached."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba.core import caching

from align.aligner import (
    EmbeddedSide,
    align_bitext,
    align_pages,
    coarse_path,
    features,
    kernels,
    lattice,
    local_alignment,
)
from align.workspace.propose import has_compiled_kernels, matching_stage


def every_kernel() -> list[kernels.Kernel]:
    modules = (coarse_path, features, lattice, local_alignment)
    return [value for module in modules for value in vars(module).values() if isinstance(value, kernels.Kernel)]


def test_the_label_names_compiling_until_kernels_are_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "kernel_cache", lambda: tmp_path)
    monkeypatch.delitem(vars(lattice.posteriors), "is_on_disk", raising=False)
    assert not has_compiled_kernels()
    assert "compiling once" in matching_stage()
    monkeypatch.delitem(vars(lattice.posteriors), "is_on_disk")
    line, version = lattice.posteriors.function.__code__.co_firstlineno, f"{sys.version_info[0]}{sys.version_info[1]}"
    (tmp_path / f"lattice.posteriors-{line}.py{version}.nbi").write_bytes(b"")
    assert has_compiled_kernels()
    assert matching_stage() == "Matching"


def test_interpreted_kernels_give_what_compiled_ones_give(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(4)
    meanings = draw.normal(size=(30, 16))
    tokens = np.array([f"Text number {number} of a page." + " More of it." * (number % 3) for number in range(30)])

    def side(rows: list[int], lang: str) -> EmbeddedSide:
        vectors = meanings[rows] + 0.4 * draw.normal(size=(len(rows), 16))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return EmbeddedSide(tuple(tokens[rows]), vectors, lang)

    src, tgt = side(list(range(30)), "de"), side([*range(2, 12), 11, *range(12, 28)], "en")
    results = []
    for seconds in (0.0, float("inf")):
        monkeypatch.setattr(kernels, "INTERPRETED_SECONDS", seconds)
        for kernel in every_kernel():
            monkeypatch.setitem(vars(kernel), "is_on_disk", False)
            monkeypatch.setattr(kernel, "interpreted_seconds", 0.0)
            monkeypatch.delitem(vars(kernel), "compiled", raising=False)
        results.append([align_bitext(src, tgt), align_pages(src, tgt)])
        assert ("compiled" in vars(lattice.posteriors)) == (seconds == 0.0)
    for compiled, interpreted in zip(*results, strict=True):
        assert [(bead.src, bead.tgt) for bead in compiled] == [(bead.src, bead.tgt) for bead in interpreted]
        assert [bead.confidence for bead in compiled] == pytest.approx([b.confidence for b in interpreted], abs=1e-6)


def test_a_first_small_run_compiles_nothing(tmp_path: Path) -> None:
    code = (
        "import sys, align; align.align_texts(['Guten Tag.'] * 9, ['Good day.'] * 9, encoder='use');"
        "print('numba' in sys.modules)"
    )
    environ = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize(
    ("writable", "folder"),
    [
        ({"NUMBA_CACHE_DIR", "beside", "cache", "temporary"}, "NUMBA_CACHE_DIR"),
        ({"beside", "cache", "temporary"}, "beside"),
        ({"cache", "temporary"}, "cache/kernels"),
        ({"temporary"}, "temporary/kernels"),
        (set(), None),
    ],
)
def test_kernels_are_cached_in_the_first_folder_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: set[str], folder: str | None
) -> None:
    for name in ("NUMBA_CACHE_DIR", "beside", "cache", "temporary"):
        if name not in writable:
            (tmp_path / name).write_text("a file, in which no folder can be made")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "NUMBA_CACHE_DIR"))
    monkeypatch.setenv("ALIGN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ALIGN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setattr(kernels, "CODE_CACHE", tmp_path / "beside")
    monkeypatch.setattr(kernels, "temporary_folder", lambda: tmp_path / "temporary")
    assert kernels.kernel_cache.__wrapped__() == (folder and tmp_path / folder)


def test_without_any_folder_kernels_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "kernel_cache", lambda: None)
    double = kernels.kernel()(lambda number: 2 * number)
    assert double(21) == 42


def test_a_cache_that_is_full_or_damaged_costs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "kernel_cache", lambda: tmp_path)

    def fresh() -> Callable[[int], int]:
        return kernels.kernel()(_triple)

    with monkeypatch.context() as patched:
        patched.setattr(caching.IndexDataCacheFile, "_save_data", raise_full)
        assert fresh()(14) == 42
    assert not list(tmp_path.rglob("*.nbc")), "nothing was written"
    assert fresh()(14) == 42
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".nbc" for file in files)
    for file in files:
        file.write_bytes(b"")
    assert fresh()(14) == 42
    assert all(file.stat().st_size for file in files), "written anew"


def _triple(number: int) -> int:
    return 3 * number


def raise_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
