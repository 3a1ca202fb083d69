"""What writers are given and what an export reports: options, units, the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from align.domain import Link, LinkKind, LinkSide, Status

Level = Literal["sentence", "block"]

PROVE_BELOW = 100_000
"""Exports of fewer units than this are read back and compared unless told otherwise."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What goes out and how. None means: what the format does by itself."""

    statuses: frozenset[Status] | None = None
    """None: any for jsonl and html, accepted and edited for formats that feed a translation memory."""
    kinds: frozenset[LinkKind] | None = None
    """None: any for jsonl and html, `MEMORY_KINDS` for formats that feed a translation memory."""
    min_confidence: float = 0.0
    src: str | None = None
    """A language range (`zh` covers `zh-Hant`): links with it on one side only, turned so that it is the source."""
    tgt: str | None = None
    """A language range for the other side."""
    level: Level = "sentence"
    lang_map: Mapping[str, str] = field(default_factory=dict)
    """Our tags to the consumer's: `{"zh-Hant": "zh-TW"}`. Whole tags, whatever their case."""
    dedupe: bool = False
    """Leave out a unit whose languages and texts were already written."""
    context: int = 0
    """How many sentences before and after each side go along, where the format can say it."""
    multilingual: bool = False
    """Join links that share a side exactly into units of three languages and more, where the format can say it."""
    with_nulls: bool = False
    """Sentences without a partner too, where the format can say it."""
    prove: bool | None = None
    """Read the file back with another reader and compare. None: below `PROVE_BELOW` units."""
    force: bool = False
    """Replace an output that is already there."""
    encoders: Mapping[str, str] = field(default_factory=dict)
    """What stands behind the encoders' names here and now, for headers: `{"use": "package 1.2"}`."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ValueError("min_confidence is between 0 and 1")
        if self.context < 0:
            raise ValueError("context is 0 or more")


class Context(NamedTuple):
    """The clean text around a side: sentences before it and after it, in order."""

    before: tuple[str, ...]
    after: tuple[str, ...]


class Unit(NamedTuple):
    """What a writer writes at once: a link, turned and cleaned for the format, and what goes along."""

    link: Link
    more: tuple[LinkSide, ...] = ()
    """Further languages of the same unit."""
    others: tuple[tuple[Link, int, int], ...] = ()
    """Further links that the unit stands for, with the numbers of their sides among `sides`."""
    context: tuple[Context, Context] | None = None
    """Around the source and around the target."""

    @property
    def sides(self) -> tuple[LinkSide, ...]:
        """All sides, the source first."""
        return (self.link.src, self.link.tgt, *self.more)


@dataclass(frozen=True, slots=True)
class Proof:
    """What reading the written file back found."""

    reader: str
    units: int
    """Units that were read back and are the same as those that were meant."""
    differences: tuple[str, ...] = ()
    """The first few differences, in words."""


@dataclass(slots=True)
class ExportReport:
    """What an export did. `lines()` says it in words for stderr."""

    path: Path | None
    """None: standard output."""
    to: str
    units: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Why links were left out, and how many."""
    warnings: Counter[str] = field(default_factory=Counter)
    """What the format could not carry as it was, and how often."""
    hint: str | None = None
    proof: Proof | None = None

    def lines(self) -> list[str]:
        """One fact a line, the main one first."""
        where = "standard output" if self.path is None else str(self.path)
        noun = "block" if self.to == "blocks" else "unit"
        lines = [f"{where}: {self.units:,} {noun}{'' if self.units == 1 else 's'} written as {self.to}."]
        lines += [f"Left out: {count:,} {reason}." for reason, count in self.left_out.most_common()]
        lines += [f"Warning: {text} ({count:,}x)." for text, count in self.warnings.most_common()]
        if self.proof is not None:
            lines.append(f"Proved: {self.proof.units:,} read back by {self.proof.reader}, all the same.")
        if self.hint:
            lines.append(self.hint)
        return lines
