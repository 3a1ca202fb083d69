"""`align config`."""

from __future__ import annotations

import click

from align.cli.options import note, print_line
from align.text.messages import json_line


@click.group(invoke_without_command=True, epilog="Example: align config init && align config")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name -> value and where it comes from.")
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show the settings in force and where each comes from.

    Precedence: flags, ALIGN_<NAME> in the environment, the config file, the defaults.
    """
    if ctx.invoked_subcommand:
        return
    from align.workspace.config import setting_origins

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
    from align.workspace.config import write_default

    note(f"{write_default(force=force)}: written. Every line is commented out: remove the # to change a setting.")


@config.command(epilog='Example: "$EDITOR" "$(align config path)"')
def path() -> None:
    """Print where the config file is read from, whether it exists or not."""
    from align.settings import config_path

    click.echo(str(config_path()))


@config.command(epilog="Example: align config default > my-config.toml")
def default() -> None:
    """Print the config file that `init` would write."""
    from align.workspace.config import default_file

    click.echo(default_file(), nl=False)
