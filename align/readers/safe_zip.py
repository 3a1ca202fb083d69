"""Packed and compressed files, with limits against malicious ones: bombs, XML entities, encrypted archives."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from align.errors import ReadError, require_extra

MAX_UNPACKED = 400 << 20
"""Maximum unpacked bytes of a packed file (DOCX, EPUB, XLSX)."""
MAX_RATIO = 200
"""Maximum ratio of unpacked to packed size, above FREE_BYTES."""
GZIP = b"\x1f\x8b"
ZSTANDARD = b"\x28\xb5\x2f\xfd"
CHUNK = 1 << 20
"""Bytes that are decompressed at once."""
FREE_BYTES = 8 << 20
MAX_ENTRIES = 20_000
PROLOGUE_BYTES = 4096
"""Bytes at the start of an XML file that are searched for entities."""
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)|<\x00!\x00(?:D\x00O|E\x00N)", re.IGNORECASE)


def max_text_size(packed: int) -> int:
    """Maximum bytes or characters from `packed` bytes: many references to one text are a bomb too."""
    return min(MAX_UNPACKED, max(FREE_BYTES, MAX_RATIO * packed))


def check_expansion(name: str, packed: int, size: int) -> None:
    """Raises ReadError where `size` characters are too many for a file of `packed` bytes."""
    if size > max_text_size(packed):
        raise ReadError(
            f"{name}: expands to more than {max_text_size(packed) >> 20:,} MB of text, too much for its size. "
            "If you trust it, save its text as a plain file and add that."
        )


def unpack(name: str, content: bytes) -> zipfile.ZipFile:
    """The archive in `content`, checked before anything is unpacked. Raises ReadError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError, OSError, EOFError) as error:
        raise ReadError(f"{name}: a broken archive ({error}). Save it again with the program that wrote it.") from error
    size = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or size > max_text_size(len(content)):
        raise ReadError(
            f"{name}: unpacks to {size >> 20:,} MB in {len(entries):,} parts, too much for a document. "
            "If you trust it, save its text as a plain file and add that."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise ReadError(f"{name}: protected by a password. Save it without one and add that.")
    return archive


def decompress(name: str, content: bytes) -> bytes:
    """The content of a gzip or Zstandard file, by its first bytes; other content as it is.

    Raises ReadError for a broken one, and one that expands too much.
    """
    if not content.startswith((GZIP, ZSTANDARD)):
        return content
    parts: list[bytes] = []
    size = 0
    try:
        with _stream(content) as file:
            while part := file.read(CHUNK):
                size += len(part)
                check_expansion(name, len(content), size)
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        kind = "gzip" if content.startswith(GZIP) else "Zstandard"
        raise ReadError(f"{name}: a broken {kind} file ({error}). Get it again.") from error
    return b"".join(parts)


def _stream(content: bytes) -> Any:
    """The decompressed content as a binary file."""
    if content.startswith(GZIP):
        return gzip.GzipFile(fileobj=io.BytesIO(content))
    require_extra("pyarrow")
    import pyarrow as pa

    return pa.CompressedInputStream(io.BytesIO(content), "zstd")


def part(name: str, archive: zipfile.ZipFile, path: str, size: int = -1) -> bytes:
    """One part of an archive, or its first `size` bytes. Raises ReadError where it is missing or broken."""
    try:
        with archive.open(path) as file:
            return file.read(size)
    except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        raise ReadError(f"{name}: its part {path} is missing or broken ({error}). Save it again.") from error
    except Exception as error:  # zlib.error, lzma.LZMAError and others have no common base class
        raise ReadError(f"{name}: its part {path} cannot be unpacked ({error}). Save it again.") from error


def xml_parser(*, recover: bool = False, huge_tree: bool = False, own_entities: bool = False) -> Any:
    """An XML parser that resolves no entities, and loads no DTD and nothing from the network.

    recover: continue after errors. huge_tree: no limits on the depth and the length of a text. own_entities: resolve
    those that the file declares with their text.
    """
    from lxml import etree

    resolved: Any = "internal" if own_entities else False  # the stubs know only booleans
    return etree.XMLParser(
        resolve_entities=resolved, no_network=True, load_dtd=False, recover=recover, huge_tree=huge_tree
    )


def parsed(name: str, content: bytes) -> Any:
    """The root of an XML text, without loading anything. Raises ReadError where it is none.

    Entities that it declares itself are replaced, within the limits of libxml2; others are an error, since their text
    would be missing.
    """
    from lxml import etree

    try:
        return etree.fromstring(content, xml_parser(own_entities=True))
    except etree.XMLSyntaxError as error:
        reason = str(error).splitlines()[0][:120]
        raise ReadError(f"{name}: broken XML ({reason}). Open it in its program and save it again.") from error


def no_entities(name: str, archive: zipfile.ZipFile, paths: Iterable[str] | None = None) -> None:
    """Raises ReadError where a part of an Office file declares XML entities, which none needs.

    paths: of the parts; None for every part that is XML by its suffix.
    """
    for path in archive.namelist() if paths is None else paths:
        if path.lower().endswith((".xml", ".rels")) and _ENTITY.search(part(name, archive, path, PROLOGUE_BYTES)):
            raise ReadError(f"{name}: its part {path} declares XML entities, which are never needed. Not read.")


def check_archive(path: Path) -> None:
    """Raise ReadError for a workbook that is too large when unpacked, or declares XML entities.

    The reader of OpenDocument checks its files itself: some of their parts may have a document type.
    """
    with path.open("rb") as file:
        if not file.read(4).startswith(b"PK\x03\x04"):
            return
    with unpack(str(path), path.read_bytes()) as archive:
        if "content.xml" not in archive.namelist():
            no_entities(str(path), archive)
