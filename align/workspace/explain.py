"""Explain why a link was proposed: its signals, and the best alternative targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from align.errors import UsageError
from align.models import Link
from align.store import open_store
from align.workspace.realign import AlternativeTarget, open_realigner

SIGNAL_MEANINGS = {
    "margin": "closer to each other than to their neighbourhoods (CSLS)",
    "similarity": "similarity: 0 as two arbitrary sentences of the texts, 1 identical",
    "strong": "similarity above the level that needs no support by neighbours",
    "chain_support": "neighbouring links in its chain",
    "before": "the link just before it in its chain",
    "after": "the link just after it in its chain",
    "length": "lengths differ: |log| of their ratio as these languages write",
    "numbers": "numbers, dates and years in common",
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
        return {**head, **sides, **numbers, "signals": self.signals, "rivals": alternatives}


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
    with open_realigner(db, encoder, [stored_link], cache=cache) as resolver:
        return Explanation(stored_link, signals, resolver.alternatives(stored_link, count))
