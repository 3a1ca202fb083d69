"""Align the language runs of a store's documents, and propose links."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from align.aligner import Bead
from align.aligner.similarity import CSLS_SCALE
from align.aligner.triangles import judged
from align.embeddings.base import Encoder
from align.embeddings.nearest import search
from align.errors import ConflictError
from align.exchange.formats import FORMATS
from align.models import UNDETERMINED
from align.store import Store
from align.text.tags import is_other_variety, primary
from align.workspace.language_runs import UNMATCHED_KINDS, LanguageGroup, Runs, groups, varieties


@dataclass(frozen=True, slots=True)
class PairProposals:
    """The changes to the links of one pair of language runs."""

    src: LanguageGroup
    tgt: LanguageGroup
    added: int
    removed: int
    reviewed: int
    """Reviewed links, which stay unchanged."""
    pairs_of_file: bool = False
    """Whether its undecided links are the pairs of a file, which stay: nothing was proposed."""
    contradiction: str = ""
    """Two confirmed links that contradict each other, so that nothing was proposed; empty otherwise."""


def propose(
    store: Store,
    encoder: Encoder,
    *,
    documents: Sequence[int] | None = None,
    boilerplate: bool = False,
    same_language: bool = False,
    encoding: Callable[[int, int], None] | None = None,
    matching: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[PairProposals]:
    """Align every two language runs, within a document and across documents; yields the changes of each pair.

    Reviewed links stay, and constrain the solver; two documents with undecided links that came from a file of pairs
    stay as they are, since somebody has aligned them (`pairs_of_file`). Each pair is one transaction. With many
    documents, only pairs with near sentences are aligned, and a pair without links before and after is not yielded.
    Texts and their translations are proposed first; what two other runs have in common is not proposed where both
    sides have translations already. A pair whose confirmed links contradict each other is unchanged, with the
    reason in `contradiction`. Documents in one language are aligned where their tags differ in script or region,
    and with `same_language` every two; a page with a text in two scripts or regions is aligned with itself. Of
    three and more texts, what the alignments with a third say changes the confidence of a link
    (`aligner.triangles`); then all pairs are solved before the first is stored. `encoding` and `matching` are
    progress callbacks.
    """
    document_ids = [row.id for row in store.documents()] if documents is None else list(documents)
    linked = frozenset((row.src_document, row.tgt_document) for row in store.pairs())
    language_groups = groups(store, encoder, document_ids, boilerplate=boilerplate, progress=encoding)
    pairs = candidate_pairs(language_groups, linked, same_language=same_language)
    pairs += [(pair, True) for pair in _add_varieties(language_groups)]
    translated = TranslatedSentences(language_groups)
    from_files = store.undecided_pairs(form.name for form in FORMATS)

    def proposed(a: int, b: int, beads: Sequence[Bead], min_links: int) -> Iterator[PairProposals]:
        runs = Runs(language_groups[a], language_groups[b])
        return _store_links(store, encoder, runs, beads if len(beads) >= min_links else [], linked)

    is_judged = len(language_groups) > 2 and len(pairs) <= MAX_EXHAUSTIVE_PAIRS
    solved: list[tuple[int, int, list[Bead], int]] = []
    deferred: list[tuple[int, int, list[Bead], int]] = []
    for number, ((a, b), is_distinct) in enumerate(pairs):
        matching(number, len(pairs))
        runs = Runs(language_groups[a], language_groups[b])
        beads = _solve(store, runs, from_files)
        if isinstance(beads, PairProposals):
            yield beads
            continue
        min_links = 1 if is_distinct else MIN_LINKS
        if all(bead.partial_chain for bead in beads):
            deferred.append((a, b, beads, min_links))
        else:
            translated.add(a, b, beads)
            if is_judged:
                solved.append((a, b, beads, min_links))
            else:
                yield from proposed(a, b, beads, min_links)
    for a, b, beads, min_links in deferred:
        beads = [bead for bead in beads if not translated.is_translated_elsewhere(a, b, bead)]
        if is_judged:
            solved.append((a, b, beads, min_links))
        else:
            yield from proposed(a, b, beads, min_links)
    confident = judged({(a, b): beads for a, b, beads, _ in solved})
    for a, b, _, min_links in solved:
        yield from proposed(a, b, confident[a, b], min_links)
    matching(len(pairs), len(pairs))


def _add_varieties(language_groups: list[LanguageGroup]) -> list[IndexPair]:
    """Append the scripts or regions of each run that has several, and return their pairs."""
    pairs: list[IndexPair] = []
    for group in list(language_groups):
        parts = varieties(group)
        if len(parts) > 1:
            pairs += combinations(range(len(language_groups), len(language_groups) + len(parts)), 2)
            language_groups += parts
    return pairs


def _solve(store: Store, runs: Runs, from_files: Container[IndexPair]) -> list[Bead] | PairProposals:
    """The beads of two runs, or why nothing is proposed for them. from_files: documents with the pairs of a file."""
    ends = runs.src.document, runs.tgt.document
    if ends in from_files or ends[::-1] in from_files:
        return PairProposals(runs.src, runs.tgt, 0, 0, 0, pairs_of_file=True)
    try:
        settled = runs.settled(store)
    except ConflictError as error:
        return PairProposals(runs.src, runs.tgt, 0, 0, 0, contradiction=str(error))
    return runs.solve(settled)


def _store_links(
    store: Store, encoder: Encoder, runs: Runs, beads: Sequence[Bead], linked: Container[IndexPair]
) -> Iterator[PairProposals]:
    """Replace the undecided links of two runs with those of the beads, in one transaction, and yield the changes.

    linked: documents with links before. Where there are none before and after, nothing is yielded.
    """
    src, tgt = runs.src, runs.tgt
    if beads or (src.document, tgt.document) in linked:
        proposals = [runs.proposal(bead) for bead in beads]
        languages = (src.primary, tgt.primary)
        counts = store.propose(src.document, tgt.document, proposals, encoder.name, languages=languages)
        yield PairProposals(src, tgt, counts.added, counts.removed, counts.reviewed)


def explain_no_links(store: Store, *, boilerplate: bool = False) -> str:
    """Explain in a sentence why no links were proposed in a store, with a remedy."""
    languages = {primary(lang) for row in store.documents() for lang in row.languages if lang != UNDETERMINED}
    if len(languages) < 2:
        language_phrase = f"is in {languages.pop()}" if languages else "has no detected language"
        versions = "; --same-language aligns documents of one language" if len(store.documents()) > 1 else ""
        return (
            f"All text {language_phrase}: there is nothing to align{versions}. `align documents set-lang` corrects a "
            "language."
        )
    kinds = [sentence.kind for row in store.documents() for sentence in store.sentences(row.id)]
    left_out = 0 if boilerplate else sum(kind in UNMATCHED_KINDS for kind in kinds)
    if left_out:
        return f"{left_out:,} of {len(kinds):,} sentences were left out as boilerplate; --boilerplate includes them."
    return "The encoder found no passages with the same meaning; `align pair` aligns a known translation."


IndexPair = tuple[int, int]

MAX_EXHAUSTIVE_PAIRS = 400
"""Maximum number of run pairs that are all aligned: a few seconds."""
N_NEIGHBOURS = 10
"""Nearest sentences of the other language, among all documents, that each sentence is compared with."""
MIN_MARGIN = 0.2
"""Minimum margin, over the neighbourhoods in all documents, of a distinct sentence pair; on the scale of
`align.aligner.similarity`."""
MIN_LINKS = 3
"""Minimum links between two documents without a distinct sentence pair."""
N_BEST_RUNS = 5
"""Runs that each run is always paired with: those with the greatest sum of margins."""


def candidate_pairs(
    groups: Sequence[LanguageGroup],
    linked_documents: frozenset[IndexPair] = frozenset(),
    *,
    same_language: bool = False,
) -> list[tuple[IndexPair, bool]]:
    """Sorted pairs (a, b), a < b, of runs in different languages to be aligned, and whether each is distinct, so
    that a few links between them count: the nearest sentences of two documents are often nearer in a third.

    All pairs if there are at most MAX_EXHAUSTIVE_PAIRS. Else the pairs within one document, those in
    `linked_documents` (whose links are proposed again or deleted), those with a distinct sentence pair, and each
    run's N_BEST_RUNS: a number linear in the runs, not quadratic.
    """
    pairs = [
        (a, b)
        for a, b in combinations(range(len(groups)), 2)
        if is_candidate(groups[a], groups[b], same_language=same_language)
    ]
    if len(pairs) <= MAX_EXHAUSTIVE_PAIRS:
        return [(pair, True) for pair in pairs]
    selected = {
        (a, b): groups[a].document == groups[b].document
        for a, b in pairs
        if groups[a].document == groups[b].document or (groups[a].document, groups[b].document) in linked_documents
    }
    for src, tgt in _sides(groups, same_language=same_language):
        for pair, is_distinct in _near_pairs(groups, src, tgt):
            selected[pair] = is_distinct or selected.get(pair, False)
    return sorted(selected.items())


def is_candidate(one: LanguageGroup, other: LanguageGroup, *, same_language: bool) -> bool:
    """Whether two runs are in different languages, or in two versions of one language in two documents."""
    if one.primary != other.primary:
        return True
    return one.document != other.document and (same_language or is_other_variety(one.lang, other.lang))


def _sides(groups: Sequence[LanguageGroup], *, same_language: bool) -> Iterator[tuple[list[int], list[int]]]:
    """The runs of every two languages, of every two varieties of one language, or of each document and those after
    it in the same language."""
    by_language: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        by_language.setdefault(group.primary, []).append(number)
    yield from combinations(by_language.values(), 2)
    for runs in by_language.values():
        if same_language:
            yield from (([run], runs[number + 1 :]) for number, run in enumerate(runs[:-1]))
            continue
        by_tag: dict[str, list[int]] = {}
        for run in runs:
            by_tag.setdefault(groups[run].lang, []).append(run)
        yield from (
            (by_tag[one], by_tag[other]) for one, other in combinations(by_tag, 2) if is_other_variety(one, other)
        )


def _near_pairs(
    groups: Sequence[LanguageGroup], src: Sequence[int], tgt: Sequence[int]
) -> Iterator[tuple[IndexPair, bool]]:
    """The pairs of runs of two languages with near sentences, by CSLS among all, and whether each is distinct."""
    one, other = (np.concatenate([groups[k].passages.vectors for k in side]) for side in (src, tgt))
    run_of, run_of_other = (np.repeat(np.array(side), [len(groups[k].sentences) for k in side]) for side in (src, tgt))
    neighbours, cosines = search(one, other, N_NEIGHBOURS)
    back, back_cosines = search(other, one, N_NEIGHBOURS)
    level, level_other = cosines.mean(axis=1), back_cosines.mean(axis=1)
    rows = np.concatenate([np.repeat(np.arange(len(one)), neighbours.shape[1]), back.ravel()])
    columns = np.concatenate([neighbours.ravel(), np.repeat(np.arange(len(other)), back.shape[1])])
    both = np.concatenate([cosines.ravel(), back_cosines.ravel()])
    baseline = min(0.95, max(0.0, float(one.mean(axis=0) @ other.mean(axis=0))))
    near = (2 * both - level[rows] - level_other[columns]) * (CSLS_SCALE / (1 - baseline))
    is_near = near > 0
    table: dict[IndexPair, list[float]] = {}
    for a, b, value in zip(run_of[rows[is_near]], run_of_other[columns[is_near]], near[is_near], strict=True):
        table.setdefault((int(a), int(b)), []).append(float(value))
    best: dict[int, list[tuple[float, IndexPair]]] = {}
    for pair, values in table.items():
        if max(values) >= MIN_MARGIN:
            yield ordered_pair(pair), True
        for run in pair:
            best.setdefault(run, []).append((sum(values), pair))
    for candidates in best.values():
        yield from ((ordered_pair(pair), False) for _, pair in sorted(candidates, reverse=True)[:N_BEST_RUNS])


def ordered_pair(pair: IndexPair) -> IndexPair:
    """The pair with the smaller index as the source."""
    return (min(pair), max(pair))


class TranslatedSentences:
    """The sentences of each run that have a translation, by the language of the translation.

    With many translated documents, headings and set phrases of one resemble those of all others. One byte per
    sentence and language.
    """

    def __init__(self, groups: Sequence[LanguageGroup]) -> None:
        self._groups = groups
        self._marks: dict[tuple[int, str], npt.NDArray[np.bool_]] = {}

    def add(self, src: int, tgt: int, beads: Sequence[Bead]) -> None:
        """Mark the sentences of the beads between two runs (by index) as translated."""
        for bead in beads:
            if not bead.partial_chain:
                self._of(src, tgt)[bead.src.start : bead.src.stop] = True
                self._of(tgt, src)[bead.tgt.start : bead.tgt.stop] = True

    def is_translated_elsewhere(self, src: int, tgt: int, bead: Bead) -> bool:
        """Whether both sides of a bead between two runs have translations already, in the same languages."""
        return bool(
            self._of(src, tgt)[bead.src.start : bead.src.stop].all()
            and self._of(tgt, src)[bead.tgt.start : bead.tgt.stop].all()
        )

    def _of(self, run: int, other: int) -> npt.NDArray[np.bool_]:
        """The marks of a run for the language of another."""
        key = run, self._groups[other].primary
        if key not in self._marks:
            self._marks[key] = np.zeros(len(self._groups[run].sentences), dtype=np.bool_)
        return self._marks[key]


def matching_stage() -> str:
    """The progress label of the aligner, which is compiled once, by the first run that has much to do."""
    return "Matching" if has_compiled_kernels() else "Matching (large texts: compiling once)"


def has_compiled_kernels() -> bool:
    """Whether an earlier run cached compiled kernels; a wrong False affects only the label."""
    from align.aligner.lattice import posteriors

    return bool(posteriors.is_on_disk)
