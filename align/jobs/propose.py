"""Match what the documents of a store say in different languages, and propose the links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from align.encoders.base import Encoder
from align.jobs.runs import Runs
from align.jobs.vectors import Group, groups
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
    for number, runs in enumerate(pairs):
        matching(number, len(pairs))
        src, tgt = runs.src, runs.tgt
        proposals = runs.solve(runs.settled(store))
        languages = (src.primary, tgt.primary)
        counts = store.propose(src.document, tgt.document, proposals, encoder.name, languages=languages)
        yield Proposed(src, tgt, counts.added, counts.removed, counts.kept)
    matching(len(pairs), len(pairs))


def language_pairs(found: Sequence[Group]) -> Iterator[Runs]:
    """Every two groups of different languages; the document that was added first, or the run that comes first, is the
    source."""
    return (Runs(a, b) for a, b in combinations(found, 2) if a.primary != b.primary)
