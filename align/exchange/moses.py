"""Moses pairs: `OUT.ja-en.ja` and `OUT.ja-en.en`, a segment a line, and `OUT.ja-en.ids` with where each comes from.

Line n of one file translates line n of the other. A line break inside a segment becomes a space (and is warned of).
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from align.exchange.charsets import in_unicode
from align.exchange.link_stamp import stamp_of
from align.exchange.names import pair_name, tag_name
from align.exchange.types import ExportOptions, Unit


def write(units: Iterable[Unit], folder: Path, stem: str, options: ExportOptions) -> None:
    """Write the files of every pair of languages into `folder`, their names starting with `stem`."""
    with ExitStack() as open_files:
        triples: dict[tuple[str, str], list[IO[bytes]]] = {}
        for unit in units:
            link = unit.link
            key = link.src.lang, link.tgt.lang
            if key not in triples:
                base = f"{stem}.{pair_name(*key)}"
                ends = [tag_name(lang) for lang in key]
                if ends[0] == ends[1]:  # one language twice: the two files need two names all the same
                    ends = [f"src.{ends[0]}", f"tgt.{ends[1]}"]
                paths = [folder / f"{base}.{end}" for end in (*ends, "ids")]
                triples[key] = [open_files.enter_context(path.open("wb")) for path in paths]
            src, tgt, ids = triples[key]
            src.write((link.src.text + "\n").encode())
            tgt.write((link.tgt.text + "\n").encode())
            line = f"{link.id}\t{link.src.doc}\t{link.tgt.doc}\t{link.confidence:.4f}\t{stamp_of(link)}"
            ids.write((in_unicode(" ".join(line.splitlines()))[0] + "\n").encode())
