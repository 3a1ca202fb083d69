"""EPUB by zipfile and lxml: the pages of the spine, in order, each read as HTML."""

from __future__ import annotations

import posixpath
import re
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from align.errors import ReadError
from align.models import Document
from align.readers.builder import DocumentBuilder
from align.readers.html import add_page, source_of
from align.readers.safe_zip import part, unpack, xml_parser

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = frozenset({"META-INF/rights.xml", "META-INF/license.lcpl", "META-INF/sinf.xml"})
"""Licences of Adobe and Kobo, of Readium LCP, and of Apple."""
_FONT_ALGORITHMS = frozenset({"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"})
"""Of fonts only, which a book without copy protection may have too."""


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read a book into blocks. Raises ReadError for a broken, protected or empty one."""
    composer = DocumentBuilder(name, len(content))
    with unpack(name, content) as archive:
        for page in spine(name, archive):
            source, _ = source_of(f"{name}/{page}", part(name, archive, page), encoding)
            add_page(composer, source, is_chapter=True)
    return composer.document("epub", "utf-8", lang, "If its pages are pictures, recognise their text (OCR) first.")


def _xml(name: str, archive: ZipFile, path: str) -> Any:
    from lxml import etree

    root = etree.fromstring(part(name, archive, path), xml_parser(recover=True))
    if root is None:
        raise ReadError(f"{name}: its part {path} is not XML. Save the book again.")
    return root


def _refuse_protected(name: str, archive: ZipFile, names: set[str]) -> None:
    """Raise ReadError for a book with a licence, or with a part that is encrypted and no font."""
    algorithms: set[str] = set()
    if _ENCRYPTION in names:
        methods = _xml(name, archive, _ENCRYPTION).iterfind(".//{*}EncryptedData/{*}EncryptionMethod")
        algorithms = {method.get("Algorithm") or "" for method in methods}
    if _RIGHTS & names or algorithms - _FONT_ALGORITHMS:
        raise ReadError(f"{name}: protected against copying (DRM). Only a book without it can be read.")


def package_path(name: str, archive: ZipFile) -> str | None:
    """Path of the package document (OPF) in the archive; None where the container names none."""
    rootfile = _xml(name, archive, _CONTAINER).find(".//{*}rootfile")
    return rootfile.get("full-path") if rootfile is not None else None


def spine(name: str, archive: ZipFile) -> list[str]:
    """Paths of the pages in reading order; all pages by name if the book has no order.

    Raises ReadError for a protected book.
    """
    paths: list[str] = []
    names = set(archive.namelist())
    _refuse_protected(name, archive, names)
    try:
        package = package_path(name, archive)
        if package:
            root = _xml(name, archive, package)
            items = {item.get("id"): item.get("href") or "" for item in root.iterfind(".//{*}manifest/{*}item")}
            folder = posixpath.dirname(package)
            for entry in root.iterfind(".//{*}spine/{*}itemref"):
                href = items.get(entry.get("idref"))
                if href:
                    paths.append(posixpath.normpath(posixpath.join(folder, unquote(href.split("#")[0]))))
    except (ReadError, ValueError, SyntaxError):
        paths = []
    pages = [path for path in dict.fromkeys(paths) if path in names]  # every page once, even if listed several times
    return pages or sorted(path for path in names if re.search(r"\.x?html?$", path, re.IGNORECASE))
