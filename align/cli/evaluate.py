"""`align eval`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from align.cli.options import encoder_option, note, progress, settings_for, size_option

CASE_NAMES = ("blog-summary", "blog-comment", "titles", "rt-translation")


@click.command(epilog="Example: align eval textberg_de_fr.dev.jsonl --encoder use --predictions beads.jsonl")
@click.argument("gold", type=click.Path(path_type=Path), required=False)
@encoder_option
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    help="Write the predicted beads to this file, a document per line.",
)
@click.option(
    "--case",
    "cases",
    type=click.Choice([*CASE_NAMES, "all"]),
    multiple=True,
    help="Instead of GOLD: a case of the seed pages that come with the program.",
)
@size_option
@click.option("--json", "as_json", is_flag=True, help="No effect: the output is always JSON.")
def evaluate(
    gold: Path | None,
    encoder: str | None,
    predictions: Path | None,
    cases: tuple[str, ...],
    max_size: int,
    as_json: bool,
) -> None:
    """Align each document of GOLD (segments as given) and print one JSON object: strict and lax precision, recall
    and F1, sentences per second, encoder calls per sentence.

    With --case, the raw seed pages are added to a temporary store and aligned, and the links are compared
    with the gold links by characters: one JSON object per case.
    """
    from align.errors import UsageError

    settings = settings_for(encoder=encoder)
    if bool(cases) == (gold is not None):
        raise UsageError("Name either a GOLD file or a --case of the seed pages.")
    if cases:
        from align.workspace.evaluate import evaluate_cases

        if predictions is not None:
            raise UsageError("--predictions needs a GOLD file; `align export` writes the links of documents.")
        case_names = CASE_NAMES if "all" in cases else list(dict.fromkeys(cases))
        for case_scores in evaluate_cases(case_names, settings.encoder, cache=settings.cache, warn=note):
            click.echo(json.dumps(case_scores))
        return
    from align.workspace.evaluate import evaluate as evaluate_job

    assert gold is not None
    with progress() as stage:
        figures = evaluate_job(
            gold,
            settings.encoder,
            predictions=predictions,
            cache=settings.cache,
            max_size=max_size,
            progress=stage("Aligning"),
            warn=note,
        )
    click.echo(json.dumps(figures))
