"""The work of a bulk worker: read a batch of documents, encode their sentences together, align or embed each."""

from __future__ import annotations

import base64
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from align.bulk.filters import Filters, TellLanguage, link_key, removed_by
from align.bulk.local import at_work, told
from align.bulk.matching import document_vector
from align.bulk.model import UNCOVERED, Batch, BatchResult, Item, ItemResult, PairEntry, Work
from align.bulk.shards import pack
from align.encoders import Encoder, Vectors, load_encoder, unknown_languages
from align.encoders.embed import embed_sides, embed_texts
from align.exchange.jsonl import unit_json, utf8
from align.exchange.types import Unit
from align.inputs import MAX_SIZE
from align.jobs.pair import Half, Segments, align, as_link, half
from align.match import DocumentAlignment, Passages

Result = TypeVar("Result")

IDS_A_DOCUMENT = 1_000_000
"""Link n of document d has the id d * IDS_PER_DOCUMENT + n, whatever the other documents contain."""
DIGITS = 6
"""Decimals of scores and confidences in outputs."""
PATIENCE = 0.05
"""Seconds before an unreadable document is retried."""
MOST = 128
"""Maximum number of sentences, evenly spread, for a document's vector: more do not improve matching."""


@dataclass(frozen=True, slots=True)
class WorkSpec:
    """How documents are aligned: everything except the documents that an output depends on. Picklable.

    `folder`: file names are relative to it. `threads`: of the encoder in each worker; part of the spec, since it
    affects the last bits of vectors.
    """

    encoder: str
    folder: str
    cache: str | None = None
    threads: int = 1
    languages: tuple[str, ...] = ()
    segments: Segments = "sentence"
    encoding: str | None = None
    max_size: int = MAX_SIZE
    reordered: bool = False
    boilerplate: bool = False
    filters: Filters = field(default_factory=Filters)

    def __call__(self) -> Work:
        """Load the encoder; see `WorkFactory`."""
        limit_threads(self.threads)
        return Aligner(self, open_encoder(self))

    def read(self, name: str, lang: str | None) -> Half:
        """Read a file and split it into segments. Raises AlignError."""
        path = os.path.join(self.folder, name)
        found = half(
            path,
            lang=lang,
            segments=self.segments,
            encoding=self.encoding,
            max_size=self.max_size,
            boilerplate=self.boilerplate,
        )
        return replace(found, name=name)


def open_encoder(spec: WorkSpec) -> Encoder:
    """Open the encoder for a worker, with its weights in memory."""
    cache = Path(spec.cache) if spec.cache else None
    encoder = load_encoder(
        spec.encoder, languages=set(spec.languages), purpose="speed", cache=cache, threads=spec.threads
    )
    encoder.encode(["warm"])
    return encoder


