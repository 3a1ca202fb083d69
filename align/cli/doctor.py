"""`align doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from align.cli.options import print_line, store_option
from align.text.messages import json_line, visible


@click.command(epilog="Example: align doctor --json")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per check.")
def doctor(db: Path | None, as_json: bool) -> int:
    """Check libraries, terminal, config, encoders and store, and say how to fix problems.

    Exit code 1 where something will fail, else 0.
    """
    from align.review.keys import check_settings
    from align.workspace.doctor import CheckState, run_checks

    marks = {CheckState.GOOD: ("green", "good"), CheckState.NOTE: ("yellow", "note"), CheckState.BAD: ("red", "bad ")}
    failed = 0
    for result in run_checks(db=db, check_settings=check_settings):
        failed |= result.state is CheckState.BAD
        if as_json:
            click.echo(json_line(asdict(result)))
            continue
        colour, word = marks[result.state]
        click.echo(f"{click.style(word, fg=colour)}  {result.area:<12} {visible(result.message)}")
        if result.remedy and result.state is not CheckState.GOOD:
            print_line(f"      {'':<12} -> {result.remedy}")
    return failed
