"""Pair documents by content: a vector for each, computed on the engine of the run, then matched by language."""

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

from align.beside import written_beside
from align.bulk.agreement import FEW, FIRST, agreements
from align.bulk.ledger import Ledger
from align.bulk.manifest import write_manifest
from align.bulk.matching import Match, Vectors, match_documents, unit
from align.bulk.model import PairEntry
from align.bulk.plan import bytes_of, planned
from align.bulk.run import LEDGER
from align.bulk.shards import Shards, write_lines
from align.domain import UNDETERMINED
from align.errors import UsageError
from align.jobs.bulk_order import OpenPool, Order, Tell, files_of, ledger_of, work_off
from align.jobs.bulk_work import DescribeSpec, unpacked
from align.match import Passages
from align.text.tags import covers, meant, primary

FOLDER = "matching"
PAIRS = "pairs.tsv"
ALONE = "alone.txt"


@dataclass(frozen=True, slots=True)
class Described:
    """A document with the vector computed by a worker."""

    doc: str
    lang: str
    vector: Vectors
    first: Passages
    """Its first sentences, in small collections; empty otherwise."""


def match(order: Order, open_pool: OpenPool, tell: Tell) -> dict[str, Any]:
    """Match all documents below the sources and write the pairs to `pairs.tsv` in the output folder, a manifest
    with margins and confidences. Restartable as the run itself. Returns the counts and the failed documents."""
    folder = order.out / FOLDER
    folder.mkdir(exist_ok=True)
    ledger = ledger_of(folder / LEDGER, order, begin)
    with closing(ledger):
        spec = DescribeSpec(order.work, FIRST if sum(ledger.states().values()) <= FEW else 0)
        shards = Shards(ledger, folder, ".jsonl", write_lines, dedupe=False)
        work_off(ledger, shards, lambda: open_pool(spec, order.work.threads), tell)
        failed = [{"doc": entry.src, "error": error} for _, entry, error in ledger.failed()]
    known = list(described(folder))
    pairs, scores = paired(known, order)
    write_manifest(order.out / PAIRS, pairs, scores)
    used = {name for pair in pairs for name in (pair.src, pair.tgt)}
    alone = [document.doc for document in known if document.doc not in used]
    with written_beside(order.out / ALONE) as file:
        file.write("".join(f"{name}\n" for name in alone).encode())
    if not pairs:
        raise UsageError(f"{order.sources[0]}: no two documents in different languages match.")
    return {"documents": len(known) + len(failed), "failed": failed, "pairs": len(pairs), "alone": len(alone)}


def begin(ledger: Ledger, order: Order) -> None:
    """Write the plan: one entry per file."""
    entries = (PairEntry(name, "") for name in files_of(order))
    ledger.plan(planned(entries, bytes_of(Path(order.work.folder)), order.sizes))
    ledger.remember("order", order.described())


def described(folder: Path) -> Iterator[Described]:
    """Read the results of the workers, in the order of the files."""
    for shard in sorted(folder.glob("part-*.jsonl")):
        with shard.open(encoding="utf-8", errors="surrogateescape") as lines:
            for line in lines:
                record = json.loads(line)
                vector, texts = unpacked(record["vector"]), tuple(record["texts"])
                first = Passages(texts, unpacked(record["vectors"]).reshape(len(texts), len(vector)), record["lang"])
                yield Described(record["doc"], record["lang"], vector, first)


def paired(known: list[Described], order: Order) -> tuple[list[PairEntry], list[dict[str, object]]]:
    """The pairs of every two requested languages, in the order of the source documents, with their scores."""
    by_language: dict[str, list[Described]] = defaultdict(list)
    for document in known:
        if document.lang != UNDETERMINED and meant(document.lang, order.src, order.tgt):
            by_language[primary(document.lang)].append(document)
    wanted_src, wanted_tgt = (primary(tag) if tag else None for tag in (order.src, order.tgt))
    pairs: list[PairEntry] = []
    scores: list[dict[str, object]] = []
    for one, other in combinations(sorted(by_language), 2):
        if not (covers(wanted_src, one) and covers(wanted_tgt, other)):
            one, other = other, one
            if not (covers(wanted_src, one) and covers(wanted_tgt, other)):
                continue
        src, tgt = by_language[one], by_language[other]
        for found in matches_of(src, tgt):
            if found.confidence >= order.match_confidence:
                a, b = src[found.src], tgt[found.tgt]
                pairs.append(PairEntry(a.doc, b.doc, a.lang, b.lang))
                scores.append({"confidence": round(found.confidence, 4), "margin": round(found.margin, 4)})
    return pairs, scores


def matches_of(src: list[Described], tgt: list[Described]) -> list[Match]:
    """Match the documents of two languages; in small collections, linked shares cap the confidence."""
    found = match_documents(*(unit(np.array([d.vector for d in side])) for side in (src, tgt)))
    if not all(len(document.first) for document in (*src, *tgt)):
        return found
    said = agreements([d.first for d in src], [d.first for d in tgt], [(m.src, m.tgt) for m in found])
    return [replace(m, confidence=min(m.confidence, share)) for m, share in zip(found, said, strict=True)]
