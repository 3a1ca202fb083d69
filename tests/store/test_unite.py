"""Two people, two copies, one store again."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.domain import LinkKind, Proposal, Status
from align.errors import StoreError, UsageError
from align.jobs.decide import Desk
from align.store import LinkFilter, Store, open_store
from tests.store.conftest import EN, JA, make_document


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Store:
    store.backup(tmp_path / "copy.db")
    return open_store(tmp_path / "copy.db")


def look(store: Store) -> set[tuple[object, ...]]:
    return {
        (link.src.text, link.tgt.text, link.kind, link.status, link.note, link.bookmarked, link.reviewer)
        for link in store.links()
    }


def test_decisions_of_both_add_up(store: Store, copy: Store) -> None:
    ada, bo = Desk(store, "ada"), Desk(copy, "bo")
    ada.accept(1)
    ada.note(2, "hm")
    bo.reject(2)
    bo.accept(3)
    bo.merge(5, 6)
    bo.bookmark(1)
    bo.edit(4, "tgt", "Rain falls.")
    bo.undo()
    united = store.unite(copy.path)
    assert (united.decisions, united.conflicts, united.documents, united.links) == (6, 0, 0, 0)
    links = {link.id: link for link in store.links()}
    assert links[1].status == Status.ACCEPTED
    assert links[1].bookmarked
    assert (links[2].status, links[2].note, links[2].reviewer) == (Status.REJECTED, "hm", "bo")
    assert links[3].status == Status.ACCEPTED
    assert links[4].status == Status.PROPOSED
    assert links[5].src.text == "".join(JA[4:])
    assert store.check() == []
    assert {d.reviewer for d in store.decisions()} == {"align", "ada", "bo"}
    copy.unite(store.path)
    assert look(copy) == look(store)
    assert copy.check() == []


def test_again_changes_nothing(store: Store, copy: Store) -> None:
    Desk(copy, "bo").accept(3)
    Desk(copy, "bo").reject(4)
    Desk(store, "ada").accept(4)
    first = store.unite(copy.path)
    assert (first.decisions, first.conflicts) == (1, 1)
    before = store.db.conn.execute("select * from decisions").fetchall(), look(store)
    again = store.unite(copy.path)
    assert (again.decisions, again.conflicts, again.links) == (0, 0, 0)
    assert (store.db.conn.execute("select * from decisions").fetchall(), look(store)) == before


def test_what_both_decided_differently_waits_for_a_reviewer(store: Store, copy: Store) -> None:
    Desk(store, "ada").accept(1)
    Desk(copy, "bo").reject(1)
    Desk(copy, "bo").note(1, "no fog here")
    assert store.unite(copy.path).conflicts == 1
    link = store.link(1)
    assert (link.status, link.attention) == (Status.ACCEPTED, "conflict")
    (conflict,) = store.conflicts()
    assert (conflict.link, conflict.reviewer) == (1, "bo")
    assert conflict.ours["status"] == "accepted"
    assert (conflict.theirs["status"], conflict.theirs["note"]) == ("rejected", "no fog here")
    assert [link.id for link in store.links(LinkFilter(attention=True))] == [1]
    Desk(store, "ada").reject(1)
    assert store.conflicts() == []
    assert store.check() == []


def test_the_same_decision_twice_is_no_conflict(store: Store, copy: Store) -> None:
    Desk(store, "ada").accept(1)
    Desk(copy, "bo").accept(1)
    united = store.unite(copy.path)
    assert (united.conflicts, united.agreed) == (0, 1)
    assert store.link(1).reviewer == "ada"


def test_done_and_taken_back_over_there_is_no_conflict(store: Store, copy: Store) -> None:
    Desk(store, "ada").accept(1)
    bo = Desk(copy, "bo")
    bo.reject(1)
    bo.undo()
    assert store.unite(copy.path).conflicts == 0


def test_shapes_clash_as_a_whole(store: Store, copy: Store) -> None:
    Desk(store, "ada").accept(2)
    Desk(copy, "bo").merge(1, 2)
    united = store.unite(copy.path)
    assert united.conflicts == 2
    assert {link.id for link in store.links()} == {1, 2, 3, 4, 5, 6}
    assert store.check() == []


def test_new_documents_and_links_come_along(store: Store, copy: Store) -> None:
    store.add_document(make_document("other.txt", ["Another."], "en"))  # Numbers differ from here on.
    third = copy.add_document(make_document("zh.txt", ["起霧了。", "上山。"], "zh-Hant")).document
    rows, english = copy.sentences(third), copy.sentences(2)
    found = [Proposal((rows[n].id,), (english[n].id,), LinkKind.TRANSLATION, 0.5, 0.8) for n in (0, 1)]
    copy.propose(third, 2, found, "use")
    bo = Desk(copy, "bo")
    bo.accept(7)
    bo.relink([rows[1].id], [english[2].id])
    united = store.unite(copy.path)
    assert (united.documents, united.conflicts) == (1, 0)
    assert [row.name for row in store.documents()] == ["ja.txt", "en.txt", "other.txt", "zh.txt"]
    new = [link for link in store.links() if link.src.doc == "zh.txt"]
    assert {(link.src.text, link.tgt.text, link.status.value) for link in new} == {
        ("起霧了。", EN[0], "accepted"),
        ("上山。", EN[2], "accepted"),
    }
    assert store.check() == []
    assert store.unite(copy.path).decisions == 0
    assert store.count(LinkFilter(text="起霧")) == 1


def test_both_proposed_by_themselves(store: Store, copy: Store) -> None:
    for each, shift in ((store, 0), (copy, 1)):
        src, tgt = each.sentences(1), each.sentences(2)
        found = [Proposal((src[n].id,), (tgt[(n + shift) % 6].id,), LinkKind.TRANSLATION, 0.1, 0.4) for n in range(6)]
        each.propose(1, 2, found, "use")
    accepted = next(link.id for link in copy.links() if link.src.text == JA[0])
    Desk(copy, "bo").accept(accepted)
    store.unite(copy.path)
    settled = list(store.links(LinkFilter(statuses=frozenset({Status.ACCEPTED}))))
    assert [(link.src.text, link.tgt.text) for link in settled] == [(JA[0], EN[1])]
    assert store.check() == []


def test_a_document_that_differs_is_told_and_left_alone(store: Store, copy: Store) -> None:
    copy.add_document(make_document("ja.txt", ["霧が出た。", *JA[1:]], "ja"))
    Desk(copy, "bo").accept(2)
    united = store.unite(copy.path)
    assert united.differing == ["ja.txt"]
    assert store.link(2).status == Status.PROPOSED


def test_no_store_no_union(store: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StoreError, match="not a store"):
        store.unite(tmp_path / "notes.txt")
    with pytest.raises(StoreError, match="no store there"):
        store.unite(tmp_path / "none.db")


def test_conflicts_are_dismissed_for_good_also_of_links_that_are_gone(store: Store, copy: Store) -> None:
    Desk(store, "ada").accept(1)
    Desk(copy, "bo").reject(1)
    Desk(store, "ada").merge(3, 4)
    Desk(copy, "bo").note(4, "mine")
    assert store.unite(copy.path).conflicts == 2
    assert {conflict.link: conflict.gone for conflict in store.conflicts()} == {1: False, 4: True}
    for link in (1, 4):
        assert Desk(store, "ada").dismiss(link).decision.action == "dismiss"
    assert store.conflicts() == []
    assert (store.link(1).status, store.link(1).attention) == (Status.ACCEPTED, None)
    assert store.unite(copy.path).conflicts == 0
    assert store.conflicts() == []
    with pytest.raises(UsageError, match="no conflict"):
        Desk(store, "ada").dismiss(4)
    assert store.check() == []
