"""`align export`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import click

from align.cli.context import note, opened, settings_for, store_option
from align.domain import LinkKind, Status

ANY = "any"
Word = TypeVar("Word", bound=StrEnum)


@click.command(epilog="Example: align export talks.tmx --src en --tgt ja --min-confidence 0.9 --status any")
@click.argument("out", metavar="OUT|-", type=click.Path(path_type=Path, allow_dash=True))
@store_option
@click.option("--to", metavar="FORMAT", help="tmx, tsv, jsonl, blocks, ...  [default: by the suffix of OUT]")
@click.option("--status", "statuses", multiple=True, type=click.Choice([*Status, ANY]), help="Repeatable.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice([*LinkKind, ANY]), help="Repeatable.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Leave out links that are less sure than this."
)
@click.option("--src", metavar="LANG", help="Language of the source side; links are turned round where needed.")
@click.option("--tgt", metavar="LANG", help="Language of the target side.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(
    out: Path,
    db: Path | None,
    to: str | None,
    statuses: tuple[str, ...],
    kinds: tuple[str, ...],
    min_confidence: float,
    src: str | None,
    tgt: str | None,
    force: bool,
) -> None:
    """Write links to OUT (- is stdout).

    A translation memory takes the translations and titles that reviewers accepted; jsonl takes everything.
    """
    from align.jobs.export import export_store
    from align.writers import ExportOptions

    options = ExportOptions(
        statuses=chosen(statuses, Status),
        kinds=chosen(kinds, LinkKind),
        min_confidence=min_confidence,
        src=src,
        tgt=tgt,
        force=force,
    )
    with opened(settings_for(db=db)) as store:
        report = export_store(store, out, to, options)
    for line in report.lines():
        note(line)


def chosen(words: Sequence[str], of: type[Word]) -> frozenset[Word] | None:
    """The words as values: all of them for `any`, None where nothing was said."""
    if ANY in words:
        return frozenset(of)
    return frozenset(map(of, words)) or None
