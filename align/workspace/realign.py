"""Realign the sentences around a decision, from cached vectors, and return the changes without making them; explain why
a link was proposed: its signals, and the best alternative targets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from align.aligner import Constraints
from align.embeddings import cached, is_local, load_encoder
from align.embeddings.base import Vectors
from align.errors import ConflictError, EncoderError, UsageError
from align.models import Link, Proposal, Realignment, Status
from align.sqlite_session import ClosesItself
from align.store import StoredConstraints, open_store
from align.text.normalize import join
from align.workspace.language_runs import (
    LanguageGroup,
    RangePair,
    Runs,
    SentenceIds,
    SentencePair,
    effects,
    groups,
    positions,
    varieties,
)

REACH_SENTENCES = 40
"""Sentences on either side of a decision that are realigned: enough context for a reliable result."""

MAX_ALTERNATIVE_SENTENCES = 3
"""Maximum number of sentences of an alternative target."""


@dataclass(frozen=True, slots=True)
class AlternativeTarget:
    """Another target that a link's source could be linked to. `score`: see `similar_spans`."""

    sentences: SentenceIds
    text: str
    score: float


class Realigner(ClosesItself):
    """Realigns around decisions in one store. Has a connection and vectors of its own: use one per thread."""

    def __init__(self, db: Path, encoder: str = "auto", *, cache: Path | None = None) -> None:
        self.store = open_store(db)
        languages = {lang for row in self.store.documents() for lang in row.languages}
        self.encoder = cached(load_encoder(encoder, languages=languages, cache=cache), db)
        self._groups: dict[int, tuple[object, list[LanguageGroup]]] = {}

    def close(self) -> None:
        """Close the store and the vector cache."""
        self.encoder.close()
        self.store.close()

    def realign(
        self,
        src_document: int,
        tgt_document: int,
        *,
        anchors: Sequence[SentencePair] = (),
        forbidden: Sequence[SentencePair] = (),
        replaced: Collection[int] = (),
        shared_links: Collection[int] = (),
        against_store: bool = False,
    ) -> Realignment:
        """The changes that follow between the nearest anchors from confirming `anchors` and excluding `forbidden`.

        The sentences around them are solved without and with the edit; what differs next to it is its effect. With
        `against_store`, all differences between the solution and the stored proposals are changes.
        `replaced`: links that the edit itself deletes; `shared_links`: confirmed links that share sentences with
        the anchors and stay, merged with them into one anchor. Sentences of other links that stay are not changed.
        Writes nothing. Raises ConflictError where the anchors contradict other confirmed links, UsageError where a
        side mixes languages.
        """
        touched = [*anchors, *forbidden]
        if not touched:
            return Realignment()
        is_one_page = src_document == tgt_document
        runs = Runs(
            self._group(src_document, touched[0][0], is_one_page), self._group(tgt_document, touched[0][1], is_one_page)
        )
        stored = runs.stored(self.store)
        constraints = self._constraints(runs, stored, anchors, forbidden, replaced, shared_links)
        touched_ranges = bounding_ranges(runs.pairs(touched))
        window = (
            widened(touched_ranges[0], len(runs.src.sentences)),
            widened(touched_ranges[1], len(runs.tgt.sentences)),
        )
        region = anchor_region(touched_ranges, constraints.anchors, window)
        edited, near = self._links_near(runs, region, replaced)
        undecided, fixed = self._by_decision(runs, region, near)
        solved = self._solve(runs, constraints, window)
        in_region = {pair for pair in solved if is_pair_in(pair, region)}
        # Anchors are given: only other beads can be new proposals.
        blocked = {*constraints.anchors, *fixed}
        taken = positions(blocked)
        free = {pair for pair in in_region if taken.isdisjoint(positions([pair]))}
        removed, added = undecided.keys() - free, free - undecided.keys()
        if not against_store and (removed or added):
            edited_ends = [runs.oriented(sentence_pair(link)) for link in edited if link.status is not Status.REJECTED]
            settled = [one.ends for one in stored.settled]
            before = runs.constraints([*settled, *edited_ends], stored.forbidden)
            removed, added = effects(
                {pair for pair in self._solve(runs, before, window) if is_pair_in(pair, region)},
                in_region,
                runs.pairs([*touched, *edited_ends]),
                blocked,
                undecided,
            )
        return Realignment(
            removed=tuple(link for pair, link in undecided.items() if pair in removed),
            added=tuple(in_direction(runs, [solved[pair] for pair in solved if pair in added], near)),
            encoder=self.encoder.name,
        )

    def _links_near(self, runs: Runs, region: RangePair, replaced: Collection[int]) -> tuple[list[Link], list[Link]]:
        """The links that touch the region: those that are replaced, and the others."""
        links = list(self._between(runs, region))
        return [link for link in links if link.id in replaced], [link for link in links if link.id not in replaced]

    def _by_decision(
        self, runs: Runs, region: RangePair, links: Sequence[Link]
    ) -> tuple[dict[RangePair, Link], list[RangePair]]:
        """The undecided links inside the region by their index ranges, and the ranges of the others not rejected."""
        unreviewed = self.store.unreviewed([link.id for link in links])
        undecided: dict[RangePair, Link] = {}
        fixed: list[RangePair] = []
        for link in links:
            pair = runs.pair(sentence_pair(link))
            assert pair is not None
            if link.id in unreviewed and is_pair_in(pair, region):
                undecided[pair] = link
            elif link.status is not Status.REJECTED:
                fixed.append(pair)
        return undecided, fixed

    def _solve(self, runs: Runs, constraints: Constraints, window: RangePair) -> dict[RangePair, Proposal]:
        """The solution of a window, by index ranges of the runs, in its order."""
        part = runs.part(window)
        solved: dict[RangePair, Proposal] = {}
        for bead in part.solve(constraints_in_window(constraints, window), are_linked=True):
            proposal = part.proposal(bead)
            if pair := runs.pair(sentence_pair(proposal)):
                solved[pair] = proposal
        return solved

    def alternatives(self, link: Link, count: int = 9) -> list[AlternativeTarget]:
        """The best other targets for the link's source, best first, without shared sentences."""
        is_one_page = link.src.document == link.tgt.document
        src = self._group(link.src.document, link.src.sentences, is_one_page)
        tgt = self._group(link.tgt.document, link.tgt.sentences, is_one_page)
        is_source = np.isin(np.array(src.sentences), np.array(link.src.sentences))
        query = normalised(src.passages.vectors[is_source].sum(axis=0, keepdims=True))[0]
        own = {number for number, sentence in enumerate(tgt.sentences) if sentence in link.tgt.sentences}
        alternatives: list[AlternativeTarget] = []
        used: set[int] = set()
        for score, run in sorted(similar_spans(query, tgt.passages.vectors), key=lambda scored: -scored[0]):
            if set(run) == own or used & set(run):
                continue
            used |= set(run)
            text = join([tgt.passages.texts[number] for number in run], tgt.lang)
            alternatives.append(AlternativeTarget(tuple(tgt.sentences[number] for number in run), text, score))
            if len(alternatives) == count:
                break
        return alternatives

    def _group(self, document: int, sentences: SentenceIds, is_one_page: bool) -> LanguageGroup:
        """The sentences of the language that some sentences have; of their script or region on a page with both."""
        edition = self.store.edition(document)  # Sentences are split and documents reread while the app is open.
        if document not in self._groups or self._groups[document][0] != edition:
            self._groups[document] = edition, groups(self.store, self.encoder, [document], boilerplate=True)
        own = self._groups[document][1]
        parts = [part for whole in own for part in varieties(whole)] if is_one_page else own
        for group in parts:
            if set(sentences) <= set(group.sentences):
                return group
        raise UsageError(
            "These sentences are in several languages, or in none; link sentences of one language per side."
        )

    def _constraints(
        self,
        runs: Runs,
        stored: StoredConstraints,
        anchors: Sequence[SentencePair],
        forbidden: Sequence[SentencePair],
        replaced: Collection[int],
        shared_links: Collection[int],
    ) -> Constraints:
        """The confirmed links without the replaced ones, and the links to be confirmed."""
        anchors, forbidden = ([runs.oriented(ends) for ends in some] for some in (anchors, forbidden))
        left = [one for one in stored.settled if one.link not in replaced]
        before = {number for one in stored.settled if one.link in replaced for side in one.ends for number in side}
        drawn = {number for ends in anchors for side in ends for number in side} - before
        for one in left:
            agreed = one.anchored or one.link in shared_links or one.ends in anchors
            if not (agreed or drawn.isdisjoint((*one.ends[0], *one.ends[1]))):
                raise ConflictError(
                    f"{one.status} link {one.link} and the new link share a sentence. Reject that link "
                    "first, or link both by hand."
                )
        return runs.constraints([*(one.ends for one in left), *anchors], [*stored.forbidden, *forbidden])

    def _between(self, runs: Runs, region: RangePair) -> Iterator[Link]:
        """The links between the two runs, in either direction, that touch the region."""
        sentences = [
            *runs.src.sentences[region[0].start : region[0].stop],
            *runs.tgt.sentences[region[1].start : region[1].stop],
        ]
        touching = self.store.links_of_sentences(sentences)
        for link in {link.id: link for links in touching.values() for link in links}.values():
            if runs.pair(sentence_pair(link)) is not None:
                yield link


