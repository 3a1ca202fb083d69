"""Document matching: accuracy, and calibration of the confidence.

    python -m benchmarks.bulk_matching [--encoder use] [--fit]

Prints, for every gold file, the share of shuffled documents that are matched correctly; then the same for pieces of
a few sentences of which half have no partner, with a reliability table. `--fit` prints the weights of the
confidence, fitted on the pieces (half of the files), with their error on the other half.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from align.bulk.document_matching import DocumentMatch, document_vector, match_documents
from align.embeddings import load_encoder
from align.embeddings.nearest import MAX_LEAD
from benchmarks.bulk_corpus import gold_documents

FILES = ("ntrex.ja_zh", "ntrex.ko_en", "ntrex.ru_en", "ntrex.zh-tw_en", "kyoto_ja_en.dev", "pydocs.en_ja")
MOST = 128
"""Maximum sentences of a document that its vector is made from."""


def vectors_of(encoder: Any, texts: list[str]) -> tuple[Any, Any]:
    """Vectors and lengths of the sentences of one side."""
    return encoder.encode(texts), np.array([len(text) for text in texts])


def shuffled(src: Any, tgt: Any, seed: int) -> tuple[list[DocumentMatch], Any]:
    """Match `src` with `tgt` in random order; returns the matches and the new index of each target."""
    order = np.random.default_rng(seed).permutation(len(tgt))
    moved = np.empty_like(tgt)
    moved[order] = tgt
    return match_documents(src, moved), order


def pieces(sides: list[tuple[Any, Any]], size: int) -> Any:
    """Vectors of runs of `size` sentences: a corpus of short documents."""
    found = [
        document_vector(vectors[at : at + size], lengths[at : at + size])
        for vectors, lengths in sides
        for at in range(0, len(vectors) - size + 1, size)
    ]
    return np.array(found, dtype=np.float32)


def trial(src: Any, tgt: Any, seed: int) -> list[tuple[float, float, bool, float]]:
    """Remove half of the sources and half of the targets, independently, and match the rest.

    Returns margin, lead, correctness and confidence of each match.
    """
    rng = np.random.default_rng(seed)
    keep_s, keep_t = np.flatnonzero(rng.random(len(src)) < 0.7), np.flatnonzero(rng.random(len(tgt)) < 0.7)
    keep_t = rng.permutation(keep_t)
    matches = match_documents(src[keep_s], tgt[keep_t])
    return [(m.margin / m.scale, m.lead / m.scale, bool(keep_s[m.src] == keep_t[m.tgt]), m.confidence) for m in matches]


def fit(rows: list[tuple[float, float, bool, float]]) -> list[float]:
    """Fit the weights of a logistic regression by Newton's method."""
    x = np.array([[1.0, margin, min(lead, MAX_LEAD)] for margin, lead, _, _ in rows])
    y = np.array([float(right) for _, _, right, _ in rows])
    weights = np.zeros(3)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - 1e-3 * weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(3)
        weights += np.linalg.solve(hessian, gradient)
    return [round(float(w), 3) for w in weights]


def expected_calibration_error(confidences: Any, right: Any, bins: int = 10) -> float:
    """Mean distance between confidence and accuracy, over bins of equal size."""
    order = np.argsort(confidences)
    parts = np.array_split(order, bins)
    gaps = [abs(confidences[part].mean() - right[part].mean()) * len(part) for part in parts if len(part)]
    return float(sum(gaps) / len(order))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="use")
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.encoder)
    trials: dict[str, list[tuple[float, float, bool, float]]] = {}
    for name in FILES:
        sides: tuple[list[Any], list[Any]] = ([], [])
        for document in gold_documents(name, arguments.gold):
            for side, key in zip(sides, ("src", "tgt"), strict=True):
                texts = document[key]
                side.append(vectors_of(encoder, texts[:: max(1, -(-len(texts) // MOST))]))
        whole = [np.array([document_vector(v, n) for v, n in side], dtype=np.float32) for side in sides]
        matches, order = shuffled(whole[0], whole[1], 0)
        right = sum(int(order[m.src]) == m.tgt for m in matches)
        print(json.dumps({"file": name, "documents": len(whole[0]), "right": round(right / len(whole[0]), 4)}))
        if name.startswith("ntrex"):  # one to one by sentence, so pieces correspond
            trials[name] = [
                row
                for size in (1, 2, 4)
                for seed in range(4)
                for row in trial(pieces(sides[0], size), pieces(sides[1], size), seed)
            ]
    rows = [row for found in trials.values() for row in found]
    confidences, truth = np.array([row[3] for row in rows]), np.array([row[2] for row in rows], dtype=float)
    print(json.dumps({"pieces matched": len(rows), "right": round(float(truth.mean()), 4),
                      "ece": round(expected_calibration_error(confidences, truth), 4)}))  # fmt: skip
    for low in (0.5, 0.8, 0.9, 0.95, 0.99):
        kept = confidences >= low
        so, said = round(float(truth[kept].mean()), 4), round(float(confidences[kept].mean()), 4)
        print(json.dumps({"confidence at least": low, "kept": int(kept.sum()), "right": so, "said": said}))
    if arguments.fit:
        names = list(trials)
        for held in (names[::2], names[1::2]):
            weights = fit([row for name in names if name not in held for row in trials[name]])
            out = [row for name in held for row in trials[name]]
            expected = np.array(
                [
                    1 / (1 + np.exp(-(weights[0] + weights[1] * m + weights[2] * min(lead, MAX_LEAD))))
                    for m, lead, _, _ in out
                ]
            )
            real = np.array([row[2] for row in out], dtype=float)
            print(json.dumps({"held out": held, "ece": round(expected_calibration_error(expected, real), 4)}))
        print(json.dumps({"weights": fit(rows)}))


if __name__ == "__main__":
    main()
