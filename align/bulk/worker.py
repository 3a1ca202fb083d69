"""The work of a bulk worker: read a batch of documents, encode their sentences together, align or embed each.

Corpus filters leave out links, and count them: low confidence, length ratios, wrong languages, near-duplicates.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from align.aligner import DocumentAlignment, EmbeddedSide
from align.bulk.document_matching import document_vector
from align.bulk.shards import pack
from align.bulk.types import UNCOVERED_PREFIX, Batch, BatchResult, BatchWork, Item, ItemResult, PairEntry
from align.bulk.workers_local import error_line, start_step
from align.embeddings import Encoder, Vectors, load_encoder, unknown_languages
from align.embeddings.embed import embed_sides, embed_texts
from align.exchange.jsonl import unit_json, utf8
from align.exchange.types import Unit
from align.inputs import MAX_SIZE
from align.models import Link, LinkKind, LinkSide, Segments
from align.text.normalize import folded, weighted_length
from align.text.tags import primary
from align.workspace.pair import FileSide, align, as_link, read_side

NON_LETTERS = re.compile(r"[\W\d_]+")
MIN_CHECKED_LENGTH = 20
"""Characters below which neither a length ratio nor a detected language is reliable."""

IdentifyLanguage = Callable[[str], str]
"""Returns the BCP 47 tag of a text; `und` where it is undetermined."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that a link must meet. The defaults let everything through.

    `length_ratio`: maximum ratio of the longer to the shorter side, in weighted length. `languages`: both sides are
    in the language declared for their file. `dedupe`: "near" drops a link whose texts were written before but for
    case, punctuation, digits and spaces; "exact" one whose texts are the same; "off" none.
    """

    min_confidence: float = 0.0
    length_ratio: float | None = None
    languages: bool = False
    dedupe: str = "off"
    kinds: frozenset[LinkKind] | None = None
    min_document_confidence: float = 0.0

    def __post_init__(self) -> None:
        for name in ("min_confidence", "min_document_confidence"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is between 0 and 1")
        if self.length_ratio is not None and self.length_ratio < 1:
            raise ValueError("length_ratio is 1 or more")
        if self.dedupe not in ("off", "exact", "near"):
            raise ValueError("dedupe is off, exact or near")


def removed_by(link: Link, filters: Filters, identify: IdentifyLanguage) -> str | None:
    """The filter that removes the link, or None. Duplicates are detected by `link_key`."""
    if link.confidence < filters.min_confidence:
        return "confidence"
    if filters.kinds is not None and link.kind not in filters.kinds:
        return "kind"
    if filters.length_ratio is not None and _ratio(link) > filters.length_ratio:
        return "length"
    if filters.languages and not (_is_in_language(link.src, identify) and _is_in_language(link.tgt, identify)):
        return "language"
    return None


def link_key(link: Link, dedupe: str) -> int:
    """63 bits, equal for links that count as duplicates. "near" ignores case, punctuation, digits, spaces."""
    texts = (link.src.text, link.tgt.text)
    if dedupe == "near":
        texts = (letters(texts[0]), letters(texts[1]))
    digest = hashlib.blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def letters(text: str) -> str:
    """The case-folded letters of a text; the text itself where it has none (`42` is not `43`)."""
    return NON_LETTERS.sub("", folded(text)) or text


def _ratio(link: Link) -> float:
    src, tgt = weighted_length(link.src.text, link.src.lang), weighted_length(link.tgt.text, link.tgt.lang)
    if max(src, tgt) < MIN_CHECKED_LENGTH:
        return 1.0
    return max(src, tgt) / max(min(src, tgt), 1.0)


def _is_in_language(side: LinkSide, identify: IdentifyLanguage) -> bool:
    text, lang = side.text, side.lang
    if weighted_length(text, lang) < MIN_CHECKED_LENGTH or lang == "und":
        return True
    identified = identify(text)
    return identified == "und" or primary(identified) == primary(lang)


Result = TypeVar("Result")

IDS_PER_DOCUMENT = 1_000_000
"""Link n of document d has the id d * IDS_PER_DOCUMENT + n, whatever the other documents contain."""
OUTPUT_DECIMALS = 6
"""Decimals of scores and confidences in outputs."""
RETRY_SECONDS = 0.05
"""Seconds before an unreadable document is retried."""
MAX_VECTOR_SENTENCES = 128
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

    def __call__(self) -> BatchWork:
        """Load the encoder; see `WorkFactory`."""
        limit_threads(self.threads)
        return BatchAligner(self, open_encoder(self))

    def read(self, name: str, lang: str | None, content: bytes | None = None) -> FileSide:
        """Read a file, or the `content` of that name, and split it into segments. Raises AlignError."""
        path = os.path.join(self.folder, name)
        side = read_side(
            path,
            lang=lang,
            segments=self.segments,
            encoding=self.encoding,
            max_size=self.max_size,
            boilerplate=self.boilerplate,
            content=content,
        )
        return replace(side, name=name)


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


class BatchAligner:
    """Aligns batches; one instance per worker process."""

    def __init__(self, spec: WorkSpec, encoder: Encoder) -> None:
        self._spec = spec
        self.encoder = encoder
        self._identify = language_identifier()

    def __call__(self, batch: Batch) -> BatchResult:
        """Read every document, encode their sentences together, align each. See `BatchWork`."""
        results: dict[int, ItemResult] = {}
        read: list[tuple[Item, FileSide, FileSide, float]] = []
        for item in batch.items:
            began = time.perf_counter()
            start_step()
            try:
                src, tgt = retry_once(partial(self._read_pair, item.entry))
                read.append((item, src, tgt, time.perf_counter() - began))
            except Exception as error:
                results[item.number] = mark_failed(item, error, began)
        start_step(len(read))
        began = time.perf_counter()
        text_sides = [side.text_side for _, src, tgt, _ in read for side in (src, tgt)]
        sides = embed_sides(self.encoder, text_sides, tokens_now=not self._spec.reordered)
        seconds_per_text = (time.perf_counter() - began) / max(1, sum(map(len, sides)))
        for (item, src, tgt, seconds), *ends in zip(read, sides[::2], sides[1::2], strict=True):
            began = time.perf_counter() - seconds - seconds_per_text * (len(src.texts) + len(tgt.texts))
            start_step()
            try:
                results[item.number] = retry_once(partial(self._align, item, src, tgt, ends, began))
            except Exception as error:
                results[item.number] = mark_failed(item, error, began)
        return BatchResult(batch.number, tuple(results[item.number] for item in batch.items))

    def _read_pair(self, entry: PairEntry) -> tuple[FileSide, FileSide]:
        src, tgt = entry.texts or (None, None)
        return self._spec.read(entry.src, entry.src_lang, src), self._spec.read(entry.tgt, entry.tgt_lang, tgt)

    def _align(
        self, item: Item, src: FileSide, tgt: FileSide, sides: Sequence[EmbeddedSide], began: float
    ) -> ItemResult:
        aligned = align(sides[0], sides[1], reordered=self._spec.reordered)
        confidence = None if aligned.confidence is None else round(aligned.confidence, OUTPUT_DECIMALS)
        counts = Counter(src_sentences=len(src.texts), tgt_sentences=len(tgt.texts), found=0, links=0)
        counts.update(uncovered_counts(self.encoder, src.lang, tgt.lang))
        lines, keys = self._filtered_links(item, replace(aligned, confidence=confidence), src, tgt, counts)
        return ItemResult(
            item.number,
            payload=pack(lines),
            keys=np.array(keys, dtype=np.int64),
            counts=dict(counts),
            confidence=confidence,
            seconds=time.perf_counter() - began,
        )

    def _filtered_links(
        self, item: Item, aligned: DocumentAlignment, src: FileSide, tgt: FileSide, counts: Counter[str]
    ) -> tuple[list[bytes], list[int]]:
        """The lines and keys of the links that pass the filters; counts links, and removals per filter."""
        lines: list[bytes] = []
        keys: list[int] = []
        filters = self._spec.filters
        unrelated = (aligned.confidence or 0.0) < filters.min_document_confidence
        beads = [bead for bead in aligned.beads if bead.src and bead.tgt]
        for number, bead in enumerate(beads, start=1):
            counts["found"] += 1
            link = as_link(item.number * IDS_PER_DOCUMENT + number, bead, src, tgt, self.encoder.name)
            score, confidence = (
                round(float(bead.score), OUTPUT_DECIMALS),
                round(float(bead.confidence), OUTPUT_DECIMALS),
            )
            link = replace(link, score=score, confidence=confidence)
            why = "document_confidence" if unrelated else removed_by(link, filters, self._identify)
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

    def __call__(self) -> BatchWork:
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
        read: list[tuple[Item, FileSide, tuple[str, ...], float]] = []
        for item in batch.items:
            began = time.perf_counter()
            start_step()
            try:
                side = retry_once(partial(self._spec.read, item.entry.src, item.entry.src_lang))
                read.append((item, side, side.texts[:: -(-len(side.texts) // MAX_VECTOR_SENTENCES)], began))
            except Exception as error:
                results[item.number] = mark_failed(item, error, began)
        described_texts = [(*texts, *side.texts[: self._first]) for _, side, texts, _ in read]
        start_step(len(read))
        vectors = embed_texts(self._encoder, list(chain.from_iterable(described_texts)))
        start = 0
        for (item, side, texts, began), both in zip(read, described_texts, strict=True):
            rows, start = vectors[start : start + len(both)], start + len(both)
            first = side.texts[: self._first]
            record = {
                "doc": side.name,
                "lang": side.lang,
                "sentences": len(side.texts),
                "vector": encode_vectors(document_vector(rows[: len(texts)], [len(text) for text in texts])),
                "texts": first,
                "vectors": encode_vectors(rows[len(texts) :]) if first else "",
            }
            results[item.number] = ItemResult(
                item.number,
                payload=pack([utf8(json.dumps(record, ensure_ascii=False) + "\n")]),
                counts={
                    "src_sentences": len(side.texts),
                    "found": 1,
                    "links": 1,
                    **uncovered_counts(self._encoder, side.lang),
                },
                seconds=time.perf_counter() - began,
            )
        return BatchResult(batch.number, tuple(results[item.number] for item in batch.items))


def encode_vectors(vectors: Vectors) -> str:
    """Encode vectors as base64 of float16."""
    return base64.b64encode(vectors.astype("<f2").tobytes()).decode()


def decode_vectors(text: str) -> Vectors:
    """The inverse of `encode_vectors`, as a flat array."""
    return np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32)


def uncovered_counts(encoder: Encoder, *languages: str) -> dict[str, int]:
    """A count for each of a document's languages that the encoder does not cover."""
    return dict.fromkeys((f"{UNCOVERED_PREFIX}{tag}" for tag in unknown_languages(encoder, languages)), 1)


def retry_once(action: Callable[[], Result]) -> Result:
    """Run an action, and once more after a pause if it fails: a file on a network may be readable then."""
    try:
        return action()
    except Exception:
        time.sleep(RETRY_SECONDS)
        return action()


def mark_failed(item: Item, error: Exception, began: float) -> ItemResult:
    """The result of a failed document."""
    return ItemResult(item.number, error=error_line(error), seconds=time.perf_counter() - began, tries=2)


def language_identifier() -> IdentifyLanguage:
    """The language detector of the language filter."""
    from align.text.language import identify

    return lambda text: identify(text).lang
