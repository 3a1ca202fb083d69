"""JSON Lines of links."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told


def rows(path: Path) -> Iterator[Row]:
    """A link a line. Raises ReadError with the line where one is not what we write."""
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield _row(json.loads(line), f"line {number}")
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                raise ReadError(
                    f"{path}:{number}: not a link as `align export --to jsonl` writes it ({error})."
                ) from error


def _row(record: dict[str, Any], where: str) -> Row:
    src, tgt = record["src"], record["tgt"]
    for side in (src, tgt):
        if not isinstance(side["text"], str) or not isinstance(side["lang"], str):
            raise TypeError("text and lang are strings")
    note, stamp = record.get("note", "" if "stamp" in record else None), record.get("stamp")
    if not isinstance(note, str | None) or not isinstance(stamp, str | None):
        raise TypeError("note and stamp are strings")
    return Row(
        where,
        (Told(src["lang"], src["text"]), Told(tgt["lang"], tgt["text"])),
        said.number(str(record.get("id"))),
        said.status(record.get("status")),
        said.kind(record.get("kind")),
        note,
        stamp,
        docs=(str(src.get("doc", "")), str(tgt.get("doc", ""))),
        spans=tuple(" ".join(f"{start}:{end}" for start, end in side.get("spans") or ()) for side in (src, tgt)),
    )
