"""JSON Lines: one link a line, with offsets into the documents; the contract that scripts rely on.

A line is put together from strings that the json module's own C encoder quotes: a third of the time of encoding a
dictionary, and the law that `json.loads` gives every value back holds for it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from json.encoder import encode_basestring as quoted
from typing import IO

from align.domain import Block, LinkSide
from align.exchange.charsets import SURROGATE
from align.exchange.link_stamp import stamp_of
from align.exchange.types import Context, ExportOptions, Unit


def utf8(text: str) -> bytes:
    """JSON as UTF-8. Lone surrogates are escaped, so that every string comes back."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode()


def side_json(side: LinkSide, around: Context | None = None) -> str:
    """A side: `doc`, `lang`, `text`, `spans`; `original` where a reviewer changed the text."""
    spans = ", ".join([f"[{start}, {end}]" for start, end in side.spans])
    extra = "" if side.original is None else f', "original": {quoted(side.original)}'
    if around is not None:
        before, after = (", ".join(map(quoted, texts)) for texts in around)
        extra += f', "before": [{before}], "after": [{after}]'
    return (
        f'{{"doc": {quoted(side.doc)}, "lang": {quoted(side.lang)}, "text": {quoted(side.text)}, '
        f'"spans": [{spans}]{extra}}}'
    )


def unit_json(unit: Unit) -> str:
    """A link. One without a partner has `id`, `kind` and `status` null and an empty side."""
    link = unit.link
    said = link.id > 0
    src_around, tgt_around = unit.context or (None, None)
    extra = ""
    if link.reviewer is not None:
        extra += f', "reviewer": {quoted(link.reviewer)}'
    if link.decided_at is not None:
        extra += f', "decided_at": {quoted(link.decided_at)}'
    if link.note:
        extra += f', "note": {quoted(link.note)}'
    if said:
        extra += f', "version": {link.version}, "stamp": "{stamp_of(link)}"'
    kind, status = (f'"{link.kind}"', f'"{link.status}"') if said else ("null", "null")
    return (
        f'{{"id": {link.id if said else "null"}, "kind": {kind}, "score": {link.score!r}, '
        f'"confidence": {link.confidence!r}, "status": {status}, "encoder": {quoted(link.encoder)}, '
        f'"src": {side_json(link.src, src_around)}, "tgt": {side_json(link.tgt, tgt_around)}{extra}}}'
    )


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write a line a link."""
    for unit in units:
        file.write(utf8(unit_json(unit) + "\n"))


def write_blocks(blocks: Iterable[tuple[str, Block]], file: IO[bytes]) -> int:
    """Write a line a block: `doc`, `start`, `end`, `kind`, `lang`, `lang_confidence`. Returns how many."""
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
