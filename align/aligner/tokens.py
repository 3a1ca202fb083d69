"""Tokens that two languages write in the same form: numbers, dates and eras, names and Latin words, Han characters.

Sentences become bags of tokens of two classes. NUMBER tokens are values: `1,234`, `１２３４` and `千二百三十四` are one
token, and so are 令和6年, 民國113年 and 2024. WORD tokens are folded words, their first five letters, and folded Han
characters and bigrams. Pure and independent of which side is the source.

Where the encoder gives a vector for each token, the share of a sentence's content that other sentences have is
measured by these: best matches of its tokens, weighted by rarity.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np
import numpy.typing as npt

from align.aligner.features import LONGEST_RUN
from align.aligner.types import TokenVectors
from align.text.han import fold
from align.text.numbers import find_numbers

FloatArray = npt.NDArray[np.float64]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]+")


@lru_cache(maxsize=1 << 14)  # In a folder of documents, each is compared with all others.
def extract_tokens(text: str, *, latin: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(numbers, words) of a sentence. `latin`: the other side is alphabetic too, so that word stems may match."""
    is_ascii = text.isascii()
    text = text if is_ascii else unicodedata.normalize("NFKC", text)
    firm = [number for number in find_numbers(text) if number.firm]
    values = [f"#{number.values[0]:.12g}" for number in firm]
    written = {at for number in firm for at in range(number.start, number.end)}
    words = list(_folded_words(text, written, stems=latin))
    for run in () if is_ascii else _HAN.findall(text):
        folded = fold(run)
        words.extend(folded)
        words.extend(folded[k : k + 2] for k in range(len(folded) - 1))
    return tuple(values), tuple(words)


def _folded_words(text: str, written: Set[int], *, stems: bool) -> Iterator[str]:
    """Yield the words without Han characters that do not start in `written`, folded; with their `stems`."""
    for match in _WORD.finditer(text):
        word = match[0]
        if match.start() in written:
            continue
        low = word.casefold()
        if not low.isascii():
            if not word[0].isalpha() or _HAN.search(word):
                continue
            low = "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))
        if len(low) >= 3 or (len(low) == 2 and word.isupper()):
            yield low
            if stems and len(low) >= 6:
                yield low[:5] + "-"


@dataclass(frozen=True)
class SharedTokens:
    """Tokens that both sides contain, as triples by source sentence: source sentence, target sentence, weight.

    Weights are inverse document frequencies. `total_src` (n,) and `total_tgt` (m,) are the weights of all tokens of
    each sentence, shared or not.
    """

    src: npt.NDArray[np.int64]
    tgt: npt.NDArray[np.int64]
    weight: FloatArray
    total_src: FloatArray
    total_tgt: FloatArray


MAX_TOKEN_PAIRS = 4000
"""A token that pairs more sentences than this is ignored as uninformative."""


def pair_tokens(src: Sequence[Sequence[str]], tgt: Sequence[Sequence[str]]) -> SharedTokens:
    """Pair the equal tokens of two sides."""
    numbered: dict[str, int] = {}
    flat_s, flat_t = (
        [numbered.setdefault(token, len(numbered)) for bag in bags for token in bag] for bags in (src, tgt)
    )
    one, other = (_count_tokens(flat, bags, len(numbered)) for flat, bags in ((flat_s, src), (flat_t, tgt)))
    in_s, in_t = (np.bincount(side.token, minlength=len(numbered)) for side in (one, other))
    idf: FloatArray = np.log((len(src) + len(tgt) + 1) / np.maximum(in_s + in_t, 1))
    is_informative = (in_t > 0) & (in_s * in_t <= MAX_TOKEN_PAIRS)
    own = np.flatnonzero(is_informative[one.token])
    partners = in_t[one.token[own]]
    by_token = np.argsort(other.token, kind="stable")
    first = np.cumsum(in_t) - in_t
    within = np.arange(partners.sum()) - np.repeat(np.cumsum(partners) - partners, partners)
    own, theirs = np.repeat(own, partners), by_token[np.repeat(first[one.token[own]], partners) + within]
    return SharedTokens(
        one.sentence[own],
        other.sentence[theirs],
        idf[one.token[own]] * np.minimum(one.count[own], other.count[theirs]),
        np.bincount(one.sentence, idf[one.token] * one.count, len(src)).astype(np.float64),
        np.bincount(other.sentence, idf[other.token] * other.count, len(tgt)).astype(np.float64),
    )


@dataclass(frozen=True)
class _Counts:
    """Token counts of each sentence, sorted by sentence, then by token."""

    sentence: npt.NDArray[np.int64]
    token: npt.NDArray[np.int64]
    count: npt.NDArray[np.int64]


def _count_tokens(flat: Sequence[int], bags: Sequence[Sequence[str]], vocabulary_size: int) -> _Counts:
    """Count tokens. flat: token ids of all bags, below `vocabulary_size`."""
    sentence = np.repeat(np.arange(len(bags)), [len(bag) for bag in bags])
    cells, count = np.unique(sentence * max(vocabulary_size, 1) + np.array(flat, dtype=np.int64), return_counts=True)
    sentences, numbers_ = np.divmod(cells, max(vocabulary_size, 1))
    return _Counts(sentences, numbers_, count)


Float32Array = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


