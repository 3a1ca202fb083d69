"""Of few documents, sentences tell whether two are a translation: laws on made-up vectors."""

from __future__ import annotations

import numpy as np
import pytest

from align.aligner import EmbeddedSide
from align.bulk.document_matching import linked_share_by_pair, linked_shares, normalise_rows


def document(vectors: np.ndarray, lang: str) -> EmbeddedSide:
    return EmbeddedSide(tuple(f"{lang} sentence {'x' * (7 + n % 5)}" for n in range(len(vectors))), vectors, lang)


def made(count: int, sentences: int, seed: int) -> tuple[list[EmbeddedSide], list[EmbeddedSide]]:
    """Documents of random sentences, and their translations."""
    rng = np.random.default_rng(seed)
    src = [normalise_rows(rng.standard_normal((sentences, 64)).astype(np.float32)) for _ in range(count)]
    tgt = [normalise_rows(one + 0.05 * rng.standard_normal(one.shape).astype(np.float32)) for one in src]
    return [document(one, "en") for one in src], [document(one, "de") for one in tgt]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("sentences", [6, 20])
def test_translations_are_found_again_and_strangers_are_not(count: int, sentences: int) -> None:
    src, tgt = made(count, sentences, 1)
    places = [(n, n) for n in range(count)]
    assert min(linked_shares(src, tgt, places)) > 0.8
    _, strangers = made(count, sentences, 2)
    assert max(linked_shares(src, strangers, places)) < 0.5


def test_a_stranger_beside_a_translation_is_none() -> None:
    src, tgt = made(2, 6, 1)
    _, strangers = made(2, 6, 2)
    right, wrong = linked_shares(src, [tgt[0], strangers[1]], [(0, 0), (1, 1)])
    assert right > 0.8
    assert wrong < 0.5


def test_a_translation_of_a_part_is_one_of_the_shorter_side() -> None:
    src, tgt = made(1, 20, 3)
    half = document(tgt[0].vectors[:10], "de")
    assert linked_share_by_pair(src, [half])[0, 0] > 0.8
    assert linked_share_by_pair([half], src)[0, 0] > 0.8


def test_no_pairs_have_no_shares() -> None:
    src, tgt = made(2, 3, 1)
    assert linked_shares(src, tgt, []) == []
