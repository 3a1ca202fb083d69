"""Bulk alignment: thousands of document pairs through readers, encoder, solver and writers, in many processes."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from align.bulk.finding import Found, pair_by_name
from align.bulk.ledger import Ledger
from align.bulk.local import LocalPool
from align.bulk.manifest import is_manifest, read_manifest, write_manifest
from align.bulk.model import PairEntry
from align.bulk.plan import bytes_of, planned
from align.bulk.run import DOCUMENTS, FAILED, LEDGER, output_folder
from align.bulk.shards import Lines, Shards, WriteShard, write_lines
from align.bulk.standing import summary
from align.domain import LinkKind, Status
from align.errors import AlignError, UsageError
from align.exchange.export import write_links
from align.exchange.formats import FORMATS, export_format
from align.exchange.types import ExportOptions
from align.jobs.bulk_lines import links_of
from align.jobs.bulk_match import ALONE, PAIRS, match
from align.jobs.bulk_order import OpenPool, Order, Tell, files_of, ledger_of, work_off
from align.jobs.bulk_review import into_store
from align.jobs.documents import asked_language
from align.jobs.pair import UNRELATED

DATE = "SOURCE_DATE_EPOCH"
"""Environment variable for reproducible builds; writers take dates from it."""


def local_pool(count: int, timeout: float | None = None) -> OpenPool:
    """Worker processes on this machine."""
    return lambda work, threads: LocalPool(work, count, threads=threads, timeout=timeout)


def cluster_pool(address: str, timeout: float | None = None) -> OpenPool:
    """The workers of a Dask scheduler. `distributed` is imported only for this."""
    from align.bulk.cluster import ClusterPool

    return lambda work, threads: ClusterPool(work, address, timeout=timeout)


def bulk(order: Order, open_pool: OpenPool, *, tell: Tell = lambda standing: None) -> dict[str, Any]:
    """Run the job, or the rest of it, and return its summary (see `summary`).

    Raises UsageError for unsuitable sources, output folder or options. After an interruption, a call with the same
    job continues where it stopped.
    """
    order = replace(order, src=asked_language(order.src), tgt=asked_language(order.tgt))
    suffix, write = shard_writer(order.to)
    refused: list[str] = []
    if order.store is not None:
        write = into_store(write, order.store, order.work, order.doubtful_below, refused.append)
    with output_folder(order.out):
        more: dict[str, Any] = {}
        if order.match:
            more["matching"] = match(order, open_pool, tell)
        gone_on_with = (order.out / LEDGER).exists()
        ledger = ledger_of(order.out / LEDGER, order, begin)
        with closing(ledger), dated(ledger.remembered("begun")):
            if gone_on_with:
                more["since"] = since(ledger, order)
            work = replace(order.work, languages=tuple(ledger.languages()))
            shards = Shards(ledger, order.out, suffix, write, dedupe=work.filters.dedupe != "off")
            standing = work_off(ledger, shards, lambda: open_pool(work, work.threads), tell)
            failures = list(ledger.failed())
            if failures:
                errors = [{"error": error} for _, _, error in failures]
                write_manifest(order.out / FAILED, [absolute(order, entry) for _, entry, _ in failures], errors)
            judged = list(ledger.judged())
            extra = [{"links": links, "document_confidence": confidence} for _, links, confidence in judged]
            write_manifest(order.out / DOCUMENTS, [absolute(order, entry) for entry, _, _ in judged], extra)
            return summary(ledger, standing) | {
                "doubtful": ledger.doubtful(UNRELATED),
                "alone": ledger.remembered("alone"), "repeated": ledger.remembered("repeated"),
                "refused": refused,
            } | more  # fmt: skip


@contextmanager
def dated(seconds: int) -> Iterator[None]:
    """Set the default date (Unix time) that writers use for the block, so that a rewritten shard is identical."""
    before = os.environ.get(DATE)
    os.environ.setdefault(DATE, str(seconds))
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(DATE, None)


def absolute(order: Order, entry: PairEntry) -> PairEntry:
    """The entry with absolute file names."""
    folder = order.work.folder
    return replace(entry, src=os.path.join(folder, entry.src), tgt=os.path.join(folder, entry.tgt))


def begin(ledger: Ledger, order: Order) -> None:
    """Write the plan of a job into a new database."""
    entries, alone = entries_of(order)
    repeated = 0

    def once() -> Iterator[PairEntry]:
        nonlocal repeated
        for entry in entries:
            if ledger.is_new(named(entry)):
                yield entry
            else:
                repeated += 1

    count = ledger.plan(planned(once(), bytes_of(Path(order.work.folder)), order.sizes))
    ledger.forget_seen()
    if not count:
        raise UsageError(f"{order.sources[0]}: names no pair of documents.")
    ledger.remember("order", order.described())
    ledger.remember("alone", alone)
    ledger.remember("repeated", repeated)
    ledger.remember("begun", int(time.time()))


def since(ledger: Ledger, order: Order) -> dict[str, int]:
    """Changes to the sources that the plan does not cover: files modified since the start, and new pairs. Zero new
    pairs where the sources are missing."""
    begun, folder = ledger.remembered("begun"), Path(order.work.folder)
    # The start is truncated to the second, and so are the times of files.
    changed = sum(written_after(folder / name, begun + 1) for pair in ledger.pairs() for name in (pair.src, pair.tgt))
    try:
        known = sum(ledger.states().values()) + ledger.remembered("repeated")
        now = sum(1 for _ in entries_of(order)[0])
    except AlignError:
        return {"changed": changed, "new": 0}
    return {"changed": changed, "new": max(0, now - known)}


def written_after(path: Path, seconds: float) -> bool:
    """Whether the file exists and was modified at that Unix time or later."""
    try:
        return path.stat().st_mtime >= seconds
    except (OSError, ValueError):
        return False


def named(entry: PairEntry) -> int:
    """63 bits of a pair's file names, to run repeated pairs once."""
    both = f"{os.path.normpath(entry.src)}\0{os.path.normpath(entry.tgt)}"
    return int.from_bytes(hashlib.blake2b(both.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


def entries_of(order: Order) -> tuple[Iterable[PairEntry], int]:
    """The pairs of the sources, and the number of files without a partner."""
    if order.match:
        return read_manifest(order.out / PAIRS, sys.maxsize), sum(1 for _ in (order.out / ALONE).open(encoding="utf-8"))
    paths = [Path(source) for source in order.sources]
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path}: no such file or folder. Check the name.")
    if len(paths) == 1 and not paths[0].is_dir():
        if not is_manifest(paths[0]):
            raise UsageError(f"{paths[0]}: not a manifest (TSV, CSV, JSONL, Parquet) and not a folder.")
        return (with_languages(entry, order) for entry in read_manifest(paths[0], order.work.max_size)), 0
    found = found_by_name(order)
    return found.pairs, len(found.alone)


def with_languages(entry: PairEntry, order: Order) -> PairEntry:
    """The entry, with the languages of the job where it has none."""
    return replace(entry, src_lang=entry.src_lang or order.src, tgt_lang=entry.tgt_lang or order.tgt)


def found_by_name(order: Order) -> Found:
    """The pairs in folders. Raises UsageError if there are none."""
    files = files_of(order)
    found = pair_by_name(files, order.src, order.tgt)
    if not found.pairs:
        raise UsageError(
            f"{order.sources[0]}: no two of {len(files):,} files have the same name but for a language (a.en.txt and "
            "a.ja.txt, en/a.txt and ja/a.txt). Pair them by content with --match, or write a manifest."
        )
    return found


def shard_writer(to: str) -> tuple[str, WriteShard]:
    """The suffix and the writer of shards in a format. Raises UsageError for an unknown or unsuitable format."""
    form = export_format(to, Path("part"))
    if form.name == "jsonl":
        return ".jsonl", write_lines
    if form.shape != "file":
        single = ", ".join(other.name for other in FORMATS if other.shape == "file")
        raise UsageError(f"--to {to}: writes more than one file, and a shard is one. Choose one of: {single}.")
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), prove=False, force=True)

    def write(lines: Lines, path: Path) -> None:
        write_links(links_of(lines), path, form, options)

    return form.suffixes[0], write


def folder_of(sources: Sequence[str]) -> Path:
    """The folder that file names are relative to: that of a manifest, else the current one."""
    first = Path(sources[0])
    return first.resolve().parent if len(sources) == 1 and first.is_file() else Path.cwd()
