"""Two people, two copies, one store again."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import StoreError, UsageError
from align.models import LinkKind, Proposal, Status
from align.readers import read
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, accept_many, decision_draft, decision_log, edits, open_store
from align.text.segment import resegment
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
    ada, bo = Reviewer(store, "ada"), Reviewer(copy, "bo")
    ada.commit(edits.accept(1))
    ada.commit(edits.note(2, "hm"))
    bo.commit(edits.reject(2))
    bo.commit(edits.accept(3))
    bo.commit(edits.merge(5, 6))
    bo.commit(edits.bookmark(1))
    bo.commit(edits.edit_text(4, "tgt", "Rain falls."))
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
    Reviewer(copy, "bo").commit(edits.accept(3))
    Reviewer(copy, "bo").commit(edits.reject(4))
    Reviewer(store, "ada").commit(edits.accept(4))
    first = store.unite(copy.path)
    assert (first.decisions, first.conflicts) == (1, 1)
    before = store.db.conn.execute("select * from decisions").fetchall(), look(store)
    again = store.unite(copy.path)
    assert (again.decisions, again.conflicts, again.links) == (0, 0, 0)
    assert (store.db.conn.execute("select * from decisions").fetchall(), look(store)) == before


def test_what_both_decided_differently_waits_for_a_reviewer(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.reject(1))
    Reviewer(copy, "bo").commit(edits.note(1, "no fog here"))
    assert store.unite(copy.path).conflicts == 1
    link = store.link(1)
    assert (link.status, link.attention, link.note) == (Status.PROPOSED, "conflict", "no fog here")
    (conflict,) = store.conflicts()
    assert (conflict.link, conflict.by, conflict.reviewer) == (1, "ada", "bo")
    assert (conflict.ours, conflict.theirs) == ({"status": "accepted"}, {"status": "rejected"})
    assert [link.id for link in store.links(LinkFilter(attention=True))] == [1]
    Reviewer(store, "ada").commit(edits.reject(1))
    assert store.conflicts() == []
    assert store.check() == []


def test_a_link_in_conflict_is_what_both_copies_knew(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    copy.unite(store.path)
    Reviewer(store, "ada").commit(edits.edit_text(1, "tgt", "Fog comes up."))
    Reviewer(copy, "bo").commit(edits.reject(1))
    copy.unite(store.path)
    link = copy.link(1)
    assert (link.status, link.tgt.text, link.attention) == (Status.ACCEPTED, EN[0], "conflict")
    store.unite(copy.path)
    assert look(store) == look(copy)


def test_a_conflict_that_was_decided_stays_decided_in_every_copy(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.reject(1))
    store.unite(copy.path)
    Reviewer(store, "ada").commit(edits.accept(1))
    assert copy.unite(store.path).conflicts == 0
    assert (copy.link(1).status, copy.conflicts()) == (Status.ACCEPTED, [])
    Reviewer(store, "ada").undo()
    assert [conflict.link for conflict in store.conflicts()] == [1]
    copy.unite(store.path)
    assert [conflict.link for conflict in copy.conflicts()] == [1]
    Reviewer(store, "ada").redo()
    assert (store.conflicts(), store.link(1).status) == ([], Status.ACCEPTED)


def test_an_affirmed_link_and_its_rejection_are_in_conflict(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    copy.unite(store.path)
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.reject(1))
    assert store.unite(copy.path).conflicts == 1


def test_links_in_conflict_are_not_accepted_in_bulk_nor_taken_away_by_a_run(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.reject(1))
    store.unite(copy.path)
    Reviewer(store, "ada").accept_above(0.0)
    assert store.link(1).status == Status.PROPOSED
    store.propose(1, 2, [], "use")
    assert [conflict.link for conflict in store.conflicts()] == [1]


def test_the_same_decision_twice_is_no_conflict(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.accept(1))
    united = store.unite(copy.path)
    assert (united.conflicts, united.agreed) == (0, 1)
    assert store.link(1).reviewer == "ada"


def test_done_and_taken_back_over_there_is_no_conflict(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    bo = Reviewer(copy, "bo")
    bo.commit(edits.reject(1))
    bo.undo()
    assert store.unite(copy.path).conflicts == 0


def test_shapes_clash_as_a_whole(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(2))
    Reviewer(copy, "bo").commit(edits.merge(1, 2))
    united = store.unite(copy.path)
    assert united.conflicts == 2
    assert {link.id for link in store.links()} == {1, 2, 3, 4, 5, 6}
    assert {conflict.link for conflict in store.conflicts()} == {1, 2}
    assert store.check() == []


def test_new_documents_and_links_come_along(store: Store, copy: Store) -> None:
    store.add_document(make_document("other.txt", ["Another."], "en"))  # Numbers differ from here on.
    third = copy.add_document(make_document("zh.txt", ["起霧了。", "上山。"], "zh-Hant")).document
    rows, english = copy.sentences(third), copy.sentences(2)
    found = [Proposal((rows[n].id,), (english[n].id,), LinkKind.TRANSLATION, 0.5, 0.8) for n in (0, 1)]
    copy.propose(third, 2, found, "use")
    bo = Reviewer(copy, "bo")
    bo.commit(edits.accept(7))
    bo.commit(edits.link_by_hand([rows[1].id], [english[2].id]))
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
    Reviewer(copy, "bo").commit(edits.accept(accepted))
    store.unite(copy.path)
    settled = list(store.links(LinkFilter(statuses=frozenset({Status.ACCEPTED}))))
    assert [(link.src.text, link.tgt.text) for link in settled] == [(JA[0], EN[1])]
    assert store.check() == []


def test_a_document_that_differs_is_told_and_left_alone(store: Store, copy: Store) -> None:
    copy.add_document(make_document("ja.txt", ["霧が出た。", *JA[1:]], "ja"))
    Reviewer(copy, "bo").commit(edits.accept(2))
    united = store.unite(copy.path)
    assert united.differing == ["ja.txt"]
    assert store.link(2).status == Status.PROPOSED


def test_no_store_no_union(store: Store, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(StoreError, match=r"not a store.*Name another file\.$"):
        store.unite(tmp_path / "notes.txt")
    with pytest.raises(StoreError, match=r"no store there\. Name another file\.$"):
        store.unite(tmp_path / "none.db")


def test_conflicts_are_dismissed_for_good_and_the_links_stay_as_they_are(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(copy, "bo").commit(edits.reject(1))
    Reviewer(store, "ada").commit(edits.merge(3, 4))
    Reviewer(copy, "bo").commit(edits.note(4, "mine"))
    assert store.unite(copy.path).conflicts == 3
    assert {conflict.link: conflict.theirs for conflict in store.conflicts()}[4] == {"status": "taken away"}
    for link in (1, 3, 4):
        assert Reviewer(store, "ada").dismiss(link).decision.action == "dismiss"
    assert store.conflicts() == []
    assert (store.link(1).status, store.link(1).attention) == (Status.PROPOSED, None)
    assert store.link(4).note == "mine"
    assert store.unite(copy.path).conflicts == 0
    assert store.conflicts() == []
    with pytest.raises(UsageError, match="no conflict"):
        Reviewer(store, "ada").dismiss(4)
    assert copy.unite(store.path).conflicts == 0
    assert look(copy) == look(store)
    assert store.check() == copy.check() == []


def test_a_conflict_dismissed_on_one_link_stays_on_the_other_links(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(4))
    Reviewer(copy, "bo").commit(edits.merge(3, 4))
    store.unite(copy.path)
    assert {conflict.link for conflict in store.conflicts()} == {3, 4}
    Reviewer(store, "ada").dismiss(3)
    before = [(conflict.link, conflict.by, conflict.reviewer) for conflict in store.conflicts()]
    assert before == [(4, "ada", "bo")]
    copy.unite(store.path)
    assert look(copy) == look(store)
    assert [(conflict.link, conflict.by, conflict.reviewer) for conflict in copy.conflicts()] == before
    assert store.check() == copy.check() == []


def at(monkeypatch: pytest.MonkeyPatch, time: str) -> None:
    """Set the clock of whoever decides next."""
    for module in (decision_draft, decision_log, accept_many):
        monkeypatch.setattr(module, "now", lambda: f"2026-03-01T{time}:00.000000Z")


def test_a_clock_that_is_fast_loses_no_decision(store: Store, copy: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cy's clock is fast; bo, whose clock is right, saw what cy decided and decided again."""
    store.backup(store.path.with_name("cy.db"))
    with open_store(store.path.with_name("cy.db")) as cy:
        at(monkeypatch, "12:10")
        Reviewer(cy, "cy").commit(edits.accept(1))
        Reviewer(cy, "cy").commit(edits.accept(2))
        at(monkeypatch, "12:05")
        copy.unite(cy.path)
        Reviewer(copy, "bo").commit(edits.reject(1))
        Reviewer(copy, "bo").commit(edits.reject(2))
        united = store.unite(copy.path)
    assert (united.decisions, united.conflicts) == (4, 0)
    assert [(link.status, link.reviewer) for link in store.at(0, 2)] == [(Status.REJECTED, "bo")] * 2
    assert store.check() == []


