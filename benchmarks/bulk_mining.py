"""Mining at scale: time, memory and recall of the index, against exact search and against usearch.

    python -m benchmarks.bulk_mining [--size 1000000] [--folder DIR] [--steps forward backward pair] [--encoder use]
    python -m benchmarks.bulk_mining --steps faiss usearch

`--folder` stores vectors and neighbours, so that the steps can be run one by one.

Vectors are made from those of the gold sentences: each is a mixture of two sentences of one language pair, the same
mixture on both sides, so that neighbourhoods are as dense and translations as distant as real ones. Prints one JSON
object per step, with wall-clock and CPU seconds and peak memory, without vectors on disk (they are read through
memory maps). `faiss` and `usearch` compare other indexes with ours at the same size.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from align.embeddings import load_encoder
from align.embeddings import nearest as ours
from align.mining.margins import N_NEAREST, pairs_of_neighbours
from benchmarks.bulk_corpus import sentence_pairs

SAMPLE = 1000
CHUNK = 50_000
STEPS = ("forward", "backward", "pair", "faiss", "usearch")


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
    """Two memory maps (size, d) float16 of unit rows; row i of one is the translation of row i of the other."""
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


class Watch(threading.Thread):
    """Samples the private memory of this process (without files, which memory maps are)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.2):
            told = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
            self.peak = max(self.peak, next(int(line.split()[1]) for line in told if line.startswith("RssAnon")))

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self.join()


def say(**figures: object) -> None:
    """Print one line of figures."""
    print(json.dumps(figures), flush=True)


