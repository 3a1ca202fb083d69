"""`align mine`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import (
    FiniteFloatRange,
    ProgressCallback,
    encoder_option,
    note,
    opened,
    progress,
    settings_for,
    size_option,
    store_option,
)
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.embeddings import Purpose
    from align.mining.mine import MiningReport, MiningSentence
    from align.settings import Settings


@click.command(epilog="Example: align mine news.jsonl --src en --min-confidence 0.8")
@click.argument("sources", nargs=-1, metavar="[FILE|FOLDER]...")
@click.argument("out", metavar="OUT|-")
@store_option
@click.option("--to", help="Format (jsonl, tsv, tmx, ...).  [default: by the suffix of OUT; jsonl for -]")
@click.option("--src", help="Language of the source side.")
@click.option("--tgt", help="Language of the target side.")
@click.option(
    "--min-confidence",
    type=FiniteFloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Leave out pairs below this confidence.",
)
@click.option(
    "--exact/--index", default=None, help="Compare all sentences exactly, or search an index.  [default: by size]"
)
@click.option("--same-language", is_flag=True, help="Compare documents in one language, every two of them.")
@click.option("--lang", help="Language of the files.  [default: detected]")
@click.option("--encoding", help="Character encoding of the files.  [default: detected]")
@size_option
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option(
    "--summary", type=click.Path(path_type=Path, dir_okay=False), help="Write the counts to this file as JSON."
)
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object on stdout.")
@encoder_option
def mine(
    sources: tuple[str, ...],
    out: str,
    db: Path | None,
    to: str | None,
    src: str | None,
    tgt: str | None,
    min_confidence: float,
    exact: bool | None,
    same_language: bool,
    lang: str | None,
    encoding: str | None,
    max_size: int,
    force: bool,
    summary: Path | None,
    as_json: bool,
    encoder: str | None,
) -> int:
    """Find sentences with the same meaning in different languages in the store, or in FILEs and FOLDERs.

    Finds translations, wherever they are: in documents that are no translations of each other, in any order. What says
    the same in other words is not found: `align statements` ranks that.
    """
    from align.embeddings import load_encoder
    from align.exchange.export import export
    from align.exchange.export_target import refuse_store, written_file
    from align.exchange.types import ExportOptions
    from align.mining.mine import MiningReport, as_dict
    from align.mining.mine import mine as mine_job
    from align.models import LinkKind, Status
    from align.workspace.document_lookup import language_tag_or_none

    if summary:
        refuse_store(summary)
    if as_json and (out == "-" or summary):
        raise click.UsageError("--json is for a file without --summary: stdout has one thing.")
    src, tgt, lang = (language_tag_or_none(tag) for tag in (src, tgt, lang))
    settings = settings_for(db=db, encoder=encoder)
    report = MiningReport()
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), force=force)
    with progress() as stage:
        bars: dict[str, ProgressCallback] = {}

        def on_progress(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = stage(name)
            bars[name](done, total)

        languages = {tag for tag in (src, tgt, lang) if tag}
        with open_sentences(settings, sources, report, encoding, lang, max_size) as (
            sentences,
            store_languages,
            purpose,
        ):
            model = load_encoder(
                settings.encoder, languages=languages | store_languages, purpose=purpose, cache=settings.cache
            )
            links = mine_job(
                sentences, model, report, src=src, tgt=tgt, min_confidence=min_confidence, exact=exact,
                same_language=same_language, progress=on_progress, warn=note,
            )  # fmt: skip
            written = export(links, Path(out), to or ("jsonl" if out == "-" else None), options)
    if as_json:
        click.echo(json_line(as_dict(report) | {"written": written.to_dict()}))
        return 1 if report.skipped else 0
    for line in written.lines():
        note(line)
    counted = ", ".join(f"{count:,} {name}" for name, count in report.sentences.items())
    note(f"{counted} sentences; {report.repeated:,} repeated ones left out")
    for name, count in report.pairs.items():
        note(f"{count:,} pairs {name}")
    note(f"Left out: {report.doubtful:,} pairs below confidence {min_confidence}")
    for why in report.skipped[:5]:
        note(f"skipped {why}")
    if summary:
        with written_file(summary, force=True) as file:
            file.write(json.dumps(as_dict(report), ensure_ascii=False, indent=1).encode() + b"\n")
    return 1 if report.skipped else 0


@contextmanager
def open_sentences(
    settings: Settings,
    sources: tuple[str, ...],
    report: MiningReport,
    encoding: str | None,
    lang: str | None,
    max_size: int,
) -> Iterator[tuple[Iterator[MiningSentence], set[str], Purpose]]:
    """The sentences of the files, or of the store without files; their languages if listed in advance; and the
    purpose for `auto`: the best encoder for small inputs."""
    from align.mining.mine import MAX_QUALITY_SENTENCES, sentences_of_files, sentences_of_store

    if sources:
        yield sentences_of_files(sources, report, encoding, lang, max_size), set(), "speed"
        return
    with opened(settings) as store:
        rows = store.documents()
        purpose: Purpose = "quality" if sum(row.sentences for row in rows) <= MAX_QUALITY_SENTENCES else "speed"
        yield sentences_of_store(store), {tag for row in rows for tag in row.languages}, purpose