def open_realigner(db: Path, encoder: str, links: Sequence[Link] = (), *, cache: Path | None = None) -> Realigner:
    """Open a realigner with the requested encoder; for `auto`, with the one that proposed the links.

    Its vectors are cached. The first of `links` with a locally available encoder counts: a link may be made by hand
    or with another model.
    """
    link_encoder = next((link.encoder for link in links if is_local(link.encoder)), None)
    if encoder == "auto" and link_encoder is not None:
        with suppress(EncoderError):
            return Realigner(db, link_encoder, cache=cache)
    return Realigner(db, encoder, cache=cache)


def sentence_pair(link: Link | Proposal) -> SentencePair:
    """The sentences of both sides."""
    if isinstance(link, Proposal):
        return link.src, link.tgt
    return link.src.sentences, link.tgt.sentences


def bounding_ranges(pairs: Sequence[RangePair]) -> RangePair:
    """The smallest ranges that contain all the pairs."""
    src, tgt = (
        range(min(pair[side].start for pair in pairs), max(pair[side].stop for pair in pairs)) for side in (0, 1)
    )
    return src, tgt


def widened(touched_range: range, size: int) -> range:
    """The range extended by `REACH_SENTENCES` on either side, within a run of `size` sentences."""
    return range(max(0, touched_range.start - REACH_SENTENCES), min(size, touched_range.stop + REACH_SENTENCES))


