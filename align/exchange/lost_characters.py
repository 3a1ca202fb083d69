"""Detect texts whose characters a program replaced with question marks when it saved a file in a small encoding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from align.errors import ReadError
from align.exchange.import_match import UnitMatch
from align.exchange.import_merge import MergePlan
from align.exchange.types import ImportedUnit

MIN_MARKS = 3
"""Question marks from which a text without an original counts as lost."""
MIN_SHARE = 0.1
"""Share of such texts among the units of a file that stops its import."""


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
