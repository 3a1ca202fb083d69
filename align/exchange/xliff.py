"""XLIFF 1.2, and the reader of all versions. Streaming.

Written: a `file` element for each run of links between the same two documents and languages. The status becomes
`approved` and the state of the target; provenance becomes attributes of our own namespace, which the schema allows on a
`trans-unit` and other tools ignore.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from lxml import etree

from align import __version__
from align.errors import ReadError
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.types import Context, ExportOptions, ImportedUnit, Unit
from align.exchange.xliff2 import read_unit
from align.exchange.xliff_units import ALIGN, XliffFile, provenance, read_comments, read_tags, read_trans_unit
from align.exchange.xml import XML_LANG, XML_SPACE, elements, local_name, release, xml_value
from align.models import CONFIRMED, Status

XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
NAMESPACES: Any = {None: XLIFF, "align": ALIGN}

STATES = {
    Status.PROPOSED: "needs-review-translation",
    Status.ACCEPTED: "signed-off",
    Status.EDITED: "final",
    Status.REJECTED: "x-rejected",
}
"""The state of a target for each status; user-defined ones start with `x-`."""


def _tag(name: str) -> str:
    return f"{{{XLIFF}}}{name}"


def file_key(unit: Unit) -> tuple[str, str, str, str]:
    """Documents and languages of a unit: a run of units with the same ones is a `file` element."""
    src, tgt = unit.link.src, unit.link.tgt
    return src.doc, tgt.doc, src.lang, tgt.lang


def _context(parent: etree._Element, context: Context, name: str) -> None:
    if not context.before and not context.after:
        return
    group = etree.SubElement(parent, _tag("context-group"), {"purpose": "information", "name": name})
    for kind, texts in (("x-before", context.before), ("x-after", context.after)):
        for text in texts:
            etree.SubElement(group, _tag("context"), {"context-type": kind}).text = xml_value(text)


def element(unit: Unit) -> etree._Element:
    """The `trans-unit` element of a unit."""
    link = unit.link
    src, tgt = link.src, link.tgt
    attributes = {
        "id": str(link.id),
        "approved": "yes" if link.status in CONFIRMED else "no",
        XML_SPACE: "preserve",
        provenance("kind"): link.kind,
        provenance("confidence"): f"{link.confidence:.4f}",
        provenance("src-spans"): spans_cell(src.spans),
        provenance("tgt-spans"): spans_cell(tgt.spans),
        provenance("encoder"): xml_value(link.encoder),
        provenance("stamp"): stamp_of(link),
    }
    if link.reviewer:
        attributes[provenance("reviewer")] = xml_value(link.reviewer)
    if link.decided_at:
        attributes[provenance("decided-at")] = link.decided_at
    trans_unit = etree.Element(_tag("trans-unit"), attributes, nsmap=NAMESPACES)
    etree.SubElement(trans_unit, _tag("source"), {XML_LANG: src.lang}).text = src.text
    target = etree.SubElement(trans_unit, _tag("target"), {XML_LANG: tgt.lang, "state": STATES[link.status]})
    target.text = tgt.text
    if unit.context is not None:
        for side, context in zip(("source", "target"), unit.context, strict=True):
            _context(trans_unit, context, f"{side}-{link.id}")  # the schema requires unique names in a file
    if link.note:
        etree.SubElement(trans_unit, _tag("note"), {"from": "reviewer"}).text = xml_value(link.note)
    return trans_unit


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, one unit in memory at a time."""
    empty = True
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element(_tag("xliff"), version="1.2", nsmap=NAMESPACES):
            for (src_doc, tgt_doc, src_lang, tgt_lang), run in groupby(units, file_key):
                empty = False
                attributes = {
                    "original": xml_value(src_doc),
                    "source-language": src_lang,
                    "target-language": tgt_lang,
                    "datatype": "plaintext",
                    "tool-id": "align",
                    provenance("target-document"): xml_value(tgt_doc),
                }
                with xml.element(_tag("file"), attributes, nsmap=NAMESPACES):
                    _header(xml)
                    with xml.element(_tag("body")):
                        xml.write("\n")
                        for unit in run:
                            xml.write(element(unit))
                            xml.write("\n")
            if empty:
                _empty_file(xml, options)


def _header(xml: etree._IncrementalFileWriter) -> None:
    head = etree.Element(_tag("header"), nsmap=NAMESPACES)
    tool = {"tool-id": "align", "tool-name": "align", "tool-version": __version__}
    etree.SubElement(head, _tag("tool"), tool)
    xml.write(head)


def _empty_file(xml: etree._IncrementalFileWriter, options: ExportOptions) -> None:
    """The schema requires at least one `file`."""
    languages = {"source-language": options.src or "und", "target-language": options.tgt or "und"}
    with xml.element(_tag("file"), {"original": "", **languages, "datatype": "plaintext"}, nsmap=NAMESPACES):
        xml.write(etree.Element(_tag("body"), nsmap=NAMESPACES))


def read(path: Path) -> Iterator[ImportedUnit]:
    """The units of XLIFF 1.2 and 2.x; those without a translation have an empty target.

    Raises ReadError for a file that is not XLIFF.
    """
    version = ""
    languages = ("und", "und")
    docs = ("", "")
    head = XliffFile()
    for event, element in elements(path, ("start", "end")):
        name = local_name(element)
        if event == "start" and name == "xliff":
            version = element.get("version") or "1.2"
            languages = element.get("srcLang", "und"), element.get("trgLang", "und")
        elif event == "start" and name == "file":
            if not version:
                raise ReadError(f"{path}: not XLIFF: <file> is outside <xliff>.")
            if version.startswith("1"):
                languages = element.get("source-language", "und"), element.get("target-language", "und")
            docs = element.get("original", ""), element.get(provenance("target-document"), "")
            head = head.for_file(languages, docs)
        elif event == "end" and name == "tag":
            head.tags.update(read_tags(element))
        elif event == "end" and name == "cmt-def":
            head.comments.update(read_comments(element))
        elif event == "end" and name == "note" and element.get("category") == "target-document":
            docs = docs[0], element.text or ""
        elif event == "end" and name == "trans-unit":
            yield from read_trans_unit(element, head)
            release(element)
        elif event == "end" and name == "unit":
            yield from read_unit(element, languages, docs)
            release(element)
        elif event == "start" and not version:
            raise ReadError(f"{path}: not XLIFF: its outermost element is <{name}>.")
