"""Match the pieces of a page with its main text, in time linear in the length of both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from align.text.blocks import width

if TYPE_CHECKING:
    from numpy import bool_, uint32, uint64
    from numpy.typing import NDArray

SHINGLE_CHARACTERS = 12
"""Consecutive letters and digits that two texts share only if one was copied from the other."""
WIDE_SHINGLE_CHARACTERS = 6
"""The same for mostly CJK characters."""
MIN_SHARED_LETTERS = 0.5
"""Minimum share of a piece's letters in such shingles: inline elements may cause small differences."""
_BASE = 0x9E3779B97F4A7C15
"""Odd, so that hashes of shingles do not lose bits of their characters."""


def in_main(main: str, pieces: Sequence[str]) -> list[bool]:
    """Whether each piece is in the main text: most of its letters and digits are in shingles of it.

    Only shingles are compared, not their order. A piece shorter than a shingle has to be in the main text as a
    whole; a piece without a letter or digit counts as in it.
    """
    import numpy as np

    codes = _codes(_bare(main))
    result = np.ones(len(pieces), dtype=bool)
    by_size: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        if bare := _bare(piece):
            size = WIDE_SHINGLE_CHARACTERS if width(bare) > 1.5 * len(bare) else SHINGLE_CHARACTERS
            by_size[min(size, len(bare))].append((index, bare))
    for size, group in by_size.items():
        lengths = np.array([len(bare) for _, bare in group])
        covered = _covered(codes, _codes("".join(bare for _, bare in group)), lengths, size)
        shares = np.add.reduceat(covered, np.cumsum(lengths) - lengths, dtype=np.int64) / lengths
        result[[index for index, _ in group]] = shares >= MIN_SHARED_LETTERS
    return [bool(one) for one in result]


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _codes(text: str) -> NDArray[uint32]:
    import numpy as np

    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _covered(main: NDArray[uint32], joined: NDArray[uint32], lengths: NDArray[uint64], size: int) -> NDArray[bool_]:
    """Which characters of the `joined` pieces are in a shingle of `size` characters that also occurs in the main text.

    lengths (n,): of the pieces, each at least `size`; no shingle spans two pieces.
    """
    import numpy as np

    shared = np.isin(_hashes(joined, size), _hashes(main, size))
    ends = np.cumsum(lengths)[:-1]
    for back in range(1, size):
        shared[ends - back] = False
    steps = np.zeros(len(joined) + 1, dtype=np.int64)
    starts = np.flatnonzero(shared)
    steps[starts] += 1
    steps[starts + size] -= 1
    return np.cumsum(steps)[:-1] > 0


def _hashes(codes: NDArray[uint32], size: int) -> NDArray[uint64]:
    """64-bit hash of each run of `size` characters."""
    import numpy as np

    count = max(0, len(codes) - size + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for at in range(size):
        hashes = hashes * np.uint64(_BASE) + codes[at : at + count]
    return hashes
