"""Fit the confidence of links on pages, and write align/aligner/pages.json.

    python -m benchmarks.fit_pages --write                 # the shipped weights
    python -m benchmarks.fit_pages --rows FOLDER SET ...   # some sets only, with the rows cached in a folder

The pages are made from the gold: translations with sentences left out and paragraphs moved, digests of a few
sentences, a sentence or two on another page, unrelated pages, pages on which languages alternate, whole books; and
the seeds' own. Two logistic regressions over `align.aligner.link_confidence.LinkFeatures`. The printed figures hold
out each document's own rows (for a seed page all of its links), next to a hand-set rule on them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pickle
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from align.aligner import Bead, EmbeddedSide, align_pages
from align.aligner import pages as searched
from align.aligner.link_confidence import FILE
from align.embeddings import Encoder, load_encoder, unknown_languages
from benchmarks.gold import book, documents
from benchmarks.pages import BOOKS, mixed, right_in_seeds, seed_groups
from benchmarks.perturb import Hardship, perturbed

Floats = npt.NDArray[np.float64]
CHAIN = (
    "margin", "similarity", "strong", "before", "after", "length", "numbers", "clash", "words", "size", "short",
    "together", "posterior", "interleaved", "level", "count", "extra", "isolated",
)  # fmt: skip
LONE = (
    "margin", "similarity", "strong", "chain_support", "before", "after", "length", "numbers", "clash", "words", "size",
    "short", "cells", "together", "count", "extra",
)  # fmt: skip
NEWS = ("ntrex.ja_zh", "ntrex.ko_en", "ntrex.ru_en")
MIXED = ("k8s_en_zh", "w3c_layout.en_ja", "w3c_layout.en_zh-hant")
WEIGHT = {
    "seeds": 12.0, "translated": 0.5, "digest": 0.7, "tiny": 1.0, "lone": 1.0, "unrelated": 1.0, "mixed": 0.5,
    "mixed, dropped": 0.7, "apart": 0.3, "loose": 0.3, "short": 1.0, "other page": 0.4, "book": 0.5,
    "book, dropped": 0.5, "other numbers": 0.15,
}  # fmt: skip
"""Weight of a row by kind of page: real pages most; parts of one manual are not quite unrelated. Loose rows ensure
that a long chain is likely where it is too sparse for the exact search, as in a summary."""
SHORT = (5, 7, 10, 14)
"""Links of the short pages that are cut from long ones."""
AT_MOST = 5
"""Maximum documents of a set whose languages alternate: they are long."""
GUESTS = (("tiny", 3), ("tiny", 3), ("lone", 99), ("lone", 99))
"""Kinds of pages with a few translations of another page's sentences, and the sentences of the smaller side."""
_DIGIT = re.compile("[0-9]")
FOLDS = 8
JUDGED = (
    ("000", "zh", "000", "ja"), ("000", "zh", "000", "en"), ("002", "ja", "002", "en"), ("003", "en", "003", "ja"),
    ("001", "ja", "001", "en"), ("002", "ja", "rt_", "en"), ("004", "zh", "004", "en"),
)  # fmt: skip
"""The pairs of language runs of the seeds whose gold is complete."""


@dataclass(frozen=True)
class Row:
    """A link from the search: its features and whether it is right."""

    document: str
    kind: str
    dense: bool
    signals: Mapping[str, float]
    right: bool


def found(src: EmbeddedSide, tgt: EmbeddedSide, *, together: bool, loose: bool = False) -> list[Bead]:
    """All links from the search, whatever their confidence; `loose`: without translation chains."""
    cells = 10**9 if loose else searched.MIN_TRANSLATION_CELLS
    with mock.patch.multiple(
        searched, MIN_LINK_CONFIDENCE=-1.0, MIN_ISOLATED_CONFIDENCE=-1.0, MIN_TRANSLATION_CELLS=cells
    ):
        return align_pages(src, tgt, together=together)


