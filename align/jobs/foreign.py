"""Another tool's memory as documents with links: a document for each language, a block and a sentence a segment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from align.domain import UNDETERMINED, Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.jobs.decide import Desk
from align.store import LinkFilter, Store
from align.text.language import identify
from align.text.tags import canonical
from align.writers.readback.row import Row

TELLING = 4000
"""Characters that are enough to tell a language."""
_MEMORIES = frozenset({"tmx"})
"""Formats whose units are settled translations by what they are."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a foreign file became."""

    documents: tuple[str, ...]
    links: int
    accepted: int
    dry_run: bool
    rejected: int = 0
    """Rows that the file itself says are rejected or obsolete: left out."""

    def words(self) -> str:
        """One line."""
        would = "Would become" if self.dry_run else "Became"
        left = f" Left out: {self.rejected:,} that the file calls rejected or obsolete." if self.rejected else ""
        return (
            f"{would} {len(self.documents)} documents with {self.links:,} links, {self.accepted:,} of them accepted."
            f"{left}"
        )


def our_tag(lang: str) -> str:
    """A tool's language code as this house writes it; `und` where it is none, so that the texts are asked."""
    return canonical(lang) or UNDETERMINED


def adopt(
    store: Store, path: Path, rows: Sequence[Row], desk: Desk, *, form: str, accept: bool, dry_run: bool
) -> Adopted:
    """Make documents and links of rows. Links are accepted where the file says so, or is a memory by its nature.

    A unit of several languages gives a link between its first language and each other one.
    """
    every = len(rows)
    rows = with_languages([row for row in rows if row.status != Status.REJECTED])
    rejected = every - len(rows)
    texts = _Texts(rows)
    langs = list(texts.segments)
    names = {lang: f"{path} [{lang}]" for lang in langs}
    settled = [_settled(row, form, accept) for row in rows]
    pairs = list(texts.pairs())
    if dry_run:
        return Adopted(tuple(names.values()), len(pairs), sum(settled[row] for row, *_ in pairs), True, rejected)
    documents: dict[str, int] = {}
    sentences: dict[str, list[int]] = {}
    for lang in langs:
        documents[lang] = store.add_document(texts.document(lang, names[lang], form)).document
        sentences[lang] = [sentence.id for sentence in store.sentences(documents[lang])]
    for src, tgt in dict.fromkeys((src, tgt) for _, (src, _), (tgt, _) in pairs):
        mine = [(row, one[1], two[1]) for row, one, two in pairs if (one[0], two[0]) == (src, tgt)]
        proposals = [
            Proposal((sentences[src][one],), (sentences[tgt][two],), rows[row].kind or LinkKind.TRANSLATION, 1.0, 1.0)
            for row, one, two in mine
        ]
        store.propose(documents[src], documents[tgt], proposals, form)
        _accept(store, desk, (documents[src], documents[tgt]), [settled[row] for row, *_ in mine])
    return Adopted(tuple(names.values()), len(pairs), sum(settled[row] for row, *_ in pairs), False, rejected)


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


def _settled(row: Row, form: str, accept: bool) -> bool:
    if row.status is not None:
        return row.status in (Status.ACCEPTED, Status.EDITED)
    return accept or form in _MEMORIES


def _accept(store: Store, desk: Desk, documents: tuple[int, int], settled: Sequence[bool]) -> None:
    chosen = LinkFilter(documents=documents, statuses=frozenset({Status.PROPOSED}))
    if all(settled) and settled:
        desk.accept_above(0.0, chosen)
    else:
        links = list(store.links(chosen))
        for link, one in zip(links, settled, strict=True):
            if one:
                desk.accept(link.id)


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
                again = sum(lang == other.split(" ")[0] for other, _ in unit)
                key = f"{lang} {again + 1}" if again else lang
                if text:
                    segments = self.segments.setdefault(key, [])
                    segments.append(text)
                    unit.append((key, len(segments) - 1))
            self.units.append(unit)

    def pairs(self) -> Iterator[tuple[int, tuple[str, int], tuple[str, int]]]:
        """(row, (language, segment), (language, segment)) of every link."""
        for number, unit in enumerate(self.units):
            for other in unit[1:]:
                yield number, unit[0], other

    def document(self, key: str, name: str, form: str) -> Document:
        """The document of a language: its segments, a line each."""
        lang = key.split(" ")[0]
        blocks: list[Block] = []
        at = 0
        for text in self.segments[key]:
            span = Span(at, at + len(text))
            blocks.append(Block(span, BlockKind.BODY, lang, 1.0, (Sentence((span,), lang, 1.0),)))
            at = span.end + 1
        return Document(name, "\n".join(self.segments[key]) + "\n", tuple(blocks), reader=form)
