"""XLIFF 1.2, streaming: a `file` for each run of links between the same two documents and languages.

Status goes into `approved` and the state of the target; provenance into attributes of our own namespace, which the
schema allows on a `trans-unit` and other tools pass over.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import IO, Any

from lxml import etree

from align import __version__
from align.domain import SETTLED, Status
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.types import Context, ExportOptions, Unit
from align.exchange.xml import XML_LANG, XML_SPACE, clean

XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
ALIGN = "urn:align-workbench:provenance:1"
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


def _ours(name: str) -> str:
    return f"{{{ALIGN}}}{name}"


def file_key(unit: Unit) -> tuple[str, str, str, str]:
    """Units with the same one stand in one `file`."""
    src, tgt = unit.link.src, unit.link.tgt
    return src.doc, tgt.doc, src.lang, tgt.lang


def _context(parent: etree._Element, around: Context, name: str) -> None:
    if not around.before and not around.after:
        return
    group = etree.SubElement(parent, _tag("context-group"), {"purpose": "information", "name": name})
    for kind, texts in (("x-before", around.before), ("x-after", around.after)):
        for text in texts:
            etree.SubElement(group, _tag("context"), {"context-type": kind}).text = clean(text)


def element(unit: Unit) -> etree._Element:
    """The `trans-unit` of a unit."""
    link = unit.link
    src, tgt = link.src, link.tgt
    attributes = {
        "id": str(link.id),
        "approved": "yes" if link.status in SETTLED else "no",
        XML_SPACE: "preserve",
        _ours("kind"): link.kind,
        _ours("confidence"): f"{link.confidence:.4f}",
        _ours("src-spans"): spans_cell(src.spans),
        _ours("tgt-spans"): spans_cell(tgt.spans),
        _ours("encoder"): clean(link.encoder),
        _ours("stamp"): stamp_of(link),
    }
    if link.reviewer:
        attributes[_ours("reviewer")] = clean(link.reviewer)
    if link.decided_at:
        attributes[_ours("decided-at")] = link.decided_at
    trans_unit = etree.Element(_tag("trans-unit"), attributes, nsmap=NAMESPACES)
    etree.SubElement(trans_unit, _tag("source"), {XML_LANG: src.lang}).text = src.text
    target = etree.SubElement(trans_unit, _tag("target"), {XML_LANG: tgt.lang, "state": STATES[link.status]})
    target.text = tgt.text
    if unit.context is not None:
        for side, around in zip(("source", "target"), unit.context, strict=True):
            _context(trans_unit, around, f"{side}-{link.id}")  # the schema wants each name once in a file
    if link.note:
        etree.SubElement(trans_unit, _tag("note"), {"from": "reviewer"}).text = clean(link.note)
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
                    "original": clean(src_doc),
                    "source-language": src_lang,
                    "target-language": tgt_lang,
                    "datatype": "plaintext",
                    "tool-id": "align",
                    _ours("target-document"): clean(tgt_doc),
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
    """The schema wants at least one `file`."""
    languages = {"source-language": options.src or "und", "target-language": options.tgt or "und"}
    with xml.element(_tag("file"), {"original": "", **languages, "datatype": "plaintext"}, nsmap=NAMESPACES):
        xml.write(etree.Element(_tag("body"), nsmap=NAMESPACES))
