"""Shared by the XML formats (TMX, XLIFF): writing helpers, and a parser that reads one unit at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from align.clock import build_time
from align.errors import ReadError
from align.exchange.charsets import xml_text

XML = "http://www.w3.org/XML/1998/namespace"
XML_LANG = f"{{{XML}}}lang"
XML_SPACE = f"{{{XML}}}space"
_COMPACT = "%Y%m%dT%H%M%SZ"


def xml_value(text: str) -> str:
    """A name, note or other value without the characters that XML forbids."""
    return xml_text(text)[0]


def add_child(parent: etree._Element, tag: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append a child element."""
    element = etree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def compact_date(iso: str) -> str:
    """An ISO 8601 time as TMX writes it, in UTC: `20131102T100000Z`. Without an offset, it is taken as UTC."""
    time = datetime.fromisoformat(iso)
    return (time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)).strftime(_COMPACT)


def compact_now() -> str:
    """The time of the export as TMX writes it."""
    return build_time().strftime(_COMPACT)


def elements(path: Path, events: tuple[str, ...] = ("end",)) -> Iterator[tuple[str, etree._Element]]:
    """(event, element) through the file. Raises ReadError with line and column where it is not well-formed.

    External entities and DTDs are not loaded; entities that the file declares are not expanded.
    """
    try:
        with path.open("rb") as file:
            yield from etree.iterparse(
                file, events=events, resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False
            )
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ReadError(f"{path}:{line}:{column}: not well-formed XML ({error.msg}). Export it again.") from error


def release(element: etree._Element) -> None:
    """Free an element that was read and its preceding siblings, so that memory stays constant."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def local_name(element: etree._Element) -> str:
    """The tag without its namespace; "" for comments and processing instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
