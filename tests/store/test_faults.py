"""Kills, power cuts, full disks and many writers, the short run of `python -m benchmarks.store_faults`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="NO FORK here: faults are not tried.")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report() -> dict[str, dict[str, object]]:
    arguments = [
        "--kills",
        "32",
        "--acknowledged",
        "50",
        "--cuts",
        "12",
        "--full",
        "6",
        "--mounts",
        "2",
        "--decisions",
        "25",
        "--links",
        "24",
    ]
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.store_faults", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert run.stdout, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("fault", ["kill", "power", "full", "mounted", "together", "stale"])
def test_nothing_is_lost(report: dict[str, dict[str, object]], fault: str) -> None:
    assert report[fault]["wrong"] == []


def test_the_faults_struck(report: dict[str, dict[str, object]]) -> None:
    assert int(str(report["kill"]["kills"])) >= 32
    assert int(str(report["kill"]["acknowledged"])) >= 50
    assert int(str(report["power"]["acknowledged"])) > 0
    assert report["full"]["told"], "a full disk was met and told"
    assert report["together"]["there"] == 200
    assert report["stale"]["refused"] == 24
