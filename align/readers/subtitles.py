"""SRT and WebVTT: cues into sentences, which may span several cues.

The text is that of the file, with escapes decoded; timings are not text.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from align.errors import ReadError
from align.models import BlockKind, Document, Span
from align.readers.plain import text_of
from align.text.segment import BlockMark, segment

_EOL = r"(?:\r\n|\n|\r(?!\n))"
"""A line end of any system; `^` and `$` of re.MULTILINE match at `\\n` only."""
_TIMING = re.compile(
    r"(?<![^\r\n])[ \t]*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}[^\r\n]*"
)
_WEBVTT = re.compile(r"WEBVTT(?:[ \t][^\r\n]*)?[\r\n]")
_FIRST_CUE = re.compile(rf"\s*\d+[ \t]*{_EOL}[ \t]*\d+:\d{{2}}:\d{{2}}[.,]\d{{3}}[ \t]*-->")
_LABEL = re.compile(rf"(?<![^\r\n])[^\r\n]{{1,80}}{_EOL}\Z")
_BLANK = re.compile(rf"{_EOL}[ \t]*{_EOL}")
_LINE = re.compile(r"[^\r\n]+")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,80}>|<\d[\d:.]{3,16}>|\{\\[^{}\n]{0,80}\}")
_ENTITY = re.compile(r"&(?:amp|gt|quot|apos|nbsp|lrm|rlm|#39|#x27|lt(?=;[^A-Za-z/]));")
"""Characters that WebVTT escapes; `&lt;` is not decoded where that would make a tag."""
_ENDS = re.compile(r"[.!?。！？…؟।♪\"”」』)）\]]\s*$")
_DASH = re.compile(r"\s*[-–—‐]\s*(?=\S)")
MAX_BLOCK_CUES = 12
"""Maximum cues of a block: speech without any stop is split there."""


def sniff(head: str) -> bool:
    """Whether the beginning of a text is that of a subtitle file: a first line as in the standard, and a timing."""
    if _WEBVTT.match(head):
        return _TIMING.search(head) is not None
    return _FIRST_CUE.match(head) is not None


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read cues into blocks, one for each run of cues up to a sentence end. Raises ReadError where no cue has text."""
    source, used_encoding = text_of(name, content, encoding)
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), source)
    blocks = segment(text, kinds=block_marks(text), lang=lang)
    if not any(block.sentences for block in blocks):
        raise ReadError(f"{name}: no cue with text found. Open it in a subtitle editor and save it as SRT or WebVTT.")
    return Document(name, text, blocks, "subtitles", used_encoding)


def block_marks(text: str) -> list[BlockMark]:
    """The blocks: each a run of cues up to the end of a sentence, with the spoken lines as parts."""
    marks: list[BlockMark] = []
    run: list[Span] = []
    start = stop = cues = 0
    for cue in _cues(text):
        if not run:
            start = cue.start
        for line, part in enumerate(cue.lines):
            dash = _DASH.match(text, part.start, part.end)
            if run and line and dash:
                marks.append(_mark(start, run, stop))
                run, cues, start = [], 0, part.start
            run += _untagged(text, dash.end() if dash else part.start, part.end)
            stop = part.end
        cues += 1
        if run and (cues >= MAX_BLOCK_CUES or _ENDS.search(run[-1].of(text))):
            marks.append(_mark(start, run, stop))
            run, cues = [], 0
    if run:
        marks.append(_mark(start, run, stop))
    return marks


def _mark(start: int, parts: list[Span], stop: int) -> BlockMark:
    return BlockMark(Span(start, max(stop, parts[-1].end)), BlockKind.BODY, None, tuple(parts))


class _Cue(NamedTuple):
    start: int
    """Start of its number or name, or of its timing if it has none."""
    lines: list[Span]
    """Spans of the spoken text."""


def _cues(text: str) -> list[_Cue]:
    timings = list(_TIMING.finditer(text))
    cues: list[_Cue] = []
    done = 0
    for timing, following in zip(timings, [*timings[1:], None], strict=False):
        label = _LABEL.search(text, done, timing.start())
        stop = following.start() if following else len(text)
        blank = _BLANK.search(text, timing.end(), stop)
        end = blank.start() if blank else stop
        lines = [Span(m.start(), m.end()) for m in _LINE.finditer(text, timing.end(), end) if m[0].strip()]
        if following and not blank and lines and lines[-1].of(text).strip().isdigit():
            lines.pop()  # the number of the next cue, if there is no blank line between
        done = lines[-1].end if lines else timing.end()
        cues.append(_Cue(label.start() if label else timing.start(), lines))
    return cues


def _untagged(text: str, start: int, end: int) -> list[Span]:
    """The spans of a line without formatting tags and without blanks at its ends; blanks next to tags are included."""
    spans: list[Span] = []
    at = start
    for tag in [*(m.span() for m in _TAG.finditer(text, start, end)), (end, end)]:
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
