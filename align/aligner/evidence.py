"""Evidence of two texts that does not depend on beads: arrays that the kernels of `features` sum over spans.

The sum of sentence vectors is close to the vector of the joined text, and costs nothing; where two segmentations of
a passage compete, the vector of the joined text decides better. Only the runs of beads of more than two sentences
that a first pass leaves undecided are encoded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from align.aligner import features
from align.aligner.features import GAP_FEATURES, LONGEST_RUN, NEIGHBOUR_WEIGHT, WindowEvidence
from align.aligner.tokens import SharedTokens, extract_tokens, pair_tokens
from align.aligner.types import EmbeddedSide, EncodeRuns, Vectors
from align.text.tags import primary

FloatArray = npt.NDArray[np.float64]
CoverArray = npt.NDArray[np.float32]

_LATIN = re.compile(r"[^\W\d_\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]")
_CLOSING = " \t\"'»”’」』）)】]〉》*_`"
_END_MARKS = {
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
    """Subtract the mean of a side from its vectors and normalise to length 1. (n, d) float32 in and out.

    A multilingual encoder adds a direction for each language. Less is subtracted where there are few sentences.
    """
    if not len(vectors):
        return vectors
    share = len(vectors) / (len(vectors) + 10.0) * 0.98
    moved = vectors - share * vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9), dtype=np.float32)


@dataclass(frozen=True)
class SideEvidence:
    """Evidence of one side on its own."""

    vectors: Vectors
    """(n, d) centred."""
    length: FloatArray
    """(n,) characters, without spaces."""
    end_marks: npt.NDArray[np.int64]
    """(n,) closing mark: 0 no punctuation, 1 stop, 2 question, 3 exclamation, 4 colon, semicolon or comma."""


def side_evidence(embedded: EmbeddedSide) -> SideEvidence:
    """Evidence of one side on its own."""
    return SideEvidence(
        centred(embedded.vectors),
        np.array([max(1, len("".join(text.split()))) for text in embedded.texts], dtype=np.float64),
        np.array([_end_mark(text) for text in embedded.texts], dtype=np.int64),
    )


def _end_mark(text: str) -> int:
    stripped = text.rstrip(_CLOSING)
    return _END_MARKS.get(stripped[-1:], 0)


@dataclass(frozen=True)
class CommonTokens:
    """Numbers and words that both sides write in the same form."""

    numbers: SharedTokens
    words: SharedTokens


def find_common_tokens(src: EmbeddedSide, tgt: EmbeddedSide) -> CommonTokens:
    """Numbers and words that both sides contain."""
    latin = all(_alphabetic(side.texts) for side in (src, tgt))
    bags_s, bags_t = ([extract_tokens(text, latin=latin) for text in side.texts] for side in (src, tgt))
    return CommonTokens(
        pair_tokens([bag[0] for bag in bags_s], [bag[0] for bag in bags_t]),
        pair_tokens([bag[1] for bag in bags_s], [bag[1] for bag in bags_t]),
    )


def _alphabetic(texts: Sequence[str]) -> bool:
    sample = "".join(texts[:: max(1, len(texts) // 200)])
    letters = sum(map(str.isalpha, sample))
    return len(_LATIN.findall(unicodedata.normalize("NFKC", sample))) * 2 > letters


def run_norms(weighted: FloatArray) -> FloatArray:
    """Norms of the sums of 1 to LONGEST_RUN consecutive rows: (LONGEST_RUN + 1, n), 1 where a run exceeds the side."""
    n = len(weighted)
    products = prefix_sums(weighted @ weighted.T)
    norms = np.ones((LONGEST_RUN + 1, n))
    for a in range(1, min(LONGEST_RUN, n) + 1):
        first, last = np.arange(n - a + 1), np.arange(a, n + 1)
        squares = products[last, last] - 2 * products[first, last] + products[first, first]
        norms[a, : n - a + 1] = np.sqrt(np.maximum(squares, 0.0))
    return np.maximum(norms, 1e-9)


def prefix_sums(cells: FloatArray) -> FloatArray:
    """(n + 1, m + 1) prefix sums: all cells above and to the left."""
    sums = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1))
    sums[1:, 1:] = cells
    return sums.cumsum(0).cumsum(1)


def running_sums(values: npt.NDArray[np.generic]) -> FloatArray:
    """(n + 1,) sums of the values before each index."""
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def dense_weights(tokens_: SharedTokens, rows: slice, columns: slice) -> FloatArray:
    """(n, m) weight of the tokens that each pair of sentences in a window shares."""
    cells = np.zeros((rows.stop - rows.start, columns.stop - columns.start))
    here = slice(*np.searchsorted(tokens_.src, [rows.start, rows.stop]))
    src, tgt, weight = tokens_.src[here], tokens_.tgt[here], tokens_.weight[here]
    inside = (tgt >= columns.start) & (tgt < columns.stop)
    np.add.at(cells, (src[inside] - rows.start, tgt[inside] - columns.start), weight[inside])
    return cells


NO_CELLS, NO_ROW = np.zeros((0, 0)), np.zeros(0)
NO_COVER = np.zeros((0, 0, 0), dtype=np.float32)


@dataclass(frozen=True)
class TokenEvidence:
    """Evidence from the token vectors of both whole texts."""

    links: SharedTokens
    linked: tuple[FloatArray, FloatArray]
    """(n,), (m,) link weight of each sentence."""
    linked_zscores: tuple[FloatArray, FloatArray]
    """(n,), (m,) linked share of each sentence as a robust z-score within its text."""


def window_evidence(
    src: SideEvidence,
    tgt: SideEvidence,
    shared_tokens: CommonTokens,
    rows: slice,
    columns: slice,
    *,
    ratio: float,
    scale: float,
    cover: tuple[CoverArray, CoverArray] | None = None,
    tokens_: TokenEvidence | None = None,
) -> tuple[WindowEvidence, FloatArray, FloatArray]:
    """Evidence of a window of both texts, and (n, G) and (m, G) features of omissions.

    ratio: source characters per target character. scale: factor of the similarities. cover, tokens_: evidence from
    token vectors for the window and for the whole texts, if both sides have them.
    """
    root_ratio = ratio**0.5
    length_s, length_t = src.length[rows] / root_ratio, tgt.length[columns] * root_ratio
    weighted_s, weighted_t = (
        side.vectors[cut].astype(np.float64) * side.length[cut][:, None] for side, cut in ((src, rows), (tgt, columns))
    )
    dots = scale * prefix_sums(weighted_s @ weighted_t.T)
    norm_s, norm_t = run_norms(weighted_s), run_norms(weighted_t)
    single = np.diff(np.diff(dots, axis=0), axis=1) / norm_s[1][:, None] / norm_t[1][None, :]
    best_s, best_t = _best_similarities(dots, norm_s, norm_t), _best_similarities(dots.T, norm_t, norm_s)
    numbers, words = (dense_weights(kind, rows, columns) for kind in (shared_tokens.numbers, shared_tokens.words))
    links, weight_s, weight_t = NO_CELLS, NO_ROW, NO_ROW
    if tokens_ is not None:
        links = prefix_sums(dense_weights(tokens_.links, rows, columns))
        weight_s, weight_t = running_sums(tokens_.links.total_src[rows]), running_sums(tokens_.links.total_tgt[columns])
    evidence = WindowEvidence(
        dots=dots,
        norm_s=norm_s,
        norm_t=norm_t,
        best_s=best_s,
        best_t=best_t,
        length_s=running_sums(length_s),
        length_t=running_sums(length_t),
        numbers=prefix_sums(numbers),
        numbers_s=running_sums(shared_tokens.numbers.total_src[rows]),
        numbers_t=running_sums(shared_tokens.numbers.total_tgt[columns]),
        words=prefix_sums(words),
        words_s=running_sums(shared_tokens.words.total_src[rows]),
        words_t=running_sums(shared_tokens.words.total_tgt[columns]),
        cover_s=NO_COVER if cover is None else cover[0],
        cover_t=NO_COVER if cover is None else cover[1],
        links=links,
        weight_s=weight_s,
        weight_t=weight_t,
    )
    gaps = []
    for side, (best, length, cut) in enumerate(((best_s, length_s, rows), (best_t, length_t, columns))):
        of_numbers = (shared_tokens.numbers.total_src, shared_tokens.numbers.total_tgt)[side][cut]
        table = np.zeros((len(best), len(GAP_FEATURES)))
        table[:, features.OMISSION] = 1
        table[:, features.BEST] = best - single.mean(1 - side)
        table[:, features.SHORT] = np.log(length / 40.0 + 0.05)
        table[:, features.NUMBERS] = np.log1p(np.minimum(of_numbers, numbers.max(1 - side)))
        if tokens_ is not None:
            table[:, features.LINKED] = np.minimum(tokens_.linked[side][cut] / 10.0, 4.0)
            table[:, features.LINKED_ZSCORE] = tokens_.linked_zscores[side][cut]
        gaps.append(table)
    return evidence, gaps[0], gaps[1]


def _best_similarities(dots: FloatArray, own: FloatArray, other: FloatArray) -> FloatArray:
    """(n,) greatest similarity of each sentence to one to three consecutive sentences of the other side."""
    rows = np.diff(dots, axis=0)
    m = rows.shape[1] - 1
    best = np.full(len(rows), -1.0)
    for b in range(1, min(3, m) + 1):
        runs = (rows[:, b:] - rows[:, :-b]) / own[1][:, None] / other[b][None, : m - b + 1]
        best = np.maximum(best, runs.max(1))
    return best


RELATIVE_LENGTHS = {"zh": 0.33, "yue": 0.33, "ja": 0.42, "ko": 0.48, "he": 0.76, "ar": 0.8, "th": 0.9}
"""Characters without spaces per character of English, by language; 1 for languages not listed."""
MAX_STRETCH_SENTENCES = 9
"""Maximum sentences between two trusted cells for the stretch between them to count."""
OUTLIER_LOG_RATIO = 0.5
"""A stretch whose log ratio is farther than this from the median contains an omission."""
MIN_COMPENSATED_SHARE = 0.5
"""Minimum share of an outlier's excess that its neighbours lack where it is no omission."""
PRIOR_STRETCHES = 5.0
"""Number of stretches that the expected ratio of the two languages counts as."""


