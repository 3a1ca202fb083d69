"""What a link was when it was exported, in 38 characters: the base of the three-way comparison on import.

A stamp holds the link's version, where its sides stand in their documents, and a checksum of each thing that can be
edited elsewhere. With it, an import knows what was changed in the file, what was changed in the store since, and
whether the id still means the same link, without another copy of the texts.
"""

from __future__ import annotations

import binascii
import struct
from typing import NamedTuple
from zlib import crc32

from align.domain import Link, LinkKind, Span, Status

_PACKED = struct.Struct(">IIIIIIBB")
_PREFIX = "s1"
_LENGTH = len(_PREFIX) + 36
_STATUSES = tuple(Status)
_KINDS = tuple(LinkKind)
_STATUS_NUMBERS = {status: number for number, status in enumerate(_STATUSES)}
_KIND_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}


class Stamp(NamedTuple):
    """A link as it was exported. Checksums are CRC-32."""

    version: int
    """0: no link, but all links of a block."""
    src_place: int
    tgt_place: int
    src: int
    tgt: int
    note: int
    status: Status
    kind: LinkKind


def checksum(text: str) -> int:
    """CRC-32 of a text, lone surrogates included."""
    try:
        return crc32(text.encode())
    except UnicodeEncodeError:
        return crc32(text.encode("utf-8", "surrogatepass"))


def place(doc: str, spans: tuple[Span, ...]) -> int:
    """CRC-32 of where a side stands: its document's name and its spans."""
    numbers = ",".join([f"{start}:{end}" for start, end in spans])
    return checksum(f"{doc}\0{numbers}")


def place_told(doc: str, spans: str) -> int:
    """The same of spans as a file tells them: `12:40 52:60`."""
    return checksum(f"{doc}\0{spans.replace(' ', ',')}")


def stamp_of(link: Link) -> str:
    """The stamp of a link, as the format carries it."""
    src, tgt = link.src, link.tgt
    packed = _PACKED.pack(
        link.version & 0xFFFFFFFF,
        place(src.doc, src.spans),
        place(tgt.doc, tgt.spans),
        checksum(src.text),
        checksum(tgt.text),
        checksum(link.note) if link.note else 0,
        _STATUS_NUMBERS[link.status],
        _KIND_NUMBERS[link.kind],
    )
    return _PREFIX + binascii.b2a_base64(packed, newline=False).decode().replace("+", "-").replace("/", "_")


def read_stamp(text: str | None) -> Stamp | None:
    """The stamp that was written; None where there is none or it was damaged."""
    if not text or len(text) != _LENGTH or not text.startswith(_PREFIX) or not text.isascii():
        return None
    try:
        packed = binascii.a2b_base64(text[len(_PREFIX) :].replace("-", "+").replace("_", "/"))
        version, src_place, tgt_place, src, tgt, note, status, kind = _PACKED.unpack(packed)
        return Stamp(version, src_place, tgt_place, src, tgt, note, _STATUSES[status], _KINDS[kind])
    except (binascii.Error, struct.error, IndexError):
        return None