class Bag:
    """The tokens of one side, concatenated: unit vectors (t, width), rarity (t,), and the start of each sentence."""

    def __init__(self, sentences: Sequence[TokenVectors]) -> None:
        width = max((s.vectors.shape[1] for s in sentences if len(s.vectors)), default=1)
        counts = [max(1, len(s.vectors)) for s in sentences]
        self.starts: Indices = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        stacked = np.zeros((int(self.starts[-1]), width), dtype=np.float32)
        rarity = np.zeros(len(stacked), dtype=np.float32)
        documents = Counter(piece for s in sentences for piece in set(s.pieces))
        for start, sentence in zip(self.starts, sentences, strict=False):
            if len(sentence.vectors):
                stacked[start : start + len(sentence.vectors)] = sentence.vectors
                rarity[start : start + len(sentence.vectors)] = [
                    log((len(sentences) + 1) / (documents[piece] + 0.5)) + 0.1 for piece in sentence.pieces
                ]
        present = rarity > 0
        if present.any():
            stacked[present] -= stacked[present].mean(axis=0) * (present.sum() / (present.sum() + 50.0))
        self.vectors = stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)
        self.rarity = np.maximum(rarity, 0.0)


def coverage(own: Bag, other: Bag, low: Indices, high: Indices, rows: slice, columns: slice) -> Float32Array:
    """(n, m, LONGEST_RUN) float32: share of each own sentence that the other sentences j..j+b+1 cover, 0 to about 1.

    For the window rows x columns, in its own numbering: low and high (n,) limit the columns of row i; cells that no
    bead can use are 0.
    """
    n, m = rows.stop - rows.start, columns.stop - columns.start
    own_starts = own.starts[rows.start : rows.stop + 1]
    other_starts = other.starts[columns.start : columns.stop + 1]
    cover = np.zeros((n, m, LONGEST_RUN), dtype=np.float32)
    for i in range(n):
        first, last = max(0, int(low[i]) - 1), min(m, int(high[i]) + LONGEST_RUN)
        if first >= last:
            continue
        own_tokens = slice(int(own_starts[i]), int(own_starts[i + 1]))
        weight = own.rarity[own_tokens]
        total = float(weight.sum())
        if total <= 0:
            continue
        other_tokens = slice(int(other_starts[first]), int(other_starts[last]))
        close = own.vectors[own_tokens] @ other.vectors[other_tokens].T
        single = np.maximum.reduceat(close, other_starts[first:last] - other_tokens.start, axis=1)
        best = single
        for b in range(min(LONGEST_RUN, last - first)):
            if b:
                best = np.maximum(best[:, :-1], single[:, b:])
            cover[i, first : last - b, b] = weight @ best / total
    return cover


MIN_SENTENCE_WEIGHT = 0.1
"""Minimum token weight of a sentence."""


def token_links(src: Bag, tgt: Bag, low: Indices, high: Indices) -> SharedTokens:
    """Mutual best matches of tokens, summed by pairs of sentences.

    low, high (n,): target sentences low..high that each source sentence is compared with. The weight of a link is
    the geometric mean of the rarities of its tokens times their cosine; total_src and total_tgt are the token
    weights of the sentences.
    """
    n, m = len(src.starts) - 1, len(tgt.starts) - 1
    forward, backward = np.full(len(src.vectors), -1), np.full(len(tgt.vectors), -1)
    close, close_back = np.zeros(len(forward), dtype=np.float32), np.full(len(backward), -1, dtype=np.float32)
    for i in range(n):
        own, others = slice(src.starts[i], src.starts[i + 1]), slice(tgt.starts[low[i]], tgt.starts[high[i]])
        if others.start >= others.stop:
            continue
        similar = src.vectors[own] @ tgt.vectors[others].T
        best = similar.argmax(axis=1)
        forward[own], close[own] = best + others.start, similar[np.arange(len(similar)), best]
        best = similar.argmax(axis=0)
        value = similar[best, np.arange(similar.shape[1])]
        better = value > close_back[others]
        close_back[others][better], backward[others][better] = value[better], best[better] + own.start
    present = np.flatnonzero((forward >= 0) & (src.rarity > 0))
    one = present[backward[forward[present]] == present]
    other = forward[one]
    weight = np.sqrt(src.rarity[one] * tgt.rarity[other]) * np.maximum(close[one], 0)
    row, column = (np.searchsorted(bag.starts, at, side="right") - 1 for bag, at in ((src, one), (tgt, other)))
    cells, where = np.unique(row * m + column, return_inverse=True)
    totals = (
        np.maximum(np.add.reduceat(bag.rarity, bag.starts[:-1]), MIN_SENTENCE_WEIGHT).astype(np.float64)
        for bag in (src, tgt)
    )
    return SharedTokens(cells // m, cells % m, _summed(where, weight, len(cells)), *totals)


def linked_weight(links: SharedTokens) -> tuple[FloatArray, FloatArray]:
    """(n,), (m,) weight of all links of each sentence of both sides."""
    return (
        _summed(links.src, links.weight, len(links.total_src)),
        _summed(links.tgt, links.weight, len(links.total_tgt)),
    )


def _summed(where: Indices, weight: npt.NDArray[np.floating], count: int) -> FloatArray:
    """(count,) sums of the weights by index."""
    return np.bincount(where, weight, count).astype(np.float64)


def robust_zscores(values: FloatArray) -> FloatArray:
    """(n,) robust z-scores of values within their own text, clipped to -4 to 3."""
    if not len(values):
        return values
    deviations = values - np.median(values)
    return np.asarray(np.clip(deviations / (1.4826 * np.median(np.abs(deviations)) + 0.03), -4.0, 3.0))