def limit_threads(threads: int) -> None:
    """Limit the BLAS threads of this process, also of libraries that are loaded already."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)


class Aligner:
    """Aligns batches; one instance per worker process."""

    def __init__(self, spec: WorkSpec, encoder: Encoder) -> None:
        self._spec = spec
        self.encoder = encoder
        self._tell = teller()

    def __call__(self, batch: Batch) -> BatchResult:
        """Read every document, encode their sentences together, align each. See `BatchWork`."""
        results: dict[int, ItemResult] = {}
        read: list[tuple[Item, Half, Half, float]] = []
        for item in batch.items:
            began = time.perf_counter()
            at_work()
            try:
                src, tgt = twice(partial(self._halves, item.entry))
                read.append((item, src, tgt, time.perf_counter() - began))
            except Exception as error:
                results[item.number] = set_aside(item, error, began)
        at_work(len(read))
        began = time.perf_counter()
        halves = [side.text_side for _, src, tgt, _ in read for side in (src, tgt)]
        sides = embed_sides(self.encoder, halves, whole=not self._spec.reordered)
        a_text = (time.perf_counter() - began) / max(1, sum(map(len, sides)))
        for (item, src, tgt, seconds), *ends in zip(read, sides[::2], sides[1::2], strict=True):
            began = time.perf_counter() - seconds - a_text * (len(src.texts) + len(tgt.texts))
            at_work()
            try:
                results[item.number] = twice(partial(self._align, item, src, tgt, ends, began))
            except Exception as error:
                results[item.number] = set_aside(item, error, began)
        return BatchResult(batch.number, tuple(results[item.number] for item in batch.items))

    def _halves(self, entry: PairEntry) -> tuple[Half, Half]:
        return self._spec.read(entry.src, entry.src_lang), self._spec.read(entry.tgt, entry.tgt_lang)

    def _align(self, item: Item, src: Half, tgt: Half, sides: Sequence[Passages], began: float) -> ItemResult:
        aligned = align(sides[0], sides[1], reordered=self._spec.reordered)
        confidence = None if aligned.confidence is None else round(aligned.confidence, DIGITS)
        counts = Counter(src_sentences=len(src.texts), tgt_sentences=len(tgt.texts), found=0, links=0)
        counts.update(uncovered(self.encoder, src.lang, tgt.lang))
        lines, keys = self._kept(item, replace(aligned, confidence=confidence), src, tgt, counts)
        return ItemResult(
            item.number,
            payload=pack(lines),
            keys=np.array(keys, dtype=np.int64),
            counts=dict(counts),
            confidence=confidence,
            seconds=time.perf_counter() - began,
        )

    def _kept(
        self, item: Item, aligned: DocumentAlignment, src: Half, tgt: Half, counts: Counter[str]
    ) -> tuple[list[bytes], list[int]]:
        """The lines and keys of the links that pass the filters; counts links, and removals per filter."""
        lines: list[bytes] = []
        keys: list[int] = []
        filters = self._spec.filters
        unrelated = (aligned.confidence or 0.0) < filters.min_document_confidence
        beads = [bead for bead in aligned.beads if bead.src and bead.tgt]
        for number, bead in enumerate(beads, start=1):
            counts["found"] += 1
            link = as_link(item.number * IDS_A_DOCUMENT + number, bead, src, tgt, self.encoder.name)
            score, confidence = round(float(bead.score), DIGITS), round(float(bead.confidence), DIGITS)
            link = replace(link, score=score, confidence=confidence)
            why = "document_confidence" if unrelated else removed_by(link, filters, self._tell)
            if why:
                counts[f"removed_{why}"] += 1
                continue
            counts["links"] += 1
            lines.append(utf8(unit_json(Unit(link)) + "\n"))
            if filters.dedupe != "off":
                keys.append(link_key(link, filters.dedupe))
        return lines, keys


@dataclass(frozen=True, slots=True)
class DescribeSpec:
    """How documents are embedded for `--match`: language, length and one vector each. Picklable; see `WorkFactory`.

    `first`: number of leading sentences to return with their vectors.
    """

    work: WorkSpec
    first: int = 0

    def __call__(self) -> Work:
        """Load the encoder."""
        limit_threads(self.work.threads)
        return Describer(self.work, open_encoder(self.work), self.first)


class Describer:
    """Embeds documents (the `src` of each entry); one instance per worker process."""

    def __init__(self, spec: WorkSpec, encoder: Encoder, first: int = 0) -> None:
        self._spec = spec
        self._encoder = encoder
        self._first = first

    def __call__(self, batch: Batch) -> BatchResult:
        """One line per document: `doc`, `lang`, `sentences`, `vector`, and `texts` and `vectors` of its first
        sentences (all vectors float16, base64). See `BatchWork`."""
        results: dict[int, ItemResult] = {}
        read: list[tuple[Item, Half, tuple[str, ...], float]] = []
        for item in batch.items:
            began = time.perf_counter()
            at_work()
            try:
                side = twice(partial(self._spec.read, item.entry.src, item.entry.src_lang))
                read.append((item, side, side.texts[:: -(-len(side.texts) // MOST)], began))
            except Exception as error:
                results[item.number] = set_aside(item, error, began)
        looked_at = [(*texts, *side.texts[: self._first]) for _, side, texts, _ in read]
        at_work(len(read))
        vectors = embed_texts(self._encoder, list(chain.from_iterable(looked_at)))
        start = 0
        for (item, side, texts, began), both in zip(read, looked_at, strict=True):
            rows, start = vectors[start : start + len(both)], start + len(both)
            first = side.texts[: self._first]
            record = {
                "doc": side.name,
                "lang": side.lang,
                "sentences": len(side.texts),
                "vector": packed(document_vector(rows[: len(texts)], [len(text) for text in texts])),
                "texts": first,
                "vectors": packed(rows[len(texts) :]) if first else "",
            }
            results[item.number] = ItemResult(
                item.number,
                payload=pack([utf8(json.dumps(record, ensure_ascii=False) + "\n")]),
                counts={
                    "src_sentences": len(side.texts),
                    "found": 1,
                    "links": 1,
                    **uncovered(self._encoder, side.lang),
                },
                seconds=time.perf_counter() - began,
            )
        return BatchResult(batch.number, tuple(results[item.number] for item in batch.items))


def packed(vectors: Vectors) -> str:
    """Encode vectors as base64 of float16."""
    return base64.b64encode(vectors.astype("<f2").tobytes()).decode()


def unpacked(text: str) -> Vectors:
    """The inverse of `encode_vectors`, as a flat array."""
    return np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32)


def uncovered(encoder: Encoder, *languages: str) -> dict[str, int]:
    """A count for each of a document's languages that the encoder does not cover."""
    return dict.fromkeys((f"{UNCOVERED}{tag}" for tag in unknown_languages(encoder, languages)), 1)


def twice(action: Callable[[], Result]) -> Result:
    """Run an action, and once more after a pause if it fails: a file on a network may be readable then."""
    try:
        return action()
    except Exception:
        time.sleep(PATIENCE)
        return action()


def set_aside(item: Item, error: Exception, began: float) -> ItemResult:
    """The result of a failed document."""
    return ItemResult(item.number, error=told(error), seconds=time.perf_counter() - began, tries=2)


def teller() -> TellLanguage:
    """The language detector of the language filter."""
    from align.text.language import identify

    return lambda text: identify(text).lang
