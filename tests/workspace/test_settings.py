"""Where settings, models and kernels are looked for, also by a user whom nobody gave a home."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from align import settings
from align.errors import UsageError
from align.settings import config_path, default_cache, load_settings, temporary_folder, writable

KINDS = ("user_cache_dir", "user_config_dir")


def no_home(*_: object, **__: object) -> str:
    raise RuntimeError("could not determine the home directory")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    return tmp_path / f"align-{os.getuid()}"


@pytest.mark.parametrize("broken", [no_home, lambda *_, **__: "~/.cache/align"])
def test_a_user_without_a_home_has_a_private_cache_and_the_machine_s_config(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, broken: object
) -> None:
    for kind in KINDS:
        monkeypatch.setattr(platformdirs, kind, broken)
    assert load_settings({}).cache == temporary
    assert temporary.stat().st_mode & 0o777 == 0o700
    assert config_path({}) == Path(platformdirs.site_config_dir("align", appauthor=False)) / "config.toml"


def test_a_home_that_cannot_be_written_gives_a_private_cache(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = temporary.with_name("a file")
    blocked.write_text("")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(blocked / "cache"))
    assert default_cache() == temporary
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(temporary.with_name("home") / "cache"))
    assert default_cache() == temporary.with_name("home") / "cache"
    assert not temporary.with_name("home").exists(), "nothing is made before it is needed"


@pytest.mark.parametrize("planted", ["link", "open", "file"])
def test_a_folder_that_another_may_write_is_not_used(temporary: Path, planted: str) -> None:
    """What is in a cache is run: nobody else may have put it there."""
    if planted == "link":
        (temporary.parent / "theirs").mkdir(mode=0o700)
        temporary.symlink_to("theirs")
    elif planted == "open":
        temporary.mkdir()
        temporary.chmod(0o777)
    else:
        temporary.write_text("")
    assert temporary_folder() is None


def test_without_a_temporary_folder_there_is_a_name_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "none"))
    monkeypatch.setattr(platformdirs, "user_cache_dir", no_home)
    assert temporary_folder() is None
    assert default_cache().is_absolute()


def test_a_config_in_a_folder_that_nobody_may_look_into_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(settings.Path, "exists", refused)
    assert load_settings({"ALIGN_CONFIG": str(tmp_path / "config.toml"), "ALIGN_CACHE": "x"}).cache == Path("x")


def test_a_config_that_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(UsageError, match="a named pipe, not a file"):
        load_settings({"ALIGN_CONFIG": str(tmp_path / "config.toml")})


def test_writable(tmp_path: Path) -> None:
    assert writable(tmp_path / "a" / "b")
    (tmp_path / "file").write_text("")
    assert not writable(tmp_path / "file")
    assert not writable(tmp_path / "file" / "below")
