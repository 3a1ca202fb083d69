"""Pair the documents of two folders by content: describe each by a vector, then match the languages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from align.aligner import EmbeddedSide
from align.atomic_file import atomic_write
from align.bulk.database import RunDatabase
from align.bulk.document_matching import (
    FIRST_SENTENCES,
    VERIFY_MAX_DOCUMENTS,
    DocumentMatch,
    Vectors,
    linked_shares,
    match_documents,
    normalise_rows,
)
from align.bulk.job import BulkJob, OnProgress, OpenPool, open_job_database, readable_files, run_pending
from align.bulk.manifest import plan_batches, weigh_by_size, write_manifest
from align.bulk.shards import Shards, write_lines
from align.bulk.supervisor import DATABASE_FILE
from align.bulk.types import PairEntry
from align.bulk.worker import DescribeSpec, decode_vectors
from align.errors import UsageError
from align.models import UNDETERMINED
from align.text.tags import is_requested, primary, range_matches

MATCHING_FOLDER = "matching"


PAIRS_FILE = "pairs.tsv"


UNPAIRED_FILE = "alone.txt"


@dataclass(frozen=True, slots=True)
class DocumentVector:
    """A document with the vector computed by a worker."""

    doc: str
    lang: str
    vector: Vectors
    first: EmbeddedSide
    """Its first sentences, in small collections; empty otherwise."""


def match(job: BulkJob, open_pool: OpenPool, on_progress: OnProgress) -> dict[str, Any]:
    """Match all documents below the sources and write the pairs to `pairs.tsv` in the output folder, a manifest
    with margins and confidences. Restartable as the run itself. Returns the counts and the failed documents."""
    folder = job.out / MATCHING_FOLDER
    folder.mkdir(exist_ok=True)
    database = open_job_database(folder / DATABASE_FILE, job, begin)
    with closing(database):
        spec = DescribeSpec(job.work, FIRST_SENTENCES if sum(database.states().values()) <= VERIFY_MAX_DOCUMENTS else 0)
        shards = Shards(database, folder, ".jsonl", write_lines, dedupe=False)
        run_pending(database, shards, lambda: open_pool(spec, job.work.threads), on_progress)
        failed = [{"doc": entry.src, "error": error} for _, entry, error in database.failed()]
    documents = list(read_document_vectors(folder))
    pairs, scores = pair_languages(documents, job)
    write_manifest(job.out / PAIRS_FILE, pairs, scores)
    used = {name for pair in pairs for name in (pair.src, pair.tgt)}
    unpaired = [document.doc for document in documents if document.doc not in used]
    with atomic_write(job.out / UNPAIRED_FILE) as file:
        file.write("".join(f"{name}\n" for name in unpaired).encode())
    if not pairs:
        raise UsageError(f"{job.sources[0]}: no two documents in different languages match.")
    return {"documents": len(documents) + len(failed), "failed": failed, "pairs": len(pairs), "alone": len(unpaired)}


def begin(database: RunDatabase, job: BulkJob) -> None:
    """Write the plan: one entry per file."""
    entries = (PairEntry(name, "") for name in readable_files(job))
    database.plan(plan_batches(entries, weigh_by_size(Path(job.work.folder)), job.sizes))
    database.save_meta("order", job.to_dict())


def read_document_vectors(folder: Path) -> Iterator[DocumentVector]:
    """Read the results of the workers, in the order of the files."""
    for shard in sorted(folder.glob("part-*.jsonl")):
        with shard.open(encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                record = json.loads(line)
                vector, texts = decode_vectors(record["vector"]), tuple(record["texts"])
                first = EmbeddedSide(
                    texts, decode_vectors(record["vectors"]).reshape(len(texts), len(vector)), record["lang"]
                )
                yield DocumentVector(record["doc"], record["lang"], vector, first)


def pair_languages(documents: list[DocumentVector], job: BulkJob) -> tuple[list[PairEntry], list[dict[str, object]]]:
    """The pairs of every two requested languages, in the order of the source documents, with their scores."""
    by_language: dict[str, list[DocumentVector]] = defaultdict(list)
    for document in documents:
        if document.lang != UNDETERMINED and is_requested(document.lang, job.src, job.tgt):
            by_language[primary(document.lang)].append(document)
    src_range, tgt_range = (primary(tag) if tag else None for tag in (job.src, job.tgt))
    pairs: list[PairEntry] = []
    scores: list[dict[str, object]] = []
    for one, other in combinations(sorted(by_language), 2):
        if not (range_matches(src_range, one) and range_matches(tgt_range, other)):
            one, other = other, one
            if not (range_matches(src_range, one) and range_matches(tgt_range, other)):
                continue
        src, tgt = by_language[one], by_language[other]
        for candidate in match_sides(src, tgt):
            if candidate.confidence >= job.match_confidence:
                a, b = src[candidate.src], tgt[candidate.tgt]
                pairs.append(PairEntry(a.doc, b.doc, a.lang, b.lang))
                scores.append({"confidence": round(candidate.confidence, 4), "margin": round(candidate.margin, 4)})
    return pairs, scores


def match_sides(src: list[DocumentVector], tgt: list[DocumentVector]) -> list[DocumentMatch]:
    """Match the documents of two languages; in small collections, linked shares cap the confidence."""
    matches = match_documents(*(normalise_rows(np.array([d.vector for d in side])) for side in (src, tgt)))
    if not all(len(document.first) for document in (*src, *tgt)):
        return matches
    shares = linked_shares([d.first for d in src], [d.first for d in tgt], [(m.src, m.tgt) for m in matches])
    return [replace(m, confidence=min(m.confidence, share)) for m, share in zip(matches, shares, strict=True)]
