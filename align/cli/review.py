"""`align review`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from align.cli.options import encoder_option, opened, settings_for, store_option
from align.errors import UsageError


@click.command(epilog="Example: align review --db talks.db --reviewer Aoi")
@store_option
@encoder_option
@click.option("--reviewer", help="Name of the reviewer.  [env: ALIGN_REVIEWER; default: git's user name]")
@click.option("--theme", help="A Textual theme, such as textual-dark, textual-light, ansi-dark.  [env: ALIGN_THEME]")
@click.option(
    "--plain", is_flag=True, help="One link at a time by lines: for screen readers, simple terminals, scripts."
)
def review(db: Path | None, encoder: str | None, reviewer: str | None, theme: str | None, plain: bool) -> int:
    """Review links, one key per decision. Every decision is saved as it is made; `?` in the app lists the keys."""
    settings = settings_for(db=db, encoder=encoder, reviewer=reviewer, theme=theme)
    with opened(settings):
        pass  # reports errors of the store before the app takes over the screen
    if plain:
        from align.review import run_plain

        return run_plain(settings)
    # Under `align serve`, Textual's web driver communicates through pipes.
    served = "TEXTUAL_DRIVER" in os.environ
    if not (sys.stdin.isatty() and sys.stderr.isatty()) and not served:
        raise UsageError(
            "align review needs a terminal. `align review --plain` works by lines, `align serve` in a browser."
        )
    from align.review import run

    return run(settings, served=served, visit=os.environ.get("ALIGN_VISIT", ""))
