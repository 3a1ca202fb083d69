"""Choice of the reader for a file: by its first bytes, then by its suffix."""

from __future__ import annotations

import importlib
import re
from pathlib import PurePath
from typing import Protocol, cast

from align.errors import ReadError
from align.models import Document

_BY_SUFFIX = {
    ".txt": "plain", ".text": "plain", ".md": "markdown", ".markdown": "markdown", ".mkd": "markdown", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".docx": "docx", ".epub": "epub", ".pdf": "pdf", ".srt": "subtitles",
    ".vtt": "subtitles", ".csv": "tables", ".tsv": "tables", ".tab": "tables", ".xlsx": "tables",
}  # fmt: skip
_PAGE = re.compile(
    rb"\s*(?:<!--.{0,2000}?-->\s*)*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!doctype\s+html|<html[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""The stream of a password-protected Office file (MS-OFFCRYPTO)."""
_FOREIGN = {
    b"{\\rtf": "RTF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"\x1f\x8b": "gzip",
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
    suffix = PurePath(name).suffix.lower()
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
    if _is_subtitles(text):
        return "subtitles"
    by_suffix = _BY_SUFFIX.get(suffix, "plain")
    if by_suffix in ("docx", "epub", "pdf"):
        raise ReadError(
            f"{name}: has the suffix {suffix} but another format. Save it again with the program that created it."
        )
    return by_suffix


def _is_subtitles(head: str) -> bool:
    from align.readers.subtitles import sniff

    return sniff(head.removeprefix("\ufeff"))


def _packed(name: str, content: bytes) -> str:
    from align.readers.safe_zip import part, unpack

    with unpack(name, content) as archive:
        names = set(archive.namelist())
        mimetype = part(name, archive, "mimetype") if "mimetype" in names else b""
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "tables"
    if mimetype.startswith(b"application/epub") or "META-INF/container.xml" in names:
        return "epub"
    raise ReadError(f"{name}: an archive of other files. Unpack it and add the folder.")
