"""Putting units of one kind together without holding them: they wait on disk, 8 bytes each in memory."""

from __future__ import annotations

import pickle
import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator

from align.exchange.types import Unit


def together(units: Iterable[Unit], key: Callable[[Unit], Hashable]) -> Iterator[Unit]:
    """The units with those of the same key in a row, keys and units in the order in which they came."""
    places: dict[Hashable, array[int]] = {}
    with tempfile.TemporaryFile() as file:
        for unit in units:
            places.setdefault(key(unit), array("Q")).append(file.tell())
            pickle.dump(unit, file, protocol=pickle.HIGHEST_PROTOCOL)
        for offsets in places.values():
            for offset in offsets:
                file.seek(offset)
                yield pickle.load(file)  # our own bytes, from a file that has no name
