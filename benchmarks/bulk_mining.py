"""Mining at size: time, memory and recall of the index, against exact search and against usearch.

    python -m benchmarks.bulk_mining [--size 1000000] [--folder DIR] [--compare] [--encoder use]

Vectors are made from the gold sentences' own: each is a mixture of two sentences of one language pair, the same
mixture on both sides, so that neighbourhoods are as crowded and translations as far apart as real ones. Prints one
JSON object a step. `--compare` sets faiss's IVF beside usearch's HNSW at the same size.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from align.bulk import index as ours
from align.bulk.mining import mine_vectors
from align.encoders import load_encoder
from benchmarks.bulk_corpus import sentence_pairs

SAMPLE = 1000
CHUNK = 50_000


def real_vectors(name: str) -> list[tuple[Any, Any]]:
    """Source and target vectors of every language pair of the gold."""
    encoder = load_encoder(name)
    by_languages: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for src_lang, tgt_lang, src, tgt in sentence_pairs():
        by_languages.setdefault((src_lang, tgt_lang), []).append((src, tgt))
    return [
        (encoder.encode([p[0] for p in pairs]), encoder.encode([p[1] for p in pairs]))
        for pairs in by_languages.values()
    ]


def synthesise(folder: Path, size: int, encoder: str) -> tuple[Any, Any]:
    """Two memory maps (size, d) float16 of unit rows; row i of one translates row i of the other."""
    real = real_vectors(encoder)
    width = real[0][0].shape[1]
    maps = [
        np.lib.format.open_memmap(folder / f"{side}.npy", "w+", np.float16, (size, width)) for side in ("src", "tgt")
    ]
    rng = np.random.default_rng(0)
    for start in range(0, size, CHUNK):
        count = min(CHUNK, size - start)
        which = rng.integers(len(real))
        picks = rng.integers(len(real[which][0]), size=(2, count))
        share = rng.uniform(0.25, 0.75, size=(count, 1)).astype(np.float32)
        noise = rng.standard_normal((count, width), dtype=np.float32) * (0.15 / np.sqrt(width))
        for side, vectors in enumerate(real[which]):
            own = rng.standard_normal((count, width), dtype=np.float32) * (0.15 / np.sqrt(width))
            mixed = share * vectors[picks[0]] + (1 - share) * vectors[picks[1]] + noise * 2 + own
            maps[side][start : start + count] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    for one in maps:
        one.flush()
    return maps[0], maps[1]


def peak_megabytes() -> int:
    """Of this process since it began; memory maps count as far as they are in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def say(**figures: object) -> None:
    """One line of figures."""
    print(json.dumps(figures), flush=True)


def recall(found: Any, truth: Any) -> float:
    """Share of the truly nearest that were found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]))


def compare(src: Any, tgt: Any, truth: Any, sample: Any) -> None:
    """faiss IVF beside usearch HNSW: seconds of the processor to build and for all queries, recall of the nearest."""
    began = time.process_time()
    index = ours.build_index(tgt)
    built = time.process_time() - began
    for probes in (16, 32, 64, 96, 128):
        index.nprobe = probes
        began = time.process_time()
        places, _ = ours.search_index(index, src[sample], tgt, 4)
        report("faiss IVF SQ8", {"probes": probes}, built, began, places, truth, len(src) / len(sample))
    from usearch.index import Index

    queries = np.asarray(src[sample], dtype=np.float32)
    for expansion, wide in ((128, 64), (128, 256), (128, 1024)):
        if wide == 64:
            hnsw = Index(ndim=tgt.shape[1], metric="ip", dtype="i8", connectivity=16, expansion_add=expansion)
            began = time.process_time()
            for start in range(0, len(tgt), CHUNK):
                rows = np.asarray(tgt[start : start + CHUNK], dtype=np.float32)
                hnsw.add(np.arange(start, start + len(rows)), rows, threads=os.cpu_count() or 1)
            built = time.process_time() - began
        began = time.process_time()
        hnsw._compiled.expansion_search = wide
        matches = hnsw.search(queries, 8, threads=os.cpu_count() or 1)
        near = np.asarray(tgt[matches.keys.ravel()], dtype=np.float32).reshape(len(sample), 8, -1)
        exact = np.einsum("qd,qkd->qk", queries, near)
        places = np.take_along_axis(matches.keys.astype(np.int64), np.argsort(-exact, axis=1)[:, :4], axis=1)
        report("usearch HNSW i8", {"expansion_search": wide}, built, began, places, truth, len(src) / len(sample))


def report(name: str, how: dict[str, int], built: float, began: float, places: Any, truth: Any, times: float) -> None:
    """One line of `compare`."""
    took = (time.process_time() - began) * times
    say(index=name, **how, build_cpu_s=round(built, 1), search_all_cpu_s=round(took, 1),
        recall_at_4=recall(places, truth), recall_at_1=recall(places[:, :1], truth[:, :1]))  # fmt: skip


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--compare", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        began = time.perf_counter()
        src, tgt = synthesise(Path(folder), arguments.size, arguments.encoder)
        say(step="vectors", size=len(src), width=src.shape[1], seconds=round(time.perf_counter() - began, 1),
            disk_mb=2 * src.nbytes >> 20)  # fmt: skip
        sample = np.sort(np.random.default_rng(1).choice(len(src), min(SAMPLE, len(src)), replace=False))
        began = time.perf_counter()
        truth, _ = ours.search_exactly(src[sample], tgt, 4)
        took = time.perf_counter() - began
        say(step="exact search of a sample", queries=len(sample), seconds=round(took, 1),
            all_would_take_s=round(took * len(src) / len(sample)))  # fmt: skip
        if arguments.compare:
            compare(src, tgt, truth, sample)
            return
        began = time.perf_counter()
        mined = mine_vectors(src, tgt, exact=False)
        seconds = time.perf_counter() - began
        places, _ = ours.search_index(ours.build_index(tgt), src[sample], tgt, 4)
        right = mined.src == mined.tgt
        sure = mined.margin > 0
        say(step="mine both ways", size=len(src), seconds=round(seconds, 1), peak_mb=peak_megabytes(),
            recall_at_4=round(recall(places, truth), 4), recall_at_1=round(recall(places[:, :1], truth[:, :1]), 4),
            pairs=len(mined.src), right=round(float(right.mean()), 4), found=round(float(right.sum() / len(src)), 4),
            above_the_neighbourhood=round(float(right[sure].mean()), 4))  # fmt: skip


if __name__ == "__main__":
    main()
