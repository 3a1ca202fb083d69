"""`align report`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from align.cli.options import document_option, note, opened, progress, settings_for, store_option
from align.errors import UsageError
from align.text.messages import json_line


@click.command(epilog="Example: align report report.html")
@click.argument("out", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[OUT.html]")
@store_option
@document_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object instead.")
@click.option("--force", is_flag=True, help="Replace an existing OUT.")
def report(out: Path | None, db: Path | None, document: str | None, as_json: bool, force: bool) -> None:
    """Write an HTML report: coverage in both directions, maps of the links, confidence
    against decisions, progress by reviewer, and unpaired sentences. The page needs no network."""
    from align.exchange.export_target import check_target, written_file
    from align.report.page import page
    from align.report.survey import build_report

    if out is None and not as_json:
        raise UsageError("Name the output (align report OUT.html), or use --json.")
    if out is not None and as_json:
        raise UsageError(f"--json prints the report and writes no page. Leave out {out}, or --json.")
    if out is not None:
        check_target(out, out.resolve(), force)  # before building the report, too
    with opened(settings_for(db=db)) as store, progress() as stage:
        store_report = build_report(store, document=document, progress=stage("Reading links"))
    if out is None:
        click.echo(json_line(asdict(store_report)))
        return
    with written_file(out, force=force) as file:
        file.writelines(part.encode("utf-8", "replace") for part in page(store_report))
    note(f"{out}: {out.stat().st_size / 1000:,.0f} kB. Open it in a browser.")
