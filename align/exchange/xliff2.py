"""XLIFF 2.1, one pair of languages, with a `file` element for each run of links of the same documents. Streaming.

Characters that XML forbids are written as `<cp hex="001B"/>`, as the standard specifies; provenance is in the metadata
module. `xliff.read` reads files of all versions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count, groupby
from typing import IO, Any

from lxml import etree

from align.exchange.charsets import XML_FORBIDS
from align.exchange.columns import spans_cell
from align.exchange.filter import one_language_pair
from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit, parse_id, parse_kind
from align.exchange.xml import XML_SPACE, local_name, segment_text, xml_value
from align.models import Status

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
    for match in XML_FORBIDS.finditer(text):
        before = text[start : match.start()]
        if last is None:
            element.text = before
        else:
            last.tail = before
        last = etree.SubElement(element, _tag("cp"), {"hex": f"{ord(match[0]):04X}"})
        start = match.end()
    if last is not None:
        last.tail = text[start:]


def element(unit: Unit) -> etree._Element:
    """The `unit` element of a unit: metadata, notes, one segment."""
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
            etree.SubElement(group, _mda("meta"), {"type": kind}).text = xml_value(text)
    _notes(whole, unit)
    state, substate = STATES[link.status]
    segment = etree.SubElement(whole, _tag("segment"), {"state": state, "subState": substate})
    for name, side in (("source", link.src), ("target", link.tgt)):
        fill(etree.SubElement(segment, _tag(name), {XML_SPACE: "preserve"}), side.text)
    return whole


def _notes(whole: etree._Element, unit: Unit) -> None:
    notes: list[tuple[dict[str, str], str]] = []
    if unit.link.note:
        notes.append(({"category": "reviewer"}, unit.link.note))
    for applies, context in zip(("source", "target"), unit.context or (), strict=False):
        notes += [({"category": "context-before", "appliesTo": applies}, text) for text in context.before]
        notes += [({"category": "context-after", "appliesTo": applies}, text) for text in context.after]
    if notes:
        parent = etree.SubElement(whole, _tag("notes"))
        for attributes, text in notes:
            etree.SubElement(parent, _tag("note"), attributes).text = xml_value(text)


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, one unit in memory at a time. Raises UsageError for more than one pair of languages."""
    src, tgt, run = one_language_pair(units, options, "XLIFF 2.1")
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element(_tag("xliff"), {"version": "2.1", "srcLang": src, "trgLang": tgt}, nsmap=NAMESPACES):
            _files(xml, run)


def _files(xml: etree._IncrementalFileWriter, units: Iterator[Unit]) -> None:
    numbers = count(1)
    for (src_doc, tgt_doc), run in groupby(units, lambda unit: (unit.link.src.doc, unit.link.tgt.doc)):
        attributes = {"id": f"f{next(numbers)}", "original": xml_value(src_doc)}
        with xml.element(_tag("file"), attributes, nsmap=NAMESPACES):
            notes = etree.Element(_tag("notes"), nsmap=NAMESPACES)
            etree.SubElement(notes, _tag("note"), {"category": "target-document"}).text = xml_value(tgt_doc)
            xml.write(notes)
            xml.write("\n")
            for unit in run:
                xml.write(element(unit))
                xml.write("\n")
    if next(numbers) == 1:  # the schema requires a file with a unit
        with xml.element(_tag("file"), {"id": "f1"}, nsmap=NAMESPACES):
            empty = etree.Element(_tag("unit"), {"id": "u0"}, nsmap=NAMESPACES)
            etree.SubElement(etree.SubElement(empty, _tag("ignorable")), _tag("source"))
            segment = etree.SubElement(empty, _tag("segment"))
            etree.SubElement(segment, _tag("source"))
            xml.write(empty)


def read_unit(unit: etree._Element, languages: tuple[str, str], docs: tuple[str, str]) -> Iterator[ImportedUnit]:
    """A `unit` of our exports is one unit, even if a tool has split it; of another tool, each segment is one.

    A segment without a translation is a unit with an empty target.
    """
    segments = [s for s in unit.iter("{*}segment", "{*}ignorable") if s.find("{*}source") is not None]
    metas = {meta.get("type", ""): meta.text or "" for meta in unit.iter("{*}meta")}
    if "stamp" in metas:
        parts = [segments] if segments else []
    else:
        parts = [[segment] for segment in segments if local_name(segment) == "segment"]
    for number, part in enumerate(parts, start=1):
        read = _read_segments(unit, part, metas, languages, docs)
        if not any(side.text.strip() for side in read.sides):
            continue
        yield read._replace(id=None, where=f"{read.where}, segment {number}") if len(parts) > 1 else read


def _read_segments(
    unit: etree._Element,
    segments: list[etree._Element],
    metas: dict[str, str],
    languages: tuple[str, str],
    docs: tuple[str, str],
) -> ImportedUnit:
    originals = {data.get("id", ""): data.text or "" for data in unit.iterfind("{*}originalData/{*}data")}
    source, target = (
        "".join(segment_text(segment.find(f"{{*}}{side}"), _character, originals) for segment in segments)
        for side in ("source", "target")
    )
    notes = [
        note.text or ""
        for note in unit.iter("{*}note")
        if not (note.get("category") or "").startswith(("context-", "target-document"))
    ]
    stamp = metas.get("stamp")
    return ImportedUnit(
        f"unit {unit.get('id')} (line {unit.sourceline})",
        (Segment(languages[0], source), Segment(languages[1], target)),
        parse_id((unit.get("id") or "").removeprefix("u")),
        _status(segments[0]) if target.strip() else None,
        parse_kind(metas.get("kind")),
        "\n".join(notes) if notes or stamp else None,
        stamp,
        docs=docs,
        spans=(metas.get("source-spans", ""), metas.get("target-spans", "")),
    )


def _status(segment: etree._Element) -> Status | None:
    substate = (segment.get("subState") or "").removeprefix("align:")
    state = segment.get("state")
    if substate == Status.REJECTED and state == "initial":
        return Status.REJECTED
    if state in ("final", "reviewed"):
        return Status.EDITED if substate == Status.EDITED else Status.ACCEPTED
    return Status.PROPOSED if state else None


def _character(code: str) -> str:
    """The character of a `cp` element; "" for an invalid code."""
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
