"""Files that are none, never end or are too large: refused by name, the rest goes on, the exit code says so."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.errors import InputError

Run = Callable[..., subprocess.CompletedProcess[str]]
SENTENCES = {
    "en": "The harbour is old.\n\nThe boats leave at noon.\n\nNobody swims in winter.\n",
    "de": "Der Hafen ist alt.\n\nDie Boote fahren mittags ab.\n\nNiemand schwimmt im Winter.\n",
}
ODD = {
    "pipe": "a named pipe, not a file",
    "socket": "a socket, not a file",
    "device": "a device, not a file",
    "endless": "a device, not a file",
    "loop": "Too many levels of symbolic links",
    "nothing": "a link to a file that does not exist",
    "large": "larger than 1,000 bytes. Allow it with --max-size",
    "sparse": "larger than 1,000 bytes. Allow it with --max-size",
}


def make(kind: str, path: Path) -> None:
    """An odd file of that kind at `path`."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket may not be long
        try:
            socket.socket(socket.AF_UNIX).bind(path.name)
        finally:
            os.chdir(here)
    elif kind == "device":
        path.symlink_to("/dev/tty")
    elif kind == "endless":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "nothing":
        path.symlink_to("gone")
    elif kind == "large":
        path.write_text("A sentence. " * 100)
    else:
        with path.open("wb") as file:
            file.truncate(1 << 40)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_odd_files_in_a_folder_are_passed_over(align: Run, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    for suffix in (".txt", ".tmx", ".html", ".xlsx"):
        for kind in ODD:
            make(kind, folder / f"{kind}{suffix}")
    (folder / "z.txt").write_text(SENTENCES["en"])
    done = align("add", "f", "--max-size", "1000")
    lines = done.stderr.splitlines()
    for suffix in (".txt", ".tmx", ".html", ".xlsx"):
        for kind, words in ODD.items():
            [line] = [line for line in lines if line.startswith(f"skipped    f/{kind}{suffix}: ")]
            assert words in line
    assert "added      f/z.txt: 3 sentences, en" in lines
    assert lines[-1] == "align: 32 of the files could not be read: see above. The others are added."
    assert done.returncode == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize(
    "command",
    [
        ["add", "odd.txt"],
        ["pair", "odd.txt", "en.txt"],
        ["mine", "odd.txt", "out.tsv"],
        ["eval", "odd.txt"],
        ["import", "odd.txt", "--from", "tmx"],
        ["bulk", "odd.tsv", "out"],
    ],
    ids=lambda command: command[0],
)
def test_an_odd_file_by_itself_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en.txt").write_text(SENTENCES["en"])
    make(kind, tmp_path / command[1])
    before = sorted(os.listdir(tmp_path))
    ran = CliRunner().invoke(cli, [*command, "--max-size", "1000"])
    assert isinstance(ran.exception, InputError)
    assert str(ran.exception).startswith(f"{command[1]}: ")
    assert ODD[kind] in str(ran.exception)
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_bulk_sets_odd_files_aside_and_does_the_rest(align: Run, tmp_path: Path) -> None:
    for number, kind in enumerate([None, *ODD]):
        for lang, text in SENTENCES.items():
            path = tmp_path / "f" / f"{number}.{lang}.txt"
            path.parent.mkdir(exist_ok=True)
            if kind and lang == "en":
                make(kind, path)
            else:
                path.write_text(text)
    done = align("bulk", "f", "out", "--encoder", "use", "--workers", "1", "--max-size", "1000")
    assert done.returncode == 3
    assert "1 documents done, 8 failed" in done.stderr
    failed = (tmp_path / "out" / "failed.tsv").read_text()
    for kind, words in ODD.items():
        assert words in failed, kind


def test_a_file_nobody_may_read_is_passed_over(align: Run, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("ROOT MAY READ EVERYTHING: no unreadable file was tried.")
    (tmp_path / "a.txt").write_text(SENTENCES["en"])
    (tmp_path / "b.txt").write_text(SENTENCES["en"])
    (tmp_path / "a.txt").chmod(0)
    done = align("add", "a.txt", "b.txt")
    assert done.returncode == 1
    assert "skipped    a.txt: Permission denied" in done.stderr
    assert "added      b.txt" in done.stderr


def test_a_folder_named_like_a_file_is_a_folder(align: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    (tmp_path / "a.txt" / "b.txt").write_text(SENTENCES["en"])
    assert "added      a.txt/b.txt: 3 sentences" in align("add", "a.txt").stderr
    done = align("pair", "a.txt", "a.txt/b.txt")
    assert (done.returncode, "a folder, not a file" in done.stderr) == (1, True)


def test_standard_input_without_an_end_is_refused(align: Run, tmp_path: Path) -> None:
    done = align("add", "-", "--max-size", "1k", stdin=b"A sentence. " * 1000)
    assert done.returncode == 1
    assert "align: -: endless, or larger than 1,000 bytes." in done.stderr


def test_a_pipe_that_the_shell_opened_is_read(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text(SENTENCES["en"])
    (tmp_path / "de.txt").write_text(SENTENCES["de"])
    program = f"{sys.executable} -m align"
    script = f"{program} pair <(cat en.txt) <(cat de.txt) --encoder use"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4), done.stderr


@pytest.mark.parametrize("size", ["0", "-1", "lots", "1XB", "", "1e3", "9" * 30])
def test_a_size_that_is_none(size: str) -> None:
    ran = CliRunner().invoke(cli, ["add", "en.txt", "--max-size", size])
    assert ran.exit_code == 2
    assert "is not a size such as 500MB or 2GB" in ran.output