class Made:
    """Pages made from gold, with cached vectors."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}

    def side(self, texts: Sequence[str], lang: str, places: Sequence[int] | None) -> EmbeddedSide:
        """Texts as one side."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(new, self._encoder.encode(new), strict=True))
        where = None if places is None else np.array(places, dtype=np.int64)
        return EmbeddedSide(tuple(texts), np.array([self._vectors[text] for text in texts]), lang, positions=where)

    def rows(
        self,
        name: str,
        kind: str,
        page: Mapping[str, Any],
        places: tuple[Any, Any] = (None, None),
        *,
        together: bool = True,
        loose: bool = False,
    ) -> Iterator[Row]:
        """Links between both sides of a gold document."""
        if not page["src"] or not page["tgt"]:
            return
        src, tgt = (self.side(page[s], page[f"{s}_lang"], p) for s, p in zip(("src", "tgt"), places, strict=True))
        gold = [(set(s), set(t)) for s, t in page["gold"] if s and t]
        for bead in found(src, tgt, together=together, loose=loose):
            right = any(
                (set(bead.src), set(bead.tgt)) == pair
                if not bead.partial_chain
                else shared(bead.src, pair[0], src.texts) and shared(bead.tgt, pair[1], tgt.texts)
                for pair in gold
            )
            yield Row(name, kind, not bead.partial_chain, bead.signals or {}, right)


def shared(run: range, gold: set[int], texts: Sequence[str]) -> bool:
    """Whether the two have at least half of the characters of each in common, as in the score of the seeds' gold."""
    both = sum(len(texts[i]) for i in gold.intersection(run))
    return 2 * both >= sum(len(texts[i]) for i in run) and 2 * both >= sum(len(texts[i]) for i in gold)


def news(made: Made, name: str) -> Iterator[Row]:
    """Pages made from news, whose documents are unrelated."""
    chance = random.Random(name)
    all_ = documents(name)
    for number, page in enumerate(all_):
        label, others = f"{name}/{number}", [other for other in all_ if other is not page]
        hard = Hardship(
            drop=chance.choice([0, 0.2, 0.4]), moves=chance.choice([0, 1, 2]), merge=chance.choice([0, 0.1, 0.2])
        )
        yield from made.rows(label, "translated", perturbed(page, hard, 5), together=chance.random() < 0.5)
        hard = Hardship(drop=0.6, moves=chance.choice([0, 1]), merge=0.15)
        yield from made.rows(label, "digest", perturbed(page, hard, 9), together=chance.random() < 0.5)
        yield from made.rows(label, "other numbers", misnumbered(page, chance), together=False)
        for other in chance.sample(others, 4):
            nothing = {**page, "tgt": other["tgt"], "gold": []}
            yield from made.rows(label, "unrelated", nothing, together=chance.random() < 0.5)
        guests = [("tiny", 3, page), *((kind, size, chance.choice(others)) for kind, size in GUESTS)]
        for kind, size, other in guests:
            yield from made.rows(label, kind, visited(page, other, size, chance), together=chance.random() < 0.6)


def misnumbered(page: Mapping[str, Any], chance: random.Random) -> dict[str, Any]:
    """A translation in which half of the sentences with digits have wrong ones: other prices and dates."""

    def other(digit: re.Match[str]) -> str:
        return str((int(digit[0]) + chance.randint(1, 9)) % 10)

    changed = {j for j, text in enumerate(page["tgt"]) if _DIGIT.search(text) and chance.random() < 0.5}
    target = [_DIGIT.sub(other, text) if j in changed else text for j, text in enumerate(page["tgt"])]
    return {**page, "tgt": target, "gold": [(s, t) for s, t in page["gold"] if not changed.intersection(t)]}


def visited(page: Mapping[str, Any], other: Mapping[str, Any], size: int, chance: random.Random) -> dict[str, Any]:
    """One to three sentences of `page` (or all, if size is large) with `other`, which has translations."""
    ones = [(s[0], t[0]) for s, t in page["gold"] if len(s) == len(t) == 1]
    picked = sorted(chance.sample(ones, min(len(ones), chance.randint(1, 3))))
    own = other is page
    kept = picked if own else [pair for pair in picked if size > 3 or chance.random() < 0.5]
    target = list(other["tgt"])
    for _, t in [] if own else kept:
        target.insert(chance.randrange(len(target) + 1), page["tgt"][t])
    source = list(page["src"]) if size > 3 else [page["src"][s] for s, _ in picked]
    gold = [[[source.index(page["src"][s])], [target.index(page["tgt"][t])]] for s, t in kept]
    return {**page, "src": source, "tgt": target, "gold": gold}


