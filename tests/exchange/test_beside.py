"""A file that is there whole or not at all, whoever writes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from align.atomic_file import atomic_write
from align.bulk.manifest import write_manifest
from align.bulk.run_state import MetricsFile
from align.bulk.types import PairEntry
from align.cli.config import write_default
from align.errors import ExportError, UsageError
from align.workspace.evaluate import write_beads


def test_what_ends_badly_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with suppress(KeyboardInterrupt), atomic_write(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_link_is_followed_and_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    with atomic_write(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_device_stays_a_device() -> None:
    with atomic_write(Path(os.devnull)) as file:
        file.write(b"new")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def manifest(path: Path) -> None:
    write_manifest(path, [PairEntry("a", "b")])


def beads(path: Path) -> None:
    write_beads(path, {"1": []})


def settings(path: Path) -> None:
    write_default(force=True, environ={"ALIGN_CONFIG": str(path)})


def metrics(path: Path) -> None:
    standing = SimpleNamespace(
        total=1, done=0, failed=0, weight_total=1, weight_done=0, run_sentences=0, run_links=0, workers=1, seconds=1.0
    )
    MetricsFile(path).update(standing)  # type: ignore[arg-type]


@pytest.mark.parametrize("write", [manifest, beads, settings, metrics])
def test_a_disk_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]
) -> None:
    path = tmp_path / "file"
    write(path)
    before = path.read_bytes()
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises((OSError, ExportError, UsageError), match="No space left"):
            write(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    write(path)
    assert path.read_bytes() == before
