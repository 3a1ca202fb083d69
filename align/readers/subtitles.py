"""Subtitles: cues into sentences, which may span several cues.

The text of SRT and WebVTT is that of the file, with escapes decoded; timings are not text. Other formats, and files
with two languages in each cue, are written anew as SRT, so that each sentence follows its timing in every document.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from align.errors import ReadError, require_extra
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
_DASH = re.compile(r"\s*(?:[-–—‐]|(?P<speaker>>{2,3}))\s*(?=\S)")
"""A mark of another speaker; `>>` of live captions is one in each line that it begins."""
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
_FRAME_RATE = re.compile(r"\s*\{[01]\}\{[01]\}\s*\d")
"""A first cue that is the frame rate."""
_TENTHS = re.compile(r"\s*\[\d+\]\[\d+\][^\n]*\n\s*\[\d+\]\[\d+\]")
_STARTS = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}[:=][^\d\s][^\n]*\n\s*\d{1,2}:\d{2}:\d{2}[:=]")
_LYRICS_LINE = re.compile(r"^((?:\[\d{1,3}:\d{2}(?:[.:]\d{1,3})?\])+)([^\r\n]*)", re.MULTILINE)
_LYRICS_TIME = re.compile(r"(\d+):(\d+)(?:[.:](\d+))?")
_LYRICS = re.compile(
    r"(?:\s*\[(?:ti|ar|al|by|length|offset|re|ve|la|au|tool):[^\]\n]*\][^\n]*\n)*\s*\[\d{1,3}:\d{2}\.\d{2,3}\]"
)
_LAST_LINE_SECONDS = 4.0
_SPRUCE_LINE = re.compile(
    r"^[ \t]*(\d{2}:\d{2}:\d{2}[:;.]\d{2})[ \t]*,[ \t]*(\d{2}:\d{2}:\d{2}[:;.]\d{2})[ \t]*,([^\r\n]*)", re.MULTILINE
)
_SPRUCE = re.compile(rf"(?:\s*(?:\$|//)[^\n]*\n)*\s*{_SPRUCE_LINE.pattern.removeprefix('^')}")
_FRAMES_PER_SECOND = 25.0
_TTML_TIME = re.compile(r"\b(begin|end|dur)=([\"'])(?:(\d+(?:\.\d+)?)([tf])|(\d+):(\d\d):(\d\d):(\d+)(?:\.\d+)?)\2")
_SAMI_PARAGRAPH = re.compile(r"(?<!\n)<p\b", re.IGNORECASE)
NO_CUE = "no cue with text found. Open it in a subtitle editor and save it as SRT or WebVTT."


def sniff(head: str) -> bool:
    """Whether the beginning of a text is that of a subtitle file."""
    return is_subtitle_text(head) or _foreign_format(head) is not None


def _foreign_format(head: str) -> str | None:
    """Name of a format other than SRT and WebVTT, as pysubs2 calls it, `lrc` or `spruce`; None if it is none."""
    for pattern, name in (
        (_STYLED, "ass"), (_TTML, "ttml"), (_SAMI, "sami"), (_FRAMES, "microdvd"), (_TENTHS, "mpl2"), (_STARTS, "tmp"),
        (_LYRICS, "lrc"), (_SPRUCE, "spruce"),
    ):  # fmt: skip
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
    blocks = segment(text, marks=block_marks(text), lang=lang)
    if not any(block.sentences for block in blocks):
        raise ReadError(f"{name}: {NO_CUE}")
    return Document(name, text, blocks, "subtitles", used_encoding)


def _lines(text: str, cue: Cue) -> tuple[str, ...]:
    return tuple(line for span in cue.lines if (line := plain(text, span)))


def _spoken(name: str, source: str, form: str) -> list[SpokenCue]:
    """The cues of a foreign format, by time; events of the same time are one cue. Raises ReadError."""
    if form == "lrc":
        return _lyrics(source)
    if form == "spruce":
        return [
            SpokenCue(_seconds(match[1]), _seconds(match[2]), tuple(filter(None, map(str.strip, match[3].split("|")))))
            for match in _SPRUCE_LINE.finditer(source)
        ]
    if form == "ttml":
        source = _with_seconds(source)
    elif form == "sami":
        source = _SAMI_PARAGRAPH.sub("<br><p", source)  # one for each language
    fps = None if _FRAME_RATE.match(source.removeprefix("\ufeff")) else _FRAMES_PER_SECOND
    require_extra("pysubs2")
    import pysubs2

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pysubs2.SSAFile.from_string(source.removeprefix("\ufeff"), form, fps=fps)
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


def _lyrics(source: str) -> list[SpokenCue]:
    """The lines of lyrics (LRC) by time; a line with several times is sung several times and has its first."""
    timed = [
        (min(60 * int(t[1]) + float(f"{t[2]}.{t[3] or 0}") for t in _LYRICS_TIME.finditer(line[1])), line[2].strip())
        for line in _LYRICS_LINE.finditer(source)
    ]
    timed.sort(key=lambda one: one[0])
    ends = [*(start for start, _ in timed[1:]), timed[-1][0] + _LAST_LINE_SECONDS] if timed else []
    return [SpokenCue(start, end, (text,)) for (start, text), end in zip(timed, ends, strict=True) if text]


def _seconds(time: str) -> float:
    """Seconds of a time code with frames."""
    hours, minutes, seconds, frames = map(int, re.split("[:;.]", time))
    return 3600 * hours + 60 * minutes + seconds + frames / _FRAMES_PER_SECOND


def _with_seconds(source: str) -> str:
    """TTML with seconds instead of ticks and frames."""

    def rate(name: str, default: float) -> float:
        value = re.search(rf"\b{name}=[\"'](\d+)", source)
        return float(value[1]) if value and int(value[1]) else default

    frames = rate("frameRate", 0.0)
    if multiplier := re.search(r"\bframeRateMultiplier=[\"'](\d+)[ :](\d+)", source):
        frames *= int(multiplier[1]) / max(1, int(multiplier[2]))
    ticks = rate("tickRate", frames or 1.0)
    frames = frames or 30.0  # the default of the standard

    def seconds(match: re.Match[str]) -> str:
        if match[3]:
            value = float(match[3]) / (ticks if match[4] == "t" else frames)
        else:
            value = 3600 * int(match[5]) + 60 * int(match[6]) + int(match[7]) + int(match[8]) / frames
        return f'{match[1]}="{value:.3f}s"'

    return _TTML_TIME.sub(seconds, source)


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
            if run and dash and (line or dash["speaker"]):
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
