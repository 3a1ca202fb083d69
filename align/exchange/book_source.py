"""The original of a bilingual book: the pages of an EPUB as XML trees, and where each sentence is in them.

Positions in a tree: where a sentence ends, cuts of inline elements there, contents as lists.
"""

from __future__ import annotations

import hashlib
import html
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from html.entities import html5
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree

from align.errors import ReadError
from align.inputs import read_input
from align.readers.epub import package_path, spine
from align.readers.html import Piece, page_tree, pieces_of_page, source_of
from align.readers.safe_zip import part, unpack, xml_parser

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import DocumentRow, SentenceRow
from align.readers.html import BLOCK_ELEMENTS, Part, element_name

XHTML = "http://www.w3.org/1999/xhtml"

_DECLARATION = re.compile(r"\A\ufeff?\s*(?:<\?xml[^>]*\?>)?\s*")

_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*>", re.IGNORECASE)

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")

_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


class Location(NamedTuple):
    """The start of a sentence in the original."""

    page: int
    piece: int
    start: int
    """Characters of the piece before it, white space not counted."""


@dataclass(frozen=True, slots=True)
class BookPage:
    """A page of the spine. `tree`: its root element in the namespace of XHTML; `pieces`: its texts, in order.

    `text`: all characters of the tree but white space, before translations are written into it.
    """

    path: str
    doctype: str
    tree: Any
    pieces: tuple[Piece, ...]
    text: str


def book_page(path: str, doctype: str, tree: Any) -> BookPage:
    """The page of a tree."""
    text = "".join(str(tree.xpath("string()")).split())
    return BookPage(path, doctype, tree, tuple(pieces_of_page(tree, with_title=False)), text)


@dataclass(frozen=True, slots=True)
class BookSource:
    """An EPUB, with its pages in reading order."""

    name: str
    content: bytes
    package: str
    """Path of the package document in the archive."""
    pages: tuple[BookPage, ...]

    def locations(self, sentences: Sequence[SentenceRow]) -> dict[int, Location]:
        """The location of each sentence, by its id."""
        positions = [(page, number) for page, one in enumerate(self.pages) for number in range(len(one.pieces))]
        texts = [piece.text.strip() for page in self.pages for piece in page.pieces]
        starts, at = [], 0
        for text in texts:
            starts.append(at)
            at += len(text) + len(_BETWEEN)
        locations = {}
        for sentence in sentences:
            index = bisect_right(starts, sentence.pieces[0].start) - 1
            before = texts[index][: sentence.pieces[0].start - starts[index]]
            locations[sentence.id] = Location(*positions[index], letters_of(before))
        return locations


_BETWEEN = "\n\n"
"""Between the blocks of a document; see `readers.builder`."""


def letters_of(text: str) -> int:
    """Number of characters other than white space."""
    return sum(map(len, text.split()))


def open_original(store: Store, document: DocumentRow, file: Path | None) -> BookSource:
    """The EPUB that a document was read from: `file`, else the file recorded when it was added.

    Raises ReadError where it is gone, cannot be read, or has another text than the document.
    """
    path = file or store.file_of(document.id)
    if path is None:
        raise ReadError(f"{document.name}: no file is recorded for it. {_ADVICE}")
    if not path.is_file():
        raise ReadError(f"{path}: the original of {document.name} is not there any more. {_ADVICE}")
    content = read_input(str(path))
    name = str(path)
    pages: list[BookPage] = []
    with unpack(name, content) as archive:
        package = package_path(name, archive)
        paths = spine(name, archive)
        if not package:
            raise ReadError(f"{name}: names no package document, so its pages cannot be written again. {_PLAIN}")
        for page in paths:
            source, _ = source_of(f"{name}/{page}", part(name, archive, page), None)
            if "align-text" in source:
                raise ReadError(f"{name}: is a bilingual book that align wrote. Use the original. {_PLAIN}")
            texts = _texts(page_tree(source))
            pages.append(_page(name, page, source, texts))
    whole = _BETWEEN.join(piece.text.strip() for page in pages for piece in page.pieces)
    if hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest() != document.digest:
        raise ReadError(f"{name}: its text is not that of {document.name} in the store. {_CHANGED}")
    return BookSource(name, content, package, tuple(pages))


_PLAIN = "--plain makes a book of the stored text, without pictures."

_ADVICE = f"Name the file with --source; {_PLAIN}"

_CHANGED = f"Add it again, or name the right file with --source; {_PLAIN}"


def _texts(tree: Any) -> list[str]:
    return [] if tree is None else [piece.text.strip() for piece in pieces_of_page(tree, with_title=False)]


def _page(name: str, path: str, source: str, texts: Sequence[str]) -> BookPage:
    """The page as XML whose pieces have the `texts` that the reader found."""
    doctype = _DOCTYPE.search(source[:2000])
    for parse in (_parsed, _mended):
        tree = parse(source)
        if tree is None:
            continue
        page = book_page(path, doctype[0] if doctype else "", tree)
        if [piece.text.strip() for piece in page.pieces] == list(texts):
            return page
    raise ReadError(f"{name}: its page {path} has markup that cannot be written again. {_PLAIN}")


def _parsed(source: str) -> Any:
    """The tree of a well-formed page; None for another."""
    body = _DECLARATION.sub("", source, count=1)
    body = _DOCTYPE.sub("", body, count=1)
    body = _ENTITY.sub(_character, body)
    try:
        tree = etree.fromstring(body.encode("utf-8", "replace"), xml_parser(huge_tree=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    return tree if tree.tag == f"{{{XHTML}}}html" else None


def _character(entity: re.Match[str]) -> str:
    """The character of an entity of HTML; those of XML stay."""
    return entity[0] if entity[1] in _XML_ENTITIES else html.escape(html5.get(f"{entity[1]};", entity[0]), quote=False)


def _mended(source: str) -> Any:
    """The tree of a page that is not well-formed, by the HTML parser."""
    tree = page_tree(source)
    if tree is None:
        return None
    tree.set("xmlns", XHTML)
    written = etree.tostring(tree, encoding="utf-8", method="xml")
    return etree.fromstring(written, xml_parser(recover=True, huge_tree=True))


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
    for one in piece.parts:
        letters = letters_of(one.text)
        if one.node is not None and count <= start < count + letters:
            parent = one.node.getparent() if one.is_tail else one.node
            slot = parent.index(one.node) + 1 if one.is_tail else 0
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
