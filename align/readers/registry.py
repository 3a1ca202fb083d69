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
    ".smi": "subtitles", ".sami": "subtitles", ".sbv": "subtitles", ".lrc": "subtitles", ".itt": "subtitles",
    ".sub": "subtitles", ".stl": "subtitles", ".csv": "tables", ".tsv": "tables", ".tab": "tables", ".xlsx": "tables",
    ".fb2": "fb2", ".odt": "opendocument", ".ods": "opendocument", ".odp": "opendocument", ".fodt": "opendocument",
    ".fods": "opendocument", ".fodp": "opendocument",
    ".ott": "opendocument", ".pptx": "powerpoint", ".rtf": "rtf", ".json": "software_strings",
    ".arb": "software_strings", ".resx": "software_strings", ".resw": "software_strings",
    ".properties": "software_strings", ".strings": "software_strings", ".xml": "software_strings",
}  # fmt: skip
_REFUSED = {
    **dict.fromkeys((".tex", ".latex", ".ltx"), ("LaTeX", "Convert it with pandoc to HTML or DOCX")),
    ".ipynb": ("a notebook", "Export it as Markdown"),
    **dict.fromkeys((".stringsdict", ".xcstrings"), ("software strings", "Export them as XLIFF")),
    **dict.fromkeys((".yaml", ".yml", ".toml", ".ini"), ("a settings file", "Save its texts as JSON or CSV")),
    ".ftl": ("Fluent", "Export its texts as XLIFF or PO"),
    ".rst": ("reStructuredText", "Convert it with pandoc to HTML or Markdown"),
    ".adoc": ("AsciiDoc", "Convert it with asciidoctor to HTML"),
    **dict.fromkeys((".org", ".textile", ".wiki", ".mediawiki"), ("a markup", "Convert it with pandoc to HTML")),
    **dict.fromkeys((".mif", ".ttx", ".icml", ".dita", ".ditamap"), ("a publishing format", "Save it as HTML or DOCX")),
    **dict.fromkeys((".eml", ".mbox", ".mht", ".mhtml"), ("mail", "Save its text as HTML or plain text")),
    **dict.fromkeys(
        (".js", ".css", ".php", ".py", ".java", ".c", ".cpp", ".h", ".cs", ".go", ".rs", ".rb", ".sh", ".sql"),
        ("program code", "Save its texts as JSON, PO or CSV"),
    ),
}  # fmt: skip
"""Suffixes of texts whose markup no reader understands, with what they are and what to do."""
_REFUSED_BEGINNINGS = (
    (re.compile(r"%\d{8}~\d{6}\t"), "a Wordfast memory", "Save it as TMX"),
    (re.compile(r"\s*(?:%[^\n]*\n\s*)*\\documentclass\b"), "LaTeX", "Convert it with pandoc to HTML or DOCX"),
)
"""Beginnings of such texts."""
_XML_READERS = {"fictionbook": "fb2", "html": "html", "resources": "software_strings"}
"""Readers by the outermost element."""
_XML_NAMES = {
    "martif": "TBX", "tbx": "TBX", "ts": "Qt Linguist", "plist": "a property list",
    "topic": "DITA", "concept": "DITA", "task": "DITA", "map": "DITA", "document": "XML", "book": "DocBook",
    "article": "DocBook", "tei": "TEI", "txml": "Wordfast TXML", "tradostag": "Trados TTX", "svg": "a picture",
}  # fmt: skip
_XML_SUFFIXES = frozenset((".xml", ".resx", ".resw", ".tbx", ".svg", ".docbook", ".plist", ".txml"))
_XML = re.compile(
    r"(?>\s|<\?xml.{0,200}?\?>|<!--.{0,8000}?-->|<!DOCTYPE[^>\[]{0,300}(?:\[.{0,2000}?\]\s*)?>)*+"
    r"<(?:[\w.-]+:)?(?P<root>[A-Za-z][\w.-]*)[\s>/]",
    re.DOTALL | re.IGNORECASE,
)
"""The outermost element of an XML file."""
_PAGE = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!doctype\s+html|<html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_PACKED = frozenset({"docx", "epub", "pdf", "opendocument", "powerpoint", "rtf"})
"""Readers of formats that are recognised by their first bytes."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of a password-protected Office file (MS-OFFCRYPTO)."""
_FOREIGN = {
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture",
    b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"SQLite format 3\0": "an SQLite database (an align store, perhaps)",
    b"850STL": "binary subtitles (EBU STL)", b"437STL": "binary subtitles (EBU STL)",
    b"\0\0\1\xba": "pictures of subtitles, or video", b"PAR1": "Parquet", b"\x7fELF": "a program",
    b"OggS": "sound", b"ID3": "sound", b"RIFF": "sound or video",
    b"bplist0": "a binary property list", b"AT&TFORM": "DjVu", b"ITSF": "a help file (CHM)", b"%!PS": "PostScript",
}  # fmt: skip


