"""Markdown: blocks by markdown-it, sentences over the source with the markup left out between their pieces."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from align.models import BlockKind, Document, Span
from align.readers.plain import text_of
from align.text.segment import BlockMark, segment

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(
    r"\A(?:---[ \t]*(?:\r\n?|\n).*?[\r\n](?:---|\.\.\.)|\+\+\+[ \t]*(?:\r\n?|\n).*?[\r\n]\+\+\+)[ \t]*(?:\r\n?|\n|\Z)",
    re.DOTALL,
)
"""Metadata in YAML or TOML."""
_FRONT_TEXT = re.compile(
    r"(?<![^\r\n])(?:title|subtitle|description|summary)[ \t]*[:=][ \t]*"
    r"(?P<quote>[\"']?)(?P<text>[^\s\"'>|][^\r\n]*?)(?P=quote)[ \t]*(?=[\r\n])",
    re.IGNORECASE,
)
"""Metadata that a reader of the page sees."""
_NOTE = re.compile(r"\[\^[^\]\s]{1,40}\]:[ \t]*")
"""Beginning of a footnote."""
_KINDS = {
    "heading_open": BlockKind.HEADING,
    "list_item_open": BlockKind.LIST,
    "blockquote_open": BlockKind.QUOTE,
}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});(?!#?\w{1,32};)")
_MARKS = frozenset("<>*_`[]()#\\|~!$:+-=")
"""Characters that mean something in Markdown."""
MAX_MARKDOWN_CHARACTERS = 4 << 20
"""Characters above which a file is read as plain text: the parser is made for pages."""
_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<unread>script|style|template|svg|rt|rp)\b.*?(?:</(?P=unread)\s*>|\Z)"
    r"|</?(?P<name>[A-Za-z][\w-]*)[^<>]*>|(?P<text>[^<]+|<)",
    re.DOTALL | re.IGNORECASE,
)
_HTML_INLINE = frozenset({
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "label", "mark",
    "picture", "q", "rb", "ruby", "s", "samp", "small", "source", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
})  # fmt: skip
_HTML_KINDS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "summary"), BlockKind.HEADING),
    **dict.fromkeys(("figcaption", "caption"), BlockKind.CAPTION),
    "li": BlockKind.LIST, "blockquote": BlockKind.QUOTE,
}  # fmt: skip
_LINE_MARK = re.compile(
    r"(?P<definition>:[ \t]+)|:{3,}[ \t]*[\w-]*(?:\{[^}\n]*\})?[ \t]*|\[[ xX]\][ \t]+(?=\S)|\[![A-Za-z]+\][-+]?[ \t]*"
)
"""What begins a line and is no text: a definition, a fenced division, a task of a list, an alert."""
_MARKUP = re.compile(
    r"\{\{[<%].*?[>%]\}\}|\{%.*?%\}|[ \t]*\{(?:#[\w:.-]+|\.[\w-]+)(?:[ \t]+[^{}\n]*)?\}[ \t]*$|\[\^[^\]\s]{1,40}\](?!:)"
)
"""Ids of headings, marks of footnotes and calls of templates, which are extensions of Markdown."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read Markdown into blocks. The text is the source, with its escaped characters decoded. Raises ReadError."""
    source, used_encoding = text_of(name, content, encoding)
    text = _ENTITY.sub(_decoded, source)
    if len(text) > MAX_MARKDOWN_CHARACTERS:
        return Document(name, text, segment(text, lang=lang), "text", used_encoding)
    return Document(name, text, segment(text, marks=block_marks(text), lang=lang), "markdown", used_encoding)


def _decoded(entity: re.Match[str]) -> str:
    """The character of an entity; the entity itself where its character would be markup."""
    character = html.unescape(entity[0])
    is_text = character.isprintable() or character in "\u00a0\u00ad\u2002\u2003\u2009\u200b\u200c\u200d"
    return character if len(character) == 1 and is_text and character not in _MARKS else entity[0]


def block_marks(text: str) -> list[BlockMark]:
    """The blocks of a Markdown source, each with its text spans."""
    from markdown_it import MarkdownIt

    front = _FRONT.match(text)
    shift = front.end() if front else 0
    body = text[shift:]
    starts = _line_starts(body)
    # Escapes and entities remain separate tokens, which can be located in the source.
    tokens = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").disable("text_join").parse(body)
    marks: list[BlockMark] = []
    if front:
        marks += _front_marks(text, shift)
    kind_stack: list[BlockKind] = []
    at = 0
    cell = False
    for token in tokens:
        cell = token.type in ("th_open", "td_open") or (cell and token.nesting != -1)
        if token.nesting == 1:
            kind_stack.append(_KINDS.get(token.type, kind_stack[-1] if kind_stack else BlockKind.BODY))
        elif token.nesting == -1 and kind_stack:
            kind_stack.pop()
        elif token.map:
            start, end = max(at, starts[token.map[0]]), starts[min(token.map[1], len(starts) - 1)]
            for mark in _marks(body, token, start, end, kind_stack[-1] if kind_stack else BlockKind.BODY, cell):
                if mark.span.start >= at and mark.span.end > mark.span.start:
                    at = mark.span.end
                    marks.append(_shifted(mark, shift))
    return marks


