"""Lines of a PDF's pages by pdfium, and their paragraphs by geometry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise
from statistics import median
from threading import Lock
from typing import Any, NamedTuple

from align.errors import ReadError, require_extra
from align.readers.safe_zip import check_expansion
from align.text.scripts import HAN_CLASS, KANA_CLASS

_PDFIUM = Lock()
"""pdfium is not safe to use from several threads."""
HYPHEN = "\ufffe"
"""pdfium's mark for a hyphen at a line's end, after which it adds no line break."""
MAX_SAMPLED_CHARACTERS = 100
"""Characters of a page that are checked for a Unicode map."""
MAX_UNMAPPED = 0.3
"""Maximum share of characters whose font does not say which they are."""
MAX_PITCH = 1.3
"""Maximum distance of two lines of a paragraph, in usual line distances of the page."""
MAX_EDGE_LINES = 12
"""Lines at the head and foot of a page that may be drawn before or after the others, of which there are more."""
MAX_LEADING = 2.5
"""Maximum distance of two lines of a paragraph, in font sizes."""
MAX_SIZE_DIFFERENCE = 0.15
NEAR_LINES = 25
"""Lines before and after a line among which its column is searched."""
CHUNK_LINES = 64
SAME_EDGE = 1.5
"""Maximum distance, in points, of right ends at one edge."""
MIN_SHARING = 0.2
"""Minimum share of the lines of a column that end at its right edge."""
MIN_EDGE_SHARE = 0.1
"""Minimum share of a document's lines that end at an edge of its columns."""
MIN_FULL_LINES = 4
"""Full lines of a page from which they alone say its usual distance of lines."""
SLACK = 0.25
"""Distance to the edge of the column, in font sizes, up to which a line is full."""
WIDE_SLACK = 2.5
"""The same for CJK text: a stop may not begin a line, and Latin words in it are not broken."""
_WIDE_END = re.compile(f"[{HAN_CLASS}{KANA_CLASS}、，」』）)]$|^[{HAN_CLASS}{KANA_CLASS}「『（(]")
_IS_WIDE = re.compile(f"[{HAN_CLASS}{KANA_CLASS}]")
_TOKEN = re.compile(r"[!-~\u00c0-\u024f\u0370-\u052f\u2010-\u2027]+|.")
_BULLET = re.compile(r"\s*(?:[•●○◦▪■□◆◇‣∙]|[-–—*]\s|[(（]?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)）]\s)")
_STOPPED = re.compile(r"[.!?。！？｡…:：;；؟۔।]['\"’”»」』)）\]】]*\s*$")
_PAUSED = re.compile("[、，]\\s*$")
_NO_BEGINNING = re.compile("[々ーゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ、。，．！？）」』】〕〉》]")
"""Characters that begin no line of Japanese or Chinese by themselves, so that they continue the line before."""
_CLOSING = re.compile("[^(（]{0,60}[)）]")
MAX_BRACKET_LINES = 6
"""Last lines of a paragraph in which an open bracket is searched."""
_LOWER = re.compile(r"[\"'“‘(]?[a-zß-öø-ÿāă-žа-яёіїєґα-ωά-ώ]")
UNMAPPED = (
    "its fonts do not say which characters they show (no Unicode map), so its text cannot be read. Recognise its text "
    "(OCR, for example with ocrmypdf --force-ocr) and add the result."
)


class PageLine(NamedTuple):
    """A line of a page; distances in points, the origin is below left."""

    text: str
    left: float = 0.0
    right: float = 0.0
    base: float = 0.0
    size: float = 0.0
    """Height of its font; 0 where the position is not available."""


def page_lines(name: str, content: bytes) -> list[list[PageLine]]:
    """The lines of each page. Raises ReadError for a file that is broken, protected or not readable as text."""
    require_extra("pypdfium2")
    import pypdfium2

    pages: list[list[PageLine]] = []
    sampled = unmapped = size = 0
    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                for index in range(len(document)):
                    page = document[index]
                    text_page = page.get_textpage()
                    pages.append(in_order(_lines(text_page)))
                    counts = _unmapped(text_page)
                    sampled, unmapped = sampled + counts[0], unmapped + counts[1]
                    text_page.close()
                    page.close()
                    size += sum(len(line.text) for line in pages[-1])
                    check_expansion(name, len(content), size)
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise ReadError(f"{name}: protected by a password. Save it without one and add that.") from error
            if "security" in str(error).lower():
                raise ReadError(
                    f"{name}: encrypted with an unsupported method. Save it without protection and add that."
                ) from error
            reason = str(error).splitlines()[0][:120]
            raise ReadError(f"{name}: a broken PDF ({reason}). Open it and print it to a new PDF.") from error
    if sampled and unmapped > MAX_UNMAPPED * sampled:
        raise ReadError(f"{name}: {UNMAPPED}")
    return pages


