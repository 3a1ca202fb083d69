"""A page that changed, a document taken out."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import ConflictError
from align.models import Status
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.store.revisions import Revision, numbered
from align.store.text_match import equal_sentences
from tests.store.conftest import EN, JA, make_document, one_to_one


def statuses(store: Store) -> dict[int, tuple[str, str | None]]:
    return {link.id: (link.status.value, link.attention) for link in store.links()}


def test_the_same_text_changes_nothing(store: Store) -> None:
    before = store.db.conn.execute("select total_changes()").fetchone()
    added = store.add_document(make_document("ja.txt", JA, "ja"))
    assert added == type(added)(1, "unchanged")
    assert store.db.conn.execute("select total_changes()").fetchone() == before


def test_what_is_still_there_keeps_its_decisions(store: Store, reviewer: Reviewer) -> None:
    for link in (1, 2, 3, 4):
        reviewer.commit(edits.accept(link))
    kept = {link.id: link for link in store.links()}
    # A sentence before everything, the second reworded, the third gone, the fifth and sixth changing places.
    changed = ["前書き。", JA[0], "山へ登る。", JA[3], JA[5], JA[4]]
    assert store.add_document(make_document("ja.txt", changed, "ja"), replace_settled=True).outcome == "changed"
    assert statuses(store) == {
        1: ("accepted", None),
        2: ("proposed", "changed"),
        4: ("accepted", None),
        5: ("proposed", None),
        6: ("proposed", None),
    }
    for number in (1, 4, 5, 6):
        link = store.link(number)
        assert link.src.text == kept[number].src.text
        assert "".join(span.of(store.text(1)) for span in link.src.spans) == link.src.text
        assert link.version == kept[number].version
    assert store.link(2).src.text == "山へ登る。"
    assert [link.id for link in store.links()] == [1, 2, 4, 6, 5], "document order follows the new text"
    told = store.decisions()[0]
    assert told.action == "import"
    assert (told.detail["same"], told.detail["reworded"], told.detail["lost"], told.detail["new"]) == (4, 1, 1, 1)
    assert store.check() == []


def test_a_link_that_lost_part_of_its_text_asks_for_attention(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.merge(2, 3))
    store.add_document(make_document("ja.txt", [JA[0], JA[1], *JA[3:]], "ja"), replace_settled=True)
    link = store.link(2)
    assert (link.status, link.attention, link.src.text) == (Status.PROPOSED, "changed", JA[1])
    assert link.tgt.text == f"{EN[1]} {EN[2]}"
    reviewer.commit(edits.accept(2))
    assert store.link(2).attention is None
    assert store.check() == []


def test_undo_of_what_the_new_text_took_away_is_refused(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.merge(2, 3))
    store.add_document(make_document("ja.txt", [JA[0], *JA[3:]], "ja"), replace_settled=True)
    before = statuses(store)
    with pytest.raises(ConflictError, match="link 2"):
        reviewer.undo()
    assert statuses(store) == before
    assert store.check() == []


def test_the_log_adds_up_after_several_readings(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    for texts in (JA[::-1], [*JA[:2], "別の話。"], JA):
        store.add_document(make_document("ja.txt", texts, "ja"), replace_settled=True)
        assert store.check() == []
    rebuilt = list(store.links())
    store.rebuild()
    assert list(store.links()) == rebuilt


def test_a_language_set_by_hand_stays(store: Store) -> None:
    store.set_language(1, "zh-Hant")
    store.add_document(make_document("ja.txt", [*JA, "新しい文。"], "ja"))
    assert {row.lang for row in store.sentences(1)} == {"zh-Hant"}
    assert {block.lang for block in store.blocks(1)} == {"zh-Hant"}
    assert store.check() == []


@pytest.mark.parametrize(
    ("old", "new", "same", "changed"),
    [
        (["a", "b", "c"], ["a", "b", "c"], {0: 0, 1: 1, 2: 2}, {}),
        (["a", "b"], ["b", "a"], {0: 1, 1: 0}, {}),
        (["x", "x", "y"], ["x", "y"], {0: 0, 2: 1}, {}),
        (["the fog rises", "b"], ["the fog rose", "b"], {1: 1}, {0: 0}),
        (["the fog rises"], ["nothing alike"], {}, {}),
        ([], ["a"], {}, {}),
        (["a"], [], {}, {}),
    ],
)
def test_matching_old_and_new_sentences(
    old: list[str], new: list[str], same: dict[int, int], changed: dict[int, int]
) -> None:
    rows = [(number, (0, number, 0, 0, None, "en", 1.0, text)) for number, text in enumerate(old)]
    before = Revision("", "", "", None, "", [], list(rows), [])
    numbers, reworded = numbered(before, new, [], fixed={}, settled=(), unpaired=())
    assert {number: position for position, number in enumerate(numbers) if number is not None} == same
    assert reworded == changed


def test_matching_long_texts_takes_time_in_proportion() -> None:
    """Every second sentence reworded, and between them one that is there often."""
    old = [text for n in range(4_000) for text in (f"sentence {n}", f"word {n}", "***")]
    new = [f"{text} again" if text.startswith("word") else text for text in old]
    equal, rewritten = equal_sentences(old, new)
    assert all(old[a] == new[b] for a, b in equal.items())
    assert len(equal) == 8_000
    assert len(rewritten) == 4_000
    equal, _ = equal_sentences(["***"] * 5_000 + ["a"], ["b"] + ["***"] * 4_000 + ["c"])
    assert len(equal) == 4_000


def test_a_removed_document_comes_back_with_its_links(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.note(2, "hm"))
    before = list(store.links())
    reviewer.remove_document(2)
    assert [row.name for row in store.documents()] == ["ja.txt"]
    assert list(store.links()) == []
    assert store.check() == []
    reviewer.undo()
    assert [(a.id, a.src, a.tgt, a.status, a.note) for a in store.links()] == [
        (b.id, b.src, b.tgt, b.status, b.note) for b in before
    ]
    assert [row.name for row in store.documents()] == ["ja.txt", "en.txt"]
    reviewer.redo()
    assert [row.name for row in store.documents()] == ["ja.txt"]


def test_a_removed_document_does_not_come_back_over_its_successor(store: Store, reviewer: Reviewer) -> None:
    reviewer.remove_document(2)
    assert store.add_document(make_document("en.txt", [*EN, "A new last sentence."], "en")).document == 3
    with pytest.raises(ConflictError, match="added since"):
        reviewer.undo()


def test_compacting_forgets_for_good(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.remove_document(2)
    forgotten, before, after = store.compact()
    assert forgotten == 1
    assert after <= before
    assert store.db.conn.execute("select count(*) from sentences where document = 2").fetchone() == (0,)
    assert store.db.conn.execute("select count(*) from patches").fetchone() == (0,)
    with pytest.raises(ConflictError, match="nothing to undo"):
        reviewer.undo()
    assert store.check() == []
    actions = [decision.action for decision in store.decisions()]
    assert actions == ["compact", "remove", "accept", "propose"], "the story stays"


def test_compacting_leaves_what_is_in_use(tmp_path: Path, store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.merge(2, 3))
    before = list(store.links())
    store.compact()
    assert list(store.links()) == before
    assert store.check() == []
    reviewer.undo()
    reviewer.undo()
    with open_store(tmp_path / "s.db") as other:
        assert {link.status for link in other.links()} == {Status.PROPOSED}


def test_compacting_keeps_what_a_superseded_run_took_away(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    store.propose(1, 2, one_to_one(store, 1, 2)[3:], "e5")
    store.propose(1, 2, one_to_one(store, 1, 2)[:0], "blend")
    before = list(store.links())
    store.compact()
    assert store.check() == []
    store.rebuild()
    assert list(store.links()) == before


@pytest.mark.parametrize("removed", [2, 3])
def test_compacting_keeps_a_link_that_moved_to_another_document(store: Store, reviewer: Reviewer, removed: int) -> None:
    store.add_document(make_document("de.txt", ["Nebel steigt."], "de"))
    there = store.sentences(3)[0].id
    reviewer.commit(edits.relink(1, [1], [there]))
    if removed == 3:
        reviewer.commit(edits.relink(1, [1], [store.sentences(2)[0].id]))
    reviewer.remove_document(removed)
    before = list(store.links())
    assert before[0].id == 1
    store.compact()
    assert store.check() == []
    store.rebuild()
    assert list(store.links()) == before
    with pytest.raises(ConflictError, match="compacted away"):
        reviewer.undo()


def test_nothing_is_linked_to_a_document_that_was_removed(store: Store, reviewer: Reviewer) -> None:
    found = one_to_one(store, 1, 2)
    reviewer.remove_document(2)
    with pytest.raises(ConflictError, match="does not exist"):
        store.propose(1, 2, found, "use")
    with pytest.raises(ConflictError, match="no longer"):
        reviewer.commit(edits.link_by_hand(found[0].src, found[0].tgt))
    assert list(store.links()) == []
