"""TMX: 1.4b is written, with provenance as `prop` elements; any version from 1.1 on is read. Streaming.

Written: the header has what consumers check (creationtool, creationtoolversion, segtype, o-tmf, adminlang, srclang,
datatype). Its srclang is the tag of the first unit's source, and a unit with a source in another language has a srclang
of its own: consumers skip a unit whose source they cannot identify, and some refuse a memory with `*all*`. `note` and
`prop` come before `tuv`, as the DTD requires.

Read: the order of a unit's languages is not significant. Its source is the one that `srclang` of the unit, else of the
header, names; a unit that is read has that side first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import IO, Any

from lxml import etree

from align import __version__
from align.errors import ReadError
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.types import (
    Context,
    ExportOptions,
    ExtraLink,
    ImportedUnit,
    Properties,
    Segment,
    Unit,
    parse_id,
    parse_kind,
    parse_status,
)
from align.exchange.xml import (
    XML_LANG,
    add_child,
    compact_date,
    compact_now,
    elements,
    local_name,
    release,
    segment_text,
    xml_value,
)
from align.models import LinkSide, Status

DOCTYPE = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
ORIGIN = "Made by align (align-workbench) {version}. Props named x-align:* give the origin of a unit."
ANY_LANGUAGE = "*all*"
"""The source language of a memory without units."""
ENCODERS = "x-align:encoder names what proposed a unit; its version is the one installed where this was exported."


ATTRIBUTES = ("tuid", "creationdate", "creationid", "changedate", "changeid", "usagecount", "lastusagedate")
"""Attributes of a unit of another tool, or of one of its languages, that an export has again."""
NOTE = "#note"
"""The name of a note of one language among the properties of a unit."""


def _prop(parent: etree._Element, kind: str, text: str) -> None:
    etree.SubElement(parent, "prop", {"type": kind}).text = text


def _tuv(parent: etree._Element, side: LinkSide, context: Context | None, properties: Properties) -> None:
    tuv = etree.SubElement(parent, "tuv", {XML_LANG: side.lang})
    for name, value, _ in properties:
        if name.startswith("@"):
            tuv.set(name.removeprefix("@"), xml_value(value))
    for name, value, _ in properties:
        if name == NOTE:
            add_child(tuv, "note", xml_value(value))
    for name, value, _ in properties:
        if not name.startswith(("@", NOTE)):
            _prop(tuv, xml_value(name), xml_value(value))
    if side.doc:
        _prop(tuv, "x-align:document", xml_value(side.doc))
        _prop(tuv, "x-align:spans", spans_cell(side.spans))
    if context is not None:
        if context.before:
            _prop(tuv, "x-context-pre", xml_value("\n".join(context.before)))
        if context.after:
            _prop(tuv, "x-context-post", xml_value("\n".join(context.after)))
    etree.SubElement(tuv, "seg").text = side.text


_CHANGE = ("@changedate", "@changeid")
"""Properties with the attributes of a unit's last change."""


def element(unit: Unit) -> etree._Element:
    """The `tu` of a unit."""
    link = unit.link
    tu = etree.Element("tu", {"tuid": str(link.id)})
    if link.decided_at:
        tu.set("changedate", compact_date(link.decided_at))
    if link.reviewer:
        tu.set("changeid", xml_value(link.reviewer))
    is_edited = link.status == Status.EDITED
    properties = [(one[0], one[1]) for one in unit.properties if len(one) == 2]
    foreign = {
        name: value for name, value in properties if name.startswith("@") and not (is_edited and name in _CHANGE)
    }
    for name, value in foreign.items():
        tu.set(name.removeprefix("@"), xml_value(value))
    if link.note:
        add_child(tu, "note", xml_value(link.note))
    for name, value in properties:
        if not name.startswith("@"):
            _prop(tu, xml_value(name), xml_value(value))
    if "@tuid" in foreign:
        _prop(tu, "x-align:id", str(link.id))
    _prop(tu, "x-align:kind", link.kind)
    _prop(tu, "x-align:status", link.status)
    _prop(tu, "x-align:confidence", f"{link.confidence:.4f}")
    if link.encoder:
        _prop(tu, "x-align:encoder", xml_value(link.encoder))
    _prop(tu, "x-align:stamp", stamp_of(link))
    for extra, src, tgt in unit.extra_links:
        _prop(tu, "x-align:link", f"{extra.id} {src} {tgt} {extra.status} {stamp_of(extra)}")
    contexts = unit.context or (None, None)
    for number, side in enumerate(unit.sides):
        _tuv(tu, side, contexts[number] if number < 2 else None, _own_properties(unit, number))
    return tu


