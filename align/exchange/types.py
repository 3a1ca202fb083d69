"""Records of the exchange package: export options and report, units to write, units read from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from align.models import Link, LinkKind, LinkSide, Status
from align.text.messages import pluralise

Level = Literal["sentence", "block"]
BookLayout = Literal["interleaved", "columns", "notes"]
"""Translations in a book: below their originals, in a second column, or as notes."""

VERIFY_BELOW = 100_000
"""Exports of fewer units than this are read back and compared by default."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """Which links an export writes, and how. None: the default of the format."""

    statuses: frozenset[Status] | None = None
    """Default: accepted and edited for formats of translation memories, any for the others."""
    kinds: frozenset[LinkKind] | None = None
    """Default: any of confirmed links; of others `MEMORY_KINDS` for formats of translation memories, else any."""
    min_confidence: float = 0.0
    src: str | None = None
    """A language range (`zh` covers `zh-Hant`): only links with it on one side, turned so that it is the source."""
    tgt: str | None = None
    """A language range for the other side."""
    level: Level = "sentence"
    lang_map: Mapping[str, str] = field(default_factory=dict)
    """Our language tags to the consumer's: `{"zh-Hant": "zh-TW"}`. Whole tags, in any case."""
    dedupe: bool = False
    """Leave out a unit with the same languages and texts as an earlier one."""
    context: int = 0
    """Number of sentences before and after each side to include, where the format has fields for them."""
    multilingual: bool = False
    """Join links with an identical side into units of three or more languages, where the format allows it."""
    with_nulls: bool = False
    """Include sentences that no link covers, where the format can mark them as unpaired."""
    documents: frozenset[str] = frozenset()
    """Names of documents: only links with a side in the only one, or with both sides in these. Empty: all links."""
    timed_by: Literal["src", "tgt"] | None = None
    """The side whose times subtitles have. None: the source where it has times, else the target."""
    prove: bool | None = None
    """Read the file back with another reader and compare. None: below `VERIFY_BELOW` units."""
    force: bool = False
    """Replace an existing output."""
    pivot: str | None = None
    """Name of a document: only links with it, turned so that it is the source."""
    layout: BookLayout = "interleaved"
    """Of a book."""
    source_file: Path | None = None
    """The original of a book. None: the file that its document was read from."""
    plain: bool = False
    """Make a book of the stored text, without the original."""
    encoders: Mapping[str, str] = field(default_factory=dict)
    """Package and version of each encoder, for file headers: `{"use": "package 1.2"}`."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.min_confidence <= 1.0:
            raise ValueError("min_confidence is between 0 and 1")
        if self.context < 0:
            raise ValueError("context is 0 or more")


Properties = Sequence[Sequence[str]]
"""(name, value) of a unit of another tool: `prop`s, and attributes of `tu` with `@` before their names.

Those of one side have its language as a third item (in a unit to write: `0` for the source, `1` for the target), and
`#note` is the name of its notes.
"""


def properties_key(document: int) -> str:
    """The key of the properties of a source document's units in the store: JSON, by the id of their sentence."""
    return f"unit properties {document}"


class Context(NamedTuple):
    """Clean text of the sentences before and after a side, each in reading order."""

    before: tuple[str, ...]
    after: tuple[str, ...]


