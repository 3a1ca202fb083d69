"""`align accept`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from align.cli.options import FiniteFloatRange, note, opened, settings_for, store_option
from align.models import MEMORY_KINDS, LinkKind
from align.text.messages import json_line, pluralise

if TYPE_CHECKING:
    from align.reviewer import Reviewer
    from align.store import LinkFilter

ANY = "any"


@click.command(epilog="Example: align accept --min-confidence 0.95 --dry-run")
@click.option("--min-confidence", type=FiniteFloatRange(0, 1), required=True, help="Accept links from this confidence.")
@click.option("--src", metavar="LANG", help="Only links with this language on one side.")
@click.option("--tgt", metavar="LANG", help="Only links with this language on the other side.")
@click.option("--doc", "document", metavar="NAME", help="Only links of this document.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([*map(str, LinkKind), ANY]),
    help="Only links of this kind; repeatable.  [default: translation, title]",
)
@click.option("--reviewer", help="Who accepts.  [env: ALIGN_REVIEWER; default: git's user name]")
@click.option("--dry-run", is_flag=True, help="Count the links without accepting them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout: the counts.")
@store_option
def accept(
    min_confidence: float,
    src: str | None,
    tgt: str | None,
    document: str | None,
    kinds: tuple[str, ...],
    reviewer: str | None,
    dry_run: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Accept the undecided links above a confidence, as one decision.

    A link with sentences of another accepted link is left out, and so is one with a conflict. `align store undo` takes
    all back at once. Nothing to accept is no error.
    """
    from align.reviewer import Reviewer
    from align.settings import default_reviewer
    from align.store import LinkFilter
    from align.workspace.document_lookup import find_document, language_tag_or_none

    settings = settings_for(db=db, reviewer=reviewer)
    src, tgt = language_tag_or_none(src), language_tag_or_none(tgt)
    of_kinds = frozenset(LinkKind) if ANY in kinds else frozenset(map(LinkKind, kinds)) or MEMORY_KINDS
    with opened(settings) as store:
        number = None if document is None else find_document(store, document).id
        filters = [
            LinkFilter(src_lang=one, tgt_lang=other, document=number, kinds=of_kinds)
            for one, other in dict.fromkeys([(src, tgt), (tgt, src)])
        ]
        who = Reviewer(store, settings.reviewer or default_reviewer())
        undecided = store.undecided(LinkFilter(document=number))[0]
        with store.dry_run() if dry_run else nullcontext():
            accepted, decisions = accept_all(who, filters, min_confidence)
    figures: dict[str, Any] = {
        "accepted": accepted,
        "undecided": undecided - accepted,
        "min_confidence": min_confidence,
        "reviewer": who.name,
        "decisions": [] if dry_run else decisions,
        "dry_run": dry_run,
    }
    if as_json:
        click.echo(json_line(figures))
        return
    would = "would be accepted" if dry_run else "accepted"
    left = f"{undecided - accepted:,} {'stay' if undecided - accepted != 1 else 'stays'} undecided"
    undo = "" if dry_run or not accepted else " `align store undo` takes them back."
    note(f"{pluralise(accepted, 'link')} {would} from confidence {min_confidence:g}; {left}.{undo}")


def accept_all(reviewer: Reviewer, filters: list[LinkFilter], confidence: float) -> tuple[int, list[int]]:
    """Accept the links of all filters, to be undone together. Returns their number, and the ids of the decisions."""
    from align.errors import EmptyDecisionError

    accepted, decisions = 0, []
    with reviewer.batch():
        for link_filter in filters:
            try:
                change = reviewer.accept_above(confidence, link_filter)
            except EmptyDecisionError:
                continue
            links = change.decision.detail.get("links")
            accepted += links if isinstance(links, int) else len(change.link_ids)
            decisions.append(change.decision.id)
    return accepted, decisions
