"""Moses pairs beside each other in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from align.errors import ReadError
from align.exchange.readback import row as said
from align.exchange.readback.row import Row, Told


def rows(folder: Path) -> Iterator[Row]:
    """The rows of every pair in the folder. Raises ReadError where the files of a pair differ in length."""
    for ids in sorted(folder.glob("*.ids")):
        stem = ids.name.removesuffix(".ids")
        ends = sorted(p.name.removeprefix(stem + ".") for p in folder.glob(f"{_plain(stem)}.*") if p != ids)
        pair = stem.rpartition(".")[2]
        if len(ends) != 2:
            raise ReadError(f"{ids}: there are {len(ends)} files beside it, not 2.")
        if not pair.startswith(ends[0].removeprefix("src.") + "-") or ends[0].startswith("tgt."):
            ends.reverse()
        langs = [end.removeprefix("src.").removeprefix("tgt.") for end in ends]
        paths = [folder / f"{stem}.{end}" for end in ends]
        with (
            paths[0].open(encoding="utf-8", newline="\n") as src,
            paths[1].open(encoding="utf-8", newline="\n") as tgt,
            ids.open(encoding="utf-8", newline="\n") as numbers,
        ):
            try:
                for count, (one, two, line) in enumerate(zip(src, tgt, numbers, strict=True), start=1):
                    link, *_, stamp = line.rstrip("\n").split("\t")
                    sides = Told(langs[0], one.rstrip("\n")), Told(langs[1], two.rstrip("\n"))
                    yield Row(f"{stem} line {count}", sides, said.number(link), stamp=stamp)
            except ValueError as error:
                raise ReadError(f"{ids}: the files of this pair differ in length.") from error


def _plain(stem: str) -> str:
    """The stem as glob takes it literally."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in stem)
