"""Fit the document confidence, and write it to align/aligner/weights.json and to the folds.

    python -m benchmarks.fit_relatedness --cache FOLDER            # held-out figures by today's weights
    python -m benchmarks.fit_relatedness --cache FOLDER --write    # fit the folds and the shipped weights

Pairs of documents are made by `benchmarks.relatedness_pairs`: translations, cut to a few links, whole, or of other
editions with a part missing; and texts that have nothing to do with each other. Each corpus is aligned with the fold
that never saw it, and its own fold of the document confidence is fitted without its pairs. `benchmarks.fit` writes
weights without it: run this afterwards. FOLDER stores alignments by the digest of the solver's weights.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
import os
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.aligner import Bead, Constraints, EmbeddedSide
from align.aligner.bitext import bitext_beads
from align.aligner.document_confidence import EVIDENCE, evidence
from align.aligner.weights import FILE, SENTENCES, TOKENS
from align.aligner.window import Bitext
from align.embeddings import unknown_languages
from align.embeddings.embed import TextSide, embed_sides
from benchmarks.folds import fold, fold_path, unseen
from benchmarks.pool import CORPORA
from benchmarks.relatedness_pairs import DocumentPair, across, pairs
from benchmarks.vectors import StoredEncoder, VectorStore

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Source:
    """Vectors that evidence is measured on. own: aligned with the weights of the encoder; else with those of any."""

    name: str
    own: bool = False
    every: int = 2
    """One pair in so many is taken: of those that were cut, the related ones."""
    start: int = field(default=0, repr=False)
    """The first that is taken; 1: of those that were cut, unrelated ones."""


USE = Source("use", own=True, every=1)
E5, BLEND = ((Source(name), Source(name, every=8, start=1)) for name in ("e5", "blend"))
FAMILIES = {"use": (USE,), "blend": BLEND, "e5": E5, SENTENCES: (USE, *E5), TOKENS: (*E5, *BLEND)}
"""Token vectors change next to no evidence: alignments by sentence vectors alone, which cost less, serve for all."""
EVIDENCE_DIGEST = hashlib.sha256(f"{EVIDENCE}{inspect.getsource(evidence)}".encode()).hexdigest()[:12]
RIDGE = 0.02
"""Of the squares of the weights of standardised evidence."""
WHOLE = 2.0
"""Weight of a pair of whole texts."""
THRESHOLD = 0.9
"""Document confidence that is printed about."""


@dataclass(frozen=True, slots=True)
class Row:
    """The evidence of one pair, without its texts."""

    corpora: tuple[str, str]
    kind: str
    links: int
    related: bool
    values: tuple[float, ...]
    surest: float
    """Greatest confidence of a link, as if the texts belonged together."""


def rows_of(source: Source, corpus: str, folder: Path) -> list[Row]:
    """The evidence of the pairs of a corpus by one source of vectors; stored in `folder`."""
    found = [*pairs(corpus), *across(corpus)][source.start :: source.every]
    path = folder / "relatedness" / f"{source.name}.{corpus}.{_key(source, corpus, found)}.pickle"
    measured = path.with_suffix(f".{EVIDENCE_DIGEST}.pickle")
    if measured.exists():
        return [Row(*values) for values in pickle.loads(measured.read_bytes())]
    known = pickle.loads(path.read_bytes()) if path.exists() else None
    rows, aligned = [], []
    with unseen(corpus):
        for k, (pair, (src, tgt)) in enumerate(embedded(found, source, folder)):
            if known is not None:
                beads = [Bead(s, t, confidence=confidence) for s, t, confidence in known[k]]
            else:
                beads = bitext_beads(src, tgt, Constraints())
            aligned.append([(bead.src, bead.tgt, bead.confidence) for bead in beads])
            rows.append(row(pair, src, tgt, beads))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(aligned))
    measured.write_bytes(pickle.dumps([astuple(one) for one in rows]))
    print(f"{source}: {len(rows)} pairs of {corpus}", flush=True)
    return rows


def _key(source: Source, corpus: str, found: Sequence[DocumentPair]) -> str:
    """Of all that the alignments depend on."""
    solver = {
        name: {key: value for key, value in weights.items() if key != "related"}
        for name, weights in fold(corpus)["families"].items()
    }
    return hashlib.sha256(f"{source} {json.dumps(solver)} {found}".encode()).hexdigest()[:16]


def embedded(
    found: Sequence[DocumentPair], source: Source, folder: Path
) -> Iterator[tuple[DocumentPair, list[EmbeddedSide]]]:
    """The pairs in languages that the encoder knows, with both sides."""
    encoder = StoredEncoder(VectorStore(folder / "vectors"), source.name)
    for pair in found:
        if unknown_languages(encoder, {pair.src_lang, pair.tgt_lang}):
            continue
        sides = embed_sides(encoder, [TextSide(pair.src, pair.src_lang), TextSide(pair.tgt, pair.tgt_lang)])
        yield pair, sides if source.own else [replace(side, encoder="", encode_runs=None) for side in sides]


def row(pair: DocumentPair, src: EmbeddedSide, tgt: EmbeddedSide, beads: Sequence[Bead]) -> Row:
    """The evidence of a pair."""
    values = evidence(Bitext(src, tgt), beads)
    surest = max((bead.confidence for bead in beads if bead.src and bead.tgt), default=0.0)
    return Row((pair.corpus, pair.other), pair.kind, pair.links, pair.related, tuple(values.tolist()), surest)


def fitted(rows: Sequence[Row]) -> dict[str, float]:
    """Weights of a logistic regression; related and unrelated pairs of each corpus and size count alike."""
    values = np.array([row.values for row in rows])
    right = np.array([row.related for row in rows], dtype=np.float64)
    groups = [(row.corpora[0], row.links, row.related) for row in rows]
    count = {group: groups.count(group) for group in set(groups)}
    weight = np.array([weight_of(row) / count[group] ** 0.5 for row, group in zip(rows, groups, strict=True)])
    weight *= len(rows) / weight.sum()
    middle, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    table = np.hstack([(values - middle) / scale, np.ones((len(values), 1))])
    ridge = np.append(np.full(len(EVIDENCE), RIDGE), 0.0) * len(rows) / 100

    def loss(w: Floats) -> tuple[float, Floats]:
        z = table @ w
        total = weight @ (np.logaddexp(0, z) - right * z) + ridge @ w**2
        return float(total), table.T @ (weight * (1 / (1 + np.exp(-z)) - right)) + 2 * ridge * w

    best = minimize(loss, np.zeros(table.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = best[:-1] / scale
    constant = float(best[-1] - slopes @ middle)
    return {"constant": round(constant, 4)} | {n: round(float(w), 4) for n, w in zip(EVIDENCE, slopes, strict=True)}


def weight_of(row: Row) -> float:
    """What a pair weighs in the fit: whole texts are of few corpora, and must not be warned of."""
    return 1.0 if row.links else WHOLE


def confidences(rows: Sequence[Row], weights: dict[str, float]) -> Floats:
    """(n,) the document confidence of each row."""
    values = np.array([row.values for row in rows])
    z = values @ np.array([weights.get(name, 0.0) for name in EVIDENCE]) + weights["constant"]
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -40, 40))))


def report(name: str, rows: Sequence[Row], sure: Floats) -> None:
    """Print, by kind and size, the share that is at THRESHOLD or more, and the share below one half."""
    kinds = sorted({(row.links, row.kind, row.related) for row in rows})
    for links, kind, related in kinds:
        of_kind = np.array([(row.links, row.kind, row.related) == (links, kind, related) for row in rows])
        high, low = float((sure[of_kind] >= THRESHOLD).mean()), float((sure[of_kind] < 0.5).mean())
        word = "related" if related else "unrelated"
        print(f"  {name:10s} {kind:10s} {links:3d} {word:9s} {int(of_kind.sum()):5d}: >= .9 {high:.3f}, < .5 {low:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="+", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--write", action="store_true", help="write the folds and the shipped weights")
    parser.add_argument("--cache", type=Path, required=True, help="where vectors and evidence are stored")
    asked = parser.parse_args()
    for name in asked.families:
        rows = [one for source in FAMILIES[name] for corpus in CORPORA for one in rows_of(source, corpus, asked.cache)]
        sure = np.zeros(len(rows))
        for corpus in CORPORA:
            inside = np.array([row.corpora[0] == corpus for row in rows])
            weights = fitted([row for row in rows if corpus not in row.corpora])
            if inside.any():
                sure[inside] = confidences([row for row in rows if row.corpora[0] == corpus], weights)
            if asked.write:
                store(fold_path(corpus), name, weights, "families")
        report(name, rows, sure)
        if asked.write:
            store(FILE, name, fitted(rows))


def store(path: Path, family: str, weights: dict[str, float], *inside: str) -> None:
    """Write the weights of a family into a JSON file of families."""
    whole = json.loads(path.read_text(encoding="utf-8"))
    families = whole
    for key in inside:
        families = families[key]
    families[family]["related"] = weights
    path.write_text(json.dumps(whole, indent=None if inside else 1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
