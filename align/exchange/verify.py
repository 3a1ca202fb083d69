"""Verification of exports: a reader that shares no code with the writer reads the file back, unit by unit.

While units are written, a digest of 8 bytes of each goes to a temporary file; the units read back must give the same
digests in the same order. TMX is also checked against its DTD. Where translate-toolkit is installed (the extra
`proof`), it reads TMX, XLIFF and PO as well, and must get the same texts.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from align.errors import ExportError, ReadError
from align.exchange.filter import tag_name
from align.exchange.formats import Format
from align.exchange.group_by import digest64
from align.exchange.types import ImportedUnit, Unit, Verification

LanguagePair = tuple[str, str]

TOOLKIT_UNITS = 20_000
"""Exports of more units are not read with translate-toolkit by default: it holds the whole file in memory."""
MAX_DIFFERENCES = 3
_MISSING: Any = object()


class WrittenUnits:
    """64-bit digests of all units in the order written; per pair of languages for formats with a file for each."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self.stack = ExitStack()
        self.files: dict[LanguagePair, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stack.close()

    def record(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The units, each recorded on its way to the writer."""
        for unit in units:
            link = unit.link
            is_link = link.id > 0
            fields = self._fields(link.id if is_link else None, link.status if is_link else None)
            sides = [(side.lang, side.text) for side in unit.sides]
            self._file(self._key(sides)).write(self._digest(fields, sides))
            yield unit

    def compare(self, units: Iterable[ImportedUnit]) -> tuple[int, list[str]]:
        """Number of units that are as written, and the first `MAX_DIFFERENCES` differences for a message."""
        for file in self.files.values():
            file.seek(0)
        same, differences = 0, []
        for unit in units:
            sides = [(side.lang, side.text) for side in unit.sides]
            file_of_pair = self.files.get(self._key(sides))
            expected = file_of_pair.read(8) if file_of_pair is not None else b""
            if expected == self._digest(self._fields(unit.id, unit.status), sides):
                same += 1
            else:
                texts = " / ".join(f"{lang} {text[:40]!r}" for lang, text in sides)
                differences.append(f"{unit.where} reads {'otherwise' if expected else 'as one too many'}: {texts}")
                if len(differences) >= MAX_DIFFERENCES:
                    return same, differences
        missing = sum(len(file.read()) // 8 for file in self.files.values())
        if missing:
            differences.append(f"{missing:,} units are missing")
        return same, differences

    def _fields(self, number: int | None, status: str | None) -> str:
        fields = self.form.fields
        return f"{number if 'id' in fields else ''}\0{status if 'status' in fields else ''}"

    def _key(self, sides: list[LanguagePair]) -> LanguagePair:
        """Formats of several files preserve only the order within a pair of languages."""
        return ("", "") if self.form.shape == "file" else (tag_name(sides[0][0]), tag_name(sides[1][0]))

    def _file(self, key: LanguagePair) -> IO[bytes]:
        if key not in self.files:
            self.files[key] = self.stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        return self.files[key]

    def _digest(self, fields: str, sides: list[tuple[str, str]]) -> bytes:
        if not self.form.languages:
            sides = [("", text) for _, text in sides]
        if self.form.shape != "file":
            sides = [(tag_name(lang), text) for lang, text in sides]
        return digest64("\0".join([fields, *(part for side in sides for part in side)])).to_bytes(8)


def verify(path: Path, out: Path, form: Format, written: WrittenUnits, *, all_readers: bool) -> Verification:
    """Read a written file and compare. Raises ExportError where it does not read back as it was written.

    `path`: the file before it replaces `out`; messages name `out`. `all_readers`: use translate-toolkit for more than
    `TOOLKIT_UNITS` units too.
    """
    readers = [form.verified_with]
    try:
        same, differences = written.compare(_read(form, path))
        if not differences and form.toolkit and find_spec("translate") and (all_readers or same < TOOLKIT_UNITS):
            differences = _toolkit_differences(path, form, _read(form, path))
            readers.append("translate-toolkit")
    except ReadError as error:
        message = str(error).replace(str(path), str(out))
        raise ExportError(
            f"{out}: does not read back ({message}). Nothing was replaced; please report this."
        ) from error
    if differences:
        raise ExportError(
            f"{out}: does not read back as it was written: {'; '.join(differences)}. "
            f"Nothing was replaced; please report this, or write the file with --no-prove."
        )
    return Verification(" and ".join(readers), same)


def _read(form: Format, path: Path) -> Iterator[ImportedUnit]:
    return form.read(path, "utf-8-sig", strict=True)


def _toolkit_differences(path: Path, form: Format, units: Iterable[ImportedUnit]) -> list[str]:
    for unit, texts in zip_longest(units, _toolkit_texts(path, form), fillvalue=_MISSING):
        if unit is _MISSING or texts is _MISSING:
            return ["translate-toolkit reads another number of units"]
        if texts is not None and texts != (unit.sides[0].text, unit.sides[1].text):
            return [f"translate-toolkit reads {unit.where} as {texts[0][:40]!r} / {texts[1][:40]!r}"]
    return []


def _toolkit_texts(path: Path, form: Format) -> Iterator[tuple[str, str] | None]:
    """Source and target of every unit; None for one that the toolkit cannot represent (`cp` of XLIFF 2)."""
    module, name = form.toolkit or ("", "")
    store: Any = getattr(import_module(module), name)
    with path.open("rb") as file:
        units = store.parsefile(file).units
    for unit in units:
        if form.name == "po" and unit.isheader():
            continue
        if form.name == "xliff2" and next(unit.xmlelement.iter("{*}target"), None) is None:
            continue
        if form.name == "tmx":
            first, second = (unit.getNodeText(unit.getlanguageNode(index=index)) for index in (0, 1))
            yield str(first or ""), str(second or "")
        elif form.name == "xliff2" and next(unit.xmlelement.iter("{*}cp"), None) is not None:
            yield None
        else:
            yield str(unit.source or ""), str(unit.target or "")
