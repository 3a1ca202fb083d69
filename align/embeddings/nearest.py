"""Nearest-neighbour search: exact in blocks, or with an inverted-file index where that takes too long.

The index is faiss's IVF with product-quantised vectors, 4 bits per two components, in the SIMD layout (fast scan);
its candidates are reranked by their exact cosines. Jégou et al. 2011, "Product Quantization for Nearest Neighbor
Search"; André et al. 2017, "Accelerated Nearest Neighbor Search with Quick ADC"; measured against 8-bit vectors and
usearch's HNSW in docs/notes/bulk.md.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from align.errors import require_extra

VectorMatrix = npt.NDArray[Any]
"""(n, d) float32 or float16 rows of length 1; may be a memory map."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

MAX_EXACT_COMPARISONS = 4_000_000_000
"""Maximum number of exact comparisons: about a minute on two cores."""
BLOCK_ROWS = 1024
BLOCK_COLUMNS = 65_536
"""A block of comparisons: BLOCK_ROWS x BLOCK_COLUMNS float32 are 256 MB."""
MIN_INDEXED_ROWS = 1000
"""Rows below which no index is built: too few to train cells on, and cheap to compare exhaustively."""
ADD_BATCH_ROWS = 65_536
"""Vectors added to the index per call."""
TRAINING_ROWS_PER_CELL = 40
"""Training vectors per cell."""
KMEANS_ROUNDS = 6
"""Iterations of k-means for the cells."""
MIN_PAIRED_DIMENSIONS = 256
"""Dimensions from which two components share a 4-bit code; with fewer, each component has its own."""
PROBES = 192
"""Cells searched per query."""
RERANK_FACTOR = 8
"""Candidates fetched from the index per requested neighbour, for exact reranking."""
RERANK_QUERIES = 512
"""Queries reranked at once: with 40 candidates of 512 dimensions each, 42 MB."""

MAX_LEAD = 10.0
"""Cap of the lead over the next best, in multiples of the scale."""
N_NEIGHBOURS = 4
"""Nearest vectors on each side that a pair is compared with."""
MIN_SCALE_MARGINS = 30
"""Minimum number of margins to estimate their scale from; with fewer it is DEFAULT_SCALE."""
DEFAULT_SCALE = 0.05

Progress = Callable[[int, int], None]


def search(
    queries: VectorMatrix, base: VectorMatrix, k: int, *, exact: bool | None = None, progress: Progress | None = None
) -> tuple[Ints, Floats]:
    """The k nearest rows of `base` for each query, nearest first: indices (n, k) and cosines (n, k); k is capped at
    `len(base)`. `exact` None: exact while that is quick; False: with an index, if there are enough rows."""
    k = min(k, len(base))
    if exact is None:
        exact = len(queries) * len(base) <= MAX_EXACT_COMPARISONS
    if exact or len(base) < MIN_INDEXED_ROWS:
        return search_exactly(queries, base, k, progress)
    return search_index(build_index(base), queries, base, k, progress)


def search_exactly(
    queries: VectorMatrix, base: VectorMatrix, k: int, progress: Progress | None = None
) -> tuple[Ints, Floats]:
    """Exact `search`. One block of each side is in memory at a time."""
    indices = np.zeros((len(queries), k), dtype=np.int64)
    cosines = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for low in range(0, len(base), BLOCK_COLUMNS):
        columns = np.ascontiguousarray(base[low : low + BLOCK_COLUMNS], dtype=np.float32).T
        for start in range(0, len(queries), BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, len(queries)))
            block = np.asarray(queries[rows], dtype=np.float32) @ columns
            block_k = min(k, block.shape[1])
            top = np.argpartition(block, -block_k, axis=1)[:, -block_k:]
            both = np.concatenate([cosines[rows], np.take_along_axis(block, top, axis=1)], axis=1)
            ids = np.concatenate([indices[rows], top + low], axis=1)
            order = np.argsort(-both, axis=1, kind="stable")[:, :k]
            cosines[rows] = np.take_along_axis(both, order, axis=1)
            indices[rows] = np.take_along_axis(ids, order, axis=1)
            if progress:
                progress(low * len(queries) + rows.stop * columns.shape[1], len(base) * len(queries))
    return indices, cosines


