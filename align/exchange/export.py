"""Export links, or blocks, to files: filter, encode, write, verify, then replace the target."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import gettempdir
from typing import IO, TYPE_CHECKING

from align.atomic_file import part_folder
from align.errors import UsageError, require_extra
from align.exchange.context import LinkedSentences, SentenceContext, null_links
from align.exchange.export_target import STDOUT, written_file, written_folder
from align.exchange.filter import exported_statuses, filter_links, oriented_null, without_duplicates
from align.exchange.formats import BLOCKS, BOOK, Format, export_format, is_packed_name
from align.exchange.group_by import block_links, document_key, group_by, joined_units
from align.exchange.jsonl import write_blocks
from align.exchange.types import VERIFY_BELOW, ExportOptions, ExportReport, Properties, Unit, properties_key
from align.exchange.verify import WrittenUnits, verify
from align.models import CONFIRMED, Block, Link, LinkSide

if TYPE_CHECKING:
    from align.store import Store


def export(
    links: Iterable[Link],
    out: Path,
    to: str | None = None,
    options: ExportOptions | None = None,
    store: Store | None = None,
    texts: Mapping[int, str] | None = None,
) -> ExportReport:
    """Write links to `out` (`-` is standard output) in the format `to` (None: by the suffix).

    `store`: where the links come from, for options that need more than links (context, unpaired sentences, blocks,
    further languages). `texts`: of the documents by number, where there is no store. Raises UsageError for an
    unsuitable format, path or option; ExportError where the disk refuses or the file does not read back as written. In
    each case an existing file is unchanged.
    """
    options = options or ExportOptions()
    form = export_format(to, out, extra=() if store is None else (BLOCKS, BOOK))
    if form.name == "tmx" and not options.encoders:
        options = replace(options, encoders=encoder_versions())
    report = write_links(links, out, form, options, store, texts)
    if report.units == 0:
        report.hint = _why_empty(report, exported_statuses(options, form) == CONFIRMED, options.timed_by)
    elif options.kinds is None and any(reason.startswith("of kind ") for reason in report.left_out):
        report.hint = "Use --kind any to export every kind."
    return report


def export_store(store: Store, out: Path, to: str | None = None, options: ExportOptions | None = None) -> ExportReport:
    """Export a store: its links, with `to="blocks"` the blocks of its documents, or a document as a bilingual book.

    Raises as `export` does, and ReadError for the original of a book.
    """
    if to == BLOCKS:
        return export_blocks(_blocks(store), out, options)
    if to == BOOK or (to is None and out.suffix.lower() == f".{BOOK}"):
        from align.exchange.book import export_book

        return export_book(store, out, options or ExportOptions())
    if options is not None and options.multilingual and options.pivot is not None:
        from align.exchange.row_table import ROW_FORMATS, export_rows

        form = export_format(to, out, extra=(BLOCKS, BOOK))
        if form.name in ROW_FORMATS:
            return export_rows(store, out, form, options)
    return export(store.links(), out, to, options, store)


def export_blocks(blocks: Iterable[tuple[str, Block]], out: Path, options: ExportOptions | None = None) -> ExportReport:
    """Write (document name, block) pairs as JSON Lines. Options of links are ignored, with a warning."""
    options = options or ExportOptions()
    report = ExportReport(None if out == STDOUT else out, BLOCKS)
    defaults = ExportOptions(force=options.force, prove=options.prove)
    for option in fields(options):
        if getattr(options, option.name) != getattr(defaults, option.name):
            report.warnings[f"blocks ignores {_flag(option.name)}: it applies to links"] += 1
    with written_file(out, force=options.force) as file:
        report.units = write_blocks(blocks, file)
    return report


def _flag(option: str) -> str:
    """The command-line flag of a field of `ExportOptions`."""
    return "--" + {"statuses": "status", "kinds": "kind", "documents": "doc"}.get(option, option).replace("_", "-")


def _blocks(store: Store) -> Iterator[tuple[str, Block]]:
    for document in store.documents():
        for block in store.blocks(document.id):
            yield document.name, block


def encoder_versions() -> dict[str, str]:
    """The package and version of each installed encoder, by the encoder's name."""
    from align.embeddings.registry import ENCODERS

    versions: dict[str, str] = {}
    for encoder in ENCODERS:
        try:
            versions[encoder.name] = f"{encoder.package} {version(encoder.package)}"
        except PackageNotFoundError:  # not installed, or a blend, which is not a package
            continue
    return versions


def _why_empty(report: ExportReport, only_confirmed: bool, timed_by: str | None) -> str:
    from align.exchange.bilingual_subtitles import NO_TIMES

    if not report.left_out:
        return "There are no links yet. Find some with `align propose`."
    proposed = report.left_out.get("proposed", 0)
    if only_confirmed and proposed:
        return (
            f"No link was accepted yet, so the file has no units. Accept links with `align review`, "
            f"or export the {proposed:,} proposals with --status any."
        )
    if report.left_out.get(NO_TIMES):
        if timed_by:
            return f"The side that --timed-by names ({timed_by}) is not of subtitles. Leave it out, or add subtitles."
        return "Neither side of the links is of subtitles, so no cue has a time. Add subtitles, or use another format."
    return "Every link was left out. Widen --status, --kind, --min-confidence, --src or --tgt."


