"""The ratio of lengths of two texts: that of their totals, however the sentences were split, omissions aside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.aligner import EmbeddedSide
from align.aligner.evidence import expected_ratio, length_ratio
from align.aligner.window import Bitext


def split_text(n, every, parts, *, seed=0, factor=1.3, width=64):
    """A text and its translation, whose every so-manyth sentence became `parts`; the translation is `factor` longer."""
    chance = np.random.default_rng(seed)
    sides = [], []
    for k in range(n):
        size = int(chance.integers(40, 160))
        pieces = np.array_split(np.arange(int(size * factor)), parts if k % every == 0 else 1)
        thoughts = chance.normal(size=(len(pieces), width))
        sides[0].append(("x" * size, thoughts.sum(0) + 0.3 * chance.normal(size=width)))
        sides[1].extend(
            ("y" * len(piece), thought + 0.3 * chance.normal(size=width))
            for piece, thought in zip(pieces, thoughts, strict=True)
        )
    return tuple(
        EmbeddedSide(
            tuple(text for text, _ in side),
            np.array([v / np.linalg.norm(v) for _, v in side], dtype=np.float32),
            lang,
        )
        for side, lang in zip(sides, ("de", "en"), strict=True)
    )


@pytest.mark.parametrize("parts", [2, 3, 5])
@pytest.mark.parametrize("every", [2, 3])
def test_a_text_whose_sentences_were_split_has_the_ratio_of_its_totals(every, parts):
    src, tgt = split_text(200, every, parts)
    totals = sum(map(len, src.texts)) / sum(map(len, tgt.texts))
    assert Bitext(src, tgt).ratio == pytest.approx(totals, rel=0.05)
    assert Bitext(tgt, src).ratio == pytest.approx(1 / totals, rel=0.05)


def test_what_one_side_leaves_out_does_not_count():
    src = np.full(40, 50.0)
    tgt = np.full(30, 50.0)
    cells = np.array([[k if k < 20 else k + 10, k] for k in range(30)], dtype=np.int64)
    assert length_ratio(src, tgt, cells, 1.0) == pytest.approx(1.0)


def test_an_omission_between_adjacent_cells_is_an_outlier():
    src = np.concatenate([np.full(20, 50.0), [400.0], np.full(20, 50.0)])
    tgt = np.full(40, 50.0)
    cells = np.array([[k if k < 20 else k + 1, k] for k in range(40)], dtype=np.int64)
    assert length_ratio(src, tgt, cells, 1.0) == pytest.approx(1.0)


NO_CELLS = np.zeros((0, 2), dtype=np.int64)


@settings(deadline=None)
@given(
    st.lists(st.floats(1, 500), min_size=1, max_size=9),
    st.lists(st.floats(1, 500), min_size=1, max_size=9),
    st.sampled_from(["zh", "en", "ko", "und"]),
    st.sampled_from(["ja", "en", "zh-Hant"]),
)
def test_without_adjacent_cells_it_is_between_the_usual_and_that_of_the_totals(src, tgt, one, other):
    usual, totals = expected_ratio(one, other), sum(src) / sum(tgt)
    found = length_ratio(np.array(src), np.array(tgt), NO_CELLS, usual)
    assert min(usual, totals) * 0.999 <= found <= max(usual, totals) * 1.001
    lone = np.array([[0, 0]], dtype=np.int64)
    assert length_ratio(np.array(src), np.array(tgt), lone, usual) == found
    mirrored = length_ratio(np.array(tgt), np.array(src), NO_CELLS, 1 / usual)
    assert mirrored == pytest.approx(1 / found)
