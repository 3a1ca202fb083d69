"""Of many documents only those are matched that have something near each other; the rest cost nothing."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from align.embeddings.base import Progress, Vectors
from align.store import LinkFilter, Store
from align.workspace import propose as likely
from align.workspace.language_runs import groups
from align.workspace.propose import candidate_pairs, propose
from tests.workspace.conftest import TopicEncoder, english, japanese, page


class WideEncoder(TopicEncoder):
    """Of as many numbers as a real one has: what is unrelated is nearly at a right angle."""

    dimensions = 512
    digest = "topics-wide"

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += texts
        rows = np.zeros((len(texts), 512), dtype=np.float32)
        for number, text in enumerate(texts):
            for seed in (*map(int, re.findall(r"\d+", text)), zlib.crc32(text.encode())):
                rows[number] += (1.0 if seed < 10**6 else 0.1) * np.random.default_rng(seed).normal(size=512)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def encoder() -> WideEncoder:
    return WideEncoder()


def stocked(store: Store, count: int) -> dict[str, int]:
    """Documents without anything in common, but for one sentence in `lone` and all of `twin`."""
    numbers = {}
    for k in range(count):
        numbers[f"e{k}"] = store.add_document(page(f"e{k}.txt", english(range(1000 + 10 * k, 1010 + 10 * k)))).document
        topics = list(range(50_000 + 10 * k, 50_010 + 10 * k))
        if k == 3:
            topics[4] = 1055  # What e5 says in its middle.
        if k == 7:
            topics = list(range(1080, 1090))  # The whole of e8.
        numbers[f"j{k}"] = store.add_document(page(f"j{k}.txt", japanese(topics))).document
    return numbers


def test_pairs_grow_with_the_documents_and_none_that_matters_is_lost(store: Store, encoder: WideEncoder) -> None:
    numbers = stocked(store, 30)
    found = groups(store, encoder, list(numbers.values()))
    everything = [(a, b) for a, b in combinations(range(len(found)), 2) if found[a].primary != found[b].primary]
    chosen = [pair for pair, _ in candidate_pairs(found)]
    assert len(everything) == 900
    assert set(chosen) <= set(everything)
    assert len(chosen) <= 2 * likely.N_BEST_RUNS * len(found)
    documents = {(found[a].document, found[b].document) for a, b in chosen}
    assert tuple(sorted((numbers["e5"], numbers["j3"]))) in documents
    assert tuple(sorted((numbers["e8"], numbers["j7"]))) in documents


def test_a_pair_that_has_links_is_looked_at_again(store: Store, encoder: WideEncoder) -> None:
    numbers = stocked(store, 30)
    found = groups(store, encoder, list(numbers.values()))
    pair = min(numbers["e0"], numbers["j20"]), max(numbers["e0"], numbers["j20"])
    chosen = [ends for ends, _ in candidate_pairs(found, frozenset({pair}))]
    assert pair in {(found[a].document, found[b].document) for a, b in chosen}


def test_unrelated_documents_get_no_links(store: Store, encoder: WideEncoder) -> None:
    numbers = stocked(store, 30)
    told = list(propose(store, encoder, documents=list(numbers.values())))
    links = list(store.links(LinkFilter()))
    ends = {(link.src.document, link.tgt.document) for link in links}
    twins = {tuple(sorted((numbers["e8"], numbers["j7"])))}
    assert twins <= {tuple(sorted(pair)) for pair in ends}
    known = twins | {tuple(sorted((numbers["e5"], numbers["j3"])))}
    assert known <= {tuple(sorted(pair)) for pair in ends}
    strange = [pair for pair in ends if tuple(sorted(pair)) not in known]
    assert len(strange) <= 9, "one in a hundred of 898 pairs"
    assert len(told) == len(ends), "nothing is told of pairs that have no links"
