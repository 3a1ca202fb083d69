"""Bulk alignment: thousands of document pairs through readers, encoder, solver and writers, in many processes.

The doubtful part of a run can be imported into a store: both documents, and the doubtful links as proposals.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from align.bulk.database import RunDatabase
from align.bulk.job import BulkJob, OnProgress, OpenPool, open_job_database, readable_files, run_pending
from align.bulk.manifest import is_manifest, plan_batches, read_manifest, weigh_by_size, write_manifest
from align.bulk.pair_documents import PAIRS_FILE, UNPAIRED_FILE, FilenamePairs, match, pair_by_name
from align.bulk.run_state import summary
from align.bulk.shards import SEVERAL, JsonLines, Shards, WriteShard, write_lines
from align.bulk.supervisor import DATABASE_FILE, DOCUMENTS, FAILED_FILE, output_folder
from align.bulk.types import PairEntry
from align.bulk.worker import WorkSpec
from align.bulk.workers_local import LocalPool
from align.errors import AlignError, TextLossError, UsageError, require_extra
from align.exchange.export import compress, write_links
from align.exchange.formats import FORMATS, export_format
from align.exchange.types import ExportOptions
from align.inputs import inner_name
from align.models import Link, LinkKind, LinkSide, Proposal, Span, Status
from align.readers import read
from align.settings import default_reviewer, load_settings
from align.store import SentenceRow, Store, open_store
from align.text.segment import resegment
from align.text.tags import primary
from align.workspace.add import read_content
from align.workspace.document_lookup import language_tag_or_none
from align.workspace.pair import UNRELATED


def into_store(write: WriteShard, db: Path, work: WorkSpec, below: float, refused: Callable[[str], None]) -> WriteShard:
    """A shard writer that also proposes links below the confidence `below` in the store at `db`.

    Document pairs without doubtful links are left out, and so are those with a text that would remove confirmed
    links of its document; `refused` gets the reason. Repeating a shard after a kill changes nothing further.
    """

    def both(lines: JsonLines, path: Path) -> None:
        doubtful: list[bytes] = []
        write(_collect_doubtful(lines, below, doubtful), path)
        if doubtful:
            with open_store(db) as store:
                propose_links(store, doubtful, work, refused)

    return both


def _collect_doubtful(lines: JsonLines, below: float, doubtful: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if next(links_of([line])).confidence < below:
            doubtful.append(line)
        yield line


def propose_links(store: Store, lines: list[bytes], work: WorkSpec, refused: Callable[[str], None]) -> None:
    """Add the documents of the links, and propose the links."""
    reviewer = load_settings().reviewer or default_reviewer()
    for _, group in groupby(links_of(lines), key=lambda link: (link.src.doc, link.tgt.doc)):
        links = list(group)
        src, tgt = links[0].src, links[0].tgt
        try:
            ends = [add_side_document(store, side, work, reviewer) for side in (src, tgt)]
        except TextLossError as error:
            refused(str(error))
            continue
        proposals = [link_proposal for link in links if (link_proposal := proposal_of(link, ends[0][1], ends[1][1]))]
        languages = (primary(src.lang), primary(tgt.lang))
        store.propose(ends[0][0], ends[1][0], proposals, links[0].encoder, languages=languages)


def add_side_document(store: Store, side: LinkSide, work: WorkSpec, reviewer: str) -> tuple[int, list[SentenceRow]]:
    """Read a document and add it to the store; returns its number and its sentences."""
    path = os.path.join(work.folder, side.doc)
    identity = store.identify(path, side.doc)
    document = read(side.doc, read_content(path), encoding=work.encoding, lang=side.lang)
    document = dataclasses.replace(resegment(document, work.segments, lang=side.lang), name=identity.name)
    number = store.add_document(document, reviewer=reviewer, origin=identity.origin).document
    return number, list(store.sentences(number))


def proposal_of(link: Link, src: list[SentenceRow], tgt: list[SentenceRow]) -> Proposal | None:
    """The link with sentence ids of the store; None if a side has none."""
    ends = sentences_in_side(link.src, src), sentences_in_side(link.tgt, tgt)
    if not ends[0] or not ends[1]:
        return None
    return Proposal(ends[0], ends[1], link.kind, link.score, link.confidence)


def sentences_in_side(side: LinkSide, sentences: list[SentenceRow]) -> tuple[int, ...]:
    """Ids of the sentences that begin within the side's spans."""
    starts = [span.start for span in side.spans]
    ids = []
    for sentence in sentences:
        index = bisect_right(starts, sentence.span.start) - 1
        if index >= 0 and sentence.span.start < side.spans[index].end:
            ids.append(sentence.id)
    return tuple(ids)


