"""The rows of the workspace: pairs of texts or single documents with their progress, sorted and filtered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from align.models import Status
from align.workspace.browse import DocumentRow, LinkFilter, PairRow

SortColumn = Literal["texts", "left", "right", "decided"]
SORT_COLUMNS: tuple[SortColumn, ...] = ("texts", "left", "right", "decided")
"""In the order in which the sort key goes through them."""
ROW_WORDS = ("open", "done", "unlinked")
"""Words of the filter for rows with undecided links, without them, and without links."""
DECIDED = (Status.ACCEPTED, Status.EDITED, Status.REJECTED)


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A pair of texts, a document, or the total of several."""

    name: str
    languages: str
    total: int
    decided: int
    left: int
    expected_right: float
    """Sum of the confidences of the undecided links."""
    documents: tuple[int, ...] = ()
    """Source and target of a pair, or the one document."""
    pair: PairRow | None = None
    """None for a document and for a total."""

    @property
    def share_decided(self) -> float:
        """Share of the links that are decided; 0 without links."""
        return self.decided / self.total if self.total else 0.0

    @property
    def share_right(self) -> float | None:
        """Expected share of right links among the undecided ones; None if there are none."""
        return self.expected_right / self.left if self.left else None

    def link_filter(self) -> LinkFilter:
        """The links of the row."""
        if self.pair is not None:
            pair = self.pair
            return LinkFilter(
                documents=(pair.src_document, pair.tgt_document), src_lang=pair.src_lang, tgt_lang=pair.tgt_lang
            )
        return LinkFilter(document=self.documents[0]) if self.documents else LinkFilter()


class Progress(NamedTuple):
    """Counts of the links of a row."""

    total: int = 0
    decided: int = 0
    left: int = 0
    expected_right: float = 0.0

    def plus(self, pair: PairRow) -> Progress:
        """The counts with those of a pair added."""
        decided = sum(pair.counts[status] for status in DECIDED)
        left = pair.counts[Status.PROPOSED]
        return Progress(
            self.total + decided + left, self.decided + decided, self.left + left,
            self.expected_right + pair.expected_right,
        )  # fmt: skip


def base_name(name: str) -> str:
    """The last part of a document's name, which may be a path."""
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def pair_rows(pairs: Iterable[PairRow], documents: Iterable[DocumentRow]) -> list[WorkspaceRow]:
    """A row for each pair of texts, then one for each document without links."""
    rows, linked = [], set[int]()
    for pair in pairs:
        linked |= {pair.src_document, pair.tgt_document}
        src, tgt = base_name(pair.src_doc), base_name(pair.tgt_doc)
        is_one = pair.src_document == pair.tgt_document
        rows.append(
            WorkspaceRow(
                src if is_one else f"{src} ↔ {tgt}",
                f"{pair.src_lang} → {pair.tgt_lang}",
                *Progress().plus(pair),
                (pair.src_document, pair.tgt_document),
                pair,
            )
        )
    return rows + [_document_row(row, Progress()) for row in documents if row.id not in linked]


def document_rows(pairs: Iterable[PairRow], documents: Iterable[DocumentRow]) -> list[WorkspaceRow]:
    """A row for each document, with the links that have a side in it."""
    counts: dict[int, Progress] = {}
    for pair in pairs:
        for document in {pair.src_document, pair.tgt_document}:
            counts[document] = counts.get(document, Progress()).plus(pair)
    return [_document_row(row, counts.get(row.id, Progress())) for row in documents]


def _document_row(row: DocumentRow, progress: Progress) -> WorkspaceRow:
    return WorkspaceRow(base_name(row.name), ", ".join(row.languages) or "und", *progress, (row.id,))


def total_row(pairs: Sequence[PairRow], count: int, noun: str) -> WorkspaceRow:
    """The total of all pairs."""
    progress = Progress()
    for pair in pairs:
        progress = progress.plus(pair)
    return WorkspaceRow(f"Total: {count:,} {noun}{'' if count == 1 else 's'}", "", *progress)


def sorted_rows(rows: Iterable[WorkspaceRow], column: SortColumn) -> list[WorkspaceRow]:
    """Rows by name; or those first that have the most left, are least likely right, or are least decided."""
    if column == "left":
        return sorted(rows, key=lambda row: (-row.left, row.name))
    if column == "right":
        return sorted(rows, key=lambda row: (2.0 if row.share_right is None else row.share_right, row.name))
    if column == "decided":
        return sorted(rows, key=lambda row: (not row.total, row.share_decided, row.name))
    return sorted(rows, key=lambda row: (not row.total, row.name, row.languages))


def matching_rows(rows: Iterable[WorkspaceRow], typed: str) -> list[WorkspaceRow]:
    """Rows with every word of the filter in their names or languages; `open`, `done` and `unlinked` see `ROW_WORDS`."""
    words = typed.casefold().split()

    def matches(row: WorkspaceRow, word: str) -> bool:
        if word == "open":
            return row.left > 0
        if word == "done":
            return row.total > 0 and not row.left
        if word == "unlinked":
            return not row.total
        return word.removeprefix("lang:") in f"{row.name} {row.languages}".casefold()

    return [row for row in rows if all(matches(row, word) for word in words)]
