"""Accuracy of the aligner on held-out corpora: F1, nulls, reliability, and the targets.

    python -m benchmarks.quality [--encoder use] [--cache FOLDER] [CORPUS ...]

Each corpus is aligned with the fold that was fitted without it (`python -m benchmarks.fit --leave-out`). An encoder
is measured on texts of the languages that it covers; `auto` is `blend` for those of `use`, else `e5`. --cache: the
folder of the fits, which stores vectors. --shipped: with the shipped weights, which were fitted on every corpus.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from align.aligner import Bead, align_bitext, align_pages
from align.embeddings import Encoder, choose_encoder, unknown_languages
from align.workspace.evaluate import BeadSet, beads_of, score
from benchmarks.folds import unseen
from benchmarks.gold import asked_for, documents, names, passages
from benchmarks.perturb import Hardship, end_to_end, perturbed
from benchmarks.pool import CORPORA, corpus_of
from benchmarks.vectors import encoder_of

HARDER = Hardship(drop=0.2, merge=0.1)
"""Perturbation of ntrex.ja_zh: a fifth of the sentences dropped on each side, a tenth of the pairs merged."""
SEEDS = (101, 102, 103)
LONG = 200
"""Source sentences of concatenated texts."""
LARGEST_GOLD = 8
"""Larger beads (sentences on both sides) are artefacts of the gold of udhr."""
BINS = 10

Measured = dict[str, Any]


def aligned(encoder: Encoder, found: Sequence[dict[str, Any]], *, pages: bool = False) -> list[list[Bead]]:
    """The beads of each document, aligned as whole texts or as mixed pages."""
    both = passages(encoder, found, tokens=not pages)
    return [align_pages(src, tgt, together=True) if pages else align_bitext(src, tgt) for src, tgt in both]


def figures(found: Sequence[dict[str, Any]], beads: Sequence[Sequence[Bead]]) -> Measured:
    """The figures of `align eval`; nulls of the gold and predicted, and recall of the gold's.

    `nulls_near` counts predicted nulls within one sentence of a gold null, on the same side.
    """
    gold = {str(k): beads_of(d["gold"]) for k, d in enumerate(found)}
    ours = {str(k): beads_of((b.src, b.tgt) for b in of_text) for k, of_text in enumerate(beads)}
    theirs, predicted = (
        {(name, pair) for name, pairs in rows.items() for pair in pairs if not pair[0] or not pair[1]}
        for rows in (gold, ours)
    )
    places = {(name, bool(src), place) for name, (src, tgt) in theirs for place in (*src, *tgt)}
    near = sum(
        any((name, bool(src), place + step) in places for place in (*src, *tgt) for step in (-1, 0, 1))
        for name, (src, tgt) in predicted
    )
    recall = len(theirs & predicted) / len(theirs) if theirs else math.nan
    return score(gold, ours) | {
        "nulls": len(theirs),
        "predicted_nulls": len(predicted),
        "nulls_near": near,
        "null_recall": round(recall, 3),
    }


def link_f1(found: Sequence[dict[str, Any]], beads: Sequence[Sequence[Bead]]) -> float:
    """F1 of links only: omitted sentences do not count."""
    right = ours = theirs = 0
    for document, bs in zip(found, beads, strict=True):
        gold = {pair for pair in beads_of(document["gold"]) if pair[0] and pair[1]}
        got: BeadSet = {pair for pair in beads_of((b.src, b.tgt) for b in bs) if pair[0] and pair[1]}
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


def sets(corpus: str, belongs: Callable[[dict[str, Any]], bool]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(name, documents) of a corpus, original and perturbed; only documents for the encoder."""
    for name in names():
        if not name.startswith(CORPORA[corpus]):
            continue
        found = [document for document in documents(name) if belongs(document)]
        if not found:
            continue
        yield name, found
        if corpus == "udhr":
            yield f"{name}, beads below {LARGEST_GOLD}", [_without_large(d) for d in found]
        if name == "ntrex.ja_zh":
            harder = [[perturbed(d, HARDER, seed) for d in found] for seed in SEEDS]
            yield f"{name}, harder", [d for of_seed in harder for d in of_seed]
            yield f"{name}, harder, end to end", [d for of_seed in harder for d in end_to_end(of_seed, LONG)]
            moved = Hardship(drop=HARDER.drop, merge=HARDER.merge, moves=1)
            yield f"{name}, harder, moved", [perturbed(d, moved, seed) for seed in SEEDS for d in found]


