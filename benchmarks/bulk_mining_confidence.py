"""What the confidence of mined pairs means: fitted and checked on the gold files' sentences.

    python -m benchmarks.bulk_mining_confidence [--encoder use] [--fit]

The 1-1 sentences of a file are mined with a part of either side taken away, so that many have no partner (as in
comparable news). Prints, for each confidence, how many pairs it keeps and how many of them are right. `--fit` prints
the weights, and their error on the files that they were not fitted on.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from align.bulk.filters import plain, worth
from align.bulk.mining import confidence, features, mine_vectors
from align.encoders import load_encoder
from align.jobs.mine import LEAST_WORTH, length_difference, number_difference
from benchmarks.bulk_corpus import FILES, gold_documents
from benchmarks.bulk_matching import expected_calibration_error

KEEP = ((0.9, 0.9), (0.6, 0.6), (0.3, 0.7), (0.2, 0.2))
"""Shares of the two sides that stay."""


def trials(encoder: Any, name: str) -> tuple[Any, Any]:
    """Features and truth of what is mined from a file, over several shares."""
    pairs: dict[tuple[str, str], tuple[str, str, str, str]] = {}
    for document in gold_documents(name):
        for src, tgt in document["gold"]:
            if len(src) == len(tgt) == 1:
                a, b = document["src"][src[0]], document["tgt"][tgt[0]]
                told = (a, document["src_lang"], b, document["tgt_lang"])
                if min(worth(*told[:2]), worth(*told[2:])) >= LEAST_WORTH:
                    pairs.setdefault((plain(a), plain(b)), told)
    kept = list(pairs.values())
    src, tgt = encoder.encode([p[0] for p in kept]), encoder.encode([p[2] for p in kept])
    rng = np.random.default_rng(0)
    rows, truth = [], []
    for shares in KEEP:
        ours, theirs = (np.flatnonzero(rng.random(len(kept)) < share) for share in shares)
        mined = mine_vectors(src[ours], tgt[theirs], exact=True)
        ends = [(kept[a], kept[b]) for a, b in zip(ours[mined.src], theirs[mined.tgt], strict=True)]
        rows.append(
            features(
                mined,
                slice(None),
                [length_difference(a[0], a[1], b[2], b[3]) for a, b in ends],
                [number_difference(a[0], b[2]) for a, b in ends],
            )
        )
        truth.append(ours[mined.src] == theirs[mined.tgt])
    return np.concatenate(rows), np.concatenate(truth).astype(np.float64)


def fit(x: Any, y: Any) -> list[float]:
    """Weights of a logistic regression by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        weights += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(x.shape[1]), x.T @ (y - p))
    return [round(float(w), 2) for w in weights]


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", nargs="+", default=["use"])
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    found = {
        f"{called} {name}": trials(encoder, name)
        for called in arguments.encoder
        for encoder in [load_encoder(called)]
        for name in FILES
    }
    x, y = (np.concatenate([both[part] for both in found.values()]) for part in (0, 1))
    said = confidence(x)
    print(json.dumps({"encoders": arguments.encoder, "mined": len(y), "right": round(float(y.mean()), 4),
                      "ece": round(expected_calibration_error(said, y), 4)}))  # fmt: skip
    for low in (0.5, 0.8, 0.9, 0.95, 0.99):
        kept = said >= low
        right = round(float(y[kept].mean()), 4) if kept.any() else None
        share = round(float(y[kept].sum() / y.sum()), 4)
        print(json.dumps({"confidence at least": low, "kept": int(kept.sum()), "right": right, "of all right": share}))
    if arguments.fit:
        for held in found:
            others = [found[name] for name in found if name.split()[1] != held.split()[1]]
            weights = fit(np.concatenate([a for a, _ in others]), np.concatenate([b for _, b in others]))
            ece = expected_calibration_error(confidence(found[held][0], weights), found[held][1])
            print(json.dumps({"held out": held, "ece": round(ece, 4)}))
        print(json.dumps({"weights": fit(x, y)}))


if __name__ == "__main__":
    main()