class Unit(NamedTuple):
    """One unit to write: a link, turned and encoded for the format, and its optional parts."""

    link: Link
    extra_sides: tuple[LinkSide, ...] = ()
    """Sides in further languages."""
    extra_links: tuple[tuple[Link, int, int], ...] = ()
    """Further links that the unit covers: (link, index of its source, index of its target in `sides`)."""
    context: tuple[Context, Context] | None = None
    """Context of the source and of the target."""
    properties: Properties = ()
    """Properties of the memory that the link came from."""
    times: tuple[float, float] | None = None
    """Start and end in seconds, in subtitles."""
    lines: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    """The sentences of the source and of the target, in formats of one sentence per line."""

    @property
    def sides(self) -> tuple[LinkSide, ...]:
        """All sides, the source first."""
        return (self.link.src, self.link.tgt, *self.extra_sides)


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of reading the written file back without differences."""

    reader: str
    units: int


@dataclass(slots=True)
class ExportReport:
    """Result of an export. `lines()` formats it for stderr."""

    path: Path | None
    """None: standard output."""
    to: str
    units: int = 0
    unpaired: int = 0
    """Sentences without a link that are written too, since the format has every sentence; not counted in `units`."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Links that were not written, counted by reason."""
    warnings: Counter[str] = field(default_factory=Counter)
    """What the format could not represent, counted by kind."""
    facts: list[str] = field(default_factory=list)
    """What else there is to know about the file, one line each."""
    hint: str | None = None
    verification: Verification | None = None

    def to_dict(self) -> dict[str, object]:
        """The figures for `--json`."""
        verified = self.verification
        return {
            "path": None if self.path is None else str(self.path),
            "format": self.to,
            "units": self.units,
            "unpaired": self.unpaired,
            "left_out": dict(self.left_out),
            "warnings": dict(self.warnings),
            "verified": None if verified is None else {"reader": verified.reader, "units": verified.units},
        }

    def lines(self) -> list[str]:
        """One fact per line, the main one first."""
        where = "standard output" if self.path is None else str(self.path)
        noun = "block" if self.to == "blocks" else "unit"
        lines = [f"{where}: {pluralise(self.units, noun)} written as {self.to}."]
        if self.unpaired:
            lines.append(f"Also written, as units of their own: {pluralise(self.unpaired, 'sentence')} without a link.")
        lines += [f"Left out: {count:,} {reason}." for reason, count in self.left_out.most_common()]
        lines += [f"Warning: {text} ({count:,}x)." for text, count in self.warnings.most_common()]
        lines += self.facts
        if (verified := self.verification) is not None:
            lines.append(f"Verified: {verified.units:,} units read back with {verified.reader}, no differences.")
        if self.hint:
            lines.append(self.hint)
        return lines


class Segment(NamedTuple):
    """The text of an imported unit in one language."""

    lang: str
    text: str


class ExtraLink(NamedTuple):
    """A further link of an imported unit of more than two languages."""

    id: int
    src: int
    """Index of its source in the unit's `sides`."""
    tgt: int
    status: Status | None
    stamp: str | None


class ImportedUnit(NamedTuple):
    """One unit of an exchange file. None: the file does not have the value."""

    where: str
    """Location for messages: `line 12`, `tu 5`."""
    sides: tuple[Segment, ...]
    id: int | None = None
    status: Status | None = None
    kind: LinkKind | None = None
    note: str | None = None
    """None where the format has no notes or the unit has none; "" where the note was emptied."""
    stamp: str | None = None
    extra_links: tuple[ExtraLink, ...] = ()
    docs: tuple[str, ...] = ()
    """Document names of the sides."""
    spans: tuple[str, ...] = ()
    """Spans of the sides in their documents: `12:40 52:60`."""
    properties: Properties = ()
    """Of a unit of another tool."""
    confidence: float | None = None
    """Probability that the sides correspond, of a part that a larger unit was cut into."""
    unknown_values: tuple[str, ...] = ()
    """Cells with a value outside their vocabulary, for messages: `status 'acepted': unknown value`."""


def parse_id(text: str | None) -> int | None:
    """A link's id; None for text that is no such number."""
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def parse_status(text: str | None) -> Status | None:
    """A status in any case; None for an unknown word."""
    try:
        return Status((text or "").strip().lower())
    except ValueError:
        return None


def parse_kind(text: str | None) -> LinkKind | None:
    """A kind in any case; None for an unknown word."""
    try:
        return LinkKind((text or "").strip().lower())
    except ValueError:
        return None
