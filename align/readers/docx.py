"""DOCX by python-docx: paragraphs in reading order, with kinds by their styles."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from align.errors import ReadError, require_extra
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.html import add_page, source_of
from align.readers.safe_zip import no_entities, unpack, xml_parser

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_OUTSIDE = frozenset({f"{_W}p", f"{_W}rt", f"{_W}moveFrom", _FALLBACK})
"""Ancestors of a text node: its paragraph, or elements that are not read (ruby, moved text, fallbacks)."""
_SYMBOLS = {
    f"{code:X}": letter
    for first, letters in ((0x41, "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"), (0x61, "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"))
    for code, letter in enumerate(letters, first)
}
"""Letters of the font Symbol."""
_STYLES = (
    (
        re.compile(r"^(?:heading|title|subtitle|überschrift|titre|título|titolo|見出し|标题|標題|제목)", re.IGNORECASE),
        BlockKind.HEADING,
    ),
    (re.compile(r"caption|beschriftung|légende", re.IGNORECASE), BlockKind.CAPTION),
    (re.compile(r"quote|zitat|citation", re.IGNORECASE), BlockKind.QUOTE),
    (re.compile(r"list|aufzähl|liste", re.IGNORECASE), BlockKind.LIST),
    (re.compile(r"^(?:header|footer|toc )", re.IGNORECASE), BlockKind.BOILERPLATE),
)


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the paragraphs of a Word file, with tables, notes, headers and footers. Raises ReadError."""
    with unpack(name, content) as archive:
        no_entities(name, archive)
    require_extra("docx")
    import docx

    try:
        file = docx.Document(io.BytesIO(content))
        composer = DocumentBuilder(name, len(content))
        for text, kind in _paragraphs(file):
            composer.add(text, kind)
        for relation in file.part.rels.values():
            if relation.reltype.endswith("/aFChunk") and str(relation.target_part.partname).endswith(("html", "htm")):
                add_page(composer, source_of(name, relation.target_part.blob, None)[0], is_chapter=True)
    except ReadError:
        raise
    except Exception as error:  # python-docx raises KeyError, ValueError, lxml errors and others
        raise ReadError(f"{name}: a broken Word file ({_first_line(error)}). Open and save it again.") from error
    return composer.document("docx", "utf-8", lang, "If it consists of pictures, recognise their text (OCR) first.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__


def _paragraphs(file: Any) -> Iterator[tuple[str, BlockKind]]:
    names = {style.style_id: style.name or "" for style in file.styles}
    before = ""
    for node in file.element.body.iter(f"{_W}p"):
        if next(node.iterancestors(_FALLBACK), None) is not None:
            continue  # a text box for older programs; the one for newer ones is read
        text = before + _text(node)
        before = text if _runs_on(node) else ""
        if not before:
            yield text, _kind(node, names)
    yield before, BlockKind.BODY
    for part in file.part.package.iter_parts():
        which = re.search(r"/(footnotes|endnotes|comments|header\d*|footer\d*)\.xml$", str(part.partname))
        if which:
            kind = BlockKind.BOILERPLATE if which[1][:6] in ("header", "footer") else BlockKind.COMMENT
            for node in _root(part).iter(f"{_W}p"):
                yield _text(node), kind
        elif re.search(r"/(?:diagrams/data|charts/chart)\d*\.xml$", str(part.partname)):
            for node in _root(part).iter(f"{_A}p"):
                yield "".join(run.text or "" for run in node.iter(f"{_A}t")), BlockKind.CAPTION


def _runs_on(paragraph: Any) -> bool:
    """Whether the next paragraph continues a word or sentence: after a drop cap, or a deleted paragraph mark."""
    frame = paragraph.find(f"{_W}pPr/{_W}framePr")
    is_drop_cap = frame is not None and frame.get(f"{_W}dropCap") in ("drop", "margin")
    return is_drop_cap or paragraph.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None


def _root(part: Any) -> Any:
    element = getattr(part, "element", None)
    if element is not None:
        return element
    from lxml import etree

    return etree.fromstring(part.blob, xml_parser())


def _text(paragraph: Any) -> str:
    """Visible text of a paragraph: without deleted revisions and nested text boxes, breaks as line breaks."""
    pieces: list[str] = []
    for node in paragraph.iter():
        tag = node.tag
        if tag in (f"{_W}t", f"{_M}t"):
            inner = node.getparent()
            while inner is not None and inner.tag not in _OUTSIDE:
                inner = inner.getparent()
            if inner is paragraph and not _is_hidden(node):
                pieces.append(node.text or "")
        elif tag in (f"{_W}br", f"{_W}cr"):
            pieces.append("\n")
        elif tag in (f"{_W}tab", f"{_W}ptab"):
            pieces.append("\t")
        elif tag == f"{_W}sym" and node.get(f"{_W}font") == "Symbol":
            pieces.append(_SYMBOLS.get((node.get(f"{_W}char") or "").upper()[-2:], ""))
        elif tag == f"{_W}noBreakHyphen":
            pieces.append("-")
    return "".join(pieces)


def _is_hidden(text: Any) -> bool:
    """Whether the run of a text is hidden."""
    run = text.getparent()
    vanish = run.find(f"{_W}rPr/{_W}vanish") if run is not None else None
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false", "off")


def _kind(paragraph: Any, names: dict[str, str]) -> BlockKind:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = names.get(style.get(f"{_W}val", ""), "") if style is not None else ""
    for pattern, kind in _STYLES:
        if pattern.search(name):
            return kind
    return BlockKind.LIST if paragraph.find(f"{_W}pPr/{_W}numPr") is not None else BlockKind.BODY
