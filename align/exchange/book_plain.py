"""A plain book of a document's stored text: headings, paragraphs, lists and notes, without pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from align.exchange.book_package import page_bytes, plain_package
from align.exchange.book_source import XHTML, BookSource, Location, book_page, letters_of
from align.exchange.book_tree import element, fill
from align.exchange.charsets import xml_text
from align.exchange.export_target import build_time
from align.models import BlockKind
from align.text.normalize import join

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import DocumentRow, SentenceRow

PAGE_CHARACTERS = 30_000
"""A page ends before a heading where it has this many characters, and before any block where it has four times as
many."""
_DOCTYPE = "<!DOCTYPE html>"


def plain_book(
    store: Store, document: DocumentRow, linked: Collection[int]
) -> tuple[BookSource, dict[int, Location], int]:
    """An EPUB of a document's sentences, with their locations, and the number of sentences left out.

    Boilerplate is left out, except for the sentences in `linked`.
    """
    sentences = store.sentences(document.id)
    shown = [one for one in sentences if one.kind is not BlockKind.BOILERPLATE or one.id in linked]
    lang = next(iter(document.languages), "und")
    title = PurePath(document.name).stem or document.name
    locations: dict[int, Location] = {}
    pages: dict[str, bytes] = {}
    trees: list[tuple[str, Any]] = []
    contents: list[tuple[str, str]] = []
    for number, blocks in enumerate(_pages(shown)):
        name = f"page{number + 1:04}.xhtml"
        body = element("body")
        heading = ""
        for piece, (kind, block) in enumerate(blocks):
            text, starts = _joined(block)
            for sentence, start in zip(block, starts, strict=True):
                locations[sentence.id] = Location(number, piece, start)
            node = _block(body, kind, text, block[0].lang, lang)
            if kind is BlockKind.HEADING:
                node.set("id", f"h{piece + 1}")
                contents.append((f"{name}#h{piece + 1}", text))
                heading = heading or text
        tree = element("html")
        tree.set("lang", lang)
        tree.set("{http://www.w3.org/XML/1998/namespace}lang", lang)
        head, name_of_page = element("head"), element("title")
        name_of_page.text = heading or title
        fill(tree, [fill(head, [name_of_page]), body])
        pages[name] = page_bytes(tree, _DOCTYPE)
        trees.append((name, tree))
    if not pages:
        return BookSource(document.name, b"", "OEBPS/book.opf", ()), {}, len(sentences)
    contents = contents or [(next(iter(pages)), title)]
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in plain_package(title, lang, pages, contents, build_time()):
            archive.writestr(path, content)
    book_pages = tuple(book_page(f"OEBPS/{name}", _DOCTYPE, tree) for name, tree in trees)
    source = BookSource(document.name, target.getvalue(), "OEBPS/book.opf", book_pages)
    return source, locations, len(sentences) - len(shown)


Block = tuple[BlockKind, list["SentenceRow"]]


def _pages(sentences: Iterable[SentenceRow]) -> Iterator[list[Block]]:
    """The blocks of each page; a block has a character other than white space."""
    page: list[Block] = []
    size = 0
    for _, run in groupby(sentences, lambda sentence: sentence.block):
        block = list(run)
        if not any(sentence.text.strip() for sentence in block):
            continue
        kind = block[0].kind
        if page and size > PAGE_CHARACTERS * (1 if kind is BlockKind.HEADING else 4):
            yield page
            page, size = [], 0
        page.append((kind, block))
        size += sum(len(sentence.text) for sentence in block)
    if page:
        yield page


def _joined(block: Sequence[SentenceRow]) -> tuple[str, list[int]]:
    """The text of a block, and the characters other than white space before each sentence."""
    texts = [xml_text(sentence.text)[0] for sentence in block]
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += letters_of(text)
    return join(texts, block[0].lang), starts


def _block(body: Any, kind: BlockKind, text: str, lang: str, main: str) -> Any:
    """Append a block to the page; returns the element with its text."""
    name = {BlockKind.HEADING: "h2", BlockKind.LIST: "li"}.get(kind, "p")
    node = element(name)
    node.text = text
    if lang not in (main, "und"):
        node.set("lang", lang)
        node.set("{http://www.w3.org/XML/1998/namespace}lang", lang)
    around = {BlockKind.LIST: "ul", BlockKind.QUOTE: "blockquote", BlockKind.COMMENT: "aside"}.get(kind)
    parent = body
    if around is not None:
        last = body[-1] if len(body) else None
        if last is not None and last.tag == f"{{{XHTML}}}{around}":
            parent = last
        else:
            parent = element(around)
            fill(body, [parent, "\n"])
    fill(parent, [node, "\n"])
    return node
