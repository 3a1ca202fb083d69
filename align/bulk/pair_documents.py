"""Pair the documents of two folders: by name (`a.en.txt` with `a.ja.txt`, `en/a.txt` with `ja/a.txt`), or by content
(describe each by a vector, then match the languages)."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from align.bulk.job import (
    LANGUAGE_CODES,
    BulkJob,
    OnProgress,
    OpenPool,
    open_job_database,
    readable_files,
    run_pending,
)
from align.bulk.manifest import plan_batches, weigh_by_size, write_manifest
from align.bulk.shards import Shards, write_lines
from align.bulk.supervisor import DATABASE_FILE
from align.bulk.types import PairEntry
from align.bulk.worker import DescribeSpec, decode_vectors
from align.errors import UsageError
from align.inputs import inner_name
from align.models import UNDETERMINED
from align.text.tags import canonical, is_requested, primary, range_matches, shortened

TAG_PATTERN = r"[A-Za-z]{2,3}(?:[-_](?:Hans|Hant|Latn|Cyrl|Arab|Deva))?(?:[-_](?:[A-Z]{2}|[0-9]{3}|[a-z]{2}))?"
TAG_IN_NAME = re.compile(rf"(?P<sign>^|[._-])(?P<tag>{TAG_PATTERN})(?=\.)")
WHOLE_TAG = re.compile(rf"{TAG_PATTERN}$")
PLACEHOLDER = "\x00"
"""Replaces the language tag in a path; occurs in no file name."""


@dataclass(frozen=True, slots=True)
class FilenamePairs:
    """Pairs by name, in order, and the files without a partner."""

    pairs: tuple[PairEntry, ...]
    unpaired: tuple[str, ...]


def spelled_tag(text: str) -> str | None:
    """The language tag that part of a name spells, in lower case (`zh_TW` and `zh_HK` stay two texts of one tag),
    or None."""
    if not WHOLE_TAG.match(text):
        return None
    tag = text.lower().replace("_", "-")
    return tag if primary(shortened(tag)) in LANGUAGE_CODES else None


def tag_readings(path: str) -> Iterator[tuple[str, str]]:
    """Every reading of a language in a path: (the path with `PLACEHOLDER` for the language, the tag as in
    `spelled_tag`).

    The likeliest reading comes first: `name.en`, `name.en.txt` and `en.txt`, then a folder `en`, then `name-en.txt`.
    """
    folder, name = os.path.split(path)
    unlikely: list[tuple[str, str]] = []
    stem, suffix = os.path.splitext(inner_name(name))
    if stem and (tag := spelled_tag(suffix.removeprefix("."))):
        yield os.path.join(folder, f"{stem}.{PLACEHOLDER}{name[len(stem) + len(suffix) :]}"), tag
    for match in reversed(list(_tags_in(name))):
        tag = spelled_tag(match["tag"])
        if tag:
            reading = os.path.join(folder, name[: match.start("tag")] + PLACEHOLDER + name[match.end() :]), tag
            if match["sign"] in ("", "."):
                yield reading
            else:
                unlikely.append(reading)
    parts = folder.split(os.sep)
    for index in range(len(parts) - 1, -1, -1):
        tag = spelled_tag(parts[index])
        if tag:
            yield os.sep.join([*parts[:index], PLACEHOLDER, *parts[index + 1 :], name]), tag
    yield from unlikely


def _tags_in(name: str) -> Iterator[re.Match[str]]:
    """Possible language tags in a file name. They may overlap: in `foo-en.txt`, `foo-en` is none, `en` is one."""
    match = TAG_IN_NAME.search(name)
    while match:
        yield match
        match = TAG_IN_NAME.search(name, match.end() if spelled_tag(match["tag"]) else match.start("tag") + 1)


def pair_by_name(files: Sequence[str], src: str | None = None, tgt: str | None = None) -> FilenamePairs:
    """Pair files whose names differ only in a language, in the order of the files.

    With `src` and `tgt` (primary tags such as `en`, or whole ones such as `zh-Hant`) only that pair of languages,
    in that direction; with one of them, that side; with neither, every two languages of a text, by tag.
    """
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for path in files:
        for key, tag in tag_readings(path):
            groups[key].setdefault(tag, path)
    pairs: list[PairEntry] = []
    used: set[str] = set()
    done: set[str] = set()
    for path in files:
        shared = next((key for key, _ in tag_readings(path) if len(groups[key]) > 1), None)
        if shared is None or shared in done:
            continue
        done.add(shared)
        group = groups[shared]
        for one, other in combinations(sorted(group), 2):
            tags = {name: canonical(name) or name for name in (one, other)}
            ends = _in_direction(one, other, tags, src, tgt)
            if ends is not None:
                one_end, other_end = ends
                entry = PairEntry(group[one_end], group[other_end], tags[one_end], tags[other_end])
                pairs.append(entry)
                used.update((entry.src, entry.tgt))
    return FilenamePairs(tuple(pairs), tuple(path for path in files if path not in used))


def _in_direction(
    one: str, other: str, tags: Mapping[str, str], src: str | None, tgt: str | None
) -> tuple[str, str] | None:
    for ends in ((one, other), (other, one)):
        if range_matches(src, tags[ends[0]]) and range_matches(tgt, tags[ends[1]]):
            return ends
    return None


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
