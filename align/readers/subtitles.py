"""Subtitles: cues into sentences, which may span several cues.

The text of SRT and WebVTT is that of the file, with escapes decoded; timings are not text. Other formats, and files
with two languages in each cue, are written anew as SRT, so that each sentence follows its timing in every document.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from align.errors import ReadError
from align.extras import require_extra
from align.models import BlockKind, Document, Span
from align.readers.plain import text_of
from align.readers.subtitle_cues import (
    TAG,
    Cue,
    SpokenCue,
    cues,
    is_subtitle_text,
    plain,
    split_languages,
    unescaped,
)
from align.text.scripts import CJK, count_scripts
from align.text.segment import BlockMark, segment

_ENDS = re.compile(r"[.!?。｡！？…؟।॥۔။។๚๛።༎།♪\"”」』)）\]]\s*$")
_DASH = re.compile(r"\s*[-–—‐]\s*(?=\S)")
_GOES_ON = re.compile(r"[\"'“‘«(\[…-]*[a-zà-öø-ÿā-žа-яёα-ω]")
_PAUSE = re.compile(r"[,，、;；:：—–-]\s*$")
_FORMATTED = re.compile(
    r"\s*(?:<(?P<tag>[iub])>.*</(?P=tag)>|\{\\(?:i1|an8)[^}]*\}.*|[\[(（♪].*[\])）♪])\s*", re.DOTALL
)
"""A cue that is wholly in italics, at the top of the picture, or in brackets."""
_CAPITALS = re.compile(r"(?=.*[A-ZÀ-ÞА-Я]{2})[^a-zß-ÿа-я]+", re.DOTALL)
_WITH_CASE = frozenset({"latin", "cyrillic", "greek", "armenian", "georgian"})
MAX_BLOCK_CUES = 12
"""Maximum cues of a block: speech without any stop is split there."""
MAX_PAUSE = 4.0
"""Seconds without speech after which a new sentence begins, unless the text shows that the old one continues."""
MAX_STOPPED_SHARE = 0.1
"""Maximum share of cues with a stop up to which a script without letter case is written without stops."""
_STYLED = re.compile(r"\s*(?:;[^\r\n]*\s*)*\[script info\]", re.IGNORECASE)
_TTML = re.compile(r"(?:\s*<\?xml.{0,200}?\?>|\s*<!--.{0,2000}?-->)*\s*<(?:\w+:)?tt[\s>]", re.DOTALL)
_SAMI = re.compile(r"\s*<sami[\s>]", re.IGNORECASE)
_FRAMES = re.compile(r"\s*\{\d+\}\{\d+\}")
NO_CUE = "no cue with text found. Open it in a subtitle editor and save it as SRT or WebVTT."


def sniff(head: str) -> bool:
    """Whether the beginning of a text is that of a subtitle file."""
    return is_subtitle_text(head) or _foreign_format(head) is not None


def _foreign_format(head: str) -> str | None:
    """Name in pysubs2 of a format other than SRT and WebVTT; None if it is none."""
    for pattern, name in ((_STYLED, "ass"), (_TTML, "ttml"), (_SAMI, "sami"), (_FRAMES, "microdvd")):
        if pattern.match(head):
            return name
    return None


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read cues into blocks, one for each run of cues up to a sentence end. Raises ReadError where no cue has text."""
    source, used_encoding = text_of(name, content, encoding)
    foreign = _foreign_format(source.removeprefix("\ufeff")[:4096])
    if foreign:
        text = srt(_ordered(split_languages(_spoken(name, source, foreign))))
    else:
        text = unescaped(source)
        spoken = [SpokenCue(cue.begins, cue.ends, _lines(text, cue)) for cue in cues(text)]
        if len(tracks := split_languages(spoken)) > 1:
            text = srt(_ordered(tracks))
    blocks = segment(text, kinds=block_marks(text), lang=lang)
    if not any(block.sentences for block in blocks):
        raise ReadError(f"{name}: {NO_CUE}")
    return Document(name, text, blocks, "subtitles", used_encoding)


def _lines(text: str, cue: Cue) -> tuple[str, ...]:
    return tuple(line for span in cue.lines if (line := plain(text, span)))


def _spoken(name: str, source: str, form: str) -> list[SpokenCue]:
    """The cues of a format that pysubs2 reads, by time; events of the same time are one cue. Raises ReadError."""
    require_extra("pysubs2")
    import pysubs2

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pysubs2.SSAFile.from_string(source.removeprefix("\ufeff"), form, fps=25.0)
    except Exception as error:  # pysubs2 raises its own errors, ValueError, XML errors and others
        reason = (str(error).splitlines() or [""])[0][:120] or type(error).__name__
        raise ReadError(f"{name}: broken subtitles ({reason}). Save them as SRT in a subtitle editor.") from error
    by_time: dict[tuple[int, int], list[str]] = {}
    for event in sorted(file.events, key=lambda event: (event.start, event.end)):
        if event.is_comment or event.is_drawing:
            continue
        lines = [line.strip() for line in unescaped(event.plaintext).splitlines() if line.strip()]
        by_time.setdefault((event.start, event.end), []).extend(lines)
    return [SpokenCue(start / 1000, end / 1000, tuple(lines)) for (start, end), lines in by_time.items() if lines]


