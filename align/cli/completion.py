"""`align completion`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from align.cli.options import note
from align.errors import UsageError

SHELLS = ("bash", "zsh", "fish")
WHERE = {
    "bash": 'eval "$(align completion bash)"          # in ~/.bashrc',
    "zsh": 'eval "$(align completion zsh)"           # in ~/.zshrc, after compinit',
    "fish": "align completion fish > ~/.config/fish/completions/align.fish",
}


@click.command(epilog='Example: eval "$(align completion bash)"')
@click.argument("shell", required=False, type=click.Choice(SHELLS))
def completion(shell: str | None) -> None:
    """Print the script that completes commands, options and file names in SHELL (default: the one you are in)."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in SHELLS:
        raise UsageError("Unknown shell. Name one: align completion bash, zsh or fish.")
    click.echo(source(shell))
    note(f"# To enable it: {WHERE[shell]}")


def source(shell: str) -> str:
    """Click's completion script for one of SHELLS."""
    from click.shell_completion import get_completion_class

    from align.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None, shell
    maker = kind(cli, {}, "align", "_ALIGN_COMPLETE")
    if shell == "bash":
        # Click runs bash to ask for its version, and warns on stdout where there is none; the script is the same.
        return maker.source_template % maker.source_vars()
    return maker.source()
