"""Sentences cut in two: places kept, undone and redone, rebuilt, carried to a new reading and to another copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import AlignError, ConflictError, UsageError
from align.models import Block, BlockKind, Document, LinkKind, Proposal, Sentence, Span, Status
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.store.sentence_splits import in_force, split_offset, split_pieces
from align.text.normalize import sentence_text
from tests.store.conftest import EN, JA, make_document


def texts(store: Store, document: int) -> list[str]:
    return [row.text for row in store.sentences(document)]


def look(store: Store) -> list[tuple[object, ...]]:
    return [(link.id, link.src.text, link.tgt.text, link.status) for link in store.links()]


def test_a_link_is_split_inside_its_sentences(store: Store, reviewer: Reviewer) -> None:
    before = look(store)
    change = reviewer.commit(edits.split(3, (0, 2), (0, 9)))
    links = {link.id: link for link in store.links()}
    assert (links[3].src.text, links[3].tgt.text) == ("川を", "We cross")
    made = links[change.link_ids[-1]]
    assert (made.src.text, made.tgt.text) == ("渡る。", "the river.")
    assert {links[3].status, made.status} == {Status.EDITED}
    assert texts(store, 1) == [*JA[:2], "川を", "渡る。", *JA[3:]]
    whole = store.text(2)
    assert [span.of(whole) for side in (links[3].tgt, made.tgt) for span in side.spans] == ["We cross", "the river."]
    assert [link.id for link in store.links()] == [1, 2, 3, made.id, 4, 5, 6], "what follows stands one further on"
    assert store.check() == []
    reviewer.undo()
    assert look(store) == before
    assert texts(store, 1) == JA
    assert store.check() == []
    reviewer.redo()
    assert look(store)[2][1:3] == ("川を", "We cross")
    assert store.check() == []


def test_every_link_of_a_cut_sentence_has_both_halves(store: Store, reviewer: Reviewer) -> None:
    third = store.sentences(1)[2].id
    other = store.add_document(make_document("fr.txt", ["On passe la rivière."], "fr")).document
    store.propose(
        1, other, [Proposal((third,), (store.sentences(other)[0].id,), LinkKind.TRANSLATION, 0.1, 0.6)], "use"
    )
    (french,) = [link for link in store.links() if link.tgt.lang == "fr"]
    reviewer.commit(edits.split(3, (0, 2), (0, 2)))
    link = store.link(french.id)
    assert (len(link.src.sentences), link.src.text, link.status) == (2, JA[2], Status.PROPOSED)
    assert store.check() == []


def test_a_side_may_be_split_between_sentences_and_the_other_inside_one(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.merge(3, 4))
    reviewer.commit(edits.reject(3))
    change = reviewer.commit(edits.split(3, 1, (0, 8)))
    assert change.decision.action == "cut"
    assert [(link.src.text, link.tgt.text) for link in store.links()][2:4] == [
        (JA[2], "We cross"),
        (JA[3], "the river. It rains."),
    ]
    assert reviewer.commit(edits.split(1, (0, 1), (0, 3))).decision.action == "cut"
    with pytest.raises(UsageError, match="cannot be split"):
        reviewer.commit(edits.split(2, (1, 0), (0, 3)))
    assert store.check() == []


@pytest.mark.parametrize("at", [0, 99, -1])
def test_both_halves_keep_some_text(store: Store, reviewer: Reviewer, at: int) -> None:
    with pytest.raises(UsageError):
        reviewer.commit(edits.cut(store.sentences(1)[0].id, at))
    assert texts(store, 1) == JA
    assert store.check() == []


def test_a_half_is_cut_again_and_taken_back_in_turn(store: Store, reviewer: Reviewer) -> None:
    first = store.sentences(2)[2].id
    reviewer.commit(edits.cut(first, 3))
    second = store.sentences(2)[3].id
    Reviewer(store, "bo").commit(edits.cut(second, 6))
    assert texts(store, 2)[2:5] == ["We", "cross", "the river."]
    with pytest.raises(ConflictError):
        reviewer.undo()
    Reviewer(store, "bo").undo()
    reviewer.undo()
    assert texts(store, 2) == EN
    assert store.check() == []


def test_a_cut_is_not_taken_back_under_another_reviewers_link(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.cut(store.sentences(1)[0].id, 2))
    half = store.sentences(1)[1].id
    assert store.link(1).src.text == JA[0]
    Reviewer(store, "bo").commit(edits.link_by_hand([half], [store.sentences(2)[0].id]))
    with pytest.raises(ConflictError, match="half of that sentence"):
        reviewer.undo()
    Reviewer(store, "bo").undo()
    reviewer.undo()
    assert texts(store, 1) == JA
    assert store.check() == []


def test_proposals_on_a_half_go_when_the_cut_is_taken_back(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.cut(store.sentences(1)[0].id, 2))
    half, target = store.sentences(1)[1].id, store.sentences(2)[0].id
    store.propose(1, 2, [Proposal((half,), (target,), LinkKind.TRANSLATION, 0.1, 0.6)], "use")
    assert [link.src.text for link in store.links()] == ["出る。"]
    reviewer.undo()
    assert look(store) == []
    assert store.check() == []
    store.rebuild()
    assert store.check() == []


def test_a_store_whose_cuts_are_not_the_logs_is_told_and_mended(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.split(3, (0, 2), (0, 9)))
    store.db.execute("update cuts set at = at + 1")
    assert any("sentence splits" in finding.problem for finding in store.check())
    store.db.execute("update cuts set at = at - 1")
    store.db.execute("update sentences set text = 'x', \"end\" = \"end\" - 1 where text = '川を'")
    assert any("halves" in finding.problem for finding in store.check())


def test_a_changed_text_keeps_its_cuts(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.split(3, (0, 2), (0, 9)))
    reviewer.commit(edits.cut(store.sentences(1)[0].id, 1))
    reviewer.commit(edits.cut(store.sentences(1)[1].id, 1))
    assert texts(store, 1)[:3] == ["霧", "が", "出る。"]
    before = [row for row in look(store) if row[0] != 6]
    store.add_document(make_document("ja.txt", ["新しい文。", *JA[:5], "夜は明けない。"], "ja"))
    assert texts(store, 1) == ["新しい文。", "霧", "が", "出る。", JA[1], "川を", "渡る。", *JA[3:5], "夜は明けない。"]
    assert [row for row in look(store) if row[0] != 6] == before
    assert [span.of(store.text(1)) for span in store.link(3).src.spans] == ["川を"]
    assert store.check() == []
    store.rebuild()
    assert store.check() == []
    for _ in range(3):
        reviewer.undo()
    assert JA[2] in texts(store, 1)
    assert store.check() == []


def test_a_cut_goes_with_its_sentence(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.split(3, (0, 2), (0, 9)))
    store.add_document(make_document("ja.txt", [*JA[:2], "川を泳いで渡った。", *JA[3:]], "ja"), replace_settled=True)
    assert [cut.document for cut in in_force(store.db)] == [2]
    assert store.check() == []
    with pytest.raises(AlignError):
        reviewer.undo()
    assert store.check() == []


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Store:
    store.backup(tmp_path / "copy.db")
    return open_store(tmp_path / "copy.db")


def test_a_cut_of_another_copy_is_taken_in_with_what_stands_on_it(store: Store, copy: Store) -> None:
    bo = Reviewer(copy, "bo")
    made = bo.commit(edits.split(3, (0, 2), (0, 9))).link_ids[-1]
    bo.commit(edits.note(made, "half"))
    bo.commit(edits.reject(made))
    Reviewer(store, "ada").commit(edits.accept(5))
    united = store.unite(copy.path)
    assert united.conflicts == 0
    assert [(link.src.text, link.note) for link in store.links()][2:4] == [("川を", None), ("渡る。", "half")]
    assert store.check() == []
    assert (again := store.unite(copy.path)).decisions == again.links == 0
    for _ in range(3):
        bo.undo()
    store.unite(copy.path)
    assert texts(store, 1) == JA
    assert store.check() == []


def test_links_that_were_proposed_on_halves_are_taken_in(store: Store, copy: Store) -> None:
    bo = Reviewer(copy, "bo")
    bo.commit(edits.cut(copy.sentences(1)[0].id, 2))
    half, target = copy.sentences(1)[1].id, copy.sentences(2)[0].id
    copy.propose(1, 2, [Proposal((half,), (target,), LinkKind.TRANSLATION, 0.1, 0.6)], "use")
    bo.commit(edits.accept(next(link.id for link in copy.links())))
    store.unite(copy.path)
    assert ("出る。", EN[0], Status.ACCEPTED) in {row[1:] for row in look(store)}
    assert store.check() == []


def test_a_half_that_joined_a_link_known_here_joins_it_here_too(store: Store, copy: Store) -> None:
    bo = Reviewer(copy, "bo")
    cut = bo.commit(edits.split(3, (0, 2), (0, 3)))
    bo.commit(edits.merge(2, cut.link_ids[-1]))
    united = store.unite(copy.path)
    assert (united.decisions, united.links, united.conflicts) == (2, 0, 0)
    assert [(link.id, link.src.text, link.tgt.text) for link in store.links()] == [
        (link.id, link.src.text, link.tgt.text) for link in copy.links()
    ]
    assert store.check() == []


def test_a_new_document_comes_with_its_cuts(store: Store, copy: Store) -> None:
    new = copy.add_document(make_document("new.txt", ["Old words here.", "Second one."], "en")).document
    source = copy.add_document(make_document("neu.txt", ["Alte Worte hier.", "Das zweite."], "de")).document
    sides = zip(copy.sentences(new), copy.sentences(source), strict=True)
    copy.propose(new, source, [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, 0.6) for a, b in sides], "use")
    bo = Reviewer(copy, "bo")
    first = next(link for link in copy.links() if link.src.lang == "en")
    bo.commit(edits.split(first.id, (0, 4), (0, 5)))
    store.unite(copy.path)
    row = next(row for row in store.documents() if row.name == "new.txt")
    assert texts(store, row.id) == ["Old", "words here.", "Second one."]
    assert {"Old", "words here.", "Second one."} <= {link.src.text for link in store.links()}
    assert store.check() == []


def test_a_sentence_cut_in_two_ways_is_a_conflict(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.split(3, (0, 2), (0, 9)))
    Reviewer(copy, "bo").commit(edits.split(3, (0, 1), (0, 2)))
    united = store.unite(copy.path)
    assert united.conflicts == 1
    (conflict,) = store.conflicts()
    assert conflict.link == 3
    assert "at character" in str(conflict.theirs["cut"])
    assert texts(store, 1) == JA, "until one is chosen the sentence is what both knew"
    assert store.check() == []
    copy.unite(store.path)
    assert texts(copy, 1) == JA
    assert copy.check() == []


def test_a_cut_counts_whether_or_not_the_undo_of_an_earlier_one_does(store: Store, copy: Store) -> None:
    ada, bo = Reviewer(store, "ada"), Reviewer(copy, "bo")
    ada.commit(edits.split(3, (0, 4), (0, 9)))
    copy.unite(store.path)
    ada.undo()
    ada.commit(edits.cut(3, 2))
    bo.commit(edits.merge(2, 3))  # In conflict with the undo: neither is in force.
    store.unite(copy.path)
    copy.unite(store.path)
    for one in (store, copy):
        assert texts(one, 1)[2:5] == ["川を", "渡る", "。"]
        link = one.link(3)
        assert (link.src.text, link.attention) == ("川を渡る", "conflict")
        assert {conflict.ours.get("source") for conflict in one.conflicts(3)} == {"川を渡る。"}, "as the undo left it"
        assert one.check() == []
    assert look(copy) == look(store)


def test_a_link_has_all_that_its_reviewer_saw_when_a_cut_comes_back_into_force(store: Store, copy: Store) -> None:
    ada, bo = Reviewer(store, "ada"), Reviewer(copy, "bo")
    ada.commit(edits.split(3, (0, 2), (0, 9)))
    bo.commit(edits.reject(3))
    store.unite(copy.path)
    assert texts(store, 1) == JA
    ada.commit(edits.relink(5, [3], [12]))  # The whole sentence: the cut is in conflict.
    bo.undo()
    for one, other in ((store, copy), (copy, store)):
        one.unite(other.path)
        assert texts(one, 1)[2:4] == ["川を", "渡る。"]
        assert one.link(5).src.text == JA[2]
        assert one.check() == []


def test_an_undo_of_a_merged_decision_brings_both_halves_back(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.cut(3, 2))
    Reviewer(copy, "bo").commit(edits.relink(3, [1], [12]))
    store.unite(copy.path)
    Reviewer(store, "bo").undo()
    assert (store.link(3).src.text, store.link(3).tgt.text) == (JA[2], EN[2])
    copy.unite(store.path)
    assert look(copy) == look(store)
    assert store.check() == []


def test_cuts_in_conflict_stay_out_of_force_when_the_sentence_is_cut_again(store: Store, copy: Store) -> None:
    ada = Reviewer(store, "ada")
    ada.commit(edits.cut(3, 2))
    Reviewer(copy, "bo").commit(edits.cut(3, 4))
    store.unite(copy.path)
    ada.commit(edits.cut(3, 3))  # She sees it whole, and decides nothing about the two.
    copy.unite(store.path)
    for one in (store, copy):
        assert texts(one, 1)[2:4] == ["川を渡", "る。"]
        assert [conflict.link for conflict in one.conflicts()] == [3]
        assert one.check() == []
    Reviewer(copy, "bo").commit(edits.accept(3))
    store.unite(copy.path)
    assert (store.conflicts(), texts(store, 1)[2:4]) == ([], ["川を渡", "る。"])


def test_a_sentence_cut_alike_is_none(store: Store, copy: Store) -> None:
    Reviewer(store, "ada").commit(edits.split(3, (0, 2), (0, 9)))
    Reviewer(copy, "bo").commit(edits.split(3, (0, 2), (0, 9)))
    assert store.unite(copy.path).conflicts == 0
    assert store.check() == []
    assert copy.unite(store.path).conflicts == 0
    assert copy.check() == []


def test_several_pieces_come_apart_where_the_clean_text_does(tmp_path: Path) -> None:
    text = "First part\n00:01 --> 00:02\nsecond  part,\nthird."
    pieces = (Span(0, 10), Span(27, 40), Span(41, 47))
    document = Document("s.srt", text, (Block(Span(0, 47), BlockKind.BODY, "en", 1.0, (Sentence(pieces, "en", 1.0),)),))
    with open_store(tmp_path / "s.db") as store:
        store.add_document(document)
        (row,) = store.sentences(1)
        assert row.text == "First part second part, third."
        for count in range(1, len(row.text)):
            at = split_offset(text, pieces, count)
            found = [sentence_text(text, half) for half in split_pieces(text, pieces, at)]
            assert found == [row.text[:count].strip(), row.text[count:].strip()]
        Reviewer(store, "ada").commit(edits.cut(row.id, 18))
        assert texts(store, 1) == ["First part second", "part, third."]
        assert store.sentences(1)[0].pieces == (Span(0, 10), Span(27, 33))
        assert store.check() == []
        Reviewer(store, "ada").undo()
        assert store.sentences(1)[0].pieces == pieces
        assert store.check() == []


def test_an_edition_is_another_one_after_every_cut_and_reading(store: Store, reviewer: Reviewer) -> None:
    seen = [store.edition(1)]
    reviewer.commit(edits.cut(store.sentences(1)[0].id, 2))
    seen.append(store.edition(1))
    reviewer.undo()
    assert store.edition(1) == seen[0]
    reviewer.commit(edits.cut(store.sentences(1)[0].id, 1))
    seen.append(store.edition(1))
    store.add_document(make_document("ja.txt", JA[1:], "ja"))
    seen.append(store.edition(1))
    assert len(set(seen)) == len(seen)
    assert store.edition(99) == ()


def test_a_word_that_was_cut_is_whole_in_links_that_have_both_halves(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.cut(store.sentences(2)[2].id, 15))
    assert texts(store, 2)[2:4] == ["We cross the ri", "ver."]
    assert store.link(3).tgt.text == EN[2]
    reviewer.commit(edits.edit_text(3, "tgt", EN[2]))
    assert store.link(3).tgt.original is None, "the same words are no edit"
