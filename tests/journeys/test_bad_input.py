"""Bad input: one line that names the file and the next step, an exit code, and nothing written."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def refused(ran: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert ran.returncode == code, ran.stderr
    assert ran.stdout == ""
    assert "Traceback" not in ran.stderr
    lines = [line for line in ran.stderr.splitlines() if line.startswith("align: ")]
    assert len(lines) == 1, ran.stderr
    for word in words:
        assert word in lines[0]


def test_a_missing_file(align: Run, tmp_path: Path) -> None:
    refused(align("add", "nowhere.txt"), 2, "nowhere.txt", "Check the name")
    assert not (tmp_path / "store.db").exists()


def test_a_folder_without_texts(align: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(align("add", "empty"), 2, "empty", "no texts")
    assert not (tmp_path / "store.db").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("picture.txt", bytes(range(256)) * 40),
        ("empty.txt", b""),
        ("blank.txt", b" \n\t\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8),
    ],
)
def test_what_holds_no_text(align: Run, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(align("add", name), 1, name)
    assert not (tmp_path / "store.db").exists()


def test_an_encoding_that_does_not_fit(align: Run, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_bytes("日本語の文章です。".encode("euc-jp"))
    refused(align("add", "page.txt", "--encoding", "utf-8"), 1, "page.txt", "utf-8")
    refused(align("add", "page.txt", "--encoding", "klingon"), 2, "klingon")


@pytest.mark.parametrize(
    "command",
    [
        ["add", "page.txt", "--lang", "no such"],
        ["pair", "page.txt", "page.txt", "--src", "no such"],
        ["pair", "page.txt", "page.txt", "--tgt-lang", "no such"],
        ["bulk", ".", "out", "--src", "no such"],
        ["bulk", ".", "out", "--tgt", "no such"],
        ["mine", "page.txt", "-", "--src", "no such"],
        ["mine", "page.txt", "-", "--lang", "no such"],
    ],
)
def test_a_language_that_is_none(align: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "page.txt").write_text("A page.\n")
    refused(align(*command), 2, "'no such' is not a language tag", "zh-Hant")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".toml") == ["page.txt"]


@pytest.mark.parametrize("command", [["documents"], ["propose"], ["export", "out.tmx"], ["review"]])
def test_no_store(align: Run, tmp_path: Path, command: list[str]) -> None:
    refused(align(*command), 2, "store.db", "align add")
    assert not (tmp_path / "store.db").exists()


def test_a_store_that_is_a_text(align: Run, tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("My diary.\n" * 200)
    for command in (["documents"], ["propose"], ["export", "out.tmx"], ["review"]):
        refused(align(*command), 1, "store.db")
    assert (tmp_path / "store.db").read_text() == "My diary.\n" * 200


def test_a_store_of_another_program(align: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.db") as db:
        db.execute("create table links (a, b)")
    db.close()
    before = (tmp_path / "store.db").read_bytes()
    (tmp_path / "page.txt").write_text("A page.\n")
    refused(align("documents"), 1, "store.db")
    refused(align("add", "page.txt"), 1, "store.db")
    assert (tmp_path / "store.db").read_bytes() == before


def test_an_output_that_cannot_be_written(align: Run, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("A page in English.\n")
    assert align("add", "page.txt").returncode == 0
    refused(align("export", "no/such/folder/out.tmx", "--status", "any"), 2, "no/such/folder")
    refused(align("export", "out.docx"), 2, "out.docx", "--to")


def test_an_unknown_encoder(align: Run, tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("A page in English.\n")
    assert align("add", "page.txt").returncode == 0
    refused(align("propose", "--encoder", "no/such-model"), 1, "no/such-model")
