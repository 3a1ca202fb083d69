"""Bitext: `source TAB target TAB confidence` lines without a header, as corpus filters and trainers read them.

A tab or line break inside a text becomes a space, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from align.errors import ReadError
from align.exchange.charsets import utf8_text
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit


def write(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write one line per unit."""
    for unit in units:
        link = unit.link
        line = f"{link.src.text}\t{link.tgt.text}\t{link.confidence:.4f}\n"
        file.write(utf8_text(line)[0].encode())


def read(path: Path) -> Iterator[ImportedUnit]:
    """The units of the file, in unnamed languages. Raises ReadError for a line that is not two texts and a number."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) not in (2, 3):
                raise ReadError(f"{path}:{number}: has {len(cells)} columns, not source, target and confidence.")
            yield ImportedUnit(f"line {number}", (Segment("und", cells[0]), Segment("und", cells[1])))
