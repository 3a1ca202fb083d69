"""Gold texts as lattices with features, for fitting the aligner's weights. Cached, as they take long."""

from __future__ import annotations

import ast
import hashlib
import inspect
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from align.aligner import coarse_path, evidence, features, lattice, tokens
from align.aligner import similarity as scale
from align.aligner.features import BEAD_FEATURES, MERGING, OMITTING, OPENING, OPENINGS, SHAPES
from align.aligner.lattice import Lattice, Marginals, marginals
from align.aligner.types import EmbeddedSide
from align.aligner.weights import Score
from align.aligner.window import Bitext, StylePriors, Window, build_window, joined_features, prune
from align.embeddings import unknown_languages
from benchmarks.pool import Group, digest
from benchmarks.vectors import VectorStore

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

ENTIRE = 120
"""Approximate source sentences of a piece."""
LEAST_POSTERIOR = 3e-5
"""Minimum rough posterior of a bead."""
ROUGH = 0.7
"""Factor of the rough weights, which only select the beads."""
OPEN = 0.01
"""Beads whose rough posterior is this far from 0 and 1 get joined texts, more than in production: more to learn
from."""
UNKNOWN = 0.1
"""Weight of a text in a language that the encoder does not cover: its vectors are hardly informative."""
SHAPED = frozenset((a, b) for a, b in SHAPES.tolist())


@dataclass(frozen=True, slots=True)
class View:
    """How a fit uses the vectors of an encoder."""

    encoder: str
    tokens: bool = False
    joined: bool = False
    """Whether joined texts are encoded, by `use`."""
    width: int = 0
    """Dimensions of the vectors that are used; 0: all. Simulates a weaker encoder, for the generic weights."""

    @property
    def name(self) -> str:
        """Name in files and tables."""
        return (
            self.encoder + "-tokens" * self.tokens + "-joined" * self.joined + (f"-{self.width}" if self.width else "")
        )


@dataclass
class Piece:
    """A stretch of a text between gold beads, with gold in its own numbering."""

    group: str
    corpus: str
    text: str
    """The document and its view, over which style priors are estimated."""
    weight: float
    lattice: Lattice
    table: npt.NDArray[np.float32]
    """(c, F) features of the beads."""
    gaps_s: Floats
    """(n, G) features of omissions."""
    gaps_t: Floats
    gold: list[tuple[tuple[int, ...], tuple[int, ...]]]
    right: Indices
    """Indices of the gold beads."""
    omitted_s: list[int]
    omitted_t: list[int]
    opened: int
    """Number of gaps in the gold."""
    similarity: npt.NDArray[np.float32]
    """(3,) scale of the text's similarities, mean cosine of its sides, and log of its sentences."""
    habits: StylePriors = field(default_factory=StylePriors)

    def sums(self, by: Score, habits: StylePriors | None = None) -> Marginals:
        """Posteriors under weights, with the stored style priors by default."""
        opening = float(by.gap[OPENING] + by.gap[OPENINGS] * (habits or self.habits).openings)
        return marginals(self.lattice, self.table @ by.bead, self.gaps_s @ by.gap, self.gaps_t @ by.gap, opening)

    def learn(self, habits: StylePriors) -> None:
        """Write the style priors of the text to the tables."""
        self.habits = habits
        self.table[:, MERGING] = habits.merged * (self.lattice.sizes > 2)
        self.gaps_s[:, OMITTING] = self.gaps_t[:, OMITTING] = habits.null


