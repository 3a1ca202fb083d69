"""A preview of an edit is what its commit does, for every edit of a store with links of one and several sentences."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from align.errors import AlignError
from align.models import CONFIRMED, Link, Status
from align.reviewer import Reviewer
from align.store import Store, edits
from align.store.edits import Edit

Ends = tuple[tuple[int, ...], tuple[int, ...]]


def ends_of(link: Link) -> Ends:
    return link.src.sentences, link.tgt.sentences


def every_edit(store: Store) -> Iterator[Edit]:
    """Merge, unlink, split, relink and move: all there are."""
    links = list(store.links())
    for link in links:
        others = [other for other in links if other.id != link.id]
        yield edits.unlink(link.id)
        yield from (edits.merge(link.id, other.id) for other in others)
        yield from (edits.relink(link.id, link.src.sentences, other.tgt.sentences) for other in others)
        yield from (
            edits.split(link.id, src, tgt)
            for src in range(1, len(link.src.sentences))
            for tgt in range(1, len(link.tgt.sentences))
        )
        for side in edits.SIDES:
            for end in ("first", "last"):
                yield edits.move(link.id, side, end, "give")  # type: ignore[arg-type]
                yield edits.move(link.id, side, end, "take")  # type: ignore[arg-type]


def test_a_preview_is_what_the_commit_does(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.merge(3, 4))
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.reject(6))
    compared = 0
    for edit in every_edit(store):
        links = {link.id: link for link in store.links()}
        latest = store.latest()
        try:
            preview = reviewer.preview(edit)
        except AlignError as refused:
            with pytest.raises(type(refused)):
                reviewer.commit(edit)
            continue
        assert {link.id: link for link in store.links()} == links
        assert store.latest() == latest
        try:
            change = reviewer.commit(edit, expected=preview.versions)
        except AlignError:
            continue  # it would settle a sentence twice, which the solver refuses after the preview
        after = {link.id: link for link in store.links()}
        changed = [number for number in change.link_ids if number not in links or number in preview.replaced]
        assert set(preview.anchors) == {
            ends_of(after[number]) for number in changed if number in after and after[number].status in CONFIRMED
        }
        assert set(preview.forbidden) == {
            ends_of(after[number]) for number in changed if number in after and after[number].status is Status.REJECTED
        }
        assert all(links[number] != after.get(number) for number in preview.replaced)
        gave_way = {number for number in change.link_ids if number in links and number not in preview.replaced}
        assert not any(number in after for number in gave_way), "undecided links give way, no other changes"
        assert set(preview.deleted) <= set(preview.replaced) - set(after)
        reviewer.undo()
        compared += 1
    assert compared > 50


def test_a_sentence_cut_in_two_is_whole_in_a_preview(store: Store, reviewer: Reviewer) -> None:
    link = store.link(3)
    preview = reviewer.preview(edits.split(3, (0, 2), (0, 9)))
    assert preview.anchors == (ends_of(link),)
    assert preview.replaced == (3,)
    assert store.link(3) == link
    assert store.check() == []


def test_a_link_that_is_left_with_nothing_is_named(store: Store, reviewer: Reviewer) -> None:
    preview = reviewer.preview(edits.move(1, "src", "last", "take"))
    assert preview.deleted == (2,)
    assert preview.replaced == (1, 2)
    assert preview.anchors == (((1, 2), store.link(1).tgt.sentences),)
    assert reviewer.preview(edits.merge(1, 2)).deleted == (), "its sentences are in the other link"


def test_only_the_links_that_were_shown_may_change(store: Store, reviewer: Reviewer) -> None:
    preview = reviewer.preview(edits.move(1, "src", "last", "take"))
    Reviewer(store, "bo").commit(edits.accept(2))
    with pytest.raises(AlignError, match="Decide again"):
        reviewer.commit(edits.move(1, "src", "last", "take"), expected=preview.versions)
