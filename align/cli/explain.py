"""`align explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import encoder_option, print_line, settings_for, store_option
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.workspace.realign import Explanation


@click.command(epilog="Example: align explain 1")
@click.argument("link", type=int)
@click.option(
    "--alternatives", type=click.IntRange(min=0), default=3, show_default=True, help="How many alternatives to show."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@encoder_option
@store_option
def explain(link: int, alternatives: int, as_json: bool, encoder: str | None, db: Path | None) -> None:
    """Show the signals behind LINK (its number) and the best alternative targets."""
    from align.workspace.realign import explain as explain_job

    settings = settings_for(db=db, encoder=encoder)
    explanation = explain_job(settings.db, link, encoder=settings.encoder, count=alternatives, cache=settings.cache)
    if as_json:
        click.echo(json_line(explanation.as_object()))
        return
    for line in lines_of(explanation):
        print_line(line)


def lines_of(explanation: Explanation) -> list[str]:
    """The explanation as lines of text."""
    from align.workspace.realign import SIGNAL_MEANINGS

    link = explanation.link
    lines = [
        f"link {link.id}: {link.kind}, {link.status}, confidence {link.confidence:.2f}, "
        f"score {link.score:.3f}, {link.encoder}",
        f"  {link.src.lang}: {link.src.text}",
        f"  {link.tgt.lang}: {link.tgt.text}",
        "signals" if explanation.signals else "signals: none stored (a link made by hand, or by an older version)",
    ]
    lines += [
        f"  {name:12s} {value:8.3f}  {SIGNAL_MEANINGS.get(name, '')}".rstrip()
        for name, value in explanation.signals.items()
    ]
    lines.append("alternatives" if explanation.alternatives else "alternatives: none")
    return lines + [f"  {alternative.score:6.3f}  {alternative.text}" for alternative in explanation.alternatives]
