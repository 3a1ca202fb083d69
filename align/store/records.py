"""Records that the store returns, in addition to those of `models`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from align.models import BlockKind, Decision, Segments, Span, Status, segments_of
from align.text.messages import pluralise


@dataclass(frozen=True, slots=True)
class TextChange:
    """Effect of a new text on the links of its document."""

    settled: int
    """Decided links (accepted, edited, rejected, anchored) before."""
    removed: int = 0
    """Decided links whose text was deleted."""
    reopened: int = 0
    """Decided links that are undecided again, because their text changed or is partly deleted."""
    proposals: int = 0
    """Undecided links whose text was deleted."""
    restored: int = 0
    """Links whose earlier decisions were restored because their text returned."""

    @property
    def affected(self) -> int:
        """Decided links that lost their text."""
        return self.removed + self.reopened

    def losses(self) -> dict[str, int]:
        """Counts of affected links, by name."""
        return {
            "removed": self.removed, "reopened": self.reopened, "proposals": self.proposals, "restored": self.restored
        }  # fmt: skip

    def summary_lines(self) -> list[str]:
        """Counts of affected links as phrases, without zeros."""
        phrases = []
        if self.affected:
            of = f"{self.affected:,} of {pluralise(self.settled, 'confirmed link')}"
            phrases.append(f"{of} lost their text ({self.removed:,} removed, {self.reopened:,} to be decided again)")
        if self.proposals:
            phrases.append(f"{pluralise(self.proposals, 'proposal')} removed")
        if self.restored:
            phrases.append(f"{pluralise(self.restored, 'confirmed link')} restored with the text")
        return phrases


@dataclass(frozen=True, slots=True)
class Added:
    """Outcome of adding a document."""

    document: int
    outcome: Literal["added", "unchanged", "changed"]


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document without its text."""

    id: int
    name: str
    reader: str
    encoding: str
    characters: int
    sentences: int
    languages: dict[str, int]
    """Language tag -> sentences, most frequent first."""
    links: dict[Status, int]
    """Status -> links with a side in this document; has every status."""
    added_at: str
    digest: str

    @property
    def segments(self) -> Segments:
        """What its sentences are."""
        return segments_of(self.reader)


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """A sentence as stored. `position` counts from 0 through the document; `block` is the block's number in it."""

    id: int
    document: int
    block: int
    kind: BlockKind
    position: int
    pieces: tuple[Span, ...]
    lang: str
    text: str
    """Clean text, for display, search and encoding."""

    @property
    def span(self) -> Span:
        """From the first character to the last."""
        return Span(self.pieces[0].start, self.pieces[-1].end)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two contradictory decisions on a link, made independently in two copies, or a difference to an imported file."""

    link: int
    at: str
    reviewer: str
    """Who decided `theirs`, or imported the file."""
    action: str
    ours: dict[str, object]
    """Differing columns as decided by `by`; as in the link if that is None."""
    theirs: dict[str, object]
    """The same columns as decided by `reviewer`, or as in the file."""
    name: str
    """The copy merged last, or the file."""
    is_deleted: bool = False
    """Whether the link is deleted here."""
    by: str | None = None


SentencePair = tuple[tuple[int, ...], tuple[int, ...]]
"""Sentence ids of source and target."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A link that the solver must keep or must not propose; sides in the order of the requested documents."""

    link: int
    ends: SentencePair
    languages: tuple[str, str]
    """Languages of the first sentence of each side."""
    status: Status
    anchored: bool
    """Whether the solver must keep it even if its sentences are in other links."""
    reviewer: str | None


@dataclass(frozen=True, slots=True)
class StoredConstraints:
    """Decided links between two documents: those that the solver must keep, and those it must not propose."""

    settled: tuple[Constraint, ...]
    rejected: tuple[Constraint, ...]

    @property
    def anchors(self) -> tuple[SentencePair, ...]:
        """Sentences of the settled links."""
        return tuple(one.ends for one in self.settled)

    @property
    def forbidden(self) -> tuple[SentencePair, ...]:
        """Sentences of the rejected links."""
        return tuple(one.ends for one in self.rejected)


@dataclass(frozen=True, slots=True)
class ProposeCounts:
    """Effect of a proposal run on the links of its pair."""

    added: int
    removed: int
    reviewed: int
    """Reviewed links, left unchanged."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """Review progress of the links between two documents in two languages."""

    src_document: int
    tgt_document: int
    src_doc: str
    tgt_doc: str
    src_lang: str
    tgt_lang: str
    counts: dict[Status, int]
    """Status -> links; has every status."""
    expected_right: float
    """Sum of the confidences of the undecided links: the expected number of right ones."""


@dataclass(frozen=True, slots=True)
class Change:
    """Effect of a decision: the links it touched (new and deleted ones too), and the decision."""

    link_ids: tuple[int, ...]
    decision: Decision
    next_link: int | None = None
    """Link to show next if not the one decided on; None = stay."""
    summary: str = ""
    """One line for a status bar."""


@dataclass(slots=True)
class United:
    """What taking in another copy did."""

    documents: int = 0
    decisions: int = 0
    decided: int = 0
    """Links that these decisions are on."""
    links: int = 0
    """New links."""
    agreed: int = 0
    """Links on which both had decided alike."""
    conflicts: int = 0
    """New conflicts."""
    cuts: int = 0
    """Cuts in conflict of sentences that are in no link."""
    differing: list[str] = field(default_factory=list)
    """Documents whose text is not the same in both copies; decisions on them wait until it is."""
    restored: list[str] = field(default_factory=list)
    """Documents that were removed here and are in the other copy."""

    def counts(self) -> dict[str, int]:
        """The counts for the log."""
        return {key: getattr(self, key) for key in ("links", "conflicts", "decisions", "decided", "agreed")}

    def lines(self, name: str) -> list[str]:
        """What happened, for a person."""
        lines = [
            f"{name}: {pluralise(self.decisions, 'decision')} taken in, on {pluralise(self.decided, 'link')}; "
            f"{self.agreed:,} of the links had been decided alike. {pluralise(self.documents, 'new document')}, "
            f"{pluralise(self.links, 'new link')}."
        ]
        lines += [f"{doc}: removed here but not in the other copy; it is back with its links." for doc in self.restored]
        lines += [
            f"{doc}: its text differs in the two copies; decisions on it are kept, and count once you have added "
            "the same text in both and merged again."
            for doc in self.differing
        ]
        if self.conflicts:
            lines.append(
                f"{pluralise(self.conflicts, 'conflict')}: such a link stays as both knew it. Accept, reject or edit "
                "it in `align review`; `align store conflicts` lists them."
            )
        if self.cuts:
            lines.append(
                f"{pluralise(self.cuts, 'cut')} of sentences in no link at different positions in the two copies: "
                "these sentences stay whole. Split them again."
            )
        return lines


def as_bytes(text: str) -> bytes:
    """Text for a BLOB column, which preserves lone surrogates and NULs that a TEXT column refuses or cuts at."""
    return text.encode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """Text for a TEXT column or a query: lone surrogates become ?, NULs are removed."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def stored_name(name: str) -> str:
    r"""Document name for a TEXT column: bytes of a file name that are not UTF-8 are escaped (`\udcff`)."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
