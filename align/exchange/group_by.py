"""Group a stream of units by a key without holding them in memory: they are spooled to a temporary file."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator

from align.exchange.types import Unit


def document_key(unit: Unit) -> tuple[int, int, str, str, str, str]:
    """Documents and languages of a unit."""
    src, tgt = unit.link.src, unit.link.tgt
    return src.document, tgt.document, src.doc, tgt.doc, src.lang, tgt.lang


def group_by(units: Iterable[Unit], key: Callable[[Unit], Hashable]) -> Iterator[Unit]:
    """The units with equal keys next to each other; keys and units in the order of first appearance.

    Memory: 8 bytes per unit.
    """
    offsets: dict[Hashable, array[int]] = {}
    with tempfile.TemporaryFile() as file:
        for unit in units:
            offsets.setdefault(key(unit), array("Q")).append(file.tell())
            pickle.dump(unit, file, protocol=pickle.HIGHEST_PROTOCOL)
        for group in offsets.values():
            for offset in group:
                file.seek(offset)
                yield pickle.load(file)  # our own bytes, from a file without a name