def expected_ratio(src_lang: str, tgt_lang: str) -> float:
    """Typical source characters per target character of the two languages. BCP 47 tags."""
    return RELATIVE_LENGTHS.get(primary(src_lang), 1.0) / RELATIVE_LENGTHS.get(primary(tgt_lang), 1.0)


def length_ratio(
    src: npt.NDArray[np.float64], tgt: npt.NDArray[np.float64], cells: npt.NDArray[np.int64], expected: float
) -> float:
    """Source characters per target character of two texts, omissions excluded.

    src (n,), tgt (m,): characters of each sentence, above 0. cells (c, 2): trusted one-to-one cells, ascending on
    both sides. expected: the ratio of the languages.

    The estimate sums all characters from the middle of one trusted cell to the middle of the next: where a sentence
    was translated by two, its cell has only one of them, so the cells by themselves give too high a ratio. A
    stretch that is an outlier contains an omission and is left out, unless its neighbours lack its excess.
    `expected` counts as PRIOR_STRETCHES stretches. Where no two cells are adjacent, next to nothing is translated
    one to one: the cells themselves are used, and without cells the totals, weighted as much as `expected`, since
    they include omissions.
    """
    near = (np.diff(cells, axis=0) <= MAX_STRETCH_SENTENCES).all(axis=1)
    one, other = (
        np.diff((np.cumsum(lengths) - lengths / 2)[column])[near]
        for lengths, column in ((src, cells[:, 0]), (tgt, cells[:, 1]))
    )
    if len(one):
        logs, sizes = np.log(one / other), np.sqrt(one * other)
        order = np.argsort(logs, kind="stable")
        running = np.cumsum(sizes[order])
        median = logs[order][np.searchsorted(running, running[-1] / 2)]
        excess = one * exp(-median / 2) - other * exp(median / 2)
        around = np.convolve(excess, [1.0, 0.0, 1.0], mode="same") if len(one) > 2 else np.zeros(len(one))
        compensated = (excess * around < 0) & (np.abs(around) >= MIN_COMPENSATED_SHARE * np.abs(excess))
        typical = (np.abs(logs - median) < OUTLIER_LOG_RATIO) | compensated
        observed, weight = log(one[typical].sum() / other[typical].sum()), float(typical.sum())
    elif len(cells) > 1:
        observed, weight = log(src[cells[:, 0]].sum() / tgt[cells[:, 1]].sum()), float(len(cells))
    else:
        observed, weight = log(src.sum() / tgt.sum()), PRIOR_STRETCHES
    return exp((observed * weight + log(expected) * PRIOR_STRETCHES) / (weight + PRIOR_STRETCHES))