def turned(made: Made, name: str) -> Iterator[Row]:
    """Pages on which two languages alternate, whole and with a fifth left out; and as separate pages."""
    chance = random.Random(name)
    all_ = documents(name)[:AT_MOST]
    for number, page in enumerate(all_):
        label = f"{name}/{number}"
        places = mixed(page)
        yield from made.rows(label, "mixed", page, places)
        yield from made.rows(label, "apart", page, together=False)
        yield from made.rows(label, "loose", page, together=False, loose=True)
        links = [pair for pair in page["gold"] if all(pair)]
        for size in SHORT:
            start = chance.randrange(max(1, len(links) - size))
            some = [sorted(k for pair in links[start : start + size] for k in pair[side]) for side in (0, 1)]
            yield from made.rows(label, "short", *cut(page, some, places))
        kept = [[k for k in range(len(page[side])) if chance.random() > 0.2] for side in ("src", "tgt")]
        yield from made.rows(label, "mixed, dropped", *cut(page, kept, places))
        yield from made.rows(label, "other numbers", misnumbered(page, chance), together=False)
        other = all_[(number + 1) % len(all_)]
        yield from made.rows(label, "other page", {**page, "tgt": other["tgt"], "gold": []}, together=False)


def bound(made: Made, name: str) -> Iterator[Row]:
    """A set as one long text and its translation, whole and with parts left out."""
    yield from made.rows(name, "book", book(name), together=False)
    yield from made.rows(
        name, "book, dropped", perturbed(book(name), Hardship(drop=0.15, merge=0.1), 3), together=False
    )


def cut(
    page: Mapping[str, Any], kept: Sequence[Sequence[int]], places: tuple[list[int], list[int]]
) -> tuple[dict[str, Any], tuple[list[int], list[int]]]:
    """The page with some sentences of both sides only, and their positions."""
    at = [{k: n for n, k in enumerate(some)} for some in kept]
    gold = [
        [[at[0][i] for i in s], [at[1][j] for j in t]]
        for s, t in page["gold"]
        if s and t and at[0].keys() >= set(s) and at[1].keys() >= set(t)
    ]
    less = {**page, "src": [page["src"][i] for i in kept[0]], "tgt": [page["tgt"][j] for j in kept[1]], "gold": gold}
    return less, ([places[0][i] for i in kept[0]], [places[1][j] for j in kept[1]])


def of_seeds(encoder: Encoder) -> Iterator[Row]:
    """The seeds' own pages, where the gold is complete."""
    groups = {(group.name[:3], group.lang): group for group in seed_groups(encoder)}
    for one, lang, other, other_lang in JUDGED:
        src, tgt = groups[one, lang], groups[other, other_lang]
        for bead in found(src.passages, tgt.passages, together=one == other):
            name = f"seeds/{one}" if other != "rt_" else "seeds/rt_"
            yield Row(name, "seeds", not bead.partial_chain, bead.signals or {}, right_in_seeds(src, tgt, bead))


def gathered(encoder: Encoder, name: str) -> list[Row]:
    """All rows of a set."""
    if name == "seeds":
        return list(of_seeds(encoder))
    if unknown_languages(encoder, [documents(name)[0][f"{side}_lang"] for side in ("src", "tgt")]):
        return []
    made = Made(encoder)
    return list((news if name in NEWS else bound if name in BOOKS else turned)(made, name))


