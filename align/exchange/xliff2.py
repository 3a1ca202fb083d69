"""XLIFF 2.1, streaming: one pair of languages a file, a `file` element for each run of links of the same documents.

What XML cannot say of a text is written as `<cp hex="001B"/>`, as the standard provides. Provenance goes into the
metadata module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, groupby
from typing import IO, Any

from lxml import etree

from align.domain import Status
from align.exchange.charsets import XML_FORBIDS
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.pairs import one_pair
from align.exchange.types import ExportOptions, Unit
from align.exchange.xml import XML_SPACE, clean

XLIFF2 = "urn:oasis:names:tc:xliff:document:2.0"
METADATA = "urn:oasis:names:tc:xliff:metadata:2.0"
NAMESPACES: Any = {None: XLIFF2, "mda": METADATA}

STATES = {
    Status.PROPOSED: ("translated", "align:proposed"),
    Status.ACCEPTED: ("final", "align:accepted"),
    Status.EDITED: ("final", "align:edited"),
    Status.REJECTED: ("initial", "align:rejected"),
}
"""State and sub-state of a segment for each status."""


def _tag(name: str) -> str:
    return f"{{{XLIFF2}}}{name}"


def _mda(name: str) -> str:
    return f"{{{METADATA}}}{name}"


def fill(element: etree._Element, text: str) -> None:
    """Set the text of a `source` or `target`; characters that XML forbids become `cp` elements."""
    if not XML_FORBIDS.search(text):
        element.text = text
        return
    start, last = 0, None
    for found in XML_FORBIDS.finditer(text):
        before = text[start : found.start()]
        if last is None:
            element.text = before
        else:
            last.tail = before
        last = etree.SubElement(element, _tag("cp"), {"hex": f"{ord(found[0]):04X}"})
        start = found.end()
    if last is not None:
        last.tail = text[start:]


def element(unit: Unit) -> etree._Element:
    """The `unit` of a unit: metadata, notes, one segment."""
    link = unit.link
    whole = etree.Element(_tag("unit"), {"id": f"u{link.id}"}, nsmap=NAMESPACES)
    group = etree.SubElement(etree.SubElement(whole, _mda("metadata")), _mda("metaGroup"), {"category": "align"})
    provenance = {
        "stamp": stamp_of(link),
        "kind": link.kind,
        "confidence": f"{link.confidence:.4f}",
        "encoder": link.encoder,
        "source-spans": spans_cell(link.src.spans),
        "target-spans": spans_cell(link.tgt.spans),
        "reviewer": link.reviewer or "",
        "decided-at": link.decided_at or "",
    }
    for kind, text in provenance.items():
        if text:
            etree.SubElement(group, _mda("meta"), {"type": kind}).text = clean(text)
    _notes(whole, unit)
    state, substate = STATES[link.status]
    segment = etree.SubElement(whole, _tag("segment"), {"state": state, "subState": substate})
    for name, side in (("source", link.src), ("target", link.tgt)):
        fill(etree.SubElement(segment, _tag(name), {XML_SPACE: "preserve"}), side.text)
    return whole


def _notes(whole: etree._Element, unit: Unit) -> None:
    said: list[tuple[dict[str, str], str]] = []
    if unit.link.note:
        said.append(({"category": "reviewer"}, unit.link.note))
    for applies, around in zip(("source", "target"), unit.context or (), strict=False):
        said += [({"category": "context-before", "appliesTo": applies}, text) for text in around.before]
        said += [({"category": "context-after", "appliesTo": applies}, text) for text in around.after]
    if said:
        notes = etree.SubElement(whole, _tag("notes"))
        for attributes, text in said:
            etree.SubElement(notes, _tag("note"), attributes).text = clean(text)


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, one unit in memory at a time. Raises UsageError for more than one pair of languages."""
    src, tgt, run = one_pair(units, options, "XLIFF 2.1")
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element(_tag("xliff"), {"version": "2.1", "srcLang": src, "trgLang": tgt}, nsmap=NAMESPACES):
            _files(xml, run)


def _files(xml: etree._IncrementalFileWriter, units: Iterator[Unit]) -> None:
    numbers = count(1)
    for (src_doc, tgt_doc), run in groupby(units, lambda unit: (unit.link.src.doc, unit.link.tgt.doc)):
        attributes = {"id": f"f{next(numbers)}", "original": clean(src_doc)}
        with xml.element(_tag("file"), attributes, nsmap=NAMESPACES):
            notes = etree.Element(_tag("notes"), nsmap=NAMESPACES)
            etree.SubElement(notes, _tag("note"), {"category": "target-document"}).text = clean(tgt_doc)
            xml.write(notes)
            xml.write("\n")
            for unit in run:
                xml.write(element(unit))
                xml.write("\n")
    if next(numbers) == 1:  # the schema wants a file with a unit: say that there is nothing
        with xml.element(_tag("file"), {"id": "f1"}, nsmap=NAMESPACES):
            empty = etree.Element(_tag("unit"), {"id": "u0"}, nsmap=NAMESPACES)
            etree.SubElement(etree.SubElement(empty, _tag("ignorable")), _tag("source"))
            segment = etree.SubElement(empty, _tag("segment"))
            etree.SubElement(segment, _tag("source"))
            xml.write(empty)
