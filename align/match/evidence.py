"""What is known about two texts before any bead is tried: arrays that the kernels of `lattice` sum over spans."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from align.match.passages import Passages, Vectors
from align.match.signals import GAPS, MOST
from align.match.similarity import neighbourhood
from align.match.tokens import Shared, shared, tokens

Floats = npt.NDArray[np.float64]
Cover = npt.NDArray[np.float32]

_LATIN = re.compile(r"[^\W\d_\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]")
_CLOSING = " \t\"'»”’」』）)】]〉》*_`"
_END = {
    ".": 1,
    "。": 1,
    "．": 1,
    "…": 1,
    "?": 2,
    "？": 2,
    "!": 3,
    "！": 3,
    ":": 4,
    "：": 4,
    ";": 4,
    "；": 4,
    ",": 4,
    "，": 4,
    "、": 4,
}


def centred(vectors: Vectors) -> Vectors:
    """Vectors less what all of a side have in common, of length 1 again. (n, d) float32 in and out.

    A language is a direction of its own in a multilingual model; less of it is taken where there are few sentences.
    """
    if not len(vectors):
        return vectors
    share = len(vectors) / (len(vectors) + 10.0) * 0.98
    moved = vectors - share * vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@dataclass(frozen=True)
class Side:
    """What is known about one side alone."""

    vectors: Vectors
    """(n, d) centred."""
    length: Floats
    """(n,) characters, without spaces."""
    ends: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    paragraph: npt.NDArray[np.int64]
    """(n,) grows by one at each paragraph; all 0 where they are not known."""
    same: npt.NDArray[np.int64]
    """(n,) the first sentence with the same text: a copy is no rival."""


def side(passages: Passages) -> Side:
    """Look at one side."""
    blocks = passages.blocks
    paragraph = np.zeros(len(passages), dtype=np.int64)
    if blocks is not None and len(blocks):
        paragraph[1:] = np.cumsum(blocks[1:] != blocks[:-1])
    return Side(
        centred(passages.vectors),
        np.array([max(1, len("".join(text.split()))) for text in passages.texts], dtype=np.float64),
        np.array([_end(text) for text in passages.texts], dtype=np.int64),
        np.array([_start(text) for text in passages.texts], dtype=np.int64),
        paragraph,
        _first_of(passages.texts),
    )


def _first_of(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(text, number) for number, text in enumerate(texts)], dtype=np.int64)


def _end(text: str) -> int:
    stripped = text.rstrip(_CLOSING)
    return _END.get(stripped[-1:], 0)


def _start(text: str) -> int:
    """1 where a sentence begins in the middle: with a small letter."""
    for c in text[:12]:
        if c.isalpha():
            return int(c.islower())
    return 0


@dataclass(frozen=True)
class Tokens:
    """What both sides write alike."""

    numbers: Shared
    words: Shared


def alike(src: Passages, tgt: Passages) -> Tokens:
    """Tokens that both sides hold."""
    latin = all(_alphabetic(side.texts) for side in (src, tgt))
    bags_s, bags_t = ([tokens(text, latin=latin) for text in side.texts] for side in (src, tgt))
    return Tokens(
        shared([bag[0] for bag in bags_s], [bag[0] for bag in bags_t]),
        shared([bag[1] for bag in bags_s], [bag[1] for bag in bags_t]),
    )


def _alphabetic(texts: Sequence[str]) -> bool:
    sample = "".join(texts[:: max(1, len(texts) // 200)])
    letters = sum(map(str.isalpha, sample))
    return len(_LATIN.findall(unicodedata.normalize("NFKC", sample))) * 2 > letters


def run_norms(weighted: Floats) -> Floats:
    """Lengths of the sums of 1 to MOST rows in a row: (MOST + 1, n), 1 where a run reaches outside."""
    sums = np.concatenate([np.zeros((1, weighted.shape[1])), weighted.cumsum(0)])
    norms = np.ones((MOST + 1, len(weighted)))
    for a in range(1, min(MOST, len(weighted)) + 1):
        norms[a, : len(weighted) - a + 1] = np.linalg.norm(sums[a:] - sums[:-a], axis=1)
    return np.maximum(norms, 1e-9)


def prefix(cells: Floats) -> Floats:
    """(n + 1, m + 1) sums over everything above and to the left."""
    sums = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1))
    sums[1:, 1:] = cells
    return sums.cumsum(0).cumsum(1)


def running(values: npt.NDArray[np.generic]) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def dense(tokens_: Shared, rows: slice, columns: slice) -> Floats:
    """(n, m) weight of the tokens that two sentences share, for a window of sentences."""
    cells = np.zeros((rows.stop - rows.start, columns.stop - columns.start))
    here = slice(*np.searchsorted(tokens_.src, [rows.start, rows.stop]))
    src, tgt, weight = tokens_.src[here], tokens_.tgt[here], tokens_.weight[here]
    inside = (tgt >= columns.start) & (tgt < columns.stop)
    np.add.at(cells, (src[inside] - rows.start, tgt[inside] - columns.start), weight[inside])
    return cells


def window(
    src: Side,
    tgt: Side,
    known: Tokens,
    rows: slice,
    columns: slice,
    ratio: float,
    cover: tuple[Cover, Cover] | None = None,
) -> tuple[tuple[npt.NDArray[np.generic], ...], Floats, Floats]:
    """What `lattice` needs of a window of both texts: (arrays for beads, (n, G) and (m, G) signals of omissions).

    ratio: source characters per target character. cover: coverage both ways, where tokens are at hand.
    """
    even = ratio**0.5
    len_s, len_t = src.length[rows] / even, tgt.length[columns] * even
    ws, wt = (
        side.vectors[cut].astype(np.float64) * side.length[cut][:, None] for side, cut in ((src, rows), (tgt, columns))
    )
    dots = prefix(ws @ wt.T)
    norm_s, norm_t = run_norms(ws), run_norms(wt)
    single = np.diff(np.diff(dots, axis=0), axis=1) / norm_s[1][:, None] / norm_t[1][None, :]
    distinct_s, distinct_t = (np.unique(same, return_index=True)[1] for same in (src.same[rows], tgt.same[columns]))
    hub_s = neighbourhood(single[:, distinct_t], 4, 1).astype(np.float64)
    hub_t = neighbourhood(single[distinct_s], 4, 0).astype(np.float64)
    best_s, best_t = _best(dots, norm_s, norm_t), _best(dots.T, norm_t, norm_s)
    cov_s, cov_t = cover if cover is not None else (NOTHING, NOTHING)
    num, word = dense(known.numbers, rows, columns), dense(known.words, rows, columns)
    arrays = (
        dots, norm_s, norm_t, hub_s, hub_t, best_s, best_t, running(len_s), running(len_t),
        prefix(num), running(known.numbers.total_src[rows]), running(known.numbers.total_tgt[columns]),
        prefix(word), running(known.words.total_src[rows]), running(known.words.total_tgt[columns]),
        src.ends[rows], tgt.ends[columns], src.starts[rows], tgt.starts[columns],
        src.paragraph[rows], tgt.paragraph[columns], cov_s, cov_t,
    )  # fmt: skip
    mean_s, mean_t = single.mean(1), single.mean(0)
    gaps_s = _gaps(
        best_s,
        mean_s,
        hub_s,
        len_s,
        known.numbers.total_src[rows],
        num.max(1),
        known.words.total_src[rows],
        word.max(1),
    )
    gaps_t = _gaps(
        best_t,
        mean_t,
        hub_t,
        len_t,
        known.numbers.total_tgt[columns],
        num.max(0),
        known.words.total_tgt[columns],
        word.max(0),
    )
    if cover is not None:
        gaps_s[:, 9], gaps_t[:, 9] = cov_s[:, :, :3].max((1, 2)), cov_t[:, :, :3].max((1, 2))
    return arrays, gaps_s, gaps_t


NOTHING = np.zeros((0, 0, 0), dtype=np.float32)


def _best(dots: Floats, own: Floats, other: Floats) -> Floats:
    """(n,) the greatest similarity of each sentence to one to three sentences in a row of the other side."""
    rows = np.diff(dots, axis=0)
    m = rows.shape[1] - 1
    best = np.full(len(rows), -1.0)
    for b in range(1, min(3, m) + 1):
        runs = (rows[:, b:] - rows[:, :-b]) / own[1][:, None] / other[b][None, : m - b + 1]
        best = np.maximum(best, runs.max(1))
    return best


def _gaps(
    best: Floats,
    mean: Floats,
    hub: Floats,
    length: Floats,
    number: Floats,
    number_best: Floats,
    word: Floats,
    word_best: Floats,
) -> Floats:
    """(n, G) signals of leaving each sentence alone."""
    signals = np.zeros((len(best), len(GAPS)))
    signals[:, 0] = 1
    signals[:, 2] = best - mean
    signals[:, 3] = best - hub
    signals[:, 4] = np.log(length / 40.0 + 0.05)
    signals[:, 5] = np.log1p(np.minimum(number, number_best))
    signals[:, 6] = np.log1p(word)
    signals[:, 7] = word_best / np.sqrt(word * word + 25.0)
    return signals