def _without_large(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the beads that are artefacts; beads between their sentences do not count."""
    gold = [b for b in document["gold"] if min(len(b[0]), len(b[1])) < LARGEST_GOLD]
    judged_s, judged_t = (frozenset(k for b in gold for k in b[side]) for side in (0, 1))
    return document | {"gold": gold, "judged": (judged_s, judged_t)}


def _judged(document: Mapping[str, Any], beads: Sequence[Bead]) -> list[Bead]:
    """The beads with a sentence that is in the gold; all where the gold covers both texts."""
    if "judged" not in document:
        return list(beads)
    judged_s, judged_t = document["judged"]
    return [bead for bead in beads if not judged_s.isdisjoint(bead.src) or not judged_t.isdisjoint(bead.tgt)]


class Counting:
    """Counts the joined texts that are encoded."""

    def __init__(self, encoder: Any) -> None:
        self.texts = 0
        self._encode: Callable[[Sequence[str]], Any] = getattr(encoder, "encode_runs", encoder.encode)
        if hasattr(encoder, "encode_runs"):
            encoder.encode_runs = self

    def __call__(self, texts: Sequence[str]) -> Any:
        self.texts += len(texts)
        return self._encode(texts)


def measure(
    corpus: str, name: str, folder: Any, *, shipped: bool = False
) -> Iterator[tuple[Measured, list[tuple[float, bool]]]]:
    """Figures and judged links of each set of a corpus, for an encoder or `auto`."""
    for encoder_name in ("blend", "e5") if name == "auto" else (name,):
        encoder = encoder_of(encoder_name, folder)
        counting = Counting(encoder)
        for set_name, found in sets(corpus, partial(_belongs, name, encoder)):
            counting.texts = 0
            with nullcontext() if shipped else unseen(set_name):
                beads = [_judged(d, of_text) for d, of_text in zip(found, aligned(encoder, found), strict=True)]
            sentences = sum(len(d["src"]) + len(d["tgt"]) for d in found)
            row = {"set": set_name, "encoder": encoder_name, **figures(found, beads)}
            links = judged(found, beads)
            row["ece"], row["links"] = round(reliability(links)[0], 4), len(links)
            row["encoded"] = round(1 + counting.texts / sentences, 2)
            yield row, links


def _belongs(name: str, encoder: Encoder, document: dict[str, Any]) -> bool:
    """Whether the encoder is measured on a document: `auto` chooses it, or it covers the languages."""
    languages = {document["src_lang"], document["tgt_lang"]}
    return choose_encoder(languages) == encoder.name if name == "auto" else not unknown_languages(encoder, languages)


REACH = {
    "use": {"mac": 0.885, "textberg": 0.915, "bible": 0.89, "bsd": 0.997, "kyoto": 0.997, "ntrex": 0.997},
    "blend": {"mac": 0.915, "textberg": 0.925, "bible": 0.92},
    "e5": {"parice": 0.95, "hunalign": 0.99, "udhr": 0.955},
}
"""Targets for strict F1 on held-out corpora."""
LAX = {"use": {"mac": 0.992, "textberg": 0.993}}


def reached(rows: Sequence[Measured]) -> Iterator[tuple[str, float, str]]:
    """(name, figure, target)."""
    for row in rows:
        name, corpus = row["set"], corpus_of(row["set"])
        encoder = row["encoder"]
        if "," not in name or "below" in name:
            if least := REACH.get(encoder, {}).get(corpus):
                yield f"{name} strict", row["f1_strict"], f">= {least}"
            if least := LAX.get(encoder, {}).get(corpus):
                yield f"{name} lax", row["f1_lax"], f">= {least}"
            if corpus == "mac":
                yield f"{name} nulls", row["predicted_nulls"], f"{row['nulls'] / 2:.0f} to {row['nulls'] * 2}"
                near = row["nulls_near"] / row["predicted_nulls"] if row["predicted_nulls"] else math.nan
                yield f"{name} nulls near one of the gold", round(near, 3), ">= 0.5"
        if name.endswith("harder"):
            yield f"{name} strict", row["f1_strict"], ">= 0.9" if encoder == "use" else ">= 0.945"
            yield f"{name} null recall", row["null_recall"], ">= 0.75"
        if name.endswith("end to end"):
            yield f"{name} strict", row["f1_strict"], ">= 0.965" if encoder == "use" else ">= 0.985"
        if row["links"] >= 200:
            yield f"{name} calibration error", row["ece"], "<= 0.06"


def tell_reliability(rows: list[tuple[float, bool]]) -> None:
    """Print the calibration error and the curve."""
    error, curve = reliability(rows)
    print(json.dumps({"ece": round(error, 4), "links": len(rows)}))
    for mean, share, count in curve:
        print(f"  confidence {mean:.2f}: {share:.2f} right of {count}")


def main() -> None:
    parser = asked_for(__doc__)
    parser.add_argument("--shipped", action="store_true")
    asked = parser.parse_args()
    rows: list[Measured] = []
    links: list[tuple[float, bool]] = []
    for corpus in CORPORA:
        if asked.sets and corpus not in asked.sets:
            continue
        for row, of_set in measure(corpus, asked.encoder, asked.cache, shipped=asked.shipped):
            print(json.dumps(row), flush=True)
            rows.append(row)
            if "," not in row["set"]:
                links += of_set
    plain = [row for row in rows if "," not in row["set"]]
    for figure in ("f1_strict", "f1_lax"):
        of_corpus = [
            np.mean([row[figure] for row in plain if corpus_of(row["set"]) == corpus])
            for corpus in CORPORA
            if any(corpus_of(row["set"]) == corpus for row in plain)
        ]
        print(f"mean {figure} of {len(of_corpus)} corpora: {np.mean(of_corpus):.4f}")
    for what, value, goal in reached(rows):
        print(f"{what:60s} {value:8.4f}   to reach: {goal}")
    tell_reliability(links)


if __name__ == "__main__":
    main()
