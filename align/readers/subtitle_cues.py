"""Cues of a subtitle file: timing, spoken lines, what a rolling caption repeats, and the languages in each cue.

Timings with a damaged arrow, without milliseconds or without an end are timings too; a blank line inside a cue of SRT
does not end it.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from align.models import Span
from align.text.language_evidence import first_evidence

EOL = r"(?:\r\n|\n|\r(?!\n))"
"""A line end of any system; `^` and `$` of re.MULTILINE match at `\\n` only."""
_TIME = r"(?:\d{1,3}[ ]?:[ ]?)?\d{1,2}[ ]?:[ ]?\d{2}(?:[ ]?[.,:;][ ]?\d{1,3})?"
_ARROW = r"[ \t]*(?:[-–—=]{1,3}[ ]?[>→＞]|[>→＞]|-{2,3}|,(?=\d{1,2}:\d{2}:\d{2}\.\d{3}[ \t]*[\r\n]))[ \t]*"
_TIMING = re.compile(rf"(?<![^\r\n])[ \t]*(?P<start>{_TIME}){_ARROW}(?P<end>{_TIME})?[^\r\n]*")
_WEBVTT = re.compile(r"WEBVTT(?:[ \t][^\r\n]*)?[\r\n]")
_FIRST_CUE = re.compile(rf"\s*(?:\d+[ \t]*{EOL}[ \t]*)?\d+:\d{{2}}:\d{{2}}[.,]\d{{3}}{_ARROW}\d")
_LABEL = re.compile(rf"(?<![^\r\n])[^\r\n]{{1,80}}{EOL}\Z")
_BLANK = re.compile(rf"{EOL}[ \t]*{EOL}")
_LINE = re.compile(r"[^\r\n]+")
TAG = re.compile(r"<rt>[^<>\n]{0,80}</rt>|</?[A-Za-z][^<>\n]{0,80}>|<\d[\d:.]{3,16}>|\{\\[^{}\n]{0,80}\}")
_ENTITY = re.compile(r"&(?:amp|gt|quot|apos|nbsp|lrm|rlm|#39|#x27|lt(?=;[^A-Za-z/]));")
"""Characters that WebVTT escapes; `&lt;` is not decoded where that would make a tag."""
MIN_ROLLING = 0.4
"""Minimum share of the cues that begin with what the cue before ends with, from which captions are rolling."""


class Cue(NamedTuple):
    """A cue with its spoken lines."""

    start: int
    """Start of its number or name, or of its timing if it has none."""
    lines: list[Span]
    """Spans of the spoken text."""
    begins: float
    """Seconds."""
    ends: float


def is_subtitle_text(head: str) -> bool:
    """Whether the beginning of a text is that of SRT, WebVTT or SBV: a first line as in the standard, and a timing."""
    if _WEBVTT.match(head):
        return _TIMING.search(head) is not None
    return _FIRST_CUE.match(head) is not None


def unescaped(source: str) -> str:
    """The source with its escaped characters decoded."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), source)


def cues(text: str) -> list[Cue]:
    """The cues, in order; a line that a rolling caption shows again is in the first cue only."""
    timings = list(_TIMING.finditer(text))
    is_vtt = _WEBVTT.match(text) is not None
    result: list[Cue] = []
    done = 0
    for timing, following in zip(timings, [*timings[1:], None], strict=False):
        label = _LABEL.search(text, done, timing.start())
        stop = following.start() if following else len(text)
        blank = _BLANK.search(text, timing.end(), stop)
        end = blank.start() if blank and is_vtt else stop
        lines = [Span(m.start(), m.end()) for m in _LINE.finditer(text, timing.end(), end) if m[0].strip()]
        if following and not (blank and is_vtt) and lines and lines[-1].of(text).strip().isdigit():
            lines.pop()  # the number of the next cue
        done = lines[-1].end if lines else timing.end()
        begins = _seconds(timing["start"])
        ends = _seconds(timing["end"]) if timing["end"] else begins
        result.append(Cue(label.start() if label else timing.start(), lines, begins, ends))
    return _without_repeated(text, result)


def _seconds(time: str) -> float:
    numbers = re.findall(r"\d+", time)
    fraction = re.search(r"[.,;]\s?(\d{1,3})$", time)
    if fraction is None and len(numbers) == 4:
        fraction = re.search(r"(\d{1,3})$", time)  # all separated by colons
    seconds = 0.0
    for number in numbers[: len(numbers) - (fraction is not None)]:
        seconds = 60 * seconds + int(number)
    return seconds + (float(f"0.{fraction[1]}") if fraction else 0.0)


def _without_repeated(text: str, all_cues: Sequence[Cue]) -> list[Cue]:
    """The cues without the lines that they repeat of the one before, if the captions of the file are rolling.

    A line that grows from cue to cue is read where it is complete.
    """
    remaining = [list(cue.lines) for cue in all_cues]
    shown = [_shown(text, cue.lines) for cue in all_cues]
    spoken = [index for index, lines in enumerate(shown) if lines]
    rolling = 0
    for before, index in pairwise(spoken):
        count = _overlap(shown[before], shown[index])
        grows = not count and _grows(shown[before][-1], shown[index][0])
        rolling += bool(count) or grows
        if count:
            visible = [line for line in all_cues[index].lines if plain(text, line)]
            remaining[index] = [line for line in remaining[index] if line not in visible[:count]]
        elif grows:
            remaining[before] = [line for line in remaining[before] if plain(text, line) != shown[before][-1]]
    if len(spoken) < 3 or rolling < MIN_ROLLING * (len(spoken) - 1):
        return list(all_cues)
    return [cue._replace(lines=lines) for cue, lines in zip(all_cues, remaining, strict=True)]


def _shown(text: str, lines: Sequence[Span]) -> list[str]:
    """The lines that show anything, without formatting."""
    return [shown for line in lines if (shown := plain(text, line))]


def _overlap(before: list[str], after: list[str]) -> int:
    """Number of lines at the beginning of a cue that the cue before ends with."""
    for count in range(min(len(before), len(after)), 0, -1):
        if before[-count:] == after[:count]:
            return count
    return 0


def _grows(before: str, after: str) -> bool:
    return len(after) > len(before) and after.startswith(before) and not after[len(before)].isalnum()


def plain(text: str, line: Span) -> str:
    """A line without formatting and blanks at its ends."""
    return TAG.sub("", line.of(text)).strip(" \t\u3000\xa0\u200b\ufeff")


MIN_BILINGUAL = 0.5
"""Minimum share of the cues with several lines that have two languages, and of all cues."""


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
    two = _two_scripts(cues, scripts)
    if two is None:
        return None
    second = two[0] if scripts[0][:1] == [two[1]] else two[1]
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


def _two_scripts(cues: Sequence[SpokenCue], scripts: Sequence[Sequence[str]]) -> tuple[str, str] | None:
    """The two scripts that most cues have both of, the more frequent first; None where there are no such two."""
    counts = Counter(script for line_scripts in scripts for script in line_scripts if script)
    if len(counts) < 2:
        return None
    first, second = [script for script, _ in counts.most_common(2)]
    both = sum({first, second} <= set(line_scripts) for line_scripts in scripts)
    several = sum(len(cue.lines) > 1 for cue in cues)
    if not several or both < MIN_BILINGUAL * max(several, sum(1 for cue in cues if cue.lines) * MIN_BILINGUAL):
        return None
    return first, second


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
