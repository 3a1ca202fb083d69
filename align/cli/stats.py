"""`align stats`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal

import click

from align.cli.options import cell, document_option, opened, progress, settings_for, store_option
from align.models import CONFIRMED, Status
from align.text.messages import json_line, per_cent, pluralise, visible

if TYPE_CHECKING:
    from rich.table import Table

    from align.report.survey import PairReport, Report


@click.command(epilog="Example: align stats --map")
@store_option
@document_option
@click.option(
    "--pairs", "max_pairs", type=click.IntRange(0), default=10, show_default=True, help="How many pairs to list."
)
@click.option("--map", "with_map", is_flag=True, help="Draw a map of each listed pair: source across, target down.")
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object, as `align report --json`.")
def stats(db: Path | None, document: str | None, max_pairs: int, with_map: bool, as_json: bool) -> None:
    """Print review statistics: links by status, confidence, coverage in both directions, pace.

    `align report` writes all of it as a page.
    """
    from rich.console import Console

    from align.report.survey import build_report

    with opened(settings_for(db=db)) as store, progress() as stage:
        report = build_report(store, document=document, progress=stage("Reading links"))
    if as_json:
        click.echo(json_line(asdict(report)))
        return
    console = Console(highlight=False, soft_wrap=True)
    for line in summary(report):
        console.print(cell(line))
    if report.pairs and max_pairs:
        console.print()
        console.print(pair_table(report.pairs[:max_pairs], bars=console.width >= 100))
        if len(report.pairs) > max_pairs:
            console.print(
                f"... and {len(report.pairs) - max_pairs} pairs with fewer links: --pairs {len(report.pairs)}"
            )
    if with_map:
        for pair in report.pairs[:max_pairs]:
            console.print()
            for line in map_lines(pair):
                console.print(cell(line))


def summary(report: Report) -> Iterable[str]:
    """The lines above the table."""
    from align.report.pace import bar, columns

    total = sum(report.statuses.values())
    pairs = pluralise(len(report.pairs), "pair")
    yield f"{pluralise(len(report.documents), 'document')}, {pluralise(total, 'link')}, {pairs} of texts"
    for status, count in report.statuses.items():
        yield f"  {status:<9} {bar(count / total if total else 0.0, 24)} {count}"
    waiting = report.statuses[Status.PROPOSED]
    if waiting:
        expected = sum(pair.expected_right for pair in report.pairs) / waiting
        yield f"  of the proposed, {per_cent(expected)} are expected to be right"
    histogram = columns([row.links for row in report.bins])
    yield f"confidence  0 |{histogram}| 1"
    decided = [row for row in report.bins if row.decided]
    if decided:
        right_counts = ", ".join(
            f"{100 * row.low:.0f}-{per_cent(row.high)}: {row.right}/{row.decided}" for row in decided
        )
        yield f"  confirmed of decided, by confidence: {right_counts}"
    for pace in report.reviewers:
        speed = "" if pace.median_seconds is None else f", {pace.median_seconds:g} s between two decisions"
        counts = f"{pace.accepted} accepted, {pace.edited} edited, {pace.rejected} rejected"
        also = (
            f"; {pluralise(pace.superseded, 'more link')} decided later or alike by another" if pace.superseded else ""
        )
        yield f"{pace.reviewer}: {counts}{speed}{also}"


def pair_table(pairs: Iterable[PairReport], *, bars: bool) -> Table:
    """The pairs with coverage in both directions, as bars too in a wide terminal; else one name per line."""
    from rich.table import Table
    from rich.text import Text

    from align.report.pace import bar

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2 if bars else 1, 0, 0))
    for name in ("pair", "languages", "links", "confirmed", "source linked", "target linked", "crossings"):
        justify: Literal["left", "right"] = "right" if name in ("links", "confirmed", "crossings") else "left"
        if name in ("pair", "languages"):
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        else:
            # A heading breaks between its words, not inside one.
            table.add_column(name, justify=justify, overflow="fold", min_width=max(map(len, name.split())))
    for one in pairs:
        table.add_row(
            cell(title(one)) if bars else Text(visible(title(one)).replace(" - ", " -\n")),
            cell(f"{one.src_lang}-{one.tgt_lang}"),
            str(sum(one.statuses.values())),
            str(sum(one.statuses[status] for status in CONFIRMED)),
            *(f"{bar(side.share, 8) if bars else ''} {per_cent(side.share):>5}".strip() for side in (one.src, one.tgt)),
            str(one.crossings),
        )
    return table


def title(pair: PairReport) -> str:
    """The names of the two documents, or of the one."""
    src, tgt = PurePath(pair.src_doc).name, PurePath(pair.tgt_doc).name
    return src if pair.src_doc == pair.tgt_doc else f"{src} - {tgt}"


def map_lines(pair: PairReport) -> Iterable[str]:
    """A map of one pair in braille."""
    from align.report.pace import dot_map

    points = [
        (source / pair.src_length, target / pair.tgt_length)
        for dot in pair.dots
        if dot.status is not Status.REJECTED
        for source in range(dot.src[0], dot.src[1] + 1)
        for target in range(dot.tgt[0], dot.tgt[1] + 1)
    ]
    yield f"{title(pair)} ({pair.src_lang} - {pair.tgt_lang})"
    for line in dot_map(points, 40, 10):
        yield f"  |{line}|"
