"""Align the language runs of a store's documents, and propose links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from align.domain import UNDETERMINED
from align.encoders.base import Encoder
from align.errors import ConflictError
from align.jobs.likely import MIN_LINKS, candidate_pairs
from align.jobs.runs import Runs
from align.jobs.translated import TranslatedSentences
from align.jobs.vectors import UNMATCHED_KINDS, LanguageGroup, groups
from align.match import Bead
from align.store import Store
from align.text.tags import primary


@dataclass(frozen=True, slots=True)
class PairProposals:
    """The changes to the links of one pair of language runs."""

    src: LanguageGroup
    tgt: LanguageGroup
    added: int
    removed: int
    reviewed: int
    """Reviewed links, which stay unchanged."""
    contradiction: str = ""
    """Two confirmed links that contradict each other, so that nothing was proposed; empty otherwise."""


def propose(
    store: Store,
    encoder: Encoder,
    *,
    documents: Sequence[int] | None = None,
    boilerplate: bool = False,
    encoding: Callable[[int, int], None] | None = None,
    matching: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[PairProposals]:
    """Align every two language runs, within a document and across documents; yields the changes of each pair.

    Reviewed links stay, and constrain the solver. Each pair is one transaction. With many documents, only pairs
    with near sentences are aligned, and a pair without links before and after is not yielded. Texts and their
    translations are proposed first; what two other runs have in common is not proposed where both sides have
    translations already. A pair whose confirmed links contradict each other is unchanged, with the reason in
    `contradiction`. `encoding` and `matching` are progress callbacks.
    """
    document_ids = [row.id for row in store.documents()] if documents is None else list(documents)
    linked = frozenset((row.src_document, row.tgt_document) for row in store.pairs())
    language_groups = groups(store, encoder, document_ids, boilerplate=boilerplate, progress=encoding)
    pairs = candidate_pairs(language_groups, linked)
    translated = TranslatedSentences(language_groups)

    def proposed(a: int, b: int, beads: Sequence[Bead], min_links: int) -> Iterator[PairProposals]:
        runs = Runs(language_groups[a], language_groups[b])
        src, tgt = runs.src, runs.tgt
        proposals = [runs.proposal(bead) for bead in beads] if len(beads) >= min_links else []
        if proposals or (src.document, tgt.document) in linked:
            languages = (src.primary, tgt.primary)
            counts = store.propose(src.document, tgt.document, proposals, encoder.name, languages=languages)
            yield PairProposals(src, tgt, counts.added, counts.removed, counts.reviewed)

    deferred: list[tuple[int, int, list[Bead], int]] = []
    for number, ((a, b), is_distinct) in enumerate(pairs):
        matching(number, len(pairs))
        runs = Runs(language_groups[a], language_groups[b])
        try:
            settled = runs.settled(store)
        except ConflictError as error:
            yield PairProposals(runs.src, runs.tgt, 0, 0, 0, str(error))
            continue
        beads = runs.solve(settled)
        min_links = 1 if is_distinct else MIN_LINKS
        if all(bead.partial_chain for bead in beads):
            deferred.append((a, b, beads, min_links))
        else:
            translated.add(a, b, beads)
            yield from proposed(a, b, beads, min_links)
    for a, b, beads, min_links in deferred:
        yield from proposed(
            a, b, [bead for bead in beads if not translated.is_translated_elsewhere(a, b, bead)], min_links
        )
    matching(len(pairs), len(pairs))


def explain_no_links(store: Store, *, boilerplate: bool = False) -> str:
    """Explain in a sentence why no links were proposed in a store, with a remedy."""
    languages = {primary(lang) for row in store.documents() for lang in row.languages if lang != UNDETERMINED}
    if len(languages) < 2:
        language_phrase = f"is in {languages.pop()}" if languages else "has no detected language"
        return f"All text {language_phrase}: there is nothing to align. `align documents set-lang` corrects a language."
    kinds = [sentence.kind for row in store.documents() for sentence in store.sentences(row.id)]
    left_out = 0 if boilerplate else sum(kind in UNMATCHED_KINDS for kind in kinds)
    if left_out:
        return f"{left_out:,} of {len(kinds):,} sentences were left out as boilerplate; --boilerplate includes them."
    return "The encoder found no passages with the same meaning; `align pair` aligns a known translation."
