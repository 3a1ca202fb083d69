"""Two language runs that are matched with each other, and the way between the store's ids and the solver's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from align.domain import Proposal
from align.jobs.vectors import Group
from align.match import Bead, Constraints, Passages, align_pages
from align.store import Store

SentenceIds = tuple[int, ...]
Ends = tuple[SentenceIds, SentenceIds]
Pair = tuple[range, range]


@dataclass(frozen=True)
class Runs:
    """A source and a target group. Ends are store ids of sentences; pairs are ranges in the groups' own numbering."""

    src: Group
    tgt: Group

    @cached_property
    def _places(self) -> tuple[dict[int, int], dict[int, int]]:
        src, tgt = ({s: number for number, s in enumerate(group.sentences)} for group in (self.src, self.tgt))
        return src, tgt

    def pair(self, ends: Ends) -> Pair | None:
        """Where the ends stand, whichever is which; None where they are not one in each group."""
        return self._stands(ends) or self._stands(ends[::-1])

    def turned(self, ends: Ends) -> bool:
        """Whether the ends go from the target group to the source group."""
        return self._stands(ends) is None and self._stands(ends[::-1]) is not None

    def _stands(self, ends: Sequence[SentenceIds]) -> Pair | None:
        found = []
        for place, sentences in zip(self._places, ends, strict=True):
            if not sentences or any(sentence not in place for sentence in sentences):
                return None
            numbers = [place[sentence] for sentence in sentences]
            found.append(range(min(numbers), max(numbers) + 1))
        return found[0], found[1]

    def pairs(self, ends: Sequence[Ends]) -> list[Pair]:
        """Where each of the ends stands, each place once; those that are not wholly in the groups are left out."""
        return list(dict.fromkeys(pair for pair in map(self.pair, ends) if pair))

    def settled(self, store: Store) -> Constraints:
        """What reviewers have settled between the two."""
        stored = store.constraints(self.src.document, self.tgt.document)
        return Constraints(anchors=self.pairs(stored.anchors), forbidden=self.pairs(stored.forbidden))

    def part(self, window: Pair) -> Runs:
        """The two runs cut down to a window."""
        return Runs(_cut(self.src, window[0]), _cut(self.tgt, window[1]))

    def solve(self, constraints: Constraints) -> list[Bead]:
        """What corresponds, in the groups' own numbering."""
        one_page = self.src.document == self.tgt.document
        return align_pages(self.src.passages, self.tgt.passages, constraints=constraints, together=one_page)

    def proposal(self, bead: Bead) -> Proposal:
        """A bead in the ids of the store."""
        return Proposal(
            src=self.src.sentences[bead.src.start : bead.src.stop],
            tgt=self.tgt.sentences[bead.tgt.start : bead.tgt.stop],
            kind=bead.kind,
            score=bead.score,
            confidence=bead.confidence,
            chain=bead.chain,
            signals=bead.signals,
        )


def _cut(group: Group, window: range) -> Group:
    cut = slice(window.start, window.stop)
    whole = group.passages
    passages: Passages = replace(
        whole,
        texts=whole.texts[cut],
        vectors=whole.vectors[cut],
        blocks=None if whole.blocks is None else whole.blocks[cut],
        places=None if whole.places is None else whole.places[cut],
    )
    return replace(group, sentences=group.sentences[cut], passages=passages)
