"""Time of a realignment after one decision: in a page of 400 sentences, and in a book of 20,000.

    python -m benchmarks.resolve [SENTENCES ...]

Sentences of both languages together; vectors are cached and the resolver is open, as in the review app. The first
decision, which reads the vectors, is reported separately.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np

from align.embeddings.base import Progress, Vectors
from align.models import LinkKind, Proposal
from align.readers import read
from align.store import open_store
from align.workspace import realign

WIDTH = 512
DECISIONS = 15


class Topics:
    """Vectors from the number in a sentence: as similar as translations are, and no slower than the cache."""

    name, dimensions, languages, digest = "topics", WIDTH, None, "benchmark-topics"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """See `Encoder.encode`."""
        rows = np.zeros((len(texts), WIDTH), dtype=np.float32)
        for number, text in enumerate(texts):
            topic, own = int(re.findall(r"\d+", text)[0]), zlib.crc32(text.encode())
            for seed, share in ((topic, 1.0), (own, 0.7)):
                rows[number] += share * np.random.default_rng(seed).normal(size=WIDTH)
        units: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return units


def measured(sentences: int) -> dict[str, float]:
    """Milliseconds of the first and of the median later decision, for two documents of so many sentences."""
    half = sentences // 2
    with tempfile.TemporaryDirectory() as folder, mock.patch.object(realign, "load_encoder", return_value=Topics()):
        db = Path(folder) / "book.db"
        with open_store(db) as store:
            english = "".join(f"The minister spoke at length about topic {k} this very morning.\n" for k in range(half))
            japanese = "".join(f"大臣は今朝、議題{k}について詳しく話した。\n" for k in range(half))
            one, other = (
                store.add_document(read(name, text.encode())).document
                for name, text in (("a.en.txt", english), ("b.ja.txt", japanese))
            )
            src, tgt = ([s.id for s in store.sentences(number)] for number in (one, other))
            links = [Proposal((a,), (b,), LinkKind.TRANSLATION, 1.0, 0.9) for a, b in zip(src, tgt, strict=True)]
            store.propose(one, other, links, "topics", languages=("en", "ja"))
        times = []
        with realign.Realigner(db, "topics") as resolver:
            for number in range(DECISIONS + 1):
                at = (half // 3 + number * 7) % (half - 1)
                began = time.perf_counter()
                resolver.realign(one, other, anchors=[((src[at],), (tgt[at + 1],))])
                times.append(1000 * (time.perf_counter() - began))
    return {"sentences": sentences, "first_ms": round(times[0], 1), "median_ms": round(median(times[1:]), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", nargs="*", type=int, default=[400, 20_000])
    measured(100)  # Compiles or loads the kernels: not reported.
    for sentences in parser.parse_args().sentences:
        print(json.dumps(measured(sentences)), flush=True)


if __name__ == "__main__":
    main()
