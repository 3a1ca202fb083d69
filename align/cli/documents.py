"""`align documents`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import cell, note, opened, settings_for, store_option
from align.text.messages import json_line

if TYPE_CHECKING:
    from align.store import DocumentRow


class DocumentsGroup(click.Group):
    """Points to `align store remove` for commands that would remove a document."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in ("remove", "rm", "delete"):
            ctx.fail(f"No such command {args[0]!r}. `align store remove DOCUMENT` removes a document.")
        return super().resolve_command(ctx, args)


@click.group(cls=DocumentsGroup, invoke_without_command=True, epilog="Example: align documents --json")
@store_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object per document.")
@click.pass_context
def documents(ctx: click.Context, db: Path | None, as_json: bool) -> None:
    """List the documents of the store: sentences by language, links by status.

    `align documents set-lang` corrects a language by hand.
    """
    ctx.obj = db
    if ctx.invoked_subcommand:
        return
    with opened(settings_for(db=db)) as store:
        rows = store.documents()
    if as_json:
        for row in rows:
            click.echo(json_line(as_object(row)))
    else:
        print_table(rows)


@documents.command("set-lang", epilog="Example: align documents set-lang page.txt zh-Hant")
@click.argument("document")
@click.argument("lang")
@store_option
@click.pass_context
def set_lang(ctx: click.Context, document: str, lang: str, db: Path | None) -> None:
    """Set the language of DOCUMENT (its name or number); it is kept when the document is added again."""
    from align.workspace.document_lookup import set_language

    with opened(settings_for(db=db or ctx.obj)) as store:
        name = set_language(store, document, lang)
    note(f"{name}: language set to {lang}. `align propose` aligns it again.")


def as_object(row: DocumentRow) -> dict[str, object]:
    """The row as `--json` prints it."""
    return {
        "id": row.id,
        "doc": row.name,
        "reader": row.reader.partition("/")[0],
        "segments": row.segments,
        "encoding": row.encoding,
        "characters": row.characters,
        "sentences": row.sentences,
        "languages": row.languages,
        "links": {str(status): count for status, count in row.links.items()},
        "added_at": row.added_at,
    }


def print_table(rows: list[DocumentRow]) -> None:
    """Print the documents as a table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column, justify in (("no", "right"), ("document", "left"), ("sentences", "left"), ("links", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        languages = ", ".join(f"{count} {lang}" for lang, count in row.languages.items())
        links = ", ".join(f"{count} {status}" for status, count in row.links.items() if count)
        table.add_row(str(row.id), cell(row.name), cell(languages), cell(links or "-"))
    Console().print(table)