Indices = npt.NDArray[np.int64]

UNSPACED = frozenset({"zh", "ja", "th", "yue", "lo", "km", "my"})
"""Languages whose sentences are joined without a space."""


class RunVectors:
    """Centred vectors of the sentences of one side, and of runs of them as joined texts."""

    def __init__(self, embedded: EmbeddedSide, side: SideEvidence, width: int) -> None:
        own = embedded.vectors[:, :width]
        own = own / np.maximum(np.linalg.norm(own, axis=1, keepdims=True), 1e-9)
        self.embedded, self.length = embedded, side.length
        self.single = centred(own).astype(np.float64)
        share = len(own) / (len(own) + 10.0) * 0.98
        self.shift = share * own.mean(axis=0, dtype=np.float64)
        self.separator = "" if primary(embedded.lang) in UNSPACED else " "

    def text(self, start: int, count: int) -> str:
        """The joined text of a run."""
        return self.separator.join(self.embedded.texts[start : start + count])

    def sums(self, start: Indices, count: Indices) -> FloatArray:
        """(c, d) unit vectors of runs from the sums of their length-weighted sentence vectors."""
        rows = np.zeros((len(start), self.single.shape[1]))
        for k in range(int(count.max(initial=0))):
            inside = count > k
            at = start[inside] + k
            rows[inside] += self.single[at] * self.length[at, None]
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))

    def centred(self, vectors: Vectors) -> FloatArray:
        """(c, d) vectors of joined texts, centred like those of the sentences."""
        rows = vectors.astype(np.float64) - self.shift
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def joined_gains(src: RunVectors, tgt: RunVectors, beads: Indices, encode: EncodeRuns) -> FloatArray:
    """(c, 2): gain in similarity and in margin of each bead when its runs are encoded as joined texts.

    beads (c, 4): i, j, a, b of the whole texts. The margin is without its length penalty.
    """
    i, j, a, b = beads.T
    texts: dict[str, int] = {}
    number = [
        np.array(
            [texts.setdefault(side.text(s, c), len(texts)) if c > 1 else -1 for s, c in zip(at, size, strict=True)]
        )
        for side, at, size in ((src, i.tolist(), a.tolist()), (tgt, j.tolist(), b.tolist()))
    ]
    vectors = encode(list(texts))
    sums = src.sums(i, a), tgt.sums(j, b)
    runs = []
    for side, own, rows in zip((src, tgt), number, sums, strict=True):
        joined = rows.copy()
        joined[own >= 0] = side.centred(vectors[own[own >= 0]])
        runs.append(joined)
    similarity = np.einsum("ij,ij->i", *runs) - np.einsum("ij,ij->i", *sums)
    change = np.zeros(len(beads))
    count = np.zeros(len(beads))
    for run, total, other, start, size in (
        (runs[0], sums[0], tgt.single, j, b),
        (runs[1], sums[1], src.single, i, a),
    ):
        for at in (start - 1, start + size):
            inside = (at >= 0) & (at < len(other))
            change[inside] += np.einsum("ij,ij->i", (run - total)[inside], other[at[inside]])
            count += inside
    return np.stack([similarity, similarity - NEIGHBOUR_WEIGHT * change / np.maximum(count, 1)], axis=1)
