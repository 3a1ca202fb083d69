"""What the store hands out beside the words of the house: rows as values that cannot change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from align.domain import BlockKind, Decision, Span, Status
from align.text.counted import counted


@dataclass(frozen=True, slots=True)
class TextChange:
    """What a new text did to the links of its document."""

    settled: int
    """Settled links (accepted, edited, rejected, anchored) before."""
    removed: int = 0
    """Settled links whose text is gone."""
    reopened: int = 0
    """Settled links that are undecided again: their text was reworded, or is there in part."""
    proposals: int = 0
    """Undecided links whose text is gone."""
    restored: int = 0
    """Links that are settled as they once were, since their text is there again."""

    @property
    def affected(self) -> int:
        """Settled links that lost their text."""
        return self.removed + self.reopened

    def losses(self) -> dict[str, int]:
        """What became of links, by name."""
        return {
            "removed": self.removed, "reopened": self.reopened, "proposals": self.proposals, "restored": self.restored
        }  # fmt: skip

    def words(self) -> list[str]:
        """What became of links, a phrase each; nothing for what did not happen."""
        phrases = []
        if self.affected:
            of = f"{self.affected:,} of {counted(self.settled, 'settled link')}"
            phrases.append(f"{of} lost their text ({self.removed:,} removed, {self.reopened:,} to be decided again)")
        if self.proposals:
            phrases.append(f"{counted(self.proposals, 'proposal')} removed")
        if self.restored:
            phrases.append(f"{counted(self.restored, 'settled link')} restored with the text")
        return phrases


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a document that was added."""

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
    """Language tag -> sentences, most first."""
    links: dict[Status, int]
    """Status -> links with a side in this document; every status is there."""
    added_at: str
    digest: str


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
    """Two decisions on a link that do not agree, made in two copies without each other; or what a file says of it."""

    link: int
    at: str
    reviewer: str
    """Who decided `theirs`, or brought the file back."""
    action: str
    ours: dict[str, object]
    """What `by` decided, the columns that differ; as the link is, where that is None."""
    theirs: dict[str, object]
    """What `reviewer` decided, or what the file says."""
    name: str
    """The copy that was merged last, or the file."""
    gone: bool = False
    """The link is no more here."""
    by: str | None = None


Ends = tuple[tuple[int, ...], tuple[int, ...]]
"""The sentences of the source and of the target, as store ids."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """A link that the solver must keep or must not propose; sides in the order of the documents that were asked for."""

    link: int
    ends: Ends
    languages: tuple[str, str]
    """Of the first sentence of each side."""
    status: Status
    anchored: bool
    """Whether a reviewer wants it kept whatever else its sentences are in."""
    reviewer: str | None


@dataclass(frozen=True, slots=True)
class StoredConstraints:
    """What reviewers have settled between two documents: what the solver must keep, and what it must not propose."""

    settled: tuple[Constraint, ...]
    rejected: tuple[Constraint, ...]

    @property
    def anchors(self) -> tuple[Ends, ...]:
        """The sentences of what is settled."""
        return tuple(one.ends for one in self.settled)

    @property
    def forbidden(self) -> tuple[Ends, ...]:
        """The sentences of what is rejected."""
        return tuple(one.ends for one in self.rejected)


@dataclass(frozen=True, slots=True)
class ProposeCounts:
    """What a proposal run did to the links of its pair."""

    added: int
    removed: int
    kept: int
    """Links with a reviewer's touch, left as they are."""


@dataclass(frozen=True, slots=True)
class PairRow:
    """How far the review of the links between two documents in two languages is."""

    src_document: int
    tgt_document: int
    src_doc: str
    tgt_doc: str
    src_lang: str
    tgt_lang: str
    counts: dict[Status, int]
    """Status -> links; every status is there."""
    expected_right: float
    """The confidences of the undecided links together: how many of them are expected to be right."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision changed: every link it touched (made and removed ones too), and the decision itself."""

    link_ids: tuple[int, ...]
    decision: Decision
    look_at: int | None = None
    """The link to show next where the one decided on is no longer the place to be; None = stay."""
    words: str = ""
    """One line for a status bar."""
