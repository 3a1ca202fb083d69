"""Create documents with links from units of another tool: a document per language, a sentence per segment."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple

from align.exchange.formats import Format
from align.exchange.types import ImportedUnit, Properties, properties_key
from align.inputs import document_path
from align.models import (
    CONFIRMED,
    UNDETERMINED,
    Block,
    BlockKind,
    Document,
    Link,
    LinkKind,
    Proposal,
    Sentence,
    Span,
    Status,
)
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, TextChange, edits
from align.store.origins import namesake_messages
from align.text.language import identify
from align.text.messages import pluralise
from align.text.tags import is_listed, tag_or_undetermined

LANGUAGE_SAMPLE = 4000
"""Characters that a language is identified from."""


ImportOutcome = Literal["added", "changed", "unchanged"]


class _LinkedUnit(NamedTuple):
    """A pair of segments of a unit, as sentence ids of the store."""

    unit: ImportedUnit
    confirmed: bool
    src: tuple[int]
    tgt: tuple[int]

    @property
    def sides(self) -> tuple[tuple[int], tuple[int]]:
        return self.src, self.tgt

    @property
    def note(self) -> str:
        return (self.unit.note or "").strip()


@dataclass(frozen=True, slots=True)
class ImportedDocuments:
    """The documents and links that a file became."""

    documents: tuple[str, ...]
    links: int
    accepted: int
    dry_run: bool
    rejected: int = 0
    """Units left out because the file marks them as rejected or obsolete."""
    linked_elsewhere: int = 0
    """Pairs left out because their sentences are in other links."""
    unpaired: int = 0
    """Units with a text in one language only: the text is in a document, without a link."""
    pairs: int = 0
    """Pairs of texts in the file, linked now or before."""
    sentences: int = 0
    """Texts in the documents."""
    languages: tuple[str, ...] = ()
    outcome: ImportOutcome = "added"
    """Of the documents and their links; meaningless in a dry run."""
    name: str = ""
    """The names of the documents without their languages."""
    change: TextChange | None = None
    """The effect of new texts of the documents on their links; None without new texts."""
    messages: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The lines of a report, the main one first."""
        changed = (
            [f"{phrase[:1].upper()}{phrase[1:]}." for phrase in self.change.summary_lines()] if self.change else []
        )
        unpaired = [self.without_partner()] if self.unpaired else []
        return [self.summary(), *unpaired, *changed, *self.messages]

    def summary(self) -> str:
        """The main line."""
        became = "Would become" if self.dry_run else "Became"
        left_out = f" Left out: {self.rejected:,} rejected or obsolete in the file." if self.rejected else ""
        if self.linked_elsewhere:
            left_out += f" {self.left_out()}"
        return (
            f"{became} {pluralise(len(self.documents), 'document')} with {self.links:,} links, {self.accepted:,} of "
            f"them accepted.{left_out}"
        )

    def without_partner(self) -> str:
        """The number of units without a translation."""
        return f"Without a translation: {pluralise(self.unpaired, 'unit')}; their texts are added without links."

    def left_out(self) -> str:
        """What was left out since other links are in its way."""
        return f"Left out: {pluralise(self.linked_elsewhere, 'pair')} of sentences that are in other links."


def language_suffix(lang: str) -> str:
    """The end of the name of the document of one language; the start is the name of the file."""
    return f" [{lang}]"


def create_documents(
    store: Store,
    path: Path,
    units: Sequence[ImportedUnit],
    reviewer: Reviewer,
    *,
    form: Format,
    accept: bool,
    dry_run: bool,
    name: str | None = None,
    replace_settled: bool = False,
    split: bool = False,
) -> ImportedDocuments:
    """Create documents and links from units.

    Links are accepted where the file marks them so, or by the nature of the format (`Format.confirmed`). A unit of
    several languages becomes a link between its source and each other language. A file that was imported before
    adds new units; decisions on the other links are unchanged. `name`: of the documents, instead of the path.
    Raises TextLossError where the file lacks too many of their confirmed links, unless `replace_settled`.
    """
    count = len(units)
    units = with_languages([unit for unit in units if unit.status != Status.REJECTED])
    rejected = count - len(units)
    texts = _Texts(units)
    langs = list(texts.segments)
    identity = store.identify(str(path), document_path(str(path)), [language_suffix(lang) for lang in langs])
    base = name or identity.name
    names = [base + language_suffix(lang) for lang in langs]
    messages = (*_unlisted_languages(units), *(() if name else namesake_messages(identity)))
    confirmed = [_is_confirmed(unit, form, accept) for unit in units]
    pairs = list(texts.pairs())
    reader = f"{form.name}/sentence" if split else form.name
    docs = [texts.document(lang, named, reader) for lang, named in zip(langs, names, strict=True)]
    unpaired = sum(len(parts) == 1 for parts in texts.units)
    segments = sum(map(len, texts.segments.values()))
    origins = [identity.origin + language_suffix(lang) for lang in langs]
    if dry_run:
        with store.dry_run():
            _, change = store.add_documents(docs, reviewer=reviewer.name, replace_settled=replace_settled)
        accepted = sum(confirmed[number] for number, *_ in pairs)
        return ImportedDocuments(
            tuple(names), len(pairs), accepted, True, rejected, unpaired=unpaired, pairs=len(pairs), sentences=segments,
            name=base, change=change, messages=messages,
        )  # fmt: skip
    added, change = store.add_documents(docs, reviewer=reviewer.name, replace_settled=replace_settled, origins=origins)
    outcomes = {document.outcome for document in added}
    documents = {lang: document.document for lang, document in zip(langs, added, strict=True)}
    sentences = {lang: [sentence.id for sentence in store.sentences(number)] for lang, number in documents.items()}
    _remember_properties(store, units, pairs, documents, sentences)
    linked = _by_languages(units, confirmed, pairs, sentences)
    links, accepted, linked_elsewhere = _link_all(store, reviewer, documents, linked, form.name)
    return ImportedDocuments(
        tuple(names), links, accepted, False, rejected, linked_elsewhere, unpaired, len(pairs), segments,
        tuple(_language(lang) for lang in langs), _outcome(outcomes, links), base, change,
        messages,
    )  # fmt: skip


