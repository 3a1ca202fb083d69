"""Documents by content, and mining: laws on made-up vectors, quality on gold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from align.bulk.document_matching import document_vector, match_documents, normalise_rows
from align.embeddings import nearest
from align.embeddings.nearest import best_other
from align.mining.margins import (
    RIGHT_SCORES,
    WRONG_SCORES,
    MinedPairs,
    confidence,
    features,
    mine_vectors,
    one_to_one,
    scores,
)


def twins(n: int, d: int = 32, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n pairs of vectors that are near each other."""
    rng = np.random.default_rng(seed)
    src = rng.standard_normal((n, d)).astype(np.float32)
    tgt = src + noise * rng.standard_normal((n, d)).astype(np.float32)
    return normalise_rows(src), normalise_rows(tgt)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10), st.integers(0, 99))
def test_shuffled_twins_find_each_other_and_strangers_stay_apart(n: int, strangers: int, seed: int) -> None:
    src, tgt = twins(n, seed=seed, noise=0.1)
    odd = normalise_rows(np.random.default_rng(seed + 1).standard_normal((strangers, 32)).astype(np.float32))
    order = np.random.default_rng(seed).permutation(n + strangers)
    matches = match_documents(src, np.concatenate([tgt, odd])[order])
    found = {m.src: int(order[m.tgt]) for m in matches if m.confidence > 0.5}
    assert all(found.get(i) == i for i in range(n))
    assert len({m.tgt for m in matches}) == len(matches), "one to one"
    assert all(0 <= m.confidence <= 1 for m in matches)


def test_the_assignment_is_the_best_there_is() -> None:
    src, tgt = twins(12, noise=2.0)
    matches = match_documents(src, tgt)
    total = sum(m.margin for m in matches)
    margins = np.full((12, 12), 0.0)
    from align.bulk import document_matching

    a, b = document_matching.centred(src), document_matching.centred(tgt)
    forward, backward = document_matching.nearest(a, b), document_matching.nearest(b, a)
    rows, columns = document_matching.edges(forward[0], backward[0])
    around = (
        document_matching.neighbour_means(rows, columns, *forward)
        + document_matching.neighbour_means(columns, rows, *backward)
    ) / 2
    margins[rows, columns] = np.maximum(document_matching.dots(a, b, rows, columns) - around, 0)
    best = linear_sum_assignment(margins, maximize=True)
    assert total == pytest.approx(margins[best].sum(), abs=1e-4)


def test_nothing_matches_nothing() -> None:
    none, some = np.empty((0, 4), dtype=np.float32), np.eye(4, dtype=np.float32)
    assert match_documents(none, some) == match_documents(some, none) == []
    assert len(mine_vectors(none, some).src) == 0


def test_a_document_vector_is_a_unit_between_its_sentences() -> None:
    vector = document_vector(np.eye(3, dtype=np.float32)[:2], [100, 100])
    assert vector == pytest.approx([0.7071, 0.7071, 0], abs=1e-3)
    assert document_vector(np.eye(3, dtype=np.float32)[:2], [400, 100])[0] == pytest.approx(2 / 5**0.5, abs=1e-3)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(-9, 9)), min_size=1, max_size=20))
def test_best_other_is_the_best_of_the_others(edges: list[tuple[int, int, int]]) -> None:
    ends = np.array([row for row, _, _ in edges])
    margins = np.array([margin / 10 for _, _, margin in edges], dtype=np.float32)
    for n, found in enumerate(best_other(ends, margins)):
        others = [margins[m] for m in range(len(edges)) if m != n and ends[m] == ends[n]]
        assert found == pytest.approx(max(others, default=-1.0))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=20))
def test_one_to_one_takes_the_greatest_first(edges: list[tuple[int, int, int]]) -> None:
    rows, columns = np.array([e[0] for e in edges]), np.array([e[1] for e in edges])
    margins = np.array([e[2] for e in edges], dtype=np.float32)
    kept = one_to_one(rows, columns, margins, 6, 6)
    assert len(set(rows[kept])) == len(set(columns[kept])) == len(kept)
    assert list(rows[kept]) == sorted(rows[kept])
    for edge in range(len(edges)):
        alternatives = [k for k in kept if rows[k] == rows[edge] or columns[k] == columns[edge]]
        assert alternatives
        assert edge in kept or max(margins[alternatives]) >= margins[edge]


