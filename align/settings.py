"""One frozen `Settings`, from defaults < config file < environment < flags; the only place that knows paths."""

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
    """What a run is told from outside. Every field can stand in the config file and as `ALIGN_<FIELD>`."""

    db: Path = Path("align.db")
    """The store."""
    encoder: str = "auto"
    reviewer: str = ""
    """Who decides; empty means `default_reviewer()`."""
    theme: str = ""
    """The review app's Textual theme; empty means its default."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Rebound keys of the review app: action to comma-separated keys. In the config file only, as `[keys]`."""
    cache: Path = field(default_factory=lambda: default_cache())
    """Where unpacked models and compiled kernels live."""

    def with_flags(self, **flags: Any) -> Settings:
        """A copy in which flags that were given (not None) win."""
        return replace(self, **{name: flag for name, flag in flags.items() if flag is not None})


def default_cache() -> Path:
    """The user's cache folder; where it cannot be written (a container, a service), one below the temporary folder."""
    folder = _of_user(platformdirs.user_cache_dir)
    if folder is not None and writable(folder):
        return folder
    return temporary_folder() or folder or Path(tempfile.gettempdir()) / APP


def _of_user(kind: Callable[..., str]) -> Path | None:
    """A folder of this user as platformdirs names it; None for a user without a home, as a container may have."""
    try:
        folder = Path(kind(APP, appauthor=False))
    except RuntimeError:
        return None
    return folder if folder.is_absolute() else None


def temporary_folder() -> Path | None:
    """A folder of this user below the temporary one, made where it is not there; None where it cannot be had.

    It is for this user alone: what others could write into it would be run.
    """
    try:
        folder = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
    except (OSError, AttributeError):  # Windows has no user numbers, and always a folder for the user
        return None
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if private and writable(folder) else None


def writable(folder: Path) -> bool:
    """Whether files can be made in the folder, or it can be made."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        return False


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file: `ALIGN_CONFIG`, or `config.toml` in the user's config folder, or in the machine's for a user
    without a home. It need not exist."""
    named = environ.get("ALIGN_CONFIG")
    if named:
        return Path(named)
    folder = _of_user(platformdirs.user_config_dir)
    return (folder or Path(platformdirs.site_config_dir(APP, appauthor=False))) / "config.toml"


def is_there(path: Path) -> bool:
    """Whether the file is there for this user: not in a folder that nobody may look into."""
    try:
        return path.exists()
    except PermissionError:
        return False


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Defaults, then the config file, then the environment. Raises UsageError for a file or value that is off."""
    kinds = {f.name: f.type for f in fields(Settings)}
    found: dict[str, Any] = {}
    path = config_path(environ)
    if is_there(path) and str(path) != os.devnull:
        try:
            found = tomllib.loads(read_input(path).decode("utf-8"))
        except (ReadError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise UsageError(f"{path}: not a TOML file we can read ({error}). Mend or remove it.") from error
        unknown = found.keys() - kinds.keys()
        if unknown:
            raise UsageError(f"{path}: unknown setting {min(unknown)!r}. Known are {', '.join(sorted(kinds))}.")
    for name in kinds.keys() - {"keys"}:
        value = environ.get(f"ALIGN_{name.upper()}")
        if value:
            found[name] = value
    for name, value in found.items():
        if name == "keys":
            if not isinstance(value, dict) or not all(isinstance(keys, str) for keys in value.values()):
                raise UsageError(f'{path}: [keys] is a table of action = "key,key".')
        elif not isinstance(value, str):
            raise UsageError(f"{path}: {name} must be a string, not {value!r}.")
        elif kinds[name] == "Path":
            try:
                found[name] = Path(value).expanduser()
            except RuntimeError as error:
                raise UsageError(f"{name} {value}: nobody of that name has a home here. Write the path out.") from error
    return Settings(**found)


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