_PACKED_NAMES = (
    ("designmap.xml", "an InDesign file (IDML)", "Export it as EPUB, HTML or PDF"),
    ("Index/Document.iwa", "a file of Apple's Pages, Numbers or Keynote", "Export it as DOCX, XLSX or PPTX"),
    ("xl/workbook.bin", "a binary Excel file (XLSB)", "Save it as XLSX"),
    ("visio/document.xml", "a Visio drawing", "Export it as PDF"),
)
"""Parts that tell the format of an archive, with what it is and what to do."""


class Reader(Protocol):
    """The function `read` of each reader module."""

    def __call__(
        self, name: str, content: bytes, *, encoding: str | None = None, lang: str | None = None
    ) -> Document: ...


def suffixes() -> frozenset[str]:
    """Suffixes (lower case, with their dot) of files that are texts by their names.

    JSON, XML and STL are not among them: most such files are data, and those with texts are added by name.
    """
    return frozenset(_BY_SUFFIX) - {".json", ".xml", ".stl"}


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
    head = content[:16384]
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _packed(name, content)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf"):
        return "rtf"
    if head[60:68] == b"BOOKMOBI":
        raise ReadError(f"{name}: a Kindle book, which is not supported. Convert it to EPUB and add that.")
    if head.lstrip().startswith(b"%PDF-") or (suffix == ".pdf" and b"%PDF-" in head[:1024]):
        return "pdf"
    _refuse_binary(name, content)
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
    for beginning, what, advice in _REFUSED_BEGINNINGS:
        if beginning.match(text.removeprefix("\ufeff")):
            raise ReadError(f"{name}: {what}, whose markup is not supported. {advice}, and add that.")
    if suffix in _REFUSED:
        what, advice = _REFUSED[suffix]
        raise ReadError(f"{name}: {what}, whose markup is not supported. {advice}, and add that.")
    if by_suffix in _PACKED or suffix == ".xml":
        raise ReadError(
            f"{name}: has the suffix {suffix} but another format. Save it again with the program that created it."
        )
    return by_suffix


def _refuse_binary(name: str, content: bytes) -> None:
    """Raise ReadError for binary files of formats that no reader has."""
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise ReadError(f"{name}: protected by a password. Save it without one and add that.")
        raise ReadError(f"{name}: an Office file in the old format. Save it as DOCX or XLSX and add that.")
    for magic, what in _FOREIGN.items():
        if content.startswith(magic):
            raise ReadError(f"{name}: {what}, which is not supported. Save its text as plain text, DOCX or HTML.")


def _is_subtitles(head: str) -> bool:
    from align.readers.subtitles import sniff

    return sniff(head.removeprefix("\ufeff"))


def _xml_reader(name: str, head: str) -> str | None:
    """The reader of an XML file; None if it is none. Raises ReadError for one whose markup no reader understands."""
    head = head.removeprefix("\ufeff")
    suffix = PurePath(inner_name(name)).suffix.lower()
    is_declared = head.lstrip()[:9].lower().startswith(("<?xml", "<!doctype"))
    match = _XML.match(head) if is_declared or suffix in _XML_SUFFIXES else None
    if match is None:
        return None
    root = match["root"].lower()
    if root == "root" and (suffix in (".resx", ".resw") or "<resheader" in head):
        return "software_strings"
    if root == "document" and "urn:oasis:names:tc:opendocument" in head:
        return "opendocument"
    if root in _XML_READERS:
        return _XML_READERS[root]
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
        relations = part(name, archive, "_rels/.rels") if "_rels/.rels" in names else b""
    if b"purl.oclc.org/ooxml" in relations:
        raise ReadError(
            f"{name}: in the Strict variant of Office Open XML, which is not supported. Save it as an ordinary DOCX, "
            "XLSX or PPTX file (without Strict) and add that."
        )
    if any(path.startswith("word/document") and path.endswith(".xml") for path in names):
        return "docx"
    if "xl/workbook.xml" in names:
        return "tables"
    if mimetype.startswith(b"application/epub"):
        return "epub"
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        return "opendocument"
    if "ppt/presentation.xml" in names:
        return "powerpoint"
    for path, what, advice in _PACKED_NAMES:
        if path in names:
            raise ReadError(f"{name}: {what}, which is not supported. {advice} and add that.")
    if "META-INF/container.xml" in names:
        return "epub"
    raise ReadError(f"{name}: an archive of other files. Unpack it and add the folder.")
