"""`align models`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import cell, model_options, note, print_line, progress, settings_for
from align.text.messages import json_line, visible

if TYPE_CHECKING:
    from align.workspace.encoders import EncoderState, OwnModel


@click.group(invoke_without_command=True, epilog="Example: align models --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per encoder.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the encoders: languages, size, and whether they are ready.

    `auto`, the default, is blend where use covers all languages given, else e5. Any sentence-transformers model can
    be named instead, by its folder or its name on the hub; `align models get` is the only command that downloads one.
    Listed are the encoder of the settings and what is in the local cache of the hub.
    """
    if ctx.invoked_subcommand:
        return
    from align.workspace.encoders import list_encoders, list_own

    settings = settings_for()
    encoders, own = list_encoders(settings.cache), list_own(settings.encoder, settings.cache)
    if as_json:
        for row in encoders:
            click.echo(json_line(_as_object(row)))
        for model in own:
            click.echo(json_line({"name": model.name, "ready": model.ready, "state": model.state}))
    else:
        _print_table(encoders, own)


@models.command(epilog="Example: align models prepare")
def prepare() -> None:
    """Unpack e5 (550 MB in the cache), or repair it. Otherwise this happens on first use."""
    from align.workspace import encoders as job

    with progress() as stage:
        folder = job.prepare(settings_for().cache, stage("Unpacking e5"))
    note("e5 and blend are ready.")
    print_line(str(folder))


@models.command(epilog="Example: align models check use")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@model_options
def check(names: tuple[str, ...]) -> None:
    """Encode sentences in 22 languages and compare with stored vectors. Without NAME, check all built-in encoders.

    Of a model of your own, by name or folder, the width, the length of the vectors and the prompt are checked.
    """
    from align.workspace import encoders as job

    cache: Path = settings_for().cache
    checked = job.check_all(list(names) or ["use", "e5", "blend"], cache, lambda name: note(f"{name} ..."))
    for result in checked:
        click.echo("\t".join(map(visible, (result.name, "ok" if result.ok else "FAILED", result.message))))
    job.refuse_failed(checked)


@models.command(epilog="Example: align models get sentence-transformers/LaBSE")
@click.argument("name")
def get(name: str) -> None:
    """Download a sentence-transformers model from the Hugging Face hub, by OWNER/NAME, to its local cache."""
    from align.embeddings.transformer import download

    print_line(str(download(name)))


@models.command(epilog="Example: align models measure gold.jsonl use e5 ./models/LaBSE")
@click.argument("gold", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@model_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object per encoder.")
def measure(gold: Path, names: tuple[str, ...], as_json: bool) -> None:
    """Compare encoders on your own gold: F1 of the beads, strict and lax, and sentences per second.

    GOLD has a document per line, as for `align eval`.
    """
    from align.workspace import encoders as job

    rows = job.measure(gold, names, settings_for().cache, lambda name: note(f"{name} ..."))
    for name, figures in rows:
        if as_json:
            click.echo(json_line({"name": name} | figures))
        else:
            shown = (figures[key] for key in ("f1_strict", "f1_lax", "sentences_per_second"))
            click.echo("\t".join((visible(name), *(f"{figure:g}" for figure in shown))))


def _as_object(row: EncoderState) -> dict[str, object]:
    return {
        "name": row.model.name,
        "about": row.model.about,
        "package": row.model.package,
        "dimensions": row.model.dimensions,
        "languages": sorted(row.model.languages),
        "form": row.form,
        "bytes": row.size,
        "ready": row.ready,
        "state": row.state,
    }


def _print_table(encoders: list[EncoderState], own: list[OwnModel]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("encoder", "what it is", "dimensions", "form", "on disk", "state", "languages"):
        table.add_column(column, overflow="fold")
    for row in encoders:
        languages = sorted(row.model.languages)
        language_list = " ".join(languages) if len(languages) < 20 else f"{len(languages)}, see --json"
        size = f"{row.size / 1e6:.0f} MB"
        model = row.model
        table.add_row(model.name, model.about, str(model.dimensions), row.form, size, row.state, language_list)
    for row_of_own in own:
        table.add_row(cell(row_of_own.name), "a sentence-transformers model", "", "", "", cell(row_of_own.state), "")
    Console().print(table)
