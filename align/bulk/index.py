"""The nearest vectors of many: exact block by block, or through an inverted-file index where that takes too long.

The index is faiss's IVF with product-quantised vectors, 4 bits for every two numbers, laid out for the registers of
the processor; what it finds is compared again with the vectors themselves, so that cosines are right. Jégou et al.
2011, "Product Quantization for Nearest Neighbor Search"; André et al. 2017, "Accelerated Nearest Neighbor Search with
Quick ADC"; measured against 8-bit vectors and usearch's HNSW in docs/notes/bulk.md.
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

Matrix = npt.NDArray[Any]
"""(n, d) float32 or float16 rows of length 1; may be a memory map."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

EXACT_CELLS = 4_000_000_000
"""So many comparisons are made exactly: about a minute on two cores."""
ROWS = 1024
COLUMNS = 65_536
"""A block of comparisons: ROWS x COLUMNS float32 are 256 MB."""
LEAST_INDEXED = 1000
"""Rows below which there is no index: they are too few to find cells from, and comparing them all costs nothing."""
ADDED = 65_536
"""Vectors handed to the index at once."""
TRAINED_ON = 40
"""Vectors a cell that the cells are found from."""
ROUNDS = 6
"""Of finding them."""
WIDE = 256
"""Numbers in a vector from which on two of them share 4 bits; in narrower ones each has its own."""
PROBES = 192
"""Cells that are looked into."""
WIDER = 8
"""Times as many are fetched from the index as are asked for, to be compared exactly."""
COMPARED = 512
"""Queries whose finds are compared exactly at once: with 40 finds of 512 numbers each, 42 MB."""

Progress = Callable[[int, int], None]


def search(queries: Matrix, base: Matrix, k: int, *, exact: bool | None = None, progress: Progress | None = None) -> (
    tuple[Ints, Floats]
):  # fmt: skip
    """The k nearest rows of `base` to each query, nearest first: places (n, k) and cosines (n, k); k is at most the
    rows of `base`. `exact` None: exactly while that is quick; False: through an index, if there are rows for one."""
    k = min(k, len(base))
    if exact is None:
        exact = len(queries) * len(base) <= EXACT_CELLS
    if exact or len(base) < LEAST_INDEXED:
        return search_exactly(queries, base, k, progress)
    return search_index(build_index(base), queries, base, k, progress)


def search_exactly(queries: Matrix, base: Matrix, k: int, progress: Progress | None = None) -> tuple[Ints, Floats]:
    """See `search`. Holds one block of each side in memory."""
    places = np.zeros((len(queries), k), dtype=np.int64)
    cosines = np.full((len(queries), k), -np.inf, dtype=np.float32)
    for low in range(0, len(base), COLUMNS):
        columns = np.ascontiguousarray(base[low : low + COLUMNS], dtype=np.float32).T
        for start in range(0, len(queries), ROWS):
            rows = slice(start, min(start + ROWS, len(queries)))
            block = np.asarray(queries[rows], dtype=np.float32) @ columns
            few = min(k, block.shape[1])
            top = np.argpartition(block, -few, axis=1)[:, -few:]
            both = np.concatenate([cosines[rows], np.take_along_axis(block, top, axis=1)], axis=1)
            ids = np.concatenate([places[rows], top + low], axis=1)
            order = np.argsort(-both, axis=1, kind="stable")[:, :k]
            cosines[rows] = np.take_along_axis(both, order, axis=1)
            places[rows] = np.take_along_axis(ids, order, axis=1)
            if progress:
                progress(low * len(queries) + rows.stop * columns.shape[1], len(base) * len(queries))
    return places, cosines


def build_index(base: Matrix) -> Any:
    """An index over the rows of `base`; a vector in it takes a quarter of a byte a number."""
    import faiss

    width = base.shape[1]
    cells = max(1, min(int(4 * math.sqrt(len(base))), len(base) // TRAINED_ON))
    quantizer = faiss.IndexFlatIP(width)
    parts = width // 2 if width >= WIDE and width % 2 == 0 else width
    index = faiss.IndexIVFPQFastScan(quantizer, width, cells, parts, 4, faiss.METRIC_INNER_PRODUCT)
    index.by_residual = False
    index.cp.niter = ROUNDS
    index.cp.spherical = True
    step = max(1, len(base) // (cells * TRAINED_ON))
    index.train(np.ascontiguousarray(base[::step][: cells * TRAINED_ON], dtype=np.float32))
    for start in range(0, len(base), ADDED):
        index.add(np.ascontiguousarray(base[start : start + ADDED], dtype=np.float32))
    index.nprobe = min(PROBES, cells)
    return index


def search_index(
    index: Any, queries: Matrix, base: Matrix, k: int, progress: Progress | None = None
) -> tuple[Ints, Floats]:
    """See `search`."""
    places = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k), dtype=np.float32)
    wide = min(len(base), k * WIDER)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(queries), ROWS * 4):
            block = np.ascontiguousarray(queries[start : start + ROWS * 4], dtype=np.float32)
            _, found = index.search(block, wide)
            lows = range(0, len(block), COMPARED)
            parts = ([rows[low : low + COMPARED] for low in lows] for rows in (block, found))
            nearest = threads.map(compared, *parts, repeat(base), repeat(k))
            places[start : start + len(block)], cosines[start : start + len(block)] = map(
                np.concatenate, zip(*nearest, strict=True)
            )
            if progress:
                progress(start + len(block), len(queries))
    return places, cosines


def compared(queries: Matrix, found: Ints, base: Matrix, k: int) -> tuple[Ints, Floats]:
    """Of what an index found, (n, wide) with -1 for nothing, the k nearest by the vectors themselves."""
    there = found >= 0
    known = np.where(there, found, 0)
    near = np.asarray(base[known.ravel()], dtype=np.float32).reshape(*found.shape, -1)
    exact = np.einsum("qd,qkd->qk", queries, near)
    exact[~there] = -np.inf
    order = np.argsort(-exact, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(known, order, axis=1), np.take_along_axis(exact, order, axis=1)
