"""`align add`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from align.cli.options import columns_option, encoder_option, note, progress, settings_for, size_option, store_option
from align.models import SEGMENTS
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.models import Segments
    from align.workspace.add import AddResult


@click.command(epilog="Example: align add page.html translation.docx subtitles/")
@click.argument("sources", nargs=-1, required=True, metavar="FILE|FOLDER|PATTERN|-...")
@store_option
@click.option("--encoding", help="Character encoding of the files, such as shift_jis.  [default: detected]")
@click.option("--lang", help="Language of the files (BCP 47, such as ja or zh-Hant).  [default: detected]")
@click.option(
    "--segments",
    type=click.Choice(SEGMENTS),
    help="Unit of alignment and review; verses go by their numbers, else by line.  [default: as added before, else "
    "sentence]",
)
@click.option(
    "--as",
    "--name",
    "name",
    metavar="NAME",
    help="Name of the document of one file, or of standard input.  [default: its path; - with a digest]",
)
@click.option(
    "--replace", is_flag=True, help="Replace a text even if many confirmed links lose theirs; undo restores them."
)
@click.option(
    "--split", is_flag=True, help="Cut the paragraphs of a memory (TMX, XLIFF, tables) into aligned sentences."
)
@encoder_option
@columns_option
@size_option
@click.option("--reviewer", help="Who replaces a text.  [env: ALIGN_REVIEWER; default: git's user name]")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per file on stdout.")
def add(
    sources: tuple[str, ...],
    db: Path | None,
    encoding: str | None,
    lang: str | None,
    segments: str | None,
    name: str | None,
    columns: tuple[str, ...],
    max_size: int,
    replace: bool,
    split: bool,
    encoder: str | None,
    reviewer: str | None,
    as_json: bool,
) -> None:
    """Add texts to the store.

    Plain text, web pages, office documents and subtitles are recognised by their content; folders are searched with
    all below them, but a file whose suffix may mean anything (.json, .xml) is only read where it is named. The same
    content added twice changes nothing. A file is called by its path below the current folder, else by its whole
    path; another file of that name is another document, called by the shortest path that is unique. `--segments`
    and `--split` are remembered with the document. A changed file keeps the links of what is still there. If more
    than 10 % of its document's confirmed links, or more than 20, would lose their text, it is refused without
    --replace; `align store undo` takes a change back.
    """
    from align.workspace.add import add as add_job
    from align.workspace.add import splitter_with, summary_lines

    settings = settings_for(db=db, reviewer=reviewer, encoder=encoder)
    results: list[AddResult] = []
    try:
        with progress() as stage:
            for result in add_job(
                settings.db, sources, encoding=encoding, lang=lang, segments=cast("Segments | None", segments),
                name=name, columns=columns, replace=replace, max_size=max_size, reviewer=settings.reviewer,
                split=split, splitter=splitter_with(settings.encoder, settings.cache, stage("Encoding")),
                progress=stage("Reading"),
            ):  # fmt: skip
                results.append(result)
                if as_json:
                    click.echo(json_line(asdict(result)))
                    continue
                note(f"{result.outcome:<10} {result.line()}")
                for line in result.messages:
                    note(f"           {line}")
    finally:
        for line in summary_lines(results):
            note(line)