def _own_properties(unit: Unit, number: int) -> list[Sequence[str]]:
    """The properties of one side; without the last change, if it was edited since."""
    own = [one for one in unit.properties if len(one) == 3 and one[2] == str(number)]
    return [one for one in own if one[0] not in _CHANGE] if unit.link.status == Status.EDITED else own


def header(options: ExportOptions, source: str) -> etree._Element:
    """The header of a memory whose first unit has its source in the language `source`."""
    head = etree.Element(
        "header",
        {
            "creationtool": "align",
            "creationtoolversion": __version__,
            "segtype": "paragraph" if options.level == "block" else "sentence",
            "o-tmf": "align",
            "adminlang": "en",
            "srclang": source,
            "datatype": "plaintext",
            "creationdate": compact_now(),
        },
    )
    add_child(head, "note", ORIGIN.format(version=__version__))
    if options.encoders:
        add_child(head, "note", ENCODERS)
        for name, package in options.encoders.items():
            _prop(head, "x-align:encoder-version", xml_value(f"{name}: {package}"))
    return head


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write the file, one unit in memory at a time."""
    units = iter(units)
    first = next(units, None)
    source = ANY_LANGUAGE if first is None else first.link.src.lang
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        xml.write_doctype(DOCTYPE)
        with xml.element("tmx", version="1.4"):
            xml.write("\n")
            xml.write(header(options, source))
            xml.write("\n")
            with xml.element("body"):
                xml.write("\n")
                for unit in units if first is None else chain((first,), units):
                    tu = element(unit)
                    if unit.link.src.lang != source:
                        tu.set("srclang", unit.link.src.lang)
                    xml.write(tu)
                    xml.write("\n")
            xml.write("\n")


@cache
def dtd() -> etree.DTD:
    """The DTD of TMX 1.4b, written from the standard."""
    with (files("align.exchange") / "rules" / "tmx14.dtd").open("rb") as file:
        return etree.DTD(file)


def validate(element: etree._Element, path: Path) -> None:
    """Raises ReadError where an element violates the DTD of TMX 1.4b."""
    rules = dtd()
    # A copy is a document of its own: inside a larger one, libxml2 takes the namespaces in scope for attributes.
    if not rules.validate(deepcopy(element)):
        errors: Any = rules.error_log
        raise ReadError(f"{path}:{element.sourceline}: not TMX 1.4 ({errors[0].message}).")


def read(path: Path, *, strict: bool = False) -> Iterator[ImportedUnit]:
    """The units of the file. `strict`: raise ReadError for violations of the DTD of TMX 1.4b."""
    count = 0
    source: str | None = None
    for event, element in elements(path, ("start", "end")):
        name = local_name(element)
        if event == "start":
            if count == 0 and element.getparent() is None and name != "tmx":
                raise ReadError(f"{path}: not TMX: its outermost element is <{name}>.")
        elif name == "header":
            if strict:
                validate(element, path)
            source = element.get("srclang")
        elif name == "tu":
            count += 1
            if strict:
                validate(element, path)
            yield _unit(element, f"tu {count} (line {element.sourceline})", element.get("srclang") or source)
            release(element)


def _unit(tu: etree._Element, where: str, source: str | None) -> ImportedUnit:
    props: dict[str, str] = {}
    foreign: list[tuple[str, str]] = []
    extra_links: list[ExtraLink] = []
    note = ""
    sides: list[Segment] = []
    docs: list[str] = []
    spans: list[str] = []
    side_properties: list[tuple[str, str, str]] = []
    for child in tu:
        name = local_name(child)
        if name == "prop" and child.get("type") == "x-align:link":
            extra_links += _extra_link(child.text or "")
        elif name == "prop":
            props[child.get("type", "")] = child.text or ""
            foreign.append((child.get("type", ""), child.text or ""))
        elif name == "note":
            note = f"{note}\n{child.text or ''}" if note else child.text or ""
        elif name == "tuv":
            sides.append(_segment(child))
            side_properties += _side_properties(child, sides[-1].lang)
            docs.append(_prop_text(child, "x-align:document"))
            spans.append(_prop_text(child, "x-align:spans"))
    own = "x-align:stamp" in props
    properties: list[Sequence[str]] = []
    if not own:
        properties = [(f"@{name}", tu.get(name, "")) for name in ATTRIBUTES if tu.get(name)]
        properties += [*foreign, *side_properties]
        _move_source_first((sides, docs, spans), source_side([side.lang for side in sides], source))
    return ImportedUnit(
        where,
        tuple(sides),
        parse_id(props.get("x-align:id") or tu.get("tuid")),
        parse_status(props.get("x-align:status")),
        parse_kind(props.get("x-align:kind")),
        note if own or note else None,
        props.get("x-align:stamp"),
        tuple(extra_links),
        tuple(docs),
        tuple(spans),
        tuple(properties),
    )


def _prop_text(tuv: etree._Element, kind: str) -> str:
    """The text of the last `prop` of a type; empty without one."""
    texts = [prop.text for prop in tuv.iterfind("{*}prop") if prop.get("type") == kind]
    return (texts[-1] if texts else None) or ""


def _segment(tuv: etree._Element) -> Segment:
    """Language and text of a `tuv`; some tools leave <seg> out."""
    segment = tuv.find("{*}seg")
    text = segment_text(segment) if segment is not None else (tuv.text or "").strip()
    return Segment(tuv.get(XML_LANG) or tuv.get("lang") or "und", text)


def _move_source_first(values: tuple[list[Any], ...], source: int) -> None:
    """Move the values of the source to the start of lists by side. `source`: its number."""
    for by_side in values if source else ():
        by_side.insert(0, by_side.pop(source))


def _side_properties(tuv: etree._Element, lang: str) -> Iterator[tuple[str, str, str]]:
    """The attributes, notes and properties of one language, as `Properties`."""
    for name in ATTRIBUTES[1:]:
        if tuv.get(name):
            yield f"@{name}", tuv.get(name, ""), lang
    for note in tuv.iterfind("{*}note"):
        yield NOTE, note.text or "", lang
    for prop in tuv.iterfind("{*}prop"):
        yield prop.get("type", ""), prop.text or "", lang


def source_side(langs: Sequence[str], source: str | None) -> int:
    """Index of the source language of a unit by `srclang`; 0 where that names none of its languages, or any.

    In order of preference: the same tag, a variant that `srclang` covers, a tag that covers `srclang`, another variant
    of the language: with `srclang` `en-US`, the source of `en-GB, en` is `en`.
    """

    def likeness(lang: str) -> int:
        tag, wide = (value.strip().replace("_", "-").lower() for value in (lang, source or ""))
        if tag == wide:
            return 4
        if tag.startswith(f"{wide}-"):
            return 3
        return 2 if wide.startswith(f"{tag}-") else int(tag.partition("-")[0] == wide.partition("-")[0])

    return max(range(len(langs)), key=lambda number: likeness(langs[number]), default=0)


def _extra_link(text: str) -> Iterator[ExtraLink]:
    match text.split(" "):
        case [link, src, tgt, status, stamp]:
            number, src_side, tgt_side = parse_id(link), parse_id(src), parse_id(tgt)
            if number is not None and src_side is not None and tgt_side is not None:
                yield ExtraLink(number, src_side, tgt_side, parse_status(status), stamp)
