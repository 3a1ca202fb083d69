"""Draw crossing links between two columns of lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8
GLYPHS = " ╴╶─╵┘└┴╷┐┌┬│┤├┼"
"""Box-drawing character by the sum of the arms in a cell: LEFT + RIGHT + UP + DOWN."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One link: its visible rows on each side, and the direction of a side that is not visible."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    off_screen: int = 0
    """Direction of the side that is off the screen: -1 above, 1 below; 0 if both are visible."""

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row of the link."""
        both = (*self.left, *self.right)
        return min(both), max(both)

    @property
    def straight(self) -> bool:
        """Whether it links one row to the same row."""
        return self.left == self.right and len(self.left) == 1


@dataclass(frozen=True, slots=True)
class GutterCell:
    """Glyph of a cell, and index of the wire that drew it last (None if empty)."""

    glyph: str = " "
    wire: int | None = None


def wire_columns(wires: Sequence[Wire], width: int) -> dict[int, int]:
    """Column of the vertical part of each wire: wires that overlap get different columns, short wires first.

    If there are more than fit, they share the last column.
    """
    occupied: list[list[tuple[int, int]]] = [[] for _ in range(max(1, width - 2))]
    columns: dict[int, int] = {}
    bent = [n for n, wire in enumerate(wires) if not wire.off_screen and not wire.straight]
    for number in sorted(bent, key=lambda n: (wires[n].rows[1] - wires[n].rows[0], wires[n].rows)):
        low, high = wires[number].rows
        # From the middle outwards, so that bends look symmetric.
        middle = len(occupied) // 2
        for column in sorted(range(len(occupied)), key=lambda c: (abs(c - middle), c)):
            if all(high < a or b < low for a, b in occupied[column]):
                break
        else:
            column = len(occupied) - 1
        occupied[column].append((low, high))
        columns[number] = column + 1
    return columns


def draw(wires: Sequence[Wire], height: int, width: int) -> list[list[GutterCell]]:
    """`height` rows of `width` cells. Later wires are drawn over earlier ones."""
    arms = [[0] * width for _ in range(height)]
    owner: list[list[int | None]] = [[None] * width for _ in range(height)]
    glyphs: dict[tuple[int, int], str] = {}
    columns = wire_columns(wires, width)

    def draw_arm(row: int, column: int, arm: int, wire: int) -> None:
        if 0 <= row < height:
            arms[row][column] |= arm
            owner[row][column] = wire

    def across(row: int, first: int, last: int, wire: int) -> None:
        for column in range(first, last + 1):
            # At the edges the line continues to the text.
            arm = LEFT if column > first or first == 0 else 0
            arm |= RIGHT if column < last or last == width - 1 else 0
            draw_arm(row, column, arm, wire)

    for number, wire in enumerate(wires):
        if wire.off_screen:
            arrow = "↑" if wire.off_screen < 0 else "↓"
            for row in wire.left:
                across(row, 0, 0, number)
                glyphs[row, 1] = arrow
                draw_arm(row, 1, 0, number)
            for row in wire.right:
                across(row, width - 1, width - 1, number)
                glyphs[row, width - 2] = arrow
                draw_arm(row, width - 2, 0, number)
        elif wire.straight:
            across(wire.left[0], 0, width - 1, number)
        else:
            column = columns[number]
            low, high = wire.rows
            for row in wire.left:
                across(row, 0, column, number)
            for row in wire.right:
                across(row, column, width - 1, number)
            for row in range(low, high + 1):
                draw_arm(row, column, (UP if row > low else 0) | (DOWN if row < high else 0), number)
    return [
        [GutterCell(glyphs.get((y, x), GLYPHS[arms[y][x]]), owner[y][x]) for x in range(width)] for y in range(height)
    ]
