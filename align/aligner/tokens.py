"""Tokens that two languages write in the same form: numbers, dates and eras, names and Latin words, Han characters.

Sentences become bags of tokens of two classes. NUMBER tokens are values: `1,234`, `１２３４` and `千二百三十四` are one
token, and so are 令和6年, 民國113年 and 2024. WORD tokens are folded words, their first five letters, and folded Han
characters and bigrams. Pure and independent of which side is the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from align.text.han import fold
from align.text.numbers import find_numbers

FloatArray = npt.NDArray[np.float64]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff]+")


def extract_tokens(text: str, *, latin: bool) -> tuple[list[str], list[str]]:
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
    return values, words


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
