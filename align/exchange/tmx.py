"""TMX 1.4b, streaming: a translation unit a link, with its provenance as props.

The header has what consumers check: creationtool, creationtoolversion, segtype, o-tmf, adminlang, srclang, datatype.
Its srclang is the tag of the first unit's source, and a unit whose source is in another language has a srclang of its
own: consumers skip a unit of which they do not know the source, and some refuse a memory that says `*all*`.
`note` and `prop` come before `tuv`, as the DTD wants them.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import IO

from lxml import etree

from align import __version__
from align.domain import LinkSide
from align.exchange.columns import spans_cell
from align.exchange.link_stamp import stamp_of
from align.exchange.types import Context, ExportOptions, Unit
from align.exchange.xml import XML_LANG, child, clean, compact_date, now

DOCTYPE = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
ORIGIN = "Made by align (align-workbench) {version}. Props named x-align:* say where a unit comes from."
ANY_LANGUAGE = "*all*"
"""The source language of a memory without units."""
ENCODERS = "x-align:encoder names what proposed a unit; its version is the one installed where this was exported."


def _prop(parent: etree._Element, kind: str, text: str) -> None:
    etree.SubElement(parent, "prop", {"type": kind}).text = text


def _tuv(parent: etree._Element, side: LinkSide, around: Context | None) -> None:
    tuv = etree.SubElement(parent, "tuv", {XML_LANG: side.lang})
    if side.doc:
        _prop(tuv, "x-align:document", clean(side.doc))
        _prop(tuv, "x-align:spans", spans_cell(side.spans))
    if around is not None:
        if around.before:
            _prop(tuv, "x-context-pre", clean("\n".join(around.before)))
        if around.after:
            _prop(tuv, "x-context-post", clean("\n".join(around.after)))
    etree.SubElement(tuv, "seg").text = side.text


def element(unit: Unit) -> etree._Element:
    """The `tu` of a unit."""
    link = unit.link
    tu = etree.Element("tu", {"tuid": str(link.id)})
    if link.decided_at:
        tu.set("changedate", compact_date(link.decided_at))
    if link.reviewer:
        tu.set("changeid", clean(link.reviewer))
    if link.note:
        child(tu, "note", clean(link.note))
    _prop(tu, "x-align:kind", link.kind)
    _prop(tu, "x-align:status", link.status)
    _prop(tu, "x-align:confidence", f"{link.confidence:.4f}")
    if link.encoder:
        _prop(tu, "x-align:encoder", clean(link.encoder))
    _prop(tu, "x-align:stamp", stamp_of(link))
    for other, src, tgt in unit.others:
        _prop(tu, "x-align:link", f"{other.id} {src} {tgt} {other.status} {stamp_of(other)}")
    around = unit.context or (None, None)
    for number, side in enumerate(unit.sides):
        _tuv(tu, side, around[number] if number < 2 else None)
    return tu


def header(options: ExportOptions, source: str) -> etree._Element:
    """The header of a memory whose units have their source text in the language `source`."""
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
            "creationdate": now(),
        },
    )
    child(head, "note", ORIGIN.format(version=__version__))
    if options.encoders:
        child(head, "note", ENCODERS)
        for name, package in options.encoders.items():
            _prop(head, "x-align:encoder-version", clean(f"{name}: {package}"))
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
