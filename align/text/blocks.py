"""Split plain text into paragraph-level blocks with a kind. Pure; spans cover every visible character.

Only lines are used, since there is no markup: hard-wrapped lines (also with blank lines in the middle of sentences)
are one block, a headline run together with its source, date and address is three, an image name is not text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from align.models import BlockKind, Span
from align.text.function_words import words
from align.text.language_evidence import first_evidence
from align.text.scripts import IMAGE_NAME, is_latin_only


class TextBlock(NamedTuple):
    """A paragraph-level block of the text and its probable kind."""

    span: Span
    kind: BlockKind


class _Line(NamedTuple):
    start: int
    end: int
    breaks: int
    """Line breaks between this line and the previous one; 0 for the second part of a split line."""
    indent: int
    kind: BlockKind | None
    """Kind of the line if it is evident from the line itself."""


class _Wrapped(NamedTuple):
    """Line wrapping of a page."""

    width: int
    """Terminal cells of the longest lines; 0 where lines are paragraphs."""
    halved: bool
    """Whether blank lines separate the halves of sentences."""


_LINE = re.compile(r"[^\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
EDGE_CHARACTERS = " \t\u3000\xa0\u200b\u200e\u200f\ufeff\x00\x1f\u2000\u2001\u2002\u2003\u2009\u202f\u205f\u1680\u2004\u2005\u2006\u2007\u2008\u200a"  # noqa: E501
_BULLET = re.compile(
    r"(?:[●○•◦‣⁃∙・◆◇■□▪▫▶►★☆◎]|[*+\-–—](?=[ \t])|[①-⑳⑴-⒇㈠-㈩]|[(（]?(?:\d{1,3}|[A-Za-z]|[ivx]{1,4})[)）.](?=[ \t\u3000])|\d{1,2}[)）]"  # noqa: E501
    r"|[一二三四五六七八九十]{1,3}[、．])"
)
_URL = r"(?:https?|ftp)://[!-~]+|www\.[!-~]+"
_ADDRESS = re.compile(rf"[\W_]*(?:(?:URL|Link|リンク)\s*[:：]\s*)?(?:{_URL})[\W_]*", re.IGNORECASE)
_GLUED_URL = re.compile(rf"(?:{_URL})\s*[)）\]]?\s*$", re.ASCII)
_DATE = r"(?:(?:19|20)\d{2}\s?[.\-/年]\s?\d{1,2}\s?[.\-/月]\s?\d{1,2}\s?日?|\d{1,2}[./]\d{1,2}[./](?:19|20)\d{2})(?:\s*,?\s*\d{1,2}:\d{2}(?::\d{2})?)?"  # noqa: E501
_DATE_LINE = re.compile(rf"[\W_]*{_DATE}[\W_]*")
_SOURCE = re.compile(
    rf"(?P<source>(?:[^\s\d,。、「」()（）]{{2}}(?:新聞|新闻|通信|通訊|通讯|日報|日报|時報|时报|晚報|社|網|网)(?:電子版|网|網)?"
    rf"|(?<=[ \-–—|])[A-Z][\w.&' ]{{1,30}})?\s*[(（\[]?\s*{_DATE})"
)
_IMAGES = re.compile(rf"(?:{IMAGE_NAME}\s*)+", re.ASCII | re.IGNORECASE)
_TERMINATED = re.compile(r"[.!?。！？｡…:：;；؟۔।॥։።။」』”»\"'’)）\]】]\s*$")
_CARRIES = re.compile(r"(?:[,、，;/(（「『“„«\-–—]|(?<=[\u3041-\u3096])[やとがをにのはで])$")
_LOWER = re.compile(r"[\"'“‘(\[]?[a-zà-öø-ÿā-žа-яёα-ω]")
_CAPTION = re.compile(
    r"[(（\[]?\s*(?:photo|image|picture|figure|fig\.|table|source|credit|foto|bild|abb\.|写真|画像|図|表|图|圖|照片|資料圖|资料图|사진|그림|фото|рис\.)"
    r"\s*(?:\d|[:：]|by\b|from\b|/)|[(（][^()（）]{0,40}(?:photo|getty|reuters|afp|写真)[^()（）]{0,60}[)）]$",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"[(（\[【]\s*(?:訳注|訳者|投稿者|編集部|译注|译者|譯註|譯者|編按|编者|translator|note\b|ed\.|anm\.|n\.?d\.?t|прим)",
    re.IGNORECASE,
)
_COMMENTS_FROM = re.compile(
    r"\s*(?:\d+\s*(?:comments?|responses?|replies|則留言|則回應|条评论|條評論|条留言|件のコメント|件のフィードバック|개의 댓글|комментари\w+"  # noqa: E501
    r"|commentaires?|comentarios?|kommentare?|commenti)|(?:comments?|コメント|留言|评论|評論|댓글|комментарии|kommentare|commentaires|comentarios)"
    r"\s*[(（]\s*\d+\s*[)）])\s*[:：]?\s*",
    re.IGNORECASE,
)
_RIGHTS = re.compile(r"\s*(?:©|\(c\)|copyright\b|all rights reserved|無断転載|版权所有|版權所有)", re.IGNORECASE)
_WORDLESS = re.compile(r"[\W_]+")
_FIRST_WORD = re.compile(r"[!-~\u00c0-\u024f\u0370-\u052f]+|.")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_DANGLING = words(
    "the a an of to in on at by for with from and or but that which who its their his her beyond between against "
    "about under over into than as is are was were der die das den dem des ein eine und oder von zu mit auf für "
    "le la les de des du un une et ou à dans pour sur par el los las del y o en con por para il lo gli di che e "
    "da per"
)
"""Words that can end a line, but hardly a sentence or a title."""
_STOPPED = re.compile("[.!?。！？｡…:：;；,、，؟۔।][\"'”’»」』）)\\]】]*$")
_CHAPTER = re.compile(
    r"(?:chapter|part|book|section|appendix|kapitel|teil|chapitre|partie|cap[ií]tulo|capitolo|parte|глава|часть|раздел)\s+(?:[ivxlc]{1,7}|\d{1,3})\b"
    r"[^\n]{0,80}|第\s?[一二三四五六七八九十百〇0-9０-９]{1,5}\s?[章節节回部編编巻卷話话篇幕][^。\n]{0,40}",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:タグ|カテゴリー?|発表時刻|投稿日時?|更新日時?|特集|共通テーマ|標籤|标签|分類|分类|發佈|发布)(?:\s*[:：]|\s+\S|$)"
    r"|(?:tags?|categor(?:y|ies)|posted|published|updated|filed under|labels?)\s*[:：]",
    re.IGNORECASE,
)
"""Lines with metadata of the page."""
_MAY_BE_SPECIAL = re.compile(
    r"[A-Za-z]{1,4}[)）.]|[一二三四五六七八九十]{1,3}[、．]|https?:|ftp:|www\.|url|link|リンク|copyright|all rights"
    "|無断|版[权權]|chapter|part|book|section|appendix|kapitel|teil|chapitre|cap|глава|часть|раздел|第|photo|image"
    "|picture|fig|table|source|credit|foto|bild|abb|写真|画像|図|表|[图圖]|照片|[資资]料|사진|그림|фото|рис|タグ|カテゴリ"
    "|発表|投稿|更新|特集|共通|[標标]|分[類类]|[發发]|tag|categor|posted|published|updated|filed|label",
    re.IGNORECASE,
)
"""Beginnings, by a letter, of lines whose kind is evident."""
PROSE_WIDTH = 100
MAX_FRONT_BLOCKS = 8
HEADING_WIDTH = 90
MAX_WRAP_WIDTH = 160
SAMPLE_LINES = 1000
"""Lines that are sampled for the languages of a page."""


def find_blocks(text: str) -> list[TextBlock]:
    """The blocks of `text`, ascending and disjoint; between them is only white space (and invisible controls)."""
    lines = list(_lines(text))
    widest = _wrap_width(text, lines)
    wrapped = _Wrapped(widest, _has_halved_sentences(text, lines, widest))
    groups: list[list[_Line]] = []
    one_latin: bool | None = None
    for line in lines:
        if groups and _may_continue(text, groups[-1][-1], line, wrapped):
            if one_latin is None:
                one_latin = _one_latin(text, lines)
            if _is_same_language(text, groups[-1][-1], line, one_latin):
                groups[-1].append(line)
                continue
        groups.append([line])
    return _kinds(text, groups)


def width(piece: str) -> int:
    """Terminal cells: two for East Asian wide characters."""
    if piece.isascii():
        return len(piece)
    return len(piece) + len("".join(_WIDE.findall(piece)))


_WIDE = re.compile("[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"  # noqa: E501
                   "\uff01-\uff60\uffe0-\uffe6\U0001f300-\U0001faff\U00020000-\U0003fffd]+")  # fmt: skip


def _lines(text: str) -> Iterator[_Line]:
    """Yield visible lines, split where one has several parts: an image name, a headline with its source."""
    before = 0
    first = True
    for match in _LINE.finditer(text):
        raw = match[0]
        bare = raw.strip(EDGE_CHARACTERS)
        if not bare:
            continue
        start = match.start() + raw.index(bare)
        breaks = 1
        if not first and match.start() - before > 1:
            breaks = len(_BREAK.findall(text, before, match.start()))
        indent = start - match.start()
        for number, (a, b, kind) in enumerate(_cut(bare)):
            yield _Line(start + a, start + b, 0 if number else breaks, 0 if number else indent, kind)
        before = match.end()
        first = False


def _cut(line: str) -> list[tuple[int, int, BlockKind | None]]:
    """The parts of a line: (start, end, kind if evident)."""
    parts: list[tuple[int, int, BlockKind | None]] = []
    start = 0
    if "." in line:
        image = _IMAGES.match(line)
        if image:
            start = image.end()
            parts.append((0, len(line[:start].rstrip(EDGE_CHARACTERS)), BlockKind.BOILERPLATE))
            start += len(line[start:]) - len(line[start:].lstrip(EDGE_CHARACTERS))
        if start < len(line) and "://" in line and not _ADDRESS.fullmatch(line, start):
            headline = _headline(line, start)
            if headline:
                parts += headline
                return parts
    if start < len(line):
        parts.append((start, len(line), _kind_of_line(line[start:])))
    return parts


def _headline(line: str, start: int) -> list[tuple[int, int, BlockKind | None]]:
    """Split a headline from the source, date and address after it; [] for other lines."""
    url = _GLUED_URL.search(line, start)
    if not url or url.start() - start < 8:
        return []
    sources = list(_SOURCE.finditer(line, start, url.start()))
    source = sources[-1] if sources else None
    if source is None or source.start() - start < 4 or url.start() - source.end() > 12:
        return []
    cut = start + len(line[start : source.start()].rstrip(EDGE_CHARACTERS + "-–—|"))
    return [
        (start, cut, BlockKind.HEADING),
        (
            source.start() if not line[cut : source.start()].strip(EDGE_CHARACTERS) else cut,
            len(line),
            BlockKind.BOILERPLATE,
        ),
    ]


def _kind_of_line(line: str) -> BlockKind | None:
    if len(line) > 600:
        return BlockKind.LIST if _BULLET.match(line) else None
    if line[0].isalpha() and not _MAY_BE_SPECIAL.match(line):
        return None
    if _WORDLESS.fullmatch(line):
        return BlockKind.SEPARATOR
    if _BULLET.match(line):
        return BlockKind.LIST
    if line[0] == ">" and line[1:2] in " >":
        return BlockKind.QUOTE
    if (
        _ADDRESS.fullmatch(line)
        or _DATE_LINE.fullmatch(line)
        or _RIGHTS.match(line)
        or (len(line) < 120 and _LABELLED.match(line) and not _STOPPED.search(line))
    ):
        return BlockKind.BOILERPLATE
    if _CHAPTER.fullmatch(line):
        return BlockKind.HEADING
    if _NOTE.match(line):
        return BlockKind.COMMENT
    if _CAPTION.match(line):
        return BlockKind.CAPTION
    return None


def _wrap_width(text: str, lines: list[_Line]) -> int:
    """The width at which lines were wrapped; 0 where lines are paragraphs."""
    if len(lines) < 3:
        return 0
    sample = lines if len(lines) <= 2000 else lines[:: len(lines) // 2000]
    widths = sorted(min(width(text[line.start : min(line.end, line.start + 400)]), 400) for line in sample)
    widest = widths[min(len(widths) - 1, int(len(widths) * 0.95))]
    return widest if widest <= MAX_WRAP_WIDTH else 0


def _has_halved_sentences(text: str, lines: list[_Line], widest: int) -> bool:
    """Whether blank lines separate the halves of sentences: nearly all lines are separated, many unfinished."""
    if not widest or len(lines) < 6:
        return False
    pairs = [(lines[at], lines[at + 1]) for at in range(0, len(lines) - 1, 1 + len(lines) // (2 * SAMPLE_LINES))]
    separated = [(a, b) for a, b in pairs if b.breaks >= 2]
    if len(separated) < 0.8 * len(pairs):
        return False
    unfinished = sum(
        not _TERMINATED.search(text, a.start, a.end) and _LOWER.match(text, b.start) is not None for a, b in separated
    )
    return unfinished >= 0.1 * len(separated)


def _is_same_language(text: str, a: _Line, b: _Line, one_latin: bool) -> bool:
    """Whether two lines may be in one language.

    one_latin: whether all lines in Latin letters are, so that their languages need not be compared.
    """
    before, after = text[a.start : min(a.end, a.start + 300)], text[b.start : min(b.end, b.start + 300)]
    if one_latin and is_latin_only(before) and is_latin_only(after):
        return True
    (script, lang), (other_script, other) = _language(before), _language(after)
    if not script or not other_script:
        return True
    return script == other_script and (lang == other or not lang or not other)


def _one_latin(text: str, lines: list[_Line]) -> bool:
    """Whether the page's lines in Latin letters are in one language, by a sample of about a thousand."""
    sample = lines if len(lines) <= SAMPLE_LINES else lines[:: len(lines) // SAMPLE_LINES]
    spoken = {_language(text[line.start : min(line.end, line.start + 300)]) for line in sample}
    return len({lang for script, lang in spoken if script == "latin" and lang}) <= 1


@lru_cache(maxsize=8)
def _language(line: str) -> tuple[str, str]:
    """Dominant script of a line and its certain language; each empty if undecided."""
    evidence = first_evidence(line)
    return evidence.script if evidence.weight >= 8 else "", evidence.best if evidence.is_certain else ""


def _may_continue(text: str, a: _Line, b: _Line, wrapped: _Wrapped) -> bool:
    """Whether line `b` may continue the paragraph of line `a`, whatever their languages."""
    widest = wrapped.width
    if b.breaks == 0 or b.breaks > (2 if wrapped.halved else 1):
        return False
    if (
        a.kind not in (None, BlockKind.LIST, BlockKind.QUOTE)
        or (b.kind is not None and b.kind != a.kind)
        or b.kind is BlockKind.LIST
    ):
        return False
    if b.kind is BlockKind.QUOTE:
        return True
    if b.indent > a.indent and a.kind is None:
        return False
    if _TERMINATED.search(text, max(a.start, a.end - 3), a.end):
        return b.breaks == 1 and widest >= 40 and _full(text, a, b, widest)
    if _CARRIES.search(text, max(a.start, a.end - 2), a.end):
        return True
    if not widest:
        return False
    if _LOWER.match(text, b.start) or _full(text, a, b, widest):
        return True
    last = _LAST_WORD.search(text, max(a.start, a.end - 24), a.end)
    return last is not None and last[0] in _DANGLING


def _full(text: str, a: _Line, b: _Line, widest: int) -> bool:
    """Whether the first word of `b` did not fit on line `a`."""
    word = _FIRST_WORD.match(text, b.start, b.end)
    needed = width(text[a.start : a.end]) + a.indent + 1 + (width(word[0]) if word else 0)
    return needed >= 0.85 * widest and widest >= 30


def _kinds(text: str, groups: list[list[_Line]]) -> list[TextBlock]:
    """The blocks with their kinds, which also depend on their surroundings."""
    result: list[TextBlock] = []
    comments = False
    front = _count_front_blocks(text, groups)
    for index, lines in enumerate(groups):
        span = Span(lines[0].start, lines[-1].end)
        kind = lines[0].kind
        if kind is not BlockKind.SEPARATOR and _COMMENTS_FROM.fullmatch(text, span.start, span.end):
            comments = True
            kind = BlockKind.BOILERPLATE
        elif comments and kind in (None, BlockKind.LIST):
            kind = BlockKind.COMMENT
        elif kind is None:
            heading = _is_title(text, lines) and (index < front or _precedes_text(text, lines[0], groups, index))
            kind = BlockKind.HEADING if heading else BlockKind.BODY
        result.append(TextBlock(span, kind))
    return result


def _is_title(text: str, lines: list[_Line]) -> bool:
    """Whether a block could be a title: one short line without a stop."""
    line = lines[0]
    if len(lines) > 1 or line.end - line.start > HEADING_WIDTH or _STOPPED.search(text, line.end - 3, line.end):
        return False
    return width(text[line.start : line.end]) <= HEADING_WIDTH


def _is_prose(text: str, lines: list[_Line]) -> bool:
    """Whether a block is a paragraph of running text: long, and ended by a stop."""
    start, end = lines[0].start, lines[-1].end
    return (
        lines[0].kind is None
        and _STOPPED.search(text, end - 3, end) is not None
        and width(text[start : min(end, start + PROSE_WIDTH)]) >= PROSE_WIDTH
    )


def _count_front_blocks(text: str, groups: list[list[_Line]]) -> int:
    """Number of blocks before the text itself (titles, names, dates); 0 where no running text follows soon."""
    for index, lines in enumerate(groups[: MAX_FRONT_BLOCKS + 1]):
        if _is_prose(text, lines):
            return index
    return 1 if len(groups) > 1 else 0


def _precedes_text(text: str, line: _Line, groups: list[list[_Line]], index: int) -> bool:
    """Whether a longer text follows a title, with nothing between but dates, addresses and the like."""
    for following in groups[index + 1 : index + 5]:
        if following[0].kind is BlockKind.BOILERPLATE:
            continue
        length = following[-1].end - following[0].start
        return (
            following[0].kind is None
            and length > 1.5 * (line.end - line.start)
            and _STOPPED.search(text, following[-1].end - 3, following[-1].end) is not None
        )
    return False
