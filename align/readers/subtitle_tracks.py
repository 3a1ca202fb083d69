"""Subtitles with two languages in each cue: the lines of each language as cues of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from align.text.language_evidence import first_evidence

MIN_BILINGUAL = 0.5
"""Minimum share of the cues with several lines that have two languages, and of all cues."""
MIN_LETTERS = 8
"""Minimum letters (CJK counted double) of a line that its script is determined from."""


class SpokenCue(NamedTuple):
    """A cue by its text, for files whose text is written anew."""

    begins: float
    """Seconds."""
    ends: float
    lines: tuple[str, ...]


def split_languages(cues: Sequence[SpokenCue]) -> list[list[SpokenCue]]:
    """The tracks of a file with two languages in each cue, else one track with all cues.

    The lines of a cue belong to two languages if their scripts differ, or if the upper lines of all cues together are
    certainly in another language than the lower ones.
    """
    for split in (_by_script(cues), _by_half(cues)):
        if split is not None:
            return [[cue for cue in track if cue.lines] for track in split]
    return [list(cues)]


def _script(line: str) -> str:
    script = first_evidence(line).script
    return "cjk" if script in ("han", "kana", "hangul", "bopomofo") else script


def _by_script(cues: Sequence[SpokenCue]) -> list[list[SpokenCue]] | None:
    scripts = [[_script(line) for line in cue.lines] for cue in cues]
    counts = Counter(script for line_scripts in scripts for script in line_scripts if script)
    if len(counts) < 2:
        return None
    first, second = [script for script, _ in counts.most_common(2)]
    both = sum({first, second} <= set(line_scripts) for line_scripts in scripts)
    several = sum(len(cue.lines) > 1 for cue in cues)
    if not several or both < MIN_BILINGUAL * max(several, sum(1 for cue in cues if cue.lines) * MIN_BILINGUAL):
        return None
    if any(scripts[0]) and second in scripts[0] and scripts[0].index(second) == 0:
        first, second = second, first
    tracks: list[list[SpokenCue]] = [[], []]
    for cue, line_scripts in zip(cues, scripts, strict=True):
        sides: list[list[str]] = [[], []]
        side = 0
        for line, script in zip(cue.lines, line_scripts, strict=True):
            side = 1 if script == second else 0 if script else side
            sides[side].append(line)
        for track, lines in zip(tracks, sides, strict=True):
            track.append(cue._replace(lines=tuple(lines)))
    return tracks


def _by_half(cues: Sequence[SpokenCue]) -> list[list[SpokenCue]] | None:
    several = [cue for cue in cues if len(cue.lines) > 1]
    even = [cue for cue in several if len(cue.lines) % 2 == 0]
    if len(even) < 3 or len(several) < MIN_BILINGUAL * len(cues):
        return None
    halves = [
        "\n".join(line for cue in even for line in cue.lines[: len(cue.lines) // 2]),
        "\n".join(line for cue in even for line in cue.lines[len(cue.lines) // 2 :]),
    ]
    upper, lower = (first_evidence(half[:20_000]) for half in halves)
    if not (upper.is_certain and lower.is_certain) or upper.best == lower.best:
        return None
    languages = (upper.best, lower.best)
    tracks: list[list[SpokenCue]] = [[], []]
    for cue in cues:
        cut = _cut(cue.lines, languages)
        tracks[0].append(cue._replace(lines=cue.lines[:cut]))
        tracks[1].append(cue._replace(lines=cue.lines[cut:]))
    return tracks


def _cut(lines: tuple[str, ...], languages: tuple[str, str]) -> int:
    """Number of upper lines, by how well each line fits the two languages; half of them where that is undecided."""
    fits = []
    for line in lines:
        scores = first_evidence(line).scores
        fits.append((scores.get(languages[0], 0.0), scores.get(languages[1], 0.0)))
    if len(lines) == 1:
        return 1 if fits[0][0] >= fits[0][1] else 0
    half = len(lines) / 2
    return max(
        range(1, len(lines)),
        key=lambda cut: (
            sum(upper for upper, _ in fits[:cut]) + sum(lower for _, lower in fits[cut:]),
            -abs(cut - half),
        ),
    )