@dataclass(frozen=True, slots=True)
class ExportJob:
    """One export: format, options, report and where to get more than links."""

    form: Format
    options: ExportOptions
    report: ExportReport
    store: Store | None = None
    texts: Mapping[int, str] = field(default_factory=dict)
    """Of the documents, where there is no store."""

    def text(self, document: int) -> str:
        """The original text of a document; "" for an unknown one."""
        return self.texts.get(document, "") if self.store is None else self.store.text(document)

    def check_options(self, *, of_document: bool = False) -> None:
        """Warn of options that the format ignores. Raises UsageError for one that needs a store where there is none.

        of_document: the export is a book, or rows: every sentence of one document with its translations.
        """
        options, form = self.options, self.form
        is_book = form.name == BOOK
        needs_store = {
            "--context": options.context > 0,
            "--multilingual": options.multilingual,
            "--level block": options.level == "block",
        }
        flag = next((flag for flag, given in needs_store.items() if given), None)
        if self.store is None and flag:
            raise UsageError(f"{flag} needs a store: add the texts and export from there.")
        for given, supported, what in (
            (options.context > 0, form.context and not of_document, "--context: it has no fields for context"),
            (options.with_nulls and of_document, False, "--with-nulls: it always has the unpaired sentences"),
            (options.with_nulls, form.nulls or of_document, "--with-nulls: it cannot mark unpaired sentences"),
            (options.dedupe, not of_document, "--dedupe: it has each sentence of a document"),
            (options.level == "block", is_book or not of_document, "--level block: its rows are sentences"),
            (
                options.multilingual,
                form.multilingual or of_document,
                "--multilingual: its units have two languages (tsv, xlsx and html have rows with --pivot)",
            ),
            (options.timed_by is not None, form.name in ("srt", "vtt"), "--timed-by: it has no times"),
            (options.layout != "interleaved", is_book, "--layout: it is no book"),
            (options.plain or options.source_file is not None, is_book, "--plain and --source: it is no book"),
        ):
            if given and not supported:
                self.report.warnings[f"{form.name} ignores {what}"] += 1

    @property
    def verifies(self) -> bool:
        """Whether the file is to be read back, by the option and the number of units that were written."""
        return self.options.prove or (self.options.prove is None and self.report.units < VERIFY_BELOW)


def export_units(links: Iterable[Link], job: ExportJob) -> Iterator[Unit]:
    """The units to write: filtered, turned, joined, encoded for the format; the report counts them."""
    units = _units(links, job)
    if job.options.dedupe:
        units = without_duplicates(units, job.report)
    if job.options.context and job.store is not None:
        context = SentenceContext(job.store, job.options.context)
        units = (
            unit._replace(context=(context.around(unit.link.src), context.around(unit.link.tgt))) for unit in units
        )
    if job.form.properties and job.store is not None:
        units = _with_properties(units, job.store)
    encode = _encoder(job)
    for unit in units:
        job.report.units += 1
        yield encode(unit)


def _with_properties(units: Iterable[Unit], store: Store) -> Iterator[Unit]:
    """The units, with the properties of the memory that their links came from."""
    by_document: dict[int, dict[str, Properties]] = {}
    for unit in units:
        for side in (unit.link.src, unit.link.tgt):
            if side.document not in by_document:
                by_document[side.document] = json.loads(store.recall(properties_key(side.document)) or "{}")
            if side.sentences and (properties := by_document[side.document].get(str(side.sentences[0]))):
                unit = unit._replace(properties=list(_by_side(properties, unit)))
                break
        yield unit


def _by_side(properties: Properties, unit: Unit) -> Iterator[Sequence[str]]:
    """The properties of a unit, with the number of the side instead of the language; others are left out."""
    sides = {side.lang: str(number) for number, side in reversed(list(enumerate(unit.sides)))}
    for one in properties:
        if len(one) == 2:
            yield one
        elif one[2] in sides:
            yield one[0], one[1], sides[one[2]]


def _units(links: Iterable[Link], job: ExportJob) -> Iterator[Unit]:
    options, form, store, report = job.options, job.form, job.store, job.report
    if store is None:
        yield from map(Unit, filter_links(links, form, options, report))
        return
    linked = LinkedSentences() if (options.with_nulls or form.complete) and form.nulls else None
    if options.level == "block":
        links = block_links(links, store)
    exported = filter_links(links, form, options, report)
    if options.multilingual and form.multilingual:
        again = filter_links(store.links(), form, options, ExportReport(None, form.name))
        yield from joined_units(exported, store, again)
        return
    for link in exported:
        if linked is not None:
            linked.add(link)
        yield Unit(link)
    if linked is not None:
        for link in null_links(store, linked):
            turned = link if form.complete else oriented_null(link, options)
            if turned is not None:
                yield Unit(turned)


