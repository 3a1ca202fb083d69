"""`align config`: the config file with comments, and the source of each setting in force."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import click

from align.atomic_file import atomic_write
from align.cli.options import note, print_line
from align.errors import UsageError
from align.settings import Settings, config_path, default_reviewer, file_exists, load_settings
from align.text.messages import json_line

COMMENTS: dict[str, str] = {
    "db": "The store that commands use when no --db is given; relative to the folder you are in.",
    "encoder": "The encoder: use, e5, blend, auto, or a sentence-transformers name or folder.",
    "device": "Device of a sentence-transformers model: cpu, cuda, cuda:1, mps. Empty: a GPU where there is one.",
    "batch_size": "Texts that a sentence-transformers model encodes at a time. Empty: its library's default.",
    "dtype": "Number format of a sentence-transformers model: float32, float16, bfloat16. Empty: that of its files.",
    "reviewer": "The name under which your decisions are made. Empty: git's user name, else the login name.",
    "theme": "The review app's theme: textual-dark, textual-light, ansi-dark, nord, ... Empty: its own.",
    "cache": "The folder of unpacked models.",
    "keys": 'Keys of the review app: action = "key,key". `?` in the app shows the actions and what they are bound to.',
}
"""The comment above each setting in the file; `test_config` compares its keys with the fields of Settings."""


FILE_HEADER = """\
# Settings of align. Order of precedence: flags, then ALIGN_<NAME> in the environment, then this file, then defaults.
# A line that starts with # is a comment; remove the # to change the setting.
"""


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """A setting in force and its source."""

    name: str
    value: str
    source: str
    """`default`, the name of the environment variable, or the path of the config file."""


def default_file() -> str:
    """The text of a config file with every setting, explained and commented out, at its default."""
    defaults = Settings()
    parts = [FILE_HEADER]
    for name in (f.name for f in fields(Settings) if f.name != "keys"):
        # A JSON string is a TOML basic string.
        value = json.dumps(str(getattr(defaults, name)), ensure_ascii=False)
        parts.append(f"\n# {COMMENTS[name]}\n# {name} = {value}\n")
    parts.append(f'\n# {COMMENTS["keys"]}\n# [keys]\n# accept = "a,enter"\n')
    return "".join(parts)


def write_default(*, force: bool = False, environ: Mapping[str, str] = os.environ) -> Path:
    """Write `default_file()` to the path that settings are read from; returns the path.

    Raises UsageError if the file exists and `force` is off, or if it cannot be written.
    """
    path = config_path(environ)
    if file_exists(path) and not force:
        raise UsageError(f"{path}: exists already. Edit it, or replace it with --force.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(default_file().encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}). Name another with ALIGN_CONFIG.") from error
    return path


def setting_origins(environ: Mapping[str, str] = os.environ) -> list[SettingOrigin]:
    """Every setting in force, without flags. Raises UsageError for an invalid file."""
    settings = load_settings(environ)
    path = config_path(environ)
    without_file = load_settings({**environ, "ALIGN_CONFIG": os.devnull})
    rows = []
    for name in (f.name for f in fields(Settings)):
        value = getattr(settings, name)
        variable = f"ALIGN_{name.upper()}"
        if name != "keys" and environ.get(variable):
            source = variable
        else:
            source = str(path) if value != getattr(without_file, name) else "default"
        words = ", ".join(f"{action} = {keys}" for action, keys in value.items()) if name == "keys" else str(value)
        if name == "reviewer" and not words:
            words = default_reviewer()
        rows.append(SettingOrigin(name, words, source))
    return rows


@click.group(invoke_without_command=True, epilog="Example: align config init && align config")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name -> value and where it comes from.")
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show the settings in force and where each comes from.

    Precedence: flags, ALIGN_<NAME> in the environment, the config file, the defaults.
    """
    if ctx.invoked_subcommand:
        return
    rows = setting_origins()
    if as_json:
        named = {row.name: {"value": row.value, "source": row.source} for row in rows}
        click.echo(json_line(named))
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        print_line(f"{row.name:<{width}}  {row.value or '-'}  ({row.source})")


@config.command(epilog="Example: align config init")
@click.option("--force", is_flag=True, help="Replace an existing file.")
def init(force: bool) -> None:
    """Write a config file in which every setting is explained and commented out."""
    note(f"{write_default(force=force)}: written. Every line is commented out: remove the # to change a setting.")


@config.command(epilog='Example: "$EDITOR" "$(align config path)"')
def path() -> None:
    """Print where the config file is read from, whether it exists or not."""
    from align.settings import config_path

    click.echo(str(config_path()))


@config.command(epilog="Example: align config default > my-config.toml")
def default() -> None:
    """Print the config file that `init` would write."""
    click.echo(default_file(), nl=False)
