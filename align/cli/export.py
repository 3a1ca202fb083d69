"""`align export`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import click

from align.cli.options import FiniteFloatRange, kind_option, note, opened, settings_for, status_option, store_option
from align.exchange.formats import BLOCKS, BOOK, format_names
from align.exchange.types import BookLayout
from align.models import LinkKind, Status
from align.text.messages import json_line, pluralise

TAG = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
"""A language tag, in the spellings of other tools too: `ZH_tw`, `jpn`."""


@click.command(epilog="Example: align export talks.tmx --src en --tgt ja --min-confidence 0.9 --status any")
@click.argument("out", metavar="OUT|-", type=click.Path(path_type=Path, allow_dash=True))
@store_option
@click.option("--to", metavar="FORMAT", help=f"{format_names()}, {BOOK}, {BLOCKS}.  [default: by the suffix of OUT]")
@status_option
@kind_option()
@click.option(
    "--min-confidence", type=FiniteFloatRange(0, 1), default=0.0, help="Leave out links below this confidence."
)
@click.option("--src", metavar="LANG", help="Language of the source; links are turned to this direction.")
@click.option("--tgt", metavar="LANG", help="Language of the target.")
@click.option("--doc", "documents", metavar="NAME", multiple=True, help="Only links of this document, or between "
              "several; repeatable.")  # fmt: skip
@click.option(
    "--level",
    type=click.Choice(["sentence", "block"]),
    default="sentence",
    help="Units: links, or the whole blocks that they connect.",
)
@click.option(
    "--lang-map",
    "tags",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Write another language tag, as in zh-Hant=zh-TW; repeatable.",
)
@click.option("--dedupe", is_flag=True, help="Leave out units with the same languages and texts as an earlier one.")
@click.option(
    "--context",
    metavar="N",
    type=click.IntRange(0, 20),
    default=0,
    help="Include N sentences of context before and after.",
)
@click.option(
    "--multilingual",
    is_flag=True,
    help="TMX: join links with an identical side into units of three or more languages. TSV, XLSX, HTML: with --pivot, "
    "a row for each sentence of it and a column for each translation.",
)
@click.option("--pivot", metavar="DOCUMENT", help="Only links with this document, as their source.")
@click.option(
    "--layout",
    type=click.Choice(get_args(BookLayout)),
    default="interleaved",
    help="EPUB: translations below, in a second column, or as notes that pop up.  [default: interleaved]",
)
@click.option(
    "--source",
    "source_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="EPUB: the original of the book.  [default: the file that was added]",
)
@click.option("--plain", is_flag=True, help="EPUB: make the book of the stored text, without pictures.")
@click.option("--with-nulls", is_flag=True, help="Include unpaired sentences, where the format can mark them.")
@click.option(
    "--timed-by",
    type=click.Choice(["src", "tgt"]),
    help="SRT, VTT: the side whose times the cues have.  [default: src if it has times]",
)
@click.option(
    "--prove/--no-prove",
    default=None,
    help="Read the file back with another reader and compare.  [default: below 100,000 units]",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout: units, what was left out, the check.")
def export(
    out: Path,
    db: Path | None,
    to: str | None,
    statuses: tuple[frozenset[Status], ...],
    kinds: frozenset[LinkKind],
    min_confidence: float,
    src: str | None,
    tgt: str | None,
    documents: tuple[str, ...],
    level: Literal["sentence", "block"],
    tags: tuple[str, ...],
    dedupe: bool,
    context: int,
    multilingual: bool,
    pivot: str | None,
    layout: BookLayout,
    source_file: Path | None,
    plain: bool,
    with_nulls: bool,
    timed_by: Literal["src", "tgt"] | None,
    prove: bool | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write links to OUT (- is stdout).

    By default, formats of translation memories get the links that reviewers accepted or edited, jsonl gets every link,
    html and epub every link that was not rejected. The file is read back and compared before it replaces OUT.
    """
    from align.exchange.export import export_store
    from align.exchange.types import ExportOptions
    from align.workspace.document_lookup import find_document

    if as_json and str(out) == "-":
        raise click.UsageError("--json is for a file: with -, stdout has the export.")
    options = ExportOptions(
        statuses=frozenset().union(*statuses) or None,
        kinds=kinds or None,
        min_confidence=min_confidence,
        src=src,
        tgt=tgt,
        level=level,
        lang_map=lang_map(tags),
        dedupe=dedupe,
        context=context,
        multilingual=multilingual,
        layout=layout,
        source_file=source_file,
        plain=plain,
        with_nulls=with_nulls,
        timed_by=timed_by,
        prove=prove,
        force=force,
    )
    with opened(settings_for(db=db)) as store:
        options = replace(options, documents=frozenset(find_document(store, name).name for name in documents))
        if pivot is not None:
            options = replace(options, pivot=find_document(store, pivot).name)
        report = export_store(store, out, to, options)
        waiting = len({conflict.link for conflict in store.conflicts()})
    if as_json:
        click.echo(json_line(report.to_dict() | {"conflicts": waiting}))
        return
    for line in report.lines():
        note(line)
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        note(f"{pluralise(waiting, 'link')} {verb} for a decision on a conflict: `align store conflicts` lists them.")


def lang_map(tags: Sequence[str]) -> dict[str, str]:
    """The values of `--lang-map` as a mapping. Raises BadParameter for a value of another form."""
    pairs = [tag.split("=") for tag in tags]
    for pair in pairs:
        if len(pair) != 2 or not all(part.strip() for part in pair):
            raise click.BadParameter(f"{'='.join(pair)!r} is not of the form zh-Hant=zh-TW.", param_hint="--lang-map")
        for tag in pair:
            if not TAG.fullmatch(tag.strip()):
                raise click.BadParameter(f"{tag.strip()!r} is not a language tag.", param_hint="--lang-map")
    return {ours.strip(): theirs.strip() for ours, theirs in pairs}
