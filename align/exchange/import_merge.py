"""Three-way merge of an imported unit with its link: the file, the link at export (its stamp), the link now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from align.errors import ReadError
from align.exchange.delimited import escape_formula
from align.exchange.import_match import UnitMatch, normalise
from align.exchange.link_stamp import Stamp, checksum
from align.exchange.types import ImportedUnit
from align.models import CONFIRMED, LinkKind, LinkSide, Status

SideName = Literal["src", "tgt"]
RESULT = re.compile(r"Err:\d+|#[A-Z][A-Z0-9/]*[!?]?|TRUE|FALSE|[-+]?\d[\d.,]*(E[-+]?\d+)?%?")
"""The result that a spreadsheet puts instead of a supposed formula: an error, a truth value or a number."""

MIN_MARKS = 3
"""Question marks from which a text without an original counts as lost."""
MIN_SHARE = 0.1
"""Share of such texts among the units of a file that stops its import."""


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """A value that was changed in the file and, differently, in the store since the export."""

    link: int
    where: str
    """Location in the file."""
    what: str
    ours: str
    theirs: str

    @property
    def column(self) -> str:
        """The column of the store with the value."""
        return self.what.replace(" ", "_")

    def summary(self) -> str:
        """One line for a report."""
        return (
            f"link {self.link}, {self.what}: here {self.ours[:60]!r}, in the file {self.theirs[:60]!r} ({self.where})"
        )


@dataclass(slots=True)
class MergePlan:
    """The changes of one link; None or empty: no change."""

    link: int
    edits: dict[SideName, str] = field(default_factory=dict)
    status: Status | None = None
    kind: LinkKind | None = None
    note: str | None = None
    conflicts: list[MergeConflict] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """Values of the unit that are unknown or impossible, for the report."""
    calculated: list[str] = field(default_factory=list)
    """Texts that a spreadsheet took for formulas and replaced with results: not edits of a person."""

    def changes(self) -> list[str]:
        """The changes by the names that a report counts."""
        changes = ["text edited"] * bool(self.edits)
        if self.status is not None:
            changes.append("reopened" if self.status == Status.PROPOSED else self.status.value)
        return changes + ["kind changed"] * (self.kind is not None) + ["note changed"] * (self.note is not None)


def merge(match: UnitMatch, *, accept: bool = False) -> MergePlan:
    """The changes that a unit makes to its link. `accept`: a unit without a status counts as accepted."""
    plan = MergePlan(match.link.id)
    if match.stamp is not None and match.stamp.version > match.link.version:
        match = match._replace(stamp=None)  # exported from another store: what was decided there is new here
    plan.ignored += [f"{match.unit.where}, {value}" for value in match.unit.unknown_values]
    _merge_texts(match, plan)
    _withdraw_edits(match, plan)
    _merge_status(match, plan, accept)
    _merge_kind(match, plan)
    _merge_note(match, plan)
    return plan


def _is_decided_since(match: UnitMatch) -> bool:
    """Whether there was a decision on the link since its export."""
    return match.stamp is None or match.link.version != match.stamp.version


def _merge_texts(match: UnitMatch, plan: MergePlan) -> None:
    sides: tuple[tuple[SideName, LinkSide, str], ...] = (
        ("src", match.link.src, match.src.text),
        ("tgt", match.link.tgt, match.tgt.text),
    )
    where = match.unit.where
    for name, side, theirs in sides:
        text = normalise(theirs)
        changed = _is_text_changed(match.stamp, name, side, theirs)
        if not text and side.text.strip() and changed:
            plan.ignored.append(f"{where}, {name}: empty. Reject the link instead")
        if not text or text == normalise(side.text) or not changed:
            continue
        if _is_calculated(side, text):
            plan.calculated.append(f"{where}, {name}: {text!r} for {side.text[:60]!r}")
            continue
        base = None if match.stamp is None else (match.stamp.src if name == "src" else match.stamp.tgt)
        ours_changed = side.original is not None if base is None else checksum(side.text) != base
        if _is_decided_since(match) and ours_changed:
            plan.conflicts.append(MergeConflict(match.link.id, where, f"{name} text", side.text, text))
        else:
            plan.edits[name] = text


def _is_calculated(side: LinkSide, theirs: str) -> bool:
    """Whether the text in the file is a spreadsheet's result for the exported text."""
    return escape_formula(side.text) != side.text and RESULT.fullmatch(theirs) is not None


def _withdraw_edits(match: UnitMatch, plan: MergePlan) -> None:
    """Turn edits of texts into conflicts where the status was decided here since, on the text as it was."""
    link, stamp = match.link, match.stamp
    if not plan.edits or not _is_decided_since(match):
        return
    if _verdict(link.status) == (Status.PROPOSED if stamp is None else _verdict(stamp.status)):
        return
    if stamp is None and link.status != Status.REJECTED:
        return  # without a stamp the time of export is unknown: the status may have been decided by then
    for name, text in plan.edits.items():
        ours = link.src if name == "src" else link.tgt
        plan.conflicts.append(MergeConflict(link.id, match.unit.where, f"{name} text", ours.text, text))
    plan.conflicts.append(MergeConflict(link.id, match.unit.where, "status", link.status, Status.EDITED))
    plan.edits.clear()


