"""Packages of bilingual books: the archive of the original with new pages, and a new one for a plain book.

A plain book has the headings, paragraphs, lists and notes of a stored text, without pictures.
"""

from __future__ import annotations

import posixpath
import uuid
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from lxml import etree

from align import __version__
from align.exchange.book_layout import OPS
from align.exchange.book_source import XHTML, BookPage, BookSource, Location, book_page, element, fill, letters_of
from align.exchange.charsets import xml_text
from align.exchange.export_target import build_time
from align.models import BlockKind
from align.readers.html import element_name
from align.readers.safe_zip import xml_parser
from align.text.normalize import join

if TYPE_CHECKING:
    from align.store import Store
    from align.store.records import DocumentRow, SentenceRow


DC = "http://purl.org/dc/elements/1.1/"

OPF = "http://www.idpf.org/2007/opf"

_STYLE = "align.css"

_MIMETYPE = b"application/epub+zip"

_DROPPED = frozenset({"META-INF/signatures.xml"})
"""Parts that are wrong once the pages change."""

_CONTAINER = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n'
)


class Package:
    """The parts of a book by path: those of the original, and the changed ones."""

    def __init__(self, source: BookSource) -> None:
        self.source = source
        self.archive = zipfile.ZipFile(BytesIO(source.content))
        self.root = _parse(self.archive.read(source.package))
        self.folder = posixpath.dirname(source.package)
        self.style = _free_name(posixpath.join(self.folder, _STYLE), set(self.archive.namelist()))
        self.changed: dict[str, bytes] = {}

    @property
    def version(self) -> int:
        """2 or 3."""
        return 3 if str(self.root.get("version") or "2")[:1] == "3" else 2

    def set_page(self, page: BookPage) -> None:
        """Store a page whose tree was changed."""
        _add_style(page.tree, posixpath.relpath(self.style, posixpath.dirname(page.path) or "."))
        self.changed[page.path] = page_bytes(page.tree, page.doctype)

    def write(self, file: IO[bytes], languages: Sequence[str]) -> None:
        """Write the archive. `languages`: of source and translations."""
        self._describe(languages)
        style = (files("align.exchange") / "page" / "book.css").read_bytes()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
            _add(out, "mimetype", _MIMETYPE, stored=True)
            for entry in self.archive.infolist():
                name = entry.filename
                if name != "mimetype" and name not in _DROPPED and not entry.is_dir():
                    content = self.changed[name] if name in self.changed else self.archive.read(entry)
                    _add(out, name, content, stored=entry.compress_type == zipfile.ZIP_STORED)
            _add(out, self.style, style)

    def _describe(self, languages: Sequence[str]) -> None:
        """Name the languages, the style sheet and the time in the package document; give the book its own identifier.

        That of a book with encrypted fonts is their key, and stays.
        """
        metadata = next(node for node in self.root.iter() if element_name(node) == "metadata")
        manifest = next(node for node in self.root.iter() if element_name(node) == "manifest")
        inner = next((node for node in metadata if element_name(node) == "dc-metadata"), metadata)
        self._name_languages(inner, languages)
        ids = {node.get("id") for node in self.root.iter() if isinstance(node.tag, str)}
        item = etree.SubElement(manifest, f"{{{OPF}}}item" if manifest.tag.startswith("{") else "item")
        item.set("id", _free_name("align-style", ids))
        item.set("href", posixpath.basename(self.style))
        item.set("media-type", "text/css")
        if self.version == 3:
            now = f"{build_time():%Y-%m-%dT%H:%M:%SZ}"
            for node in metadata:
                if node.get("property") == "dcterms:modified":
                    node.text = now
        if "META-INF/encryption.xml" not in self.archive.namelist():
            self._identify(inner, languages)
        self.changed[self.source.package] = _bytes(self.root)

    def _name_languages(self, metadata: Any, languages: Sequence[str]) -> None:
        """Add the languages to the title, and as elements where they are missing."""
        for title in [node for node in metadata if node.tag == f"{{{DC}}}title"][:1]:
            title.text = f"{(title.text or '').strip()} ({', '.join(languages)})"
        there = {(node.text or "").strip().lower() for node in metadata if node.tag == f"{{{DC}}}language"}
        for lang in dict.fromkeys(languages):
            if lang.lower() not in there and lang != "und":
                etree.SubElement(metadata, f"{{{DC}}}language").text = lang

    def _identify(self, metadata: Any, languages: Sequence[str]) -> None:
        """Give the book an identifier of its own, derived from that of the original, also in the old contents."""
        named = self.root.get("unique-identifier")
        for node in metadata:
            if node.tag == f"{{{DC}}}identifier" and named in (None, node.get("id")):
                seed = f"align {(node.text or '').strip()} {' '.join(languages)}"
                old, node.text = node.text, uuid.uuid5(uuid.NAMESPACE_URL, seed).urn
                for key in list(node.attrib):
                    if key.endswith("}scheme"):
                        node.set(key, "UUID")
                self._rename_in_ncx((old or "").strip(), node.text)
                break

    def _rename_in_ncx(self, old: str, new: str) -> None:
        for name in self.archive.namelist():
            if name.lower().endswith(".ncx"):
                tree = _parse(self.archive.read(name))
                for meta in tree.iter("{*}meta"):
                    if meta.get("name") == "dtb:uid":
                        meta.set("content", new)
                self.changed[name] = _bytes(tree)


