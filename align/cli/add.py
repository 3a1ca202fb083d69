"""`align add`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from align.cli.context import note, progress, settings_for, size_option, store_option


@click.command(epilog="Example: align add page.html translation.docx subtitles/")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER|PATTERN|-...")
@store_option
@click.option("--encoding", help="The files' character encoding, where the guess is wrong (such as shift_jis).")
@click.option("--lang", help="The files' language (BCP 47, such as ja or zh-Hant), where the guess is wrong.")
@click.option("--name", help="What to call standard input.  [default: - and a part of its digest]")
@size_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file on stdout.")
def add(
    sources: tuple[str, ...],
    db: Path | None,
    encoding: str | None,
    lang: str | None,
    name: str | None,
    max_size: int,
    as_json: bool,
) -> None:
    """Add texts to the store.

    Plain text, web pages, office documents and subtitles are told apart by their content; folders are searched with
    all below them. The same content added twice changes nothing. A file is known by its path below the current folder,
    else by its whole path.
    """
    from align.jobs.add import add as add_job

    skipped = 0
    with progress() as stage:
        for taken in add_job(
            settings_for(db=db).db,
            sources,
            encoding=encoding,
            lang=lang,
            name=name,
            max_size=max_size,
            progress=stage("Reading"),
        ):
            skipped += taken.outcome == "skipped"
            if as_json:
                click.echo(json.dumps(asdict(taken), ensure_ascii=False))
            elif taken.outcome == "skipped":
                note(f"skipped    {taken.name}: {taken.why}")
            elif taken.links:
                note(f"{taken.outcome:<10} {taken.name}: {taken.links} pairs, linked already")
                for line in taken.told:
                    note(f"           {line}")
            else:
                languages = ", ".join(taken.languages) or "-"
                note(f"{taken.outcome:<10} {taken.name}: {taken.sentences} sentences, {languages}")
    if skipped:
        note(f"{skipped} file(s) skipped.")
