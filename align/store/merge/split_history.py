"""Determine where sentences are split by the decisions of several logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from align.store.merge.causality import Causality
from align.store.merge.replica import Sentences, Side


@dataclass(slots=True)
class SplitEvent:
    """A decision that splits a sentence or makes it whole."""

    position: int
    half: int
    made: bool
    """Split; else whole again."""


@dataclass(slots=True)
class OutOfForce:
    """Decisions without effect, by position. Links are given by `id`."""

    decisions: set[int] = field(default_factory=set)
    """In conflict, with all that they do."""
    units: set[tuple[int, int, str]] = field(default_factory=set)
    """(decision, link, register): in conflict on one link."""
    void: set[tuple[int, int]] = field(default_factory=set)
    """(decision, link): taken back as if it had never been."""
    void_splits: set[int] = field(default_factory=set)
    """Splits that were taken back likewise."""


class SplitHistory:
    """The splits of all logs; `out` is shared with the resolution, which fills it."""

    def __init__(self, causality: Causality, sentences: Sentences, out: OutOfForce) -> None:
        self.causality = causality
        self.sentences = sentences
        self.out = out
        self.by_sentence: dict[int, list[SplitEvent]] = {}
        self.by_half: dict[int, list[SplitEvent]] = {}
        self.in_force: dict[int, bool] = {}
        """Second half -> whether there is one at last; filled by `finish`."""

    def add(self, sentence: int, event: SplitEvent) -> None:
        """Add a split of a sentence."""
        self.by_sentence.setdefault(sentence, []).append(event)
        self.by_half.setdefault(event.half, []).append(event)

    def finish(self) -> None:
        """Determine which splits are in force, once `out` is final."""
        self.in_force = {half: self.is_cut(half) for half in self.by_half}

    def live(self, cuts: Sequence[SplitEvent]) -> list[SplitEvent]:
        """Those that are not out of force."""
        return [
            cut for cut in cuts if cut.position not in self.out.decisions and cut.position not in self.out.void_splits
        ]

    def is_cut(self, half: int, by: int | None = None) -> bool:
        """Whether the cut that made a half is in force: at last, or in what the decision at position `by` knew."""
        cuts = self.by_half.get(half, [])
        if by is None:
            live = self.live(cuts)
        else:
            live = [cut for cut in cuts if cut.position == by or self.causality.before(cut.position, by)]
        return bool(live) and live[-1].made

    def _halves_before(self, cuts: Sequence[SplitEvent], position: int) -> set[int]:
        """Which cuts of a sentence are in force as the decision at a position leaves it."""
        visible_cuts: set[int] = set()
        for cut in cuts:
            if cut.position == position or self.causality.before(cut.position, position):
                (visible_cuts.add if cut.made else visible_cuts.discard)(cut.half)
        return visible_cuts

    def in_conflict(self, sentence: int) -> set[int]:
        """Decisions that split a sentence at different positions without knowledge of each other."""
        live = self.live(self.by_sentence[sentence])
        heads: list[int] = []
        for cut in live:
            heads = [head for head in heads if not self.causality.before(head, cut.position)]
            heads += [cut.position] if cut.position not in heads else []
        if len(heads) > 1:
            cuts = [self._halves_before(live, head) for head in heads]
            if any(cut_set != cuts[0] for cut_set in cuts):
                common = [c for c in live if all(self.causality.before(c.position, head) for head in heads)]
                common_ids = {id(cut) for cut in common}
                return {cut.position for cut in live if id(cut) not in common_ids}
        return set()

    def expanded(self, side: Side, position: int) -> Side:
        """The sentences of a side as they are cut at last; `position`: of the decision that drew the side."""
        sentences: dict[int, None] = {}
        for sentence in side:
            whole = sentence
            for one in reversed(self.line(sentence)):  # From the sentence that was read down to this half.
                if self.sentences.parent(one) is not None and not self.in_force.get(one, False):
                    whole = self.sentences.parent(one) or 0
                    break
            else:
                whole = sentence
            self.expand(whole, position, sentences)
        return tuple(sentences)

    def line(self, sentence: int) -> list[int]:
        """A sentence and those it was split from, up to the one that was read."""
        lineage = [sentence]
        while (parent := self.sentences.parent(lineage[-1])) is not None:
            lineage.append(parent)
        return lineage

    def expand(self, sentence: int, position: int, sentences: dict[int, None], *, finally_: bool = True) -> None:
        """Add a sentence and the second halves that were cut from it without knowledge of the decision at a position;
        `finally_`: those in force at last, else all."""
        sentences[sentence] = None
        for half in dict.fromkeys(cut.half for cut in self.by_sentence.get(sentence, ())):
            if (not finally_ or self.in_force[half]) and not self.is_cut(half, by=position):
                self.expand(half, position, sentences, finally_=finally_)
