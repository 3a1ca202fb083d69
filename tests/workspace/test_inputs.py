"""What is opened: regular files as they are, up to a size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align import inputs
from align.errors import InputError, MissingFileError, UsageError
from align.inputs import parse_size, read_input


@given(st.binary(max_size=300), st.integers(1, 300))
def test_a_file_is_read_as_it_is_or_refused_as_too_large(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, max_size: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "law.txt"
    path.write_bytes(content)
    if len(content) <= max_size:
        assert read_input(path, max_size) == content
    else:
        with pytest.raises(InputError, match=rf"law\.txt: {len(content)} bytes, larger than {max_size} bytes"):
            read_input(path, max_size)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("One.")
    os.utime(path, (1, 1))
    read = inputs.read_stream

    def read_and_write(*arguments: object) -> bytes:
        content = read(*arguments)  # type: ignore[arg-type]
        path.write_text("One. Two.")
        return content

    monkeypatch.setattr(inputs, "read_stream", read_and_write)
    with pytest.raises(InputError, match=r"a\.txt: changed while it was read"):
        read_input(path)


def test_what_is_missing_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    for name in ("none", "a\0b", "\ud800"):
        with pytest.raises(UsageError, match="Check the name") as caught:
            read_input(str(tmp_path / name))
        assert isinstance(caught.value, MissingFileError)
        assert caught.value.exit_code == 2


def test_files_that_the_system_makes_up_are_read() -> None:
    assert read_input("/proc/self/status")


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("500MB", 500_000_000), ("2 gb", 2 * 10**9), ("1.5k", 1500), ("3T", 3 * 10**12)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size
