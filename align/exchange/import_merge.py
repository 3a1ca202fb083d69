"""What a row changes of its link: the file against the export it came from against the store as it is now."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from align.domain import SETTLED, LinkKind, LinkSide, Status
from align.exchange.csv import escape_formula
from align.exchange.link_stamp import Stamp, checksum
from align.jobs.matching import Match, plain

Side = Literal["src", "tgt"]
RESULT = re.compile(r"Err:\d+|#[A-Z][A-Z0-9/]*[!?]?|TRUE|FALSE|[-+]?\d[\d.,]*(E[-+]?\d+)?%?")
"""What a spreadsheet makes of a text that it takes for a formula: an error, a truth value or a number."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that changed in the file and, otherwise, in the store."""

    link: int
    where: str
    """Where in the file."""
    what: str
    ours: str
    theirs: str

    @property
    def column(self) -> str:
        """What differs, as the store calls it."""
        return self.what.replace(" ", "_")

    def words(self) -> str:
        """One line."""
        return (
            f"link {self.link}, {self.what}: here {self.ours[:60]!r}, in the file {self.theirs[:60]!r} ({self.where})"
        )


@dataclass(slots=True)
class Plan:
    """What to decide on a link; None and empty: nothing."""

    link: int
    edits: dict[Side, str] = field(default_factory=dict)
    status: Status | None = None
    kind: LinkKind | None = None
    note: str | None = None
    conflicts: list[Conflict] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    """What the row says that was not understood, or cannot be."""
    calculated: list[str] = field(default_factory=list)
    """Texts that a spreadsheet took for formulas and wrote its results for: nobody edited them."""

    def words(self) -> list[str]:
        """What will be done, by the names that a report counts."""
        words = ["text edited"] * bool(self.edits)
        if self.status is not None:
            words.append("reopened" if self.status == Status.PROPOSED else self.status.value)
        return words + ["kind changed"] * (self.kind is not None) + ["note changed"] * (self.note is not None)


def plan(match: Match, *, accept: bool = False) -> Plan:
    """What the row changes. `accept`: a row without a status counts as accepted."""
    made = Plan(match.link.id)
    made.ignored += [f"{match.row.where}, {what}" for what in match.row.unknown_values]
    _texts(match, made)
    _verdicts_meanwhile(match, made)
    _status(match, made, accept)
    _kind(match, made)
    _note(match, made)
    return made


def _moved(match: Match) -> bool:
    """Whether the link was decided on since it was exported."""
    return match.stamp is None or match.link.version != match.stamp.version


def _texts(match: Match, made: Plan) -> None:
    sides: tuple[tuple[Side, LinkSide, str], ...] = (
        ("src", match.link.src, match.src.text),
        ("tgt", match.link.tgt, match.tgt.text),
    )
    for name, side, theirs in sides:
        wanted = plain(theirs)
        if not wanted and side.text.strip() and _text_changed(match.stamp, name, side, theirs):
            made.ignored.append(f"{match.row.where}, {name}: empty. Reject the link instead")
        if not wanted or wanted == plain(side.text) or not _text_changed(match.stamp, name, side, theirs):
            continue
        if _calculated(side, wanted):
            made.calculated.append(f"{match.row.where}, {name}: {wanted!r} for {side.text[:60]!r}")
            continue
        base = None if match.stamp is None else (match.stamp.src if name == "src" else match.stamp.tgt)
        here_too = _moved(match) and (side.original is not None if base is None else checksum(side.text) != base)
        if here_too:
            made.conflicts.append(Conflict(match.link.id, match.row.where, f"{name} text", side.text, wanted))
        else:
            made.edits[name] = wanted


def _calculated(side: LinkSide, theirs: str) -> bool:
    """Whether the text in the file is what a spreadsheet makes of ours."""
    return escape_formula(side.text) != side.text and RESULT.fullmatch(theirs) is not None


def _verdicts_meanwhile(match: Match, made: Plan) -> None:
    """A text that was changed in the file does not overrule what was decided here on the text as it was."""
    link, stamp = match.link, match.stamp
    if not made.edits or not _moved(match):
        return
    if _settled(link.status) == (Status.PROPOSED if stamp is None else _settled(stamp.status)):
        return
    if stamp is None and link.status != Status.REJECTED:
        return  # when it was exported is not known: it may have been settled by then
    for name, text in made.edits.items():
        here = link.src if name == "src" else link.tgt
        made.conflicts.append(Conflict(link.id, match.row.where, f"{name} text", here.text, text))
    made.conflicts.append(Conflict(link.id, match.row.where, "status", link.status, Status.EDITED))
    made.edits.clear()


def _text_changed(stamp: Stamp | None, name: Side, side: LinkSide, theirs: str) -> bool:
    """Whether the file has another text than the export had. Without a stamp, the original text is no change."""
    if stamp is None:
        return side.original is None or plain(theirs) != plain(side.original)
    base = stamp.src if name == "src" else stamp.tgt
    return base not in (checksum(theirs), checksum(plain(theirs)))


def _settled(status: Status) -> Status:
    """Accepted and edited are one verdict."""
    return Status.ACCEPTED if status in SETTLED else status


def _status(match: Match, made: Plan, accept: bool) -> None:
    theirs = match.status if match.status is not None else Status.ACCEPTED if accept else None
    if theirs is None or any(conflict.what == "status" for conflict in made.conflicts):
        return
    link, stamp = match.link, match.stamp
    theirs, ours = _settled(theirs), _settled(link.status)
    if made.edits and theirs == Status.PROPOSED:
        return  # who writes another text stands behind it
    if theirs == ours or (made.edits and theirs == Status.ACCEPTED):
        return
    if stamp is not None and match.status is not None and theirs == _settled(stamp.status):
        return
    here_too = _moved(match) and (
        ours != Status.PROPOSED if stamp is None else ours != _settled(stamp.status)
    )  # fmt: skip
    if stamp is None and theirs == Status.PROPOSED:
        return  # an older file: it was not decided then
    if here_too:
        made.conflicts.append(Conflict(link.id, match.row.where, "status", link.status, theirs))
    else:
        made.status = theirs


def _kind(match: Match, made: Plan) -> None:
    theirs, stamp, link = match.row.kind, match.stamp, match.link
    if theirs is None or stamp is None or theirs in (stamp.kind, link.kind):
        return
    if _moved(match) and link.kind != stamp.kind:
        made.conflicts.append(Conflict(link.id, match.row.where, "kind", link.kind, theirs))
    else:
        made.kind = theirs


def _note(match: Match, made: Plan) -> None:
    theirs, stamp, link = match.row.note, match.stamp, match.link
    if theirs is None or theirs.strip() == (link.note or "").strip():
        return
    if stamp is not None and stamp.note in (_note_sum(theirs), _note_sum(theirs.strip())):
        return
    if stamp is None and not theirs.strip():
        return
    here_too = _moved(match) and (bool(link.note) if stamp is None else _note_sum(link.note) != stamp.note)
    if here_too:
        made.conflicts.append(Conflict(link.id, match.row.where, "note", link.note or "", theirs))
    else:
        made.note = theirs.strip()


def _note_sum(note: str | None) -> int:
    return checksum(note) if note else 0