def _lines(text_page: Any) -> list[PageLine]:
    text = text_page.get_text_range(errors="replace")
    has_positions = len(text) == text_page.count_chars()
    lines: list[PageLine] = []
    for match in re.finditer(f"[^\r\n{HYPHEN}]+{HYPHEN}?|{HYPHEN}", text):
        bare = match[0].replace(f"/{HYPHEN}", "/").replace(HYPHEN, "-").strip()  # an address is broken after its slash
        if not bare:
            continue
        first = match.start() + len(match[0]) - len(match[0].lstrip())
        last = match.start() + len(match[0].rstrip(f" \t\u00a0{HYPHEN}")) - 1
        if not has_positions or last < first:
            lines.append(PageLine(bare))
            continue
        left, bottom, _, top = text_page.get_charbox(first, loose=True)
        end_left, end_bottom, right, end_top = text_page.get_charbox(last, loose=True)
        size = max(top - bottom, end_top - end_bottom)
        if (bare[0].isascii() or bare[-1].isascii()) and (wide := _IS_WIDE.search(text, first, last)):
            # Latin letters in CJK text are of another font, whose letters have other heights.
            _, low, _, high = text_page.get_charbox(wide.start(), loose=True)
            size = max(size, high - low)
        lines.append(PageLine(bare, min(left, end_left), max(right, left), min(bottom, end_bottom), size))
    return lines


def in_order(lines: list[PageLine]) -> list[PageLine]:
    """The lines of a page, with those of its foot last and those of its head first, where they are drawn otherwise."""
    return _head_first(_foot_last(lines)) if all(line.size for line in lines) else lines


