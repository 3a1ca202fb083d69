"""Cutting and batching lose nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from align.embeddings.inference import batches_of, encodable, windows_of
from align.embeddings.use_network import HALO_TOKENS, SEGMENT_TOKENS, segments_of


@given(st.lists(st.lists(st.integers(0, 9), max_size=50), max_size=8), st.integers(1, 12))
def test_every_token_is_in_one_window(texts: list[list[int]], longest: int) -> None:
    windows = list(windows_of(texts, longest))
    for number, ids in enumerate(texts):
        own = [window for window in windows if window.text == number]
        assert np.concatenate([window.ids for window in own]).tolist() == ids
        assert [window.first for window in own] == np.cumsum([0, *(len(w.ids) for w in own[:-1])]).tolist()
        assert all(len(window.ids) <= longest for window in own)
        assert max(len(w.ids) for w in own) - min(len(w.ids) for w in own) <= 1


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 100))
def test_batches_hold_every_place_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = batches_of(lengths, budget)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= budget


@given(st.integers(1, 3 * SEGMENT_TOKENS + 5))
def test_segments_pool_every_token_once_and_see_its_neighbours(length: int) -> None:
    pooled = []
    for segment in segments_of(0, range(length)):
        pooled += segment.ids[segment.start : segment.end].tolist()
        first, last = pooled[-(segment.end - segment.start)], pooled[-1]
        assert segment.ids[0] == max(0, first - HALO_TOKENS)
        assert segment.ids[-1] == min(length - 1, last + HALO_TOKENS)
    assert pooled == list(range(length))


@given(st.text(st.characters()))
def test_what_an_encoder_gets_is_utf_8_of_the_same_length(text: str) -> None:
    clean = encodable(text)
    assert len(clean) == len(text)
    assert b"\x00" not in clean.encode("utf-8")
    assert all(a == b or b == "\ufffd" for a, b in zip(text, clean, strict=True))


def test_lone_surrogates_are_replaced() -> None:
    assert encodable("a\ud800b\udfff") == "a\ufffdb\ufffd"
