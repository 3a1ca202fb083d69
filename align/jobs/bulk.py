"""Bulk: pairs of documents by the thousand, through readers, encoder, solver and writers, on many processes."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from align.bulk.engine import Pool
from align.bulk.filters import Filters, TellLanguage, link_key, removed_by
from align.bulk.finding import Found, pair_by_name, walk
from align.bulk.ledger import Ledger, open_ledger
from align.bulk.local import LocalPool, told
from align.bulk.manifest import is_manifest, read_manifest, write_manifest
from align.bulk.model import Batch, BatchResult, Item, ItemResult, PairEntry, Work
from align.bulk.plan import Sizes, bytes_of, planned
from align.bulk.run import FAILED, LEDGER, drive, output_folder
from align.bulk.shards import Lines, Shards, WriteShard, pack, write_lines
from align.bulk.standing import Standing, standing_of, summary
from align.domain import Link, LinkKind, LinkSide, Span, Status
from align.encoders import Encoder, load_encoder
from align.errors import ReadError, UsageError
from align.jobs.pair import Half, Segments, as_link, half
from align.match import Passages, align_bitext, align_pages
from align.readers import suffixes
from align.writers import ExportOptions, Unit, find_format, formats, write_to
from align.writers.jsonl import unit_json

Result = TypeVar("Result")

IDS_A_DOCUMENT = 1_000_000
"""Link n of document d has the id d * IDS_A_DOCUMENT + n: known without knowing the documents before."""
DIGITS = 6
"""Decimals of scores and confidences in outputs."""
PATIENCE = 0.05
"""Seconds before a document that could not be read is tried again."""


@dataclass(frozen=True, slots=True)
class WorkSpec:
    """How documents are aligned: everything that an output depends on, but for the documents. Picklable.

    `folder`: what names of files start from. `threads`: of the encoder in each worker; part of the spec, since it
    shows in the last bits of vectors. `careful`: encode joined text where beads compete.
    """

    encoder: str
    folder: str
    cache: str | None = None
    threads: int = 1
    languages: tuple[str, ...] = ()
    segments: Segments = "sentence"
    encoding: str | None = None
    reordered: bool = False
    careful: bool = False
    filters: Filters = Filters()

    def __call__(self) -> Work:
        """Load the encoder; see `WorkFactory`."""
        limit_threads(self.threads)
        return Aligner(self, open_encoder(self.encoder, self.languages, self.cache, self.threads))


def open_encoder(name: str, languages: Iterable[str], cache: str | None, threads: int) -> Encoder:
    """The encoder for one worker, with its weights in memory."""
    import inspect

    more: dict[str, Any] = {"threads": threads} if "threads" in inspect.signature(load_encoder).parameters else {}
    encoder = load_encoder(
        name, languages=set(languages), purpose="speed", cache=Path(cache) if cache else None, **more
    )
    encoder.encode(["warm"])
    return encoder


def limit_threads(threads: int) -> None:
    """Hold the BLAS of this process to so many threads, whatever was loaded before."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)


class Aligner:
    """Aligns batches; one in each worker process."""

    def __init__(self, spec: WorkSpec, encoder: Encoder) -> None:
        self._spec = spec
        self._encoder = encoder
        self._tell = teller()

    def __call__(self, batch: Batch) -> BatchResult:
        """Read every document, encode their sentences together, align each. See `Work`."""
        results: dict[int, ItemResult] = {}
        read: list[tuple[Item, Half, Half, float]] = []
        for item in batch.items:
            began = time.perf_counter()
            try:
                src, tgt = twice(partial(self._halves, item.entry))
                read.append((item, src, tgt, time.perf_counter() - began))
            except Exception as error:
                results[item.number] = set_aside(item, error, began)
        texts = list(dict.fromkeys(chain.from_iterable((*src.texts, *tgt.texts) for _, src, tgt, _ in read)))
        began = time.perf_counter()
        vectors = self._encoder.encode(texts)
        a_text = (time.perf_counter() - began) / max(1, len(texts))
        place = {text: number for number, text in enumerate(texts)}
        for item, src, tgt, seconds in read:
            began = time.perf_counter() - seconds - a_text * (len(src.texts) + len(tgt.texts))
            try:
                results[item.number] = twice(partial(self._align, item, src, tgt, vectors, place, began))
            except Exception as error:
                results[item.number] = set_aside(item, error, began)
        return BatchResult(batch.number, tuple(results[item.number] for item in batch.items))

    def _halves(self, entry: PairEntry) -> tuple[Half, Half]:
        spec = self._spec

        def one(name: str, lang: str | None) -> Half:
            path = os.path.join(spec.folder, name)
            found = half(path, lang=lang, segments=spec.segments, encoding=spec.encoding)
            return replace(found, name=name)

        return one(entry.src, entry.src_lang), one(entry.tgt, entry.tgt_lang)

    def _align(
        self, item: Item, src: Half, tgt: Half, vectors: np.ndarray, place: dict[str, int], began: float
    ) -> ItemResult:
        sides = [
            Passages(
                texts=side.texts,
                vectors=vectors[[place[text] for text in side.texts]],
                lang=side.lang,
                blocks=np.array(side.blocks, dtype=np.int64),
            )
            for side in (src, tgt)
        ]
        align = align_pages if self._spec.reordered else align_bitext
        beads = align(sides[0], sides[1], encode=self._encoder.encode if self._spec.careful else None)
        counts = {"src_sentences": len(src.texts), "tgt_sentences": len(tgt.texts), "found": 0, "links": 0}
        lines: list[bytes] = []
        keys: list[int] = []
        for bead in beads:
            if not bead.src or not bead.tgt:
                continue
            counts["found"] += 1
            link = as_link(item.number * IDS_A_DOCUMENT + counts["found"], bead, src, tgt, self._encoder.name)
            link = replace(link, score=round(float(link.score), DIGITS), confidence=round(float(link.confidence), DIGITS))
            why = removed_by(link, self._spec.filters, self._tell)
            if why:
                counts[f"removed_{why}"] = counts.get(f"removed_{why}", 0) + 1
                continue
            counts["links"] += 1
            lines.append((unit_json(Unit(link)) + "\n").encode("utf-8", "replace"))
            if self._spec.filters.dedupe != "off":
                keys.append(link_key(link, self._spec.filters.dedupe))
        return ItemResult(
            item.number,
            payload=pack(lines),
            keys=np.array(keys, dtype=np.int64),
            counts=counts,
            seconds=time.perf_counter() - began,
        )


