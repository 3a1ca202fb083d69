"""Fit the weights of the aligner on the dev gold and on harder versions of it, and write align/match/weights.json.

    python -m benchmarks.fit --folds 0 --at-most 5 --write    # the shipped weights
    python -m benchmarks.fit --folds 4                        # what held-out folds say

A semi-Markov conditional random field over the bead lattice, trained by forward-backward and L-BFGS (Sarawagi & Cohen
2004). One set of weights for sentence vectors alone, one for where token vectors are at hand; each from all languages,
sets and encoders together. Prints strict F1 of held-out folds, with the hand-set score on the same lattices beside it.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.encoders import load_encoder
from align.jobs.evaluate import beads_of, score
from align.match import lattice
from align.match.guide import band
from align.match.lattice import GAPS, SHAPES, SIGNALS, F, G
from align.match.passages import Passages
from align.match.solve import BEAD_PRICE, GAP_PRICE, NUMBER, Texts, Window, look
from align.match.weights import FILE, Weights, parsed
from benchmarks.gold import documents, fold, names, passages
from benchmarks.perturb import Hardship, perturbed

Floats = npt.NDArray[np.float64]
SCALE = 15.0
HAND = {
    "bead": {"scaled margin": SCALE},
    "gap": {"omission": 0.175 * SCALE, "best": -0.5 * SCALE, "opening": -0.1 * SCALE},
    "slope": 1.0,
    "shift": 0.0,
}
"""The hand-set score: margin with a neighbour term of 0.6 and a length penalty; the price of a null from evidence."""
HARDER = {
    "ntrex.ja_zh": (("dropped", Hardship(drop=0.2, merge=0.1)), ("cut", Hardship(drop=0.1, merge=0.2, cut=0.2))),
    "ntrex.zh-tw_en": (("cut", Hardship(drop=0.1, merge=0.2, cut=0.3)),),
    "ntrex.ru_en": (("cut", Hardship(drop=0.05, merge=0.15, cut=0.25)),),
    "kyoto_ja_en": (("cut", Hardship(drop=0.03, merge=0.15, cut=0.2, omissions=1)),),
    "k8s_en_zh": (("cut", Hardship(drop=0.05, merge=0.1, cut=0.25, omissions=1)),),
    "parice_en_is": (("dropped", Hardship(drop=0.1, omissions=1)),),
    "textberg_de_fr": (("omitted", Hardship(omissions=4)),),
}
AT_MOST = 10
"""Documents of a set (but all of those that hands aligned n-m)."""
HANDS = ("textberg", "parice")
KEEP = 3e-5
"""Beads that the weights of before find less likely are left out of the sums."""
REACH = 120
"""Sentences of a piece: held-out folds cut long documents."""


@dataclass
class Piece:
    """A window of a document with what the sums need, gold in its own numbering."""

    group: str
    name: str
    weight: float
    seen: Window
    table: npt.NDArray[np.float32]
    places: npt.NDArray[np.int64]
    gold: list[tuple[tuple[int, ...], tuple[int, ...]]]
    true: npt.NDArray[np.int64]
    alone_s: list[int]
    alone_t: list[int]
    opened: int

    def sums(self, bead: Floats, gap: Floats) -> tuple[Any, ...]:
        """Posteriors under weights."""
        scores = np.full((len(self.seen.low), int((self.seen.high - self.seen.low).max()) + 1, len(SHAPES)), -np.inf)
        scores[tuple(self.places.T)] = self.table @ bead
        null_s, null_t = self.seen.gaps_s @ gap, self.seen.gaps_t @ gap
        low, high = self.seen.low, self.seen.high
        found = lattice.posteriors(scores.astype(np.float32), null_s, null_t, float(gap[1]), low, high, SHAPES)
        return null_s, null_t, *found

    def loss(self, bead: Floats, gap: Floats) -> tuple[float, Floats, Floats]:
        """Negative log likelihood of the gold path, and its gradients."""
        null_s, null_t, beads, gap_s, gap_t, total, alpha, beta = self.sums(bead, gap)
        right = float((self.table[self.true] @ bead).sum() + null_s[self.alone_s].sum() + null_t[self.alone_t].sum())
        expected = self.table.T @ beads[tuple(self.places.T)].astype(np.float64)
        low, high = self.seen.low, self.seen.high
        columns = np.zeros(len(null_t) + 1)
        for i in range(len(low)):
            columns[low[i] : high[i] + 1] += gap_t[i, : high[i] - low[i] + 1]
        expected_gap = self.seen.gaps_s.T @ gap_s.sum(1)[:-1] + self.seen.gaps_t.T @ columns[:-1]
        seen_gap = self.seen.gaps_s[self.alone_s].sum(0) + self.seen.gaps_t[self.alone_t].sum(0)
        expected_gap[1] = lattice.openings(alpha, beta, null_s, null_t, float(gap[1]), low, high, total)
        seen_gap[1] = self.opened
        loss = float(total) - right - self.opened * float(gap[1])
        return loss, expected - self.table[self.true].sum(0), expected_gap - seen_gap

    def decoded(self, fitted: Weights) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
        """The beads that are taken, with their posteriors."""
        _, _, beads, gap_s, gap_t, *_ = self.sums(fitted.bead, fitted.gap)
        open_ = np.zeros(beads.shape, dtype=bool)
        open_[tuple(self.places.T)] = True
        gain = np.where(open_, 2 * beads - np.float32(BEAD_PRICE), np.float32(-np.inf))
        price = np.float32(GAP_PRICE)
        path = lattice.best_path(gain, gap_s - price, gap_t - price, self.seen.low, self.seen.high, SHAPES)
        found = []
        for i, j, a, b in path.tolist():
            chance = float(beads[i, j - self.seen.low[i], NUMBER[a, b]]) if a and b else 1.0
            found.append(((*range(i, i + a),), (*range(j, j + b),), chance))
        return found


def path_of(document: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """The gold as a monotone path; what crosses is left alone, what has holes is closed."""
    n, m = len(document["src"]), len(document["tgt"])
    path: list[tuple[int, int, int, int]] = []
    i = j = 0
    for src, tgt in sorted((s, t) for s, t in document["gold"] if s and t):
        if src[0] < i or tgt[0] < j:
            continue
        path += [(k, j, 1, 0) for k in range(i, src[0])] + [(src[0], k, 0, 1) for k in range(j, tgt[0])]
        path.append((src[0], tgt[0], src[-1] - src[0] + 1, tgt[-1] - tgt[0] + 1))
        i, j = src[-1] + 1, tgt[-1] + 1
    return path + [(k, j, 1, 0) for k in range(i, n)] + [(n, k, 0, 1) for k in range(j, m)]


def pieces(group: str, document: dict[str, Any], sides: tuple[Passages, Passages], rough: Weights) -> Iterator[Piece]:
    """The document in pieces of about REACH sentences, cut between gold beads; evidence is that of the whole."""
    path = path_of(document)
    texts = Texts(*sides)
    cells = texts.guided[0]
    start = 0
    for end in range(1, len(path) + 1):
        last = end == len(path)
        if not last and (path[end][0] - path[start][0] < REACH or not (path[end][2] and path[end][3])):
            continue
        i0, j0 = path[start][:2]
        i1, j1 = (len(sides[0]), len(sides[1])) if last else path[end][:2]
        part = [(i - i0, j - j0, a, b) for i, j, a, b in path[start:end]]
        start = end
        if i0 == i1 or j0 == j1 or any(a and b and (a, b) not in NUMBER for _, _, a, b in part):
            continue
        inside = cells[(cells[:, 0] >= i0) & (cells[:, 0] < i1) & (cells[:, 1] >= j0) & (cells[:, 1] < j1)]
        low, high = band(inside - np.array([[i0, j0]]), i1 - i0, j1 - j0)
        for i, j, _, _ in part:
            low[i], high[i] = min(low[i], j), max(high[i], j)
        low, high = np.minimum.accumulate(low[::-1])[::-1].copy(), np.maximum.accumulate(high)
        seen = look(texts, (i0, i1), (j0, j1), low, high)
        table, places = lattice.bead_table(seen.arrays, low, high, SHAPES, seen.top, seen.left, F)
        gold = [((*range(i, i + a),), (*range(j, j + b),)) for i, j, a, b in part]
        weight = 2.0 if group.startswith(HANDS) else 1.0
        name = f"{group}/{document['id']}" + (f"@{i0 // REACH}" if group.startswith("textberg") else "")
        piece = Piece(group, name, weight, seen, table, places, gold, np.zeros(0, dtype=np.int64), [], [], 0)
        *_, beads, _, _, _, _, _ = piece.sums(rough.bead, rough.gap)
        at = {(int(i), int(c), int(k)): row for row, (i, c, k) in enumerate(places)}
        true = [at[i, j - int(low[i]), NUMBER[a, b]] for i, j, a, b in part if a and b]
        kept = beads[tuple(places.T)] > KEEP
        kept[true] = True
        number = np.cumsum(kept) - 1
        piece.table, piece.places, piece.true = table[kept], places[kept], number[true]
        piece.alone_s = [i for i, _, _, b in part if not b]
        piece.alone_t = [j for _, j, a, _ in part if not a]
        kinds = ["bead" if a and b else "src" if a else "tgt" for _, _, a, b in part]
        piece.opened = sum(k != "bead" and (at == 0 or kinds[at - 1] != k) for at, k in enumerate(kinds))
        yield piece


def gather(encoder: str, cache: Path | None, rough: Weights, *, tokens: bool, at_most: int) -> list[Piece]:
    """Every set and its harder versions, with one encoder's vectors."""
    loaded = load_encoder(encoder, cache=cache)
    found: list[Piece] = []
    for name in names():
        plain = documents(name)
        plain = plain if name.startswith(HANDS) else plain[:at_most]
        groups = [(name, plain)]
        for base, hardships in HARDER.items():
            if name.startswith(base):
                groups += [(f"{name}+{word}", [perturbed(d, h, 7) for d in plain]) for word, h in hardships]
        for group, chosen in groups:
            for document, sides in zip(chosen, passages(loaded, chosen, tokens=tokens), strict=True):
                found += pieces(f"{group}", document, sides, rough)
        print(f"  {encoder:6s} {name}: {len(found)} pieces so far", flush=True)
    return found


