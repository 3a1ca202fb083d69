"""JSON Lines: one link a line, with offsets into the documents; the contract that scripts rely on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO, Any

from align.domain import Block, LinkSide
from align.writers.carrying import SURROGATE
from align.writers.model import Unit

_encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def line(record: dict[str, Any]) -> bytes:
    """One record as UTF-8 with its line feed. Lone surrogates are escaped, so that every string comes back."""
    text = _encode(record) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        return SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def side_record(side: LinkSide) -> dict[str, Any]:
    """A side: `doc`, `lang`, `text`, `spans`; `original` where a reviewer changed the text."""
    record: dict[str, Any] = {"doc": side.doc, "lang": side.lang, "text": side.text, "spans": side.spans}
    if side.original is not None:
        record["original"] = side.original
    return record


def write(units: Iterable[Unit], file: IO[bytes]) -> None:
    """Write a line a link."""
    for unit in units:
        link = unit.link
        record: dict[str, Any] = {
            "id": link.id,
            "kind": link.kind,
            "score": link.score,
            "confidence": link.confidence,
            "status": link.status,
            "encoder": link.encoder,
            "src": side_record(link.src),
            "tgt": side_record(link.tgt),
            "version": link.version,
        }
        if link.reviewer is not None:
            record["reviewer"] = link.reviewer
            record["decided_at"] = link.decided_at
        if link.note:
            record["note"] = link.note
        file.write(line(record))


def write_blocks(blocks: Iterable[tuple[str, Block]], file: IO[bytes]) -> int:
    """Write a line a block: `doc`, `start`, `end`, `kind`, `lang`, `lang_confidence`. Returns how many."""
    count = 0
    for doc, block in blocks:
        record = {
            "doc": doc,
            "start": block.span.start,
            "end": block.span.end,
            "kind": block.kind,
            "lang": block.lang,
            "lang_confidence": block.lang_confidence,
        }
        file.write(line(record))
        count += 1
    return count