def watched(step: str, work: Callable[[], Any], **more: object) -> Any:
    """Run a step and print its time and memory."""
    began, used = time.perf_counter(), time.process_time()
    with Watch() as watch:
        done = work()
    say(step=step, **more, seconds=round(time.perf_counter() - began, 1), cpu_s=round(time.process_time() - used, 1),
        peak_mb=watch.peak // 1024)  # fmt: skip
    return done


def recall(found: Any, truth: Any) -> float:
    """Share of the true nearest neighbours that are in the result."""
    pairs = zip(found.tolist(), truth.tolist(), strict=True)
    return round(float(np.mean([len(set(a) & set(b)) / len(b) for a, b in pairs])), 4)


@dataclass(frozen=True, eq=False)
class Sample:
    """Some queries with their true nearest neighbours."""

    rows: Any
    truth: Any

    def report(self, step: str, began: float, places: Any, size: int, **how: object) -> None:
        """Print a line on an index: CPU seconds for all queries, for the sample, and recall."""
        took = (time.process_time() - began) * size / len(self.rows)
        say(step=step, **how, search_all_cpu_s=round(took), recall_at_4=recall(places[:, :4], self.truth),
            recall_at_1=recall(places[:, :1], self.truth[:, :1]))  # fmt: skip


def sampled(src: Any, tgt: Any) -> Sample:
    """Random queries with their 4 nearest neighbours by exact search."""
    rows = np.sort(np.random.default_rng(1).choice(len(src), min(SAMPLE, len(src)), replace=False))
    began = time.perf_counter()
    truth, _ = ours.search_exactly(src[rows], tgt, 4)
    took = time.perf_counter() - began
    say(step="exact search of a sample", queries=len(rows), seconds=round(took, 1),
        all_would_take_s=round(took * len(src) / len(rows)))  # fmt: skip
    return Sample(rows, truth)


def direction(step: str, queries: Any, base: Any, folder: Path) -> None:
    """Nearest neighbours of every query, stored in the folder, as is the index, to resume interrupted runs."""
    import faiss

    kept = folder / f"{step}.index"
    if not kept.exists():
        built = watched(f"{step}: build", lambda: ours.build_index(base), vectors=len(base))
        faiss.write_index(built, str(kept))
    index: Any = faiss.read_index(str(kept))
    index.nprobe = min(ours.PROBES, index.nlist)
    places, cosines = watched(
        f"{step}: search", lambda: ours.search_index(index, queries, base, N_NEAREST), queries=len(queries)
    )
    np.savez(folder / f"{step}.npz", places=places, cosines=cosines)


def pair(src: Any, tgt: Any, folder: Path) -> None:
    """Margins and one-to-one pairs from the neighbours of both directions; recall of both."""
    near = [np.load(folder / f"{step}.npz") for step in ("forward", "backward")]
    both = [(one["places"], one["cosines"]) for one in near]
    mined = watched("pair", lambda: pairs_of_neighbours(src, tgt, *both))
    right, sure = mined.src == mined.tgt, mined.margin > 0
    sample = sampled(src, tgt)
    places = both[0][0][sample.rows]
    say(step="mined", size=len(src), recall_at_4=recall(places[:, :4], sample.truth),
        recall_at_1=recall(places[:, :1], sample.truth[:, :1]), pairs=len(mined.src),
        right=round(float(right.mean()), 4), found=round(float(right.sum() / len(src)), 4),
        above_the_neighbourhood=round(float(right[sure].mean()), 4))  # fmt: skip


def other_faiss(src: Any, tgt: Any) -> None:
    """Our index with other numbers of probes, and vectors of 8 bits per number."""
    import faiss

    sample = sampled(src, tgt)
    queries = src[sample.rows]
    index = watched("ours: build", lambda: ours.build_index(tgt))
    for probes in (96, 128, 192, 256):
        index.nprobe = probes
        began = time.process_time()
        places, _ = ours.search_index(index, queries, tgt, N_NEAREST)
        sample.report("ours", began, places, len(src), probes=probes)
    width, cells = tgt.shape[1], index.nlist
    eight = faiss.IndexIVFScalarQuantizer(
        index.quantizer, width, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    step = max(1, len(tgt) // (cells * ours.TRAINING_ROWS_PER_CELL))

    def build() -> None:
        eight.train(np.ascontiguousarray(tgt[::step], dtype=np.float32))
        for start in range(0, len(tgt), CHUNK):
            eight.add(np.ascontiguousarray(tgt[start : start + CHUNK], dtype=np.float32))

    watched("8 bits a number: fill (cells as ours)", build)
    for probes in (96, 128):
        eight.nprobe = probes
        began = time.process_time()
        places, _ = ours.search_index(eight, queries, tgt, N_NEAREST)
        sample.report("8 bits a number", began, places, len(src), probes=probes)


def other_usearch(src: Any, tgt: Any) -> None:
    """usearch's HNSW over 8-bit numbers, its results rescored exactly as ours are."""
    from usearch.index import Index

    sample = sampled(src, tgt)
    queries = np.asarray(src[sample.rows], dtype=np.float32)
    threads = os.cpu_count() or 1
    hnsw: Any = Index(ndim=tgt.shape[1], metric="ip", dtype="i8", connectivity=16, expansion_add=128)

    def build() -> None:
        for start in range(0, len(tgt), CHUNK):
            rows = np.asarray(tgt[start : start + CHUNK], dtype=np.float32)
            hnsw.add(np.arange(start, start + len(rows)), rows, threads=threads)

    watched("usearch HNSW i8: build", build, vectors=len(tgt))
    for wide in (64, 256, 1024):
        hnsw.expansion_search = wide
        began = time.process_time()
        found = hnsw.search(queries, N_NEAREST * ours.RERANK_FACTOR, threads=threads).keys.astype(np.int64)
        places, _ = ours.rerank(queries, found, tgt, N_NEAREST)
        sample.report("usearch HNSW i8", began, places, len(src), expansion_search=wide)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--steps", nargs="+", default=["forward", "backward", "pair"], choices=STEPS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "tgt.npy").exists():
            watched("vectors", lambda: synthesise(folder, arguments.size, arguments.encoder))
        src, tgt = (np.load(folder / f"{side}.npy", mmap_mode="r") for side in ("src", "tgt"))
        say(step="vectors", size=len(src), width=src.shape[1], disk_mb=2 * src.nbytes >> 20)
        for step in arguments.steps:
            if step == "forward":
                direction(step, src, tgt, folder)
            elif step == "backward":
                direction(step, tgt, src, folder)
            elif step == "pair":
                pair(src, tgt, folder)
            else:
                {"faiss": other_faiss, "usearch": other_usearch}[step](src, tgt)


if __name__ == "__main__":
    main()
