"""A set of 64-bit digests in at most 16 bytes per entry, to find duplicates among millions of texts."""

from __future__ import annotations

from array import array
from hashlib import blake2b

_FIRST_SLOTS = 1 << 12


def digest64(text: str) -> int:
    """64 bits of BLAKE2b of a text (lone surrogates included), never 0."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1


class DigestSet:
    """Open addressing with linear probing, at most half full. A slot of 0 is free."""

    def __init__(self) -> None:
        self.count = 0
        self._slots = array("Q", bytes(8 * _FIRST_SLOTS))

    def add(self, digest: int) -> bool:
        """Add a digest (not 0). Returns whether it is new."""
        if 2 * self.count >= len(self._slots):
            self._grow()
        new = self._put(digest)
        self.count += new
        return new

    def _put(self, digest: int) -> bool:
        slots = self._slots
        mask = len(slots) - 1
        at = digest & mask
        while slots[at]:
            if slots[at] == digest:
                return False
            at = (at + 1) & mask
        slots[at] = digest
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = array("Q", bytes(8 * 2 * len(old)))
        for digest in old:
            if digest:
                self._put(digest)
