"""Fit the weights of the aligner on gold and on perturbed versions of it, and write align/aligner/weights.json.

    python -m benchmarks.fit --leave-out --cache FOLDER           # a fold per corpus, for held-out figures
    python -m benchmarks.fit --leave-out mac udhr --cache FOLDER  # these two only
    python -m benchmarks.fit --write --cache FOLDER               # the shipped weights, on all corpora
    python -m benchmarks.fit --calibrate                          # the confidence only, by the links in the folds

One set of weights for each encoder with its own, and two for all other encoders: with sentence vectors only and
with token vectors. A fold is fitted without its corpus, in any form; it is written to tests/gates/folds/ with
digests of the gold and of the list of features. Current folds are not fitted again. The confidence of a fold is
calibrated on the held-out links of the other folds, so it is final once all twelve exist. FOLDER stores vectors and
features: the first fit takes most of an hour, each further fold some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.aligner.features import BEAD_FEATURES, GAP_FEATURES
from align.aligner.weights import FILE, SENTENCES, TOKENS, Weights, parse_weights, weights
from align.aligner.window import decode_path
from align.workspace.evaluate import beads_of, score
from benchmarks.crf import Batch, first_look, fit_both
from benchmarks.folds import FOLDS, current, features_digest, fold_path
from benchmarks.pieces import Piece, View, gathered
from benchmarks.pool import CORPORA, GROUPS, Group, digest
from benchmarks.vectors import VectorStore

Floats = npt.NDArray[np.float64]
LinkCounts = list[tuple[float, float, float]]
"""Held-out links by the logit of their posterior: logit, weight of the right ones, weight of the wrong ones."""


LEAST = 1e-6
"""Minimum distance of posteriors from 0 and 1."""
REGULAR_LINKS = 19.0
"""Links without a convention of its own that each corpus starts with."""


@dataclass(frozen=True, slots=True)
class Family:
    """A set of weights: the views that it is fitted on, and features without a weight."""

    views: tuple[View, ...]
    tokens: bool
    unused: frozenset[str]


TOKEN_FEATURES = frozenset(
    {"least covered", "least covered better", "unlinked", "links cut", "linked", "linked standing"}
)
JOINED_FEATURES = frozenset({"joined similarity", "joined margin"})
FAMILIES = {
    "use": Family((View("use", joined=True),), False, TOKEN_FEATURES),
    "blend": Family((View("blend", tokens=True, joined=True),), True, frozenset()),
    "e5": Family((View("e5", tokens=True),), True, JOINED_FEATURES),
    SENTENCES: Family((View("use"), View("e5"), View("e5", width=128)), False, TOKEN_FEATURES | JOINED_FEATURES),
    TOKENS: Family((View("e5", tokens=True), View("blend", tokens=True)), True, JOINED_FEATURES),
}


def groups_of(family: Family) -> list[Group]:
    """The groups for fitting a family."""
    return [group for group in GROUPS if group.tokens or not family.tokens]


def masks(family: Family) -> tuple[Floats, Floats]:
    """(F,), (G,): 1 for each feature that may have a weight."""
    bead, gap = (
        np.array([float(name not in family.unused) for name in names]) for names in (BEAD_FEATURES, GAP_FEATURES)
    )
    return bead, gap


def stored(fitted: Weights) -> dict[str, Any]:
    """The JSON form of weights, without zeros."""
    looks = {
        look: {
            "bead": {name: round(float(w), 4) for name, w in zip(BEAD_FEATURES, by.bead, strict=True) if w},
            "gap": {name: round(float(w), 4) for name, w in zip(GAP_FEATURES, by.gap, strict=True) if w},
        }
        for look, by in (("first", fitted.first), ("second", fitted.second))
    }
    return looks | {
        "slope": round(fitted.slope, 4),
        "shift": round(fitted.shift, 4),
        "ceiling": round(fitted.ceiling, 4),
    }


class Fitting:
    """The pieces of one family, and the weights fitted on all of them, from which each fold starts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.family = name, FAMILIES[name]
        store = VectorStore(folder / "vectors")
        groups = groups_of(self.family)
        rough = weights(name).first
        found = [p for view in self.family.views for p in gathered(groups, view, store, rough, folder / "pieces")]
        for piece in found:
            piece.weight /= len(self.family.views)
        self.batch = Batch(found)
        self.path = folder / f"{name}.{digest()}.{features_digest()}.json"
        if self.path.exists():
            self.full = parse_weights(json.loads(self.path.read_text(encoding="utf-8")))
        else:
            self.full = fit_both(self.batch, np.ones(len(found), dtype=bool), *masks(self.family))
            self.path.write_text(json.dumps(stored(self.full)), encoding="utf-8")

    def without(self, corpus: str) -> tuple[Weights, LinkCounts]:
        """Weights fitted without a corpus, and their results on its links; prints the held-out figures."""
        active = np.array([piece.corpus != corpus for piece in self.batch.pieces])
        fitted = fit_both(self.batch, active, *masks(self.family), self.full)
        first_look(self.batch, fitted.first)
        held_out = [piece for piece in self.batch.pieces if piece.corpus == corpus]
        return fitted, report(self.name, held_out, fitted)


