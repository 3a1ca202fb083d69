"""What must never happen: a formula from a text, a lost old file, a cell that cannot be read."""

from __future__ import annotations

import csv
import gc
import io
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.errors import ExportError, UsageError
from align.exchange import xlsx
from align.exchange.delimited import escape, escape_formula, unescape, unescape_formula
from align.exchange.export import export_store
from align.exchange.types import ExportOptions
from align.models import Status
from align.store import Store

ANY = ExportOptions(statuses=frozenset(Status))
CALCULATED = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


@given(st.text())
def test_guarding_is_undone_and_no_guarded_cell_calculates(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert not escape_formula(text).startswith(CALCULATED)


@given(st.text(alphabet=st.sampled_from("'=+-@\t\r\na")))
def test_guarding_is_undone_among_apostrophes(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert not escape_formula(text).startswith(CALCULATED)


@given(st.text(alphabet=st.sampled_from("\\tnr\t\n\ra")))
def test_a_cell_of_tsv_stays_in_its_place(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("\t\n\r")


def test_plain_words_and_numbers_are_left_alone() -> None:
    assert [escape_formula(cell) for cell in ("1", "0.85", "it's", "a=b", "")] == ["1", "0.85", "it's", "a=b", ""]


def test_csv_has_no_formula(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.csv", None, ANY)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert "'=We cross & <rest> a while." in cells
    assert not any(cell.startswith(CALCULATED) for cell in cells)


def test_tsv_is_for_programs_and_says_what_the_text_says(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.tsv", None, ANY)
    header, *lines = (line.split("\t") for line in (tmp_path / "out.tsv").read_text(encoding="utf-8").splitlines())
    assert "=We cross & <rest> a while." in [line[header.index("tgt")] for line in lines]


@pytest.mark.parametrize("end", ["", "-wal", "-shm", ".vectors"])
def test_an_export_never_takes_the_place_of_a_store(store: Store, tmp_path: Path, end: str) -> None:
    out = Path(f"{store.path}{end}")
    (tmp_path / "link.tsv").symlink_to(out)
    before = store.path.read_bytes()
    for place in (out, tmp_path / "link.tsv"):
        with pytest.raises(UsageError, match="store"):
            export_store(store, place, "tsv", ExportOptions(statuses=frozenset(Status), force=True))
    assert store.path.read_bytes() == before
    export_store(store, tmp_path / "memory.vectors", "tsv", ANY)


def test_the_spreadsheet_is_one_to_work_in(store: Store, tmp_path: Path) -> None:
    export_store(store, tmp_path / "out.xlsx", None, ANY)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = book["links"]
    names = [cell.value for cell in sheet[1]]
    src, tgt, status = (names.index(name) for name in ("src", "tgt", "status"))
    assert sheet.freeze_panes == "A2"
    assert all(cell.data_type == "s" for row in sheet.iter_rows(min_row=2) for cell in row if cell.value)
    third = sheet[4]
    assert third[tgt].value == "=We cross & <rest> a while.", "as it is, told as text"
    assert third[tgt].quotePrefix
    assert third[src].alignment.wrap_text
    assert third[src].font.name == "Yu Gothic"
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == ["B2:B7"]
    assert status == 1
    assert "about" in book.sheetnames


SLOW = """
import sys, time
from pathlib import Path
from align.exchange.export import export
from align.exchange.types import ExportOptions
def links():
    print("begun", flush=True)
    time.sleep(60)
    yield
export(links(), Path(sys.argv[1]), "tsv", ExportOptions(force=True))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_export_leaves_the_old_file(tmp_path: Path, how: signal.Signals) -> None:
    out = tmp_path / "out.tsv"
    out.write_text("old")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(out)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        time.sleep(0.2)
        running.send_signal(how)
        running.wait(timeout=30)
    assert out.read_text() == "old"
    if how == signal.SIGINT:
        assert list(tmp_path.iterdir()) == [out]


def test_a_link_is_followed_and_rights_are_kept(store: Store, tmp_path: Path) -> None:
    real = tmp_path / "real.tsv"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "out.tsv").symlink_to(real)
    export_store(store, tmp_path / "out.tsv", None, ExportOptions(force=True))
    assert (tmp_path / "out.tsv").is_symlink()
    assert real.read_text(encoding="utf-8").startswith("id\t")
    assert real.stat().st_mode & 0o777 == 0o640


class FullDisk(io.BytesIO):
    """A file on a disk with so much room."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, content: object) -> int:
        self.room -= len(content)  # type: ignore[arg-type]
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return super().write(content)  # type: ignore[arg-type]


@pytest.mark.parametrize("room", [0, 100, 1000, 3000])
def test_a_full_disk_under_a_workbook_is_one_error(room: int) -> None:
    with FullDisk(room) as file, pytest.raises(OSError, match="No space left"):
        xlsx.write([], file, ANY)
    gc.collect()  # What the archive does when it goes would be an error here.


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # XlsxWriter leaves its own files open.
def test_a_full_temporary_folder_under_a_workbook_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="NO LIMITS on this system: lack of room is not tried.")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ExportError, match="Set TMPDIR"):
            xlsx.write([], io.BytesIO(), ANY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    gc.collect()
    assert list(tmp_path.iterdir()) == []