def path_of(document: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    """The gold as a monotone path, without crossing beads; non-contiguous ones are filled."""
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


def stretches(path: Sequence[tuple[int, int, int, int]]) -> Iterator[list[tuple[int, int, int, int]]]:
    """The path split between beads into stretches of about ENTIRE source sentences, without beads of other shapes."""
    part: list[tuple[int, int, int, int]] = []
    for bead in path:
        linked = bool(bead[2] and bead[3])
        if part and ((linked and bead[2:] not in SHAPED) or (linked and bead[0] - part[0][0] >= ENTIRE)):
            yield part
            part = []
        if not linked or bead[2:] in SHAPED:
            part.append(bead)
    if part:
        yield part


def pieces(
    group: Group,
    document: dict[str, Any],
    sides: tuple[EmbeddedSide, EmbeddedSide],
    view: View,
    store: VectorStore,
    rough: Score,
) -> Iterator[Piece]:
    """The document in pieces; evidence is that of the whole."""
    texts = Bitext(*sides)
    cells = texts.anchor_path[0]
    document_scale = np.array(
        [texts.scale, texts.baseline_cosine, np.log(len(sides[0]) + len(sides[1]))], dtype=np.float32
    )
    for part in stretches(path_of(document)):
        i0, j0 = part[0][:2]
        i1, j1 = part[-1][0] + part[-1][2], part[-1][1] + part[-1][3]
        path = [(i - i0, j - j0, a, b) for i, j, a, b in part]
        if i0 == i1 or j0 == j1:
            continue
        inside = cells[(cells[:, 0] >= i0) & (cells[:, 0] < i1) & (cells[:, 1] >= j0) & (cells[:, 1] < j1)]
        low, high = coarse_path.band(inside - np.array([[i0, j0]]), i1 - i0, j1 - j0)
        for i, j, _, _ in path:
            low[i], high[i] = min(low[i], j), max(high[i], j)
        low, high = np.minimum.accumulate(low[::-1])[::-1].copy(), np.maximum.accumulate(high)
        window = build_window(texts, (i0, i1), (j0, j1), low, high)
        every = Lattice(low, high, features.candidates(window.evidence, low, high, window.top, window.left, np.inf))
        possible = prune(every, window).beads
        right = np.array([bead for bead in path if bead[2] and bead[3]], dtype=np.int64).reshape(-1, 4)
        whole = Lattice(low, high, _merged(possible, right))
        table = features.bead_table(window.evidence, whole.beads, len(BEAD_FEATURES), window.top, window.left)
        first = marginals(
            whole, table @ rough.bead, window.gaps_s @ rough.gap, window.gaps_t @ rough.gap, rough.gap[OPENING]
        )
        likely = first.beads > LEAST_POSTERIOR
        at = {tuple(bead): row for row, bead in enumerate(whole.beads.tolist())}
        gold_rows = [at[tuple(bead)] for bead in right.tolist()]
        likely[gold_rows] = True
        number = np.cumsum(likely) - 1
        smaller = Lattice(low, high, whole.beads[likely])
        _add_joined(texts, window, smaller, table, likely, first)
        kinds = ["bead" if a and b else "src" if a else "tgt" for _, _, a, b in path]
        weight = group.weight * (UNKNOWN if unknown_languages(store.encoder(view.encoder), _languages(document)) else 1)
        yield Piece(
            group=group.name,
            corpus=group.corpus,
            text=f"{group.name}/{document['id']} {view.name}",
            weight=weight,
            lattice=smaller,
            table=table[likely],
            gaps_s=window.gaps_s,
            gaps_t=window.gaps_t,
            gold=[((*range(i, i + a),), (*range(j, j + b),)) for i, j, a, b in path],
            right=number[gold_rows],
            omitted_s=[i for i, _, _, b in path if not b],
            omitted_t=[j for _, j, a, _ in path if not a],
            opened=sum(kind != "bead" and (k == 0 or kinds[k - 1] != kind) for k, kind in enumerate(kinds)),
            similarity=document_scale,
        )


def _merged(one: Indices, other: Indices) -> Indices:
    """The union of both sets of beads, sorted by (i, j) and by shape as in `candidates`."""
    both = np.unique(np.concatenate([one, other]), axis=0)
    order = np.lexsort((both[:, 2], both[:, 2] + both[:, 3], both[:, 1], both[:, 0]))
    return np.asarray(both[order])


def _add_joined(
    texts: Bitext, window: Window, lattice_: Lattice, table: npt.NDArray[np.float32], likely: Any, first: Marginals
) -> None:
    """Write the features of joined texts to the remaining rows of the table."""
    if texts.src.encode_runs is None:
        return
    posteriors = Marginals(first.beads[likely], first.gap_s, first.gap_t, first.opened, first.total)
    open_, gains = joined_features(texts, window, lattice_, posteriors, OPEN)
    rows = np.flatnonzero(likely)[open_]
    table[rows, features.JOINED_SIMILARITY], table[rows, features.JOINED_MARGIN] = gains.T


def _languages(document: dict[str, Any]) -> set[str]:
    return {document["src_lang"], document["tgt_lang"]}


def joined_vectors(store: VectorStore, view: View, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Vectors of joined texts by `use`, in the form of the view's own vectors."""
    if view.encoder == "blend":
        from align.embeddings.registry import use_half

        return use_half(store.vectors("use", texts))
    return store.vectors("use", texts)


def passages_of(store: VectorStore, view: View, document: dict[str, Any]) -> tuple[EmbeddedSide, EmbeddedSide]:
    """Both sides of a document in a view."""
    sides = []
    for side in ("src", "tgt"):
        texts = tuple(document[side])
        vectors = store.vectors(view.encoder, texts)
        if view.width:
            vectors = vectors[:, : view.width]
            vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-9))
        tokens_ = store.tokens(view.encoder, texts) if view.tokens else None
        name = "" if view.width else view.encoder
        encode = partial(joined_vectors, store, view) if view.joined else None
        lang = document[f"{side}_lang"]
        sides.append(EmbeddedSide(texts, vectors, lang, tokens_, encoder=name, encode_runs=encode))
    return sides[0], sides[1]


def code_digest() -> str:
    """Digest of the features and of the code that they depend on."""
    modules = (evidence, features, coarse_path, lattice, scale, tokens)
    trees = [ast.dump(ast.parse(inspect.getsource(module))) for module in modules]
    return hashlib.sha256("".join(trees).encode()).hexdigest()[:16]


def gathered(groups: Sequence[Group], view: View, store: VectorStore, rough: Score, folder: Path) -> list[Piece]:
    """The pieces of all groups, from files in `folder` if those have the current features and gold.

    Perturbed texts are limited to languages that the encoder covers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rough = Score(rough.bead * ROUGH, rough.gap * ROUGH)
    found: list[Piece] = []
    for group in groups:
        key = f"{group!r} {view!r} {digest((group.corpus,))} {code_digest()} {store.encoder(view.encoder).digest}"
        path = folder / f"{group.name.replace('/', '_')} {view.name} {hashlib.sha256(key.encode()).hexdigest()[:12]}"
        if path.exists():
            found += pickle.loads(path.read_bytes())
            continue
        documents = group.texts()
        if group.name != group.files:
            documents = [d for d in documents if not unknown_languages(store.encoder(view.encoder), _languages(d))]
        new = [
            piece
            for document in documents
            for piece in pieces(group, document, passages_of(store, view, document), view, store, rough)
        ]
        part = path.with_suffix(".part")
        part.write_bytes(pickle.dumps(new))
        part.replace(path)
        print(f"  {view.name}, {group.name}: {len(new)} pieces, {sum(len(p.table) for p in new)} beads", flush=True)
        found += new
    return found