def _front_marks(text: str, end: int) -> Iterator[BlockMark]:
    """Yield the blocks of the metadata: title and description are text."""
    at = 0
    for match in _FRONT_TEXT.finditer(text, 0, end):
        if text[at : match.start()].strip():
            yield BlockMark(Span(at, match.start()), BlockKind.BOILERPLATE, None, ())
        kind = BlockKind.HEADING if match[0][:3].lower() in ("tit", "sub") else BlockKind.BODY
        yield BlockMark(Span(*match.span()), kind, None, (Span(*match.span("text")),))
        at = match.end()
    if text[at:end].strip():
        yield BlockMark(Span(at, end), BlockKind.BOILERPLATE, None, ())


def _line_starts(text: str) -> list[int]:
    """Start offset of each line, as counted by markdown-it, and the end of the text."""
    return [0, *(m.end() for m in re.finditer(r"\r\n|\n|\r", text)), len(text)]


def _marks(text: str, token: Token, start: int, end: int, kind: BlockKind, cell: bool) -> Iterator[BlockMark]:
    """Yield the blocks of a token with lines, including their markup; cells share a line, so theirs is left out."""
    span = _trimmed(text, start, end)
    if token.type == "inline":
        groups = list(_groups(text, _parts(text, token, start, end), start))
        for number, parts in enumerate(groups):
            yield _paragraph(text, parts, start, parts[-1].end if cell or number < len(groups) - 1 else end, kind)
    elif span is not None and token.type == "html_block":
        marks = list(_html_marks(text, span, kind))
        yield from marks or [BlockMark(span, BlockKind.BOILERPLATE, None, ())]
    elif span is not None:
        yield BlockMark(span, BlockKind.SEPARATOR if token.type == "hr" else BlockKind.BOILERPLATE, None, ())


def _paragraph(text: str, parts: list[Span], start: int, end: int, kind: BlockKind) -> BlockMark:
    note = _NOTE.match(text, parts[0].start)
    if note:
        kind = BlockKind.COMMENT
        parts = [Span(max(part.start, note.end()), part.end) for part in parts if part.end > note.end()] or parts
    line = max(start, *(text.rfind(mark, start, parts[0].start) + 1 for mark in "\n\r"))
    return BlockMark(_trimmed(text, line, end) or parts[0], kind, None, tuple(parts))


def _groups(text: str, parts: Iterator[Span], start: int) -> Iterator[list[Span]]:
    """Yield the parts of each paragraph of an inline token, without the marks of its lines: a definition is its own."""
    group: list[Span] = []
    for part in parts:
        line = max(start, *(text.rfind(mark, start, part.start) + 1 for mark in "\n\r"))
        mark = _LINE_MARK.match(text, part.start) if not text[line : part.start].strip(" \t>*+-0123456789.)") else None
        if mark and mark["definition"] and group:
            yield group
            group = []
        if mark is None or mark.end() < part.end:
            group.append(part if mark is None else Span(mark.end(), part.end))
    if group:
        yield group


def _html_marks(text: str, span: Span, kind: BlockKind) -> Iterator[BlockMark]:
    """Yield the blocks of HTML between paragraphs, by its elements."""
    parts: list[Span] = []
    inside = kind
    for match in [*_HTML.finditer(text, span.start, span.end), None]:
        name = (match["name"] or "").lower() if match else ""
        if match and match["text"]:
            parts.append(Span(*match.span()))
        elif match is None or (name and name not in _HTML_INLINE):
            if whole := _trimmed(text, parts[0].start, parts[-1].end) if parts else None:
                within = (Span(max(part.start, whole.start), min(part.end, whole.end)) for part in parts)
                spoken = tuple(part for part in within if part.start < part.end)
                if any(part.of(text).strip() for part in spoken):
                    yield BlockMark(whole, inside, None, spoken)
            parts = []
            inside = kind if match is None or match[0].startswith("</") else _HTML_KINDS.get(name, kind)


def _trimmed(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    bare = piece.strip()
    return Span(start + piece.index(bare), start + piece.index(bare) + len(bare)) if bare else None


def _parts(text: str, token: Token, start: int, end: int) -> Iterator[Span]:
    """Yield the source spans of an inline token's texts, in order; escaped texts are searched piece by piece."""
    at = start
    for child in token.children or ():
        if child.type == "text_special":
            position = text.find(child.markup, at, end)
            if position >= 0:
                at = position + len(child.markup)
                yield Span(at - 1 if child.markup.startswith("\\") else position, at)
        elif child.type in ("text", "code_inline") and child.content:
            if child.type == "text" and _MARKUP.search(child.content):
                yield from _without_markup(text, child.content, at, end)
                at = max(at, text.find(child.content, at, end) + len(child.content))
                continue
            for piece in [child.content] if text.find(child.content, at, end) >= 0 else child.content.split():
                position = text.find(piece, at, end)
                if position >= 0 and piece.strip():
                    at = position + len(piece)
                    yield Span(position, at)


def _without_markup(text: str, content: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans of a text without ids of headings and marks of footnotes."""
    position = text.find(content, start, end)
    if position < 0:
        return
    at = 0
    for a, b in [*(match.span() for match in _MARKUP.finditer(content)), (len(content), len(content))]:
        if content[at:a].strip():
            yield Span(position + at, position + a)
        at = b


def _shifted(mark: BlockMark, offset: int) -> BlockMark:
    parts = None if mark.parts is None else tuple(Span(a + offset, b + offset) for a, b in mark.parts)
    return mark._replace(span=Span(mark.span.start + offset, mark.span.end + offset), parts=parts)
