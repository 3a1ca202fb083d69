"""Positions in the tree of a page: where a sentence ends, cuts of inline elements there, contents as lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lxml import etree

from align.exchange.book_source import XHTML, letters_of
from align.readers.html import BLOCK_ELEMENTS, Part, Piece, element_name

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PARAGRAPHS = HEADINGS | {"p"}
PHRASES_ONLY = PARAGRAPHS | {"pre", "summary", "legend", "dt", "caption", "address", "label", "button"}
"""Elements whose content is text and inline elements, in XHTML 1.1 or in HTML."""
MARK = "align-mark"


class Position(NamedTuple):
    """A position in the content of an element.

    slot: number of the text in it: 0 for that before the first child, k for that after child k - 1.
    """

    parent: Any
    slot: int
    offset: int


def element(name: str, **attributes: str) -> Any:
    """An element of XHTML; `class_` is the attribute `class`."""
    nsmap: dict[Any, str] = {None: XHTML}
    return etree.Element(f"{{{XHTML}}}{name}", {key.rstrip("_"): text for key, text in attributes.items()}, nsmap=nsmap)


def is_inside(node: Any, names: Sequence[str]) -> bool:
    """Whether an element or one around it has one of the names."""
    return any(element_name(one) in names for one in (node, *node.iterancestors()))


def container_of(piece: Piece) -> Any:
    """The block element that a piece is directly in; in a list of contents, the element with its last text."""
    last = _last(piece)
    parent = last.node.getparent() if last.is_tail else last.node
    if is_inside(parent, ("nav",)):
        return parent
    while element_name(parent) not in BLOCK_ELEMENTS and parent.getparent() is not None:
        parent = parent.getparent()
    return parent


def insert_mark(piece: Piece, container: Any, start: int | None) -> Any:
    """Insert an empty element into `container` before the character number `start` of the piece (without white
    space), cutting the inline elements around it; None: after the piece and what belongs to it. Returns it."""
    mark = element("span", class_=MARK)
    position = _end(piece, container) if start is None else _position(piece, start)
    while position.parent is not container:
        position = _outside(position)
    text = _text(container, position.slot)
    _set_text(container, position.slot, text[: position.offset])
    mark.tail = text[position.offset :]
    container.insert(position.slot, mark)
    return mark


def _position(piece: Piece, start: int) -> Position:
    """Before character number `start` of a piece."""
    count = 0
    for part in piece.parts:
        letters = letters_of(part.text)
        if part.node is not None and count <= start < count + letters:
            parent = part.node.getparent() if part.is_tail else part.node
            slot = parent.index(part.node) + 1 if part.is_tail else 0
            return Position(parent, slot, _offset(_text(parent, slot), start - count))
        count += letters
    raise IndexError(f"no character {start} in the piece")


def _offset(text: str, number: int) -> int:
    """Index of the character `number` that is no white space; the length for a text without it."""
    for index, character in enumerate(text):
        if not character.isspace():
            if number == 0:
                return index
            number -= 1
    return len(text)


def _end(piece: Piece, container: Any) -> Position:
    """After the last text of a piece, with the inline elements that follow it (references to notes, pictures)."""
    last = _last(piece)
    child = last.node
    if child is container:
        slot = 0
    else:
        while child.getparent() is not container:
            child = child.getparent()
        slot = container.index(child) + 1
    while slot < len(container) and not _has_block(container[slot]):
        slot += 1
    return Position(container, slot, len(_text(container, slot)))


def _last(piece: Piece) -> Part:
    """The last part of a piece with a character."""
    parts = [part for part in piece.parts if part.node is not None and part.text.strip()]
    return parts[-1]


def _has_block(node: Any) -> bool:
    return any(element_name(one) in BLOCK_ELEMENTS for one in node.iter())


def _outside(position: Position) -> Position:
    """The same position in the element around the parent, which is cut in two unless it is at an end of it."""
    parent, slot, offset = position
    around, text = parent.getparent(), _text(parent, slot)
    index = around.index(parent)
    if slot == 0 and not text[:offset].strip():
        return Position(around, index, len(_text(around, index)))
    if slot == len(parent) and not text[offset:].strip():
        return Position(around, index + 1, 0)
    rest = empty_copy(parent)
    rest.text, rest.tail = text[offset:], parent.tail
    for child in parent[slot:]:
        rest.append(child)
    parent.tail = None
    _set_text(parent, slot, text[:offset])
    around.insert(index + 1, rest)
    return Position(around, index + 1, 0)


def empty_copy(node: Any, *, with_id: bool = False) -> Any:
    """An element with the same name and attributes, the id only if `with_id`."""
    attributes = {key: value for key, value in node.attrib.items() if with_id or key not in ("id", "name")}
    return etree.Element(node.tag, attributes, nsmap=node.nsmap)


def _text(parent: Any, slot: int) -> str:
    return (parent.text if slot == 0 else parent[slot - 1].tail) or ""


def _set_text(parent: Any, slot: int, text: str) -> None:
    if slot == 0:
        parent.text = text
    else:
        parent[slot - 1].tail = text


def take_contents(node: Any) -> list[Any]:
    """Take out the content of an element: its texts and children, in order."""
    items: list[Any] = [node.text] if node.text else []
    node.text = None
    for child in list(node):
        tail, child.tail = child.tail, None
        node.remove(child)
        items += [child, tail] if tail else [child]
    return items


def fill(node: Any, items: Sequence[Any]) -> Any:
    """Append texts and elements to the content of an element; returns it."""
    for item in items:
        if not isinstance(item, str):
            node.append(item)
        else:
            slot = len(node)
            _set_text(node, slot, _text(node, slot) + item)
    return node


def replace(node: Any, elements: Sequence[Any]) -> None:
    """Put elements where `node` is; what follows it follows them."""
    parent, tail = node.getparent(), node.tail or ""
    index = parent.index(node)
    node.tail = None
    parent.remove(node)
    for number, one in enumerate(elements):
        parent.insert(index + number, one)
    slot = index + len(elements)
    _set_text(parent, slot, _text(parent, slot) + tail)


def move_space_after(node: Any) -> None:
    """Move the white space directly before `node`, also at the end of an inline element, behind it."""
    parent = node.getparent()
    slot = parent.index(node)
    while not _text(parent, slot) and slot > 0:
        parent = parent[slot - 1]
        slot = len(parent)
    text = _text(parent, slot)
    bare = text.rstrip()
    _set_text(parent, slot, bare)
    node.tail = text[len(bare) :] + (node.tail or "")
