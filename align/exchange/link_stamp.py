"""The state of a link at export in 38 characters: the base version of the three-way comparison on import.

A stamp holds the link's version, checksums of where its sides are in their documents, and a checksum of each value
that can be edited elsewhere. With it, an import can tell a change in the file from a change in the store, and whether
the id still names the same link, without another copy of the texts.
"""

from __future__ import annotations

import binascii
import struct
from typing import NamedTuple
from zlib import crc32

from align.models import Link, LinkKind, Span, Status

_PACKED = struct.Struct(">IIIIIIBB")
_PREFIX = "s1"
_LENGTH = len(_PREFIX) + 36
_STATUSES = tuple(Status)
_KINDS = tuple(LinkKind)
_STATUS_NUMBERS = {status: number for number, status in enumerate(_STATUSES)}
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


class Stamp(NamedTuple):
    """A link as it was exported. All fields but the last two are integers; checksums are CRC-32."""

    version: int
    """`Link.version`; 0: a unit of whole blocks (`--level block`), not a link."""
    src_location: int
    """Checksum of document name and spans."""
    tgt_location: int
    src: int
    """Checksum of the text."""
    tgt: int
    note: int
    """Checksum of the note, 0 for none."""
    status: Status
    kind: LinkKind


def checksum(text: str) -> int:
    """CRC-32 of a text, lone surrogates included."""
    try:
        return crc32(text.encode())
    except UnicodeEncodeError:
        return crc32(text.encode("utf-8", "surrogatepass"))


def location_crc(doc: str, spans: tuple[Span, ...]) -> int:
    """CRC-32 of a document's name and spans in it."""
    numbers = ",".join([f"{start}:{end}" for start, end in spans])
    return checksum(f"{doc}\0{numbers}")


def written_location_crc(doc: str, spans: str) -> int:
    """`location_crc` of spans as a file has them: `12:40 52:60`."""
    return checksum(f"{doc}\0{spans.replace(' ', ',')}")


def stamp_of(link: Link) -> str:
    """The stamp of a link as files carry it: ASCII, safe in URLs and in every format."""
    src, tgt = link.src, link.tgt
    packed = _PACKED.pack(
        link.version & 0xFFFFFFFF,
        location_crc(src.doc, src.spans),
        location_crc(tgt.doc, tgt.spans),
        checksum(src.text),
        checksum(tgt.text),
        checksum(link.note) if link.note else 0,
        _STATUS_NUMBERS[link.status],
        _KIND_NUMBERS[link.kind],
    )
    return _PREFIX + binascii.b2a_base64(packed, newline=False).decode().replace("+", "-").replace("/", "_")


def read_stamp(text: str | None) -> Stamp | None:
    """The inverse of `stamp_of`; None for a missing or damaged stamp."""
    if not text or len(text) != _LENGTH or not text.startswith(_PREFIX) or not text.isascii():
        return None
    try:
        packed = binascii.a2b_base64(text[len(_PREFIX) :].replace("-", "+").replace("_", "/"))
        version, src_location, tgt_location, src, tgt, note, status, kind = _PACKED.unpack(packed)
        return Stamp(version, src_location, tgt_location, src, tgt, note, _STATUSES[status], _KINDS[kind])
    except (binascii.Error, struct.error, IndexError):
        return None
