"""Width of text in a terminal, line breaking, and escaping of characters that would affect the terminal.

Everything works on clusters: the characters that are drawn in the same cells. The `shown` form of a cluster is
safe: control, escape and bidi characters are replaced by marks, emoji joined by zero-width joiners are separated
(terminals disagree on the width of the joined form), so that the computed width is the displayed width.

Widths are in cells (0, 1 or 2 per character) as counted by `rich.cells`, which is also used for rendering.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

ELLIPSIS = "…"
MARK = "\N{REPLACEMENT CHARACTER}"
BASE = "\N{DOTTED CIRCLE}"
MAX_MARKS = 4
"""Maximum combining marks on one base; more would overlap the adjacent lines."""

NO_START = frozenset(
    "。．，、；：？！」』】〕〗〙〛）］｝〉》”’」』｡､･゠・ー々〻〃ヽヾゝゞ‐–〜～ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
    ")]}>,.;:?!%…‥″′°℃％‰¢゛゜｣»›"
)
"""Characters that must not begin a line (JIS X 4051, GB/T 15834, CNS): closing, repetition and length marks, small
kana."""

NO_END = frozenset("「『【〔〖〘〚（［｛〈《“‘｢([{«‹＄￥￡$¥£€№#＃@＠")
"""Characters that must not end a line: opening marks, and signs that belong to the next character."""


class Cluster(NamedTuple):
    """`[start, end)` in characters of the text, the text displayed for them, and its cells."""

    start: int
    end: int
    shown: str
    width: int


class WrappedLine(NamedTuple):
    """One wrapped line: `[start, end)` in characters of the text (without spaces at the break) and its cells."""

    start: int
    end: int
    width: int


def _single(char: str) -> tuple[str, int]:
    """The safe form of one character and its cells; width 0 attaches to the previous character."""
    code = ord(char)
    if char in "\t\n\r\v\f\x85\u2028\u2029":
        return " ", 1
    if code < 0x20:
        return chr(0x2400 + code), 1
    if code == 0x7F:
        return "␡", 1
    if 0x1F1E6 <= code <= 0x1F1FF:  # regional indicators: a flag to some terminals, two boxes to others
        return chr(ord("A") + code - 0x1F1E6), 1
    if 0x1F3FB <= code <= 0x1F3FF or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return "", 0  # skin tones and variation selectors change widths differently everywhere
    if code in (0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xAD, 0x034F, 0x180E):
        return "", 0
    category = unicodedata.category(char)
    if category in ("Cc", "Cs", "Cn") or (category == "Cf" and code not in range(0x600, 0x606)):
        return MARK, 1
    if category in ("Mn", "Me"):
        return char, 0
    return char, cell_len(char)


_forms: dict[str, tuple[str, int]] = {}


def clusters(text: str) -> Iterator[Cluster]:
    """The clusters of `text`, in order; they cover every character once."""
    start, shown, width, marks = 0, "", 0, 0
    for at, char in enumerate(text):
        form = _forms.get(char)
        if form is None:
            form = _forms[char] = _single(char)
        form_shown, form_width = form
        if form_width == 0 and at:
            if form_shown and marks < MAX_MARKS:
                marks += 1
                shown += form_shown if width else BASE + form_shown
                width = width or 1
            continue
        if at:
            yield Cluster(start, at, shown, width)
        start, shown, width, marks = at, form_shown, form_width, 0
        if form_width == 0 and form_shown:
            shown, width, marks = BASE + form_shown, 1, 1
    if text:
        yield Cluster(start, len(text), shown, width)


def cells(text: str) -> int:
    """Cells of the safe form of `text` on one line."""
    return sum(cluster.width for cluster in clusters(text))


def shown(text: str) -> str:
    """`text` in a form that is safe for a terminal: nothing moves the cursor, recolours or reorders."""
    return "".join(cluster.shown for cluster in clusters(text))


def fit(text: str, width: int) -> str:
    """The safe form of `text` in exactly `width` cells: truncated with an ellipsis, or padded with spaces."""
    pieces: list[str] = []
    used = 0
    for cluster in clusters(text):
        if used + cluster.width > width:
            while pieces and used + 1 > width:
                used -= cell_len(pieces.pop())
            if width > 0:
                pieces.append(ELLIPSIS)
                used += 1
            break
        pieces.append(cluster.shown)
        used += cluster.width
    return "".join(pieces) + " " * (width - used)


def _may_break(left: Cluster, right: Cluster, text: str) -> bool:
    """Whether a line may end after `left` before `right`."""
    before, after = text[left.start], text[right.start]
    if not keeps_rules(before, after):
        return False
    if _is_space(left, text):
        return not _is_space(right, text) and before != "\N{NO-BREAK SPACE}"
    if _is_space(right, text):
        return False
    if left.width == 2 or right.width == 2:
        return True
    return before in "-/–—‐_" and not after.isdigit()


def _is_space(cluster: Cluster, text: str) -> bool:
    return text[cluster.start : cluster.end].isspace()


def keeps_rules(before: str, after: str) -> bool:
    """Whether a line may end with `before` and the next begin with `after` under kinsoku."""
    return before not in NO_END and after not in NO_START


def wrap(text: str, width: int) -> list[WrappedLine]:
    """Wrap `text` into lines of at most `width` cells (at least 2), with kinsoku.

    Breaks at spaces and between wide characters; a word longer than a line is split. No line begins with a closing
    mark or ends with an opening one, except where a run of such marks is itself longer than a line. At least one
    line, even for no text. Every character that is not a space at a break is in exactly one line.
    """
    width = max(2, width)
    row = list(clusters(text))
    lines: list[WrappedLine] = []
    first = 0
    while first < len(row):
        while lines and first < len(row) and _is_space(row[first], text):
            first += 1
        if first == len(row):
            break
        last, used = first, 0
        while last < len(row) and used + row[last].width <= width:
            used += row[last].width
            last += 1
        if last < len(row):
            last = _break_before(row, first, last, text)
        lines.append(_line(row, first, last, text))
        first = last
    return lines or [WrappedLine(0, len(text), 0)]


def _break_before(row: list[Cluster], first: int, last: int, text: str) -> int:
    """The cluster to break before, for a line that starts at cluster `first` and is full before cluster `last`."""
    if _is_space(row[last], text):
        return last
    for at in range(last, first, -1):
        if _may_break(row[at - 1], row[at], text):
            return at
    for at in range(last, first, -1):
        if keeps_rules(text[row[at - 1].start], text[row[at].start]):
            return at
    return max(last, first + 1)


def _line(row: list[Cluster], first: int, last: int, text: str) -> WrappedLine:
    end = last
    while end > first and _is_space(row[end - 1], text):
        end -= 1
    begin = row[first].start
    return WrappedLine(
        begin, row[end - 1].end if end > first else begin, sum(cluster.width for cluster in row[first:end])
    )
