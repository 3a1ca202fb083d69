"""`align import`."""

from __future__ import annotations

from pathlib import Path

import click

from align.cli.options import columns_option, note, settings_for, size_option, store_option
from align.exchange.formats import format_names
from align.text.messages import json_line


@click.command("import", epilog="Example: align import talks.xlsx --dry-run")
@click.argument("file", type=click.Path(path_type=Path))
@store_option
@click.option("--from", "form", metavar="FORMAT", help=f"{format_names(importable=True)}.  [default: by suffix]")
@click.option("--encoding", help="Encoding of a table or PO file, such as shift_jis.  [default: detected]")
@columns_option
@click.option("--texts", nargs=2, metavar="SRC TGT", type=click.Path(path_type=Path),
              help="Ladder: the two files of sentences.  [default: those with its name]")  # fmt: skip
@size_option
@click.option("--reviewer", help="Reviewer of the decisions.  [env: ALIGN_REVIEWER; default: git's user name]")
@click.option("--accept", is_flag=True, help="Accept units without a status.")
@click.option("--new/--no-new", default=None, help="Add units that match no link as documents with links.  "
              "[default: only if none matches]")  # fmt: skip
@click.option(
    "--as", "name", metavar="NAME", help="Name of the documents that are created from FILE.  [default: its path]"
)
@click.option("--replace", is_flag=True, help="Import a changed memory even if it lacks many of its confirmed links, "
              "or texts that became question marks; undo restores them.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Report the changes without making them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout: units, changes, new documents.")
def import_(
    file: Path,
    db: Path | None,
    form: str | None,
    encoding: str | None,
    columns: tuple[str, ...],
    texts: tuple[Path, Path] | None,
    max_size: int,
    reviewer: str | None,
    accept: bool,
    new: bool | None,
    name: str | None,
    replace: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import FILE: an edited export as decisions on its links, or a memory of another tool as documents with links."""
    from align.exchange.import_file import NewUnits, import_units, read_file
    from align.settings import default_reviewer
    from align.store import open_store

    settings = settings_for(db=db, reviewer=reviewer)
    policy: NewUnits = "auto" if new is None else "always" if new else "never"
    imported = read_file(file, form, encoding, max_size, texts=texts, columns=columns)
    with open_store(settings.db, create=not dry_run and policy != "never") as store:
        who = settings.reviewer or default_reviewer()
        report = import_units(
            store, imported, who, new=policy, accept=accept, dry_run=dry_run,
            name=name, replace_settled=replace,
        )  # fmt: skip
    if as_json:
        click.echo(json_line(report.to_dict()))
        return
    for line in report.lines():
        note(line)
