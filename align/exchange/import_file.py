"""Import exchange files: units of an edited export become decisions on the links that they were exported from.

A unit is matched with its link by number and stamp, else by its texts. A change in the file since the export becomes a
decision; where the store was changed too, and differently, it is a conflict: the link keeps its value and is marked for
attention. A file without matches (a memory of another tool) becomes documents with links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from glob import escape
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Literal

from align.atomic_file import part_folder
from align.errors import ConflictError, ReadError, UsageError
from align.exchange.charsets import REPLACEMENT
from align.exchange.column_layout import TableColumns
from align.exchange.detect_format import import_format
from align.exchange.formats import Format, format_named, is_packed_name
from align.exchange.import_match import MatchResult, UnitMatch, match_units
from align.exchange.import_merge import MergeConflict, MergePlan, check_characters, merge
from align.exchange.import_new import ImportedDocuments, create_documents
from align.exchange.types import ImportedUnit
from align.inputs import MAX_SIZE, document_path, inner_name, open_input, read_input
from align.models import Status
from align.readers.encodings import codec_of
from align.readers.safe_zip import check_archive, check_expansion, decompress
from align.reviewer import Reviewer
from align.store import Store, edits
from align.text.messages import pluralise

if TYPE_CHECKING:
    from align.exchange.split_units import Splitter

NewUnits = Literal["auto", "always", "never", "own"]
"""Whether units without a match become documents with links: only if no unit has a match; always; never. `own`: all
units do, even those with texts of other links, unless the file was exported from this store."""


@dataclass(slots=True)
class ImportReport:
    """Result of an import; of the changes that it would make with `dry_run`."""

    path: Path
    form: str
    units: int = 0
    same: int = 0
    """Units without changes."""
    decided: Counter[str] = field(default_factory=Counter)
    """Decisions, counted by change."""
    conflicts: list[MergeConflict] = field(default_factory=list)
    unmatched: list[ImportedUnit] = field(default_factory=list)
    """Units of no link of the store."""
    blocks: int = 0
    """Number of units that are whole blocks of the store."""
    unpaired: int = 0
    """Number of units that are unpaired sentences of the store."""
    untranslated: int = 0
    """Number of units with a text in one language only that were left out."""
    ignored: list[str] = field(default_factory=list)
    """Unknown values of the file, and changes that are impossible."""
    calculated: list[str] = field(default_factory=list)
    """Texts that a spreadsheet replaced with results of formulas; the links are unchanged."""
    documents: ImportedDocuments | None = None
    """The documents that the file became."""
    messages: tuple[str, ...] = ()
    """What was found while the file was read: the columns of a table, characters that could not be read."""
    dry_run: bool = False

    def lines(self, limit: int = 10) -> list[str]:
        """One fact per line, the main one first; at most `limit` examples of each kind."""
        would = "would be " if self.dry_run else ""
        unchanged = "" if self.documents is not None and not self.same else f", {self.same:,} of them unchanged"
        lines = [f"{self.path}: {pluralise(self.units, 'unit')} read as {self.form}{unchanged}.", *self.messages]
        lines += [f"{would}{words}: {count:,}".capitalize() + "." for words, count in self.decided.most_common()]
        if self.unpaired:
            lines.append(f"Unpaired sentences, as exported: {self.unpaired:,}.")
        if self.documents is not None:
            lines += self.documents.lines()
        return lines + self.left_out(limit)

    def to_dict(self) -> dict[str, object]:
        """The figures for `--json`."""
        new = self.documents
        return {
            "path": str(self.path),
            "format": self.form,
            "units": self.units,
            "unchanged": self.same,
            "changes": dict(self.decided),
            "conflicts": len(self.conflicts),
            "unmatched": len(self.unmatched),
            "untranslated": self.untranslated if new is None else new.unpaired,
            "documents": [] if new is None else list(new.documents),
            "links": 0 if new is None else new.links,
            "accepted": 0 if new is None else new.accepted,
            "messages": [*self.messages, *self.left_out(), *(() if new is None else new.messages)],
            "dry_run": self.dry_run,
        }

    def left_out(self, limit: int = 10) -> list[str]:
        """What was not imported, and why: at most `limit` examples of each kind, and their number."""
        lines = [f"Conflict: {conflict.summary()}" for conflict in self.conflicts[:limit]]
        if self.conflicts:
            left = "would ask" if self.dry_run else "ask"
            lines.append(f"{len(self.conflicts):,} conflicts: the links keep their values and {left} for attention.")
        for unit in self.unmatched[:limit]:
            texts = " / ".join(side.text[:40] for side in unit.sides)
            lines.append(f"Not in this store: {unit.where}: {texts}")
        if self.unmatched and self.documents is None:
            lines.append(
                f"{len(self.unmatched):,} units match no link of this store. Add them as documents with --new."
            )
        if self.untranslated:
            lines.append(
                f"Left out: {pluralise(self.untranslated, 'unit')} without a translation. Add their texts as documents "
                "with --new."
            )
        lines += [f"Not imported: {value}." for value in self.ignored[:limit]]
        if len(self.ignored) > limit:
            lines.append(f"{len(self.ignored):,} values were not imported.")
        if self.calculated:
            lines += [f"Calculated by a spreadsheet, not imported: {text}." for text in self.calculated[:limit]]
            lines.append(
                f"{len(self.calculated):,} texts were taken for formulas. Use CSV and XLSX for spreadsheets: "
                "there, texts are marked as texts."
            )
        if self.blocks:
            lines.append(
                f"{self.blocks:,} units are whole blocks, not links, and were left out. To import edits, edit an "
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
    new: NewUnits = "auto",
    accept: bool = False,
    dry_run: bool = False,
    name: str | None = None,
    replace_settled: bool = False,
    columns: Sequence[str] = (),
    split: bool = False,
    splitter: Splitter | None = None,
) -> ImportReport:
    """Import a file into a store, in one transaction.

    `accept`: units without a status count as accepted. `name`: of the documents that the file becomes, instead of
    its path. `split`: cut the units into sentences by `splitter`, as is done for a file that was cut before. Raises
    TextLossError, unless `replace_settled`, for a file that became documents before and would remove too many of
    their confirmed links; UsageError for a missing file or a format that cannot be imported; ReadError for a file
    that is not of its format. After an error, the store is unchanged.
    """
    return import_units(
        store, read_file(path, form, encoding, max_size, columns=columns), reviewer, new=new, accept=accept,
        dry_run=dry_run, name=name, replace_settled=replace_settled, split=split, splitter=splitter,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """The content of a file."""

    path: Path
    form: Format
    units: tuple[ImportedUnit, ...]
    messages: tuple[str, ...] = ()


def read_file(
    path: Path,
    form: str | None = None,
    encoding: str | None = None,
    max_size: int = MAX_SIZE,
    *,
    texts: tuple[Path, Path] | None = None,
    texts_folder: Path | None = None,
    columns: Sequence[str] = (),
) -> ImportedFile:
    """Read a file, before a store is opened or created. Raises UsageError and ReadError as `import_file` does.

    `encoding`: of a table or PO file, instead of the detected one; other formats define theirs. `texts`: the two files
    of sentences of a format that has them apart. `texts_folder`: where those are that the file names. `columns`: of a
    table, instead of the recognised ones.
    """
    with open_input(path, max_size):
        pass  # checks kind and size only: each format opens the file itself
    if is_packed_name(path):
        with part_folder(Path(gettempdir())) as folder:
            unpacked = folder / path.stem
            if texts is None:
                _unpack_texts(path, folder)
            unpacked.write_bytes(decompress(str(path), path.read_bytes()))
            try:
                imported = read_file(
                    unpacked, form, encoding, max_size, texts=texts, texts_folder=path.parent, columns=columns
                )
                return replace(imported, path=path)
            except (ReadError, UsageError) as error:
                raise type(error)(str(error).replace(str(unpacked), str(path))) from error
    read_as = import_format(path, form)
    check_archive(path)
    if encoding and read_as.any_encoding:
        encoding = codec_of(str(path), path.read_bytes(), encoding)
    for text in texts or ():
        with open_input(text, max_size):
            pass
    if columns and not read_as.table:
        raise UsageError(f"{path}: --columns applies to tables (TSV, CSV, XLSX), not to {read_as.name}.")
    table = TableColumns(tuple(columns))
    units = tuple(
        _check_size(path, read_as.read(path, encoding, texts=texts, texts_folder=texts_folder, columns=table))
    )
    return ImportedFile(path, read_as, units, (*table.messages, *_unreadable(units)))


def _unreadable(units: Iterable[ImportedUnit]) -> Iterator[str]:
    """A line about characters that are not in the texts any more, if there are any."""
    count = sum(side.text.count(REPLACEMENT) for unit in units for side in unit.sides)
    if count:
        yield f"Characters that could not be read, shown as {REPLACEMENT}: {count:,}."


def _unpack_texts(path: Path, folder: Path) -> None:
    """Put the files of sentences of a compressed ladder or alignment of vecalign next to it in `folder`."""
    stem = Path(path.stem).stem
    if Path(path.stem).suffix.lower() not in (*format_named("ladder").suffixes, *format_named("vecalign").suffixes):
        return
    for other in path.parent.glob(f"{escape(stem)}.*"):
        if other != path and other.is_file():
            (folder / inner_name(other.name)).write_bytes(decompress(str(other), read_input(other)))


def _check_size(path: Path, units: Iterable[ImportedUnit]) -> Iterator[ImportedUnit]:
    """The units. Raises ReadError where a packed file expands to more text than any real one."""
    packed, size = path.stat().st_size, 0
    for unit in units:
        size += sum(len(side.text) for side in unit.sides)
        check_expansion(str(path), packed, size)
        yield unit


def import_units(
    store: Store,
    file: ImportedFile,
    reviewer: str,
    *,
    new: NewUnits = "auto",
    accept: bool = False,
    dry_run: bool = False,
    name: str | None = None,
    replace_settled: bool = False,
    split: bool = False,
    splitter: Splitter | None = None,
) -> ImportReport:
    """Import the units of a file. Parameters and errors: `import_file`."""
    own = _own_documents(store, file.path, name)
    split = split or (any(map(store.is_split, own)) and not any(unit.stamp for unit in file.units))
    if split:
        file = _split(file, splitter)
    path, form, units = file.path, file.form, file.units
    report = ImportReport(path, form.name, units=len(units), messages=file.messages, dry_run=dry_run)
    committer = Reviewer(store, reviewer)
    with committer.because(f"from {path.name}"), nullcontext() if dry_run else committer.batch():
        result = _match(store, units, new)
        matches, unmatched = _select(result, units, new, own)
        report.blocks, report.unpaired = result.blocks, result.unpaired
        plans = [merge(match, accept=accept) for match in matches]
        if not replace_settled:
            check_characters(path, matches, plans, unmatched)
        _count(plans, matches, report)
        if not dry_run:
            report.ignored += _apply(plans, committer, path.name)
        report.unmatched = [unit for unit in unmatched if any(side.text.strip() for side in unit.sides)]
        if report.unmatched and (new == "always" or (new in ("auto", "own") and not matches and not result.blocks)):
            report.documents = create_documents(
                store, path, report.unmatched, committer, form=form, accept=accept, dry_run=dry_run, name=name,
                replace_settled=replace_settled, split=split,
            )  # fmt: skip
            report.unmatched = []
        pairs = [unit for unit in report.unmatched if sum(bool(side.text.strip()) for side in unit.sides) > 1]
        report.untranslated, report.unmatched = len(report.unmatched) - len(pairs), pairs
    return report


def _match(store: Store, units: Sequence[ImportedUnit], new: NewUnits) -> MatchResult:
    """The links of the units. Units without stamps that become documents of their own are not matched."""
    if new == "own" and not any(unit.stamp for unit in units):
        return MatchResult([], list(units))
    return match_units(store, units)


def _split(file: ImportedFile, splitter: Splitter | None) -> ImportedFile:
    """The file with its units cut into sentences. Raises UsageError without a splitter."""
    if splitter is None:
        raise UsageError(
            f"{file.path}: its units were cut into sentences when it was added. `align add` takes it in like that."
        )
    done = splitter(file.units)
    return replace(file, units=done.units, messages=(*file.messages, done.line()))


def _select(
    result: MatchResult, units: Sequence[ImportedUnit], new: NewUnits, own: frozenset[str]
) -> tuple[list[UnitMatch], list[ImportedUnit]]:
    """The matches to merge, and the units that may become documents, in the order of the file.

    `own`: names of the documents that the file became before; units that match their links by text are added to them.
    """
    if new == "own":
        matches = [match for match in result.matches if match.by_number and match.stamp is not None]
        return matches, result.unmatched if matches else list(units)
    if new == "always":
        matches = [
            match for match in result.matches if match.by_number or not own >= {match.link.src.doc, match.link.tgt.doc}
        ]
        merged = {id(match.unit) for match in matches}
        unmatched = {id(unit) for unit in result.unmatched}
        added = unmatched | ({id(match.unit) for match in result.matches} - merged)
        return matches, [unit for unit in units if id(unit) in added] if unmatched else []
    return result.matches, result.unmatched


def _own_documents(store: Store, path: Path, name: str | None) -> frozenset[str]:
    """Names of the documents that the file became before, or of those with the given `name`."""
    if name is None:
        return store.names_of_parts(str(path), document_path(str(path)))
    return frozenset(row.name for row in store.documents() if row.name.rpartition(" [")[0] == name)


def _count(plans: Sequence[MergePlan], matches: Iterable[UnitMatch], report: ImportReport) -> None:
    """Add the plans to the report."""
    for plan in plans:
        report.conflicts += plan.conflicts
        report.decided.update(plan.changes())
        report.ignored += plan.ignored
        report.calculated += plan.calculated
    changed = {
        match.unit.where
        for match, plan in zip(matches, plans, strict=True)
        if plan.changes() or plan.conflicts or plan.ignored
    }
    report.same = len({match.unit.where for match in matches} - changed)


def _apply(plans: Iterable[MergePlan], reviewer: Reviewer, name: str) -> list[str]:
    """Make the decisions of the plans, and record conflicts with both values under the `name` of the file.

    Returns the impossible changes for the report: a sentence is in another accepted link by now.
    """
    refused = []
    for plan in plans:
        link = plan.link
        try:
            _decide(plan, reviewer)
        except ConflictError as error:
            refused.append(f"link {link}: {error}")
        if plan.conflicts:
            ours = {conflict.column: conflict.ours for conflict in plan.conflicts}
            reviewer.contest(link, name, ours, {conflict.column: conflict.theirs for conflict in plan.conflicts})
    return refused


def _decide(plan: MergePlan, reviewer: Reviewer) -> None:
    """Make the decisions of one plan."""
    link = plan.link
    if plan.kind is not None:
        reviewer.commit(edits.set_kind(link, plan.kind))
    if plan.note is not None:
        reviewer.commit(edits.note(link, plan.note))
    for side, text in plan.edits.items():
        reviewer.commit(edits.edit_text(link, side, text))
    match plan.status:
        case Status.ACCEPTED | Status.EDITED:
            reviewer.commit(edits.accept(link))
        case Status.REJECTED:
            reviewer.commit(edits.reject(link))
        case Status.PROPOSED:
            reviewer.commit(edits.reopen(link))
        case None:
            pass