def _foot_last(lines: list[PageLine]) -> list[PageLine]:
    """The lines with those of the foot last, where they are drawn before the others."""
    for count in range(min(MAX_EDGE_LINES, len(lines) // 2), 0, -1):
        first, rest = lines[:count], lines[count:]
        low, high = min(line.base for line in rest), max(line.base for line in rest)
        foot = [line for line in first if line.base < low]
        if foot and all(line.base < low or line.base > high for line in first):
            return [line for line in first if line.base > high] + rest + sorted(foot, key=lambda line: -line.base)
    return lines


def _head_first(lines: list[PageLine]) -> list[PageLine]:
    """The lines with those of the head first, where they are drawn after the others."""
    for count in range(min(MAX_EDGE_LINES, len(lines) // 2), 0, -1):
        rest, last = lines[:-count], lines[-count:]
        low, high = min(line.base for line in rest), max(line.base for line in rest)
        head = [line for line in last if line.base > high]
        if head and all(line.base < low or line.base > high for line in last):
            return sorted(head, key=lambda line: -line.base) + rest + [line for line in last if line.base < low]
    return lines


def _unmapped(text_page: Any) -> tuple[int, int]:
    """Number of sampled characters of a page, and of those whose font has no Unicode map for them."""
    from pypdfium2 import raw

    count = text_page.count_chars()
    sample = range(0, count, max(1, count // MAX_SAMPLED_CHARACTERS))
    visible = [index for index in sample if raw.FPDFText_GetUnicode(text_page, index) > 32]
    return len(visible), sum(raw.FPDFText_HasUnicodeMapError(text_page, index) == 1 for index in visible)


def common_edges(pages: Iterable[Sequence[PageLine]]) -> frozenset[int]:
    """Right ends, in whole points, that many lines of the pages share: the edges of their justified columns."""
    ends = Counter(round(line.right) for page in pages for line in page if line.size)
    return frozenset(
        end + shift for end, count in ends.items() if count >= MIN_EDGE_SHARE * ends.total() for shift in (-1, 0, 1)
    )


def paragraphs(lines: Sequence[PageLine], edges: Container[int] = ()) -> list[list[PageLine]]:
    """The lines of a page, without its edges, as paragraphs; `edges` as of `common_edges`."""
    groups: list[list[PageLine]] = []
    rights = _column_rights(lines)
    pitch = _pitch(lines, rights)
    for index, line in enumerate(lines):
        if groups and _continues(groups[-1], line, pitch, rights[index - 1], edges):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _pitch(lines: Sequence[PageLine], rights: Sequence[float]) -> float:
    """Usual distance of two lines of a paragraph; 0 where none is known.

    Those after full lines count, if there are some: on a page of short paragraphs, most distances are between two.
    """
    distances = [
        (a.base - b.base, a.right >= right - SLACK * a.size)
        for (a, b), right in zip(pairwise(lines), rights, strict=False)
        if 0 < a.base - b.base < 4 * a.size
    ]
    after_full = [distance for distance, is_full in distances if is_full]
    usual = after_full if len(after_full) >= MIN_FULL_LINES else [distance for distance, _ in distances]
    return median(usual) if usual else 0.0


def _column_rights(lines: Sequence[PageLine]) -> list[float]:
    """For each line, the right edge of its column: where the near lines of its size that overlap with it end.

    That is the right-most edge that several of them share; lines that stick out of a justified column, such as long
    addresses, do not move it. Without a shared edge it is the greatest right end.
    """
    import numpy as np

    if not lines:
        return []
    left, right, size = (np.array(column) for column in zip(*(line[1:3] + line[4:5] for line in lines), strict=True))
    rights: list[float] = []
    for start in range(0, len(lines), CHUNK_LINES):
        rows = slice(start, start + CHUNK_LINES)
        near = slice(max(0, start - NEAR_LINES), start + CHUNK_LINES + NEAR_LINES)
        numbers = np.arange(len(lines))
        own_left, own_right, own_size = left[rows, None], right[rows, None], size[rows, None]
        is_own = numbers[rows, None] == numbers[near]
        column = is_own | (
            (np.abs(numbers[rows, None] - numbers[near]) <= NEAR_LINES)
            & (np.abs(own_size - size[near]) <= MAX_SIZE_DIFFERENCE * np.maximum(own_size, size[near]))
            & (left[near] < own_right)
            & (left[near] > own_left - 8 * own_size)
            & (right[near] > own_left)
        )
        is_close = np.abs(right[near, None] - right[near]) <= SAME_EDGE
        shared = column.astype(np.float32) @ is_close.astype(np.float32)
        is_edge = column & (shared >= np.maximum(3, MIN_SHARING * column.sum(axis=1, keepdims=True)))
        is_edge[~is_edge.any(axis=1)] = column[~is_edge.any(axis=1)]
        rights += np.where(is_edge, right[near], -np.inf).max(axis=1).tolist()
    return rights


def _is_same_size(a: PageLine, b: PageLine) -> bool:
    return abs(a.size - b.size) <= MAX_SIZE_DIFFERENCE * max(a.size, b.size)


def _must_continue(group: list[PageLine], line: PageLine) -> bool:
    """Whether CJK text continues for its signs: after a comma, inside a bracket, before what begins no line."""
    last = group[-1].text
    if not (_IS_WIDE.search(last) and _IS_WIDE.search(line.text)):
        return False
    if _PAUSED.search(last) or _NO_BEGINNING.match(line.text):
        return True
    text = "".join(one.text for one in group[-MAX_BRACKET_LINES:])
    opening = max(map(text.rfind, "(（"))
    return opening > max(map(text.rfind, ")）")) and _CLOSING.match(line.text) is not None


def _continues(group: list[PageLine], line: PageLine, pitch: float, right: float, edges: Container[int]) -> bool:
    """Whether a line continues the paragraph of the lines before it."""
    last = group[-1]
    if not last.size or not line.size:
        return not _STOPPED.search(last.text) and not _BULLET.match(line.text)
    if not _is_same_size(last, line) or _BULLET.match(line.text):
        return False
    down = last.base - line.base
    if abs(down) < 0.4 * line.size:  # parts of one line
        return -0.5 * line.size < line.left - last.right < 1.5 * line.size
    is_next_column = down < 0
    if not is_next_column and not _is_below(group, line, pitch, right):
        return False
    begins_lower = _LOWER.match(line.text) is not None
    if (last.text.endswith("-") and begins_lower) or (not is_next_column and _must_continue(group, line)):
        return True
    is_full = _is_full(last, line, right, edges)
    if not _STOPPED.search(last.text):
        return is_full or begins_lower
    if is_next_column:
        return False
    is_indented = _is_indented(last, line) and not _BULLET.match(group[0].text)
    return is_full and (len(group) > 1 or not is_indented)


def _is_indented(last: PageLine, line: PageLine) -> bool:
    return line.left > last.left + 0.8 * line.size


def _is_below(group: list[PageLine], line: PageLine, pitch: float, right: float) -> bool:
    """Whether a line is below the last one at a distance and an indentation that lines of one paragraph have."""
    last = group[-1]
    if pitch and last.base - line.base > min(
        MAX_PITCH * max(pitch, 1.05 * min(pitch, line.size)), MAX_LEADING * line.size
    ):
        return False
    if _is_indented(last, line) and len(group) > 1:
        return False  # a first line
    return line.left <= right and line.right >= last.left


def _is_full(last: PageLine, line: PageLine, right: float, edges: Container[int]) -> bool:
    """Whether the last line ends at an edge, or the first word of the line after it would not have fitted into it."""
    token = _TOKEN.match(line.text)
    needed = (line.right - line.left) / max(1, len(line.text)) * len(token[0]) if token else 0.0
    slack = WIDE_SLACK if _WIDE_END.search(last.text) or _WIDE_END.search(line.text[:1]) else SLACK
    return last.right + needed + slack * line.size >= right or round(last.right) in edges
