"""`align store`: maintain the store."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from align.cli.options import StoreIntRange, note, opened, print_line, require_yes, settings_for, store_option
from align.text.messages import json_line, pluralise


class _ConflictSide(click.ParamType):  # type: ignore[type-arg]  # generic from a later click on than we ask for
    """`17:2`: a link and one of the sides of its conflict."""

    name = "side"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Parse the two numbers."""
        if isinstance(value, tuple):
            return value
        link, _, side = str(value).partition(":")
        number = StoreIntRange(1)
        if not side:
            self.fail(f"{value!r} is not of the form 17:2, a link and a side of its conflict.", param, ctx)
        return number.convert(link, param, ctx), number.convert(side, param, ctx)


@click.group(epilog="Example: align store backup before-the-holidays.db")
def store() -> None:
    """Check, back up, restore, rebuild, merge and compact the store; remove documents."""


@store.command(epilog="Example: align store check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding: the problem and the command.")
@store_option
def check(as_json: bool, db: Path | None) -> None:
    """Look for damage: the file, texts, decisions, links, the search index, and tables of other programs.

    Checks a copy: the store is neither locked nor written. Prints a line for each finding with the command that
    repairs it; exit code 1 if there is any.
    """
    with opened(settings_for(db=db)) as opened_store:
        findings = opened_store.check()
    for finding in findings:
        if as_json:
            click.echo(json_line(asdict(finding)))
        else:
            print_line(str(finding))
    if findings:
        note(f"{pluralise(len(findings), 'finding')}.")
        raise click.exceptions.Exit(1)
    note("No damage found.")


@store.command(epilog="Example: align store backup monday.db")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace an existing OUT.")
@store_option
def backup(out: Path, force: bool, db: Path | None) -> None:
    """Copy the store to OUT as it is now, while other programs use it."""
    with opened(settings_for(db=db)) as opened_store:
        size = opened_store.backup(out, force=force)
    note(f"{out}: {size:,} bytes.")


@store.command(epilog="Example: align store restore monday.db")
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@store_option
def restore(backup: Path, db: Path | None) -> None:
    """Replace the store with a copy of BACKUP, after checking it.

    Refused while any program has the store open. The previous store is saved next to it; restoring that one takes it
    back.
    """
    from align.store import restore as restore_store

    path = settings_for(db=db).db
    restored = restore_store(path, backup)
    contents = f"{pluralise(restored.documents, 'document')}, {pluralise(restored.links, 'link')}"
    note(f"{path}: restored from {backup} ({contents}, {pluralise(restored.decisions, 'decision')}).")
    if restored.repaired:
        note(f"{pluralise(restored.repaired, 'finding')} in the backup repaired, as `align store rebuild` does.")
    if restored.before:
        note(f"The previous store is {restored.before}; `align store restore {restored.before}` restores it.")


@store.command(epilog="Example: align store rebuild")
@store_option
def rebuild(db: Path | None) -> None:
    """Rebuild the links, the search index and all indexes from the texts and the decision log."""
    with opened(settings_for(db=db)) as opened_store:
        count = opened_store.rebuild()
    note(f"{pluralise(count, 'link')} rebuilt.")