def anchor_region(touched_ranges: RangePair, anchors: Sequence[RangePair], window: RangePair) -> RangePair:
    """The region from the nearest anchor before the touched ranges on both sides to the nearest one after them."""
    before = [a for a in anchors if a[0].stop <= touched_ranges[0].start and a[1].stop <= touched_ranges[1].start]
    after = [a for a in anchors if a[0].start >= touched_ranges[0].stop and a[1].start >= touched_ranges[1].stop]
    src, tgt = (
        range(
            max([window[side].start, *(a[side].stop for a in before)]),
            min([window[side].stop, *(a[side].start for a in after)]),
        )
        for side in (0, 1)
    )
    return src, tgt


def constraints_in_window(constraints: Constraints, window: RangePair) -> Constraints:
    """The constraints on the window, in its indexes; sentences of an anchor across its edge are unavailable."""

    def shifted_pairs(pairs: Sequence[RangePair]) -> list[RangePair]:
        return [
            (shifted(pair[0], window[0]), shifted(pair[1], window[1]))
            for pair in pairs
            if all(is_inside(run, side) for run, side in zip(pair, window, strict=True))
        ]

    anchors = shifted_pairs(constraints.anchors)
    src, tgt = (
        frozenset(number - side.start for number in settled if number in side).difference(
            number for anchor in anchors for number in anchor[of]
        )
        for of, (settled, side) in enumerate(zip(constraints.unavailable, window, strict=True))
    )
    return Constraints(anchors, shifted_pairs(constraints.forbidden), (src, tgt))


def shifted(run: range, window: range) -> range:
    """The run, counted from the window's start."""
    return range(run.start - window.start, run.stop - window.start)


def is_inside(run: range, window: range) -> bool:
    """Whether the run lies completely in the window."""
    return window.start <= run.start and run.stop <= window.stop


