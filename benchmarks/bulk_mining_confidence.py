"""Calibration of the confidence of mined pairs: fitted and checked on sentences of the gold files.

    python -m benchmarks.bulk_mining_confidence [--encoder use e5] [--fit]

The 1-1 sentences of a file are mined with a part of either side removed, so that many have no partner (as in
comparable news). Prints, for each file, the calibration error of each run, then, for each confidence threshold, the
number of pairs above it and how many of them are right. `--strangers` mines sentences of one file in another, where
no pair is right. `--fit` prints the weights and the scores of wrong and right pairs, and the error on files that
neither was fitted on.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from align.embeddings import load_encoder
from align.mining.margins import DEFAULT_PRIOR, SCORE_WEIGHTS, Prior, confidence, features, mine_vectors, scores
from align.mining.mine import MIN_SENTENCE_LENGTH, length_difference, number_difference
from align.text.normalize import letters_and_digits, weighted_length
from benchmarks.bulk_corpus import FILES, gold_documents
from benchmarks.bulk_matching import expected_calibration_error

KEEP = ((0.9, 0.9), (0.6, 0.6), (0.3, 0.7), (0.2, 0.2))
"""Shares of the two sides that are not removed."""
Pair = tuple[str, str, str, str]


@dataclass(frozen=True, eq=False)
class Run:
    """Result of one mining run: features (n, 4) and correctness (n,) of its pairs."""

    rows: Any
    right: Any


def pairs_of(name: str) -> list[Pair]:
    """The distinct 1-1 sentences of a file that are informative: source, its language, target, its language."""
    pairs: dict[tuple[str, str], Pair] = {}
    for document in gold_documents(name):
        for src, tgt in document["gold"]:
            if len(src) == len(tgt) == 1:
                a, b = document["src"][src[0]], document["tgt"][tgt[0]]
                told = (a, document["src_lang"], b, document["tgt_lang"])
                if min(weighted_length(*told[:2]), weighted_length(*told[2:])) >= MIN_SENTENCE_LENGTH:
                    pairs.setdefault((letters_and_digits(a), letters_and_digits(b)), told)
    return list(pairs.values())


def run_of(src: Any, tgt: Any, ours: list[Pair], theirs: list[Pair], right: Any) -> Run:
    """Mine the sources of some pairs in the targets of others. `right`: whether row a corresponds to column b."""
    mined = mine_vectors(src, tgt, exact=True)
    ends = [(ours[a], theirs[b]) for a, b in zip(mined.src, mined.tgt, strict=True)]
    lengths = [length_difference(a[0], a[1], b[2], b[3]) for a, b in ends]
    numbers = [number_difference(a[0], b[2]) for a, b in ends]
    return Run(features(mined, slice(None), lengths, numbers), right(mined.src, mined.tgt).astype(np.float64))


def runs(pairs: list[Pair], src: Any, tgt: Any) -> list[Run]:
    """Mine a file with several shares of its sides."""
    rng = np.random.default_rng(0)
    found = []
    for shares in KEEP:
        ours, theirs = (np.flatnonzero(rng.random(len(pairs)) < share) for share in shares)
        found.append(
            run_of(
                src[ours], tgt[theirs], [pairs[n] for n in ours], [pairs[n] for n in theirs],
                lambda a, b, ours=ours, theirs=theirs: ours[a] == theirs[b],
            )
        )  # fmt: skip
    return found


def fit(found: list[Run]) -> tuple[list[float], Prior]:
    """Weights of a logistic regression by Newton's method with equal weight for every run.

    Also returns the scores of wrong and right pairs with these weights.
    """
    x = np.concatenate([np.column_stack([np.ones(len(run.right)), run.rows]) for run in found])
    y = np.concatenate([run.right for run in found])
    share = np.concatenate([np.full(len(run.right), 1 / len(run.right)) for run in found])
    share *= len(share) / share.sum()
    weights = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (share * (y - p))
        weights += np.linalg.solve((x * (share * p * (1 - p))[:, None]).T @ x + 1e-2 * np.eye(x.shape[1]), gradient)
    told = scores(x[:, 1:], weights[1:])
    ends = []
    for which in (y == 0, y == 1):
        mean = np.average(told[which], weights=share[which])
        deviation = np.sqrt(np.average((told[which] - mean) ** 2, weights=share[which]))
        ends.append((round(float(mean), 2), round(float(deviation), 2)))
    return [round(float(w), 2) for w in weights[1:]], Prior(ends[0], ends[1])


def error(found: list[Run], weights: Any = SCORE_WEIGHTS, prior: Prior = DEFAULT_PRIOR) -> float:
    """Expected calibration error over all runs of a file, each estimated separately."""
    said = np.concatenate([confidence(scores(run.rows, weights), prior) for run in found])
    return round(expected_calibration_error(said, np.concatenate([run.right for run in found])), 4)


def strangers(encoder: Any) -> None:
    """Mine the sources of each file in the targets of another: every pair is wrong."""
    known = {name: pairs_of(name) for name in FILES}
    vectors = {
        name: [encoder.encode([pair[side] for pair in pairs]) for side in (0, 2)] for name, pairs in known.items()
    }
    for one, other in (("ntrex.ja_zh", "kyoto_ja_en.dev"), ("kyoto_ja_en.dev", "ntrex.ko_en")):
        run = run_of(vectors[one][0], vectors[other][1], known[one], known[other], lambda a, b: np.zeros(len(a)))
        said = confidence(scores(run.rows))
        print(json.dumps({"strangers": f"{one} in {other}", "encoder": encoder.name, "mined": len(said),
                          "half sure": int((said >= 0.5).sum()), "nine tenths": int((said >= 0.9).sum())}))  # fmt: skip


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", nargs="+", default=["use"])
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--strangers", action="store_true")
    arguments = parser.parse_args()
    found: dict[tuple[str, str], list[Run]] = {}
    for called in arguments.encoder:
        encoder = load_encoder(called)
        if arguments.strangers:
            strangers(encoder)
            continue
        for name in FILES:
            pairs = pairs_of(name)
            sides = [encoder.encode([pair[side] for pair in pairs]) for side in (0, 2)]
            found[called, name] = runs(pairs, *sides)
            print(json.dumps({"encoder": called, "file": name, "ece": error(found[called, name])}), flush=True)
    if not found:
        return
    every = [run for of_file in found.values() for run in of_file]
    said = np.concatenate([confidence(scores(run.rows)) for run in every])
    y = np.concatenate([run.right for run in every])
    print(json.dumps({"encoders": arguments.encoder, "mined": len(y), "right": round(float(y.mean()), 4),
                      "ece": round(expected_calibration_error(said, y), 4)}))  # fmt: skip
    for low in (0.5, 0.8, 0.9, 0.95, 0.99):
        kept = said >= low
        right = round(float(y[kept].mean()), 4) if kept.any() else None
        share = round(float(y[kept].sum() / y.sum()), 4)
        print(json.dumps({"confidence at least": low, "kept": int(kept.sum()), "right": right, "of all right": share}))
    if arguments.fit:
        for held in found:
            weights, prior = fit([run for key, of_file in found.items() if key[1] != held[1] for run in of_file])
            print(json.dumps({"held out": " ".join(held), "ece": error(found[held], weights, prior)}))
        weights, prior = fit(every)
        print(json.dumps({"weights": weights, "wrong": prior.wrong, "right": prior.right}))


if __name__ == "__main__":
    main()
