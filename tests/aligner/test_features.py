"""Features and evidence: symmetry of the sides, shapes that are reachable, scale, links, joined texts, families."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.aligner import EmbeddedSide, align_bitext
from align.aligner.features import (
    BEAD_FEATURES,
    GAP_FEATURES,
    JOINED_MARGIN,
    JOINED_SIMILARITY,
    LARGEST_BLOCK,
    LONGEST_RUN,
    MERGING,
    SHAPES,
    bead_features,
    bead_scores,
    bead_table,
    candidates,
)
from align.aligner.similarity import MAX_FACTOR, MIN_FACTOR, TARGET_SIMILARITY, best_matches, similarity_factor
from align.aligner.tokens import Bag, robust_zscores, token_links
from align.aligner.weights import FILE, SENTENCES, TOKENS, family, override_weights, parse_weights, weights
from align.aligner.window import Bitext, build_window


@dataclass(frozen=True)
class Bags:
    """The tokens of one sentence."""

    pieces: tuple[str, ...]
    vectors: np.ndarray


def unit(rows):
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def sides(n, m, seed, *, tokens=True, width=24):
    """Two texts of n and m sentences, alike along the diagonal, with tokens."""
    chance = np.random.default_rng(seed)
    core = chance.normal(size=(max(n, m), width))
    found = []
    for count, lang in ((n, "de"), (m, "en")):
        vectors = unit(core[:count] + 0.5 * chance.normal(size=(count, width)))
        words = [[f"w{chance.integers(40)}" for _ in range(chance.integers(2, 9))] for _ in range(count)]
        bags = [Bags(tuple(w), chance.normal(size=(len(w), 8)).astype(np.float16)) for w in words]
        texts = tuple(" ".join(w) + f" {k % 7}." for k, w in enumerate(words))
        found.append(EmbeddedSide(texts, vectors, lang, None, bags if tokens else None))
    return found


def whole(src, tgt):
    texts = Bitext(src, tgt)
    n, m = len(src), len(tgt)
    low, high = np.zeros(n + 1, dtype=np.int64), np.full(n + 1, m, dtype=np.int64)
    return texts, build_window(texts, (0, n), (0, m), low, high)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_features_are_the_same_with_the_sides_swapped(seed, n, m, tokens):
    src, tgt = sides(n, m, seed, tokens=tokens)
    _, one = whole(src, tgt)
    _, other = whole(tgt, src)
    mine, theirs = np.zeros(len(BEAD_FEATURES)), np.zeros(len(BEAD_FEATURES))
    for i, j, a, b in candidates(one.evidence, one.low, one.high, 0, 0, np.inf).tolist():
        bead_features(one.evidence, i, a, j, b, mine)
        bead_features(other.evidence, j, b, i, a, theirs)
        assert mine == pytest.approx(theirs, abs=1e-4)
        assert np.isfinite(mine).all()
    assert one.gaps_s == pytest.approx(other.gaps_t, abs=1e-4)


def test_scores_are_the_weighted_features_and_joined_texts_and_habits_are_not_in_the_evidence():
    src, tgt = sides(6, 7, 1)
    _, window = whole(src, tgt)
    beads = candidates(window.evidence, window.low, window.high, 0, 0, np.inf)
    table = bead_table(window.evidence, beads, len(BEAD_FEATURES), 0, 0)
    chance = np.random.default_rng(0)
    first, second = chance.normal(size=(2, len(BEAD_FEATURES)))
    scores = bead_scores(window.evidence, beads, first, second, 0, 0)
    assert scores[0] == pytest.approx(table @ first, abs=1e-4)
    assert scores[1] == pytest.approx(table @ second, abs=1e-4)
    assert not table[:, [JOINED_SIMILARITY, JOINED_MARGIN, MERGING]].any()


def test_one_sentence_reaches_nine_and_larger_beads_eight_in_all():
    shapes = {tuple(shape) for shape in SHAPES.tolist()}
    assert {(1, LONGEST_RUN), (LONGEST_RUN, 1), (4, 4), (2, 6)} <= shapes
    assert all(min(shape) == 1 or sum(shape) <= LARGEST_BLOCK for shape in shapes)
    assert shapes == {(b, a) for a, b in shapes}


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.0])
def test_similarities_are_brought_to_one_scale(noise):
    chance = np.random.default_rng(2)
    core = chance.normal(size=(300, 96))
    one, other = (unit(core + noise * chance.normal(size=core.shape)) for _ in range(2))
    length, low = np.full(300, 50.0), np.maximum(np.arange(300) - 5, 0)
    high = np.minimum(np.arange(300) + 6, 300)
    factor = similarity_factor(one, other, length, length, low, high)
    assert MIN_FACTOR <= factor <= MAX_FACTOR
    median = float(np.median(best_matches(one, other, low, high)))
    if MIN_FACTOR < TARGET_SIMILARITY / median < MAX_FACTOR:
        assert factor * median == pytest.approx(TARGET_SIMILARITY, abs=0.02)
    few = similarity_factor(one[:1], other[:1], length[:1], length[:1], low[:1], high[:1])
    assert abs(few - 1) < 0.4


def test_the_best_match_of_a_sentence_may_be_several_of_the_other_side():
    chance = np.random.default_rng(3)
    parts = unit(chance.normal(size=(3, 64)))
    joined = unit(parts.sum(0)[None])
    bounds = np.array([0]), np.array([3])
    assert best_matches(joined, parts, *bounds)[0] == pytest.approx(1.0, abs=1e-4)
    assert best_matches(joined, parts, np.array([2]), np.array([3]))[0] < 0.9


def test_a_token_is_linked_only_to_its_best_match_in_the_band():
    vectors = np.eye(8, dtype=np.float16)
    src = Bag([Bags(("a", "b"), vectors[[0, 1]]), Bags(("c", "d"), vectors[[2, 3]])])
    tgt = Bag([Bags(("c", "d"), vectors[[2, 3]]), Bags(("a", "b"), vectors[[0, 1]])])
    every = np.array([0, 0]), np.array([2, 2])
    links = token_links(src, tgt, *every)
    assert set(zip(links.src.tolist(), links.tgt.tolist(), strict=True)) == {(0, 1), (1, 0)}
    near = np.array([0, 1]), np.array([1, 2])
    outside = token_links(src, tgt, *near)
    assert all(weight < links.weight.min() for weight in outside.weight)


def test_standing_is_relative_to_the_text():
    values = np.array([0.5, 0.52, 0.48, 0.51, 0.05])
    assert robust_zscores(values).argmin() == 4
    assert robust_zscores(values)[4] < -3
    assert len(robust_zscores(np.zeros(0))) == 0
    assert np.isfinite(robust_zscores(np.full(3, 0.4))).all()


def test_joined_texts_decide_what_sums_leave_open_and_only_those_are_encoded():
    src, tgt = sides(30, 30, 5, tokens=False)
    asked: list[str] = []

    def encode(texts):
        asked.extend(texts)
        return unit(np.random.default_rng(0).normal(size=(len(texts), src.vectors.shape[1])))

    plain = align_bitext(src, tgt)
    both = [replace(side, encode_runs=encode) for side in (src, tgt)]
    align_bitext(*both)
    # One call asks for the width of the vectors, by a text that is there.
    runs = [text for text in asked if text not in src.texts]
    assert all(any(text in " ".join(side.texts) for side in both) for text in runs)
    assert len(runs) < 30 * len(SHAPES)
    assert sum(len(bead.src) for bead in plain) == 30


def test_each_encoder_has_its_weights_and_any_other_has_some():
    assert family("use", tokens=False) == "use"
    assert family("e5-int8", tokens=True) == "e5"
    assert family("blend", tokens=False) == SENTENCES
    assert family("some/model", tokens=True) == TOKENS
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    assert set(stored) == {"use", "blend", "e5", SENTENCES, TOKENS}
    for row in stored.values():
        for look_ in ("first", "second"):
            assert set(row[look_]["bead"]) <= set(BEAD_FEATURES)
            assert set(row[look_]["gap"]) <= set(GAP_FEATURES)
    other = {"use": parse_weights(stored["e5"])}
    with override_weights(other):
        assert weights("use") is other["use"]
    assert weights("use") is not other["use"]
