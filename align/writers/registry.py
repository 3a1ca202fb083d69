"""The formats there are, and the one way to write any of them. A format's module is imported when it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from align.domain import Link
from align.errors import UsageError
from align.writers import carrying
from align.writers.door import STDOUT, written_file
from align.writers.model import ExportOptions, ExportReport, Unit
from align.writers.sieve import Carry, carried, sifted


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write links."""

    name: str
    """What `--to` calls it."""
    suffixes: tuple[str, ...]
    about: str
    memory: bool
    """Feeds a translation memory: only settled links of `MEMORY_KINDS` unless others are asked for."""
    nulls: bool = False
    """Can say that a sentence has no partner."""
    carry: Carry = carrying.in_unicode

    def module(self) -> Any:
        """The module that writes it."""
        return import_module(f"align.writers.{self.name}")


_FORMATS = (
    Format("jsonl", (".jsonl", ".ndjson"), "a link a line, with offsets", False, True, carrying.anything),
    Format("tsv", (".tsv", ".tab"), "a link a line, columns split by tabs", True, True),
    Format("tmx", (".tmx",), "translation memory exchange 1.4b", True, False, carrying.in_xml),
)


def formats() -> tuple[Format, ...]:
    """The formats of links (`blocks`, which writes no links, is the job's)."""
    return _FORMATS


def find_format(to: str | None, out: Path) -> Format:
    """The format called `to`; else the one of the file's suffix. Raises UsageError where there is none."""
    names = ", ".join(f.name for f in _FORMATS)
    if to:
        for known in _FORMATS:
            if known.name == to.lower():
                return known
        raise UsageError(f"--to {to}: no such format. There are: {names}, blocks.")
    for known in _FORMATS:
        if out.suffix.lower() in known.suffixes:
            return known
    raise UsageError(f"{out}: its suffix names no format. Say which with --to: {names}, blocks.")


def units_of(links: Iterable[Link], known: Format, options: ExportOptions, report: ExportReport) -> Iterator[Unit]:
    """What the writer of a format is given: sifted, turned, with what it can carry, counted."""
    kept = sifted(links, options, report, memory=known.memory, nulls=known.nulls)
    for link in carried(kept, known.carry, options.lang_map, report):
        report.units += 1
        yield Unit(link)


def write(links: Iterable[Link], file: IO[bytes], known: Format, options: ExportOptions, report: ExportReport) -> None:
    """Write links to an open binary file."""
    known.module().write(units_of(links, known, options, report), file)


def write_to(links: Iterable[Link], out: Path, known: Format, options: ExportOptions) -> ExportReport:
    """Write links to `out` (`-` is standard output), all or nothing."""
    report = ExportReport(None if out == STDOUT else out, known.name)
    with written_file(out, force=options.force) as file:
        write(links, file, known, options, report)
    return report
