"""JSON Lines: one link per line, with offsets into the documents; the stable interface for scripts.

A line is assembled from strings that the C encoder of `json` quotes, in a third of the time of encoding a dictionary;
a property test checks that `json.loads` restores every value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import IO, Any

from align.errors import ReadError
from align.exchange.charsets import SURROGATE
from align.exchange.link_stamp import stamp_of
from align.exchange.types import (
    Context,
    ExportOptions,
    ImportedUnit,
    Segment,
    Unit,
    parse_id,
    parse_kind,
    parse_status,
)
from align.models import Block, LinkSide


def utf8(text: str) -> bytes:
    """JSON as UTF-8, lone surrogates as escape sequences."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def side_json(side: LinkSide, context: Context | None = None) -> str:
    """A side: `doc`, `lang`, `text`, `spans`; `original` where a reviewer changed the text."""
    spans = ", ".join([f"[{start}, {end}]" for start, end in side.spans])
    extra = "" if side.original is None else f', "original": {quoted(side.original)}'
    if context is not None:
        before, after = (", ".join(map(quoted, texts)) for texts in context)
        extra += f', "before": [{before}], "after": [{after}]'
    return (
        f'{{"doc": {quoted(side.doc)}, "lang": {quoted(side.lang)}, "text": {quoted(side.text)}, '
        f'"spans": [{spans}]{extra}}}'
    )


def unit_json(unit: Unit) -> str:
    """A link. An unpaired sentence has `id`, `kind` and `status` null and one empty side."""
    link = unit.link
    is_link = link.id > 0
    src_context, tgt_context = unit.context or (None, None)
    extra = ""
    if link.reviewer is not None:
        extra += f', "reviewer": {quoted(link.reviewer)}'
    if link.decided_at is not None:
        extra += f', "decided_at": {quoted(link.decided_at)}'
    if link.note:
        extra += f', "note": {quoted(link.note)}'
    if is_link:
        extra += f', "version": {link.version}, "stamp": "{stamp_of(link)}"'
    kind, status = (f'"{link.kind}"', f'"{link.status}"') if is_link else ("null", "null")
    return (
        f'{{"id": {link.id if is_link else "null"}, "kind": {kind}, "score": {link.score!r}, '
        f'"confidence": {link.confidence!r}, "status": {status}, "encoder": {quoted(link.encoder)}, '
        f'"src": {side_json(link.src, src_context)}, "tgt": {side_json(link.tgt, tgt_context)}{extra}}}'
    )


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write one line per link."""
    for unit in units:
        file.write(utf8(unit_json(unit) + "\n"))


def write_blocks(blocks: Iterable[tuple[str, Block]], file: IO[bytes]) -> int:
    """Write one line per block: `doc`, `start`, `end`, `kind`, `lang`, `lang_confidence`. Returns their number."""
    count = 0
    for doc, block in blocks:
        file.write(
            utf8(
                f'{{"doc": {quoted(doc)}, "start": {block.span.start}, "end": {block.span.end}, '
                f'"kind": "{block.kind}", "lang": {quoted(block.lang)}, '
                f'"lang_confidence": {float(block.lang_confidence)!r}}}\n'
            )
        )
        count += 1
    return count


def read(path: Path) -> Iterator[ImportedUnit]:
    """The links of the file. Raises ReadError with the line of one that lacks a required key."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield _unit(json.loads(line), f"line {number}")
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise ReadError(
                    f"{path}:{number}: not a link as `align export --to jsonl` writes it ({error})."
                ) from error


def _unit(record: dict[str, Any], where: str) -> ImportedUnit:
    src, tgt = record["src"], record["tgt"]
    for side in (src, tgt):
        if not isinstance(side["text"], str) or not isinstance(side["lang"], str):
            raise TypeError("text and lang are strings")
    note, stamp = record.get("note", "" if "stamp" in record else None), record.get("stamp")
    if not isinstance(note, str | None) or not isinstance(stamp, str | None):
        raise TypeError("note and stamp are strings")
    return ImportedUnit(
        where,
        (Segment(src["lang"], src["text"]), Segment(tgt["lang"], tgt["text"])),
        parse_id(str(record.get("id"))),
        parse_status(record.get("status")),
        parse_kind(record.get("kind")),
        note,
        stamp,
        docs=(str(src.get("doc", "")), str(tgt.get("doc", ""))),
        spans=tuple(" ".join(f"{start}:{end}" for start, end in side.get("spans") or ()) for side in (src, tgt)),
    )
