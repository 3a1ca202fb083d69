"""What the XML formats (TMX, XLIFF) have in common."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree

from align.clock import moment
from align.exchange.charsets import in_xml

XML = "http://www.w3.org/XML/1998/namespace"
XML_LANG = f"{{{XML}}}lang"
XML_SPACE = f"{{{XML}}}space"


def clean(text: str) -> str:
    """What XML can carry of a text that is not part of the translation (a name, a note)."""
    return in_xml(text)[0]


def child(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """A new last child."""
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def compact_date(iso: str) -> str:
    """`2013-11-02T10:00:00+00:00` as TMX writes it: `20131102T100000Z`. Without a zone, UTC is meant."""
    moment = datetime.fromisoformat(iso)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y%m%dT%H%M%SZ")


def now() -> str:
    """This moment as TMX writes it."""
    return moment().strftime("%Y%m%dT%H%M%SZ")
