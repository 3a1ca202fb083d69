"""Domain model: documents, blocks, sentences, links and decisions, as immutable values.

Offsets are in characters (code points) of `Document.text`, the document's decoded original text. Language tags are
BCP 47 (`ja`, `en`, `zh-Hant`, `zh-Hans`, `und`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, cast

UNDETERMINED = "und"
Segments = Literal["line", "verse", "paragraph", "sentence"]
"""What counts as one sentence of a document: `sentence` is a sentence by the rules of its language."""
SEGMENTS: tuple[Segments, ...] = ("line", "verse", "paragraph", "sentence")
MAX_ID = 2**63 - 1
"""Largest id in a store, and largest number of rows that can be requested."""


class Span(NamedTuple):
    """`[start, end)` in characters of a document's original text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of `text` that the span covers."""
        return text[self.start : self.end]


class BlockKind(StrEnum):
    """Kind of a paragraph-level part of a document."""

    HEADING = "heading"
    BODY = "body"
    LIST = "list"
    QUOTE = "quote"
    CAPTION = "caption"
    COMMENT = "comment"
    BOILERPLATE = "boilerplate"
    SEPARATOR = "separator"


class Role(StrEnum):
    """How a passage relates to a statement, a group of passages that say the same.

    `ABSENT` with an empty text is about the whole document.
    """

    FULL = "says"
    PARTIAL = "in part"
    CONTRADICTS = "contradicts"
    DOUBTFUL = "doubtful"
    ABSENT = "not said"


class LinkKind(StrEnum):
    """How the two sides of a link correspond."""

    TRANSLATION = "translation"
    PARTIAL = "partial"
    SUMMARY = "summary"
    TITLE = "title"
    QUOTE = "quote"


MEMORY_KINDS = frozenset({LinkKind.TRANSLATION, LinkKind.TITLE})
"""Kinds of links for a translation memory, by default."""


class Status(StrEnum):
    """Result of the decisions on a link so far."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EDITED = "edited"


CONFIRMED = frozenset({Status.ACCEPTED, Status.EDITED})
"""Statuses of links that a reviewer confirmed."""

STATUS_GROUPS = {
    "any": frozenset(Status) - {Status.REJECTED},
    "undecided": frozenset({Status.PROPOSED}),
    "confirmed": CONFIRMED,
}
"""Words for several statuses, or for one by its meaning. `any` does not include rejected links."""
STATUS_WORDS = (*STATUS_GROUPS, *map(str, Status))
"""All words that `statuses_of` accepts."""


def statuses_of(text: str) -> frozenset[Status]:
    """Statuses in a list such as `accepted,edited` or `any,rejected`; a status may be abbreviated.

    Raises ValueError, naming the word, for an unknown or ambiguous one.
    """
    named: set[Status] = set()
    for word in (part.strip().lower() for part in text.split(",")):
        matches = [status for status in Status if word and status.value.startswith(word)]
        if word in STATUS_GROUPS:
            named |= STATUS_GROUPS[word]
        elif len(matches) == 1:
            named.add(matches[0])
        else:
            raise ValueError(f"{word!r} is not a status. Choose from: {', '.join(STATUS_WORDS)}; several with commas.")
    return frozenset(named)


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest unit that is linked.

    `pieces` are ascending, non-empty spans; more than one only where something that is not text (the timing of a
    subtitle, an image name) interrupts the sentence.
    """

    pieces: tuple[Span, ...]
    lang: str = UNDETERMINED
    lang_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.pieces:
            raise ValueError("a sentence covers at least one character")
        end = self.pieces[0].start
        for piece in self.pieces:
            if piece.end <= piece.start:
                raise ValueError("a sentence covers at least one character")
            if piece.start < end:
                raise ValueError("the pieces of a sentence must be ascending and must not overlap")
            end = piece.end

    @property
    def span(self) -> Span:
        """From the first character to the last."""
        return Span(self.pieces[0].start, self.pieces[-1].end)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph-level run of a document with its sentences, in order, inside its span."""

    span: Span
    kind: BlockKind
    lang: str = UNDETERMINED
    lang_confidence: float = 0.0
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One imported text: its original characters and its blocks, ascending and without overlap."""

    name: str
    """The path as added; the column `doc` of exports."""
    text: str
    blocks: tuple[Block, ...]
    reader: str = "text"
    """Name of the reader; with `/line`, `/verse` or `/paragraph` after it where these are the sentences."""
    encoding: str = "utf-8"

    @property
    def segments(self) -> Segments:
        """What its sentences are."""
        return segments_of(self.reader)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the text; different lone surrogates give different digests."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class LinkSide:
    """One side of a link: sentences of one document, in order."""

    document: int
    doc: str
    """The document's name."""
    lang: str
    sentences: tuple[int, ...]
    """Store ids of the sentences."""
    text: str
    """Current clean text: the sentences joined as their script requires, or the text that a reviewer edited."""
    spans: tuple[Span, ...]
    original: str | None = None
    """Clean text before the first edit; None if it was never edited."""


@dataclass(frozen=True, slots=True)
class Link:
    """A stored link between sentences of two languages, with its confidence and its review status."""

    id: int
    src: LinkSide
    tgt: LinkSide
    kind: LinkKind
    score: float
    """Raw score of the solver; not a probability."""
    confidence: float
    """Calibrated P(this link is right), 0 to 1."""
    status: Status
    encoder: str
    version: int = 1
    """Incremented by every decision on the link, so that stale decisions are detected."""
    reviewer: str | None = None
    decided_at: str | None = None
    """ISO 8601, UTC, of the last decision."""
    note: str | None = None
    bookmarked: bool = False
    attention: str | None = None
    """Why it needs another review: `changed` (its text did), `conflict` (another copy or file disagrees),
    `audit` (judged wrong in a random sample)."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A link that the solver proposes, before the store gives it an id. Sides are store ids of sentences."""

    src: tuple[int, ...]
    tgt: tuple[int, ...]
    kind: LinkKind
    score: float
    confidence: float
    chain: int = 0
    signals: dict[str, float] | None = None
    """Features for `align explain`."""

    def __post_init__(self) -> None:
        if not self.src or not self.tgt:
            raise ValueError("a proposal must have sentences on both sides")


@dataclass(frozen=True, slots=True)
class Realignment:
    """Changes to undecided links from solving again around an edit."""

    removed: tuple[Link, ...] = ()
    added: tuple[Proposal, ...] = ()
    encoder: str = ""
    """The encoder of the vectors behind the `added` links."""

    def __post_init__(self) -> None:
        if self.added and not self.encoder:
            raise ValueError("an added proposal needs the name of its encoder")

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)


@dataclass(frozen=True, slots=True)
class Decision:
    """One action of a reviewer. Decisions are appended, never changed; links are their accumulated result."""

    id: int
    uid: str
    """Identical in every copy of a store (32 hex digits)."""
    at: str
    """ISO 8601 with microseconds, UTC."""
    reviewer: str
    action: str
    link: int | None
    detail: dict[str, object]


def segments_of(reader: str) -> Segments:
    """What the sentences of a document are, by its `reader`."""
    return cast(Segments, reader.partition("/")[2] or "sentence")
