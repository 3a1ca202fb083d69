"""`align eval`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from align.cli.context import encoder_option, progress, settings_for


@click.command(epilog="Example: align eval textberg_de_fr.dev.jsonl --encoder use --predictions beads.jsonl")
@click.argument("gold", type=click.Path(path_type=Path))
@encoder_option
@click.option("--predictions", type=click.Path(path_type=Path), help="Write the beads found here, a document a line.")
def evaluate(gold: Path, encoder: str | None, predictions: Path | None) -> None:
    """Align each document of GOLD (segments as given) and print one JSON object: strict and lax precision, recall
    and F1, sentences per second, encoder calls per sentence."""
    from align.jobs.evaluate import evaluate as evaluate_job

    settings = settings_for(encoder=encoder)
    with progress() as stage:
        figures = evaluate_job(
            gold, settings.encoder, predictions=predictions, cache=settings.cache, progress=stage("Aligning")
        )
    click.echo(json.dumps(figures))