def _is_text_changed(stamp: Stamp | None, name: SideName, side: LinkSide, theirs: str) -> bool:
    """Whether the text was changed in the file. Without a stamp, the original text counts as unchanged."""
    if stamp is None:
        return side.original is None or normalise(theirs) != normalise(side.original)
    base = stamp.src if name == "src" else stamp.tgt
    return base not in (checksum(theirs), checksum(normalise(theirs)))


def _verdict(status: Status) -> Status:
    """The status, with edited as accepted: both confirm the link."""
    return Status.ACCEPTED if status in CONFIRMED else status


def _merge_status(match: UnitMatch, plan: MergePlan, accept: bool) -> None:
    theirs = match.status if match.status is not None else Status.ACCEPTED if accept else None
    if theirs is None or any(conflict.what == "status" for conflict in plan.conflicts):
        return
    if not (match.src.text.strip() and match.tgt.text.strip()):
        return  # a unit without a translation
    link, stamp = match.link, match.stamp
    theirs, ours = _verdict(theirs), _verdict(link.status)
    if plan.edits and theirs in (Status.PROPOSED, Status.ACCEPTED):
        return  # an edit of the text confirms the link
    if theirs == ours:
        return
    if stamp is not None and match.status is not None and theirs == _verdict(stamp.status):
        return
    if stamp is None and theirs == Status.PROPOSED:
        return  # of a file without stamps: the link was not decided at the time of export
    ours_changed = ours != (Status.PROPOSED if stamp is None else _verdict(stamp.status))
    if _is_decided_since(match) and ours_changed:
        plan.conflicts.append(MergeConflict(link.id, match.unit.where, "status", link.status, theirs))
    else:
        plan.status = theirs


def _merge_kind(match: UnitMatch, plan: MergePlan) -> None:
    theirs, stamp, link = match.unit.kind, match.stamp, match.link
    if theirs is None or stamp is None or theirs in (stamp.kind, link.kind):
        return
    if _is_decided_since(match) and link.kind != stamp.kind:
        plan.conflicts.append(MergeConflict(link.id, match.unit.where, "kind", link.kind, theirs))
    else:
        plan.kind = theirs


def _merge_note(match: UnitMatch, plan: MergePlan) -> None:
    theirs, stamp, link = match.unit.note, match.stamp, match.link
    if theirs is None or theirs.strip() == (link.note or "").strip():
        return
    if stamp is not None and stamp.note in (_note_checksum(theirs), _note_checksum(theirs.strip())):
        return
    if stamp is None and not theirs.strip():
        return
    ours_changed = bool(link.note) if stamp is None else _note_checksum(link.note) != stamp.note
    if _is_decided_since(match) and ours_changed:
        plan.conflicts.append(MergeConflict(link.id, match.unit.where, "note", link.note or "", theirs))
    else:
        plan.note = theirs.strip()


def _note_checksum(note: str | None) -> int:
    return checksum(note) if note else 0


def check_characters(
    path: Path, matches: Iterable[UnitMatch], plans: Iterable[MergePlan], unmatched: Sequence[ImportedUnit]
) -> None:
    """Raises ReadError where texts of the file lost their characters."""
    lost = [
        (match.unit.where, text)
        for match, plan in zip(matches, plans, strict=True)
        for name, text in plan.edits.items()
        if is_replaced(text, match.link.src.text if name == "src" else match.link.tgt.text)
    ]
    without_original = [
        (unit.where, side.text) for unit in unmatched for side in unit.sides if _is_mostly_marks(side.text)
    ]
    if len(without_original) >= MIN_SHARE * len(unmatched):
        lost += without_original
    if lost:
        where, text = lost[0]
        raise ReadError(
            f"{path}: {len(lost):,} of its texts lost their characters ({where}: {text[:30]!r}). Save it as UTF-8 or "
            "XLSX, or import it as it is with --replace."
        )


def is_replaced(text: str, original: str) -> bool:
    """Whether the text is the original with letters replaced by question marks."""
    if len(text) == len(original):
        changed = [(new, old) for new, old in zip(text, original, strict=True) if new != old]
        if changed and all(new == "?" and not old.isascii() for new, old in changed):
            return any(old.isalpha() for _, old in changed)
    return _is_mostly_marks(text) and not _is_mostly_marks(original)


def _is_mostly_marks(text: str) -> bool:
    marks = text.count("?")
    return marks >= MIN_MARKS and 2 * marks >= len("".join(text.split()))
