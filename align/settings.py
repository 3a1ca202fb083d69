"""One frozen `Settings`, from defaults < config file < environment < flags; all default paths are defined here."""

from __future__ import annotations

import getpass
import os
import stat
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from align.errors import ReadError, UsageError
from align.inputs import read_input

APP = "align"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run. Every field can be set in the config file and as `ALIGN_<FIELD>`."""

    db: Path = Path("align.db")
    """The store."""
    encoder: str = "auto"
    device: str = ""
    """Device of a sentence-transformers model: `cpu`, `cuda`, `cuda:1`, `mps`; empty = a GPU where there is one."""
    batch_size: str = ""
    """Texts that such a model encodes at a time; empty = its library's default."""
    dtype: str = ""
    """Number format of such a model: `float32`, `float16`, `bfloat16`; empty = that of its files."""
    reviewer: str = ""
    """Name for decisions; empty means `default_reviewer()`."""
    theme: str = ""
    """The review app's Textual theme; empty means its default."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Key bindings of the review app: action to comma-separated keys. In the config file only, as `[keys]`."""
    cache: Path = field(default_factory=lambda: default_cache())
    """The folder for unpacked models and compiled kernels."""

    def with_flags(self, **flags: Any) -> Settings:
        """A copy in which the given flags (not None) take precedence."""
        return replace(self, **{name: flag for name, flag in flags.items() if flag is not None})


def default_cache() -> Path:
    """The user's cache folder; if it is not writable (a container, a service), one in the temporary folder."""
    folder = _of_user(platformdirs.user_cache_dir)
    if folder is not None and writable(folder):
        return folder
    return temporary_folder() or folder or Path(tempfile.gettempdir()) / APP


def _of_user(kind: Callable[..., str]) -> Path | None:
    """The user's folder by platformdirs; None for a user without a home directory, as in some containers."""
    try:
        folder = Path(kind(APP, appauthor=False))
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def temporary_folder() -> Path | None:
    """The user's folder in the system's temporary folder, created if missing; None where that is not possible.

    It must not be writable by other users, since its content is executed.
    """
    try:
        folder = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
    except (OSError, AttributeError):  # Windows has no user ids, and always a folder for the user
        return None
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if private and writable(folder) else None


def writable(folder: Path) -> bool:
    """Whether files can be created in the folder, or the folder itself."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file: `ALIGN_CONFIG`, else `config.toml` in the user's config folder. It need not exist.

    For a user without a home directory it is in the system's config folder.
    """
    named = environ.get("ALIGN_CONFIG")
    if named:
        return Path(named)
    folder = _of_user(platformdirs.user_config_dir)
    return (folder or Path(platformdirs.site_config_dir(APP, appauthor=False))) / "config.toml"


def file_exists(path: Path) -> bool:
    """Whether the file exists and is not in a folder without access."""
    try:
        return path.exists()
    except PermissionError:
        return False


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Defaults, then the config file, then the environment. Raises UsageError for an invalid file or value."""
    kinds = {f.name: f.type for f in fields(Settings)}
    values: dict[str, Any] = {}
    path = config_path(environ)
    if file_exists(path) and str(path) != os.devnull:
        try:
            values = tomllib.loads(read_input(path).decode("utf-8"))
        except (ReadError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: not a valid TOML file ({error}). Fix or remove it.") from error
        unknown = values.keys() - kinds.keys()
        if unknown:
            raise UsageError(f"{path}: unknown setting {min(unknown)!r}. The settings are {', '.join(sorted(kinds))}.")
    for name in kinds.keys() - {"keys"}:
        value = environ.get(f"ALIGN_{name.upper()}")
        if value:
            values[name] = value
    for name, value in values.items():
        if name == "keys":
            if not isinstance(value, dict) or not all(isinstance(keys, str) for keys in value.values()):
                raise UsageError(f'{path}: [keys] must be a table of action = "key,key".')
        elif not isinstance(value, str):
            raise UsageError(f"{path}: {name} must be a string, not {value!r}.")
        elif kinds[name] == "Path":
            try:
                values[name] = Path(value).expanduser()
            except RuntimeError as error:
                raise UsageError(f"{name} {value}: that user has no home directory. Write the full path.") from error
    return Settings(**values)


def default_reviewer() -> str:
    """git's user name, else the login name, else `reviewer`."""
    try:
        named = subprocess.run(
            ["git", "config", "user.name"],
            capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=False,
        )  # fmt: skip
        if named.stdout.strip():
            return named.stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        pass
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "reviewer"
