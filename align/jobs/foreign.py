"""Another tool's memory as documents with links: a document for each language, a block and a sentence a segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from align.domain import UNDETERMINED, Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.exchange.formats import Format
from align.exchange.types import ImportedUnit as Row
from align.jobs.add import known_as, namesake
from align.jobs.decide import Desk
from align.store import LinkFilter, Store, TextChange
from align.text.language import identify
from align.text.tags import canonical

TELLING = 4000
"""Characters that are enough to tell a language."""

Outcome = Literal["added", "changed", "unchanged"]


class _Linked(NamedTuple):
    """A pair of a file's segments, as sentences of the store."""

    row: Row
    settled: bool
    src: tuple[int]
    tgt: tuple[int]

    @property
    def sides(self) -> tuple[tuple[int], tuple[int]]:
        return self.src, self.tgt

    @property
    def note(self) -> str:
        return (self.row.note or "").strip()


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a foreign file became."""

    documents: tuple[str, ...]
    links: int
    accepted: int
    dry_run: bool
    rejected: int = 0
    """Rows that the file itself says are rejected or obsolete: left out."""
    elsewhere: int = 0
    """Pairs of the file whose sentences a reviewer has linked otherwise here: left out."""
    outcome: Outcome = "added"
    """What became of the documents and their links, where this is no dry run."""
    name: str = ""
    """What the documents are called before their languages."""
    change: TextChange | None = None
    """What new texts of the documents did to their links; None where there were none."""
    told: tuple[str, ...] = ()
    """What else there is to know."""

    def lines(self) -> list[str]:
        """What it came to, a line each."""
        changed = [f"{phrase[:1].upper()}{phrase[1:]}." for phrase in self.change.words()] if self.change else []
        return [self.words(), *changed, *self.told]

    def words(self) -> str:
        """The main line."""
        would = "Would become" if self.dry_run else "Became"
        left = f" Left out: {self.rejected:,} that the file calls rejected or obsolete." if self.rejected else ""
        if self.elsewhere:
            left += f" Left out: {self.elsewhere:,} whose sentences are in other links that reviewers decided on."
        return (
            f"{would} {len(self.documents)} documents with {self.links:,} links, {self.accepted:,} of them accepted."
            f"{left}"
        )


def part_of(lang: str) -> str:
    """What the name of the document of a file's texts in one language has after the file's."""
    return f" [{lang}]"


def our_tag(lang: str) -> str:
    """A tool's language code as this house writes it; `und` where it is none, so that the texts are asked."""
    return canonical(lang) or UNDETERMINED


def adopt(
    store: Store,
    path: Path,
    rows: Sequence[Row],
    desk: Desk,
    *,
    form: Format,
    accept: bool,
    dry_run: bool,
    name: str | None = None,
    replace_settled: bool = False,
) -> Adopted:
    """Make documents and links of rows. Links are accepted where the file says so, or is a memory by its nature.

    A unit of several languages gives a link between its source and each other one. A file that was taken in
    before, and may have grown since, adds what is new; what was decided on the rest stays. `name` is what to call it,
    else its path. Raises TextLossError where too many settled links are no longer in it, and not `replace_settled`.
    """
    every = len(rows)
    rows = with_languages([row for row in rows if row.status != Status.REJECTED])
    rejected = every - len(rows)
    texts = _Texts(rows)
    langs = list(texts.segments)
    identity = store.identify(str(path), known_as(str(path)), [part_of(lang) for lang in langs])
    base = name or identity.name
    names = [base + part_of(lang) for lang in langs]
    told = () if name else namesake(identity)
    settled = [_settled(row, form, accept) for row in rows]
    pairs = list(texts.pairs())
    docs = [texts.document(lang, named, form.name) for lang, named in zip(langs, names, strict=True)]
    origins = [identity.origin + part_of(lang) for lang in langs]
    if dry_run:
        with store.rehearsal():
            _, change = store.add_documents(docs, reviewer=desk.reviewer, replace_settled=replace_settled)
        accepted = sum(settled[row] for row, *_ in pairs)
        return Adopted(
            tuple(names), len(pairs), accepted, True, rejected, name=base, change=change, told=told
        )  # fmt: skip
    added, change = store.add_documents(docs, reviewer=desk.reviewer, replace_settled=replace_settled, origins=origins)
    outcomes = {one.outcome for one in added}
    documents = {lang: one.document for lang, one in zip(langs, added, strict=True)}
    sentences = {lang: [sentence.id for sentence in store.sentences(number)] for lang, number in documents.items()}
    links = accepted = elsewhere = 0
    for src, tgt in dict.fromkeys((src, tgt) for _, (src, _), (tgt, _) in pairs):
        units = [
            _Linked(rows[row], settled[row], (sentences[src][one[1]],), (sentences[tgt][two[1]],))
            for row, one, two in pairs
            if (one[0], two[0]) == (src, tgt)
        ]
        fresh, left = _link_up(store, desk, (documents[src], documents[tgt]), units, form.name)
        links += len(fresh)
        elsewhere += left
        accepted += sum(unit.settled for unit in fresh)
    outcome: Outcome = "added" if outcomes == {"added"} else "unchanged" if outcomes == {"unchanged"} else "changed"
    if outcome == "unchanged" and links:
        outcome = "changed"
    return Adopted(tuple(names), links, accepted, False, rejected, elsewhere, outcome, base, change, told)


