"""A file that cannot be read is named, and so is what was not understood; nothing is written."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from align.errors import ReadError, UsageError
from align.exchange.import_file import import_file
from align.store import Store
from tests.workspace.importing.conftest import changed, everything, exported


def test_a_workbook_that_unpacks_without_end_is_refused(store: Store, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (64 << 20))
    with pytest.raises(ReadError, match="unpacks to"):
        import_file(store, bomb, "bea")


def without_header(path: Path) -> None:
    path.write_text("a\tb\n1\t2\n", encoding="utf-8")


def not_well_formed(path: Path) -> None:
    path.write_text("<tmx><body>", encoding="utf-8")


def not_tmx(path: Path) -> None:
    path.write_text("<html/>", encoding="utf-8")


def not_utf8(path: Path) -> None:
    path.write_bytes(b"src\ttgt\n" + 20 * "霧が出る。\tFog rises.\n".encode() + b"\xff\n")


def not_json(path: Path) -> None:
    path.write_text(json.dumps({"id": 1}) + "\n", encoding="utf-8")


def not_a_book(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 no")


def a_number_for_a_note(path: Path) -> None:
    sides = {side: {"text": "Good day.", "lang": "en"} for side in ("src", "tgt")}
    path.write_text(json.dumps({"id": 1, "note": 5, **sides}) + "\n", encoding="utf-8")


def a_number_for_a_stamp(path: Path) -> None:
    sides = {side: {"text": "Good day.", "lang": "en"} for side in ("src", "tgt")}
    path.write_text(json.dumps({"id": 1, "stamp": 5, **sides}) + "\n", encoding="utf-8")


def a_sheet_cut_short(path: Path) -> None:
    """A workbook whose parts unpack, but whose sheet ends in the middle of a row."""
    book = openpyxl.Workbook()
    for _ in range(200):
        book.active.append(["src", "tgt"])
    book.save(path)
    with zipfile.ZipFile(path) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w") as cut:
        for name, content in parts.items():
            cut.writestr(name, content[: len(content) // 2] if name.endswith("sheet1.xml") else content)


@pytest.mark.parametrize(
    ("suffix", "spoil", "says"),
    [
        ("tsv", without_header, "src"),
        ("tmx", not_well_formed, ":1:"),
        ("tmx", not_tmx, "html"),
        ("xlf", not_tmx, "html"),
        ("tsv", not_utf8, "UTF-8"),
        ("csv", not_utf8, "UTF-8"),
        ("jsonl", not_json, ":1"),
        ("jsonl", a_number_for_a_note, "note"),
        ("jsonl", a_number_for_a_stamp, "stamp"),
        ("xlsx", not_a_book, "xlsx"),
        ("xlsx", a_sheet_cut_short, "broken workbook"),
        ("po", not_tmx, ":1"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_written(
    store: Store, tmp_path: Path, suffix: str, spoil: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / f"broken.{suffix}"
    spoil(path)
    before = everything(store)
    with pytest.raises(ReadError, match=re.escape(str(path))) as told:
        import_file(store, path, "bea")
    assert says in str(told.value)
    assert "\n" not in str(told.value)
    assert everything(store) == before


def test_a_missing_file_and_an_unknown_suffix(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        import_file(store, tmp_path / "no.tmx", "bea")
    (tmp_path / "x.docx").write_text("x")
    with pytest.raises(UsageError, match="--from"):
        import_file(store, tmp_path / "x.docx", "bea")


def test_what_was_not_understood_is_said(store: Store, tmp_path: Path) -> None:
    out = exported(store, tmp_path, "tsv")
    changed(out, "5\tproposed\t", "5\tacepted\t")
    changed(out, "\tDay breaks.\t", "\t\t")
    report = import_file(store, out, "bea")
    assert (report.same, report.decided) == (4, {})
    assert [line for line in report.lines() if line.startswith("Not imported")] == [
        "Not imported: row 6, status 'acepted': unknown value.",
        "Not imported: row 7, tgt: empty. Reject the link instead.",
    ]
