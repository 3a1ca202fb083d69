"""Statements as records, and as one HTML page: which documents make which statement, contradictions first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import PurePath

from align import __version__
from align.models import Role
from align.store import Store
from align.store.statements import Member, Statement

COLUMNS = ("statement", "label", "document", "lang", "role", "text", "spans", "reviewer", "at", "contested")
MARKS = {
    Role.FULL: ("says", "full"),
    Role.PARTIAL: ("in part", "part"),
    Role.CONTRADICTS: ("contradicts", "against"),
    Role.DOUBTFUL: ("doubtful", "unsure"),
}
"""Role -> words and class of a cell."""
STRONGEST = (Role.CONTRADICTS, Role.FULL, Role.PARTIAL, Role.DOUBTFUL)
STYLE = """
.matrix td.full{background:#cfe8cf}.matrix td.part{background:#e8f3d4}.matrix td.against{background:#f3c9c9}
.matrix td.unsure{background:#f4e8c4}.matrix td.none{color:#555}.matrix td.open{color:#777;font-style:italic}
.matrix td{color:#1a1a1a;background:#fff}.matrix th{max-width:12em;overflow-wrap:anywhere}
blockquote{margin:.4em 0 .4em 1em}blockquote cite{display:block;font-size:.9em;opacity:.8}
"""


def records(store: Store, statements: Mapping[str, Statement]) -> Iterator[dict[str, object]]:
    """One record for each member, with the keys `COLUMNS`; `spans`: `[start, end)` in its document, empty where the
    text is no longer in it."""
    spans: dict[tuple[str, str], list[list[int]]] = {}
    documents = {member.document for statement in statements.values() for member in statement.members}
    for row in store.documents():
        if row.name in documents:
            for sentence in store.sentences(row.id):
                spans.setdefault((row.name, sentence.text), [[*span] for span in sentence.pieces])
    for statement in statements.values():
        for member in statement.members:
            yield {
                "statement": statement.uid,
                "label": statement.label,
                "document": member.document,
                "lang": member.lang,
                "role": member.role.value,
                "text": member.text,
                "spans": spans.get((member.document, member.text), []),
                "reviewer": member.reviewer,
                "at": member.at,
                "contested": [None if role is None else role.value for role in member.contested],
            }


def page(store: Store, statements: Mapping[str, Statement]) -> Iterator[str]:
    """Yield the page in parts: statements by documents, then the quotes of each."""
    names = [row.name for row in store.documents()]
    ordered = sorted(statements.values(), key=lambda one: (not one.is_contested, -len(one.documents), one.label))
    style = (resources.files("align.report") / "static" / "report.css").read_text(encoding="utf-8")
    yield (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Statements in {escape(store.path.name)}</title><link rel="icon" href="data:,">'
        f"<style>{style}{STYLE}</style></head><body>"
    )
    yield (
        f"<header><h1>Statements in {escape(store.path.name)}</h1><p>{len(statements):,} statements, "
        f"{sum(one.is_contested for one in ordered):,} of them contradicted. &ldquo;Not found so far&rdquo; is not "
        "&ldquo;not said&rdquo;: a reviewer looked at the first suggestions of that document and none of them says "
        "it.</p></header><main>"
    )
    if ordered and names:
        head = "".join(f'<th title="{escape(name)}">{escape(PurePath(name).name)}</th>' for name in names)
        yield '<section><div class="wide"><table class="matrix"><thead><tr><th>statement</th>'
        yield f"{head}</tr></thead><tbody>"
        for number, statement in enumerate(ordered, start=1):
            cells = "".join(_cell(statement, name) for name in names)
            yield f'<tr><td><a href="#s{number}">{escape(statement.label)}</a></td>{cells}</tr>'
        yield "</tbody></table></div></section>"
    for number, statement in enumerate(ordered, start=1):
        yield f'<section id="s{number}"><h2>{escape(statement.label)}</h2>'
        quoted = [member for member in statement.members if member.text and member.role in MARKS]
        yield from map(_quote, sorted(quoted, key=lambda member: STRONGEST.index(member.role)))
        yield "</section>"
    yield f"</main><footer>align {escape(__version__)}</footer></body></html>\n"


def _cell(statement: Statement, name: str) -> str:
    roles: Sequence[Role] = [member.role for member in statement.members if member.document == name]
    for role in STRONGEST:
        if role in roles:
            words, style = MARKS[role]
            return f'<td class="{style}">{words}</td>'
    if Role.ABSENT in roles:
        return '<td class="none">not found so far</td>'
    return '<td class="open">not looked at</td>'


def _quote(member: Member) -> str:
    words, _ = MARKS[member.role]
    if member.contested:
        words += (
            " (reviewers disagree: " + ", ".join("removed" if r is None else r.value for r in member.contested) + ")"
        )
    lang, text = escape(member.lang), escape(member.text)
    where = f"{escape(member.document)}, {lang}, {escape(words)}"
    return f'<blockquote lang="{lang}" dir="auto">{text}<cite lang="en">{where}</cite></blockquote>'