def fitted(x: Floats, y: Floats, weight: Floats) -> Floats:
    """Weights of a logistic regression, the constant last; ridge penalty on standardised features."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = np.c_[(x - mean) / spread, np.ones(len(x))]

    def loss(b: Floats) -> tuple[float, Floats]:
        p = 1 / (1 + np.exp(-np.clip(z @ b, -40, 40)))
        wrong = -float((weight * (y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))).sum())
        slope = z.T @ (weight * (p - y))
        slope[:-1] += 2 * b[:-1]
        return wrong + float((b[:-1] ** 2).sum()), slope

    b = minimize(loss, np.zeros(z.shape[1]), jac=True, method="L-BFGS-B").x
    own = b[:-1] / spread
    return np.append(own, b[-1] - float((own * mean).sum()))


def by_hand(x: Floats, names: Sequence[str]) -> Floats:
    """The baseline for the fit: a plausible hand-set rule on margin, similarity and chain support."""
    at = {name: x[:, k] for k, name in enumerate(names)}
    near = at.get("chain_support", at["before"] + at["after"])
    return np.asarray(1 / (1 + np.exp(-(4 * at["margin"] + 7 * at["similarity"] + 2 * near - 1.3 * at["length"] - 4))))


def surprise(p: Floats, y: Floats, weight: Floats) -> float:
    """Weighted mean of -log P(outcome)."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(-(weight * (y * np.log(p) + (1 - y) * np.log(1 - p))).sum() / weight.sum())


def calibration(p: Floats, y: Floats) -> float:
    """Expected calibration error over ten bins."""
    tenth = np.minimum((p * 10).astype(int), 9)
    return float(sum(abs(p[tenth == k].sum() - y[tenth == k].sum()) for k in range(10)) / max(1, len(p)))


def fit(rows: Sequence[Row], names: Sequence[str], word: str) -> dict[str, float]:
    """Weights from all rows; prints held-out results."""
    x = np.array([[row.signals[name] for name in names] for row in rows])
    y, weight = np.array([row.right for row in rows], dtype=float), np.array([WEIGHT[row.kind] for row in rows])
    seeds = [row.document if row.kind == "seeds" else "" for row in rows]
    fold = np.array([int(hashlib.md5(row.document.encode()).hexdigest(), 16) % FOLDS for row in rows])
    p = np.zeros(len(rows))
    for out in [fold == k for k in range(FOLDS)] + [
        np.array([s == page for s in seeds]) for page in sorted(set(seeds) - {""})
    ]:
        if out.any():
            b = fitted(x[~out], y[~out], weight[~out])
            p[out] = 1 / (1 + np.exp(-np.clip(np.c_[x[out], np.ones(out.sum())] @ b, -40, 40)))
    hand = by_hand(x, names)
    told: dict[str, Any] = {"links": word, "rows": len(rows)}
    told |= {"held out": round(surprise(p, y, weight), 4), "by hand": round(surprise(hand, y, weight), 4)}
    told |= {"ece": round(calibration(p, y), 4), "ece by hand": round(calibration(hand, y), 4)}
    print(json.dumps(told))
    for kind in WEIGHT:
        here = np.array([row.kind == kind for row in rows])
        if here.any():
            shown = here & (p >= searched.MIN_LINK_CONFIDENCE)
            all_ = f"{int(y[here].sum()):5d} right of {here.sum():5d}"
            some = f"told {shown.sum():5d}, right {int(y[shown].sum()):5d}"
            print(f"  {kind:15s} {all_}; {some}; ece {calibration(p[here], y[here]):.3f}")
    return {name: round(float(value), 4) for name, value in zip([*names, "one"], fitted(x, y, weight), strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", help="Sets to gather anew.  [default: all]")
    parser.add_argument("--encoders", default="use,blend,e5")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--rows", type=Path, help="Keep what was gathered in this folder, and use what is there.")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows: list[Row] = []
    for encoder in asked.encoders.split(","):
        for name in ("seeds", *NEWS, *BOOKS, *MIXED):
            kept = asked.rows and asked.rows / f"{encoder}.{name}.pickle"
            if asked.rows and asked.sets and name not in asked.sets:
                rows += pickle.loads(kept.read_bytes()) if kept.is_file() else []
                continue
            here = gathered(load_encoder(encoder, cache=asked.cache), name)
            if kept:
                kept.write_bytes(pickle.dumps(here))
            rows += here
    chain, lone = [row for row in rows if row.dense], [row for row in rows if not row.dense]
    weights = {"chain": fit(chain, CHAIN, "of a translation"), "lone": fit(lone, LONE, "that stand alone")}
    if asked.write:
        FILE.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
