"""Passages of a store for statements: the sentences that have a quote, and those that may say the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Sequence

from align.embeddings import Encoder
from align.errors import UsageError
from align.mining.passage_ranking import DocumentPassage, PassageRanker, Progress, Suggestion
from align.models import CONFIRMED, UNDETERMINED, LinkKind, Role
from align.store import LinkFilter, Store
from align.store.statements import Statement
from align.text.normalize import weighted_length
from align.workspace.document_lookup import find_document
from align.workspace.language_runs import UNMATCHED_KINDS

MIN_LENGTH = 20.0
"""Minimum weighted length of a passage: shorter ones say too little."""
SURE_KINDS = frozenset({LinkKind.TRANSLATION, LinkKind.TITLE, LinkKind.QUOTE})
SURE_CONFIDENCE = 0.9
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


def passages_of(store: Store) -> list[DocumentPassage]:
    """The passages of a store: sentences of some length outside boilerplate, in document order."""
    return [
        DocumentPassage(row.name, sentence.lang, sentence.text, sentence.pieces, sentence.id)
        for row in store.documents()
        for sentence in store.sentences(row.id)
        if sentence.kind not in UNMATCHED_KINDS
        and sentence.lang != UNDETERMINED
        and weighted_length(sentence.text, sentence.lang) >= MIN_LENGTH
    ]


def years_of(store: Store) -> dict[str, set[str]]:
    """The years that each document is about: those with a fifth of all its mentions of a year, dates included."""
    years: dict[str, set[str]] = {}
    for row in store.documents():
        counts = Counter(year for sentence in store.sentences(row.id) for year in _YEAR.findall(sentence.text))
        years[row.name] = {year for year, count in counts.items() if count >= 0.2 * counts.total()}
    return years


def sure_links(store: Store) -> list[tuple[int, int]]:
    """Pairs of sentence ids that accepted links, or surely right ones, call translations of each other."""
    pairs: list[tuple[int, int]] = []
    for link in store.links(LinkFilter(kinds=SURE_KINDS)):
        if link.status in CONFIRMED or (link.status == "proposed" and link.confidence >= SURE_CONFIDENCE):
            pairs += [(a, b) for a in link.src.sentences for b in link.tgt.sentences]
    return pairs


def find_passage(store: Store, document: str, quote: str) -> DocumentPassage:
    """The sentence of a document that has a quote; letter case and spaces do not matter.

    Raises UsageError where no sentence or several have it.
    """
    row = find_document(store, document)
    comparable_quote = _comparable(quote)
    if not comparable_quote:
        raise UsageError("the quote is empty. Give some words of the sentence.")
    sentences = [
        DocumentPassage(row.name, sentence.lang, sentence.text, sentence.pieces, sentence.id)
        for sentence in store.sentences(row.id)
    ]
    matches = [one for one in sentences if comparable_quote in _comparable(one.text)]
    matches = [one for one in matches if comparable_quote == _comparable(one.text)] or matches
    if not matches:
        raise UsageError(f"{row.name}: no sentence has this quote. `align search` finds words in all texts.")
    if len({one.text for one in matches}) > 1:
        raise UsageError(f"{row.name}: {len(matches)} sentences have this quote. Give more of the sentence.")
    return matches[0]


def _comparable(text: str) -> str:
    return "".join(text.casefold().split())


def members_of(store: Store, statement: Statement) -> list[DocumentPassage]:
    """The confirmed members of a statement that are in their documents now."""
    confirmed = {(member.document, member.text) for member in statement.members_with(Role.FULL, Role.PARTIAL)}
    documents = {member[0] for member in confirmed}
    return [
        DocumentPassage(row.name, sentence.lang, sentence.text, sentence.pieces, sentence.id)
        for row in store.documents()
        if row.name in documents
        for sentence in store.sentences(row.id)
        if (row.name, sentence.text) in confirmed
    ]


def suggest(
    store: Store,
    encoder: Encoder,
    members: Sequence[DocumentPassage],
    *,
    top: int = 3,
    exclude: Container[tuple[str, str]] = (),
    progress: Progress | None = None,
) -> dict[str, list[Suggestion]]:
    """The `top` best passages of each other document for a statement with these members, by document.

    `exclude`: (document, text) of passages that are decided already. Raises UsageError without another document.
    """
    passages = [one for one in passages_of(store) if (one.document, one.text) not in exclude]
    present = {one.sentence for one in passages}
    passages = [*(one for one in members if one.sentence not in present), *passages]
    if len({one.document for one in passages}) < 2:
        raise UsageError("no other document to look in. Add the texts with `align add`.")
    row_of = {one.sentence: row for row, one in enumerate(passages)}
    ranker = PassageRanker(passages, encoder, progress)
    return ranker.suggest([row_of[one.sentence] for one in members], top=top)
