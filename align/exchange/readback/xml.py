"""XML read one unit at a time, by a parser that fetches nothing and expands nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

from align.errors import ReadError

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def elements(path: Path, events: tuple[str, ...] = ("end",)) -> Iterator[tuple[str, etree._Element]]:
    """(event, element) through the file. Raises ReadError with line and column where it is not well-formed.

    DTDs and external entities are not loaded; entities that the file declares itself stay as they are written.
    """
    try:
        with path.open("rb") as file:
            yield from etree.iterparse(
                file, events=events, resolve_entities=False, load_dtd=False, no_network=True, dtd_validation=False
            )
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ReadError(f"{path}:{line}:{column}: not well-formed XML ({error.msg}). Export it again.") from error


def let_go(element: etree._Element) -> None:
    """Free an element that was read, and its elder siblings, so that memory does not grow."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def local(element: etree._Element) -> str:
    """The tag without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def words(element: etree._Element | None, hidden: frozenset[str], character: Callable[[str], str] = str) -> str:
    """The text of a segment: what stands in `hidden` elements (a tool's own codes) is not text.

    `cp` (XLIFF 2) stands for one character, which `character` makes from its `hex`.
    """
    if element is None:
        return ""
    parts = [element.text or ""]
    for part in element:
        name = local(part)
        if name == "cp":
            parts.append(character(part.get("hex", "")))
        elif name and name not in hidden:
            parts.append(words(part, hidden, character))
        elif isinstance(part, etree._Entity):
            parts.append(part.text or "")
        parts.append(part.tail or "")
    return "".join(parts)
