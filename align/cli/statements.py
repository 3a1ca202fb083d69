"""`align statements`: who else says this?"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from align.cli.options import (
    StoreIntRange,
    encoder_option,
    note,
    opened,
    print_line,
    progress,
    settings_for,
    store_option,
)
from align.errors import UsageError
from align.models import Role
from align.text.messages import json_line, pluralise

if TYPE_CHECKING:
    from align.embeddings import Encoder
    from align.mining.passage_ranking import DocumentPassage
    from align.settings import Settings
    from align.store import Store
    from align.store.statements import Statement

TEXT_OR_JSON = click.Choice(["text", "jsonl"])


@click.group(epilog='Example: align statements suggest --doc page.html --quote "third country"')
def statements() -> None:
    """Find who else says a thing, in any document and language, and list which texts say it.

    A statement is a group of passages, each with a role: says, in part, contradicts, doubtful. The program ranks
    passages; a reviewer decides. Statements are no links and are in no translation memory.
    """


@statements.command(epilog='Example: align statements suggest --doc page.html --quote "third country" --to jsonl')
@click.option("--doc", help="Document of the passage (its name or number).")
@click.option("--quote", help="Words of the passage: enough to name one sentence.")
@click.option("--statement", "uid", help="Use the confirmed passages of this statement (the start of its id).")
@click.option("--top", type=StoreIntRange(1), default=3, show_default=True, help="Passages of each other document.")
@click.option("--to", "form", type=TEXT_OR_JSON, default="text", show_default=True, help="Form of the output.")
@encoder_option
@store_option
def suggest(
    doc: str | None, quote: str | None, uid: str | None, top: int, form: str, encoder: str | None, db: Path | None
) -> None:
    """Print the passages of every other document that may say the same, best first.

    Of the passages that do say it, about three in four are among the first three of their document. Whether a document
    says it at all is not known from the score: read them.
    """
    from align.mining.statement_passages import suggest as suggest_passages

    settings = settings_for(db=db, encoder=encoder)
    with opened(settings) as store, progress() as stage:
        members, decided = _query(store, doc, quote, uid)
        suggestions_by_document = suggest_passages(
            store, _encoder(store, settings), members, top=top, exclude=decided, progress=stage("Encoding")
        )
    for name, suggestions in suggestions_by_document.items():
        if form == "text":
            print_line(name)
        for one in suggestions:
            if form == "jsonl":
                record = {
                    "doc": name, "lang": one.passage.lang, "text": one.passage.text, "spans": one.passage.spans,
                    "rank": one.rank, "score": one.score, "likely": one.likely,
                }  # fmt: skip
                click.echo(json_line(record))
            else:
                print_line(f"  {one.rank}. {one.passage.lang}  {one.passage.text}  ({one.likely})")


def _query(
    store: Store, doc: str | None, quote: str | None, uid: str | None
) -> tuple[list[DocumentPassage], set[tuple[str, str]]]:
    """The passages of a query, and what is decided already. UsageError where they are not given."""
    from align.mining.statement_passages import find_passage, members_of

    members: list[DocumentPassage] = []
    decided: set[tuple[str, str]] = set()
    if uid is not None:
        statement = _statement(store, uid)
        members = members_of(store, statement)
        decided = {(member.document, member.text) for member in statement.members}
        if not members and not quote:
            raise UsageError("no document has a confirmed passage of this statement. Give --doc and --quote.")
    if (doc is None) != (quote is None) or (doc is None and uid is None):
        raise UsageError("give --doc and --quote, or --statement.")
    if doc is not None and quote is not None:
        members.append(find_passage(store, doc, quote))
    return members, decided


def _statement(store: Store, uid: str) -> Statement:
    """The statement whose id begins with `uid`. UsageError where none or several do."""
    matches = [one for one in store.statements().values() if one.uid.startswith(uid.strip() or " ")]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise UsageError(f"{uid}: {len(matches)} statements have an id that begins so. Give more of it.")
    raise UsageError(f"{uid}: no such statement. `align statements list` lists them.")


def _encoder(store: Store, settings: Settings) -> Encoder:
    from align.embeddings import load_encoder
    from align.embeddings.cache import cached

    languages = {tag for row in store.documents() for tag in row.languages}
    return cached(load_encoder(settings.encoder, languages=languages, cache=settings.cache), settings.db)


@statements.command(epilog="Example: align statements propose --to jsonl | head")
@click.option("--limit", type=StoreIntRange(1), default=30, show_default=True, help="Maximum number of groups.")
@click.option("--to", "form", type=TEXT_OR_JSON, default="text", show_default=True, help="Form of the output.")
@encoder_option
@store_option
def propose(limit: int, form: str, encoder: str | None, db: Path | None) -> None:
    """Print groups of passages that may say the same, to begin with; nothing is stored.

    About one in three is right in all pairs. Documents of other years are kept apart: they are about other events.
    """
    from align.mining.passage_ranking import PassageRanker
    from align.mining.statement_passages import passages_of, sure_links, years_of

    settings = settings_for(db=db, encoder=encoder)
    with opened(settings) as store, progress() as stage:
        passages = passages_of(store)
        if len({one.document for one in passages}) < 2:
            raise UsageError("statements are compared between documents: add two or more with `align add`.")
        ranker = PassageRanker(passages, _encoder(store, settings), stage("Encoding"))
        groups = ranker.propose(sure_links(store), years_of(store), limit=limit)
    for number, group in enumerate(groups, start=1):
        members = [passages[row] for row in group.rows]
        if form == "jsonl":
            listed = [{"doc": one.document, "lang": one.lang, "text": one.text, "spans": one.spans} for one in members]
            click.echo(json_line({"confidence": group.confidence, "score": group.score, "members": listed}))
        else:
            print_line(f"{number}. confidence {group.confidence:.2f}")
            for one in members:
                print_line(f"   {one.document}  {one.lang}  {one.text}")
    if not groups:
        note("No group is likely enough. `align statements suggest` asks for one passage.")


@statements.command(epilog='Example: align statements mark --doc page.html --quote "third country" --role says')
@click.option("--doc", required=True, help="Document of the passage (its name or number).")
@click.option("--quote", help="Words of the passage.  [default: the whole document, with --role 'not said']")
@click.option("--role", type=click.Choice(list(map(str, Role))), help="What the passage does.  [default: says]")
@click.option("--remove", is_flag=True, help="Take the passage out of the statement.")
@click.option("--statement", "uid", help="The statement (the start of its id).  [default: a new one]")
@click.option("--label", help="Name of the statement.  [default: its shortest passage]")
@click.option("--reviewer", help="Your name in the log.  [env: ALIGN_REVIEWER; default: git's user name]")
@store_option
def mark(
    doc: str,
    quote: str | None,
    role: str | None,
    remove: bool,
    uid: str | None,
    label: str | None,
    reviewer: str | None,
    db: Path | None,
) -> None:
    """Give a passage a role in a statement, and print the id of the statement; `align store undo` takes it back."""
    from align.mining.statement_passages import find_passage
    from align.reviewer import Reviewer
    from align.settings import default_reviewer
    from align.store.statements import RoleChange, new_uid
    from align.workspace.document_lookup import find_document

    if remove and role:
        raise UsageError("--remove takes the passage out; it has no --role then.")
    if quote is None and not remove and role != "not said":
        raise UsageError("give --quote, or --role 'not said' for a document that does not say it.")
    settings = settings_for(db=db, reviewer=reviewer)
    with opened(settings) as store:
        statement = _statement(store, uid).uid if uid else new_uid()
        if quote is None:
            name, text, lang = find_document(store, doc).name, "", "und"
        else:
            passage = find_passage(store, doc, quote)
            name, text, lang = passage.document, passage.text, passage.lang
        change = RoleChange(name, text, lang, None if remove else Role(role or "says"))
        decision = Reviewer(store, settings.reviewer or default_reviewer()).decide_statement(
            statement, [change], label=label
        )
    note("Nothing changed." if decision is None else f"{name}: {'removed' if remove else change.role}.")
    click.echo(statement)


@statements.command("list", epilog="Example: align statements list --json | jq .label")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per statement.")
@store_option
def list_(as_json: bool, db: Path | None) -> None:
    """List the statements with the number of documents that make them."""
    with opened(settings_for(db=db)) as store:
        listed = list(store.statements().values())
    for one in listed:
        roles = {role.value: len({m.document for m in one.members if m.role == role}) for role in Role}
        if as_json:
            record = {"statement": one.uid, "label": one.label, "documents": roles, "members": len(one.members)}
            click.echo(json_line(record))
        else:
            counts = ", ".join(f"{count} {role}" for role, count in roles.items() if count)
            print_line(f"{one.uid[:8]}  {one.label}  ({counts})")
    if not listed:
        note("No statements. `align statements suggest` finds passages, `align statements mark` confirms them.")


@statements.command(epilog="Example: align statements export statements.tsv")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--to", "form", type=click.Choice(["jsonl", "tsv", "html"]), help="Format.  [default: by the suffix]")
@click.option("--force", is_flag=True, help="Replace an existing OUT.")
@store_option
def export(out: Path, form: str | None, force: bool, db: Path | None) -> None:
    """Write the statements to OUT: JSON Lines or TSV with a row for each passage, or a page for a browser.

    The page lists statements by documents, contradictions first; "not found so far" and "not looked at" differ.
    """
    from align.exchange.export_target import refuse_store, written_file
    from align.report.statement_page import COLUMNS, page, records

    form = form or {".jsonl": "jsonl", ".tsv": "tsv", ".html": "html", "": "jsonl"}.get(out.suffix.lower())
    if form is None:
        raise UsageError(f"{out}: give a file that ends in .jsonl, .tsv or .html, or --to.")
    refuse_store(out)
    with opened(settings_for(db=db)) as store:
        listed = store.statements()
        with written_file(out, force=force) as file:
            if form == "html":
                for part in page(store, listed):
                    file.write(part.encode())
            elif form == "jsonl":
                for record in records(store, listed):
                    file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            else:
                rows = io.StringIO(newline="")
                writer = csv.writer(rows, delimiter="\t", lineterminator="\n")
                writer.writerow(COLUMNS)
                for record in records(store, listed):
                    values = (json.dumps(v) if isinstance(v, list) else str(v) for v in record.values())
                    writer.writerow([" ".join(value.split()) for value in values])
                file.write(rows.getvalue().encode())
    note(f"{pluralise(len(listed), 'statement')} written.")