def _by_languages(
    units: Sequence[ImportedUnit],
    confirmed: Sequence[bool],
    pairs: Sequence[tuple[int, tuple[str, int], tuple[str, int]]],
    sentences: Mapping[str, Sequence[int]],
) -> dict[tuple[str, str], list[_LinkedUnit]]:
    """The pairs as sentences of the store, by source and target language."""
    linked: dict[tuple[str, str], list[_LinkedUnit]] = {}
    for number, (src, source), (tgt, target) in pairs:
        unit = _LinkedUnit(units[number], confirmed[number], (sentences[src][source],), (sentences[tgt][target],))
        linked.setdefault((src, tgt), []).append(unit)
    return linked


def _outcome(documents: Set[ImportOutcome], links: int) -> ImportOutcome:
    """The outcome of a file by those of its documents and the number of its new links."""
    if documents == {"added"}:
        return "added"
    return "unchanged" if documents == {"unchanged"} and not links else "changed"


def _unlisted_languages(units: Sequence[ImportedUnit]) -> Iterator[str]:
    """A line about language codes of the file that no language has, and those that are no codes at all."""
    counts = Counter(side.lang for unit in units for side in unit.sides if side.text.strip())
    unlisted = {lang: n for lang, n in counts.items() if lang != UNDETERMINED and not is_listed(lang)}
    if unlisted:
        listed = ", ".join(f"{lang or '(none)'} ({n:,})" for lang, n in sorted(unlisted.items()))
        yield f"Unknown language codes: {listed}. `align documents set-lang` corrects the language of a document."


def _remember_properties(
    store: Store,
    units: Sequence[ImportedUnit],
    pairs: Sequence[tuple[int, tuple[str, int], tuple[str, int]]],
    documents: Mapping[str, int],
    sentences: Mapping[str, Sequence[int]],
) -> None:
    """Store the properties of the units, for an export to the same format."""
    by_document: dict[int, dict[int, Properties]] = {}
    for number, (src, source), _ in pairs:
        if properties := units[number].properties:
            properties = [(*one[:2], *map(tag_or_undetermined, one[2:])) for one in properties]
            by_document.setdefault(documents[src], {})[sentences[src][source]] = properties
    for document, properties_by_sentence in by_document.items():
        store.remember(properties_key(document), json.dumps(properties_by_sentence, ensure_ascii=False))


def _link_all(
    store: Store,
    reviewer: Reviewer,
    documents: Mapping[str, int],
    linked: Mapping[tuple[str, str], Sequence[_LinkedUnit]],
    form: str,
) -> tuple[int, int, int]:
    """Link the sentences of every two languages: the number of links, of accepted ones, and of units left out."""
    links = accepted = left_out = 0
    for (src, tgt), units in linked.items():
        new, linked_elsewhere = _link_sentences(store, reviewer, (documents[src], documents[tgt]), units, form)
        links += len(new)
        accepted += sum(unit.confirmed for unit in new)
        left_out += linked_elsewhere
    return links, accepted, left_out


def _link_sentences(
    store: Store, reviewer: Reviewer, documents: tuple[int, int], units: Sequence[_LinkedUnit], form: str
) -> tuple[list[_LinkedUnit], int]:
    """Link the sentences that are in no link yet; other links are unchanged.

    Returns the new links, and the number of those left out because a reviewer has linked one of their sentences.
    """
    links = list(store.links(LinkFilter(documents=documents)))
    linked = {number for link in links for number in (*link.src.sentences, *link.tgt.sentences)}
    new = [unit for unit in units if not linked.issuperset((*unit.src, *unit.tgt))]
    elsewhere = _count_elsewhere(links, {unit.sides for unit in units} - {unit.sides for unit in new})
    if not new:
        return [], elsewhere
    store.propose(*documents, _with_undecided(new, links), form)
    if not links and all(unit.confirmed for unit in new):
        reviewer.accept_above(0.0, LinkFilter(documents=documents))
        if not any(unit.note for unit in new):
            return new, elsewhere
    by_sentences = {
        (link.src.sentences, link.tgt.sentences): link for link in store.links(LinkFilter(documents=documents))
    }
    proposed = [unit for unit in new if unit.sides in by_sentences]  # a reviewer has linked the others otherwise
    for unit in proposed:
        _decide(reviewer, by_sentences[unit.sides], unit)
    return proposed, elsewhere + len(new) - len(proposed)


