"""`align doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from align.cli.context import say, store_option
from align.text.visible import visible


@click.command(epilog="Example: align doctor --json")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per check.")
def doctor(db: Path | None, as_json: bool) -> int:
    """Check libraries, terminal, config, encoders and store, and say how to fix problems.

    Exit code 1 where something will fail, else 0.
    """
    from align.jobs.doctor import State, examine
    from align.review.wishes import wishes

    marks = {State.GOOD: ("green", "good"), State.NOTE: ("yellow", "note"), State.BAD: ("red", "bad ")}
    failed = 0
    for finding in examine(db=db, wishes=wishes):
        failed |= finding.state is State.BAD
        if as_json:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        colour, word = marks[finding.state]
        click.echo(f"{click.style(word, fg=colour)}  {finding.area:<12} {visible(finding.says)}")
        if finding.remedy and finding.state is not State.GOOD:
            say(f"      {'':<12} -> {finding.remedy}")
    return failed
