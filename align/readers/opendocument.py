"""OpenDocument (ODT, ODS, ODP and their flat forms) by zipfile and lxml: paragraphs, cells and slides in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.safe_zip import check_expansion, no_entities, parsed, part, unpack
from align.readers.tables import MAX_CELLS, add_rows

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
_ROW_GROUPS = frozenset(f"{_TABLE}{name}" for name in ("table-rows", "table-header-rows", "table-row-group"))
_OF_OTHER_FILE = "ta_extref"
"""Style of tables that are copies of the sheets of other files, for formulas; no program shows them."""
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
    roots = _roots(name, content)
    styles = {
        style.get(f"{_STYLE}name") or "": style.get(f"{_STYLE}parent-style-name") or ""
        for root in reversed(roots)  # automatic styles of the content take precedence over those of its pages
        for style in root.iter(f"{_STYLE}style")
        if style.get(f"{_STYLE}family") in (None, "paragraph")
    }
    is_sheet = False
    for body in (body for root in roots for body in root.iter(f"{_OFFICE}body")):
        if (spreadsheet := body.find(f"{_OFFICE}spreadsheet")) is not None:
            is_sheet = True
            for _, rows in _tables(name, len(content), spreadsheet):
                add_rows(builder, rows)
            for text, kind in _outside_cells(spreadsheet):
                builder.add(text, kind)
            continue
        for text, kind in _paragraphs(body, styles):
            builder.add(text, kind)
    for page in () if is_sheet else (page for root in roots for page in root.iter(f"{_STYLE}master-page")):
        for text, _ in _paragraphs(page, styles):
            builder.add(text, BlockKind.BOILERPLATE)
    return builder.document("opendocument", "utf-8", lang, "If it consists of pictures, recognise their text (OCR).")


def _without_hidden(root: Any) -> Any:
    """The root, with what styles hide emptied."""
    hidden = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        if any(properties.get(f"{_TEXT}display") == "none" for properties in style)
    }
    for node in list(root.iter(*_PARAGRAPHS, f"{_TEXT}span")) if hidden else ():
        if node.get(f"{_TEXT}style-name") in hidden:
            node.clear(keep_tail=True)
    return root


def sheets(name: str, content: bytes) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Title and rows of each sheet, cells as they are shown; none of a text or presentation. Raises ReadError."""
    for root in _roots(name, content):
        for spreadsheet in root.iter(f"{_OFFICE}spreadsheet"):
            yield from _tables(name, len(content), spreadsheet)


def _roots(name: str, content: bytes) -> list[Any]:
    """The roots of the XML with the content and with the pages of a file."""
    if not content.startswith(b"PK"):
        return [_without_hidden(parsed(name, content))]
    with unpack(name, content) as archive:
        _refuse_protected(name, archive)
        paths = ["content.xml", *(path for path in ("styles.xml",) if path in archive.namelist())]
        no_entities(name, archive, paths)
        return [_without_hidden(parsed(name, part(name, archive, path))) for path in paths]


def _refuse_protected(name: str, archive: ZipFile) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist() and b"encryption-data" in part(name, archive, manifest):
        raise ReadError(f"{name}: protected by a password. Save it without one and add that.")


def _tables(name: str, size: int, spreadsheet: Any) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Title and rows of each table, with those inside cells, without copies of the sheets of other files."""
    for sheet in spreadsheet.iterchildren(f"{_TABLE}table"):
        if sheet.get(f"{_TABLE}style-name") != _OF_OTHER_FILE:
            for table in sheet.iter(f"{_TABLE}table"):
                yield table.get(f"{_TABLE}name") or sheet.get(f"{_TABLE}name") or "", _rows(name, size, table)


def _rows(name: str, size: int, table: Any) -> Iterator[list[str]]:
    """The rows of a table; repeated rows and cells are repeated.

    Raises ReadError for more than MAX_CELLS cells, and for more text than a file of `size` bytes has.
    """
    count = blank = length = 0
    for row in _own_rows(table):
        texts: list[str] = []
        gap = 0
        for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            repeats = _repeats(cell, "columns")
            text = _cell_text(cell) if cell.tag == f"{_TABLE}table-cell" else ""
            if not text:
                gap += repeats
                continue
            _check_cells(name, count + len(texts) + gap + repeats)
            texts += [*[""] * gap, *[text] * repeats]
            gap = 0
        repeats = _repeats(row, "rows")
        if not texts:
            blank += repeats
            continue
        count += blank + len(texts) * repeats
        _check_cells(name, count)
        length += sum(map(len, texts)) * repeats
        check_expansion(name, size, length)
        yield from ([] for _ in range(blank))
        blank = 0
        yield from (list(texts) for _ in range(repeats))


def _check_cells(name: str, count: int) -> None:
    if count > MAX_CELLS:
        raise ReadError(f"{name}: more than {MAX_CELLS:,} cells. Save the columns with text as TSV.")


def _repeats(node: Any, what: str) -> int:
    """How often a cell or row is repeated; 1 where the number is none."""
    number = node.get(f"{_TABLE}number-{what}-repeated") or ""
    return max(1, int(number[:9])) if number.isascii() and number.isdecimal() else 1


def _own_rows(table: Any) -> Iterator[Any]:
    """The rows of a table in order, with those of groups and headers, without those of tables inside cells."""
    stack = list(reversed(table))
    while stack:
        node = stack.pop()
        if node.tag == f"{_TABLE}table-row":
            yield node
        elif node.tag in _ROW_GROUPS:
            stack += reversed(node)


def _cell_text(cell: Any) -> str:
    """The paragraphs of a cell, without its notes, frames and tables; else its value."""
    lines: list[str] = []
    stack = list(reversed(cell))
    while stack:
        node = stack.pop()
        if node.tag in _PARAGRAPHS:
            lines.append(_text(node))
        elif isinstance(node.tag, str) and not _is_outside(node) and node.tag != f"{_TABLE}table":
            stack += reversed(node)
    return "\n".join(lines).strip() or cell.get(f"{_OFFICE}string-value") or ""


def _is_outside(node: Any) -> bool:
    """Whether a node is a note or a frame, whose text is not that of the cell it is in."""
    return node.tag in _NOTES or node.tag == f"{_TABLE}shapes" or str(node.tag).startswith(_DRAW)


def _outside_cells(spreadsheet: Any) -> Iterator[tuple[str, BlockKind]]:
    """The paragraphs of frames, and each note as one."""
    stack: list[tuple[Any, bool]] = [(spreadsheet, False)]
    while stack:
        node, inside = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _UNREAD or node.get(f"{_TABLE}style-name") == _OF_OTHER_FILE:
            continue
        if node.tag in _NOTES:
            yield "\n".join(_text(line) for line in node.iter(*_PARAGRAPHS)), BlockKind.COMMENT
            continue
        inside = inside or _is_outside(node)
        if inside and node.tag in _PARAGRAPHS:
            yield _text(node), BlockKind.BODY
        stack += [(child, inside) for child in reversed(node)]


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
