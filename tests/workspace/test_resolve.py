"""Solving around a decision: what would change is told, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from align.errors import ConflictError
from align.models import Link, LinkKind, Proposal
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits
from align.workspace import realign
from align.workspace.propose import propose
from align.workspace.realign import Realigner, explain, open_realigner
from tests.workspace.conftest import TopicEncoder


@pytest.fixture
def resolver(store: Store, encoder: TopicEncoder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Realigner]:
    list(propose(store, encoder))
    monkeypatch.setattr(realign, "load_encoder", lambda name, **_: encoder)
    with Realigner(Path(store.path)) as opened:
        yield opened


def links(store: Store) -> list[Link]:
    return list(store.links(LinkFilter()))


def ends(link: Link) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return link.src.sentences, link.tgt.sentences


def test_what_is_right_already_makes_no_waves(resolver: Realigner, store: Store) -> None:
    link = links(store)[5]
    ripple = resolver.realign(link.src.document, link.tgt.document, anchors=[ends(link)], replaced=[link.id])
    assert not ripple


def test_a_wrong_anchor_moves_its_neighbours_and_writes_nothing(resolver: Realigner, store: Store) -> None:
    before = links(store)
    one, other = before[5], before[6]
    wrong = (one.src.sentences, other.tgt.sentences)
    ripple = resolver.realign(one.src.document, one.tgt.document, anchors=[wrong], replaced=[one.id])
    assert other.id in {link.id for link in ripple.removed}, "its target is taken"
    assert ripple.encoder == "topics"
    assert all(set(p.src).isdisjoint(wrong[0]) and set(p.tgt).isdisjoint(wrong[1]) for p in ripple.added)
    assert links(store) == before


def test_changes_stop_at_the_nearest_anchors(resolver: Realigner, store: Store) -> None:
    before = links(store)
    reviewer = Reviewer(store, "Aoi")
    reviewer.commit(edits.accept(before[4].id))
    reviewer.commit(edits.accept(before[8].id))
    wrong = (before[6].src.sentences, before[7].tgt.sentences)
    ripple = resolver.realign(before[6].src.document, before[6].tgt.document, anchors=[wrong], replaced=[before[6].id])
    touched = {sentence for link in ripple.removed for sentence in link.src.sentences}
    inside = {sentence for link in before[5:8] for sentence in link.src.sentences}
    assert touched <= inside


def test_an_anchor_against_an_accepted_link_is_refused(resolver: Realigner, store: Store) -> None:
    one, other = links(store)[2], links(store)[9]
    Reviewer(store, "Aoi").commit(edits.accept(one.id))
    with pytest.raises(ConflictError, match="share a sentence"):
        resolver.realign(one.src.document, one.tgt.document, anchors=[(one.src.sentences, other.tgt.sentences)])


def test_a_fix_of_one_of_two_links_on_a_sentence_is_solved_around(resolver: Realigner, store: Store) -> None:
    one, other = links(store)[2], links(store)[9]
    reviewer = Reviewer(store, "Aoi")
    reviewer.commit(edits.accept(one.id))
    both = reviewer.commit(edits.link_by_hand(one.src.sentences, other.tgt.sentences, shared=[one.id])).next_link
    here = one.src.document, one.tgt.document
    for number in (one.id, both):
        link = store.link(number)
        ripple = resolver.realign(*here, anchors=[ends(link)], replaced=[link.id])
        assert not {ends(link)} & {(p.src, p.tgt) for p in ripple.added}


def test_an_accepted_pair_that_is_cut_inside_is_not_proposed_again(resolver: Realigner, store: Store) -> None:
    one = links(store)[5]
    Reviewer(store, "Aoi").commit(edits.accept(one.id))
    ripple = resolver.realign(one.src.document, one.tgt.document, anchors=[ends(one)], replaced=[one.id])
    assert ends(one) not in {(p.src, p.tgt) for p in ripple.added}, "both halves stand on what was accepted"


def test_a_swapped_link_is_solved_around_as_any_other(resolver: Realigner, store: Store) -> None:
    reviewer = Reviewer(store, "Aoi")
    one, other = links(store)[5], links(store)[6]
    reviewer.commit(edits.swap(one.id))
    swapped = store.link(one.id)
    here = (swapped.src.document, swapped.tgt.document)
    assert not resolver.realign(*here, anchors=[ends(swapped)], replaced=[one.id])
    apart = resolver.realign(*here, forbidden=[ends(swapped)], replaced=[one.id])
    assert not {(p.src, p.tgt) for p in apart.added} & {ends(link) for link in links(store)}
    wrong = (other.tgt.sentences, one.src.sentences)
    ripple = resolver.realign(*here, anchors=[wrong], replaced=[one.id])
    assert other.id in {link.id for link in ripple.removed}
    sides = [{row.id for row in store.sentences(document)} for document in here]
    assert all(set(p.tgt) <= sides[0] and set(p.src) <= sides[1] for p in ripple.added), "as the others around it"


def test_a_swapped_undecided_link_is_not_found_anew(resolver: Realigner, store: Store) -> None:
    one, other = links(store)[5], links(store)[6]
    Reviewer(store, "Aoi").commit(edits.swap(one.id))
    assert not resolver.realign(other.src.document, other.tgt.document, anchors=[ends(other)], replaced=[other.id])


def test_alternatives_hold_the_right_place_of_a_misplaced_link(resolver: Realigner, store: Store) -> None:
    found = links(store)
    alternatives = resolver.alternatives(found[5], 3)
    assert len(alternatives) == 3
    assert all(set(alternative.sentences) != set(found[5].tgt.sentences) for alternative in alternatives)
    Reviewer(store, "Aoi").commit(edits.relink(found[5].id, found[5].src.sentences, found[12].tgt.sentences))
    topic = re.findall(r"\d+", found[5].src.text)[0]
    assert topic in resolver.alternatives(store.link(found[5].id), 3)[0].text


def test_only_an_encoder_at_hand_is_taken_from_a_link(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    src, tgt = (row.id for row in store.documents())
    one, other = ([row.id for row in store.sentences(document)] for document in (src, tgt))
    proposal = Proposal((one[0],), (other[0],), LinkKind.TRANSLATION, 0.5, 0.9)
    store.propose(src, tgt, [proposal], "use")
    Reviewer(store, "Aoi").commit(edits.link_by_hand([one[1]], [other[1]]))
    found, by_hand = links(store)
    tried: list[str] = []

    def load(name: str, **_: object) -> TopicEncoder:
        tried.append(name)
        return TopicEncoder()

    monkeypatch.setattr(realign, "load_encoder", load)
    assert (found.encoder, by_hand.encoder) == ("use", "hand")
    for link in (found, by_hand):
        explanation = explain(store.path, link.id)
        assert len(explanation.alternatives) == len(explanation.as_object()["alternatives"]) > 0  # type: ignore[arg-type]
    explain(store.path, found.id, encoder="e5")
    open_realigner(store.path, "auto", [by_hand, found]).close()
    assert tried == ["use", "auto", "e5", "use"]
