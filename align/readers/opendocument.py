"""OpenDocument (ODT, ODS, ODP and their flat forms) by zipfile and lxml: paragraphs, cells and slides in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.safe_zip import parsed, part, unpack

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _OFFICE, _STYLE, _DRAW, _PRESENTATION = (
    _NAMESPACE % name for name in ("text", "table", "office", "style", "drawing", "presentation")
)
_PARAGRAPHS = frozenset({f"{_TEXT}p", f"{_TEXT}h"})
_UNREAD = frozenset(
    {
        f"{_TEXT}tracked-changes", f"{_TEXT}note-citation", f"{_TEXT}ruby-text", f"{_TEXT}bookmark-ref",
        f"{_OFFICE}forms", f"{_TEXT}sequence-decls", f"{_TEXT}hidden-text", f"{_OFFICE}scripts",
        "{http://purl.org/dc/elements/1.1/}creator", "{http://purl.org/dc/elements/1.1/}date",
        f"{_TEXT}page-number", f"{_TEXT}page-count", "{http://www.w3.org/1998/Math/MathML}math",
    }
)  # fmt: skip
"""Elements whose text is no part of the document: deleted text, numbers of notes, readings, fields."""
_NOTES = frozenset({f"{_TEXT}note-body", f"{_OFFICE}annotation", f"{_PRESENTATION}notes"})
_BREAKS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n", f"{_TEXT}s": " "}
_BY_STYLE = {
    "title": BlockKind.HEADING, "subtitle": BlockKind.HEADING, "heading": BlockKind.HEADING,
    "quotations": BlockKind.QUOTE, "caption": BlockKind.CAPTION, "illustration": BlockKind.CAPTION,
    "header": BlockKind.BOILERPLATE, "footer": BlockKind.BOILERPLATE, "contents": BlockKind.BOILERPLATE,
}  # fmt: skip
"""Kinds by the first word of a paragraph style, or of the nearest of its parents with such a word."""
_BY_CLASS = {
    "title": BlockKind.HEADING, "subtitle": BlockKind.HEADING, "header": BlockKind.BOILERPLATE,
    "footer": BlockKind.BOILERPLATE, "date-time": BlockKind.BOILERPLATE, "page-number": BlockKind.BOILERPLATE,
}  # fmt: skip
"""Kinds by the class of a frame on a slide."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the paragraphs of a text, the cells of a sheet or the slides of a presentation. Raises ReadError."""
    builder = DocumentBuilder(name, len(content))
    if content.startswith(b"PK"):
        with unpack(name, content) as archive:
            _refuse_protected(name, archive)
            roots = [
                parsed(name, part(name, archive, path))
                for path in ("content.xml", "styles.xml")
                if path in archive.namelist()
            ]
    else:
        roots = [parsed(name, content)]
    styles = {
        style.get(f"{_STYLE}name") or "": style.get(f"{_STYLE}parent-style-name") or ""
        for root in reversed(roots)  # automatic styles of the content take precedence over those of its pages
        for style in root.iter(f"{_STYLE}style")
        if style.get(f"{_STYLE}family") in (None, "paragraph")
    }
    for body in (body for root in roots for body in root.iter(f"{_OFFICE}body")):
        is_table = body.find(f"{_OFFICE}spreadsheet") is not None
        for text, kind in _cells(body) if is_table else _paragraphs(body, styles):
            builder.add(text, kind, is_sentence=is_table)
    is_sheet = any(True for root in roots for _ in root.iter(f"{_OFFICE}spreadsheet"))
    for page in () if is_sheet else (page for root in roots for page in root.iter(f"{_STYLE}master-page")):
        for text, _ in _paragraphs(page, styles):
            builder.add(text, BlockKind.BOILERPLATE)
    return builder.document("opendocument", "utf-8", lang, "If it consists of pictures, recognise their text (OCR).")


def _refuse_protected(name: str, archive: ZipFile) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist() and b"encryption-data" in part(name, archive, manifest):
        raise ReadError(f"{name}: protected by a password. Save it without one and add that.")


