"""`align export`."""

from __future__ import annotations

from pathlib import Path

import click

from align.cli.context import note, opened, settings_for, store_option


@click.command(epilog="Example: align export talks.tmx --src en --tgt ja --min-confidence 0.9 --status any")
@click.argument("out", metavar="OUT|-")
@store_option
@click.option("--to", help="Format; by default the suffix of OUT says it (tmx, tsv, jsonl, blocks, ...).")
@click.option("--status", "statuses", multiple=True, help="proposed, accepted, rejected, edited or any; repeatable.")
@click.option("--kind", "kinds", multiple=True, help="translation, partial, summary, title, quote or any; repeatable.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), help="Leave out links less sure than this.")
@click.option("--src", help="Language of the source side; turns links round where needed.")
@click.option("--tgt", help="Language of the target side.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def export(
    out: str,
    db: Path | None,
    to: str | None,
    statuses: tuple[str, ...],
    kinds: tuple[str, ...],
    min_confidence: float | None,
    src: str | None,
    tgt: str | None,
    force: bool,
) -> None:
    """Write links to OUT (- is stdout). A translation memory takes what reviewers accepted; jsonl takes all."""
    from align.jobs.export import export as export_job
    from align.writers import ExportOptions

    options = ExportOptions.from_flags(
        statuses=statuses, kinds=kinds, min_confidence=min_confidence, src=src, tgt=tgt, force=force
    )
    with opened(settings_for(db=db)) as store:
        report = export_job(store, out, to, options)
    note(report.summary())