@store.command(epilog="Example: align store merge from-ada.db")
@click.argument("other", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a conflict.")
@store_option
def merge(other: Path, as_json: bool, db: Path | None) -> None:
    """Merge the decisions of another copy of this store.

    Order follows which decisions a copy knew, not clocks: the later of two counts. Two decisions made in both copies
    independently that do not agree are a conflict. Such a link keeps its last common state and is printed.
    Accept, reject or edit it in the review, or see `align store conflicts --take`.
    """
    from align.workspace.merge_copies import conflict_line, merge_copy

    with opened(settings_for(db=db)) as opened_store:
        united = merge_copy(opened_store, other)
        for conflict in opened_store.conflicts():
            (click.echo if as_json else print_line)(conflict_line(conflict, as_json=as_json))
    for line in united.lines(str(other)):
        note(line)


@store.command(epilog="Example: align store conflicts --take 17:2 --dismiss 18")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a conflict.")
@click.option(
    "--take",
    type=_ConflictSide(),
    multiple=True,
    metavar="LINK:SIDE",
    help="Resolve a conflict with its first side (LINK:1), its second or a further one.",
)
@click.option(
    "--dismiss",
    type=StoreIntRange(1),
    multiple=True,
    metavar="LINK",
    help="Keep the local version (also for deleted links).",
)
@click.option("--reviewer", help="Who decides.  [default: the config file's, else git's user]")
@store_option
def conflicts(
    as_json: bool, take: tuple[tuple[int, int], ...], dismiss: tuple[int, ...], reviewer: str | None, db: Path | None
) -> None:
    """List unresolved conflicts with a merged copy or an imported file."""
    from align.reviewer import Reviewer
    from align.settings import default_reviewer
    from align.workspace.merge_copies import conflict_line, take_side

    settings = settings_for(db=db, reviewer=reviewer)
    with opened(settings) as opened_store:
        committer = Reviewer(opened_store, settings.reviewer or default_reviewer())
        with committer.batch():
            for link, side in take:
                note(take_side(committer, link, side).summary)
            for link in dismiss:
                note(committer.dismiss(link).summary)
        remaining = opened_store.conflicts()
    for conflict in remaining:
        click.echo(conflict_line(conflict, as_json=as_json))
    if not remaining:
        note("No conflicts.")
    elif not as_json:
        note("Resolve them in `align review` or with `--take LINK:1` (the first side) or `--take LINK:2` (the second).")


@store.command(epilog="Example: align store remove page.txt --yes")
@click.argument("document")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reviewer", help="Who decides.  [default: the config file's, else git's user]")
@store_option
def remove(document: str, yes: bool, reviewer: str | None, db: Path | None) -> None:
    """Remove DOCUMENT (its name or number) and its links. Undo restores it until the store is compacted."""
    from align.reviewer import Reviewer
    from align.settings import default_reviewer
    from align.workspace.document_lookup import find_document

    settings = settings_for(db=db, reviewer=reviewer)
    with opened(settings) as opened_store:
        row = find_document(opened_store, document)
        links = sum(row.links.values())
        if not yes:
            what = f"{pluralise(row.sentences, 'sentence')} and {pluralise(links, 'link')}"
            require_yes(f"Remove {row.name} with its {what}?", "Nothing was removed.")
        Reviewer(opened_store, settings.reviewer or default_reviewer()).remove_document(row.id)
    back = "Undo in `align review` (or `align store undo`) restores it."
    note(f"{row.name}: removed with {pluralise(links, 'link')}. {back}")


@store.command(epilog="Example: align store undo")
@click.option("--redo", is_flag=True, help="Redo the last undone decision instead.")
@click.option("--reviewer", help="Whose decision.  [default: the config file's, else git's user]")
@store_option
def undo(redo: bool, reviewer: str | None, db: Path | None) -> None:
    """Undo the reviewer's last decision, however long ago it was made."""
    from align.reviewer import Reviewer
    from align.settings import default_reviewer

    settings = settings_for(db=db, reviewer=reviewer)
    with opened(settings) as opened_store:
        committer = Reviewer(opened_store, settings.reviewer or default_reviewer())
        change = committer.redo() if redo else committer.undo()
    note(f"{change.summary} ({pluralise(len(change.link_ids), 'link')})")


@store.command(epilog="Example: align store compact --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the sizes as a JSON object.")
@store_option
def compact(yes: bool, as_json: bool, db: Path | None) -> None:
    """Delete removed documents permanently and free their space."""
    with opened(settings_for(db=db)) as opened_store:
        if not yes:
            require_yes("Delete removed documents permanently?", "Nothing was deleted.")
        forgotten, before, after = opened_store.compact()
    if as_json:
        click.echo(json.dumps({"documents": forgotten, "bytes_before": before, "bytes_after": after}))
    note(f"{pluralise(forgotten, 'removed document')} deleted; {before:,} bytes became {after:,}.")
