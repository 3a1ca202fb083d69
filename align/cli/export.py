"""`align export`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from align.cli.context import Measure, note, opened, settings_for, status_option, store_option
from align.domain import LinkKind, Status
from align.exchange.formats import BLOCKS, format_names

ANY = "any"
TAG = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
"""Also as other tools write them: `ZH_tw`, `jpn`."""


@click.command(epilog="Example: align export talks.tmx --src en --tgt ja --min-confidence 0.9 --status any")
@click.argument("out", metavar="OUT|-", type=click.Path(path_type=Path, allow_dash=True))
@store_option
@click.option("--to", metavar="FORMAT", help=f"{format_names()}, {BLOCKS}.  [default: by the suffix of OUT]")
@status_option
@click.option("--kind", "kinds", multiple=True, type=click.Choice([*map(str, LinkKind), ANY]), help="Repeatable.")
@click.option("--min-confidence", type=Measure(0, 1), default=0.0, help="Leave out links that are less sure than this.")
@click.option("--src", metavar="LANG", help="Language of the source side; links are turned round where needed.")
@click.option("--tgt", metavar="LANG", help="Language of the target side.")
@click.option("--level", type=click.Choice(["sentence", "block"]), default="sentence", help="Links, or whole blocks.")
@click.option("--lang-map", "tags", multiple=True, metavar="OURS=THEIRS", help="As in zh-Hant=zh-TW; repeatable.")
@click.option("--dedupe", is_flag=True, help="Leave out a unit that was written before, word for word.")
@click.option("--context", type=click.IntRange(0, 20), default=0, help="So many sentences around each side go along.")
@click.option("--multilingual", is_flag=True, help="TMX: three languages in a unit where three pages say the same.")
@click.option("--with-nulls", is_flag=True, help="Sentences without a partner too, where the format can say it.")
@click.option(
    "--prove/--no-prove", default=None, help="Read the file back and compare.  [default: below 100,000 units]"
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(
    out: Path,
    db: Path | None,
    to: str | None,
    statuses: tuple[frozenset[Status], ...],
    kinds: tuple[str, ...],
    min_confidence: float,
    src: str | None,
    tgt: str | None,
    level: Literal["sentence", "block"],
    tags: tuple[str, ...],
    dedupe: bool,
    context: int,
    multilingual: bool,
    with_nulls: bool,
    prove: bool | None,
    force: bool,
) -> None:
    """Write links to OUT (- is stdout).

    A translation memory takes the translations and titles that reviewers accepted; jsonl takes everything, html all but
    what they rejected. Each file is read back and compared before it takes its place.
    """
    from align.exchange.export import export_store
    from align.exchange.types import ExportOptions

    options = ExportOptions(
        statuses=frozenset().union(*statuses) or None,
        kinds=frozenset(LinkKind) if ANY in kinds else frozenset(map(LinkKind, kinds)) or None,
        min_confidence=min_confidence,
        src=src,
        tgt=tgt,
        level=level,
        lang_map=lang_map(tags),
        dedupe=dedupe,
        context=context,
        multilingual=multilingual,
        with_nulls=with_nulls,
        prove=prove,
        force=force,
    )
    with opened(settings_for(db=db)) as store:
        report = export_store(store, out, to, options)
    for line in report.lines():
        note(line)


def lang_map(tags: Sequence[str]) -> dict[str, str]:
    """`zh-Hant=zh-TW` as a table."""
    pairs = [tag.split("=") for tag in tags]
    for pair in pairs:
        if len(pair) != 2 or not all(part.strip() for part in pair):
            raise click.BadParameter(f"{'='.join(pair)!r} is not of the form zh-Hant=zh-TW.", param_hint="--lang-map")
        for tag in pair:
            if not TAG.fullmatch(tag.strip()):
                raise click.BadParameter(f"{tag.strip()!r} is not a language tag.", param_hint="--lang-map")
    return {ours.strip(): theirs.strip() for ours, theirs in pairs}
