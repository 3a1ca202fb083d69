"""Markdown: blocks by markdown-it, sentences over the source with the markup left out between their pieces."""

from __future__ import annotations

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
MAX_MARKDOWN_CHARACTERS = 4 << 20
"""Characters above which a file is read as plain text: the parser is made for pages."""
_MARKUP = re.compile(r"[ \t]*\{(?:#[\w:.-]+|\.[\w-]+)(?:[ \t]+[^{}\n]*)?\}[ \t]*$|\[\^[^\]\s]{1,40}\](?!:)")
"""The id of a heading and the mark of a footnote, which are extensions of Markdown."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read Markdown into blocks. The text is the source. Raises ReadError."""
    text, used_encoding = text_of(name, content, encoding)
    if len(text) > MAX_MARKDOWN_CHARACTERS:
        return Document(name, text, segment(text, lang=lang), "text", used_encoding)
    return Document(name, text, segment(text, kinds=block_marks(text), lang=lang), "markdown", used_encoding)


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
            mark = _mark(body, token, start, end, kind_stack[-1] if kind_stack else BlockKind.BODY, cell)
            if mark and mark.span.start >= at and mark.span.end > mark.span.start:
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


def _mark(text: str, token: Token, start: int, end: int, kind: BlockKind, cell: bool) -> BlockMark | None:
    """The block of a token with lines, including its markup; cells share a line, so theirs is left out."""
    if token.type == "inline":
        parts = tuple(_parts(text, token, start, end))
        if not parts:
            return None
        note = _NOTE.match(text, parts[0].start)
        if note:
            kind = BlockKind.COMMENT
            parts = (
                tuple(Span(max(part.start, note.end()), part.end) for part in parts if part.end > note.end()) or parts
            )
        line = max(start, *(text.rfind(mark, start, parts[0].start) + 1 for mark in "\n\r"))
        return BlockMark(_trimmed(text, line, parts[-1].end if cell else end) or parts[0], kind, None, parts)
    span = _trimmed(text, start, end)
    if span is None:
        return None
    if token.type == "hr":
        return BlockMark(span, BlockKind.SEPARATOR, None, ())
    return BlockMark(span, BlockKind.BOILERPLATE, None, ())


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
