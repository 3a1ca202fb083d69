"""Solve again what lies around a decision, from cached vectors, and say what would change before anything does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from align.domain import Link, Proposal, Status
from align.encoders import cached, load_encoder
from align.errors import UsageError
from align.jobs.propose import as_proposal, constraints
from align.jobs.vectors import Group, groups, primary
from align.match import Constraints, Passages, align_pages
from align.store import LinkFilter, open_store

REACH = 80
"""Sentences on either side of a decision that are looked at: enough for honest neighbourhoods, few enough for a blink."""

SentenceIds = tuple[int, ...]
Ends = tuple[SentenceIds, SentenceIds]


@dataclass(frozen=True, slots=True)
class Ripple:
    """What solving again would change among the undecided links."""

    removed: tuple[Link, ...] = ()
    added: tuple[Proposal, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


@dataclass(frozen=True, slots=True)
class Rival:
    """Another place that a side could be linked to. `score` is a margin: 0 is no closer than the neighbourhood."""

    sentences: SentenceIds
    text: str
    score: float


class Resolver:
    """Solves around decisions in one store. Holds a connection and vectors of its own: one for each thread."""

    def __init__(self, db: Path, encoder: str = "auto", *, cache: Path | None = None) -> None:
        self._store = open_store(db)
        languages = {lang for row in self._store.documents() for lang in row.languages}
        self._encoder = cached(load_encoder(encoder, languages=languages, cache=cache), db)
        self._groups: dict[int, list[Group]] = {}

    def __enter__(self) -> Resolver:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store and the vectors."""
        self._encoder.close()
        self._store.close()

    def around(
        self,
        src_document: int,
        tgt_document: int,
        *,
        anchors: Sequence[Ends] = (),
        forbidden: Sequence[Ends] = (),
        replaced: Collection[int] = (),
    ) -> Ripple:
        """What would change between the nearest anchors if `anchors` were settled and `forbidden` ruled out.

        Ends are store ids of sentences; `replaced` are links that the operation itself takes away. Writes nothing.
        Raises ConflictError where the anchors contradict what is settled.
        """
        touched = [*anchors, *forbidden]
        if not touched:
            return Ripple()
        src = self._group_of(src_document, touched[0][0])
        tgt = self._group_of(tgt_document, touched[0][1])
        places = _places(src), _places(tgt)
        mine = Constraints(anchors=_numbered(anchors, places), forbidden=_numbered(forbidden, places))
        settled = self._settled(src, tgt, replaced)
        merged = Constraints(
            anchors=[*settled.anchors, *(pair for pair in mine.anchors if pair not in settled.anchors)],
            forbidden=[*settled.forbidden, *mine.forbidden],
        )
        here = _hull([*mine.anchors, *mine.forbidden])
        windows = _reach(here[0], len(src.sentences)), _reach(here[1], len(tgt.sentences))
        between = _between(here, merged.anchors, windows)
        part = _part(src, windows[0]), _part(tgt, windows[1])
        solved = align_pages(
            part[0].passages, part[1].passages, constraints=_inside(merged, windows), encode=self._encoder.encode
        )
        added = [as_proposal(bead, *part) for bead in solved]
        new = [proposal for proposal in added if _within((proposal.src, proposal.tgt), places, between)]
        return self._difference(src, tgt, new, mine, replaced, places, between)

    def rivals(self, link: Link, count: int = 9) -> list[Rival]:
        """The best other places for the link's source side, the likeliest first; spans of one to three sentences."""
        src = self._group_of(link.src.document, link.src.sentences)
        tgt = self._group_of(link.tgt.document, link.tgt.sentences)
        place = _places(src)
        query = _unit(src.passages.vectors[[place[sentence] for sentence in link.src.sentences]].sum(axis=0))
        found: list[tuple[float, range]] = []
        for width in (1, 2, 3):
            sums = _sliding(tgt.passages.vectors, width)
            if len(sums):
                similar = sums @ query
                around = np.sort(similar)[-4:].mean()
                found += [(float(s - around), range(i, i + width)) for i, s in enumerate(similar)]
        taken: list[Rival] = []
        own = {number for number, sentence in enumerate(tgt.sentences) if sentence in link.tgt.sentences}
        used: set[int] = set()
        for score, run in sorted(found, key=lambda pair: (-pair[0], pair[1].start, len(pair[1]))):
            if set(run) == own or used & set(run):
                continue
            used |= set(run)
            text = " ".join(tgt.passages.texts[number] for number in run)
            taken.append(Rival(tuple(tgt.sentences[number] for number in run), text, score))
            if len(taken) == count:
                break
        return taken

    def _group_of(self, document: int, sentences: SentenceIds) -> Group:
        if document not in self._groups:
            self._groups[document] = groups(self._store, self._encoder, [document], boilerplate=True)
        for group in self._groups[document]:
            if set(sentences) <= set(group.sentences):
                return group
        raise UsageError("These sentences are of several languages, or of none; link sentences of one language a side.")

    def _settled(self, src: Group, tgt: Group, replaced: Collection[int]) -> Constraints:
        """The stored constraints without those of links that the operation replaces."""
        stored = constraints(self._store, src, tgt)
        if not replaced:
            return stored
        places = _places(src), _places(tgt)
        links = [self._store.link(number) for number in replaced]
        gone = set(_numbered([(link.src.sentences, link.tgt.sentences) for link in links], places))
        return Constraints(
            anchors=[pair for pair in stored.anchors if pair not in gone],
            forbidden=[pair for pair in stored.forbidden if pair not in gone],
        )

    def _difference(
        self,
        src: Group,
        tgt: Group,
        new: list[Proposal],
        mine: Constraints,
        replaced: Collection[int],
        places: tuple[dict[int, int], dict[int, int]],
        between: tuple[range, range],
    ) -> Ripple:
        own = set(mine.anchors)
        filter_ = LinkFilter(documents=(src.document, tgt.document), statuses=frozenset({Status.PROPOSED}))
        old = [
            link
            for link in self._store.links(filter_)
            if link.id not in replaced
            and (link.src.document, link.tgt.document) == (src.document, tgt.document)
            and primary(link.src.lang) == src.primary
            and primary(link.tgt.lang) == tgt.primary
            and _within((link.src.sentences, link.tgt.sentences), places, between)
        ]
        before = {(link.src.sentences, link.tgt.sentences) for link in old}
        after = {(proposal.src, proposal.tgt) for proposal in new}
        return Ripple(
            removed=tuple(link for link in old if (link.src.sentences, link.tgt.sentences) not in after),
            added=tuple(
                proposal
                for proposal in new
                if (proposal.src, proposal.tgt) not in before
                and not own & set(_numbered([(proposal.src, proposal.tgt)], places))
            ),
        )