def report(name: str, held_out: Sequence[Piece], fitted: Weights) -> LinkCounts:
    """Print strict and lax F1 and nulls of each group; returns counts of its links."""
    rows = defaultdict(list)
    counts: dict[float, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for piece in held_out:
        beads = decoded(piece, fitted)
        rows[f"{piece.group}, {piece.text.split()[-1]}"].append((piece.gold, beads))
        gold = set(piece.gold)
        for src, tgt, chance in beads:
            if src and tgt:
                p = min(max(chance, LEAST), 1 - LEAST)
                counts[round(log(p / (1 - p)), 1)][(src, tgt) not in gold] += piece.weight
    for group, of_group in rows.items():
        gold_, ours = (
            {str(k): beads_of((b[0], b[1]) for b in row[which]) for k, row in enumerate(of_group)} for which in (0, 1)
        )
        figures = score(gold_, ours)
        nulls, right = nulls_of(gold_, ours)
        print(
            f"  {name:10s} {group:50s} strict {figures['f1_strict']:.4f} lax {figures['f1_lax']:.4f}"
            f"  nulls {nulls[0]} of {nulls[1]}, {right} right",
            flush=True,
        )
    return [(logit, round(right, 3), round(wrong, 3)) for logit, (right, wrong) in sorted(counts.items())]


def nulls_of(gold: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[tuple[int, int], int]:
    """((predicted nulls, gold nulls), nulls in both)."""
    theirs, found = (
        {(name, pair) for name, pairs in beads.items() for pair in pairs if not pair[0] or not pair[1]}
        for beads in (gold, ours)
    )
    return (len(found), len(theirs)), len(found & theirs)


def decoded(piece: Piece, fitted: Weights) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """The beads of the best path, with their posteriors."""
    i = j = 0
    beads = []
    for _, a, b, chance in decode_path(piece.lattice, piece.sums(fitted.second)):
        beads.append(((*range(i, i + a),), (*range(j, j + b),), chance))
        i, j = i + a, j + b
    return beads


def calibrated(corpora: Sequence[LinkCounts]) -> dict[str, float]:
    """Slope, shift and ceiling of the confidence, by the links of some corpora.

    Platt scaling of the logit of the posterior, times the share of a corpus's links that its gold does not join by a
    convention of its own. Verses or articles are joined whatever the texts say: without a share for each corpus, they
    alone would decide how far the posteriors of all others are trusted. The ceiling is the mean share, which is what
    to expect of the next corpus.
    """
    counts = [np.array(links, dtype=np.float64).T for links in corpora]

    def loss(w: Floats) -> float:
        total = 0.0
        for (x, right, wrong), joined in zip(counts, w[2:], strict=True):
            regular = 1 / (1 + np.exp(joined))
            p = np.clip(regular / (1 + np.exp(-(w[0] * x + w[1]))), LEAST, 1 - LEAST)
            total -= float((right * np.log(p) + wrong * np.log(1 - p)).sum()) + REGULAR_LINKS * log(regular)
        return total

    start = np.array([1.0, 0.0] + [-4.0] * len(counts))
    bounds = [(0.0, 5.0), (-5.0, 5.0)] + [(-9.0, 2.0)] * len(counts)
    slope, shift, *joined = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    ceiling = float(np.mean(1 / (1 + np.exp(joined))))
    return {name: round(float(x), 4) for name, x in (("slope", slope), ("shift", shift), ("ceiling", ceiling))}


def make_folds(corpora: Iterable[str], families: Sequence[str], folder: Path) -> None:
    """Fit the folds that are not current, and write those with all families."""
    missing = [corpus for corpus in corpora if not current(corpus)]
    for name in families:
        fitting = None
        for corpus in missing:
            if not (part := _part(folder, name, corpus)).exists():
                print(f"{name} without {corpus}", flush=True)
                fitting = fitting or Fitting(name, folder)
                fitted, links = fitting.without(corpus)
                part.write_text(json.dumps({"weights": stored(fitted), "links": links}), encoding="utf-8")
    for corpus in missing:
        parts = {name: _part(folder, name, corpus) for name in FAMILIES}
        if not all(part.exists() for part in parts.values()):
            continue
        rows = {name: json.loads(part.read_text(encoding="utf-8")) for name, part in parts.items()}
        fold = {
            "corpus": corpus,
            "gold": digest(),
            "features": features_digest(),
            "families": {name: row["weights"] for name, row in rows.items()},
            "links": {name: row["links"] for name, row in rows.items()},
        }
        fold_path(corpus).write_text(json.dumps(fold) + "\n", encoding="utf-8")
    calibrate()


def _part(folder: Path, name: str, corpus: str) -> Path:
    """The file of a family's weights without a corpus, until the fold has all families."""
    return folder / f"{name}.without-{corpus}.{digest()}.{features_digest()}.json"


def calibrate() -> None:
    """Write the calibration of each fold, fitted on the held-out links of all others, and the shipped one, on all."""
    folds = {corpus: json.loads(fold_path(corpus).read_text(encoding="utf-8")) for corpus in CORPORA if current(corpus)}
    for corpus, fold in folds.items():
        for name, of_family in fold["families"].items():
            others = [row["links"][name] for other, row in folds.items() if other != corpus and row["links"][name]]
            if others:
                of_family.update(calibrated(others))
        fold_path(corpus).write_text(json.dumps(fold) + "\n", encoding="utf-8")
    shipped = json.loads(FILE.read_text(encoding="utf-8"))
    for name, of_family in shipped.items():
        if links := [fold["links"][name] for fold in folds.values() if fold["links"][name]]:
            of_family.update(calibrated(links))
            print(f"{name}: slope {of_family['slope']}, shift {of_family['shift']}, ceiling {of_family['ceiling']}")
    FILE.write_text(json.dumps(shipped, indent=1) + "\n", encoding="utf-8")


def write_shipped(families: Sequence[str], folder: Path) -> None:
    """Write the weights fitted on all corpora, with the confidence calibrated on all folds."""
    for name in families:
        shipped = json.loads(FILE.read_text(encoding="utf-8"))
        shipped[name] = stored(Fitting(name, folder).full)
        FILE.write_text(json.dumps(shipped, indent=1) + "\n", encoding="utf-8")
    calibrate()
    print(f"wrote {FILE}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leave-out", nargs="*", metavar="CORPUS", choices=list(CORPORA), help="all unless named")
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--write", action="store_true", help="write the shipped weights")
    parser.add_argument("--calibrate", action="store_true", help="only calibrate the confidence anew")
    parser.add_argument("--cache", type=Path, help="where vectors and features are stored")
    asked = parser.parse_args()
    if asked.calibrate:
        calibrate()
        return
    if asked.cache is None:
        parser.error("--cache FOLDER is missing")
    FOLDS.mkdir(exist_ok=True)
    if asked.leave_out is not None:
        make_folds(asked.leave_out or list(CORPORA), asked.families, asked.cache)
    if asked.write:
        write_shipped(asked.families, asked.cache)


if __name__ == "__main__":
    main()