def _with_undecided(new: Sequence[_LinkedUnit], links: Sequence[Link]) -> list[Proposal]:
    """Proposals for new units, after those of the undecided links, which stay."""
    undecided = [
        Proposal(link.src.sentences, link.tgt.sentences, link.kind, link.score, link.confidence)
        for link in links
        if link.status == Status.PROPOSED
    ]
    return undecided + [
        Proposal(
            *one.sides,
            one.unit.kind or LinkKind.TRANSLATION,
            1.0,
            1.0 if one.unit.confidence is None else one.unit.confidence,
        )
        for one in new
    ]


def _decide(reviewer: Reviewer, link: Link, unit: _LinkedUnit) -> None:
    """Make the decisions of a unit on its link."""
    if unit.confirmed and link.status == Status.PROPOSED:
        reviewer.commit(edits.accept(link.id))
    if unit.note:
        reviewer.commit(edits.note(link.id, unit.note))


def _count_elsewhere(links: Sequence[Link], sides: Set[tuple[tuple[int], tuple[int]]]) -> int:
    """The number of pairs of sides that no link has, in either direction."""
    return len(sides - {pair for link in links for pair in _both_directions(link)})


def _both_directions(link: Link) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    yield link.src.sentences, link.tgt.sentences
    yield link.tgt.sentences, link.src.sentences


def with_languages(units: Sequence[ImportedUnit]) -> list[ImportedUnit]:
    """The units, with languages that the file does not name identified from all texts of the side."""
    identified: dict[int, str] = {}
    for side in range(2):
        texts = [
            unit.sides[side].text
            for unit in units
            if len(unit.sides) > side and tag_or_undetermined(unit.sides[side].lang) == UNDETERMINED
        ]
        if texts:
            identified[side] = identify("\n".join(texts)[:LANGUAGE_SAMPLE]).lang
    return [
        unit._replace(
            sides=tuple(
                segment._replace(lang=identified[side])
                if side in identified and tag_or_undetermined(segment.lang) == UNDETERMINED
                else segment
                for side, segment in enumerate(unit.sides)
            )
        )
        for unit in units
    ]


def _is_confirmed(unit: ImportedUnit, form: Format, accept: bool) -> bool:
    if unit.status is not None:
        return unit.status in CONFIRMED
    return accept or form.confirmed


def _language(key: str) -> str:
    """The language of a key such as `und 2`."""
    return key.split(" ")[0]


class _Texts:
    """The segments of each language in the order of the file, and the segments of each unit."""

    def __init__(self, units: Sequence[ImportedUnit]) -> None:
        self.segments: dict[str, list[str]] = {}
        """By language; the second text of one language in a unit has the key `und 2`."""
        self.units: list[list[tuple[str, int]]] = []
        for unit in units:
            parts: list[tuple[str, int]] = []
            for side in unit.sides:
                lang, text = tag_or_undetermined(side.lang), side.text.strip()
                repeats = sum(lang == _language(other) for other, _ in parts)
                key = f"{lang} {repeats + 1}" if repeats else lang
                if text:
                    segments = self.segments.setdefault(key, [])
                    segments.append(text)
                    parts.append((key, len(segments) - 1))
            self.units.append(parts)

    def pairs(self) -> Iterator[tuple[int, tuple[str, int], tuple[str, int]]]:
        """(unit, (key, segment), (key, segment)) of every link, as indexes.

        Where a unit has two texts in the language of its source, both are linked with those in other languages.
        """
        for number, parts in enumerate(self.units):
            sources = [part for part in parts if _language(part[0]) == _language(parts[0][0])]
            targets = [part for part in parts if part not in sources]
            if not targets:  # two variants of one language
                sources, targets = parts[:1], parts[1:]
            for source, target in product(sources, targets):
                yield number, source, target

    def document(self, key: str, name: str, reader: str) -> Document:
        """The document of a key: its segments, one per line."""
        lang = _language(key)
        blocks: list[Block] = []
        at = 0
        for text in self.segments[key]:
            span = Span(at, at + len(text))
            blocks.append(Block(span, BlockKind.BODY, lang, 1.0, (Sentence((span,), lang, 1.0),)))
            at = span.end + 1
        return Document(name, "\n".join(self.segments[key]) + "\n", tuple(blocks), reader=reader)
