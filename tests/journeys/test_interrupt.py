"""Ctrl-C ends cleanly, and completed work is saved."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_ctrl_c_during_add_keeps_what_was_added(align: Run, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3000):
        (folder / f"{number:04}.txt").write_text(f"This is the text with number {number}.\nIt has two lines.\n")
    environment = os.environ | {"ALIGN_DB": str(tmp_path / "store.db"), "ALIGN_CONFIG": str(tmp_path / "none.toml")}
    running = subprocess.Popen(
        [sys.executable, "-m", "align", "add", folder, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    first = json.loads(running.stdout.readline())
    running.send_signal(signal.SIGINT)
    rest, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "Traceback" not in errors
    assert "interrupted; completed work is saved" in errors
    told = {first["name"]} | {json.loads(line)["name"] for line in rest.splitlines()}
    assert len(told) < 3000, "it was interrupted before the end"
    listed = align("documents", "--json")
    assert listed.returncode == 0, listed.stderr
    kept = {json.loads(line)["doc"] for line in listed.stdout.splitlines()}
    assert told <= kept