def test_exact_search_in_blocks_is_exact_search(monkeypatch: pytest.MonkeyPatch) -> None:
    src, tgt = twins(50)
    monkeypatch.setattr(nearest, "BLOCK_ROWS", 7)
    monkeypatch.setattr(nearest, "BLOCK_COLUMNS", 11)
    places, cosines = nearest.search_exactly(src.astype(np.float16), tgt.astype(np.float16), 5)
    whole = src.astype(np.float16).astype(np.float32) @ tgt.astype(np.float16).astype(np.float32).T
    assert np.array_equal(np.sort(places), np.sort(np.argsort(-whole, axis=1)[:, :5]))
    assert np.allclose(cosines, -np.sort(-whole, axis=1)[:, :5], atol=1e-5)


def test_the_index_finds_what_exact_search_finds() -> None:
    src, tgt = twins(4000, noise=0.5)
    places, cosines = nearest.search(src, tgt, 4, exact=False)
    truth, exact = nearest.search(src, tgt, 4, exact=True)
    share = np.mean([len(set(a) & set(b)) / 4 for a, b in zip(places.tolist(), truth.tolist(), strict=True)])
    assert share >= 0.98
    same = places[:, 0] == truth[:, 0]
    assert np.allclose(cosines[same, 0], exact[same, 0], atol=1e-5), "cosines are of the vectors, not of the index"


@pytest.mark.parametrize("rows", [1, 2, 15, 40, 700, nearest.MIN_INDEXED_ROWS])
def test_an_index_is_asked_of_any_number_of_rows_and_says_nothing(rows: int, capfd: pytest.CaptureFixture[str]) -> None:
    src, tgt = twins(rows)
    places, _ = nearest.search(src, tgt, 5, exact=False)
    assert places[:, 0].tolist() == list(range(rows))
    assert capfd.readouterr() == ("", "")


def test_mining_finds_twins_among_strangers_and_is_sure_of_them() -> None:
    src, tgt = twins(300, noise=0.15)
    rng = np.random.default_rng(5)
    odd = normalise_rows(rng.standard_normal((300, 32)).astype(np.float32))
    order = rng.permutation(600)
    mined = mine_vectors(src, np.concatenate([tgt, odd])[order])
    right = order[mined.tgt] == mined.src
    sure = confidence(scores(features(mined, slice(None), np.zeros(len(right)), np.zeros(len(right))))) > 0.9
    assert right[sure].mean() > 0.98
    assert (right & sure).sum() > 250
    assert isinstance(mined, MinedPairs)


def drawn(right: int, wrong: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of so many right pairs around a mean, and wrong ones; and which is which."""
    rng = np.random.default_rng(2)
    told = np.concatenate([rng.normal(mean, 2.5, right), rng.normal(*WRONG_SCORES, wrong)])
    return told, np.arange(right + wrong) < right


@pytest.mark.parametrize(("right", "wrong", "mean"), [(900, 100, 6.0), (500, 500, 3.0), (100, 900, 5.0)])
def test_confidence_means_what_it_says_whatever_share_of_a_run_is_right(right: int, wrong: int, mean: float) -> None:
    told, truth = drawn(right, wrong, mean)
    sure = confidence(told)
    order = np.argsort(sure)
    gaps = [abs(sure[part].mean() - truth[part].mean()) for part in np.array_split(order, 10)]
    assert np.mean(gaps) < 0.04
    assert np.all(np.diff(sure[np.argsort(told)]) >= 0), "a greater score never counts less"


def test_where_nothing_is_right_nothing_is_sure() -> None:
    told, _ = drawn(0, 1000, 0.0)
    assert (confidence(told) >= 0.9).sum() <= 5


def test_one_pair_and_none_have_a_confidence_too() -> None:
    assert confidence(np.empty(0)).shape == (0,)
    assert confidence(np.array([RIGHT_SCORES[0]]))[0] > 0.8
    assert confidence(np.array([WRONG_SCORES[0]]))[0] < 0.2


@pytest.mark.parametrize("name", ["ntrex.ja_zh", "kyoto_ja_en.dev", "pydocs.en_ja"])
def test_shuffled_documents_of_the_gold_are_matched(gold: Path, name: str) -> None:
    from align.embeddings import load_encoder

    encoder = load_encoder("use", threads=2)
    sides: tuple[list, list] = ([], [])
    with (gold / "dev" / f"{name}.jsonl").open(encoding="utf-8") as file:
        for line in file:
            document = json.loads(line)
            for side, key in zip(sides, ("src", "tgt"), strict=True):
                texts = document[key][:: -(-len(document[key]) // 12)]
                side.append(document_vector(encoder.encode(texts), [len(text) for text in texts]))
    src, tgt = (np.array(side) for side in sides)
    order = np.random.default_rng(3).permutation(len(tgt))
    matches = match_documents(src, tgt[order])
    right = sum(int(order[m.tgt]) == m.src for m in matches)
    assert right >= 0.98 * len(src)
