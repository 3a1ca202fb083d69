"""PPTX by zipfile and lxml: the slides in order, titles as headings, speaker notes as comments."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from zipfile import ZipFile

from align.errors import ReadError
from align.models import BlockKind, Document
from align.readers.builder import DocumentBuilder
from align.readers.safe_zip import no_entities, parsed, part, unpack

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
"""A second form of a shape, for older programs, with the same text."""
_LABELS = frozenset((f"{_C}strCache", f"{_C}strLit", f"{_C}lvl"))
"""Parents of the categories and names of the series of a chart."""
_KINDS = {
    "title": BlockKind.HEADING, "ctrTitle": BlockKind.HEADING, "subTitle": BlockKind.HEADING,
    "ftr": BlockKind.BOILERPLATE, "hdr": BlockKind.BOILERPLATE, "dt": BlockKind.BOILERPLATE,
    "sldNum": BlockKind.BOILERPLATE,
}  # fmt: skip
"""Kinds by the type of a placeholder."""
_PARTS_OF_SLIDE = {"diagramData": BlockKind.BODY, "chart": BlockKind.CAPTION, "notesSlide": BlockKind.COMMENT,
                   "comments": BlockKind.COMMENT}  # fmt: skip
"""Parts that belong to a slide, by the last word of the relationship's type."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the slides with tables, diagrams, charts and notes. Raises ReadError."""
    builder = DocumentBuilder(name, len(content))
    with unpack(name, content) as archive:
        no_entities(name, archive)
        for slide in _slides(name, archive):
            for text, kind in _paragraphs(parsed(name, part(name, archive, slide)), BlockKind.BODY):
                builder.add(text, kind)
            for path, kind_of_part in _parts_of(name, archive, slide):
                for text, kind in _paragraphs(parsed(name, part(name, archive, path)), kind_of_part):
                    builder.add(text, kind)
    return builder.document("pptx", "utf-8", lang, "If its slides are pictures, recognise their text (OCR) first.")


def _relations(name: str, archive: ZipFile, path: str) -> dict[str, tuple[str, str]]:
    """Id of each relationship of a part -> (last word of its type, path)."""
    folder, base = posixpath.split(path)
    relations = f"{folder}/_rels/{base}.rels"
    if relations not in archive.namelist():
        return {}
    return {
        node.get("Id", ""): (
            node.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, node.get("Target", ""))).lstrip("/"),
        )
        for node in parsed(name, part(name, archive, relations)).iter("{*}Relationship")
        if node.get("TargetMode") != "External"
    }


def _slides(name: str, archive: ZipFile) -> list[str]:
    relations = _relations(name, archive, "ppt/presentation.xml")
    presentation = parsed(name, part(name, archive, "ppt/presentation.xml"))
    ids = [node.get(f"{_R}id") for node in presentation.iter(f"{_P}sldId")]
    if missing := next((one for one in ids if one not in relations), None):
        raise ReadError(f"{name}: has no part for the slide {missing}. Open it in its program and save it again.")
    return list(dict.fromkeys(relations[one][1] for one in ids))


def _parts_of(name: str, archive: ZipFile, slide: str) -> Iterator[tuple[str, BlockKind]]:
    names = set(archive.namelist())
    for which, path in _relations(name, archive, slide).values():
        if which in _PARTS_OF_SLIDE and path in names:
            yield path, _PARTS_OF_SLIDE[which]


def _paragraphs(root: Any, kind: BlockKind) -> Iterator[tuple[str, BlockKind]]:
    """Yield the paragraphs of a slide or of a part of it, and the categories and series of a chart, each once."""
    labels: set[str] = set()
    for paragraph in root.iter(f"{_A}p", f"{_P}text", f"{_C}pt"):
        if paragraph.tag == f"{_P}text":
            yield paragraph.text or "", kind
            continue
        if paragraph.tag == f"{_C}pt":
            label = paragraph.findtext(f"{_C}v") or ""
            if paragraph.getparent().tag in _LABELS and label not in labels:
                labels.add(label)
                yield label, kind
            continue
        if next(paragraph.iterancestors(_FALLBACK), None) is not None:
            continue
        placeholder = _placeholder(paragraph)
        if kind is BlockKind.COMMENT and placeholder in ("sldImg", "sldNum", "hdr", "ftr", "dt"):
            continue
        own = _KINDS.get(placeholder, kind) if kind is BlockKind.BODY else kind
        yield _text(paragraph), own


def _placeholder(node: Any) -> str:
    """Type of the placeholder that a paragraph is in; empty without one."""
    shape = next(node.iterancestors(f"{_P}sp"), None)
    placeholder = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph") if shape is not None else None
    return "" if placeholder is None else str(placeholder.get("type") or "")


def _text(paragraph: Any) -> str:
    pieces = ["\n" if node.tag == f"{_A}br" else node.text or "" for node in paragraph.iter(f"{_A}t", f"{_A}br")]
    return "".join(pieces).replace("\x0b", "\n")
