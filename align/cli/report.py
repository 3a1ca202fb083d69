"""`align report`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import click

from align.cli.context import note, opened, progress, settings_for, store_option
from align.errors import ExportError, UsageError


@click.command(epilog="Example: align report report.html")
@click.argument("out", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[OUT.html]")
@store_option
@click.option("--document", metavar="NAME", help="Only the links with a side in this document (name or number).")
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object instead.")
@click.option("--force", is_flag=True, help="Write over OUT where it exists.")
def report(out: Path | None, db: Path | None, document: str | None, as_json: bool, force: bool) -> None:
    """Write a page on how the work stands: coverage in both directions, maps of what corresponds to what, confidence
    against decisions, progress by reviewer, and what has no partner. The page needs no network."""
    from align.jobs.report import survey
    from align.jobs.report_page import page

    if (out is None) is not as_json:
        raise UsageError("Say where the page goes (align report OUT.html), or ask for --json.")
    if out is not None and out.exists() and not force:
        raise UsageError(f"{out}: exists already. Write over it with --force.")
    with opened(settings_for(db=db)) as store, progress() as stage:
        found = survey(store, document=document, progress=stage("Reading links"))
    if out is None:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(page(found))
        os.replace(beside, out)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written ({error.strerror}). Name another file.") from error
    finally:
        beside.unlink(missing_ok=True)
    note(f"{out}: {out.stat().st_size / 1000:,.0f} kB. Open it in a browser.")