def _link_up(
    store: Store, desk: Desk, documents: tuple[int, int], units: Sequence[_Linked], form: str
) -> tuple[list[_Linked], int]:
    """Link the sentences that are in no link yet, and leave alone the others, whatever became of them. Returns what
    is new, and how many are not linked since a reviewer has linked one of their sentences otherwise."""
    there = list(store.links(LinkFilter(documents=documents)))
    linked = {number for link in there for number in (*link.src.sentences, *link.tgt.sentences)}
    fresh = [unit for unit in units if not linked.issuperset((*unit.src, *unit.tgt))]
    if not fresh:
        return [], 0
    undecided = [
        Proposal(link.src.sentences, link.tgt.sentences, link.kind, link.score, link.confidence)
        for link in there
        if link.status == Status.PROPOSED
    ]
    proposals = [Proposal(*unit.sides, unit.row.kind or LinkKind.TRANSLATION, 1.0, 1.0) for unit in fresh]
    store.propose(*documents, undecided + proposals, form)
    if not there and all(unit.settled for unit in fresh):
        desk.accept_above(0.0, LinkFilter(documents=documents))
        if not any(unit.note for unit in fresh):
            return fresh, 0
    made = {(link.src.sentences, link.tgt.sentences): link for link in store.links(LinkFilter(documents=documents))}
    taken = []
    for unit in fresh:
        link = made.get(unit.sides)
        if link is None:
            continue  # a reviewer has linked these sentences otherwise
        taken.append(unit)
        if unit.settled and link.status == Status.PROPOSED:
            desk.accept(link.id)
        if unit.note:
            desk.note(link.id, unit.note)
    return taken, len(fresh) - len(taken)


def with_languages(rows: Sequence[Row]) -> list[Row]:
    """The rows, with the language of a side that the file does not tell found out from all texts of that side."""
    found: dict[int, str] = {}
    for side in range(2):
        texts = [
            row.sides[side].text
            for row in rows
            if len(row.sides) > side and our_tag(row.sides[side].lang) == UNDETERMINED
        ]
        if texts:
            found[side] = identify("\n".join(texts)[:TELLING]).lang
    return [
        row._replace(
            sides=tuple(
                told._replace(lang=found[side]) if side in found and our_tag(told.lang) == UNDETERMINED else told
                for side, told in enumerate(row.sides)
            )
        )
        for row in rows
    ]


def _settled(row: Row, form: Format, accept: bool) -> bool:
    if row.status is not None:
        return row.status in (Status.ACCEPTED, Status.EDITED)
    return accept or form.confirmed


def _language(key: str) -> str:
    """The language of a key such as `und 2`."""
    return key.split(" ")[0]


class _Texts:
    """The segments of each language in a row, and which of them stand in one unit."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.segments: dict[str, list[str]] = {}
        """By language; the second text of one language in a unit goes by `und 2`."""
        self.units: list[list[tuple[str, int]]] = []
        for row in rows:
            unit: list[tuple[str, int]] = []
            for told in row.sides:
                lang, text = our_tag(told.lang), told.text.strip()
                again = sum(lang == _language(other) for other, _ in unit)
                key = f"{lang} {again + 1}" if again else lang
                if text:
                    segments = self.segments.setdefault(key, [])
                    segments.append(text)
                    unit.append((key, len(segments) - 1))
            self.units.append(unit)

    def pairs(self) -> Iterator[tuple[int, tuple[str, int], tuple[str, int]]]:
        """(row, (language, segment), (language, segment)) of every link.

        Where a unit says it twice in the language of its source, both are the source of what other languages say.
        """
        for number, unit in enumerate(self.units):
            sources = [one for one in unit if _language(one[0]) == _language(unit[0][0])]
            targets = [one for one in unit if one not in sources]
            if not targets:  # Two variants of one language.
                sources, targets = unit[:1], unit[1:]
            for source, target in product(sources, targets):
                yield number, source, target

    def document(self, key: str, name: str, form: str) -> Document:
        """The document of a language: its segments, a line each."""
        lang = _language(key)
        blocks: list[Block] = []
        at = 0
        for text in self.segments[key]:
            span = Span(at, at + len(text))
            blocks.append(Block(span, BlockKind.BODY, lang, 1.0, (Sentence((span,), lang, 1.0),)))
            at = span.end + 1
        return Document(name, "\n".join(self.segments[key]) + "\n", tuple(blocks), reader=form)
