"""Choice of the reader for a file: by its first bytes, then by its suffix."""

from __future__ import annotations

import importlib
import re
from pathlib import PurePath
from typing import Protocol, cast

from align.errors import ReadError
from align.inputs import inner_name
from align.models import Document

_BY_SUFFIX = {
    ".txt": "plain", ".text": "plain", ".md": "markdown", ".markdown": "markdown", ".mkd": "markdown", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".docx": "docx", ".epub": "epub", ".pdf": "pdf", ".srt": "subtitles",
    ".vtt": "subtitles", ".ass": "subtitles", ".ssa": "subtitles", ".ttml": "subtitles", ".dfxp": "subtitles",
    ".smi": "subtitles", ".sami": "subtitles", ".csv": "tables", ".tsv": "tables", ".tab": "tables", ".xlsx": "tables",
    ".fb2": "fb2",
}  # fmt: skip
_REFUSED = {
    **dict.fromkeys((".tex", ".latex", ".ltx"), ("LaTeX", "Convert it with pandoc to HTML or DOCX")),
    **dict.fromkeys((".json", ".arb", ".ipynb"), ("JSON", "Save its texts as a table (CSV or XLSX) or as plain text")),
    **dict.fromkeys((".properties", ".strings", ".stringsdict"), ("software strings", "Save them as PO, XLIFF or CSV")),
    **dict.fromkeys((".yaml", ".yml", ".toml", ".ini"), ("a settings file", "Save its texts as a table (CSV or XLSX)")),
    ".pot": ("a PO template without translations", "Name it .po to import it"),
    ".rst": ("reStructuredText", "Convert it with pandoc to HTML or Markdown"),
    ".adoc": ("AsciiDoc", "Convert it with asciidoctor to HTML"),
}
"""Suffixes of texts whose markup no reader understands, with what they are and what to do."""
_XML_NAMES = {
    "martif": "TBX", "tbx": "TBX", "root": "RESX or other XML", "resources": "Android strings", "ts": "Qt Linguist",
    "topic": "DITA", "concept": "DITA", "task": "DITA", "map": "DITA", "document": "XML", "book": "DocBook",
    "article": "DocBook", "tei": "TEI", "txml": "Wordfast TXML", "tradostag": "Trados TTX", "svg": "a picture",
}  # fmt: skip
_XML = re.compile(r"\s*(?:<\?xml.{0,200}?\?>|<!--.{0,2000}?-->|<!DOCTYPE[^>\[]{0,300}(?:\[.{0,2000}?\]\s*)?>|\s+)*"
                  r"<(?:[\w.-]+:)?(?P<root>[A-Za-z][\w.-]*)[\s>/]", re.DOTALL | re.IGNORECASE)  # fmt: skip
"""The outermost element of an XML file."""
_PAGE = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!doctype\s+html|<html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of a password-protected Office file (MS-OFFCRYPTO)."""
_FOREIGN = {
    b"{\\rtf": "RTF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"SQLite format 3\0": "an SQLite database (an align store, perhaps)",
    b"PAR1": "Parquet", b"\x7fELF": "a program", b"OggS": "sound", b"ID3": "sound", b"RIFF": "sound or video",
}  # fmt: skip


class Reader(Protocol):
    """The function `read` of each reader module."""

    def __call__(
        self, name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None
    ) -> Document: ...


def suffixes() -> frozenset[str]:
    """Suffixes (lower case, with their dot) of supported files."""
    return frozenset(_BY_SUFFIX)


def read(name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None) -> Document:
    """Read the bytes of a file called `name` into a document. Raises ReadError with the problem and a remedy.

    `encoding` and `lang` (BCP 47) are set by hand and override the file's declaration and detection.
    """
    if not content.strip():
        raise ReadError(f"{name}: empty. There is no text to align in it.")
    module = importlib.import_module(f"align.readers.{kind(name, content, encoding)}")
    return cast("Reader", module.read)(name, content, encoding=encoding, lang=lang)


def kind(name: str, content: bytes, encoding: str | None = None) -> str:
    """Name of the reader module for a file. Raises ReadError for unsupported files."""
    suffix = PurePath(inner_name(name)).suffix.lower()
    head = content[:4096]
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(name, content)
    if head.lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head[:1024]):
        return "pdf"
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise ReadError(f"{name}: protected by a password. Save it without one and add that.")
        raise ReadError(f"{name}: an Office file in the old format. Save it as DOCX or XLSX and add that.")
    for magic, what in _FOREIGN.items():
        if content.startswith(magic):
            raise ReadError(f"{name}: {what}, which is not supported. Save its text as plain text, DOCX or HTML.")
    if _PAGE.match(head):
        return "html"
    try:
        text = head.decode(encoding or "utf-8", "ignore")
    except (LookupError, UnicodeError):
        text = ""  # reported by the reader
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) & ~1].decode("utf-16", "ignore")
    if _is_subtitles(text):
        return "subtitles"
    by_suffix = _BY_SUFFIX.get(suffix, "plain")
    if by_suffix not in ("html", "markdown", "fb2", "subtitles") and (xml := _xml_reader(name, text)):
        return xml
    if suffix in _REFUSED:
        what, advice = _REFUSED[suffix]
        raise ReadError(f"{name}: {what}, whose markup is not supported. {advice}, and add that.")
    if by_suffix in ("docx", "epub", "pdf"):
        raise ReadError(
            f"{name}: has the suffix {suffix} but another format. Save it again with the program that created it."
        )
    return by_suffix


def _is_subtitles(head: str) -> bool:
    from align.readers.subtitles import sniff

    return sniff(head.removeprefix("\ufeff"))


def _xml_reader(name: str, head: str) -> str | None:
    """The reader of an XML file; None if it is none. Raises ReadError for one whose markup no reader understands."""
    match = _XML.match(head.removeprefix("\ufeff")) if "<?xml" in head[:200].lower() else None
    if match is None:
        return None
    root = match["root"].lower()
    if root in ("fictionbook", "html"):
        return {"fictionbook": "fb2"}.get(root, root)
    what = _XML_NAMES.get(root, "XML")
    raise ReadError(
        f"{name}: {what} (<{match['root']}>), whose markup is not supported. Save its text as HTML, DOCX or plain text "
        "or its translations as TMX or XLIFF, and add that."
    )


def _packed(name: str, content: bytes) -> str:
    from align.readers.safe_zip import part, unpack

    with unpack(name, content) as archive:
        names = set(archive.namelist())
        mimetype = part(name, archive, "mimetype") if "mimetype" in names else b""
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "tables"
    if mimetype.startswith(b"application/epub"):
        return "epub"
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        saved = "XLSX" if b"spreadsheet" in mimetype else "PDF" if b"presentation" in mimetype else "DOCX"
        raise ReadError(f"{name}: an OpenDocument file, which is not supported. Save it as {saved} and add that.")
    if "ppt/presentation.xml" in names:
        raise ReadError(f"{name}: a PowerPoint file, which is not supported. Save it as PDF or DOCX and add that.")
    if "designmap.xml" in names:
        raise ReadError(f"{name}: an InDesign file (IDML), which is not supported. Export it as EPUB, HTML or PDF.")
    if "META-INF/container.xml" in names:
        return "epub"
    raise ReadError(f"{name}: an archive of other files. Unpack it and add the folder.")