def links_of(lines: Iterable[bytes]) -> Iterator[Link]:
    """Links from lines of the JSON Lines contract."""
    for line in lines:
        record = json.loads(line)
        yield Link(
            id=record["id"],
            src=side_of(1, record["src"]),
            tgt=side_of(2, record["tgt"]),
            kind=LinkKind(record["kind"]),
            score=record["score"],
            confidence=record["confidence"],
            status=Status(record["status"]),
            encoder=record["encoder"],
        )


def side_of(document: int, record: dict[str, Any]) -> LinkSide:
    """A side of a link from its JSON record."""
    spans = tuple(Span(*span) for span in record["spans"])
    return LinkSide(document, record["doc"], record["lang"], (), record["text"], spans)


DATE_VARIABLE = "SOURCE_DATE_EPOCH"
"""Environment variable for reproducible builds; writers take dates from it."""


def local_pool(count: int, timeout: float | None = None) -> OpenPool:
    """Worker processes on this machine."""
    return lambda work, threads: LocalPool(work, count, threads=threads, timeout=timeout)


def cluster_pool(address: str, timeout: float | None = None) -> OpenPool:
    """The workers of a Dask scheduler. `distributed` is imported only for this."""
    require_extra("distributed")
    from align.bulk.workers_dask import ClusterPool

    return lambda work, threads: ClusterPool(work, address, timeout=timeout)


def bulk(job: BulkJob, open_pool: OpenPool, *, on_progress: OnProgress = lambda progress: None) -> dict[str, Any]:
    """Run the job, or the rest of it, and return its summary (see `summary`).

    Raises UsageError for unsuitable sources, output folder or options. After an interruption, a call with the same
    job continues where it stopped.
    """
    job = replace(job, src=language_tag_or_none(job.src), tgt=language_tag_or_none(job.tgt))
    suffix, write = shard_writer(job.to)
    refused: list[str] = []
    if job.store is not None:
        write = into_store(write, job.store, job.work, job.doubtful_below, refused.append)
    with output_folder(job.out):
        extra: dict[str, Any] = {}
        if job.match:
            extra["matching"] = match(job, open_pool, on_progress)
        is_resumed = (job.out / DATABASE_FILE).exists()
        database = open_job_database(job.out / DATABASE_FILE, job, begin)
        with closing(database), dated(database.load_meta("begun")):
            if is_resumed:
                extra["since"] = changes_since_start(database, job)
            work_spec = replace(job.work, languages=tuple(database.languages()))
            shards = Shards(database, job.out, suffix, write, dedupe=work_spec.filters.dedupe != "off")
            progress = run_pending(database, shards, lambda: open_pool(work_spec, work_spec.threads), on_progress)
            failures = list(database.failed())
            if failures:
                errors = [{"error": error} for _, _, error in failures]
                write_manifest(job.out / FAILED_FILE, [absolute(job, entry) for _, entry, _ in failures], errors)
            judged = list(database.judged())
            columns = [{"links": links, "document_confidence": confidence} for _, links, confidence in judged]
            write_manifest(job.out / DOCUMENTS, [absolute(job, entry) for entry, _, _ in judged], columns)
            return summary(database, progress) | {
                "doubtful": database.doubtful(UNRELATED),
                "alone": database.load_meta("alone"), "repeated": database.load_meta("repeated"),
                "refused": refused,
            } | extra  # fmt: skip


@contextmanager
def dated(seconds: int) -> Iterator[None]:
    """Set the default date (Unix time) that writers use for the block, so that a rewritten shard is identical."""
    before = os.environ.get(DATE_VARIABLE)
    os.environ.setdefault(DATE_VARIABLE, str(seconds))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(DATE_VARIABLE, None)


def absolute(job: BulkJob, entry: PairEntry) -> PairEntry:
    """The entry with absolute file names; unchanged where the texts are in the manifest and the names are no files."""
    if entry.texts is not None:
        return entry
    folder = job.work.folder
    return replace(entry, src=os.path.join(folder, entry.src), tgt=os.path.join(folder, entry.tgt))


def begin(database: RunDatabase, job: BulkJob) -> None:
    """Write the plan of a job into a new database."""
    entries, n_unpaired = entries_of(job)
    repeated = 0

    def unique_entries() -> Iterator[PairEntry]:
        nonlocal repeated
        for entry in entries:
            if database.add_key(pair_key(entry)):
                yield entry
            else:
                repeated += 1

    count = database.plan(plan_batches(unique_entries(), weigh_by_size(Path(job.work.folder)), job.sizes))
    database.forget_keys()
    if not count:
        raise UsageError(f"{job.sources[0]}: names no pair of documents.")
    database.save_meta("order", job.to_dict())
    database.save_meta("alone", n_unpaired)
    database.save_meta("repeated", repeated)
    database.save_meta("begun", int(time.time()))