def fit(found: Sequence[Piece], *, ridge: float = 3.0, steps: int = 80) -> Weights:
    """The weights under which the gold is likeliest, less a ridge penalty on standardised weights."""
    spread = np.maximum(np.concatenate([p.table for p in found]).std(0), 1e-3).astype(np.float64)
    spread_gap = np.maximum(np.concatenate([p.seen.gaps_s for p in found]).std(0), 1e-3)
    spread_gap[:2] = 1.0

    def loss(x: Floats) -> tuple[float, Floats]:
        bead, gap = x[:F] / spread, x[F:] / spread_gap
        total, slope = ridge * float(x @ x) / 2, ridge * x
        for piece in found:
            value, by_bead, by_gap = piece.loss(bead, gap)
            total += piece.weight * value
            slope[:F] += piece.weight * by_bead / spread
            slope[F:] += piece.weight * by_gap / spread_gap
        return total, slope

    best = minimize(loss, np.zeros(F + G), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 20}).x
    return Weights(best[:F] / spread, best[F:] / spread_gap, 1.0, 0.0)


def held_out(found: Sequence[Piece], folds: int, hand: Weights) -> tuple[float, float]:
    """Print strict F1 of each set, fitted on the other folds and hand-set; returns the calibration (slope, shift)."""
    decoded: dict[str, dict[str, tuple[Any, Any, Any]]] = defaultdict(dict)
    chances: list[tuple[float, bool, float]] = []
    for number in range(folds):
        fitted = fit([p for p in found if fold(p.name.split("/")[1], folds) != number])
        for k, piece in enumerate(p for p in found if fold(p.name.split("/")[1], folds) == number):
            ours, theirs = piece.decoded(fitted), piece.decoded(hand)
            decoded[piece.group][f"{piece.name}#{number}.{k}"] = (piece.gold, ours, theirs)
            gold = set(piece.gold)
            chances += [(p, (s, t) in gold, piece.weight) for s, t, p in ours if s and t]
    for group, rows in sorted(decoded.items()):
        reference = {k: beads_of(row[0]) for k, row in rows.items()}
        f1 = [
            score(reference, {k: beads_of((b[0], b[1]) for b in row[w]) for k, row in rows.items()})["f1_strict"]
            for w in (1, 2)
        ]
        print(f"  {group:34s} fitted {f1[0]:.4f}   hand-set {f1[1]:.4f}   {'+' if f1[0] >= f1[1] else '-'}", flush=True)
    return calibrated(np.array([c[0] for c in chances]), np.array([c[1] for c in chances], dtype=np.float64))


