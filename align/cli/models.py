"""`align models`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import note, print_line, progress, settings_for
from align.text.messages import json_line, visible

if TYPE_CHECKING:
    from align.workspace.encoders import EncoderState


@click.group(invoke_without_command=True, epilog="Example: align models --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per encoder.")
@click.pass_context
def models(ctx: click.Context, as_json: bool) -> None:
    """List the encoders: languages, size, and whether they are ready.

    `auto`, the default, is blend where use covers all languages given, else e5. Any sentence-transformers model can
    be named instead, by its folder or its name on the hub; nothing else is downloaded from there.
    """
    if ctx.invoked_subcommand:
        return
    from align.workspace.encoders import list_encoders

    encoders = list_encoders(settings_for().cache)
    if as_json:
        for row in encoders:
            click.echo(json_line(_as_object(row)))
    else:
        _print_table(encoders)


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
def check(names: tuple[str, ...]) -> None:
    """Encode sentences in 22 languages and compare with stored vectors. Without NAME, check all built-in encoders."""
    from align.workspace import encoders as job

    cache: Path = settings_for().cache
    checked = job.check_all(list(names) or ["use", "e5", "blend"], cache, lambda name: note(f"{name} ..."))
    for result in checked:
        click.echo("\t".join(map(visible, (result.name, "ok" if result.ok else "FAILED", result.message))))
    job.refuse_failed(checked)


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


def _print_table(encoders: list[EncoderState]) -> None:
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
    Console().print(table)
