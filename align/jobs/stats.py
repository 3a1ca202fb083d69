"""Small plots of characters. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

EIGHTHS = " ▏▎▍▌▋▊▉█"
COLUMNS = " ▁▂▃▄▅▆▇█"
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of each dot of a braille cell: four rows of two."""


def bar(share: float, width: int) -> str:
    """A bar of `width` cells, to an eighth of a cell; a share above 0 is never empty, one below 1 never full."""
    whole = width * 8
    eighths = round(min(max(share, 0.0), 1.0) * whole)
    if share > 0:
        eighths = max(eighths, 1)
    if share < 1:
        eighths = min(eighths, whole - 1)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def columns(counts: Sequence[int]) -> str:
    """A histogram, one character per count; counts above 0 are always visible."""
    highest = max(counts, default=0)
    return "".join(COLUMNS[max(1, round(8 * count / highest))] if count else " " for count in counts)


def dot_map(points: Iterable[tuple[float, float]], width: int, height: int) -> list[str]:
    """Points of the unit square (across, down) as `height` lines of `width` braille cells."""
    cells = [[0] * width for _ in range(height)]
    for across, down in points:
        column = min(int(across * width * 2), width * 2 - 1)
        row = min(int(down * height * 4), height * 4 - 1)
        cells[row // 4][column // 2] |= DOTS[row % 4][column % 2]
    return ["".join(chr(BRAILLE + cell) for cell in line) for line in cells]
