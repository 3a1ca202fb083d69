"""Whole programs, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.prefork import align_program

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def align(tmp_path: Path) -> Run:
    """`align(*arguments, stdin=...)` in a folder of its own, with a store of its own; gives exit code and output."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ALIGN_")}
    environment |= {"ALIGN_CONFIG": str(tmp_path / "no-config.toml"), "ALIGN_DB": "store.db", "COLUMNS": "100"}

    def run(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        ran = subprocess.run(
            [align_program(), *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        return subprocess.CompletedProcess(ran.args, ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    return run
