"""XLIFF 1.2, and the reader of all versions. Streaming.

Written: a `file` element for each run of links between the same two documents and languages. The status becomes
`approved` and the state of the target; provenance becomes attributes of our own namespace, which the schema allows on a
`trans-unit` and other tools ignore.

Read: segments, states, comments and codes as align, Trados, memoQ, Phrase and Okapi write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any, Final

from lxml import etree

from align import __version__
from align.errors import ReadError
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.types import Context, ExportOptions, ImportedUnit, Segment, Unit, parse_id, parse_kind
from align.exchange.xliff2 import read_unit
from align.exchange.xml import XML_LANG, XML_SPACE, elements, local_name, release, segment_text, xml_value
from align.models import CONFIRMED, Status

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


TOOL_STATES: Final[Mapping[str, Status]] = {
    "rejectedtranslation": Status.REJECTED, "rejectedsignoff": Status.REJECTED, "rejected": Status.REJECTED,
    "approvedtranslation": Status.ACCEPTED, "approvedsignoff": Status.ACCEPTED, "translated": Status.ACCEPTED,
    "manuallyconfirmed": Status.ACCEPTED, "proofread": Status.ACCEPTED, "reviewer1confirmed": Status.ACCEPTED,
    "reviewer2confirmed": Status.ACCEPTED,
}  # fmt: skip
"""States of segments in Trados (`sdl:seg` `conf`) and memoQ (`mq:status`), in lower case; others are proposed."""
_DONE = frozenset({"final", "signed-off"})
_TEXTS = frozenset({"source", "seg-source", "target", "alt-trans"})


def _tag(name: str) -> str:
    return f"{{{XLIFF}}}{name}"


def provenance(name: str) -> str:
    """The name of an attribute or element in our own namespace."""
    return f"{{{ALIGN}}}{name}"


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
        match event, name:
            case "start", "xliff":
                version = element.get("version") or "1.2"
                languages = element.get("srcLang", "und"), element.get("trgLang", "und")
            case "start", "file":
                if not version:
                    raise ReadError(f"{path}: not XLIFF: <file> is outside <xliff>.")
                if version.startswith("1"):
                    languages = element.get("source-language", "und"), element.get("target-language", "und")
                docs = element.get("original", ""), element.get(provenance("target-document"), "")
                head = head.for_file(languages, docs)
            case "end", "tag":
                head.tags.update(read_tags(element))
            case "end", "cmt-def":
                head.comments.update(read_comments(element))
            case "end", "note" if element.get("category") == "target-document":
                docs = docs[0], element.text or ""
            case "end", "trans-unit":
                yield from read_trans_unit(element, head)
                release(element)
            case "end", "unit":
                yield from read_unit(element, languages, docs)
                release(element)
            case "start", _ if not version:
                raise ReadError(f"{path}: not XLIFF: its outermost element is <{name}>.")


@dataclass(slots=True)
class XliffFile:
    """What the units of a `file` element share."""

    languages: tuple[str, str] = ("und", "und")
    docs: tuple[str, str] = ("", "")
    tags: dict[str, str] = field(default_factory=dict)
    """Markup by the id of a code (Trados)."""
    comments: dict[str, str] = field(default_factory=dict)
    """Comments by id (Trados). They precede the `file` elements, and hold for all of them."""

    def for_file(self, languages: tuple[str, str], docs: tuple[str, str]) -> XliffFile:
        """The values of the next `file` element."""
        return XliffFile(languages, docs, comments=self.comments)


def read_tags(tag: etree._Element) -> Iterator[tuple[str, str]]:
    """The id and the markup of a standalone code in a `tag` element of Trados."""
    for placeholder in tag.iterfind("{*}ph"):
        yield tag.get("id", ""), placeholder.get("equiv-text") or placeholder.text or ""


def read_comments(definition: etree._Element) -> Iterator[tuple[str, str]]:
    """The id and the text of a `cmt-def` element of Trados."""
    texts = ["".join(map(str, comment.itertext())).strip() for comment in definition.iter("{*}Comment")]
    yield definition.get("id", ""), "\n".join(filter(None, texts))


def read_trans_unit(unit: etree._Element, head: XliffFile) -> Iterator[ImportedUnit]:
    """The units of a `trans-unit`: one for each segment (`mrk` of type `seg`), else one.

    A trans-unit of our exports is one unit, even if a tool has split it. A segment without a translation has an empty
    target; one without any text is left out.
    """
    source, target = unit.find("{*}source"), unit.find("{*}target")
    if source is None:
        return
    stamp = unit.get(provenance("stamp"))
    pairs = _segment_pairs({} if stamp else _segments(unit.find("{*}seg-source"), source), source, target)
    langs = [
        (element.get(XML_LANG) if element is not None else None) or lang
        for element, lang in zip((source, target), head.languages, strict=True)
    ]
    notes = _notes(unit)
    for mid, src, tgt in pairs:
        sides = tuple(
            Segment(lang, segment_text(element, originals=head.tags))
            for lang, element in zip(langs, (src, tgt), strict=True)
        )
        if not any(side.text.strip() for side in sides):
            continue
        own_notes = notes + _marked_comments(src, tgt, head.comments)
        notes = []  # notes of the whole unit are with its first segment
        where = f"trans-unit {unit.get('id')} (line {unit.sourceline})"
        yield ImportedUnit(
            f"{where}, segment {mid}" if len(pairs) > 1 else where,
            sides,
            parse_id(unit.get("id")) if len(pairs) == 1 else None,
            _status(unit, target, tgt, mid) if sides[1].text.strip() else None,
            parse_kind(unit.get(provenance("kind"))),
            "\n".join(own_notes) if own_notes or stamp else None,
            stamp,
            docs=head.docs,
            spans=(unit.get(provenance("src-spans"), ""), unit.get(provenance("tgt-spans"), "")),
        )


def _segment_pairs(
    marks: Mapping[str, etree._Element], source: etree._Element, target: etree._Element | None
) -> list[tuple[str, etree._Element | None, etree._Element | None]]:
    """(mid, source, target) of each segment of a unit, or of the whole unit. `marks`: the segments of its source."""
    target_marks = {} if target is None else _segments(target)
    if marks and (target_marks or target is None or not segment_text(target).strip()):
        mids = dict.fromkeys([*marks, *target_marks])
        return [(mid, marks.get(mid), target_marks.get(mid)) for mid in mids]
    return [(next(iter(marks), ""), source, target)]


def _segments(*elements: etree._Element | None) -> dict[str, etree._Element]:
    """The segments of the first element that has some, by `mid`."""
    for element in elements:
        if element is not None and (
            marks := {mark.get("mid", ""): mark for mark in element.iter("{*}mrk") if mark.get("mtype") == "seg"}
        ):
            return marks
    return {}


def _notes(unit: etree._Element) -> list[str]:
    """The notes of a trans-unit, and comments in the namespaces of other tools."""
    notes = [note.text or "" for note in unit.iterfind("{*}note")]
    for child in unit:
        if local_name(child) in _TEXTS:
            continue
        for element in child.iter("{*}comment"):
            text = "".join(map(str, element.itertext())).strip()
            if text and element.get("deleted") != "true":
                notes.append(text)
    return notes


def _marked_comments(src: etree._Element | None, tgt: etree._Element | None, comments: Mapping[str, str]) -> list[str]:
    """The comments on a part of a segment, or on all of it (`mrk` of type `x-sdl-comment`)."""
    texts: dict[str, None] = {}
    for element in (src, tgt):
        if element is None:
            continue
        marks = [*element.iter("{*}mrk"), *element.iterancestors("{*}mrk")]
        for mark in marks:
            if mark.get("mtype") == "x-sdl-comment":
                number = next((value for name, value in mark.attrib.items() if str(name).endswith("cid")), "")
                if text := comments.get(str(number)) or mark.get("comment"):
                    texts[text] = None
    return list(texts)


def _status(
    unit: etree._Element, target: etree._Element | None, mark: etree._Element | None, mid: str
) -> Status | None:
    """The status of a segment: that of a tool for the segment, else for the unit, else the state of the target."""
    for segment in unit.iter("{*}seg"):
        if segment.get("id") == mid and (conf := segment.get("conf")):
            return TOOL_STATES.get(conf.lower(), Status.PROPOSED)
    for element in (unit,) if mark is None else (mark, unit):
        for name, value in element.attrib.items():
            local = str(name).rpartition("}")[2]
            if str(name).startswith("{") and not str(name).startswith(f"{{{ALIGN}}}"):
                if local == "status":
                    return TOOL_STATES.get(str(value).lower(), Status.PROPOSED)
                if local == "confirmed":
                    return Status.ACCEPTED if value in ("1", "true") else Status.PROPOSED
    return _status_of_state(unit.get("approved"), None if target is None else target.get("state"))


def _status_of_state(approved: str | None, state: str | None) -> Status | None:
    """The status by the attributes of XLIFF: `approved` of the unit, `state` of the target."""
    if state is not None and (state.lower() == "rejected" or state.lower().endswith("-rejected")):
        return Status.REJECTED
    if approved == "yes" or state in _DONE:
        return Status.EDITED if state == "final" else Status.ACCEPTED
    return Status.PROPOSED if approved == "no" or state else None
