"""Decisions on what another copy took away and brought back, cut and made whole: in force or in conflict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from align.errors import ConflictError
from align.models import LinkKind, Proposal, Status
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from tests.store.conftest import EN, JA, make_document

Step = Callable[[Reviewer], object]


def read(texts: list[str]) -> Step:
    """Add the source document with these sentences."""
    return lambda reviewer: reviewer.store.add_document(
        make_document("ja.txt", texts, "ja"), reviewer=reviewer.name, replace_settled=True
    )


def undo(reviewer: Reviewer) -> object:
    return reviewer.undo()


def redo(reviewer: Reviewer) -> object:
    return reviewer.redo()


def cut(reviewer: Reviewer) -> object:
    return reviewer.commit(edits.cut(1, 2))


def remove(reviewer: Reviewer) -> object:
    return reviewer.remove_document(1)


RETURNS: dict[str, list[Step]] = {
    "text emptied and undone": [read([]), undo],
    "text emptied and the old one added": [read([]), read(JA)],
    "text shortened and the old one added": [read(JA[2:]), read(JA)],
    "text reworded and undone": [read([f"{text} x" for text in JA]), undo],
    "text changed twice and back": [read([]), read(JA[2:]), read(JA)],
    "text undone, redone, undone": [read([]), undo, redo, undo],
    "cut, text emptied, old one added": [cut, read([]), read(JA)],
    "cut and undone": [cut, undo],
    "cut, undone, redone, undone": [cut, undo, redo, undo],
    "removed and undone": [remove, undo],
    "removed": [remove],
    "unlinked and undone": [lambda reviewer: reviewer.commit(edits.unlink(1)), undo],
    "split and undone": [lambda reviewer: reviewer.commit(edits.split(1, (0, 2), (0, 2))), undo],
}
DECISIONS: dict[str, Step] = {
    "accept": lambda reviewer: reviewer.commit(edits.accept(1)),
    "reject": lambda reviewer: reviewer.commit(edits.reject(1)),
    "edit": lambda reviewer: reviewer.commit(edits.edit_text(1, "src", "made up")),
    "note": lambda reviewer: reviewer.commit(edits.note(1, "hm")),
    "kind": lambda reviewer: reviewer.commit(edits.set_kind(1, LinkKind.QUOTE)),
    "merge": lambda reviewer: reviewer.commit(edits.merge(1, 2)),
    "split": lambda reviewer: reviewer.commit(edits.split(1, (0, 3), (0, 3))),
    "link": lambda reviewer: reviewer.commit(edits.link_by_hand([1], [9])),
}


def decided(store: Store) -> set[tuple[object, ...]]:
    """What the links are, by text."""
    return {
        (link.src.doc, link.src.text, link.tgt.text, link.kind, link.status, link.note, link.reviewer)
        for link in store.links()
    }


@pytest.mark.parametrize("name", RETURNS)
@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_is_in_force_or_in_conflict(store: Store, tmp_path: Path, name: str, decision: str) -> None:
    store.db.execute("pragma synchronous = off")
    before = decided(store)
    store.backup(tmp_path / "copy.db")
    DECISIONS[decision](Reviewer(store, "ada"))
    after = decided(store)
    with open_store(tmp_path / "copy.db") as copy:
        copy.db.execute("pragma synchronous = off")
        for step in RETURNS[name]:
            step(Reviewer(copy, "bo"))
        copy.unite(store.path)
        store.unite(copy.path)
        assert decided(store) == decided(copy)
        assert copy.check() == []
    assert store.check() == []
    assert after - before <= decided(store) or store.conflicts()


def test_a_link_on_a_half_and_an_undo_of_its_cut_are_in_conflict(store: Store, tmp_path: Path) -> None:
    rest = Reviewer(store, "ada").commit(edits.cut(1, 2))
    assert rest
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.relink(1, [1], [7]))
    drawn = store.link(1).src.text
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "ada").undo()
        store.unite(copy.path)
        copy.unite(store.path)
        assert decided(store) == decided(copy)
    (conflict,) = store.conflicts()
    assert drawn in (conflict.ours | conflict.theirs).values() or drawn == store.link(1).src.text


def test_two_cuts_of_one_sentence_are_a_listed_conflict(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.cut(1, 2))
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.cut(1, 3))
        assert store.unite(copy.path).conflicts == 1
        copy.unite(store.path)
        assert [(c.link, c.ours, c.theirs) for c in store.conflicts()] == [
            (1, {"cut": "at character 2"}, {"cut": "at character 3"})
        ]
        Reviewer(store, "ada").commit(edits.accept(1))
        assert store.conflicts() == []
        copy.unite(store.path)
        assert copy.conflicts() == []


def test_two_cuts_of_a_sentence_without_a_link_are_reported(store: Store, tmp_path: Path) -> None:
    store.add_document(make_document("x.txt", ["eins zwei drei"], "de"))
    sentence = store.sentences(3)[0].id
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.cut(sentence, 4))
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.cut(sentence, 9))
        united = store.unite(copy.path)
    assert united.conflicts == 0
    assert "stay whole" in united.lines("copy.db")[-1]


def test_proposals_of_another_copy_give_way_to_what_is_settled_here(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.link_by_hand([1], [9]))
    with open_store(tmp_path / "copy.db") as copy:
        pairs = [((1,), (8,)), ((2,), (9,)), ((4,), (10,))]
        copy.propose(1, 2, [Proposal(*pair, LinkKind.TRANSLATION, 0.1, 0.6) for pair in pairs], "use")
        store.unite(copy.path)
        copy.unite(store.path)
        assert decided(store) == decided(copy)
    on_settled = [link for link in store.links() if {JA[0], EN[2]} & {link.src.text, link.tgt.text}]
    assert [(link.src.text, link.tgt.text, link.status) for link in on_settled] == [(JA[0], EN[2], Status.ACCEPTED)]
    assert (JA[3], EN[3]) in {(link.src.text, link.tgt.text) for link in store.links()}


def test_a_split_that_a_new_text_carries_along_stays(store: Store, tmp_path: Path) -> None:
    ada = Reviewer(store, "ada")
    ada.commit(edits.split(1, (0, 2), (0, 2)))
    store.backup(tmp_path / "copy.db")
    read(JA[:1])(ada)
    ada.commit(edits.accept(1))
    before = store.link(1).src.text
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.accept(2))
        store.unite(copy.path)
    assert store.link(1).src.text == before != JA[0]
    assert store.check() == []


def test_a_link_whose_text_differs_is_sound_when_its_split_is_in_conflict(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    ada = Reviewer(store, "ada")
    ada.commit(edits.split(1, (0, 2), (0, 2)))
    store.add_document(make_document("en.txt", EN[:3], "en"), reviewer="ada", replace_settled=True)
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.swap(1))
        store.unite(copy.path)
    assert store.check() == []


def test_a_decision_on_a_text_that_another_copy_changed_stays_where_the_text_is(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    new = make_document("en.txt", [f"Now: {text}" for text in EN], "en")
    store.add_document(new, reviewer="ada", replace_settled=True)
    with open_store(tmp_path / "copy.db") as copy:
        bo = Reviewer(copy, "bo")
        assert copy.unite(store.path).differing == ["en.txt"]
        bo.commit(edits.accept(2))
        Reviewer(store, "ada").commit(edits.accept(5))
        copy.unite(store.path)
        store.unite(copy.path)
        assert copy.link(2).status == Status.ACCEPTED, "decided when the change was in the log, the text was not"
        assert copy.link(5).status == Status.PROPOSED, "accepted on the new text"
        assert store.link(2).status == Status.PROPOSED, "accepted on the old text"
        assert store.link(5).status == Status.ACCEPTED
        assert store.conflicts() == copy.conflicts() == []
        copy.add_document(new, reviewer="bo", replace_settled=True)
        store.unite(copy.path)
        copy.unite(store.path)
        assert decided(store) == decided(copy), "the texts are alike"
        assert store.link(5).status == copy.link(5).status == Status.ACCEPTED
        assert store.check() == copy.check() == []


def test_a_split_in_conflict_on_a_text_that_one_copy_has_is_in_conflict_in_all(store: Store, tmp_path: Path) -> None:
    third = store.add_document(make_document("fr.txt", ["Brume.", "Mont."], "fr")).document
    store.propose(1, third, [Proposal((1,), (13,), LinkKind.TRANSLATION, 0.1, 0.6)], "use")
    on_french = next(link.id for link in store.links() if link.tgt.doc == "fr.txt")
    store.backup(tmp_path / "one.db")
    store.backup(tmp_path / "two.db")
    store.add_document(make_document("fr.txt", ["Bruine !"], "fr"), reviewer="ada", replace_settled=True)
    with open_store(tmp_path / "one.db") as one, open_store(tmp_path / "two.db") as two:
        Reviewer(one, "bo").commit(edits.split(on_french, (0, 2), (0, 2)))
        Reviewer(two, "cy").commit(edits.swap(on_french))
        one.unite(two.path)
        sources = [sentence.text for sentence in one.sentences(1)]
        store.unite(one.path)
        assert [sentence.text for sentence in store.sentences(1)] == sources == JA
        assert store.check() == one.check() == []


def test_an_accepted_link_that_a_run_took_away_and_a_reviewer_reopened(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "one.db")
    store.backup(tmp_path / "two.db")
    others = [Proposal((5,), (12,), LinkKind.TRANSLATION, 0.1, 0.6)]
    store.propose(1, 2, others, "use")
    with open_store(tmp_path / "one.db") as one, open_store(tmp_path / "two.db") as two:
        Reviewer(one, "bo").commit(edits.accept(6))
        two.unite(one.path)
        two.unite(store.path)
        Reviewer(two, "cy").commit(edits.reopen(6))
        one.unite(two.path)
        store.unite(one.path)
        two.unite(one.path)
        assert decided(store) == decided(one) == decided(two)
        assert [link.status for link in store.links() if link.tgt.text == EN[5]] == [Status.PROPOSED]
        assert store.link(6).reviewer == "cy"


def test_what_was_drawn_before_a_change_of_text_counts_where_the_text_is_the_old_one(
    store: Store, tmp_path: Path
) -> None:
    store.backup(tmp_path / "copy.db")
    store.backup(tmp_path / "third.db")
    ada = Reviewer(store, "ada")
    for edit in (edits.split(1, (0, 2), (0, 3)), edits.swap(3), edits.merge(4, 5)):
        ada.commit(edit)
    old = decided(store)
    store.add_document(make_document("en.txt", ["First of all:", *EN], "en"), reviewer="ada", replace_settled=True)
    ada.commit(edits.accept(6))
    new = decided(store)
    with open_store(tmp_path / "copy.db") as copy, open_store(tmp_path / "third.db") as third:
        copy.unite(store.path)
        assert decided(copy) == old
        third.unite(copy.path)
        assert decided(third) == old
        Reviewer(third, "cy").commit(edits.reject(6))
        store.unite(third.path)
        assert decided(store) == new
        assert store.check() == copy.check() == third.check() == []
        assert store.conflicts() == copy.conflicts() == third.conflicts() == []


def test_a_decision_that_was_merged_between_a_change_of_text_and_its_return_is_in_force(
    store: Store, tmp_path: Path
) -> None:
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.accept(2))
    with open_store(tmp_path / "copy.db") as copy:
        bo = Reviewer(copy, "bo")
        read([f"{text} x" for text in JA])(bo)
        copy.unite(store.path)
        read(JA)(bo)
        store.unite(copy.path)
        copy.unite(store.path)
        assert store.link(2).status == copy.link(2).status == Status.ACCEPTED
        assert store.check() == copy.check() == []


def test_sides_of_a_link_in_conflict_are_not_swapped(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    Reviewer(store, "ada").commit(edits.accept(2))
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.reject(2))
        store.unite(copy.path)
        with pytest.raises(ConflictError, match="link 2 is in conflict"):
            Reviewer(store, "ada").commit(edits.swap(2))


def test_a_link_that_was_made_on_a_text_of_one_copy_and_drawn_on_another_document_is_in_both(
    store: Store, tmp_path: Path
) -> None:
    french = store.add_document(make_document("fr.txt", ["Un.", "Deux."], "fr")).document
    store.backup(tmp_path / "copy.db")
    with open_store(tmp_path / "copy.db") as copy:
        store.add_document(make_document("en.txt", ["Fog.", *EN[1:]], "en"), reviewer="ada")
        copy.propose(1, 2, [Proposal((1,), (8,), LinkKind.TRANSLATION, 0.3, 0.6)], "use")
        (made,) = (link.id for link in copy.links() if link.src.text == JA[0] and link.tgt.text == EN[1])
        sentence = copy.sentences(french)[0].id
        Reviewer(copy, "bo").commit(edits.relink(made, [2], [sentence]))
        for one, other in ((store, copy), (copy, store)):
            one.unite(other.path)
            assert (JA[1], "Un.", Status.EDITED) in {(ln.src.text, ln.tgt.text, ln.status) for ln in one.links()}
            assert one.check() == []


def test_an_edit_counts_everywhere_on_a_link_drawn_away_from_a_text_that_changed(store: Store, tmp_path: Path) -> None:
    french = store.add_document(make_document("fr.txt", ["Un.", "Deux."], "fr")).document
    for name in ("copy.db", "third.db"):
        store.backup(tmp_path / name)
    with open_store(tmp_path / "copy.db") as copy, open_store(tmp_path / "third.db") as third:
        store.add_document(
            make_document("en.txt", [*EN[:2], "We cross the wide river.", *EN[3:]], "en"), reviewer="ada"
        )
        Reviewer(copy, "bo").commit(edits.relink(3, [2], [copy.sentences(french)[0].id]))
        copy.unite(store.path)
        Reviewer(copy, "bo").commit(edits.edit_text(3, "tgt", "One."))
        for one in (store, third):
            one.unite(copy.path)
            assert (one.link(3).src.text, one.link(3).tgt.text) == (JA[1], "One.")
            assert one.check() == []
