"""Why a link was proposed: the signals behind it, and the best places it could have gone instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from align.domain import Link
from align.errors import UsageError
from align.jobs.resolve import Rival, open_resolver
from align.store import open_store

MEANING = {
    "margin": "closer to each other than to their neighbourhoods (CSLS)",
    "similarity": "alike in meaning: 0 as any two sentences here, 1 the same",
    "strong": "similarity above what needs nothing beside it",
    "beside": "links beside it in its chain",
    "before": "the link just before it in its chain",
    "after": "the link just after it in its chain",
    "length": "lengths differ: |log| of their ratio as these languages write",
    "numbers": "numbers, dates and years in common",
    "words": "names, words and Han characters in common",
    "size": "length of the shorter side (log characters)",
    "short": "how much the shorter side is too short to tell",
    "cells": "how many pairs there were to choose from (log)",
    "together": "both sides on one page",
    "posterior": "log odds of the exact search, where the chain is a translation",
    "woven": "the languages take turns on the page",
    "level": "how near the whole chain is",
    "count": "links in its chain (log)",
    "extra": "sentences beyond one and one",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A link, what the solver saw, and its rivals, the likeliest first."""

    link: Link
    signals: dict[str, float]
    rivals: Sequence[Rival]

    def as_object(self) -> dict[str, object]:
        """For `--json`."""
        sides = {
            name: {"doc": side.doc, "lang": side.lang, "text": side.text}
            for name, side in (("src", self.link.src), ("tgt", self.link.tgt))
        }
        head = {"id": self.link.id, "kind": str(self.link.kind), "status": str(self.link.status)}
        numbers = {"score": self.link.score, "confidence": self.link.confidence, "encoder": self.link.encoder}
        rivals = [{"text": r.text, "score": round(r.score, 4), "sentences": list(r.sentences)} for r in self.rivals]
        return {**head, **sides, **numbers, "signals": self.signals, "rivals": rivals}


def explain(db: Path, link: int, *, encoder: str = "auto", count: int = 3, cache: Path | None = None) -> Explanation:
    """Look behind a link. Writes nothing. Raises UsageError where there is no such link.

    Rivals are looked for with `encoder`; `auto` is the link's own, where it is at hand.
    """
    with open_store(db, create=False, readonly=True) as store:
        try:
            found = store.link(link)
        except KeyError as error:
            raise UsageError(f"{db}: there is no link {link}. `align export - --to jsonl` lists them.") from error
        signals = store.signals(link) or {}
    with open_resolver(db, encoder, [found], cache=cache) as resolver:
        return Explanation(found, signals, resolver.rivals(found, count))
