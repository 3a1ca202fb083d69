"""Two language runs to be aligned, with the mapping between sentence ids of the store and indexes of the solver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, count

import numpy as np

from align.aligner import Bead, Constraints, EmbeddedSide, align_pages
from align.embeddings.base import Encoder
from align.embeddings.embed import TextSide, embed_sides
from align.errors import ConflictError
from align.models import UNDETERMINED, BlockKind, Proposal
from align.store import Constraint, SentenceRow, Store, StoredConstraints
from align.text.tags import is_other_variety, primary

SentenceIds = tuple[int, ...]
SentencePair = tuple[SentenceIds, SentenceIds]
RangePair = tuple[range, range]
IndexSets = tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True)
class Runs:
    """A source and a target group. `SentencePair`: sentence ids of the store; `RangePair`: indexes in the
    groups."""

    src: LanguageGroup
    tgt: LanguageGroup

    @cached_property
    def _indexes(self) -> tuple[dict[int, int], dict[int, int]]:
        src, tgt = ({s: number for number, s in enumerate(group.sentences)} for group in (self.src, self.tgt))
        return src, tgt

    def pair(self, ends: SentencePair) -> RangePair | None:
        """The index ranges of a sentence pair, in either direction; None where it is not one side in each group."""
        return self._ranges(ends) or self._ranges(ends[::-1])

    def oriented(self, ends: SentencePair) -> SentencePair:
        """The sentence pair with the side of the source group first."""
        return ends[::-1] if self.is_swapped(ends) else ends

    def is_swapped(self, ends: SentencePair) -> bool:
        """Whether the sentence pair goes from the target group to the source group."""
        return self._ranges(ends) is None and self._ranges(ends[::-1]) is not None

    def _ranges(self, ends: Sequence[SentenceIds]) -> RangePair | None:
        ranges = []
        for index, sentences in zip(self._indexes, ends, strict=True):
            if not sentences or any(sentence not in index for sentence in sentences):
                return None
            numbers = [index[sentence] for sentence in sentences]
            ranges.append(range(min(numbers), max(numbers) + 1))
        return ranges[0], ranges[1]

    def pairs(self, ends: Sequence[SentencePair]) -> list[RangePair]:
        """The distinct index ranges of the sentence pairs; pairs not completely in the groups are left out."""
        return list(dict.fromkeys(pair for pair in map(self.pair, ends) if pair))

    def settled(self, store: Store) -> Constraints:
        """The constraints from reviewed links between the two runs. Raises ConflictError, naming both links, where
        two of them contradict each other."""
        stored = self.stored(store)
        if contradiction := find_contradiction(store, stored):
            raise ConflictError(contradiction)
        return self.constraints([one.ends for one in stored.settled], stored.forbidden)

    def stored(self, store: Store) -> StoredConstraints:
        """The confirmed and rejected links between the two runs, completely or partly, source to target."""
        document_constraints = store.constraints(self.src.document, self.tgt.document)

        def concerns(one: Constraint) -> bool:
            inside = [not index.keys().isdisjoint(side) for index, side in zip(self._indexes, one.ends, strict=True)]
            languages = zip((self.src.primary, self.tgt.primary), one.languages, strict=True)
            matches_run = [
                has_sentence or group == primary(lang)
                for has_sentence, (group, lang) in zip(inside, languages, strict=True)
            ]
            return any(inside) and all(matches_run)

        settled, rejected = (
            tuple(filter(concerns, some)) for some in (document_constraints.settled, document_constraints.rejected)
        )
        return StoredConstraints(settled, rejected)

    def constraints(self, settled: Sequence[SentencePair], forbidden: Sequence[SentencePair]) -> Constraints:
        """Solver constraints from links (source to target) that are confirmed or must not be proposed.

        Links that share sentences become one anchor, their union. Of a link with gaps on a side, the longest
        contiguous part is the anchor and its other sentences are unavailable, as are those of a link that is partly
        in runs of other languages or in omitted blocks.
        """
        anchors: list[RangePair] = []
        taken: tuple[set[int], set[int]] = (set(), set())
        for union in _unions([self._index_sets(ends) for ends in settled]):
            src, tgt = (_longest(side) for side in union)
            if src and tgt:
                anchors.append((src, tgt))
            taken[0].update(union[0].difference(src if src and tgt else ()))
            taken[1].update(union[1].difference(tgt if src and tgt else ()))
        forbidden_ranges = [pair for ends in forbidden if (pair := self._exact_ranges(ends)) and pair not in anchors]
        return Constraints(anchors, list(dict.fromkeys(forbidden_ranges)), (frozenset(taken[0]), frozenset(taken[1])))

    def _index_sets(self, ends: SentencePair) -> IndexSets:
        """Indexes of those sentences of a pair that are in the groups."""
        src, tgt = (
            frozenset(index[sentence] for sentence in side if sentence in index)
            for index, side in zip(self._indexes, ends, strict=True)
        )
        return src, tgt

    def _exact_ranges(self, ends: SentencePair) -> RangePair | None:
        """The index ranges of a pair, source to target; None where a side is not contiguous in its group."""
        pair = self._ranges(ends)
        return pair if pair and all(len(run) == len(side) for run, side in zip(pair, ends, strict=True)) else None

    def part(self, window: RangePair) -> Runs:
        """The two runs restricted to a window."""
        return Runs(_cut(self.src, window[0]), _cut(self.tgt, window[1]))

    def solve(self, constraints: Constraints, *, are_linked: bool = False) -> list[Bead]:
        """Align the two groups; beads are in their indexes. are_linked: whether they have links already."""
        return align_pages(
            self.src.passages,
            self.tgt.passages,
            constraints=constraints,
            together=self.src.document == self.tgt.document,
            are_linked=are_linked,
        )

    def proposal(self, bead: Bead) -> Proposal:
        """A bead as a proposal with the sentence ids of the store."""
        return Proposal(
            src=self.src.sentences[bead.src.start : bead.src.stop],
            tgt=self.tgt.sentences[bead.tgt.start : bead.tgt.stop],
            kind=bead.kind,
            score=bead.score,
            confidence=bead.confidence,
            chain=bead.chain,
            signals=bead.signals,
        )


def find_contradiction(store: Store, stored: StoredConstraints) -> str | None:
    """Describe the first two links that contradict each other, and the remedy; None without a contradiction.

    Either a confirmed and a rejected link have the same sentences, or two confirmed ones share a sentence and no
    reviewer has confirmed that both stay.
    """
    rejected = {one.ends: one for one in stored.rejected}
    constraint_of_sentence: dict[int, Constraint] = {}
    for one in stored.settled:
        if (other := rejected.get(one.ends)) is not None:
            return (
                f"{_link_label(one)} and {_link_label(other)} have the same sentences. Undo or change one of the two "
                "in `align review`"
            )
        for sentence in (*one.ends[0], *one.ends[1]):
            other = constraint_of_sentence.setdefault(sentence, one)
            if other.link != one.link and not (one.anchored or other.anchored):
                row = store.sentences_by_id([sentence])[0]
                names = {document.id: document.name for document in store.documents()}
                return (
                    f"{_link_label(other)} and {_link_label(one)} both have sentence {row.position + 1} of "
                    f"{names[row.document]}. Reject one of the two in `align review`; to keep both, link the sentences "
                    "of one by hand there once more"
                )
    return None


def _link_label(one: Constraint) -> str:
    by = f" by {one.reviewer}" if one.reviewer else ""
    return f"link {one.link} ({one.status}{by})"


def _unions(links: Sequence[IndexSets]) -> list[IndexSets]:
    """Merge links that share an index on a side."""
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
    unions: dict[int, IndexSets] = {}
    for link, (src, tgt) in enumerate(links):
        union = unions.get(find(link), (frozenset(), frozenset()))
        unions[find(link)] = (union[0] | src, union[1] | tgt)
    return list(unions.values())


def _longest(numbers: frozenset[int]) -> range:
    """The longest range of consecutive numbers, the first of several; empty for none."""
    longest = range(0)
    for number in numbers:
        if number - 1 not in numbers:
            stop = next(end for end in count(number) if end not in numbers)
            longest = max(longest, range(number, stop), key=lambda run: (len(run), -run.start))
    return longest


def _cut(group: LanguageGroup, numbers: Sequence[int], lang: str | None = None) -> LanguageGroup:
    """The sentences of a group with these ascending indexes; `lang`: their tag."""
    passages: EmbeddedSide = replace(group.passages.part(numbers), lang=lang or group.passages.lang)
    return LanguageGroup(
        group.document,
        lang or group.lang,
        tuple(group.sentences[number] for number in numbers),
        passages,
        tuple(group.tags[number] for number in numbers),
    )


MIN_VARIETY_SENTENCES = 3
"""Minimum sentences of a script or region on a page that has others of the same language."""
MIN_VARIETY_SHARE = 0.25
"""Minimum share of them: a few sentences are misdetected."""


def varieties(group: LanguageGroup) -> list[LanguageGroup]:
    """The sentences of a group by script or region, where a page has a text in both; else the group."""
    counts = Counter(group.tags)
    min_count = max(MIN_VARIETY_SENTENCES, MIN_VARIETY_SHARE * len(group.tags))
    tags = [tag for tag, count in counts.items() if count >= min_count]
    if len(tags) < 2 or not all(is_other_variety(one, other) for one, other in combinations(tags, 2)):
        return [group]
    return [_cut(group, [number for number, own in enumerate(group.tags) if own == tag], tag) for tag in tags]


UNMATCHED_KINDS = frozenset({BlockKind.BOILERPLATE, BlockKind.SEPARATOR})
"""Kinds of blocks that are aligned only on request."""


@dataclass(frozen=True, slots=True)
class LanguageGroup:
    """The sentences of one document in one language. `sentences`: store ids, in reading order; `tags`: theirs."""

    document: int
    lang: str
    sentences: tuple[int, ...]
    passages: EmbeddedSide
    tags: tuple[str, ...]

    @property
    def primary(self) -> str:
        """The language without script or region: `zh` of `zh-Hant`."""
        return primary(self.lang)


def groups(
    store: Store,
    encoder: Encoder,
    documents: Iterable[int],
    *,
    boilerplate: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[LanguageGroup]:
    """Group sentences by document and primary language, in the order of the documents; encode each text once.

    Within a document, languages are in the order of first appearance. Sentences of undetermined language are left
    out, and so are boilerplate blocks unless `boilerplate`.
    """
    gathered: list[tuple[int, list[SentenceRow]]] = []
    for document in documents:
        by_language: dict[str, list[SentenceRow]] = {}
        for sentence in store.sentences(document):
            if sentence.lang == UNDETERMINED or (sentence.kind in UNMATCHED_KINDS and not boilerplate):
                continue
            by_language.setdefault(primary(sentence.lang), []).append(sentence)
        gathered.extend((document, rows) for rows in by_language.values())
    sides = embed_sides(encoder, [_text_side(rows) for _, rows in gathered], tokens_now=False, progress=progress)
    return [
        LanguageGroup(document, side.lang, tuple(row.id for row in rows), side, tuple(row.lang for row in rows))
        for (document, rows), side in zip(gathered, sides, strict=True)
    ]


def _text_side(rows: Sequence[SentenceRow]) -> TextSide:
    langs = [row.lang for row in rows]
    return TextSide(
        texts=tuple(row.text for row in rows),
        lang=max(dict.fromkeys(langs), key=langs.count),
        positions=np.array([row.position for row in rows], dtype=np.int64),
    )


Position = tuple[int, int]
"""Side (0 source, 1 target) and index of a sentence."""


def positions(pairs: Iterable[RangePair]) -> set[Position]:
    """The sentences of some pairs."""
    return {(side, index) for pair in pairs for side in (0, 1) for index in pair[side]}


def contiguous_changes(
    without: Collection[RangePair], with_edit: Collection[RangePair], touched: Collection[RangePair]
) -> set[RangePair]:
    """The pairs in one of two solutions only that follow from the edit of `touched`.

    A pair follows from the edit where no pair of both solutions lies between it and the edit, or another pair that
    follows from it, on one of the sides. Other differences are noise of the solver: they are no effect of the edit.
    """
    both = set(without) & set(with_edit)
    candidates = set(without) ^ set(with_edit)
    reached = positions(touched)
    blocked = positions(both) - reached
    last = [max((index for side, index in positions({*without, *with_edit, *touched}) if side == of), default=-1)
            for of in (0, 1)]  # fmt: skip
    changes: set[RangePair] = set()
    waiting = list(reached)
    while waiting:
        side, index = waiting.pop()
        for near in ((side, index - 1), (side, index + 1)):
            if 0 <= near[1] <= last[side] and near not in blocked and near not in reached:
                reached.add(near)
                waiting.append(near)
        for pair in [pair for pair in candidates if index in pair[side]]:
            candidates.remove(pair)
            changes.add(pair)
            fresh = positions([pair]) - reached
            reached |= fresh
            waiting += fresh
    return changes


def effects(
    without: Collection[RangePair],
    with_edit: Collection[RangePair],
    touched: Collection[RangePair],
    anchors: Collection[RangePair],
    proposed: Collection[RangePair],
) -> tuple[set[RangePair], set[RangePair]]:
    """The proposals that an edit removes, and the pairs that it adds, in a store whose proposals are `proposed`.

    `touched`: pairs of the edit, before and after it; `anchors`: pairs that no proposal may share a sentence with.
    The store can differ from both solutions, so removed proposals may leave sentences without a link: pairs of the
    solution with the edit that have such sentences are added too.
    """
    changes = contiguous_changes(without, with_edit, touched)
    taken = positions(anchors)
    solution = {pair for pair in with_edit if taken.isdisjoint(positions([pair]))}
    added = changes & solution
    removed = {pair for pair in proposed if pair in changes and pair not in with_edit}
    edited = positions(pair for pair in touched if pair in anchors)
    while True:
        conflicting = edited | positions(added)
        more_removed = {
            pair for pair in proposed if pair not in added | removed and not conflicting.isdisjoint(positions([pair]))
        }
        removed |= more_removed
        free = positions(removed) | positions(touched)
        more_added = {pair for pair in solution - added if not free.isdisjoint(positions([pair]))}
        added |= more_added
        if not more_removed and not more_added:
            return removed - added, added - set(proposed)
