"""Laws of the aligner that hold for any texts: cover, order, mirror, anchors, duplicates, determinism."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from align.aligner import Bead, Constraints, EmbeddedSide, align_bitext, align_pages
from align.aligner.local_alignment import LocalAlignment, maximal_segments
from align.errors import ConflictError

WORDS = ("Haus", "Berg", "12", "Alpen", "Gipfel", "令和6年", "2024", "Wein", "x.", "Wer?", "München", "see")


@st.composite
def sides(draw, most: int = 14):
    """Two texts that share some of their meaning: target vectors are source vectors with noise, or strangers."""
    seed = draw(st.integers(0, 10_000))
    chance = np.random.default_rng(seed)
    n, m = draw(st.integers(1, most)), draw(st.integers(1, most))
    src = chance.normal(size=(n, 24))
    tgt = np.stack([
        src[k] + 0.4 * chance.normal(size=24) if k < n and chance.random() < 0.7 else chance.normal(size=24)
        for k in range(m)
    ])  # fmt: skip

    def texts(count: int) -> tuple[str, ...]:
        return tuple(" ".join(chance.choice(WORDS, size=chance.integers(1, 9))) for _ in range(count))

    return passages(texts(n), src, "de"), passages(texts(m), tgt, "en")


def passages(texts, vectors, lang="de"):
    vectors = np.asarray(vectors, dtype=np.float32)
    return EmbeddedSide(tuple(texts), vectors / np.linalg.norm(vectors, axis=1, keepdims=True), lang)


def ends(beads):
    return sorted((b.src.start if b.src else -1, len(b.src), b.tgt.start if b.tgt else -1, len(b.tgt)) for b in beads)


@settings(max_examples=40, deadline=None)
@given(sides())
def test_every_sentence_is_in_one_bead_and_the_beads_of_a_chain_keep_their_order(pair):
    src, tgt = pair
    beads = align_bitext(src, tgt)
    assert sorted(i for b in beads for i in b.src) == list(range(len(src)))
    assert sorted(j for b in beads for j in b.tgt) == list(range(len(tgt)))
    for chain in {b.chain for b in beads}:
        matched = [b for b in beads if b.src and b.tgt and b.chain == chain]
        assert all(one.tgt.stop <= other.tgt.start for one, other in pairwise(matched))
    assert all(0 <= b.confidence <= 1 for b in beads)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(6, 40))
def test_a_document_that_is_there_twice_does_not_lower_a_score(seed, n):
    chance = np.random.default_rng(seed)
    src = chance.normal(size=(n, 48))
    tgt = src + 0.5 * chance.normal(size=(n, 48))
    words = [" ".join(chance.choice(WORDS, size=6)) + f" {k}." for k in range(n)]
    alone = {(b.src, b.tgt): b for b in align_bitext(passages(words, src), passages(words, tgt, "en"))}
    twice = align_bitext(passages(words * 2, np.tile(src, (2, 1))), passages(words * 2, np.tile(tgt, (2, 1)), "en"))
    found = {(b.src, b.tgt): b for b in twice}
    for (s, t), bead in alone.items():
        if s and t and bead.confidence > 0.5:
            for at in (0, n):
                again = found[range(s.start + at, s.stop + at), range(t.start + at, t.stop + at)]
                assert again.confidence >= bead.confidence - 0.1  # ends of a text have neighbours now


@settings(max_examples=40, deadline=None)
@given(sides())
def test_swapping_the_sides_mirrors_the_result(pair):
    src, tgt = pair
    assert ends(align_bitext(src, tgt)) == ends(b.mirrored for b in align_bitext(tgt, src))
    assert ends(align_pages(src, tgt)) == ends(b.mirrored for b in align_pages(tgt, src))


@settings(max_examples=40, deadline=None)
@given(sides(), st.data())
def test_an_anchor_is_kept_and_what_is_forbidden_is_not_proposed(pair, data):
    src, tgt = pair
    i, j = data.draw(st.integers(0, len(src) - 1)), data.draw(st.integers(0, len(tgt) - 1))
    anchor = (range(i, i + 1), range(j, j + 1))
    for solver in (align_bitext, align_pages):
        held = solver(src, tgt, constraints=Constraints(anchors=[anchor]))
        assert sum((b.src, b.tgt) == anchor for b in held) == 1
        assert sum(i in b.src for b in held) == 1
        assert sum(j in b.tgt for b in held) == 1
        barred = solver(src, tgt, constraints=Constraints(forbidden=[anchor]))
        assert not any((b.src, b.tgt) == anchor for b in barred)


@settings(max_examples=40, deadline=None)
@given(sides(), st.data())
def test_what_is_taken_is_in_no_bead_and_everything_else_is_covered_as_before(pair, data):
    src, tgt = pair
    taken = tuple(
        frozenset(data.draw(st.sets(st.integers(0, len(side) - 1), max_size=len(side)))) for side in (src, tgt)
    )
    for solver in (align_bitext, align_pages):
        beads = solver(src, tgt, constraints=Constraints(blocked=taken))
        for side, held in enumerate(taken):
            found = [number for bead in beads for number in (bead.src, bead.tgt)[side]]
            assert held.isdisjoint(found)
            assert len(found) == len(set(found))
            if solver is align_bitext:
                assert set(found) == set(range(len((src, tgt)[side]))) - held


@settings(max_examples=25, deadline=None)
@given(sides())
def test_a_page_links_a_sentence_at_most_once_and_the_same_input_gives_the_same_output(pair):
    src, tgt = pair
    beads = align_pages(src, tgt)
    assert len({i for b in beads for i in b.src}) == sum(len(b.src) for b in beads)
    assert len({j for b in beads for j in b.tgt}) == sum(len(b.tgt) for b in beads)
    assert beads == align_pages(src, tgt)
    assert align_bitext(src, tgt) == align_bitext(src, tgt)


def test_contradictory_anchors_are_named_and_refused():
    with pytest.raises(ConflictError, match=r"source 1 with target 1 and source 1 with target 2"):
        Constraints(anchors=[(range(1), range(1)), (range(1), range(1, 2))])
    with pytest.raises(ConflictError, match="accepted and rejected"):
        Constraints(anchors=[(range(1), range(1))], forbidden=[(range(1), range(1))])


@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (1, 50), (50, 1), (60, 60)])
def test_bad_shapes_and_identical_sentences_are_covered(n, m):
    one = np.ones((1, 24))
    src = passages(["gleich."] * n, np.repeat(one, n, 0)) if n else EmbeddedSide((), np.zeros((0, 24), np.float32))
    tgt = passages(["same."] * m, np.repeat(one, m, 0)) if m else EmbeddedSide((), np.zeros((0, 24), np.float32))
    beads = align_bitext(src, tgt)
    assert sorted(i for b in beads for i in b.src) == list(range(n))
    assert sorted(j for b in beads for j in b.tgt) == list(range(m))
    assert all(isinstance(b, Bead) for b in align_pages(src, tgt))


def test_ten_thousand_copies_of_one_line():
    vectors = np.repeat(np.ones((1, 24)), 10_000, 0)
    src, tgt = passages(["gleich."] * 10_000, vectors), passages(["same."] * 10_000, vectors)
    beads = align_bitext(src, tgt)
    assert sum(len(b.src) for b in beads) == 10_000
    assert sum(len(b.tgt) for b in beads) == 10_000


def test_texts_in_the_wrong_languages_and_of_nothing_in_common_are_covered_and_little_is_claimed():
    chance = np.random.default_rng(3)
    src = passages([f"{' '.join(chance.choice(WORDS, size=5))}" for _ in range(40)], chance.normal(size=(40, 64)), "th")
    tgt = passages(
        [f"{' '.join(chance.choice(WORDS, size=5))}" for _ in range(45)], chance.normal(size=(45, 64)), "und"
    )
    beads = align_bitext(src, tgt)
    assert sorted(i for b in beads for i in b.src) == list(range(40))
    assert sorted(j for b in beads for j in b.tgt) == list(range(45))
    assert sum(b.confidence > 0.8 for b in beads if b.src and b.tgt) <= 4


def test_sides_of_one_to_fifty():
    chance = np.random.default_rng(4)
    tgt = chance.normal(size=(500, 64))
    src = tgt[::50] + 0.4 * chance.normal(size=(10, 64))
    words = [" ".join(chance.choice(WORDS, size=6)) for _ in range(500)]
    beads = align_bitext(passages(words[::50], src), passages(words, tgt, "en"))
    assert sorted(j for b in beads for j in b.tgt) == list(range(500))
    found = {(b.src.start, 50 * b.src.start) for b in beads if len(b.src) == 1 and 50 * b.src.start in b.tgt}
    assert len(found) >= 8


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), max_size=14))
def test_the_best_part_of_a_sequence_is_a_maximal_segment_and_no_two_overlap(scores):
    found = maximal_segments(scores)
    assert all(one.stop <= other.start for (one, _), (other, _) in pairwise(found))
    assert all(total == sum(scores[part.start : part.stop]) > 0 for part, total in found)
    every = [sum(scores[a:b]) for a in range(len(scores)) for b in range(a, len(scores) + 1)]
    assert max((total for _, total in found), default=0) == max([0, *every])
    for part, total in found:
        inside = [sum(scores[a:b]) for a in part for b in range(a + 1, part.stop + 1) if range(a, b) != part]
        assert max(inside, default=0) < total


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 14), st.integers(1, 14))
def test_a_table_that_is_kept_up_finds_what_a_new_one_finds(seed, n, m):
    chance = np.random.default_rng(seed)
    paths = LocalAlignment(chance.normal(-0.1, 0.2, size=(n, m)).astype(np.float32), 0.03)
    while cells := paths.best():
        assert cells == LocalAlignment(paths.margins.copy(), 0.03).best()
        if chance.random() < 0.3:
            paths.block_cells(cells[:1])
        else:
            some = [cell for cell in cells if chance.random() < 0.8] or cells[:1]
            paths.block_spans([(range(i, i + 1), range(j, min(m, j + 2))) for i, j in some])
    assert LocalAlignment(paths.margins.copy(), 0.03).best() == []
