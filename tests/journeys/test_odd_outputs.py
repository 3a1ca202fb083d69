"""Outputs that are no files: a pipe that nobody reads is refused at once, a device is never replaced by a file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
FULL = Path("/dev/full")


@pytest.fixture
def text(align: Run, tmp_path: Path) -> Path:
    path = tmp_path / "en.txt"
    path.write_text("The harbour is old.\n\nThe boats leave at noon.\n")
    assert align("add", "en.txt").returncode == 0
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "pipe", "--to", "tsv"],
        ["export", "pipe", "--to", "xlsx", "--force"],
        ["report", "pipe", "--force"],
        ["documents", "--log-file", "pipe"],
        ["store", "backup", "pipe", "--force"],
    ],
)
def test_a_pipe_that_nobody_reads(align: Run, tmp_path: Path, text: Path, arguments: list[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = align(*arguments)
    assert done.returncode in (1, 2), done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("align: pipe: ")
    assert (tmp_path / "pipe").is_fifo()


def test_a_pipe_that_is_read_gets_the_export(align: Run, tmp_path: Path, text: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    heard: list[bytes] = []
    reader = Thread(target=lambda: heard.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    done = align("export", "pipe", "--to", "blocks")
    reader.join()
    assert done.returncode == 0, done.stderr
    assert heard[0].count(b"\n") == 2


@pytest.mark.skipif(not FULL.is_char_device(), reason="NO /dev/full here: full devices are not tried.")
def test_a_device_stays_and_is_not_read_back(align: Run, tmp_path: Path, text: Path) -> None:
    (tmp_path / "full").symlink_to(FULL)
    for arguments in (["export", "full", "--to", "jsonl"], ["export", "full", "--to", "blocks"], ["report", "full"]):
        done = align(*arguments)
        assert len(done.stderr.splitlines()) <= 2, done.stderr
        assert FULL.is_char_device()
    done = align("documents", "--log-file", "full")
    assert done.returncode == 0
    assert "Nothing more is logged" in done.stderr
    assert "Traceback" not in done.stderr
