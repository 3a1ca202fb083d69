"""The bar of the matching says where the first run compiles."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from numba.core import caching

from align.aligner import kernels, lattice
from align.workspace.propose import has_compiled_kernels, matching_stage


def test_the_first_run_says_that_it_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept:
        cache_path = str(tmp_path)

    class Kernel:
        _cache = Kept()

    for name, kernel in list(vars(lattice).items()):
        if hasattr(kernel, "_cache"):
            monkeypatch.setattr(lattice, name, Kernel())
    assert not has_compiled_kernels()
    assert matching_stage().startswith("Compiling")
    (tmp_path / "lattice.score-100.py311.nbi").write_bytes(b"")
    assert has_compiled_kernels()
    assert matching_stage() == "Matching"
    monkeypatch.setattr(kernels, "kernel_cache", lambda: None)
    assert matching_stage().startswith("Compiling")


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
