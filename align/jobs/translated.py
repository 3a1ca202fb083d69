"""Sentences with a translation in another document: similar sentences elsewhere are repeats, not links."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from align.jobs.vectors import LanguageGroup
from align.match import Bead


class TranslatedSentences:
    """The sentences of each run that have a translation, by the language of the translation.

    With many translated documents, headings and set phrases of one resemble those of all others. One byte per
    sentence and language.
    """

    def __init__(self, groups: Sequence[LanguageGroup]) -> None:
        self._groups = groups
        self._marks: dict[tuple[int, str], npt.NDArray[np.bool_]] = {}

    def add(self, src: int, tgt: int, beads: Sequence[Bead]) -> None:
        """Mark the sentences of the beads between two runs (by index) as translated."""
        for bead in beads:
            if not bead.partial_chain:
                self._of(src, tgt)[bead.src.start : bead.src.stop] = True
                self._of(tgt, src)[bead.tgt.start : bead.tgt.stop] = True

    def is_translated_elsewhere(self, src: int, tgt: int, bead: Bead) -> bool:
        """Whether both sides of a bead between two runs have translations already, in the same languages."""
        return bool(
            self._of(src, tgt)[bead.src.start : bead.src.stop].all()
            and self._of(tgt, src)[bead.tgt.start : bead.tgt.stop].all()
        )

    def _of(self, run: int, other: int) -> npt.NDArray[np.bool_]:
        """The marks of a run for the language of another."""
        key = run, self._groups[other].primary
        if key not in self._marks:
            self._marks[key] = np.zeros(len(self._groups[run].sentences), dtype=np.bool_)
        return self._marks[key]