def _cells(body: Any) -> Iterator[tuple[str, BlockKind]]:
    for row in body.iter(f"{_TABLE}table-row"):
        for cell in row.iter(f"{_TABLE}table-cell"):
            yield "\n".join(_text(line) for line in cell.iter(*_PARAGRAPHS) if not _is_note(line)), BlockKind.BODY
    for shapes in body.iter(f"{_TABLE}shapes"):
        for line in shapes.iter(*_PARAGRAPHS):
            if not _is_note(line) and next(line.iterancestors(f"{_TABLE}table-cell"), None) is None:
                yield _text(line), BlockKind.BODY
    for annotation in body.iter(f"{_OFFICE}annotation"):
        yield "\n".join(_text(line) for line in annotation.iter(*_PARAGRAPHS)), BlockKind.COMMENT


def _is_note(node: Any) -> bool:
    return node.getparent().tag in _NOTES


def _paragraphs(body: Any, styles: dict[str, str]) -> Iterator[tuple[str, BlockKind]]:
    """Yield the paragraphs below a node, with those of a note or a frame after the one that they are in."""
    stack: list[tuple[Any, BlockKind]] = [(body, BlockKind.BODY)]
    while stack:
        node, kind = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _UNREAD or node.get(f"{_TEXT}display") == "none":
            continue
        if node.tag in _NOTES:
            kind = BlockKind.COMMENT
        elif kind is BlockKind.BODY and node.get(f"{_PRESENTATION}class") in _BY_CLASS:
            kind = _BY_CLASS[node.get(f"{_PRESENTATION}class")]
        elif node.tag == f"{_TEXT}list" and kind is BlockKind.BODY:
            kind = BlockKind.LIST
        elif node.tag == f"{_TEXT}index-body":
            kind = BlockKind.BOILERPLATE
        if node.tag in _PARAGRAPHS:
            yield _text(node), _kind(node, kind, styles)
            stack += [(inner, kind) for inner in reversed(list(_inner(node)))]
        else:
            stack += [(child, kind) for child in reversed(node)]


def _inner(paragraph: Any) -> Iterator[Any]:
    """Yield the notes and frames of a paragraph, outermost only."""
    stack = list(reversed(paragraph))
    while stack:
        node = stack.pop()
        if node.tag in _NOTES or node.tag == f"{_TEXT}note" or str(node.tag).startswith(_DRAW):
            yield node
        elif node.tag not in _UNREAD:
            stack += reversed(node)


def _kind(paragraph: Any, kind: BlockKind, styles: dict[str, str]) -> BlockKind:
    if kind in (BlockKind.COMMENT, BlockKind.BOILERPLATE):
        return kind
    if paragraph.tag == f"{_TEXT}h":
        return BlockKind.HEADING
    style = paragraph.get(f"{_TEXT}style-name") or ""
    visited: set[str] = set()
    while style and style not in visited:
        visited.add(style)
        words = style.replace("_20_", " ").lower().split()
        if words and words[0] in _BY_STYLE:
            return _BY_STYLE[words[0]]
        style = styles.get(style, "")
    return kind


def _text(paragraph: Any) -> str:
    """Visible text of a paragraph, without notes and frames; runs of blanks are written as elements."""
    pieces: list[str] = [paragraph.text or ""]
    stack = [iter(paragraph)]
    parents = [paragraph]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            parent = parents.pop()
            pieces.append(parent.tail or "" if stack else "")
            continue
        tag = node.tag
        if tag in _BREAKS:
            pieces.append(_BREAKS[tag] + (node.tail or ""))
        elif (
            not isinstance(tag, str)
            or tag in _UNREAD
            or tag in _NOTES
            or tag == f"{_TEXT}note"
            or tag.startswith(_DRAW)
        ):
            pieces.append(node.tail or "")
        else:
            pieces.append(node.text or "")
            stack.append(iter(node))
            parents.append(node)
    return "".join(pieces)
