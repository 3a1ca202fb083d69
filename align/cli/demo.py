"""`align demo`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import cell, encoder_option, note, progress, settings_for
from align.text.messages import per_cent

if TYPE_CHECKING:
    from align.models import Link


@click.command(epilog="Example: align demo --out demo")
@click.option(
    "--out", type=click.Path(path_type=Path), default="demo", show_default=True, help="Folder for store and exports."
)
@encoder_option
def demo(out: Path, encoder: str | None) -> None:
    """Process the seed pages: add, propose, print the links, export a memory.

    Uses the fastest encoder unless another is named, so that it takes only seconds.
    """
    from align.workspace.demo import demo as demo_job

    settings = settings_for(encoder=encoder)
    with progress() as stage:
        links = demo_job(out, encoder or "use", cache=settings.cache, stage=stage, log_line=note)
    print_links(links)
    note(f"{len(links)} links. Review them: align review --db {out / 'demo.db'}")


def print_links(links: list[Link]) -> None:
    """Print the links by pair of pages, with confidences."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for (src, tgt), pair_links in groupby(links, key=lambda link: (link.src.doc, link.tgt.doc)):
        title = Path(src).name if src == tgt else f"{Path(src).name} - {Path(tgt).name}"
        table = Table(title=title, title_justify="left", title_style="bold", expand=True, header_style="dim")
        table.add_column("sure", justify="right", width=5)
        table.add_column("kind", width=11)
        table.add_column("source", ratio=1, overflow="fold")
        table.add_column("target", ratio=1, overflow="fold")
        for link in pair_links:
            table.add_row(per_cent(link.confidence), str(link.kind), cell(link.src.text), cell(link.tgt.text))
        console.print(table)
