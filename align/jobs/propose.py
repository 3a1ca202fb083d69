"""Match what the documents of a store say in different languages, and propose the links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from align.domain import Proposal
from align.encoders.base import Encoder
from align.jobs.vectors import Group, groups
from align.match import Bead, Constraints, align_pages
from align.store import Store


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a run did to the links of one pair of language runs."""

    src: Group
    tgt: Group
    added: int
    removed: int
    kept: int
    """Links that a reviewer had decided on, left as they are."""


def propose(
    store: Store,
    encoder: Encoder,
    *,
    documents: Sequence[int] | None = None,
    boilerplate: bool = False,
    encoding: Callable[[int, int], None] | None = None,
    matching: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Proposed]:
    """Match every two language runs, inside a page and across documents; yields what became of each pair.

    Links that were decided on are kept and constrain the rest. Each pair is one transaction. `encoding` and
    `matching` are told of progress.
    """
    chosen = [row.id for row in store.documents()] if documents is None else list(documents)
    pairs = list(language_pairs(groups(store, encoder, chosen, boilerplate=boilerplate, progress=encoding)))
    for number, (src, tgt) in enumerate(pairs):
        matching(number, len(pairs))
        proposals = solve(store, encoder, src, tgt)
        languages = (src.primary, tgt.primary)
        counts = store.propose(src.document, tgt.document, proposals, encoder.name, languages=languages)
        yield Proposed(src, tgt, counts.added, counts.removed, counts.kept)
    matching(len(pairs), len(pairs))


def language_pairs(found: Sequence[Group]) -> Iterator[tuple[Group, Group]]:
    """Every two groups of different languages; the document that was added first, or the run that comes first, is the
    source."""
    return ((a, b) for a, b in combinations(found, 2) if a.primary != b.primary)


def solve(store: Store, encoder: Encoder, src: Group, tgt: Group) -> list[Proposal]:
    """What the solver finds between two groups, within what the reviewers have settled. Writes nothing."""
    beads = align_pages(src.passages, tgt.passages, constraints=constraints(store, src, tgt), encode=encoder.encode)
    return [as_proposal(bead, src, tgt) for bead in beads]


def as_proposal(bead: Bead, src: Group, tgt: Group) -> Proposal:
    """The bead in the ids of the store."""
    return Proposal(
        src=src.sentences[bead.src.start : bead.src.stop],
        tgt=tgt.sentences[bead.tgt.start : bead.tgt.stop],
        kind=bead.kind,
        score=bead.score,
        confidence=bead.confidence,
        chain=bead.chain,
        signals=bead.signals,
    )


def constraints(store: Store, src: Group, tgt: Group) -> Constraints:
    """What reviewers have settled between the two groups, in the groups' own numbering."""
    stored = store.constraints(src.document, tgt.document)
    places = [{sentence: number for number, sentence in enumerate(group.sentences)} for group in (src, tgt)]

    def numbered(pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[tuple[range, range]]:
        found = []
        for ends in pairs:
            ranges = [_run(places[side], sentences) for side, sentences in enumerate(ends)]
            if ranges[0] and ranges[1]:
                found.append((ranges[0], ranges[1]))
        return found

    return Constraints(anchors=numbered(stored.anchors), forbidden=numbered(stored.forbidden))


def _run(place: dict[int, int], sentences: Sequence[int]) -> range:
    """The sentences as a range of the group; empty where one is not in it."""
    numbers = [place[sentence] for sentence in sentences if sentence in place]
    if len(numbers) != len(sentences) or not numbers:
        return range(0)
    return range(min(numbers), max(numbers) + 1)
