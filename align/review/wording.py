"""A link in words: its state, the reasons for it, what only one of its texts has, and who else has its sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from align.highlight import NOTHING_AROUND, Surroundings, correspondences
from align.models import CONFIRMED, Link, LinkKind, Status
from align.text.messages import pluralise
from align.text.tags import language_name
from align.text.width import clusters
from align.workspace.browse import SentenceRow

STATUS_GLYPHS = {Status.PROPOSED: "·", Status.ACCEPTED: "✓", Status.REJECTED: "✗", Status.EDITED: "✎"}
ATTENTION_WORDS = {"changed": "text changed since", "conflict": "in conflict", "audit": "judged wrong in an audit"}
"""Why a link should be decided again."""
MAX_SHOWN_PERCENT = 99
"""Maximum per cent shown: only a reviewer can be certain."""
FITTING_LENGTHS = 0.35
"""|log| of the length ratio up to which two lengths fit: a factor of 1.4."""


def percent(confidence: float) -> int:
    """Confidence in per cent as shown everywhere: rounded, at most `MAX_SHOWN_PERCENT`."""
    return min(MAX_SHOWN_PERCENT, round(100 * confidence))


def headline(link: Link, rank: int, total: int) -> str:
    """`#54 (1/60) · proposed, 81 % sure · 1:1`."""
    parts = [f"#{link.id} ({rank + 1:,}/{total:,})", *state_of(link)]
    if link.bookmarked:
        parts.append("⚑")
    return " · ".join(parts)


def state_of(link: Link) -> list[str]:
    """Status with confidence or reviewer, kind, number of sentences on each side, why to decide again."""
    status = link.status.value
    if link.status is Status.PROPOSED:
        status += f", {percent(link.confidence)} % sure"
    elif link.reviewer:
        status += f" by {link.reviewer}"
    parts = [status]
    if link.kind is not LinkKind.TRANSLATION:
        parts.append(link.kind.value)
    parts.append(f"{len(link.src.sentences)}:{len(link.tgt.sentences)}")
    if link.attention:
        parts.append(ATTENTION_WORDS.get(link.attention, link.attention))
    return parts


def reasons_of(link: Link, features: Mapping[str, float]) -> list[str]:
    """The reasons for a link and against it, from the features that the solver recorded."""
    if not features:
        return ["linked by hand, or by an older version: the solver recorded no reasons"]
    value = features.get
    reasons = []
    if "similarity" in features:
        alike = max(0, min(100, round(100 * features["similarity"])))
        reasons.append(f"meaning {alike} % alike (0 as any two sentences here, 100 the same)")
    if "margin" in features and features["margin"] < 0.05:
        reasons.append("other sentences are as close in meaning")
    if "length" in features:
        factor = exp(abs(features["length"]))
        fits = abs(features["length"]) <= FITTING_LENGTHS
        reasons.append("lengths fit" if fits else f"one side is {factor:.1f} times as long as expected")
    if value("clash", 0.0) > 0:
        reasons.append("numbers differ")
    elif value("numbers", 0.0) > 0:
        reasons.append("numbers agree")
    if value("words", 0.0) > 0:
        reasons.append("names or words in common")
    if "before" in features and "after" in features:
        supports = [word for word, name in (("above", "before"), ("below", "after")) if features[name] > 0]
        reasons.append(f"supported by the link {' and the one '.join(supports)}" if supports else "no link next to it")
    if value("short", 0.0) > 0:
        reasons.append("short, so less certain")
    if value("extra", 0.0) > 0:
        reasons.append("more sentences than usual")
    return reasons


def only_in_one(link: Link, around: Surroundings = NOTHING_AROUND) -> str:
    """`Only in German: Mai · only in French: 1956`: names and numbers that the other side lacks; empty without any."""
    marks_of_sides = correspondences(link.src.text, link.tgt.text, link.src.lang, link.tgt.lang, around)
    parts = []
    names = [language_name(side.lang) for side in (link.src, link.tgt)]
    if names[0] == names[1]:
        names = ["the source", "the target"]
    for name, side, marks in zip(names, (link.src, link.tgt), marks_of_sides, strict=True):
        words = dict.fromkeys(side.text[mark.start : mark.end] for mark in marks if mark.role == "lonely")
        if words:
            parts.append(f"only in {name}: {', '.join(words)}")
    line = " · ".join(parts)
    return line[:1].upper() + line[1:]


def question(existing_links: Sequence[tuple[SentenceRow, Link]]) -> str:
    """`Sentence 11 is already in accepted link 57. Link anyway?`"""
    words = []
    for row, link in existing_links:
        if link.status is Status.REJECTED:
            words.append(f"these sentences are link {link.id}, which {link.reviewer} rejected")
        else:
            status = link.status if link.status in CONFIRMED else "anchored"
            words.append(f"sentence {row.position + 1} is already in {status} link {link.id}")
    summary = ", ".join(words)
    return f"{summary[:1].upper()}{summary[1:]}. Link anyway?"


def progress_of(left: int, expected_right: float) -> str:
    """`60 left · about 91 % likely right`."""
    if not left:
        return "nothing left to decide"
    return f"{left:,} left · about {percent(expected_right / left)} % likely right"


def count_of(links: int) -> str:
    """`2 undecided links`."""
    return pluralise(links, "undecided link")


def snippet(text: str, width: int = 24) -> str:
    """The beginning of a text, on one line."""
    shown = ""
    for cluster in clusters(text):
        if len(shown) >= width:
            return f"{shown}…"
        shown += cluster.shown
    return shown
