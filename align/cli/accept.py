"""`align accept`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from align.cli.options import FiniteFloatRange, kind_option, note, opened, settings_for, store_option
from align.models import MEMORY_KINDS, LinkKind
from align.text.messages import json_line, pluralise
from align.text.tags import range_matches

if TYPE_CHECKING:
    from align.reviewer import Reviewer
    from align.store import LinkFilter, Store


@click.command(epilog="Example: align accept --min-confidence 0.95 --dry-run")
@click.option("--min-confidence", type=FiniteFloatRange(0, 1), required=True, help="Accept links from this confidence.")
@click.option("--src", metavar="LANG", help="Only links with this language on one side.")
@click.option("--tgt", metavar="LANG", help="Only links with this language on the other side.")
@click.option("--doc", "document", metavar="NAME", help="Only links of this document.")
@kind_option(MEMORY_KINDS)
@click.option("--reviewer", help="Who accepts.  [env: ALIGN_REVIEWER; default: git's user name]")
@click.option("--dry-run", is_flag=True, help="Count the links without accepting them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout: the counts.")
@store_option
def accept(
    min_confidence: float,
    src: str | None,
    tgt: str | None,
    document: str | None,
    kinds: frozenset[LinkKind],
    reviewer: str | None,
    dry_run: bool,
    as_json: bool,
    db: Path | None,
) -> None:
    """Accept the undecided links of a confidence or more, as one decision.

    A link with sentences of another accepted link is left out, and so is one with a conflict. `align store undo` takes
    all back at once. Nothing to accept is no error.
    """
    from align.reviewer import Reviewer
    from align.settings import default_reviewer
    from align.store import LinkFilter
    from align.workspace.document_lookup import find_document, language_tag_or_none

    settings = settings_for(db=db, reviewer=reviewer)
    src, tgt = language_tag_or_none(src), language_tag_or_none(tgt)
    with opened(settings) as store:
        number = None if document is None else find_document(store, document).id
        filters = [
            LinkFilter(src_lang=one, tgt_lang=other, document=number, kinds=kinds)
            for one, other in dict.fromkeys([(src, tgt), (tgt, src)])
        ]
        who = Reviewer(store, settings.reviewer or default_reviewer())
        undecided = count_undecided(store, filters)
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


def count_undecided(store: Store, filters: list[LinkFilter]) -> int:
    """The undecided links that match a filter, or either direction of a pair of languages, each once."""
    count = sum(store.undecided(one)[0] for one in filters)
    if len(filters) == 2:
        src, tgt = filters[0].src_lang, filters[0].tgt_lang
        narrow = src if tgt is None or (src is not None and range_matches(tgt, src)) else tgt
        wide = tgt if narrow == src else src
        if wide is None or (narrow is not None and range_matches(wide, narrow)):
            count -= store.undecided(replace(filters[0], src_lang=narrow, tgt_lang=narrow))[0]
    return count


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