def in_direction(runs: Runs, new: Sequence[Proposal], near: Sequence[Link]) -> Sequence[Proposal]:
    """New proposals in the direction of most links near them, which only the touched link may not have."""
    if 2 * sum(runs.is_swapped(sentence_pair(link)) for link in near) > len(near):
        return [replace(proposal, src=proposal.tgt, tgt=proposal.src) for proposal in new]
    return new


def is_pair_in(pair: RangePair, region: RangePair) -> bool:
    """Whether both ranges lie completely in the region."""
    return all(is_inside(run, side) for run, side in zip(pair, region, strict=True))


def similar_spans(query: Vectors, vectors: Vectors) -> Iterator[tuple[float, range]]:
    """Spans of up to `MAX_ALTERNATIVE_SENTENCES` with their similarity to `query` (d,), less the mean of the best
    four.

    vectors (n, d): float32 unit rows. The mean is per width, so that spans of different widths are comparable.
    """
    for width in range(1, min(MAX_ALTERNATIVE_SENTENCES, len(vectors)) + 1):
        count = len(vectors) - width + 1
        sums = np.sum([vectors[start : start + count] for start in range(width)], axis=0)
        similar = normalised(sums) @ query
        level = float(np.sort(similar)[-4:].mean())
        yield from ((float(value) - level, range(at, at + width)) for at, value in enumerate(similar))


def normalised(vectors: Vectors) -> Vectors:
    """Rows of length 1; a zero row stays zero."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return np.asarray(vectors / lengths, dtype=np.float32)


SIGNAL_MEANINGS = {
    "margin": "closer to each other than to their neighbourhoods (CSLS)",
    "similarity": "cosine: 0 as two arbitrary sentences of the texts, 1 identical",
    "strong": "similarity above the level that needs no support by neighbours",
    "chain_support": "neighbouring links in its chain",
    "before": "the link just before it in its chain",
    "after": "the link just after it in its chain",
    "length": "lengths differ: |log| of their ratio as these languages write",
    "numbers": "numbers, dates and years in common",
    "clash": "numbers that differ, where both sides have some (log)",
    "words": "names, words and Han characters in common",
    "size": "length of the shorter side (log characters)",
    "short": "how far the shorter side is below a reliable length",
    "cells": "number of candidate pairs (log)",
    "together": "both sides on one page",
    "posterior": "log odds of the exact search, where the chain is a translation",
    "interleaved": "the page alternates between the languages",
    "level": "how similar the whole chain is",
    "count": "links in its chain (log)",
    "extra": "sentences more than 1:1",
    "isolated": "alone in a short chain, and no closer than its surroundings",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A link, its signals, and its alternatives, best first."""

    link: Link
    signals: dict[str, float]
    alternatives: Sequence[AlternativeTarget]

    def as_object(self) -> dict[str, object]:
        """For `--json`."""
        sides = {
            name: {"doc": side.doc, "lang": side.lang, "text": side.text}
            for name, side in (("src", self.link.src), ("tgt", self.link.tgt))
        }
        head = {"id": self.link.id, "kind": str(self.link.kind), "status": str(self.link.status)}
        numbers = {"score": self.link.score, "confidence": self.link.confidence, "encoder": self.link.encoder}
        alternatives = [
            {"text": r.text, "score": round(r.score, 4), "sentences": list(r.sentences)} for r in self.alternatives
        ]
        return {**head, **sides, **numbers, "signals": self.signals, "alternatives": alternatives}


def explain(db: Path, link: int, *, encoder: str = "auto", count: int = 3, cache: Path | None = None) -> Explanation:
    """Explain a link. Read-only. Raises UsageError for an unknown link.

    Alternatives are searched with `encoder`; `auto` is the link's own, where it is locally available.
    """
    with open_store(db, create=False, readonly=True) as store:
        try:
            stored_link = store.link(link)
        except KeyError as error:
            raise UsageError(f"{db}: there is no link {link}. `align export - --to jsonl` lists them.") from error
        signals = store.signals(link) or {}
    with open_realigner(db, encoder, [stored_link], cache=cache) as realigner:
        return Explanation(stored_link, signals, realigner.alternatives(stored_link, count))
