"""Fit the weights of the aligner on the dev gold and on harder versions of it, and write align/match/weights.json.

    python -m benchmarks.fit --folds 3 --at-most 8 --write    # the shipped weights, and what held-out folds say

A semi-Markov conditional random field over the bead lattice, trained by forward-backward and L-BFGS (Sarawagi & Cohen
2004). One set of weights for sentence vectors alone, one for where token vectors are at hand; each from all languages,
sets and encoders together. Prints strict F1, lax F1 and recall of nulls of held-out folds, with the hand-set score on
the same lattices beside it. The weights of before only choose which beads are looked at (KEEP).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.encoders import Encoder, load_encoder
from align.jobs.evaluate import beads_of, score
from align.match import signals
from align.match.guide import band
from align.match.lattice import Lattice, Marginals, marginals
from align.match.passages import Passages
from align.match.signals import GAPS, MORE, MOST, OPENING, OPENINGS, SIGNALS, USUAL, F, G
from align.match.solve import Habits, Texts, Window, habits, look, taken
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
KINDS = (("sentences", ("use", "blend")), ("tokens", ("e5", "blend")))
"""Sets of weights, and the encoders whose vectors each is fitted with."""
AT_MOST = 10
"""Documents of a set (but all of those that hands aligned n-m)."""
HANDS = ("textberg", "parice")
KEEP = 3e-5
"""Beads that the weights of before find less likely are left out of the sums."""
UNCOVERED = 0.1
"""What a piece weighs whose language the encoder does not know: its vectors teach little."""
ROUNDS = 2
"""How often what is usual in each document is told anew, and the weights with it."""
REACH = 120
"""Sentences of a piece: held-out folds cut long documents."""


@dataclass
class Piece:
    """A window of a document with what the sums need, gold in its own numbering."""

    group: str
    name: str
    text: str
    """The document and its encoder: what `habits` are told from."""
    weight: float
    seen: Window
    lattice: Lattice
    table: npt.NDArray[np.float32]
    gold: list[tuple[tuple[int, ...], tuple[int, ...]]]
    true: npt.NDArray[np.int64]
    alone_s: list[int]
    alone_t: list[int]
    opened: int
    habits: Habits = field(default_factory=Habits)

    def sums(self, bead: Floats, gap: Floats) -> Marginals:
        """Posteriors under weights."""
        null_s, null_t = self.seen.gaps_s @ gap, self.seen.gaps_t @ gap
        opening = float(gap[OPENING] + gap[OPENINGS] * self.habits.openings)
        return marginals(self.lattice, self.table @ bead, null_s, null_t, opening)

    def loss(self, bead: Floats, gap: Floats) -> tuple[float, Floats, Floats]:
        """Negative log likelihood of the gold path, and its gradients."""
        passed = self.sums(bead, gap)
        seen_gap = self.seen.gaps_s[self.alone_s].sum(0) + self.seen.gaps_t[self.alone_t].sum(0)
        seen_gap[OPENING], seen_gap[OPENINGS] = self.opened, self.opened * self.habits.openings
        right = float((self.table[self.true] @ bead).sum() + seen_gap @ gap)
        rows, columns = self.lattice.places
        by_row = np.bincount(rows, passed.gap_s, len(self.seen.gaps_s) + 1)[:-1]
        by_column = np.bincount(columns, passed.gap_t, len(self.seen.gaps_t) + 1)[:-1]
        expected_gap = self.seen.gaps_s.T @ by_row + self.seen.gaps_t.T @ by_column
        expected_gap[OPENING], expected_gap[OPENINGS] = passed.opened, passed.opened * self.habits.openings
        expected = self.table.T @ passed.beads
        return passed.total - right, expected - self.table[self.true].sum(0), expected_gap - seen_gap

    def decoded(self, fitted: Weights) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
        """The beads that are taken, with their posteriors."""
        i = j = 0
        found = []
        for _, a, b, chance in taken(self.lattice, self.sums(fitted.bead, fitted.gap)):
            found.append(((*range(i, i + a),), (*range(j, j + b),), chance))
            i, j = i + a, j + b
        return found

    def told(self, habits_: Habits) -> None:
        """Take note of what is usual in the document."""
        self.habits = habits_
        self.table[:, MORE] = habits_.more * (self.lattice.sizes > 2)
        self.seen.gaps_s[:, USUAL] = self.seen.gaps_t[:, USUAL] = habits_.null


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
        if i0 == i1 or j0 == j1 or any(a and b and a + b > MOST for _, _, a, b in part):
            continue
        inside = cells[(cells[:, 0] >= i0) & (cells[:, 0] < i1) & (cells[:, 1] >= j0) & (cells[:, 1] < j1)]
        low, high = band(inside - np.array([[i0, j0]]), i1 - i0, j1 - j0)
        for i, j, _, _ in part:
            low[i], high[i] = min(low[i], j), max(high[i], j)
        low, high = np.minimum.accumulate(low[::-1])[::-1].copy(), np.maximum.accumulate(high)
        seen = look(texts, (i0, i1), (j0, j1), low, high)
        beads = signals.candidates(seen.arrays, low, high, seen.top, seen.left, np.inf)
        table = signals.bead_table(seen.arrays, beads, F, seen.top, seen.left)
        gold = [((*range(i, i + a),), (*range(j, j + b),)) for i, j, a, b in part]
        weight = 2.0 if group.startswith(HANDS) else 1.0
        text = f"{group}/{document['id']}"
        name = text + (f"@{i0 // REACH}" if group.startswith("textberg") else "")
        piece = Piece(
            group, name, text, weight, replace(seen, arrays=()), Lattice(low, high, beads), table, gold,
            np.zeros(0, dtype=np.int64), [], [], 0,
        )  # fmt: skip
        at = {tuple(bead): row for row, bead in enumerate(beads.tolist())}
        true = [at[bead] for bead in part if bead[2] and bead[3]]
        kept = piece.sums(rough.bead, rough.gap).beads > KEEP
        kept[true] = True
        number = np.cumsum(kept) - 1
        piece.table, piece.lattice, piece.true = table[kept], Lattice(low, high, beads[kept]), number[true]
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
                new = list(pieces(group, document, sides, rough))
                for piece in new:
                    piece.text += f" by {encoder}"
                    piece.weight *= 1.0 if _covered(loaded, document) else UNCOVERED
                found += new
        print(f"  {encoder:6s} {name}: {len(found)} pieces so far", flush=True)
    return found


def _covered(encoder: Encoder, document: dict[str, Any]) -> bool:
    """Whether the encoder was trained on both languages."""
    languages = {document[side].split("-")[0] for side in ("src_lang", "tgt_lang")}
    return encoder.languages is None or languages <= {tag.split("-")[0] for tag in encoder.languages}


def look_around(found: Sequence[Piece], fitted: Weights) -> None:
    """Tell each piece what is usual in its document, by a first look with weights that do not know."""
    bead, gap = fitted.bead.copy(), fitted.gap.copy()
    bead[MORE] = gap[USUAL] = gap[OPENINGS] = 0.0
    documents_: dict[str, list[Piece]] = defaultdict(list)
    for piece in found:
        documents_[piece.text].append(piece)
    for parts in documents_.values():
        told = habits([(p.lattice, p.sums(bead, gap)) for p in parts])
        for piece in parts:
            piece.told(told)


def fit_in_turn(found: Sequence[Piece], all_: Sequence[Piece]) -> Weights:
    """Fit without knowing what is usual, look around, and fit again, twice. all_: the pieces that are told, too."""
    for piece in all_:
        piece.told(Habits())
    fitted = fit(found)
    for _ in range(ROUNDS):
        look_around(all_, fitted)
        fitted = fit(found)
    return fitted


def fit(found: Sequence[Piece], *, ridge: float = 3.0, steps: int = 80) -> Weights:
    """The weights under which the gold is likeliest, less a ridge penalty on standardised weights."""
    spread = np.maximum(np.concatenate([p.table for p in found]).std(0), 1e-3).astype(np.float64)
    spread_gap = np.maximum(np.concatenate([p.seen.gaps_s for p in found]).std(0), 1e-3)
    spread_gap[[0, OPENING, OPENINGS]] = 1.0

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
        fitted = fit_in_turn([p for p in found if fold(p.name.split("/")[1], folds) != number], found)
        for k, piece in enumerate(p for p in found if fold(p.name.split("/")[1], folds) == number):
            ours, theirs = piece.decoded(fitted), piece.decoded(hand)
            decoded[f"{piece.group}, {piece.text.split()[-1]}"][f"{piece.name}#{number}.{k}"] = (
                piece.gold,
                ours,
                theirs,
            )
            gold = set(piece.gold)
            chances += [(p, (s, t) in gold, piece.weight) for s, t, p in ours if s and t]
    for group, rows in sorted(decoded.items()):
        reference = {k: beads_of(row[0]) for k, row in rows.items()}
        told = []
        for which in (1, 2):
            ours_ = {k: beads_of((b[0], b[1]) for b in row[which]) for k, row in rows.items()}
            alone = [(k, pair) for k, pairs in reference.items() for pair in pairs if not pair[0] or not pair[1]]
            recall = sum(pair in ours_[k] for k, pair in alone) / len(alone) if alone else 1.0
            told.append((score(reference, ours_), recall))
        (fitted_, nulls), (by_hand, others) = told
        print(
            f"  {group:34s} fitted {fitted_['f1_strict']:.4f} lax {fitted_['f1_lax']:.4f} nulls {nulls:.2f}"
            f"   hand-set {by_hand['f1_strict']:.4f} {others:.2f}"
            f"   {'+' if fitted_['f1_strict'] >= by_hand['f1_strict'] else '-'}",
            flush=True,
        )
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
    for kind, encoders in KINDS:
        rough = parsed(shipped[kind])
        rough = Weights(rough.bead * 0.7, rough.gap * 0.7, 1.0, 0.0)
        found = [
            p for e in encoders for p in gather(e, asked.cache, rough, tokens=kind == "tokens", at_most=asked.at_most)
        ]
        print(f"{kind}: {len(found)} pieces, {sum(len(p.table) for p in found)} beads")
        slope, shift = shipped[kind]["slope"], shipped[kind]["shift"]
        if asked.folds:
            slope, shift = held_out(found, asked.folds, hand)
        fitted = fit_in_turn(found, found)
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