def build_index(base: VectorMatrix) -> Any:
    """Build an index over the rows of `base`; it uses a quarter of a byte per component."""
    require_extra("faiss")
    import faiss

    width = base.shape[1]
    cells = max(1, min(int(4 * math.sqrt(len(base))), len(base) // TRAINING_ROWS_PER_CELL))
    quantizer = faiss.IndexFlatIP(width)
    parts = width // 2 if width >= MIN_PAIRED_DIMENSIONS and width % 2 == 0 else width
    index = faiss.IndexIVFPQFastScan(quantizer, width, cells, parts, 4, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = False
    index.cp.niter = KMEANS_ROUNDS
    index.cp.spherical = True
    step = max(1, len(base) // (cells * TRAINING_ROWS_PER_CELL))
    index.train(np.ascontiguousarray(base[::step][: cells * TRAINING_ROWS_PER_CELL], dtype=np.float32))
    for start in range(0, len(base), ADD_BATCH_ROWS):
        index.add(np.ascontiguousarray(base[start : start + ADD_BATCH_ROWS], dtype=np.float32))
    index.nprobe = min(PROBES, cells)
    return index


def search_index(
    index: Any, queries: VectorMatrix, base: VectorMatrix, k: int, progress: Progress | None = None
) -> tuple[Ints, Floats]:
    """`search` with an index."""
    indices = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k), dtype=np.float32)
    n_candidates = min(len(base), k * RERANK_FACTOR)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(queries), BLOCK_ROWS * 4):
            block = np.ascontiguousarray(queries[start : start + BLOCK_ROWS * 4], dtype=np.float32)
            _, candidates = index.search(block, n_candidates)
            lows = range(0, len(block), RERANK_QUERIES)
            parts = ([rows[low : low + RERANK_QUERIES] for low in lows] for rows in (block, candidates))
            nearest = threads.map(rerank, *parts, repeat(base), repeat(k))
            indices[start : start + len(block)], cosines[start : start + len(block)] = map(
                np.concatenate, zip(*nearest, strict=True)
            )
            if progress:
                progress(start + len(block), len(queries))
    return indices, cosines


def rerank(queries: VectorMatrix, candidates: Ints, base: VectorMatrix, k: int) -> tuple[Ints, Floats]:
    """Rerank candidates (n, n_candidates), -1 for none, by exact cosines, and return the k nearest."""
    is_valid = candidates >= 0
    rows = np.where(is_valid, candidates, 0)
    near = np.asarray(base[rows.ravel()], dtype=np.float32).reshape(*candidates.shape, -1)
    exact = np.einsum("qd,qkd->qk", queries, near)
    exact[~is_valid] = -np.inf
    order = np.argsort(-exact, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(exact, order, axis=1)


def edges(forward: Ints, backward: Ints) -> tuple[Ints, Ints]:
    """Every (row, column) that is a candidate from either side, without repeats, sorted."""
    n, m = len(forward), len(backward)
    rows = np.concatenate([np.repeat(np.arange(n), forward.shape[1]), backward.ravel()])
    columns = np.concatenate([forward.ravel(), np.repeat(np.arange(m), backward.shape[1])])
    edges = np.unique(rows * m + columns)
    return edges // m, edges % m


def dots(src: npt.NDArray[Any], tgt: npt.NDArray[Any], rows: Ints, columns: Ints) -> Floats:
    """The cosine of each edge."""
    cosines = np.empty(len(rows), dtype=np.float32)
    for at in range(0, len(rows), BLOCK_ROWS):
        part = slice(at, at + BLOCK_ROWS)
        pair = [np.asarray(side[ends[part]], dtype=np.float32) for side, ends in ((src, rows), (tgt, columns))]
        cosines[part] = np.einsum("ed,ed->e", *pair)
    return cosines


def neighbour_means(ends: Ints, others: Ints, indices: Ints, cosines: Floats) -> Floats:
    """For each edge, the mean cosine of one end's nearest neighbours without the other end; 0 without any."""
    near, close = indices[ends, : N_NEIGHBOURS + 1], cosines[ends, : N_NEIGHBOURS + 1]
    is_neighbour = near != others[:, None]
    is_neighbour[is_neighbour.sum(1) > N_NEIGHBOURS, -1] = False
    means: Floats = (close * is_neighbour).sum(1) / np.maximum(is_neighbour.sum(1), 1)
    return means


def best_other(ends: Ints, margins: Floats) -> Floats:
    """For each edge, the greatest margin of another edge at the same end; -1 where there is none."""
    order = np.lexsort((-margins, ends))
    first = np.ones(len(order), dtype=bool)
    first[1:] = ends[order][1:] != ends[order][:-1]
    starts = np.flatnonzero(first)
    top = np.full(ends.max() + 1, -1.0, dtype=np.float32)
    second = top.copy()
    top[ends[order][starts]] = margins[order][starts]
    followed = starts[starts + 1 < len(order)]
    followed = followed[~first[followed + 1]]
    second[ends[order][followed]] = margins[order][followed + 1]
    runner_up: Floats = np.where(margins >= top[ends], second[ends], top[ends])
    return runner_up


def spread(rows: Ints, margins: Floats) -> float:
    """The scale of an encoder's margins: their standard deviation over candidates that are not the best of their
    row. It differs fivefold between encoders; dividing by it makes confidences comparable."""
    others = margins[margins < best(rows, margins)]
    return max(float(others.std()), 1e-3) if len(others) >= MIN_SCALE_MARGINS else DEFAULT_SCALE


def best(ends: Ints, margins: Floats) -> Floats:
    """For each edge, the greatest margin at the same end."""
    top = np.full(ends.max() + 1, -np.inf, dtype=np.float32)
    np.maximum.at(top, ends, margins)
    return top[ends]
