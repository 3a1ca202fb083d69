"""Two language runs that are matched with each other, and the way between the store's ids and the solver's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count

from align.domain import Proposal
from align.errors import ConflictError
from align.jobs.vectors import Group
from align.match import Bead, Constraints, Passages, align_pages
from align.store import Constraint, Store, StoredConstraints
from align.text.tags import primary

SentenceIds = tuple[int, ...]
Ends = tuple[SentenceIds, SentenceIds]
Pair = tuple[range, range]
Numbers = tuple[frozenset[int], frozenset[int]]


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

    def facing(self, ends: Ends) -> Ends:
        """The ends with that of the source group first."""
        return ends[::-1] if self.turned(ends) else ends

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
        """What reviewers have settled between the two. Raises ConflictError, naming both links, where two of them
        contradict each other."""
        stored = self.stored(store)
        if contradiction := contradictory(store, stored):
            raise ConflictError(contradiction)
        return self.constraints([one.ends for one in stored.settled], stored.forbidden)

    def stored(self, store: Store) -> StoredConstraints:
        """The links that were settled or rejected between the two runs, in whole or in part, source to target."""
        found = store.constraints(self.src.document, self.tgt.document)

        def concerns(one: Constraint) -> bool:
            inside = [not known.keys().isdisjoint(side) for known, side in zip(self._places, one.ends, strict=True)]
            languages = zip((self.src.primary, self.tgt.primary), one.languages, strict=True)
            speaks = [held or group == primary(lang) for held, (group, lang) in zip(inside, languages, strict=True)]
            return any(inside) and all(speaks)

        settled, rejected = (tuple(filter(concerns, some)) for some in (found.settled, found.rejected))
        return StoredConstraints(settled, rejected)

    def constraints(self, settled: Sequence[Ends], forbidden: Sequence[Ends]) -> Constraints:
        """What the solver is told of links (source to target) that are settled or must not be proposed.

        Links that share sentences are one anchor of their union. Of one that is not in one piece on a side, the
        longest piece is the anchor, and its other sentences are taken, as are those of a link that is partly in runs
        of other languages or in what is left out.
        """
        anchors: list[Pair] = []
        taken: tuple[set[int], set[int]] = (set(), set())
        for union in _unions([self._numbers(ends) for ends in settled]):
            src, tgt = (_longest(side) for side in union)
            if src and tgt:
                anchors.append((src, tgt))
            taken[0].update(union[0].difference(src if src and tgt else ()))
            taken[1].update(union[1].difference(tgt if src and tgt else ()))
        barred = [pair for ends in forbidden if (pair := self._whole(ends)) and pair not in anchors]
        return Constraints(anchors, list(dict.fromkeys(barred)), (frozenset(taken[0]), frozenset(taken[1])))

    def _numbers(self, ends: Ends) -> Numbers:
        """The numbers of those sentences of the ends that are in the groups."""
        src, tgt = (
            frozenset(place[sentence] for sentence in side if sentence in place)
            for place, side in zip(self._places, ends, strict=True)
        )
        return src, tgt

    def _whole(self, ends: Ends) -> Pair | None:
        """Where the ends stand, source to target; None where a side is not in one piece in its group."""
        pair = self._stands(ends)
        return pair if pair and all(len(run) == len(side) for run, side in zip(pair, ends, strict=True)) else None

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


def contradictory(store: Store, stored: StoredConstraints) -> str | None:
    """What is wrong where two links contradict each other, and what to do; None where none do.

    Links of the same sentences, one settled and one rejected, or two settled ones that share a sentence without a
    reviewer's word that both are to stay.
    """
    rejected = {one.ends: one for one in stored.rejected}
    having: dict[int, Constraint] = {}
    for one in stored.settled:
        if (other := rejected.get(one.ends)) is not None:
            return (
                f"{_called(one)} and {_called(other)} are of the same sentences. Undo or decide one of the two anew "
                "in `align review`"
            )
        for sentence in (*one.ends[0], *one.ends[1]):
            other = having.setdefault(sentence, one)
            if other.link != one.link and not (one.anchored or other.anchored):
                row = store.sentences_by_id([sentence])[0]
                names = {document.id: document.name for document in store.documents()}
                return (
                    f"{_called(other)} and {_called(one)} both have sentence {row.position + 1} of "
                    f"{names[row.document]}. Reject one of the two in `align review`; to keep both, link the sentences "
                    "of one by hand there once more"
                )
    return None


def _called(one: Constraint) -> str:
    by = f" by {one.reviewer}" if one.reviewer else ""
    return f"link {one.link} ({one.status}{by})"


def _unions(links: Sequence[Numbers]) -> list[Numbers]:
    """The links with those that share a number on a side put together."""
    root = list(range(len(links)))

    def find(link: int) -> int:
        while root[link] != link:
            root[link] = root[root[link]]
            link = root[link]
        return link

    first: dict[tuple[int, int], int] = {}
    for link, sides in enumerate(links):
        for side, numbers in enumerate(sides):
            for number in numbers:
                root[find(link)] = find(first.setdefault((side, number), link))
    unions: dict[int, Numbers] = {}
    for link, (src, tgt) in enumerate(links):
        known = unions.get(find(link), (frozenset(), frozenset()))
        unions[find(link)] = (known[0] | src, known[1] | tgt)
    return list(unions.values())


def _longest(numbers: frozenset[int]) -> range:
    """The longest run of numbers that follow each other, the first of several; empty for none."""
    longest = range(0)
    for number in numbers:
        if number - 1 not in numbers:
            stop = next(end for end in count(number) if end not in numbers)
            longest = max(longest, range(number, stop), key=lambda run: (len(run), -run.start))
    return longest


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
