"""`align search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import (
    FiniteFloatRange,
    StoreIntRange,
    cell,
    document_option,
    kind_option,
    note,
    opened,
    settings_for,
    status_option,
    store_option,
)
from align.models import LinkKind, Status
from align.text.messages import harmless, json_line, per_cent, visible

if TYPE_CHECKING:
    from rich.text import Text

    from align.workspace.concordance import ConcordanceHit, ConcordanceText

CONTEXT_LENGTH = 30
"""Characters of the sentences before and after a hit."""


@click.command(epilog='Example: align search 霧 "rising fog" --status accepted')
@click.argument("query", nargs=-1, required=True)
@status_option
@kind_option()
@click.option(
    "--src", "--src-lang", "src_lang", metavar="LANG", help="Only links from this language (zh covers zh-Hant)."
)
@click.option("--tgt", "--tgt-lang", "tgt_lang", metavar="LANG", help="Only links to this language.")
@document_option
@click.option("--min-confidence", type=FiniteFloatRange(0, 1), help="Minimum confidence of a link.")
@click.option("--by", "reviewer", help="Only links whose last decision is by this reviewer.")
@click.option("--noted", is_flag=True, help="Only links with a note.")
@click.option("--limit", type=StoreIntRange(1), default=50, show_default=True, help="Maximum number of hits.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per hit.")
@store_option
def search(
    query: tuple[str, ...],
    statuses: tuple[frozenset[Status], ...],
    kinds: frozenset[LinkKind],
    src_lang: str | None,
    tgt_lang: str | None,
    document: str | None,
    min_confidence: float | None,
    reviewer: str | None,
    noted: bool,
    limit: int,
    as_json: bool,
    db: Path | None,
) -> None:
    """Find QUERY in all texts, with the linked text of the other side.

    Every word must be there, on either side. A word finds longer ones that begin with it; "quotes": only itself.
    Scripts without spaces are found anywhere, Han characters in all their written forms.
    """
    from align.store import LinkFilter
    from align.workspace.concordance import search as find
    from align.workspace.document_lookup import find_document

    words = " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in query)
    with opened(settings_for(db=db)) as store:
        link_filter = LinkFilter(
            statuses=frozenset().union(*statuses),
            kinds=kinds,
            src_lang=src_lang,
            tgt_lang=tgt_lang,
            document=find_document(store, document).id if document else None,
            min_confidence=min_confidence,
            reviewer=reviewer,
            noted=noted,
        )
        hits = list(find(store, words, link_filter, limit=limit))
    for hit in hits:
        if as_json:
            click.echo(json_line(as_object(hit)))
        else:
            print_hit(hit)
    if not hits:
        note("No hits.")
    elif len(hits) == limit:
        note(f"The first {limit}; more with --limit.")


def as_object(hit: ConcordanceHit) -> dict[str, object]:
    """The hit as `--json` prints it."""

    def side(shown: ConcordanceText) -> dict[str, object]:
        return {
            "doc": shown.doc,
            "lang": shown.lang,
            "text": shown.text,
            "marks": shown.marks,
            "spans": shown.spans,
            "before": shown.before,
            "after": shown.after,
        }

    link = hit.link
    about = (
        {"id": link.id, "kind": link.kind.value, "status": link.status.value, "confidence": link.confidence}
        if link
        else None
    )
    return {"link": about, "hit": side(hit.sides[0]), "partner": side(hit.sides[1]) if len(hit.sides) > 1 else None}


def print_hit(hit: ConcordanceHit) -> None:
    """Print a hit: location, the match in context, and the linked text below."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    link = hit.link
    about = f"link {link.id}, {link.status}, {link.kind}, {per_cent(link.confidence)}" if link else "no link"
    console.print(Text(visible(f"{hit.sides[0].doc} ({about})"), style="dim"))
    for shown in hit.sides:
        console.print(cell(f"  {shown.lang:8}") + in_context(shown))


def in_context(shown: ConcordanceText) -> Text:
    """The text with the matches highlighted, and the sentences before and after it, each behind a line."""
    from rich.text import Text

    from align.workspace.concordance import first_words, last_words

    text = Text(harmless(shown.text))
    for start, end in shown.marks:
        text.stylize("bold reverse", start, end)
    around = last_words(shown.before, CONTEXT_LENGTH), first_words(shown.after, CONTEXT_LENGTH)
    before, after = (Text(visible(part), style="dim") for part in around)
    return Text(" | ", style="dim").join(part for part in (before, text, after) if part)
