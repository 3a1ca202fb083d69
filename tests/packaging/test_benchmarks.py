"""`python -m benchmarks` knows what there is, and runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks.__main__ as door

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_benchmark_says_what_it_measures() -> None:
    known = door.benchmarks()
    assert "store" in known
    assert all(line.endswith(".") for line in known.values()), known


def test_without_a_name_it_lists() -> None:
    listed = call()
    assert listed.returncode == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(door.benchmarks())


def test_a_name_that_is_none() -> None:
    ran = call("nope")
    assert ran.returncode == 2
    assert "nope" in ran.stderr


def test_one_is_run_with_its_own_arguments_and_its_exit_code_is_told() -> None:
    ran = call("store", "--", "--help")
    assert ran.returncode == 0
    assert "== store: done in" in ran.stdout
    assert call("store", "--", "--no-such-flag").returncode == 1


def test_all_leaves_out_what_writes_into_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(door, "run", lambda name, own: ran.append(name) or 0)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--all"])
    assert door.main() == 0
    assert set(ran) == {name for name, line in door.benchmarks().items() if "writes align/" not in line}
