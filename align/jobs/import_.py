"""Bring back what was edited elsewhere: rows of an exchange file become decisions on the links that they came from.

A row finds its link by its number and stamp, else by its texts. What changed in the file since the export is decided
here too; what changed here as well, and otherwise, is a conflict: it stays as it is here and asks for attention.
A file whose rows come from nowhere in the store (another tool's memory) becomes documents with links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from align.domain import Status
from align.errors import ConflictError
from align.exchange.detect_format import import_format
from align.exchange.formats import Format
from align.exchange.import_match import Match, MatchResult, match_units
from align.exchange.import_merge import MergeConflict, MergePlan, merge
from align.exchange.types import ImportedUnit as Row
from align.inputs import MAX_SIZE, open_input
from align.jobs.add import known_as
from align.jobs.decide import Desk
from align.jobs.foreign import Adopted, adopt
from align.readers.encodings import codec_of
from align.readers.limits import check_unfolded, no_entities, unpack
from align.store import Store

New = Literal["auto", "always", "never", "own"]
"""Whether rows that are in no link become documents with links: only where all are such; in any case; never. `own`: all
rows do, whatever else says the same, unless the file is an export of this store."""


@dataclass(slots=True)
class ImportReport:
    """What an import did, or with `dry_run` would do."""

    path: Path
    form: str
    rows: int = 0
    same: int = 0
    """Rows that say nothing new."""
    decided: Counter[str] = field(default_factory=Counter)
    """Decisions by what was done."""
    conflicts: list[MergeConflict] = field(default_factory=list)
    strangers: list[Row] = field(default_factory=list)
    """Rows that come from no link of the store."""
    blocks: int = 0
    """Rows that are whole blocks of this store."""
    alone: int = 0
    """Rows that are sentences of this store without a partner."""
    ignored: list[str] = field(default_factory=list)
    """What is in the file and was not understood, or cannot be done."""
    calculated: list[str] = field(default_factory=list)
    """Texts that a spreadsheet wrote its results for; they stay as they are here."""
    adopted: Adopted | None = None
    dry_run: bool = False

    def lines(self, most: int = 10) -> list[str]:
        """One fact a line, the main one first."""
        would = "would be " if self.dry_run else ""
        lines = [f"{self.path}: {self.rows:,} rows read as {self.form}, {self.same:,} of them as they were."]
        lines += [f"{would}{words}: {count:,}".capitalize() + "." for words, count in self.decided.most_common()]
        if self.alone:
            lines.append(f"Without a partner, as they were exported: {self.alone:,}.")
        if self.adopted is not None:
            lines += self.adopted.lines()
        return lines + self.left(most)

    def left(self, most: int = 10) -> list[str]:
        """What was not brought over, and why: the first few of each, and how many there are."""
        lines = [f"Conflict: {conflict.summary()}" for conflict in self.conflicts[:most]]
        if self.conflicts:
            left = "would ask" if self.dry_run else "ask"
            lines.append(
                f"{len(self.conflicts):,} conflicts were left as they are here; the links {left} for attention."
            )
        for row in self.strangers[:most]:
            texts = " / ".join(told.text[:40] for told in row.sides)
            lines.append(f"Not in this store: {row.where}: {texts}")
        if self.strangers and self.adopted is None:
            lines.append(
                f"{len(self.strangers):,} rows come from no link here. Add --new to take them in as documents."
            )
        lines += [f"Not taken over: {what}." for what in self.ignored[:most]]
        if len(self.ignored) > most:
            lines.append(f"{len(self.ignored):,} such cells in all.")
        if self.calculated:
            lines += [f"Calculated by a spreadsheet, left as it is here: {what}." for what in self.calculated[:most]]
            lines.append(
                f"{len(self.calculated):,} texts were taken for formulas. Spreadsheets keep the texts of CSV and XLSX, "
                "which are marked as texts."
            )
        if self.blocks:
            lines.append(
                f"{self.blocks:,} rows are whole blocks, not links, and were left out. To bring edits back, edit an "
                "export without --level block."
            )
        return lines


def import_file(
    store: Store,
    path: Path,
    reviewer: str,
    *,
    form: str | None = None,
    encoding: str | None = None,
    max_size: int = MAX_SIZE,
    new: New = "auto",
    accept: bool = False,
    dry_run: bool = False,
    name: str | None = None,
    replace_settled: bool = False,
) -> ImportReport:
    """Bring a file back into the store, all in one transaction.

    `accept`: a row without a status counts as accepted. `name`: what to call the documents that it becomes, else its
    path. A file that became documents before and would take too many of their settled links away is refused with
    TextLossError, but for `replace_settled`. Raises UsageError for a file that is not there or a format
    that cannot be imported, ReadError for one that is not of its format; then nothing was written.
    """
    return import_rows(
        store, read_rows(path, form, encoding, max_size), reviewer, new=new, accept=accept, dry_run=dry_run,
        name=name, replace_settled=replace_settled,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileRows:
    """What was read of a file."""

    path: Path
    form: Format
    rows: tuple[Row, ...]


def read_rows(path: Path, form: str | None = None, encoding: str | None = None, max_size: int = MAX_SIZE) -> FileRows:
    """Read a file before any store is opened or made. Raises UsageError and ReadError as `import_file` does.

    `encoding` overrides what a table or PO file seems to be in; the other formats say theirs.
    """
    with open_input(path, max_size):
        pass  # a file it is, and no larger: each reader opens it in its own way
    read_as = import_format(path, form)
    _check_archive(path)
    if encoding and read_as.any_encoding:
        encoding = codec_of(str(path), path.read_bytes(), encoding)
    return FileRows(path, read_as, tuple(_unfolded(path, read_as.read(path, encoding))))


def _unfolded(path: Path, found: Iterable[Row]) -> Iterator[Row]:
    """The rows; raises ReadError where a packed file gives more text than any file has."""
    packed, size = path.stat().st_size, 0
    for row in found:
        size += sum(len(side.text) for side in row.sides)
        check_unfolded(str(path), packed, size)
        yield row


def _check_archive(path: Path) -> None:
    """Raises ReadError for a ZIP archive (a workbook) that is too large when unpacked, or declares XML entities."""
    with path.open("rb") as file:
        if not file.read(4).startswith(b"PK\x03\x04"):
            return
    with unpack(str(path), path.read_bytes()) as archive:
        no_entities(str(path), archive)


def import_rows(
    store: Store,
    read: FileRows,
    reviewer: str,
    *,
    new: New = "auto",
    accept: bool = False,
    dry_run: bool = False,
    name: str | None = None,
    replace_settled: bool = False,
) -> ImportReport:
    """`import_file` of what was read."""
    path, form, found = read.path, read.form, read.rows
    report = ImportReport(path, form.name, rows=len(found), dry_run=dry_run)
    desk = Desk(store, reviewer)
    with desk.because(f"from {path.name}"), nullcontext() if dry_run else desk.batch():
        foreign = new == "own" and not any(row.stamp for row in found)  # then there is nothing to look for
        links = MatchResult([], list(found)) if foreign else match_units(store, found)
        matches, strangers = _shared_out(links, found, new, _own_documents(store, path, name))
        report.blocks, report.alone = links.blocks, links.unpaired
        plans = [merge(match, accept=accept) for match in matches]
        _settle(plans, matches, report)
        if not dry_run:
            report.ignored += _carry_out(plans, desk, path.name)
        report.strangers = [row for row in strangers if len(row.sides) >= 2]
        if report.strangers and (new == "always" or (new in ("auto", "own") and not matches and not links.blocks)):
            report.adopted = adopt(
                store, path, report.strangers, desk, form=form, accept=accept, dry_run=dry_run, name=name,
                replace_settled=replace_settled,
            )  # fmt: skip
            report.strangers = []
    return report


def _shared_out(
    links: MatchResult, found: Sequence[Row], new: New, own: frozenset[str]
) -> tuple[list[Match], list[Row]]:
    """The rows that speak of links, and those that would become documents, in the order of the file. `own`: what the
    documents are called that the file became before."""
    if new == "own":
        matches = [match for match in links.matches if match.by_number and match.stamp is not None]
        strangers = links.unmatched if matches else list(found)
    elif new == "always":
        matches = [
            match for match in links.matches if match.by_number or not own >= {match.link.src.doc, match.link.tgt.doc}
        ]
        spoken, left = ({id(one) for one in rows} for rows in ([m.unit for m in matches], links.unmatched))
        mine = {id(match.unit) for match in links.matches} - spoken
        strangers = [row for row in found if id(row) in left | mine] if left else []
    else:
        matches, strangers = links.matches, links.unmatched
    return matches, strangers


def _own_documents(store: Store, path: Path, name: str | None) -> frozenset[str]:
    """What the documents are called that the file became before, or that it is to be by `name`."""
    if name is None:
        return store.names_of_parts(str(path), known_as(str(path)))
    return frozenset(row.name for row in store.documents() if row.name.rpartition(" [")[0] == name)


def _settle(plans: Sequence[MergePlan], matches: Iterable[Match], report: ImportReport) -> None:
    """Count what the plans come to."""
    for one in plans:
        report.conflicts += one.conflicts
        for word in one.changes():
            report.decided[word] += 1
        report.ignored += one.ignored
        report.calculated += one.calculated
    speaking = {
        match.unit.where
        for match, one in zip(matches, plans, strict=True)
        if one.changes() or one.conflicts or one.ignored
    }
    report.same = len({match.unit.where for match in matches} - speaking)


def _carry_out(plans: Iterable[MergePlan], desk: Desk, name: str) -> list[str]:
    """Decide what the file `name` says; what was decided otherwise here waits for a reviewer with both sides.

    Returns what cannot be done, and why: a sentence is in another accepted link by now.
    """
    refused = []
    for one in plans:
        link = one.link
        try:
            _decide(one, desk)
        except ConflictError as error:
            refused.append(f"link {link}: {error}")
        if one.conflicts:
            ours = {conflict.column: conflict.ours for conflict in one.conflicts}
            desk.contest(link, name, ours, {conflict.column: conflict.theirs for conflict in one.conflicts})
    return refused


def _decide(one: MergePlan, desk: Desk) -> None:
    """What the file says of one link."""
    link = one.link
    if one.kind is not None:
        desk.set_kind(link, one.kind)
    if one.note is not None:
        desk.note(link, one.note)
    for side, text in one.edits.items():
        desk.edit(link, side, text)
    match one.status:
        case Status.ACCEPTED | Status.EDITED:
            desk.accept(link)
        case Status.REJECTED:
            desk.reject(link)
        case Status.PROPOSED:
            desk.reopen(link)
        case None:
            pass
