"""TMX 1.4b, streaming: a translation unit a link, with its provenance as props.

The header has what consumers check: creationtool, creationtoolversion, segtype, o-tmf, adminlang, srclang, datatype.
`note` and `prop` come before `tuv`, as the DTD wants them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO

from lxml import etree

from align import __version__
from align.domain import LinkSide
from align.writers.carrying import in_xml
from align.writers.model import Unit
from align.writers.table import spans_cell

DOCTYPE = '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def tmx_date(iso: str) -> str:
    """`2013-11-02T10:00:00+00:00` as TMX writes it: `20131102T100000Z`."""
    moment = datetime.fromisoformat(iso)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _prop(parent: etree._Element, kind: str, text: str) -> None:
    etree.SubElement(parent, "prop", type=f"x-align:{kind}").text = in_xml(text)[0]


def _tuv(parent: etree._Element, side: LinkSide) -> None:
    tuv = etree.SubElement(parent, "tuv")
    tuv.set(XML_LANG, side.lang)
    _prop(tuv, "document", side.doc)
    _prop(tuv, "spans", spans_cell(side.spans))
    etree.SubElement(tuv, "seg").text = side.text


def element(unit: Unit) -> etree._Element:
    """The `tu` of a unit."""
    link = unit.link
    tu = etree.Element("tu", tuid=str(link.id))
    if link.decided_at:
        tu.set("changedate", tmx_date(link.decided_at))
    if link.reviewer:
        tu.set("changeid", in_xml(link.reviewer)[0])
    if link.note:
        etree.SubElement(tu, "note").text = in_xml(link.note)[0]
    _prop(tu, "kind", link.kind.value)
    _prop(tu, "status", link.status.value)
    _prop(tu, "confidence", f"{link.confidence:.4f}")
    _prop(tu, "encoder", link.encoder)
    _prop(tu, "version", str(link.version))
    for side in unit.sides:
        _tuv(tu, side)
    return tu


def write(units: Iterable[Unit], file: IO[bytes], *, srclang: str = "*all*") -> None:
    """Write the file, one unit in memory at a time."""
    header = {
        "creationtool": "align",
        "creationtoolversion": __version__,
        "segtype": "sentence",
        "o-tmf": "align",
        "adminlang": "en",
        "srclang": srclang,
        "datatype": "plaintext",
        "creationdate": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
    }
    with etree.xmlfile(file, encoding="UTF-8") as xml:
        xml.write_declaration()
        xml.write_doctype(DOCTYPE)
        with xml.element("tmx", version="1.4"):
            xml.write("\n")
            xml.write(etree.Element("header", header))
            xml.write("\n")
            with xml.element("body"):
                xml.write("\n")
                for unit in units:
                    xml.write(element(unit))
                    xml.write("\n")
            xml.write("\n")