def _ordered(tracks: list[list[SpokenCue]]) -> Iterator[SpokenCue]:
    """Yield the cues of all tracks, sentence by sentence: a sentence of one track is not interrupted by another."""
    runs: list[tuple[float, int, list[SpokenCue]]] = []
    for number, track in enumerate(tracks):
        run: list[SpokenCue] = []
        stopless = _scripts_without_stops(cue.lines[-1] for cue in track)
        for cue in track:
            run.append(cue)
            last = cue.lines[-1]
            if len(tracks) > 1 and (len(run) >= MAX_BLOCK_CUES or _ENDS.search(last) or _script(last) in stopless):
                runs.append((run[0].begins, number, run))
                run = []
        if run:
            runs.append((run[0].begins, number, run))
    for _, _, run in sorted(runs, key=lambda run: run[:2]):
        yield from run


def srt(spoken: Iterator[SpokenCue]) -> str:
    """The cues as SRT."""
    return "\n".join(
        f"{number}\n{_time(cue.begins)} --> {_time(cue.ends)}\n" + "".join(f"{line}\n" for line in cue.lines)
        for number, cue in enumerate(spoken, 1)
    )


def _time(seconds: float) -> str:
    milliseconds = max(0, round(1000 * seconds))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02},{milliseconds % 1000:03}"


def block_marks(text: str) -> list[BlockMark]:
    """The blocks: each a run of cues up to the end of a sentence, with the spoken lines as parts."""
    marks: list[BlockMark] = []
    run: list[Span] = []
    start = stop = count = 0
    before: Cue | None = None
    all_cues = cues(text)
    stopless = _scripts_without_stops(plain(text, cue.lines[-1]) for cue in all_cues if cue.lines)
    for cue in all_cues:
        if run and before is not None and _is_apart(text, before, cue, stopless):
            marks.append(_mark(start, run, stop))
            run, count = [], 0
        if not run:
            start = cue.start
        for line, part in enumerate(cue.lines):
            dash = _DASH.match(text, part.start, part.end)
            if run and line and dash:
                marks.append(_mark(start, run, stop))
                run, count, start = [], 0, part.start
            run += _untagged(text, dash.end() if dash else part.start, part.end)
            stop = part.end
        if cue.lines:
            before = cue
        count += 1
        if run and (count >= MAX_BLOCK_CUES or _ENDS.search(run[-1].of(text))):
            marks.append(_mark(start, run, stop))
            run, count = [], 0
    if run:
        marks.append(_mark(start, run, stop))
    return marks


def _is_apart(text: str, before: Cue, cue: Cue, stopless: frozenset[str]) -> bool:
    """Whether a cue begins anew after one without a stop.

    A title card ended, nobody spoke for a while, or the text is in one of the scripts that the file has no stops in.
    """
    if not before.lines or not cue.lines:
        return False
    last, first = plain(text, before.lines[-1]), plain(text, cue.lines[0])
    if not last or not first or _PAUSE.search(last) or _GOES_ON.match(first):
        return False
    return (
        cue.begins - before.ends >= MAX_PAUSE
        or _style(text, before) != _style(text, cue)
        or (bool(stopless) and _script(last) in stopless)
    )


def _script(line: str) -> str:
    """The script without letter case that a line has the most letters in; empty if it has letter case or no letters."""
    counts = count_scripts(line)
    script = max(counts, key=counts.__getitem__, default="")
    if script in CJK:
        return "cjk"
    return "" if script in _WITH_CASE else script


def _scripts_without_stops(ends: Iterable[str]) -> frozenset[str]:
    """The scripts without letter case in which hardly a cue ends with a stop; each cue is a sentence there.

    Thai and Lao have no stops, and subtitles in Khmer, Burmese, Chinese, Japanese, Korean and Arabic often omit them.
    ends: the last line of each cue.
    """
    total: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    for line in ends:
        if script := _script(line):
            total[script] += 1
            stopped[script] += _ENDS.search(line) is not None
    return frozenset(script for script in total if stopped[script] <= MAX_STOPPED_SHARE * total[script])


def _style(text: str, cue: Cue) -> tuple[bool, bool]:
    """Whether a cue is formatted as a whole, and whether it is in capitals."""
    spoken = Span(cue.lines[0].start, cue.lines[-1].end).of(text)
    bare = TAG.sub("", spoken)
    return _FORMATTED.fullmatch(spoken) is not None, _CAPITALS.fullmatch(bare) is not None


def _mark(start: int, parts: Sequence[Span], stop: int) -> BlockMark:
    return BlockMark(Span(start, max(stop, parts[-1].end)), BlockKind.BODY, None, tuple(parts))


def _untagged(text: str, start: int, end: int) -> list[Span]:
    """The spans of a line without formatting tags and without blanks at its ends; blanks next to tags are included."""
    spans: list[Span] = []
    at = start
    for tag in [*(m.span() for m in TAG.finditer(text, start, end)), (end, end)]:
        if at < tag[0] and (spans or text[at : tag[0]].strip()):
            spans.append(Span(at + (0 if spans else _blanks(text, at, tag[0])), tag[0]))
        at = tag[1]
    while spans:
        last = spans.pop()
        if bare := last.of(text).rstrip():
            return [*spans, Span(last.start, last.start + len(bare))]
    return []


def _blanks(text: str, start: int, end: int) -> int:
    """Number of leading blanks of the span."""
    return end - start - len(text[start:end].lstrip())
