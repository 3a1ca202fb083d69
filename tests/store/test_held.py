"""A store that one process has open more than once: its locks must hold whatever else the process opens and closes.

POSIX drops all of a process's locks on a file when the process closes any handle on it; without them another program
that closes the store takes it for unused, checkpoints it and removes its log, and what is decided then goes nowhere.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from align.errors import StoreError, UsageError
from align.sqlite_session import is_open
from align.store import open_store
from align.workspace.add import read_content

ANOTHER = """
import sys
from pathlib import Path
from align.store import edits, open_store
with open_store(Path(sys.argv[1])) as store:
    store.count()
"""
LOSER = """
import os, signal, subprocess, sys
from pathlib import Path
from align.reviewer import Reviewer
from align.store import edits, open_store
path = Path(sys.argv[1])
with open_store(path) as store, open_store(path) as second:
    second.count()
    subprocess.run([sys.executable, "-c", sys.argv[2], str(path)], check=True)
    link = next(iter(store.links()))
    Reviewer(store, "Aoi").commit(edits.accept(link.id))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(filled: Path, tmp_path: Path) -> Path:
    """A store of our own, closed."""
    shutil.copyfile(filled, tmp_path / "s.db")
    return tmp_path / "s.db"


def locked(path: Path) -> bool:
    """Whether this process holds a lock on the file."""
    wanted = f":{path.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return any(wanted in line and f" {os.getpid()} " in line for line in lines)


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="there is no list of locks here")
def test_opening_a_store_again_keeps_the_locks_of_the_first(path: Path) -> None:
    with open_store(path) as first:
        first.count()
        assert locked(path)
        with open_store(path) as second:
            second.count()
        assert locked(path)


def test_a_decision_survives_though_another_program_came_and_went_and_we_are_killed(path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", LOSER, str(path), ANOTHER], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with open_store(path) as store:
        assert next(iter(store.links())).reviewer == "Aoi"
        assert store.check() == []


def test_the_store_that_is_open_is_read_by_nobody_else_here(path: Path) -> None:
    assert not is_open(path)
    with open_store(path):
        log = path.with_name(path.name + "-wal")
        assert is_open(path)
        assert is_open(log)
        assert not is_open(path.with_name("another.db"))
        with pytest.raises(UsageError, match="the store itself"):
            read_content(str(path))
    assert not is_open(path)
    path.write_text("no store any more")
    with pytest.raises(StoreError, match="not a store"):
        open_store(path)
