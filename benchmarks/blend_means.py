"""Measure the means of `blend`: `python -m benchmarks.blend_means` writes align/embeddings/blend_means.npz.

From up to 60 sentences a side of every gold file in languages that `use` covers (news, history, manuals,
mountaineering, web pages): first a mean per language, then the mean of those, so that no language or file
dominates.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from align.embeddings import Encoder, Vectors, load_encoder
from align.embeddings.registry import MEANS
from align.text.tags import primary

GOLD = Path(os.environ.get("ALIGN_GOLD") or Path(__file__).parent.parent.parent / "shared" / "gold") / "dev"
SIDE = 60


def main() -> None:
    """Measure and write the means."""
    use, e5 = load_encoder("use"), load_encoder("e5")
    by_language: dict[str, list[str]] = {}
    for path in sorted(GOLD.glob("*.jsonl")):
        documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for side in ("src", "tgt"):
            language = primary(documents[0][side + "_lang"])
            texts = [text for document in documents for text in document[side]]
            if use.languages and language in use.languages:
                by_language.setdefault(language, []).extend(texts[:: max(1, len(texts) // SIDE)][:SIDE])
    use_mean, e5_mean = (mean_of(encoder, list(by_language.values())) for encoder in (use, e5))
    np.savez(MEANS, use=use_mean, e5=e5_mean)
    print({language: len(texts) for language, texts in by_language.items()})


def mean_of(encoder: Encoder, languages: list[list[str]]) -> Vectors:
    """The mean of the languages' means, (dimensions,) float32."""
    mean: Vectors = np.mean([encoder.encode(texts).mean(axis=0) for texts in languages], axis=0).astype(np.float32)
    return mean


if __name__ == "__main__":
    main()
