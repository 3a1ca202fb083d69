"""SRT and WebVTT with both languages: a cue for each link, timed by the subtitles that one of its sides comes from.

A sentence has the times of the cues that it spans; one that begins or ends inside a cue gets a share of its time by the
number of characters. A sentence without a link is a cue with one text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from align.errors import ReadError, UsageError
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit
from align.models import LinkSide, Span
from align.readers.subtitle_cues import TAG, Cue, cues

if TYPE_CHECKING:
    from align.exchange.export import ExportJob

SideName = Literal["src", "tgt"]
_MARKUP = re.compile("[&<>]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
NO_TIMES = "without timing"
"""Why a link is left out: no side comes from subtitles, or not the one that --timed-by names."""
_TIMING = re.compile(r"(\d\d+):(\d\d):(\d\d)[.,](\d{3}) --> (\d\d+):(\d\d):(\d\d)[.,](\d{3})")


class CueTimes:
    """The times of spans in a subtitle document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.cues = [cue for cue in cues(text) if cue.lines]
        self._starts = [cue.lines[0].start for cue in self.cues]

    def of(self, spans: tuple[Span, ...]) -> tuple[float, float] | None:
        """Start and end in seconds; None for spans outside the cues."""
        if not spans or not self.cues:
            return None
        first, last = self._cue(spans[0].start), self._cue(spans[-1].end - 1)
        if first is None or last is None:
            return None
        begins = first.begins + (first.ends - first.begins) * self._share(first, spans[0].start)
        ends = last.begins + (last.ends - last.begins) * self._share(last, spans[-1].end)
        return begins, max(begins, ends)

    def _cue(self, at: int) -> Cue | None:
        index = bisect_right(self._starts, at) - 1
        return self.cues[index] if index >= 0 and at < self.cues[index].lines[-1].end else None

    def _share(self, cue: Cue, at: int) -> float:
        """Share of the characters of a cue before a position, without tags and blanks."""
        lines = [(line.of(self.text), line.start) for line in cue.lines]
        before = sum(_length(line[: max(0, at - start)]) for line, start in lines)
        return before / max(1, sum(_length(line) for line, _ in lines))


def _length(line: str) -> int:
    return sum(map(str.isalnum, TAG.sub("", line)))


def arrange(units: Iterable[Unit], job: ExportJob) -> Iterator[Unit]:
    """The units with their times, in the order of these; those without are counted as left out.

    Raises UsageError for links of several pairs of documents.
    """
    report, timed_by = job.report, job.options.timed_by
    times = lru_cache(maxsize=8)(lambda document: CueTimes(job.text(document)))
    timed: list[tuple[tuple[float, float], Unit]] = []
    pair: set[int] = set()
    nulls: list[Unit] = []
    for unit in units:
        if unit.link.id == 0:
            nulls.append(unit)
            continue
        if pair and pair != {unit.link.src.document, unit.link.tgt.document}:
            raise UsageError(
                f"{report.to} holds the subtitles of one text and its translation, but there are links of several "
                "pairs of documents. Choose with --doc, or --src and --tgt."
            )
        pair = {unit.link.src.document, unit.link.tgt.document}
        timed_by, seconds = _times(unit, timed_by, times)  # the other links follow the first
        if seconds is None:
            report.left_out[NO_TIMES] += 1
        else:
            timed.append((seconds, unit._replace(times=seconds)))
    timed_sides = [unit.link.tgt if timed_by == "tgt" else unit.link.src for _, unit in timed]
    document_languages = {(side.document, side.lang) for side in timed_sides}
    for unit in nulls:
        text = unit.link.src if unit.link.src.sentences else unit.link.tgt
        seconds = times(text.document).of(text.spans) if (text.document, text.lang) in document_languages else None
        if seconds is not None:
            timed.append((seconds, unit._replace(times=seconds)))
        elif text.document in pair:
            report.left_out["of the other side, without a link"] += 1
    for _, unit in sorted(timed, key=lambda one: one[0]):
        yield _normalised(unit)


def _times(
    unit: Unit, timed_by: SideName | None, times: Callable[[int], CueTimes]
) -> tuple[SideName | None, tuple[float, float] | None]:
    sides: tuple[tuple[SideName, LinkSide], ...] = (("src", unit.link.src), ("tgt", unit.link.tgt))
    for name, side in sides:
        if timed_by in (None, name) and (seconds := times(side.document).of(side.spans)):
            return name, seconds
    return timed_by, None


def _normalised(unit: Unit) -> Unit:
    """The unit with its only text, if it has one, as the source: a cue has no empty line."""
    link = unit.link
    if link.src.text.strip():
        return unit if link.tgt.text.strip() else unit._replace(link=replace(link, tgt=_without_text(link.tgt)))
    return unit._replace(link=replace(link, src=link.tgt, tgt=_without_text(link.src)))


def _without_text(side: LinkSide) -> LinkSide:
    return replace(side, text="")


def _clock(seconds: float, separator: str) -> str:
    minutes, milliseconds = divmod(round(1000 * seconds), 60_000)
    whole, fraction = divmod(milliseconds, 1000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{whole:02}{separator}{fraction:03}"


def _write(units: Iterable[Unit], file: IO[bytes], separator: str, escape: Callable[[str], str]) -> None:
    for number, unit in enumerate(units, start=1):
        begins, ends = unit.times or (0.0, 0.0)
        lines = [escape(text) for text in (unit.link.src.text, unit.link.tgt.text) if text]
        timing = f"{_clock(begins, separator)} --> {_clock(ends, separator)}"
        file.write("\n".join([str(number), timing, *lines, "", ""]).encode())


def write_srt(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write SubRip: the source above the target in each cue."""
    _write(units, file, ",", str)


def write_vtt(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write WebVTT: the source above the target in each cue, with markup characters escaped."""
    file.write(b"WEBVTT\n\n")
    _write(units, file, ".", lambda text: _MARKUP.sub(lambda match: _ESCAPES[match[0]], text))


def _read(path: Path, decode: Callable[[str], str]) -> Iterator[ImportedUnit]:
    with path.open(encoding="utf-8", newline="\n") as file:
        lines = iter(file.read().split("\n"))
    for line in lines:
        if not _TIMING.fullmatch(line):
            continue
        texts = [decode(text) for text in iter(lambda: next(lines, ""), "")]
        if not 1 <= len(texts) <= 2:
            raise ReadError(f"{path}: the cue at {line} has {len(texts)} lines, not one or two.")
        yield ImportedUnit(line, (Segment("und", texts[0]), Segment("und", texts[1] if len(texts) > 1 else "")))


def read_srt(path: Path) -> Iterator[ImportedUnit]:
    """The cues of a file that `write_srt` wrote. Raises ReadError for a cue of more than two lines."""
    yield from _read(path, str)


def read_vtt(path: Path) -> Iterator[ImportedUnit]:
    """The cues of a file that `write_vtt` wrote. Raises ReadError for a cue of more than two lines."""
    yield from _read(path, lambda text: text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
