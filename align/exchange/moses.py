"""Moses files: `OUT.ja-en.ja` and `OUT.ja-en.en`, a segment per line, and `OUT.ja-en.ids` with their links.

Line n of one file translates line n of the other. A line break inside a segment becomes a space, with a warning.

Bitext: source, target and confidence in the columns of one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from glob import escape
from pathlib import Path
from typing import IO

from align.errors import ReadError
from align.exchange.charsets import utf8_text
from align.exchange.filter import pair_name, tag_name
from align.exchange.link_stamp import stamp_of
from align.exchange.types import ExportOptions, ImportedUnit, Segment, Unit, parse_id


def write(units: Iterable[Unit], stem: Path, options: ExportOptions) -> None:
    """Write the files of every pair of languages; their paths start with `stem`."""
    with ExitStack() as open_files:
        triples: dict[tuple[str, str], list[IO[bytes]]] = {}
        for unit in units:
            link = unit.link
            key = link.src.lang, link.tgt.lang
            if key not in triples:
                base = f"{stem.name}.{pair_name(*key)}"
                ends = [tag_name(lang) for lang in key]
                if ends[0] == ends[1]:  # both sides in one language: the two files still need two names
                    ends = [f"src.{ends[0]}", f"tgt.{ends[1]}"]
                paths = [stem.with_name(f"{base}.{end}") for end in (*ends, "ids")]
                triples[key] = [open_files.enter_context(path.open("wb")) for path in paths]
            src, tgt, ids = triples[key]
            src.write((link.src.text + "\n").encode())
            tgt.write((link.tgt.text + "\n").encode())
            line = f"{link.id}\t{link.src.doc}\t{link.tgt.doc}\t{link.confidence:.4f}\t{stamp_of(link)}"
            ids.write((utf8_text(" ".join(line.splitlines()))[0] + "\n").encode())


def read(folder: Path) -> Iterator[ImportedUnit]:
    """The units of every pair of files in the folder. Raises ReadError where the files of a pair differ in length."""
    for ids in sorted(folder.glob("*.ids")):
        stem = ids.name.removesuffix(".ids")
        ends = sorted(p.name.removeprefix(stem + ".") for p in folder.glob(f"{escape(stem)}.*") if p != ids)
        pair = stem.rpartition(".")[2]
        if len(ends) != 2:
            raise ReadError(f"{ids}: there are {len(ends)} files next to it, not 2.")
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
                for count, (src_line, tgt_line, line) in enumerate(zip(src, tgt, numbers, strict=True), start=1):
                    link, *_, stamp = line.rstrip("\n").split("\t")
                    sides = Segment(langs[0], src_line.rstrip("\n")), Segment(langs[1], tgt_line.rstrip("\n"))
                    yield ImportedUnit(f"{stem} line {count}", sides, parse_id(link), stamp=stamp)
            except ValueError as error:
                raise ReadError(f"{ids}: the files of this pair differ in length.") from error


def write_bitext(units: Iterable[Unit], file: IO[bytes], options: ExportOptions) -> None:
    """Write `source TAB target TAB confidence` lines without a header, as corpus filters and trainers read them."""
    for unit in units:
        link = unit.link
        line = f"{link.src.text}\t{link.tgt.text}\t{link.confidence:.4f}\n"
        file.write(utf8_text(line)[0].encode())


def read_bitext(path: Path) -> Iterator[ImportedUnit]:
    """The units of the file, in unnamed languages. Raises ReadError for a line that is not two texts and a number."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) not in (2, 3):
                raise ReadError(f"{path}:{number}: has {len(cells)} columns, not source, target and confidence.")
            yield ImportedUnit(f"line {number}", (Segment("und", cells[0]), Segment("und", cells[1])))