def changes_since_start(database: RunDatabase, job: BulkJob) -> dict[str, int]:
    """Changes to the sources that the plan does not cover: files modified since the start, and new pairs. Zero new
    pairs where the sources are missing."""
    begun, folder = database.load_meta("begun"), Path(job.work.folder)
    # The start is truncated to the second, and so are the times of files.
    changed = sum(written_after(folder / name, begun + 1) for pair in database.pairs() for name in (pair.src, pair.tgt))
    try:
        n_planned = sum(database.states().values()) + database.load_meta("repeated")
        now = sum(1 for _ in entries_of(job)[0])
    except AlignError:
        return {"changed": changed, "new": 0}
    return {"changed": changed, "new": max(0, now - n_planned)}


def written_after(path: Path, seconds: float) -> bool:
    """Whether the file exists and was modified at that Unix time or later."""
    try:
        return path.stat().st_mtime >= seconds
    except (OSError, ValueError):
        return False


def pair_key(entry: PairEntry) -> int:
    """63 bits of a pair's file names and of its texts in the manifest, to run repeated pairs once."""
    names = [os.path.normpath(name).encode("utf-8", "surrogatepass") for name in (entry.src, entry.tgt)]
    digest = hashlib.blake2b(b"\0".join((*names, *(entry.texts or ()))), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def entries_of(job: BulkJob) -> tuple[Iterable[PairEntry], int]:
    """The pairs of the sources, and the number of files without a partner."""
    if job.match:
        return read_manifest(job.out / PAIRS_FILE, sys.maxsize), sum(
            1 for _ in (job.out / UNPAIRED_FILE).open(encoding="utf-8")
        )
    paths = [Path(source) for source in job.sources]
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder. Check the name.")
    if len(paths) == 1 and not paths[0].is_dir():
        if not is_manifest(paths[0]):
            raise UsageError(f"{paths[0]}: not a manifest (TSV, CSV, JSONL, Parquet) and not a folder.")
        entries = read_manifest(paths[0], job.work.max_size, (job.src, job.tgt))
        return (with_languages(entry, job) for entry in entries), 0
    filename_pairs = pairs_by_filename(job)
    return filename_pairs.pairs, len(filename_pairs.unpaired)


def with_languages(entry: PairEntry, job: BulkJob) -> PairEntry:
    """The entry, with the languages of the job where it has none. Raises UsageError for texts that no store takes."""
    if entry.texts is not None and job.store is not None:
        raise UsageError(f"{job.sources[0]}: --into-store takes documents that are files, not texts inside a manifest.")
    return replace(entry, src_lang=entry.src_lang or job.src, tgt_lang=entry.tgt_lang or job.tgt)


def pairs_by_filename(job: BulkJob) -> FilenamePairs:
    """The pairs in folders. Raises UsageError if there are none."""
    files = readable_files(job)
    filename_pairs = pair_by_name(files, job.src, job.tgt)
    if not filename_pairs.pairs and list(job.sources) == files and len(files) == 2:
        return FilenamePairs((PairEntry(files[0], files[1], job.src, job.tgt),), ())
    if not filename_pairs.pairs:
        raise UsageError(
            f"{job.sources[0]}: no two of {len(files):,} files have the same name and suffix but for a language "
            "(a.en.txt and a.ja.txt, en/a.txt and ja/a.txt). Pair them by content with --match, or write a manifest."
        )
    return filename_pairs


def shard_writer(to: str) -> tuple[str, WriteShard]:
    """The suffix and the writer of shards in a format, compressed for a name such as `tmx.gz`.

    The suffix is `SEVERAL` for a format of several files. Raises UsageError for an unknown or unsuitable format.
    """
    name = inner_name(to)
    packed = to[len(name) :].lower()
    form = export_format(name, Path("part"))
    if form.shape == "folder" or form.complete:
        suitable = ", ".join(other.name for other in FORMATS if other.shape != "folder" and not other.complete)
        raise UsageError(f"--to {to}: is no format of shards. Choose one of: {suitable}.")
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), prove=False, force=True)

    def write(lines: JsonLines, path: Path) -> None:
        if form.name == "jsonl":
            write_lines(lines, path)
        else:
            write_links(links_of(lines), path, form, options)

    def write_packed(lines: JsonLines, path: Path) -> None:
        if form.shape == "files":
            write_links(links_of(lines), path.with_name(path.name + packed), form, options)
            return
        plain = path.with_name(f"{path.name}.plain")
        try:
            write(lines, plain)
            with plain.open("rb") as source, path.open("wb") as target:
                compress(source, target, Path(to))
        finally:
            plain.unlink(missing_ok=True)

    suffix = SEVERAL if form.shape == "files" else form.suffixes[0] + packed
    return suffix, write_packed if packed else write


def folder_of(sources: Sequence[str]) -> Path:
    """The folder that file names are relative to: that of a manifest, else the current one."""
    first = Path(sources[0])
    return first.resolve().parent if len(sources) == 1 and first.is_file() else Path.cwd()
