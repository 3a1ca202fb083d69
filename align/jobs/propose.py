"""Match what the documents of a store say in different languages, and propose the links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from align.encoders.base import Encoder
from align.jobs.likely import FEW, likely_pairs
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

    Links that were decided on are kept and constrain the rest. Each pair is one transaction. Where there are many
    documents, only those that have something near each other are matched, and of a pair that has no links, before or
    after, nothing is told. `encoding` and `matching` are told of progress.
    """
    chosen = [row.id for row in store.documents()] if documents is None else list(documents)
    linked = frozenset((row.src_document, row.tgt_document) for row in store.pairs())
    found = groups(store, encoder, chosen, boilerplate=boilerplate, progress=encoding)
    pairs = likely_pairs(found, linked)
    for number, ((a, b), few_will_do) in enumerate(pairs):
        matching(number, len(pairs))
        runs = Runs(found[a], found[b])
        src, tgt = runs.src, runs.tgt
        proposals = runs.solve(runs.settled(store))
        if len(proposals) < FEW and not few_will_do:
            proposals = []
        if not proposals and (src.document, tgt.document) not in linked:
            continue
        languages = (src.primary, tgt.primary)
        counts = store.propose(src.document, tgt.document, proposals, encoder.name, languages=languages)
        yield Proposed(src, tgt, counts.added, counts.removed, counts.kept)
    matching(len(pairs), len(pairs))