def twice(action: Callable[[], Result]) -> Result:
    """Do it; if it fails, once more after a moment: a file on a network may be there the second time."""
    try:
        return action()
    except Exception:
        time.sleep(PATIENCE)
        return action()


def set_aside(item: Item, error: Exception, began: float) -> ItemResult:
    """What is kept of a document that cannot be done."""
    return ItemResult(item.number, error=told(error), seconds=time.perf_counter() - began, tries=2)


def teller() -> TellLanguage:
    """Tells the language of a text, for the language filter."""
    from align.text.language import identify

    return lambda text: identify(text).lang


@dataclass(frozen=True, slots=True)
class Order:
    """What a bulk run is asked to do. The engine is not part of it: any may go on with what another began."""

    sources: tuple[str, ...]
    out: Path
    work: WorkSpec
    to: str | None = None
    src: str | None = None
    tgt: str | None = None
    sizes: Sizes = Sizes()

    def described(self) -> dict[str, Any]:
        """What must be the same for a run to be gone on with."""
        work = asdict(self.work)
        work.pop("cache")
        work["filters"]["kinds"] = sorted(self.work.filters.kinds) if self.work.filters.kinds is not None else None
        return {
            "sources": list(self.sources), "work": json.loads(json.dumps(work)), "to": self.to,
            "src": self.src, "tgt": self.tgt, "sizes": asdict(self.sizes),
        }  # fmt: skip


OpenPool = Callable[[WorkSpec], Pool]
Tell = Callable[[Standing], None]


def local_pool(count: int, timeout: float | None = None) -> OpenPool:
    """Processes of this machine."""
    return lambda work: LocalPool(work, count, threads=work.threads, timeout=timeout)


def bulk(order: Order, open_pool: OpenPool, *, tell: Tell = lambda standing: None) -> dict[str, Any]:
    """Do the order, or what is left of it, and return its summary (see `summary`).

    Raises UsageError where the sources, the output folder or the order do not do. Whatever ends it, a later call with
    the same order goes on where this one was.
    """
    suffix, write = shard_writer(order.to)
    with output_folder(order.out):
        ledger = open_ledger(order.out / LEDGER, begin=lambda new: begin(new, order))
        try:
            check_same(ledger, order)
            standing = standing_of(ledger)
            shards = Shards(ledger, order.out, suffix, write, dedupe=order.work.filters.dedupe != "off")
            shards.write_complete()
            if standing.done + standing.failed < standing.total:
                pool = open_pool(settled_work(ledger, order.work))
                try:
                    drive(ledger, pool, shards, standing, tell)
                finally:
                    pool.close()
            tell(standing)
            failed = [entry for _, entry, _ in ledger.failed()]
            if failed:
                errors = [{"error": error} for _, _, error in ledger.failed()]
                write_manifest(order.out / FAILED, failed, errors)
            return summary(ledger, standing) | {"alone": ledger.remembered("alone")}
        finally:
            ledger.close()


def begin(ledger: Ledger, order: Order) -> None:
    """Write the plan of an order into a new ledger."""
    entries, alone = entries_of(order)
    count = ledger.plan(planned(entries, bytes_of(Path(order.work.folder)), order.sizes))
    if not count:
        raise UsageError(f"{order.sources[0]}: names no pair of documents.")
    ledger.remember("order", order.described())
    ledger.remember("alone", alone)


