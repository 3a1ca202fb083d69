"""From links to what a writer is given, and from there into place: the one way to write any format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from align.domain import Link, LinkSide
from align.errors import UsageError
from align.exchange.context import Partnered, Surroundings, alone_links, deduped, in_blocks
from align.exchange.export_target import STDOUT, written_file, written_folder
from align.exchange.filter import oriented, sifted
from align.exchange.formats import Format
from align.exchange.group_by import together
from align.exchange.html import section_key
from align.exchange.multilingual_units import joined
from align.exchange.source import Source
from align.exchange.types import PROVE_BELOW, ExportOptions, ExportReport, Unit
from align.exchange.verify import Ledger, prove


@dataclass(frozen=True, slots=True)
class Job:
    """One export: what to write as what, and how."""

    known: Format
    options: ExportOptions
    report: ExportReport
    source: Source | None = None

    def needs_store(self) -> str | None:
        """The option that asks for more than links where there is no store to ask."""
        asked = {
            "--context": self.options.context > 0,
            "--multilingual": self.options.multilingual,
            "--level block": self.options.level == "block",
        }
        return next((flag for flag, on in asked.items() if on), None) if self.source is None else None


def units_of(links: Iterable[Link], job: Job) -> Iterator[Unit]:
    """What the writer of a format is given: sifted, turned, joined, with what it can carry, counted."""
    units = _gathered(links, job)
    if job.options.dedupe:
        units = deduped(units, job.report)
    if job.options.context and job.source is not None:
        surroundings = Surroundings(job.source, job.options.context)
        units = (
            unit._replace(context=(surroundings.around(unit.link.src), surroundings.around(unit.link.tgt)))
            for unit in units
        )
    fit = _fitter(job)
    for unit in units:
        job.report.units += 1
        yield fit(unit)


def _gathered(links: Iterable[Link], job: Job) -> Iterator[Unit]:
    options, known, source, report = job.options, job.known, job.source, job.report
    if source is None:
        for link in sifted(links, known, options, report):
            yield Unit(link)
        return
    partnered = Partnered() if options.with_nulls and known.nulls else None
    if options.level == "block":
        links = in_blocks(links, source)
    kept = sifted(links, known, options, report)
    if options.multilingual and known.multilingual:
        again = sifted(source.links(), known, options, ExportReport(None, known.name))
        yield from joined(kept, source, again)
        return
    for link in kept:
        if partnered is not None:
            partnered.note(link)
        yield Unit(link)
    if partnered is not None:
        for link in alone_links(source, partnered):
            way = oriented(link, options.src, options.tgt) if options.src or options.tgt else link
            if way is not None:
                yield Unit(way)


def _fitter(job: Job) -> Callable[[Unit], Unit]:
    """A function that gives a unit the texts and notes that the format can carry, and the consumer's language tags."""
    carry, warnings = job.known.carry, job.report.warnings
    carry_note = job.known.carry_note or carry
    tags = {ours.lower(): theirs for ours, theirs in job.options.lang_map.items()}

    def fit(side: LinkSide) -> LinkSide:
        text, warning = carry(side.text)
        if warning is not None:
            warnings[warning] += 1
        lang = tags.get(side.lang.lower(), side.lang) if tags else side.lang
        return side if text is side.text and lang is side.lang else replace(side, text=text, lang=lang)

    def fit_unit(unit: Unit) -> Unit:
        link = unit.link
        src, tgt = fit(link.src), fit(link.tgt)
        note = link.note
        if note:
            note, warning = carry_note(note)
            if warning is not None:
                warnings[warning] += 1
        if src is not link.src or tgt is not link.tgt or note is not link.note:
            unit = unit._replace(link=replace(link, src=src, tgt=tgt, note=note))
        if unit.more:
            more = tuple(fit(side) for side in unit.more)
            sides = (*unit.sides[:2], *more)
            others = tuple((replace(o, src=sides[s], tgt=sides[t]), s, t) for o, s, t in unit.others)
            unit = unit._replace(more=more, others=others)
        return unit

    return fit_unit


def write(links: Iterable[Link], file: IO[bytes], known: Format, options: ExportOptions, report: ExportReport) -> None:
    """Write links to an open binary file."""
    known.module().write(units_of(links, Job(known, options, report)), file, options)


def write_to(
    links: Iterable[Link], out: Path, known: Format, options: ExportOptions, source: Source | None = None
) -> ExportReport:
    """Write links to `out` (`-` is standard output), prove them, and only then move them into place."""
    report = ExportReport(None if out == STDOUT else out, known.name)
    job = Job(known, options, report, source)
    missing = job.needs_store()
    if missing:
        raise UsageError(f"{missing} needs a store: add the texts and export from there.")
    _warn_of_what_is_not_said(job)
    if known.shape == "file":
        _write_file(links, out, job)
    else:
        _write_folder(links, out, job)
    return report


def _warn_of_what_is_not_said(job: Job) -> None:
    options, known = job.options, job.known
    for asked, able, what in (
        (options.context > 0, known.context, "--context: it has no place for what stands around a sentence"),
        (options.with_nulls, known.nulls, "--with-nulls: it cannot say that a sentence has no partner"),
        (options.multilingual, known.multilingual, "--multilingual: a unit holds two languages there"),
    ):
        if asked and not able:
            job.report.warnings[f"{known.name} ignores {what}"] += 1


def _write_file(links: Iterable[Link], out: Path, job: Job) -> None:
    with written_file(out, force=job.options.force) as file, Ledger(job.known) as ledger:
        provable = out != STDOUT and job.options.prove is not False and file.seekable()
        units = units_of(links, job)
        if job.known.whole_texts:
            units = together(units, section_key)
        units = ledger.kept(units) if provable else units
        if job.known.whole_texts:
            job.known.module().write(units, file, job.options, job.source)
        else:
            job.known.module().write(units, file, job.options)
        if provable and (job.options.prove or job.report.units < PROVE_BELOW):
            file.flush()
            job.report.proof = prove(Path(file.name), out, job.known, ledger, all_readers=job.options.prove is True)


def _write_folder(links: Iterable[Link], out: Path, job: Job) -> None:
    if out == STDOUT:
        raise UsageError(f"--to {job.known.name}: writes several files, so it needs a name, not -.")
    whole = job.known.shape == "folder"
    stem = out.name.removesuffix(".moses")
    with written_folder(out, whole=whole, force=job.options.force) as folder, Ledger(job.known) as ledger:
        units = units_of(links, job)
        provable = job.options.prove is not False
        job.known.module().write(ledger.kept(units) if provable else units, folder, stem, job.options)
        if provable and (job.options.prove or job.report.units < PROVE_BELOW):
            job.report.proof = prove(folder, out, job.known, ledger, all_readers=job.options.prove is True)