def _places(group: Group) -> dict[int, int]:
    return {sentence: number for number, sentence in enumerate(group.sentences)}


def _numbered(ends: Sequence[Ends], places: tuple[dict[int, int], dict[int, int]]) -> list[tuple[range, range]]:
    """The ends in the groups' own numbering; what is not wholly in both groups is left out."""
    found = []
    for src, tgt in ends:
        if all(s in places[0] for s in src) and all(t in places[1] for t in tgt) and src and tgt:
            numbers = [places[0][s] for s in src], [places[1][t] for t in tgt]
            found.append((range(min(numbers[0]), max(numbers[0]) + 1), range(min(numbers[1]), max(numbers[1]) + 1)))
    return found


def _hull(pairs: Sequence[tuple[range, range]]) -> tuple[range, range]:
    return (
        range(min(pair[0].start for pair in pairs), max(pair[0].stop for pair in pairs)),
        range(min(pair[1].start for pair in pairs), max(pair[1].stop for pair in pairs)),
    )


def _reach(here: range, size: int) -> range:
    return range(max(0, here.start - REACH), min(size, here.stop + REACH))


def _between(
    here: tuple[range, range], anchors: Sequence[tuple[range, range]], windows: tuple[range, range]
) -> tuple[range, range]:
    """From the nearest anchor that lies before on both sides to the nearest that lies after on both."""
    before = [a for a in anchors if a[0].stop <= here[0].start and a[1].stop <= here[1].start]
    after = [a for a in anchors if a[0].start >= here[0].stop and a[1].start >= here[1].stop]
    bounds = []
    for side in (0, 1):
        low = max([windows[side].start, *(a[side].stop for a in before)])
        high = min([windows[side].stop, *(a[side].start for a in after)])
        bounds.append(range(low, high))
    return bounds[0], bounds[1]


def _part(group: Group, window: range) -> Group:
    """The window of a group, as a group."""
    cut = slice(window.start, window.stop)
    whole = group.passages
    passages = Passages(
        texts=whole.texts[cut],
        vectors=whole.vectors[cut],
        lang=whole.lang,
        blocks=None if whole.blocks is None else whole.blocks[cut],
    )
    return Group(group.document, group.lang, group.sentences[cut], passages)


def _inside(constraints: Constraints, windows: tuple[range, range]) -> Constraints:
    """The constraints that lie inside the windows, in the windows' numbering."""

    def moved(pairs: Sequence[tuple[range, range]]) -> list[tuple[range, range]]:
        return [
            (
                range(src.start - windows[0].start, src.stop - windows[0].start),
                range(tgt.start - windows[1].start, tgt.stop - windows[1].start),
            )
            for src, tgt in pairs
            if src.start >= windows[0].start
            and src.stop <= windows[0].stop
            and tgt.start >= windows[1].start
            and tgt.stop <= windows[1].stop
        ]

    return Constraints(anchors=moved(constraints.anchors), forbidden=moved(constraints.forbidden))


def _within(ends: Ends, places: tuple[dict[int, int], dict[int, int]], between: tuple[range, range]) -> bool:
    return all(
        sentence in place and place[sentence] in allowed
        for sentences, place, allowed in zip(ends, places, between, strict=True)
        for sentence in sentences
    )


def _sliding(vectors: np.ndarray, width: int) -> np.ndarray:
    """Unit sums of every `width` neighbours."""
    if len(vectors) < width:
        return vectors[:0]
    sums = sum(vectors[start : len(vectors) - width + 1 + start] for start in range(width))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)