def check_same(ledger: Ledger, order: Order) -> None:
    """Raises UsageError where the folder was begun with another order."""
    before, now = ledger.remembered("order"), order.described()
    if before != now:
        flat = [{**kind, **kind["work"], **kind["work"]["filters"]} for kind in (before, now)]
        name = min(k for k in flat[1] if flat[0].get(k) != flat[1][k] and k not in ("work", "filters"))
        raise UsageError(
            f"{order.out}: was begun with {name} = {flat[0].get(name)!r}, not {flat[1][name]!r}. Go on as it was begun, "
            "or name another folder."
        )


def settled_work(ledger: Ledger, work: WorkSpec) -> WorkSpec:
    """The work with the languages that `auto` chooses an encoder by."""
    return replace(work, languages=tuple(ledger.languages()))


def entries_of(order: Order) -> tuple[Iterable[PairEntry], int]:
    """The pairs that the sources name, and how many files have no partner."""
    paths = [Path(source) for source in order.sources]
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: no such file or folder. Check the name.")
    if len(paths) == 1 and paths[0].is_file():
        if not is_manifest(paths[0]):
            raise UsageError(f"{paths[0]}: not a manifest (TSV, CSV, JSONL, Parquet) and not a folder.")
        return (with_languages(entry, order) for entry in read_manifest(paths[0])), 0
    found = found_by_name(order)
    return found.pairs, len(found.alone)


def with_languages(entry: PairEntry, order: Order) -> PairEntry:
    """The entry, with the languages of the call where it names none itself."""
    return replace(entry, src_lang=entry.src_lang or order.src, tgt_lang=entry.tgt_lang or order.tgt)


def found_by_name(order: Order) -> Found:
    """The pairs in folders. Raises UsageError where there are none."""
    readable = suffixes()
    files: list[str] = []
    for source in order.sources:
        if os.path.isfile(source):
            raise UsageError(f"{source}: give one manifest, or folders.")
        files += walk(source, readable)
    if not files:
        raise UsageError(f"{order.sources[0]}: no texts in it (looked for {' '.join(sorted(readable))}).")
    found = pair_by_name(files, order.src, order.tgt)
    if not found.pairs:
        raise UsageError(
            f"{order.sources[0]}: no two of {len(files):,} files are called alike but for a language (a.en.txt and "
            "a.ja.txt, en/a.txt and ja/a.txt). Pair them by content with --match, or write a manifest."
        )
    return found


def shard_writer(to: str | None) -> tuple[str, WriteShard]:
    """The suffix of shards in a format, and what writes one. Raises UsageError for a format that there is not."""
    known = find_format(to or "jsonl", Path("part"))
    if known.name == "jsonl":
        return ".jsonl", write_lines
    if known.shape != "file":
        single = ", ".join(other.name for other in formats() if other.shape == "file")
        raise UsageError(f"--to {to}: writes more than one file, and a shard is one. There are: {single}.")
    options = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind), prove=False, force=True)

    def write(lines: Lines, path: Path) -> None:
        write_to(links_of(lines), path, known, options)

    return known.suffixes[0], write


def links_of(lines: Iterable[bytes]) -> Iterator[Link]:
    """Links from lines of the JSON Lines contract."""
    for line in lines:
        record = json.loads(line)
        yield Link(
            id=record["id"],
            src=_side(1, record["src"]),
            tgt=_side(2, record["tgt"]),
            kind=LinkKind(record["kind"]),
            score=record["score"],
            confidence=record["confidence"],
            status=Status(record["status"]),
            encoder=record["encoder"],
        )


def _side(document: int, record: dict[str, Any]) -> LinkSide:
    spans = tuple(Span(*span) for span in record["spans"])
    return LinkSide(document, record["doc"], record["lang"], (), record["text"], spans)


def order_of(
    sources: Sequence[str], out: Path, *, encoder: str, cache: Path | None, to: str | None, src: str | None,
    tgt: str | None, **work: Any,
) -> Order:  # fmt: skip
    """An order from flags. Names in a manifest start from its folder; found files from where we stand."""
    if not sources:
        raise ReadError("no sources")
    first = Path(sources[0])
    folder = first.resolve().parent if len(sources) == 1 and first.is_file() else Path.cwd()
    sizes = Sizes(**{name: work.pop(name) for name in ("batch_tokens", "shard_tokens") if name in work})
    spec = WorkSpec(encoder=encoder, folder=str(folder), cache=str(cache) if cache else None, **work)
    return Order(tuple(sources), out, spec, to, src, tgt, sizes)


def cluster_pool(address: str, timeout: float | None = None) -> OpenPool:
    """The workers of a Dask scheduler. `distributed` is imported only for this."""
    from align.bulk.cluster import ClusterPool

    return lambda work: ClusterPool(work, address, timeout=timeout)