def test_a_clock_that_is_set_back_changes_nothing(store: Store, copy: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bo = Reviewer(copy, "bo")
    at(monkeypatch, "12:00")
    bo.commit(edits.accept(1))
    bo.commit(edits.accept(2))
    at(monkeypatch, "11:00")
    bo.commit(edits.reject(1))
    bo.commit(edits.reopen(2))
    store.unite(copy.path)
    assert [link.status for link in store.at(0, 2)] == [Status.REJECTED, Status.PROPOSED]
    assert look(store) == look(copy)


def test_a_document_that_was_removed_here_comes_back_with_all_links(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.accept(1))
    Reviewer(store, "ada").remove_document(2)
    Reviewer(copy, "bo").commit(edits.accept(2))
    united = store.unite(copy.path)
    assert united.restored == ["en.txt"]
    assert any("en.txt: removed here" in line for line in united.lines("copy.db"))
    copy.unite(store.path)
    assert look(store) == look(copy)
    assert [link.status for link in store.at(0, 3)] == [Status.ACCEPTED, Status.ACCEPTED, Status.PROPOSED]
    assert store.check() == []


def test_decisions_on_a_text_that_is_not_here_are_passed_on(store: Store, copy: Store) -> None:
    """What cy decided on the old text goes through a copy that has a new one."""
    store.backup(store.path.with_name("cy.db"))
    copy.add_document(make_document("ja.txt", ["霧が出た。", *JA[1:]], "ja"))
    with open_store(store.path.with_name("cy.db")) as cy:
        Reviewer(cy, "cy").commit(edits.accept(2))
        assert copy.unite(cy.path).differing == ["ja.txt"]
    assert copy.link(2).status == Status.PROPOSED
    assert store.unite(copy.path).differing == ["ja.txt"]
    assert store.link(2).status == Status.ACCEPTED


def test_runs_of_different_encoders_come_to_the_same_links(store: Store, copy: Store) -> None:
    for each, shift, encoder in ((store, 0, "use"), (copy, 1, "e5")):
        src, tgt = each.sentences(1), each.sentences(2)
        found = [Proposal((src[n].id,), (tgt[(n + shift) % 6].id,), LinkKind.TRANSLATION, 0.1, 0.4) for n in range(6)]
        each.propose(1, 2, found, encoder)
        Reviewer(each, "ada").commit(edits.accept(next(link.id for link in each.links() if link.src.text == JA[shift])))
    store.unite(copy.path)
    copy.unite(store.path)
    assert look(store) == look(copy)
    assert sum(link.status == Status.ACCEPTED for link in store.links()) == 2
    assert store.check() == copy.check() == []


def test_a_copy_without_any_link_takes_the_first_one_in(tmp_path: Path) -> None:
    with open_store(tmp_path / "one.db") as one:
        for name, lang, texts in (("a.txt", "ja", JA), ("b.txt", "en", EN)):
            one.add_document(make_document(name, texts, lang))
        one.backup(tmp_path / "two.db")
        with open_store(tmp_path / "two.db") as two:
            src, tgt = (two.sentences(row.id)[0].id for row in two.documents())
            Reviewer(two, "bo").commit(edits.link_by_hand([src], [tgt]))
            assert one.unite(two.path).links == 1
            assert look(one) == look(two)
        assert one.check() == []


def test_the_same_text_in_other_sentences_is_named_and_not_merged(tmp_path: Path) -> None:
    text = "One line. It goes on.\nAnother line."
    with open_store(tmp_path / "one.db") as one, open_store(tmp_path / "two.db") as two:
        one.add_document(read("a.txt", text.encode(), lang="en"))
        two.add_document(resegment(read("a.txt", text.encode(), lang="en"), "line", lang="en"))
        assert one.unite(two.path).differing == ["a.txt"]


def test_a_removed_document_comes_back_in_the_sentences_asked_for(tmp_path: Path) -> None:
    text = "One line. It goes on.\nAnother line."
    with open_store(tmp_path / "one.db") as one:
        whole = read("a.txt", text.encode(), lang="en")
        document = one.add_document(whole).document
        Reviewer(one, "ada").remove_document(document)
        assert one.segments_of("a.txt") == "sentence", "remembered"
        one.add_document(resegment(whole, "line", lang="en"))
        (row,) = one.documents()
        assert row.segments == "line"
        assert [sentence.text for sentence in one.sentences(row.id)] == ["One line. It goes on.", "Another line."]
        assert one.check() == []


def test_what_a_decision_on_one_link_means_for_others_is_worked_out_by_the_next_merge(
    store: Store, copy: Store
) -> None:
    Reviewer(copy, "bo").commit(edits.merge(1, 2))
    Reviewer(copy, "bo").commit(edits.merge(1, 3))
    Reviewer(store, "ada").commit(edits.accept(2))
    Reviewer(store, "ada").commit(edits.accept(3))
    store.unite(copy.path)
    assert {conflict.link for conflict in store.conflicts()} == {1, 2, 3}
    Reviewer(store, "ada").commit(edits.reject(2))  # Against the first merge, on which the second was made.
    copy.unite(store.path)
    store.unite(copy.path)  # Brings no decision that is new here.
    assert look(store) == look(copy)
    assert store.link(3).status == Status.ACCEPTED
    before = store.latest()
    store.unite(copy.path)
    assert store.latest() == before


def test_a_conflict_shows_the_kind_and_note_that_the_link_has_by_now(store: Store, copy: Store) -> None:
    Reviewer(copy, "bo").commit(edits.merge(1, 2))
    Reviewer(store, "ada").commit(edits.set_kind(2, LinkKind.TITLE))
    store.unite(copy.path)
    Reviewer(store, "ada").commit(edits.set_kind(2, LinkKind.QUOTE))
    assert [conflict.ours["kind"] for conflict in store.conflicts(2)] == ["quote"]


def test_what_a_file_says_of_a_link_that_is_not_in_force_is_listed_in_every_copy(store: Store, copy: Store) -> None:
    ada = Reviewer(store, "ada")
    made = ada.commit(edits.link_by_hand([1], [8])).link_ids[-1]  # Takes links 1 and 2 away.
    ada.contest(made, "old.tmx", {"tgt_text": "We climb."}, {"tgt_text": "We go up."})
    Reviewer(copy, "bo").commit(edits.note(1, "hm"))
    for one, other in ((store, copy), (copy, store)):
        one.unite(other.path)
    listed = [{(c.name, c.is_deleted) for c in one.conflicts() if c.action == "import"} for one in (store, copy)]
    assert listed == [{("old.tmx", True)}] * 2
    assert look(store) == look(copy)
    assert Reviewer(copy, "bo").commit(edits.link_by_hand([3], [11])).link_ids, "its number is not used again"
    assert copy.check() == []
    assert copy.rebuild() == len(list(copy.links()))


def test_a_decision_whose_document_was_compacted_away_counts_where_the_document_is(
    store: Store, copy: Store, tmp_path: Path
) -> None:
    store.backup(tmp_path / "third.db")
    with open_store(tmp_path / "third.db") as third:
        Reviewer(store, "ada").commit(edits.accept(3))
        copy.unite(store.path)
        Reviewer(store, "ada").remove_document(2)
        store.compact()
        assert store.check() == []
        third.unite(store.path)  # It has the decision from here before the other copy could give it.
        third.unite(copy.path)
        assert third.link(3).status == Status.ACCEPTED
        assert look(third) == look(copy)
        store.unite(third.path)
        assert look(store) == look(third)
        assert store.check() == []


def test_a_decision_on_a_proposal_that_was_compacted_away_here_is_taken_in(store: Store, copy: Store) -> None:
    sentences = [[row.id for row in store.sentences(number)] for number in (1, 2)]
    shifted = zip(sentences[0], sentences[1][1:], strict=False)
    run = [Proposal((src,), (tgt,), LinkKind.TRANSLATION, 0.3, 0.6) for src, tgt in shifted]
    store.propose(1, 2, run, "e5")  # Superseded as well, and not in the other copy.
    store.propose(1, 2, run[:2], "use")
    store.compact()
    Reviewer(copy, "bo").commit(edits.accept(3))
    store.unite(copy.path)
    assert (JA[2], EN[2], Status.ACCEPTED) in {(link.src.text, link.tgt.text, link.status) for link in store.links()}
    copy.unite(store.path)
    assert look(store) == look(copy)
    assert store.check() == copy.check() == []
    assert store.rebuild() == len(list(store.links()))
    assert look(store) == look(copy)
