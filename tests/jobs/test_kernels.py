"""The bar of the matching says where the first run compiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.jobs.kernels import compiled, matching_stage
from align.match import lattice


def test_the_first_run_says_that_it_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept:
        cache_path = str(tmp_path)

    class Kernel:
        _cache = Kept()

    for name, kernel in list(vars(lattice).items()):
        if hasattr(kernel, "_cache"):
            monkeypatch.setattr(lattice, name, Kernel())
    assert not compiled()
    assert matching_stage().startswith("Compiling")
    (tmp_path / "lattice.score-100.py311.nbi").write_bytes(b"")
    assert compiled()
    assert matching_stage() == "Matching"
