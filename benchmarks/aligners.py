"""Compare our aligner with others on the same sentence vectors, in one run: strict and lax F1, seconds, texts encoded.

Ours uses weights that were fitted without the set (`python -m benchmarks.fit --leave-out`).

    python -m benchmarks.aligners [--encoder use] [--cache FOLDER] [SET ...]
    python -m benchmarks.aligners --search 5000
    python -m benchmarks.aligners --growth 1000 10000 100000

sentweave is vecalign's dynamic program (Thompson and Koehn 2019); it needs vectors of joined text, which it gets
from the same encoder. bertalign's package requires Python 3.12 and its own encoder: `benchmarks.margin_peer` has
its score. galechurch uses no vectors. Without --cache the seconds include encoding. --search: only the search, on
two synthetic texts of so many sentences. --growth: seconds per sentence and peak memory by size of the texts.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from align.aligner import EmbeddedSide, align_bitext
from align.embeddings import Encoder, Progress
from align.embeddings.embed import TextSide, embed_sides
from align.workspace.evaluate import beads_of, score
from benchmarks import margin_peer
from benchmarks.folds import unseen
from benchmarks.gold import asked_for, chosen, documents
from benchmarks.vectors import encoder_of

Found = list[tuple[Sequence[int], Sequence[int]]]


class Counted:
    """An encoder that counts its texts, each once per document."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.texts = encoder, 0
        self.name = encoder.name
        self.dimensions, self.languages, self.digest = encoder.dimensions, encoder.languages, encoder.digest
        self._encode_runs = getattr(encoder, "encode_runs", None)
        if self._encode_runs is not None:
            self.encode_runs = self._counted_runs

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Any:
        """Count and encode the texts."""
        self.texts += len(texts)
        return self.encoder.encode(list(texts))

    def _counted_runs(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return self._encode_runs(texts) if self._encode_runs else None


def ours(document: dict[str, Any], encoder: Counted) -> Found:
    """Sentence vectors, as for the peers, and joined texts of undecided beads; no token vectors."""
    sides = [TextSide(tuple(document[side]), document[f"{side}_lang"]) for side in ("src", "tgt")]
    return [(list(bead.src), list(bead.tgt)) for bead in align_bitext(*embed_sides(encoder, sides))]


def vecalign(document: dict[str, Any], encoder: Counted) -> Found:
    """sentweave with its defaults."""
    import sentweave

    result = sentweave.align(document["src"], document["tgt"], encoder.encode)
    return [(row.src_indices, row.tgt_indices) for row in result.alignments]


def bertalign(document: dict[str, Any], encoder: Counted) -> Found:
    """Bertalign's published score and settings."""
    return [(s, t) for s, t in margin_peer.align(document["src"], document["tgt"], encoder.encode)]


def gale_church(document: dict[str, Any], encoder: Counted) -> Found:
    """galechurch with its defaults: lengths only."""
    import galechurch

    result = galechurch.align(document["src"], document["tgt"])
    rows = []
    for line in result.to_pharaoh_lines():
        src, tgt = (json.loads(side) for side in line.split(":"))
        rows.append((src, tgt))
    return rows


ALIGNERS: dict[str, Callable[[dict[str, Any], Counted], Found]] = {
    "align": ours,
    "sentweave": vecalign,
    "bertalign": bertalign,
    "galechurch": gale_church,
}


def compare(name: str, encoder: Encoder) -> dict[str, float]:
    """Print a line per aligner for a set; returns the strict F1 of each."""
    found = documents(name)
    gold = {d["id"]: beads_of(d["gold"]) for d in found}
    sentences = sum(len(d["src"]) + len(d["tgt"]) for d in found)
    strict = {}
    for aligner, run in ALIGNERS.items():
        counted = Counted(encoder)
        started = time.perf_counter()
        try:
            with unseen(name):
                beads = {d["id"]: beads_of(run(d, counted)) for d in found}
        except ImportError as error:
            print(json.dumps({"set": name, "aligner": aligner, "missing": str(error)}))
            continue
        seconds = time.perf_counter() - started
        figures = score(gold, beads)
        strict[aligner] = figures["f1_strict"]
        line = {"set": name, "aligner": aligner, "f1_strict": figures["f1_strict"], "f1_lax": figures["f1_lax"]}
        print(
            json.dumps(line | {"seconds": round(seconds, 2), "encoded": round(counted.texts / sentences, 2)}),
            flush=True,
        )
    return strict


def warm_up(encoder: Encoder) -> None:
    """Load everything that the aligners need, so that start-up time is not part of the first set."""
    src, tgt = made_up(30)
    document = {"src": list(src.texts), "tgt": list(tgt.texts), "src_lang": "de", "tgt_lang": "de"}
    for run in ALIGNERS.values():
        with suppress(ImportError):
            run(document, Counted(encoder))


def told(table: dict[str, dict[str, float]]) -> None:
    """Run all aligners on all sets and print our lead over the best of the others."""
    peers = list(ALIGNERS)
    print(f"{'strict F1':32s}" + "".join(f"{word:>12s}" for word in [*peers, "ahead"]))
    for name, strict in table.items():
        best = max(f1 for peer, f1 in strict.items() if peer != "align")
        cells = "".join(f"{strict.get(peer, float('nan')):12.4f}" for peer in peers)
        print(f"{name:32s}{cells}{strict['align'] - best:+12.4f}")


def made_up(n: int, width: int = 512) -> tuple[EmbeddedSide, EmbeddedSide]:
    """Two synthetic texts of about n sentences: random vectors, a twentieth of the targets omitted."""
    chance = np.random.default_rng(5)
    src = chance.standard_normal((n, width), dtype=np.float32)
    kept = chance.random(n) > 0.05
    tgt = chance.standard_normal((int(kept.sum()), width), dtype=np.float32)
    tgt *= np.float32(0.7)
    tgt += src[kept]
    words = np.array(["haus", "berg", "alpen", "gipfel", "wein", "see", "tal", "weg", "licht", "nacht"])
    texts = [f"{' '.join(words[chance.integers(0, 10, 8)])} {k % 997}." for k in range(n)]
    sides = (texts, src), ([t for t, k in zip(texts, kept, strict=True) if k], tgt)
    for _, vectors in sides:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = (EmbeddedSide(tuple(t), vectors) for t, vectors in sides)
    return one, other


def search(n: int) -> None:
    """Time only the search, ours and vecalign's Cython, on the same vectors; the second run of each counts."""
    src, tgt = made_up(n)
    place: dict[str, Any] = {text: v for side in (src, tgt) for text, v in zip(side.texts, side.vectors, strict=True)}
    blank = np.zeros(src.vectors.shape[1], dtype=np.float32)

    def looked_up(texts: Sequence[str]) -> Any:
        return np.stack([place.get(text, blank) for text in texts])

    import sentweave

    for _ in range(2):
        started = time.perf_counter()
        worked = time.process_time()
        align_bitext(src, tgt)
        own, own_cpu = time.perf_counter() - started, time.process_time() - worked
    started, worked = time.perf_counter(), time.process_time()
    sentweave.align(list(src.texts), list(tgt.texts), looked_up)
    theirs, cpu = time.perf_counter() - started, time.process_time() - worked
    line = {"sentences": n, "align": round(own, 2), "sentweave": round(theirs, 2), "ratio": round(theirs / own, 2)}
    print(json.dumps(line | {"cpu": [round(own_cpu, 2), round(cpu, 2)], "cpu_ratio": round(cpu / own_cpu, 2)}))


def grow(sizes: Sequence[int]) -> None:
    """Time and peak memory for texts of each size, each in its own process; CPU time, in case the machine is busy."""
    first = None
    for n in sizes:
        command = [sys.executable, "-m", "benchmarks.aligners", "--grown", str(n)]
        line = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        each = line["seconds"] / n, line["cpu_seconds"] / n
        first = first or each
        told = {"of_first": round(each[0] / first[0], 2), "cpu_of_first": round(each[1] / first[1], 2)}
        print(json.dumps(line | told), flush=True)


def grown(n: int) -> None:
    """One size: milliseconds per sentence of both sides, and the peak memory of this process."""
    align_bitext(*made_up(500))
    src, tgt = made_up(n)
    started, worked = time.perf_counter(), time.process_time()
    beads = align_bitext(src, tgt)
    seconds, worked = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "sentences": n,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(worked, 2),
                "ms_a_sentence": round(seconds / (len(src) + len(tgt)) * 1000, 4),
                "peak_mb": round(peak),
                "beads": len(beads),
            }
        )
    )


def main() -> None:
    parser = asked_for(__doc__)
    parser.add_argument("--search", type=int)
    parser.add_argument("--growth", type=int, nargs="+")
    parser.add_argument("--grown", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.growth:
        grow(asked.growth)
        return
    if asked.grown:
        grown(asked.grown)
        return
    if asked.search:
        search(asked.search)
        return
    encoder = encoder_of(asked.encoder, asked.cache)
    warm_up(encoder)
    told({name: compare(name, encoder) for name in chosen(asked.sets)})


if __name__ == "__main__":
    main()
