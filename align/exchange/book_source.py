"""The original of a bilingual book: the pages of an EPUB as XML trees, and where each sentence is in them."""

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
