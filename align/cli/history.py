"""`align history`."""

from __future__ import annotations

from pathlib import Path

import click

from align.cli.options import StoreIntRange, note, opened, print_line, settings_for, store_option


@click.command(epilog="Example: align history page.txt --limit 20")
@click.argument("what", metavar="[LINK|DOCUMENT]", required=False)
@click.option(
    "--limit", type=StoreIntRange(1), default=100, show_default=True, help="Maximum number of decisions, latest first."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per decision.")
@store_option
def history(what: str | None, limit: int, as_json: bool, db: Path | None) -> None:
    """List the decisions on a LINK (its number), on a DOCUMENT (its name) and its links, or all."""
    from align.workspace.history import as_json as line_of
    from align.workspace.history import events_of, lines_of

    with opened(settings_for(db=db)) as store:
        count = 0
        for event in events_of(store, what, limit=limit):
            if as_json:
                click.echo(line_of(event))
            else:
                for line in lines_of(event):
                    print_line(line)
            count += 1
    if not count:
        note("No decisions yet.")