def _parse(content: bytes) -> Any:
    return etree.fromstring(content, xml_parser(recover=True))


def _bytes(tree: Any) -> bytes:
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="utf-8")) + b"\n"


def page_bytes(tree: Any, doctype: str) -> bytes:
    """A page as a file."""
    if _uses_ops(tree):
        etree.cleanup_namespaces(tree, top_nsmap={"epub": OPS})
    text = etree.tostring(tree, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{doctype}{chr(10) if doctype else ""}{text}\n'.encode()


def _uses_ops(tree: Any) -> bool:
    return any(key.startswith(f"{{{OPS}}}") for node in tree.iter() for key in node.attrib)


def _add_style(tree: Any, href: str) -> None:
    """Add our style sheet after those of the page."""
    head = next((child for child in tree if element_name(child) == "head"), None)
    if head is None:
        head = element("head")
        tree.insert(0, head)
        head.append(element("title"))
    head.append(element("link", rel="stylesheet", type="text/css", href=href))


def _free_name(name: str, taken: set[Any]) -> str:
    """The name, with as many underscores before its suffix as make it new."""
    while name in taken:
        stem, suffix = posixpath.splitext(name)
        name = f"{stem}_{suffix}"
    return name


def _add(out: zipfile.ZipFile, name: str, content: bytes, *, stored: bool = False) -> None:
    entry = zipfile.ZipInfo(name, build_time().timetuple()[:6])
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    out.writestr(entry, content)


def plain_package(
    title: str, lang: str, pages: Mapping[str, bytes], contents: Sequence[tuple[str, str]], when: datetime
) -> Iterator[tuple[str, bytes]]:
    """The parts of an EPUB 3 for pages (file name to content), with a list of contents (address, text)."""
    seed = "".join([title, lang, *(str(len(page)) for page in pages.values())])
    items = "".join(
        f'<item id="p{number}" href="{name}" media-type="application/xhtml+xml"/>' for number, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="p{number}"/>' for number in range(len(pages)))
    entries = "".join(f'<li><a href="{escape(href)}">{escape(text)}</a></li>' for href, text in contents)
    yield "META-INF/container.xml", _CONTAINER.encode()
    yield (
        "OEBPS/book.opf",
        (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<package xmlns="{OPF}" version="3.0" unique-identifier="id"><metadata xmlns:dc="{DC}">'
            f'<dc:identifier id="id">{uuid.uuid5(uuid.NAMESPACE_URL, seed).urn}</dc:identifier>'
            f"<dc:title>{escape(title)}</dc:title><dc:language>{escape(lang)}</dc:language>"
            f'<meta property="dcterms:modified">{when:%Y-%m-%dT%H:%M:%SZ}</meta>'
            f'<meta name="generator" content="align {__version__}"/></metadata>'
            f'<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}'
            f"</manifest><spine>{spine}</spine></package>\n"
        ).encode(),
    )
    yield (
        "OEBPS/nav.xhtml",
        (
            '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n'
            f'<html xmlns="{XHTML}" xmlns:epub="{OPS}"><head><title>{escape(title)}</title></head><body>'
            f'<nav epub:type="toc"><ol>{entries}</ol></nav></body></html>\n'
        ).encode(),
    )
    for name, content in pages.items():
        yield f"OEBPS/{name}", content


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
