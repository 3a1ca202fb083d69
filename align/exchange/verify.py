"""Reading an export back before it counts: another reader than the writer, unit by unit.

While units are written, 8 bytes of each are kept on disk; the reader's rows must give the same 8 bytes in the same
order. TMX is checked against the rules of its DTD too. Where translate-toolkit is installed (the extra `proof`), it
reads TMX, XLIFF and PO as well, and must see the same texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from align.errors import ExportError, ReadError
from align.exchange.digest_set import digest64
from align.exchange.formats import Format
from align.exchange.names import tag_name
from align.exchange.readback.files import reader
from align.exchange.readback.row import Row
from align.exchange.types import Proof, Unit

Pair = tuple[str, str]
_NOTHING: Any = object()

TOOLKIT_READS = 20_000
READERS = {
    "tmx": "lxml with the DTD's rules", "xliff": "lxml", "xliff2": "lxml", "html": "lxml", "xlsx": "openpyxl",
    "parquet": "pyarrow", "datasets": "pyarrow", "csv": "csv", "jsonl": "json",
}  # fmt: skip


class Ledger:
    """What was meant to be written: 8 bytes a unit, in a file for each pair of languages where the format has one."""

    def __init__(self, known: Format) -> None:
        self.known = known
        self.stack = ExitStack()
        self.files: dict[Pair, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def kept(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The units, each noted on its way to the writer."""
        for unit in units:
            link = unit.link
            said = link.id > 0
            facts = self._facts(link.id if said else None, link.status if said else None)
            sides = [(side.lang, side.text) for side in unit.sides]
            self._file(self._key(sides)).write(self._digest(facts, sides))
            yield unit

    def compared(self, rows: Iterable[Row], *, most: int = 3) -> tuple[int, list[str]]:
        """How many rows are what was meant, and the first `most` differences in words."""
        for file in self.files.values():
            file.seek(0)
        same, differences = 0, []
        for row in rows:
            sides = [(told.lang, told.text) for told in row.sides]
            file_of_pair = self.files.get(self._key(sides))
            meant = file_of_pair.read(8) if file_of_pair is not None else b""
            if meant == self._digest(self._facts(row.id, row.status), sides):
                same += 1
            else:
                seen = " / ".join(f"{lang} {text[:40]!r}" for lang, text in sides)
                differences.append(f"{row.where} reads {'otherwise' if meant else 'as one too many'}: {seen}")
                if len(differences) >= most:
                    return same, differences
        missing = sum(len(file.read()) // 8 for file in self.files.values())
        if missing:
            differences.append(f"{missing:,} units are not there")
        return same, differences

    def _facts(self, number: int | None, status: str | None) -> str:
        told = self.known.told
        return f"{number if 'id' in told else ''}\0{status if 'status' in told else ''}"

    def _key(self, sides: list[Pair]) -> Pair:
        """Formats of several files keep the order of each pair of languages only."""
        return ("", "") if self.known.shape == "file" else (tag_name(sides[0][0]), tag_name(sides[1][0]))

    def _file(self, key: Pair) -> IO[bytes]:
        if key not in self.files:
            self.files[key] = self.stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        return self.files[key]

    def _digest(self, facts: str, sides: list[Pair]) -> bytes:
        if self.known.shape != "file":
            sides = [(tag_name(lang), text) for lang, text in sides]
        return digest64("\0".join([facts, *(part for side in sides for part in side)])).to_bytes(8)


def prove(written: Path, out: Path, known: Format, ledger: Ledger, *, all_readers: bool) -> Proof:
    """Read what was written (still beside `out`) and compare. Raises ExportError where it does not read back.

    translate-toolkit holds whole files in memory, so only `all_readers` has it read more than `TOOLKIT_READS` units.
    """
    read = _strict_tmx if known.name == "tmx" else reader(known.name)
    names = [READERS.get(known.name, "our own reader")]
    try:
        same, differences = ledger.compared(read(written))
        if not differences and _toolkit(known.name) and (all_readers or same < TOOLKIT_READS):
            differences = _toolkit_differences(written, known.name, read(written))
            names.append("translate-toolkit")
    except (ReadError, UnicodeDecodeError) as error:
        message = str(error).replace(str(written), str(out))
        raise ExportError(f"{out}: does not read back ({message}). The old file stays; please report this.") from error
    if differences:
        raise ExportError(
            f"{out}: does not read back as it was meant: {'; '.join(differences)}. "
            f"The old file stays; please report this, or write it with --no-prove."
        )
    return Proof(" and ".join(names), same)


def _strict_tmx(path: Path) -> Iterator[Row]:
    from align.exchange.readback.tmx import rows

    return rows(path, strict=True)


def _toolkit(form: str) -> bool:
    """Whether translate-toolkit is there to read the format."""
    from importlib.util import find_spec

    return form in ("tmx", "xliff", "xliff2", "po") and find_spec("translate") is not None


def _toolkit_differences(path: Path, form: str, rows: Iterable[Row]) -> list[str]:
    from align.exchange.readback.toolkit import pairs

    for row, seen in zip_longest(rows, pairs(path, form), fillvalue=_NOTHING):
        if row is _NOTHING or seen is _NOTHING:
            return ["translate-toolkit reads another number of units"]
        if seen is not None and seen != (row.sides[0].text, row.sides[1].text):
            return [f"translate-toolkit reads {row.where} as {seen[0][:40]!r} / {seen[1][:40]!r}"]
    return []