def _counted(units: Iterable[Unit], report: ExportReport) -> Iterator[Unit]:
    """The arranged units; the report counts those that have a link, and the others."""
    count = unpaired = 0
    for unit in units:
        count += unit.link.id > 0
        unpaired += unit.link.id <= 0
        yield unit
    report.units, report.unpaired = count, unpaired


def _encoder(job: ExportJob) -> Callable[[Unit], Unit]:
    """A function that maps the texts, notes and language tags of a unit to those of the format and the consumer."""
    text_rule, warnings = job.form.text_rule, job.report.warnings
    note_rule = job.form.note_rule or text_rule
    tags = {ours.lower(): theirs for ours, theirs in job.options.lang_map.items()}

    def encode_side(side: LinkSide) -> LinkSide:
        text, warning = text_rule(side.text)
        if warning is not None:
            warnings[warning] += 1
        lang = tags.get(side.lang.lower(), side.lang) if tags else side.lang
        return side if text is side.text and lang is side.lang else replace(side, text=text, lang=lang)

    def encode(unit: Unit) -> Unit:
        link = unit.link
        src, tgt = encode_side(link.src), encode_side(link.tgt)
        note = link.note
        if note:
            note, warning = note_rule(note)
            if warning is not None:
                warnings[warning] += 1
        if src is not link.src or tgt is not link.tgt or note is not link.note:
            unit = unit._replace(link=replace(link, src=src, tgt=tgt, note=note))
        if unit.extra_sides:
            extra_sides = tuple(encode_side(side) for side in unit.extra_sides)
            sides = (*unit.sides[:2], *extra_sides)
            extra_links = tuple((replace(link, src=sides[s], tgt=sides[t]), s, t) for link, s, t in unit.extra_links)
            unit = unit._replace(extra_sides=extra_sides, extra_links=extra_links)
        return unit

    return encode


def write_links(
    links: Iterable[Link],
    out: Path,
    form: Format,
    options: ExportOptions,
    store: Store | None = None,
    texts: Mapping[int, str] | None = None,
) -> ExportReport:
    """Write links to `out` (`-` is standard output), verify the file, then replace the target. Raises as `export`."""
    job = ExportJob(form, options, ExportReport(None if out == STDOUT else out, form.name), store, texts or {})
    job.check_options()
    if form.shape == "file" and is_packed_name(out):
        with written_file(out, force=options.force) as file, part_folder(Path(gettempdir())) as folder:
            plain = folder / out.stem
            with plain.open("w+b") as unpacked:
                _write(links, unpacked, out, job, plain)
                unpacked.seek(0)
                compress(unpacked, file, out)
        return job.report
    if form.shape == "file":
        with written_file(out, force=options.force) as file:
            readable = out != STDOUT and stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            _write(links, file, out, job, Path(file.name) if readable else None)
        return job.report
    if out == STDOUT:
        raise UsageError(f"--to {form.name}: writes several files, so it needs a name, not -.")
    with written_folder(out, whole=form.shape == "folder", force=options.force) as folder:
        packed = form.shape == "files" and is_packed_name(out)
        stem = folder / (out.stem if packed else out.name).removesuffix(f".{form.name}")
        _write(links, folder if form.shape == "folder" else stem, out, job, folder)
        if packed:
            compress_files(folder, out)
    return job.report


def compress(source: IO[bytes], target: IO[bytes], out: Path) -> None:
    """Write the content of a file compressed, as the suffix of `out` says: gzip or Zstandard."""
    if out.suffix.lower() == ".zst":
        require_extra("pyarrow")
        import pyarrow as pa

        target.flush()
        copy = os.fdopen(os.dup(target.fileno()), "wb")  # the stream closes it
        with pa.CompressedOutputStream(pa.PythonFile(copy, "w"), "zstd") as packed:
            shutil.copyfileobj(source, packed)
        return
    with gzip.GzipFile("", "wb", fileobj=target, mtime=0) as packed:
        shutil.copyfileobj(source, packed)


def compress_files(folder: Path, out: Path) -> None:
    """Replace each file of a folder by one compressed as the suffix of `out` says."""
    for path in sorted(folder.iterdir()):
        with path.open("rb") as source, path.with_name(path.name + out.suffix).open("wb") as target:
            compress(source, target, out)
        path.unlink()


def _write(links: Iterable[Link], target: IO[bytes] | Path, out: Path, job: ExportJob, path: Path | None) -> None:
    """Write to `target`, then verify what is at `path` (None: it cannot be read back)."""
    form, options = job.form, job.options
    with WrittenUnits(form) as written:
        units = export_units(links, job)
        if form.complete:
            units = _counted(form.arrange(units, job), job.report)
        if form.documents:
            units = group_by(units, document_key)
        if path is not None and options.prove is not False:
            units = written.record(units)
        form.write(units, target, options, job.store)
        if path is not None and job.verifies:
            if not isinstance(target, Path):
                target.flush()
            job.report.verification = verify(path, out, form, written, all_readers=options.prove is True)
