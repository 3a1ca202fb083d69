"""How right the aligner is: strict and lax F1 on every dev set, null recall, harder versions, reliability, seeds.

python -m benchmarks.quality [--encoder use] [--cache FOLDER] [SET ...]
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from align.encoders import Encoder, load_encoder
from align.jobs.evaluate import Pairs, beads_of, score
from align.match import Bead, align_bitext, align_pages
from benchmarks.gold import asked_for, chosen, documents, passages
from benchmarks.perturb import Hardship, perturbed

PERTURBED = {
    "dropped and merged": Hardship(drop=0.2, merge=0.1),
    "dropped, merged, moved": Hardship(drop=0.2, merge=0.1, moves=1),
}
"""What is done to ntrex.ja_zh."""
BINS = 10


def aligned(encoder: Encoder, found: Sequence[dict[str, Any]], *, pages: bool = False) -> list[list[Bead]]:
    """The beads of each document, as whole texts or as pages that hold both."""
    both = passages(encoder, found)
    return [align_pages(src, tgt, together=True) if pages else align_bitext(src, tgt) for src, tgt in both]


def figures(found: Sequence[dict[str, Any]], beads: Sequence[Sequence[Bead]]) -> dict[str, float]:
    """The figures of `align eval`, and the recall of nulls (nan where there are none)."""
    gold = {d["id"]: beads_of(d["gold"]) for d in found}
    ours = {d["id"]: beads_of((b.src, b.tgt) for b in bs) for d, bs in zip(found, beads, strict=True)}
    alone = [(name, pair) for name, pairs in gold.items() for pair in pairs if not pair[0] or not pair[1]]
    recall = sum(pair in ours[name] for name, pair in alone) / len(alone) if alone else float("nan")
    return score(gold, ours) | {"nulls": len(alone), "null_recall": round(recall, 3)}


def link_f1(found: Sequence[dict[str, Any]], beads: Sequence[Sequence[Bead]]) -> float:
    """F1 of links alone: what is left out on either side does not count."""
    right = ours = theirs = 0
    for document, bs in zip(found, beads, strict=True):
        gold = {pair for pair in beads_of(document["gold"]) if pair[0] and pair[1]}
        got: Pairs = {pair for pair in beads_of((b.src, b.tgt) for b in bs) if pair[0] and pair[1]}
        right, ours, theirs = right + len(gold & got), ours + len(got), theirs + len(gold)
    return 2 * right / (ours + theirs) if ours + theirs else 0.0


def judged(found: Sequence[dict[str, Any]], beads: Sequence[Sequence[Bead]]) -> list[tuple[float, bool]]:
    """(confidence, right) of every link."""
    rows = []
    for document, bs in zip(found, beads, strict=True):
        gold = beads_of(document["gold"])
        rows += [(b.confidence, (tuple(b.src), tuple(b.tgt)) in gold) for b in bs if b.src and b.tgt]
    return rows


def reliability(rows: Sequence[tuple[float, bool]]) -> tuple[float, list[tuple[float, float, int]]]:
    """(expected calibration error, [(mean confidence, share right, links) of each tenth that has any])."""
    confidence, right = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], dtype=float)
    curve, error = [], 0.0
    for low, high in pairwise(np.linspace(0, 1, BINS + 1)):
        inside = (confidence >= low) & ((confidence < high) | (high == 1))
        if inside.any():
            mean, share, count = confidence[inside].mean(), right[inside].mean(), int(inside.sum())
            curve.append((float(mean), float(share), count))
            error += abs(mean - share) * count / len(rows)
    return float(error), curve


def tell_reliability(rows: list[tuple[float, bool]]) -> None:
    """Print the calibration error and the curve."""
    error, curve = reliability(rows)
    print(json.dumps({"ece": round(error, 4), "links": len(rows)}))
    for mean, share, count in curve:
        print(f"  confidence {mean:.2f}: {share:.2f} right of {count}")


def main() -> None:
    asked = asked_for(__doc__).parse_args()
    encoder = load_encoder(asked.encoder, cache=asked.cache)
    rows: list[tuple[float, bool]] = []
    for name in chosen(asked.sets):
        found = documents(name)
        beads = aligned(encoder, found)
        rows += judged(found, beads)
        print(json.dumps({"set": name, "encoder": asked.encoder, **figures(found, beads)}), flush=True)
        if "mixed_order" in found[0]:
            told = round(link_f1(found, aligned(encoder, found, pages=True)), 4)
            print(json.dumps({"set": name, "as": "pages", "link_f1": told}), flush=True)
        if name.startswith("ntrex.ja_zh"):
            for word, hardship in PERTURBED.items():
                harder = [perturbed(d, hardship, 101) for d in found]
                beads = aligned(encoder, harder)
                rows += judged(harder, beads)
                print(json.dumps({"set": f"{name}, {word}", **figures(harder, beads)}), flush=True)
    tell_reliability(rows)


if __name__ == "__main__":
    main()
