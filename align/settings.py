"""One frozen `Settings`, from defaults < config file < environment < flags; the only place that knows paths."""

from __future__ import annotations

import getpass
import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from align.errors import UsageError

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
    cache: Path = field(default_factory=lambda: Path(platformdirs.user_cache_dir(APP, appauthor=False)))
    """Where unpacked models live."""

    def with_flags(self, **flags: Any) -> Settings:
        """A copy in which flags that were given (not None) win."""
        return replace(self, **{name: flag for name, flag in flags.items() if flag is not None})


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The config file: `ALIGN_CONFIG`, or `config.toml` in the user's config folder. It need not exist."""
    named = environ.get("ALIGN_CONFIG")
    return Path(named) if named else Path(platformdirs.user_config_dir(APP, appauthor=False)) / "config.toml"


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Defaults, then the config file, then the environment. Raises UsageError for a file or value that is off."""
    kinds = {f.name: f.type for f in fields(Settings)}
    found: dict[str, Any] = {}
    path = config_path(environ)
    if path.exists():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
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
