"""`align mine`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.context import (
    Measure,
    Report,
    encoder_option,
    note,
    opened,
    progress,
    settings_for,
    size_option,
    store_option,
)

if TYPE_CHECKING:
    from align.encoders import Purpose
    from align.jobs.mine import MiningReport, Told
    from align.settings import Settings

FEW = 20_000
"""Sentences of a store that the best encoder does in two minutes."""


@click.command(epilog="Example: align mine news.jsonl --src en --min-confidence 0.8")
@click.argument("sources", nargs=-1, metavar="[FILE|FOLDER]...")
@click.argument("out", metavar="OUT|-")
@store_option
@click.option("--to", help="Format; by default the suffix of OUT says it (jsonl, tsv, tmx, ...), jsonl for -.")
@click.option("--src", help="Language of the source side.")
@click.option("--tgt", help="Language of the target side.")
@click.option("--min-confidence", type=Measure(0, 1), default=0.5, show_default=True, help="Leave out the rest.")
@click.option("--exact/--index", default=None, help="Compare all, or through an index.  [default: by the size]")
@click.option("--lang", help="Language of the files, where it is known.")
@click.option("--encoding", help="The files' character encoding, where the guess is wrong.")
@size_option
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--summary", type=click.Path(path_type=Path, dir_okay=False), help="Write the counts here as JSON.")
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
    lang: str | None,
    encoding: str | None,
    max_size: int,
    force: bool,
    summary: Path | None,
    encoder: str | None,
) -> int:
    """Find sentences that say the same in different languages anywhere in the store, or in FILEs and FOLDERs.

    Not document by document: news about one event, pages that quote each other, texts in any order.
    """
    from align.domain import LinkKind, Status
    from align.encoders import load_encoder
    from align.exchange.export import export
    from align.exchange.export_target import refuse_store, written_file
    from align.exchange.types import ExportOptions
    from align.jobs.documents import asked_language
    from align.jobs.mine import MiningReport, as_dict
    from align.jobs.mine import mine as mine_job

    if summary:
        refuse_store(summary)
    src, tgt, lang = (asked_language(tag) for tag in (src, tgt, lang))
    settings = settings_for(db=db, encoder=encoder)
    report = MiningReport()
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), force=force)
    with progress() as stage:
        bars: dict[str, Report] = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = stage(name)
            bars[name](done, total)

        languages = {tag for tag in (src, tgt, lang) if tag}
        with told_sentences(settings, sources, report, encoding, lang, max_size) as (sentences, more, purpose):
            model = load_encoder(settings.encoder, languages=languages | more, purpose=purpose, cache=settings.cache)
            links = mine_job(
                sentences, model, report, src=src, tgt=tgt, min_confidence=min_confidence, exact=exact, progress=tell,
                warn=note,
            )  # fmt: skip
            written = export(links, Path(out), to or ("jsonl" if out == "-" else None), options)
    for line in written.lines():
        note(line)
    counted = ", ".join(f"{count:,} {name}" for name, count in report.sentences.items())
    note(f"{counted} sentences; {report.repeated:,} more were repeated")
    for name, count in report.pairs.items():
        note(f"{count:,} pairs {name}")
    note(f"Left out: {report.doubtful:,} pairs less sure than {min_confidence}")
    for why in report.skipped[:5]:
        note(f"skipped {why}")
    if summary:
        with written_file(summary, force=True) as file:
            file.write(json.dumps(as_dict(report), ensure_ascii=False, indent=1).encode() + b"\n")
    return 1 if report.skipped else 0


@contextmanager
def told_sentences(
    settings: Settings,
    sources: tuple[str, ...],
    report: MiningReport,
    encoding: str | None,
    lang: str | None,
    max_size: int,
) -> Iterator[tuple[Iterator[Told], set[str], Purpose]]:
    """The sentences of the files, or of the store where there are none, the languages known beforehand, and what
    `auto` is to look for: the best encoder where there is little to encode."""
    from align.jobs.mine import sentences_of_files, sentences_of_store

    if sources:
        yield sentences_of_files(sources, report, encoding, lang, max_size), set(), "speed"
        return
    with opened(settings) as store:
        rows = store.documents()
        purpose: Purpose = "quality" if sum(row.sentences for row in rows) <= FEW else "speed"
        yield sentences_of_store(store), {tag for row in rows for tag in row.languages}, purpose
