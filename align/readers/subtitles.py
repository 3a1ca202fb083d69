"""SRT and WebVTT: cues into sentences that run across cue breaks. The text is the file's own; timings are no text."""

from __future__ import annotations

import re

from align.domain import BlockKind, Document, Span
from align.readers.plain import text_of
from align.text.segment import Mark, segment

SUFFIXES = frozenset({".srt", ".vtt"})
_TIMING = re.compile(r"^[ \t]*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}[^\r\n]*$", re.MULTILINE)
_LINE = re.compile(r"[^\r\n]+")
_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,80}>|<\d[\d:.]{3,16}>|\{\\[^{}\n]{0,80}\}")
_ENDS = re.compile(r"[.!?。！？…؟।♪\"”」』)）\]]\s*$")
_DASH = re.compile(r"\s*[-–—‐]\s*(?=\S)")
LONGEST = 12
"""Cues that one block runs over at most: speech without any stop is cut there."""


def sniff(head: str) -> bool:
    """Whether the beginning of a text is a subtitle file's."""
    return head.startswith("WEBVTT") or re.match(r"\s*\d+[ \t]*\r?\n[ \t]*\d+:\d{2}:\d{2}[.,]\d{3}[ \t]*-->", head) is not None


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Cues into blocks, one a run of cues that goes on from one to the next. Raises ReadError."""
    text, found = text_of(name, content, encoding)
    return Document(name, text, segment(text, kinds=marks(text), lang=lang), "subtitles", found)


def marks(text: str) -> list[Mark]:
    """The blocks: each a run of cues up to the end of a sentence, its parts the spoken lines."""
    found: list[Mark] = []
    run: list[Span] = []
    cues = 0
    for parts in _cues(text):
        for line, part in enumerate(parts):
            spoken = part.of(text)
            if run and line and _DASH.match(spoken):
                found.append(_mark(run))
                run, cues = [], 0
            dash = _DASH.match(spoken)
            start = part.start + (dash.end() if dash else 0)
            run += _untagged(text, start, part.end)
        cues += 1
        if run and (cues >= LONGEST or _ENDS.search(run[-1].of(text))):
            found.append(_mark(run))
            run, cues = [], 0
    if run:
        found.append(_mark(run))
    return found


def _mark(parts: list[Span]) -> Mark:
    return Mark(Span(parts[0].start, parts[-1].end), BlockKind.BODY, None, tuple(parts))


def _cues(text: str) -> list[list[Span]]:
    """The spoken lines of each cue."""
    timings = list(_TIMING.finditer(text))
    cues: list[list[Span]] = []
    for timing, following in zip(timings, [*timings[1:], None], strict=True):
        stop = following.start() if following else len(text)
        blank = re.compile(r"\r?\n[ \t]*(?:\r?\n|\r)").search(text, timing.end(), stop)
        end = blank.start() if blank else stop
        lines = [Span(m.start(), m.end()) for m in _LINE.finditer(text, timing.end(), end) if m[0].strip()]
        if following and not blank and lines and lines[-1].of(text).strip().isdigit():
            lines.pop()  # the number of the next cue, where no blank line parts them
        cues.append(lines)
    return cues


def _untagged(text: str, start: int, end: int) -> list[Span]:
    """The spans of a line that are not formatting tags."""
    spans: list[Span] = []
    at = start
    for tag in [*(m.span() for m in _TAG.finditer(text, start, end)), (end, end)]:
        piece = text[at : tag[0]]
        bare = piece.strip() if not spans or tag[0] == end else piece
        if bare.strip():
            offset = at + piece.index(bare)
            spans.append(Span(offset, offset + len(bare)))
        at = tag[1]
    return spans
