"""The order of doubt: what it goes by, and that it is kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from align.models import LinkKind, Proposal
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits
from align.store.pagination import SHARED_DOUBT, queue_values, refresh_all
from tests.store.conftest import make_document

sure = st.lists(st.floats(0, 1), max_size=12)


@given(sure)
def test_by_itself_the_least_sure_comes_first(confidences: list[float]) -> None:
    found = queue_values(confidences)
    assert len(found) == len(confidences)
    assert all(value <= 0 for value in found)
    alone = [queue_values([confidence])[0] for confidence in confidences]
    assert sorted(alone) == [value for _, value in sorted(zip(confidences, alone, strict=True))]
    assert all(value <= own for value, own in zip(found, alone, strict=True)), "neighbours only add"


def test_a_doubtful_neighbour_counts() -> None:
    among, at_edge, alone = (
        queue_values([0.5, 0.5, 0.5, 1.0, 0.5])[1],
        queue_values([0.5, 0.5])[0],
        queue_values([1.0, 0.5, 1.0])[1],
    )
    assert among < at_edge < alone
    assert alone == pytest.approx(-0.5)
    assert among == pytest.approx(-(0.5 + SHARED_DOUBT))


def stored(store: Store) -> list[tuple[int, float]]:
    return store.db.conn.execute("select id, queue from links order by id").fetchall()


def test_what_is_kept_is_what_is_reckoned_anew(store: Store) -> None:
    chance = random.Random(7)
    many = [f"Satz {n}." for n in range(1500)]
    src = store.add_document(make_document("many.txt", many, "de")).document
    tgt = store.add_document(make_document("viele.txt", many, "en")).document
    sides = list(zip(store.sentences(src), store.sentences(tgt), strict=True))

    def proposals(step: int) -> list[Proposal]:
        found = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, chance.random()) for a, b in sides[::step]]
        chance.shuffle(found)
        return found

    reviewer = Reviewer(store, "ada")
    store.propose(src, tgt, proposals(1), "use")
    assert any(value < 0 for _, value in stored(store))
    for step in (3, 2):
        before = stored(store)
        refresh_all(store.db)
        assert stored(store) == before
        links = [link.id for link in store.links(LinkFilter(documents=(src, tgt)))]
        for place in (len(links) // 2, len(links) - 1, 7):
            reviewer.commit(edits.accept(links[place]))
            reviewer.commit(edits.merge(links[place], links[place - 2]))
        reviewer.commit(edits.link_by_hand([sides[700][0].id], [sides[3][1].id]))
        reviewer.undo()
        before = stored(store)
        refresh_all(store.db)
        assert stored(store) == before
        store.propose(src, tgt, proposals(step), "use")
    assert store.check() == []