def calibrated(chance: Floats, right: Floats) -> tuple[float, float]:
    """Platt's slope and shift on the logit."""
    p = np.clip(chance, 1e-6, 1 - 1e-6)
    x = np.log(p / (1 - p))

    def loss(w: Floats) -> tuple[float, Floats]:
        z = w[0] * x + w[1]
        error = 1 / (1 + np.exp(-z)) - right
        return float((np.logaddexp(0, z) - right * z).sum()), np.array([error @ x, error.sum()])

    best = minimize(loss, np.array([1.0, 0.0]), jac=True).x
    return float(best[0]), float(best[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=4, help="0: no held-out figures, confidence as it was")
    parser.add_argument("--at-most", type=int, default=AT_MOST, help="documents of a set (all of the n-m ones)")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cache", type=Path)
    asked = parser.parse_args()
    shipped = json.loads(FILE.read_text(encoding="utf-8"))
    hand = parsed(HAND)
    for kind, encoders in (("sentences", ("use", "blend")), ("tokens", ("e5", "blend"))):
        rough = parsed(shipped[kind])
        rough = Weights(rough.bead * 0.7, rough.gap * 0.7, 1.0, 0.0)
        found = [
            p for e in encoders for p in gather(e, asked.cache, rough, tokens=kind == "tokens", at_most=asked.at_most)
        ]
        print(f"{kind}: {len(found)} pieces, {sum(len(p.table) for p in found)} beads")
        slope, shift = shipped[kind]["slope"], shipped[kind]["shift"]
        if asked.folds:
            slope, shift = held_out(found, asked.folds, hand)
        fitted = fit(found)
        shipped[kind] = {
            "bead": {name: round(float(w), 4) for name, w in zip(SIGNALS, fitted.bead, strict=True)},
            "gap": {name: round(float(w), 4) for name, w in zip(GAPS, fitted.gap, strict=True)},
            "slope": round(slope, 4),
            "shift": round(shift, 4),
        }
        print(f"  confidence: slope {slope:.3f}, shift {shift:.3f}")
        if asked.write:
            FILE.write_text(json.dumps(shipped, indent=1) + "\n", encoding="utf-8")
            print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
