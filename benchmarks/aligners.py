"""Ours beside other aligners, with the same sentence vectors, in one run: strict F1 and seconds.

    python -m benchmarks.aligners [--encoder use] [--cache FOLDER] [SET ...]
    python -m benchmarks.aligners --search 5000

sentweave is vecalign's dynamic program (Thompson and Koehn 2019); it asks for vectors of joined text, which it gets
from the same encoder. galechurch has no vectors. --search: the search alone on two made-up texts of so many sentences.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from align.encoders import Encoder, load_encoder
from align.jobs.evaluate import beads_of, score
from align.match import Passages, align_bitext
from benchmarks.gold import documents, names

Found = list[tuple[Sequence[int], Sequence[int]]]


class Counted:
    """An encoder that counts the texts it is given, each once a document."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder, self.texts = encoder, 0

    def encode(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return self.encoder.encode(list(texts))


def ours(document: dict[str, Any], encoder: Counted) -> Found:
    """Sentence vectors alone, as the peers have them."""
    n = len(document["src"])
    vectors = encoder.encode([*document["src"], *document["tgt"]])
    src = Passages(tuple(document["src"]), vectors[:n], document["src_lang"])
    tgt = Passages(tuple(document["tgt"]), vectors[n:], document["tgt_lang"])
    return [(list(b.src), list(b.tgt)) for b in align_bitext(src, tgt)]


def vecalign(document: dict[str, Any], encoder: Counted) -> Found:
    """sentweave's defaults."""
    import sentweave

    result = sentweave.align(document["src"], document["tgt"], encoder.encode)
    return [(row.src_indices, row.tgt_indices) for row in result.alignments]


def gale_church(document: dict[str, Any], encoder: Counted) -> Found:
    """galechurch's defaults: lengths alone."""
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
    "galechurch": gale_church,
}


def compare(name: str, encoder: Encoder) -> None:
    """Print a line an aligner for a set."""
    found = documents(name)
    gold = {d["id"]: beads_of(d["gold"]) for d in found}
    sentences = sum(len(d["src"]) + len(d["tgt"]) for d in found)
    for aligner, run in ALIGNERS.items():
        counted = Counted(encoder)
        started = time.perf_counter()
        try:
            beads = {d["id"]: beads_of(run(d, counted)) for d in found}
        except ImportError as error:
            print(json.dumps({"set": name, "aligner": aligner, "missing": str(error)}))
            continue
        seconds = time.perf_counter() - started
        told = score(gold, beads)
        line = {"set": name, "aligner": aligner, "f1_strict": told["f1_strict"], "f1_lax": told["f1_lax"]}
        print(
            json.dumps(line | {"seconds": round(seconds, 2), "encoded": round(counted.texts / sentences, 2)}),
            flush=True,
        )


def made_up(n: int, width: int = 512) -> tuple[Passages, Passages]:
    """Two texts of about n sentences: noise for vectors, a twentieth of the targets left out."""
    chance = np.random.default_rng(5)
    src = chance.normal(size=(n, width)).astype(np.float32)
    kept = chance.random(n) > 0.05
    tgt = src[kept] + 0.7 * chance.normal(size=(int(kept.sum()), width)).astype(np.float32)
    words = np.array(["haus", "berg", "alpen", "gipfel", "wein", "see", "tal", "weg", "licht", "nacht"])
    texts = [f"{' '.join(words[chance.integers(0, 10, 8)])} {k % 997}." for k in range(n)]
    sides = (texts, src), ([t for t, k in zip(texts, kept, strict=True) if k], tgt)
    one, other = (Passages(tuple(t), v / np.linalg.norm(v, axis=1, keepdims=True)) for t, v in sides)
    return one, other


def search(n: int) -> None:
    """Time the search alone, ours and vecalign's Cython, on the same vectors; the second run of each counts."""
    src, tgt = made_up(n)
    place: dict[str, Any] = {text: v for side in (src, tgt) for text, v in zip(side.texts, side.vectors, strict=True)}
    blank = np.zeros(src.vectors.shape[1], dtype=np.float32)

    def looked_up(texts: Sequence[str]) -> Any:
        return np.stack([place.get(text, blank) for text in texts])

    import sentweave

    for _ in range(2):
        started = time.perf_counter()
        align_bitext(src, tgt)
        own = time.perf_counter() - started
    started = time.perf_counter()
    sentweave.align(list(src.texts), list(tgt.texts), looked_up)
    theirs = time.perf_counter() - started
    print(
        json.dumps(
            {"sentences": n, "align": round(own, 2), "sentweave": round(theirs, 2), "ratio": round(theirs / own, 2)}
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*")
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--search", type=int)
    asked = parser.parse_args()
    if asked.search:
        search(asked.search)
        return
    encoder = load_encoder(asked.encoder, cache=asked.cache)
    for name in names():
        if not asked.sets or any(name.startswith(wanted) for wanted in asked.sets):
            compare(name, encoder)


if __name__ == "__main__":
    main()
