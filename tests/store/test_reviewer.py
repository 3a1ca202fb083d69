"""Every operation of the reviewer, and that no decision is lost between two of them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.models import LinkKind, Proposal, Realignment, Status
from align.reviewer import Reviewer, open_reviewer
from align.store import LinkFilter, Store, edits, open_store
from align.workspace.browse import Order, open_browser
from align.workspace.history import events_of, lines_of
from tests.store.conftest import EN, JA, make_document, sides, status


def test_verdicts(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.reject(2))
    reviewer.commit(edits.accept(3))
    reviewer.commit(edits.reopen(3))
    reviewer.commit(edits.unlink(4))
    assert [status(store, n) for n in (1, 2, 3, 4)] == ["accepted", "rejected", "proposed", "rejected"]
    assert store.link(1).reviewer == "ada"
    assert store.link(1).version == 2
    constraints = store.constraints(1, 2)
    assert constraints.anchors == (((1,), (7,)),)
    assert constraints.forbidden == (((2,), (8,)), ((4,), (10,)))


def test_marks_do_not_settle(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.note(1, "  why? "))
    reviewer.commit(edits.bookmark(2))
    reviewer.commit(edits.anchor(3))
    reviewer.commit(edits.set_kind(4, LinkKind.SUMMARY))
    assert {link.status for link in store.links()} == {Status.PROPOSED}
    assert store.link(1).note == "why?"
    assert store.link(2).bookmarked
    assert store.constraints(1, 2).anchors == (((3,), (9,)),)
    assert store.link(4).kind == LinkKind.SUMMARY
    assert [link.id for link in store.links(LinkFilter(noted=True))] == [1]
    assert [link.id for link in store.links(LinkFilter(bookmarked=True))] == [2]
    assert store.propose(1, 2, [], "use").reviewed == 4
    assert set(sides(store)) == {1, 2, 3, 4}, "what a reviewer touched stays"
    reviewer.commit(edits.note(1, None))
    assert store.link(1).note is None


def test_edit_keeps_the_original_and_can_go_back_to_it(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.edit_text(1, "tgt", " Fog\x1b[31m is\nrising. "))
    link = store.link(1)
    assert "\x1b" not in link.tgt.text
    assert (link.status, link.tgt.original) == (Status.EDITED, EN[0])
    assert link.src.original is None
    reviewer.commit(edits.edit_text(1, "tgt", EN[0]))
    assert (store.link(1).status, store.link(1).tgt.original) == (Status.ACCEPTED, None)
    with pytest.raises(UsageError, match="cannot be empty"):
        reviewer.commit(edits.edit_text(1, "src", " \n"))


def test_merge_and_split(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.edit_text(3, "tgt", "We ford it."))
    change = reviewer.commit(edits.merge(3, 2))
    assert set(change.link_ids) == {2, 3}
    link = store.link(3)
    assert (link.src.text, link.tgt.text) == (JA[1] + JA[2], f"{EN[1]} We ford it.")
    assert link.tgt.original == f"{EN[1]} {EN[2]}"
    with pytest.raises(UsageError, match="cannot be split"):
        reviewer.commit(edits.split(3, 2, 1))
    new = max(reviewer.commit(edits.split(3, 1, 1)).link_ids)
    assert sides(store)[3] == ((2,), (8,))
    assert sides(store)[new] == ((3,), (9,))
    assert status(store, new) == "edited"
    with pytest.raises(UsageError, match="itself"):
        reviewer.commit(edits.merge(1, 1))


def test_move_over_both_ends(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.merge(2, 3))
    reviewer.commit(edits.move(2, "src", "first", "give"))
    assert sides(store)[1] == ((1, 2), (7,))
    assert sides(store)[2] == ((3,), (8, 9))
    reviewer.commit(edits.move(2, "tgt", "last", "give"))
    assert sides(store)[4] == ((4,), (9, 10))
    reviewer.commit(edits.move(2, "src", "last", "take"))
    assert sides(store)[2] == ((3, 4), (8,))
    assert 4 not in sides(store), "a link that has nothing left on a side goes"
    reviewer.commit(edits.move(1, "src", "last", "give"))
    assert sides(store)[2] == ((2, 3, 4), (8,))
    with pytest.raises(UsageError, match="no sentence before"):
        reviewer.commit(edits.move(1, "src", "first", "take"))
    with pytest.raises(UsageError, match="last sentence of a side"):
        reviewer.commit(edits.move(1, "src", "last", "give"))
    assert store.check() == []


def test_link_by_hand_relink_and_swap(store: Store, reviewer: Reviewer) -> None:
    made = reviewer.commit(edits.link_by_hand([6, 5], [7]))
    link = store.link(made.link_ids[-1])
    assert (link.src.sentences, link.tgt.sentences, link.status, link.confidence) == (
        (5, 6),
        (7,),
        Status.ACCEPTED,
        1.0,
    )
    assert not {1, 5, 6} & set(sides(store)), "undecided links on its sentences deleted"
    reviewer.commit(edits.relink(2, [1], [12]))
    assert sides(store)[2] == ((1,), (12,))
    assert status(store, 2) == "edited"
    reviewer.commit(edits.swap(2))
    swapped = store.link(2)
    assert (swapped.src.text, swapped.tgt.text, swapped.src.lang) == (EN[5], JA[0], "en")
    assert ((1,), (12,)) in store.constraints(1, 2).anchors
    with pytest.raises(UsageError, match="both sides"):
        reviewer.commit(edits.link_by_hand([1], []))
    with pytest.raises(UsageError, match="itself"):
        reviewer.commit(edits.link_by_hand([1], [1]))
    with pytest.raises(UsageError, match="no longer"):
        reviewer.commit(edits.link_by_hand([1], [999]))
    with pytest.raises(UsageError, match="two documents"):
        reviewer.commit(edits.link_by_hand([1, 7], [8]))


def test_what_is_drawn_by_hand_makes_undecided_alternatives_give_way(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(3))
    reviewer.commit(edits.link_by_hand([2], [10]))
    assert {2, 4}.isdisjoint(sides(store)), "on either side"
    assert status(store, 3) == "accepted"
    reviewer.undo()
    assert (sides(store)[2], sides(store)[4]) == (((2,), (8,)), ((4,), (10,)))
    reviewer.redo()
    assert {2, 4}.isdisjoint(sides(store))


def test_a_sentence_is_settled_twice_only_where_the_reviewer_knows(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(3))
    with pytest.raises(ConflictError, match=r"sentence 3 of ja\.txt is already in accepted link 3"):
        reviewer.commit(edits.link_by_hand([2, 3], [11]))
    assert len(sides(store)) == 6
    by_hand = reviewer.commit(edits.link_by_hand([2, 3], [11], shared=[3])).link_ids[-1]
    assert (status(store, 3), status(store, by_hand)) == ("accepted", "accepted")
    with pytest.raises(ConflictError, match=r"sentence 3 of ja\.txt is already in accepted link 3"):
        reviewer.commit(edits.relink(1, [3], [12], shared=[by_hand]))
    reviewer.commit(edits.relink(1, [3], [12], shared=[3, by_hand]))
    assert store.check() == []


def test_two_links_never_have_the_same_sides(store: Store, reviewer: Reviewer) -> None:
    """One could be rejected and the other accepted: a contradiction that stops the next solution."""
    reviewer.commit(edits.reject(1))
    with pytest.raises(ConflictError, match="ada rejected link 1 of these sentences"):
        reviewer.commit(edits.relink(2, [1], [7]))
    reviewer.commit(edits.relink(2, [1], [7], shared=[1]))
    assert 1 not in sides(store), "the later decision replaces the rejection"
    reviewer.undo()
    assert (status(store, 1), status(store, 2)) == ("rejected", "proposed")
    reviewer.commit(edits.accept(3))
    with pytest.raises(ConflictError, match="accepted link 3 has these sentences already"):
        reviewer.commit(edits.relink(2, [3], [9]))
    wide = reviewer.commit(edits.merge(4, 5)).link_ids[0]
    reviewer.commit(edits.reject(wide))
    drawn = reviewer.commit(edits.link_by_hand([4], [10, 11])).link_ids[-1]
    assert sides(store)[wide] == ((4, 5), (10, 11))
    with pytest.raises(ConflictError, match=f"ada rejected link {wide} of these sentences. Accept that link"):
        Reviewer(store, "bo").commit(edits.move(drawn, "src", "last", "take"))
    reviewer.commit(edits.move(drawn, "src", "last", "take"))
    assert wide not in sides(store)
    assert not set(store.constraints(1, 2).forbidden) & set(store.constraints(1, 2).anchors)
    assert store.check() == []


def test_linking_what_is_linked_already_makes_no_second_link(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    with pytest.raises(EmptyDecisionError, match="accepted link 1"):
        reviewer.commit(edits.link_by_hand([1], [7]))
    reviewer.commit(edits.reject(2))
    with pytest.raises(ConflictError, match="ada rejected link 2"):
        reviewer.commit(edits.link_by_hand([2], [8]))
    reviewer.commit(edits.link_by_hand([2], [8], shared=[2]))
    reviewer.commit(edits.link_by_hand([3], [9]))
    assert [status(store, number) for number in (1, 2, 3)] == ["accepted"] * 3
    assert len(sides(store)) == 6


def test_a_verdict_does_not_settle_a_sentence_twice(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.note(1, "later"))
    reviewer.commit(edits.link_by_hand([1], [12]))
    assert status(store, 1) == "proposed", "it has a reviewer's note"
    with pytest.raises(ConflictError, match="already in accepted link 7"):
        reviewer.commit(edits.accept(1))
    reviewer.accept_above(0.0)
    assert status(store, 1) == "proposed", "nor do many at once"
    reviewer.commit(edits.reject(7))
    reviewer.commit(edits.accept(1))
    with pytest.raises(ConflictError, match="already in accepted link 1"):
        Reviewer(store, "bo").commit(edits.accept(7))


def test_what_another_reviewer_settled_is_not_contradicted_by_undo(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.reject(1))
    Reviewer(store, "bo").commit(edits.link_by_hand([1], [12]))
    with pytest.raises(ConflictError, match=r"sentence 1 of ja\.txt is already in accepted link 7"):
        reviewer.undo()


def test_an_undo_does_not_propose_on_what_is_settled_meanwhile(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.link_by_hand([1], [8]))
    assert {1, 2}.isdisjoint(sides(store))
    Reviewer(store, "bo").commit(edits.link_by_hand([2], [12]))
    reviewer.undo()
    assert sides(store)[1] == ((1,), (7,)), "nobody has its sentences"
    assert 2 not in sides(store)
    before = sides(store)
    reviewer.redo()
    reviewer.undo()
    assert sides(store) == before


def test_of_many_at_once_the_surer_of_two_on_a_sentence_is_accepted(store: Store, reviewer: Reviewer) -> None:
    alternatives = [
        Proposal((1,), (7,), LinkKind.TRANSLATION, 0, 0.6),
        Proposal((1,), (8,), LinkKind.TRANSLATION, 0, 0.9),
    ]
    store.propose(1, 2, alternatives, "use")
    less, more = sides(store)
    change = reviewer.accept_above(0.5)
    assert (change.decision.detail["links"], change.decision.detail["left_out"]) == (1, 1)
    assert (set(sides(store)), status(store, more)) == ({more}, "accepted")
    reviewer.undo()
    assert sides(store) == {less: ((1,), (7,)), more: ((1,), (8,))}


def test_many_at_once_are_refused_where_others_changed_them_since(store: Store, reviewer: Reviewer) -> None:
    seen = store.latest()
    bo = Reviewer(store, "bo")
    bo.commit(edits.reject(6))
    with pytest.raises(EmptyDecisionError):
        reviewer.accept_through(6, LinkFilter(text="nowhere"), since=seen)
    reviewer.accept_through(1, since=seen)
    bo.commit(edits.note(2, "mind the tense"))
    with pytest.raises(ConflictError, match="bo changed link 2"):
        reviewer.accept_above(0.0, since=seen)
    with pytest.raises(ConflictError, match="bo changed this link"):
        reviewer.accept_through(2, expected=1, since=store.latest())
    seen = store.latest()
    store.propose(1, 2, [Proposal((5,), (11,), LinkKind.TRANSLATION, 0, 0.9)], "use")
    with pytest.raises(ConflictError, match="proposed again"):
        reviewer.accept_above(0.0, since=seen)
    reviewer.accept_above(0.0, since=store.latest())


def test_a_ripple_is_part_of_its_decision(store: Store, reviewer: Reviewer) -> None:
    before = sides(store)
    old = store.link(3)
    ripple = Realignment(removed=(old,), added=(Proposal((3,), (10,), LinkKind.PARTIAL, 0.2, 0.3),), encoder="e5")
    change = reviewer.commit(edits.merge(1, 2), realignment=ripple)
    assert len(change.link_ids) == 4
    assert ((3,), (10,)) in sides(store).values()
    assert store.link(max(sides(store))).encoder == "e5"
    reviewer.undo()
    assert sides(store) == before
    reviewer.redo()
    assert 3 not in sides(store)


def test_what_follows_a_link_by_hand_names_its_own_encoder(store: Store, reviewer: Reviewer) -> None:
    new = Proposal((3,), (10,), LinkKind.PARTIAL, 0.2, 0.3)
    with pytest.raises(ValueError, match="encoder"):
        Realignment(added=(new,))
    change = reviewer.commit(edits.link_by_hand([1], [8]), realignment=Realignment(added=(new,), encoder="use"))
    links = [store.link(number) for number in change.link_ids if number in sides(store)]
    assert [(link.src.sentences, link.encoder) for link in links] == [((1,), "hand"), ((3,), "use")]


def test_a_stale_ripple_is_refused_as_a_whole(store: Store, reviewer: Reviewer) -> None:
    old = store.link(3)
    reviewer.commit(edits.note(3, "x"))
    reviewer.commit(edits.note(3, None))
    with pytest.raises(ConflictError, match="ada changed link 3 "):
        reviewer.commit(edits.merge(1, 2), realignment=Realignment(removed=(old,)))
    assert len(sides(store)) == 6


def test_a_decision_on_a_link_that_changed_is_asked_again(store: Store, reviewer: Reviewer) -> None:
    seen = store.link(1).version
    Reviewer(store, "bo").commit(edits.reject(1), expected=seen)
    with pytest.raises(ConflictError, match=r"^bo rejected this link at \d\d:\d\d\. Decide again\.$"):
        reviewer.commit(edits.accept(1), expected=seen)
    assert status(store, 1) == "rejected"
    reviewer.commit(edits.accept(1), expected=store.link(1).version)
    store.propose(1, 2, [], "use")
    with pytest.raises(ConflictError, match="link 2 was deleted"):
        reviewer.commit(edits.accept(2), expected=1)


def test_proposals_leave_decisions_alone(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.reject(2))
    found = [
        Proposal((1,), (7,), LinkKind.TRANSLATION, 0.9, 0.9),  # What is accepted, again.
        Proposal((1, 2), (7,), LinkKind.TRANSLATION, 0.9, 0.9),  # Against what is accepted.
        Proposal((2,), (8,), LinkKind.TRANSLATION, 0.9, 0.9),  # What is rejected, again.
        Proposal((1,), (12,), LinkKind.QUOTE, 0.9, 0.9),  # Another partner for an accepted sentence.
        Proposal((2,), (12,), LinkKind.QUOTE, 0.9, 0.9),  # Another one for a rejected sentence.
        Proposal((3,), (9,), LinkKind.TRANSLATION, 0.9, 0.95, 3, {"numbers": 1.0}),
    ]
    counts = store.propose(1, 2, found, "e5", languages=("ja", "en"))
    assert (counts.added, counts.removed, counts.reviewed) == (2, 3, 2)
    now = sides(store)
    assert now[3] == ((3,), (9,)), "the same sides keep their number"
    assert (store.link(3).confidence, store.link(3).encoder, store.signals(3)) == (0.95, "e5", {"numbers": 1.0})
    assert set(now.values()) == {((1,), (7,)), ((2,), (8,)), ((3,), (9,)), ((2,), (12,))}
    with pytest.raises(KeyError, match="999"):
        store.propose(1, 2, [Proposal((999,), (7,), LinkKind.TRANSLATION, 0, 0)], "use")
    assert store.check() == []


def test_runs_of_other_languages_are_left_alone(store: Store) -> None:
    page = store.add_document(make_document("page", ["A.", "B."], "zh-Hant")).document
    rows = store.sentences(page)
    store.propose(page, 2, [Proposal((rows[0].id,), (7,), LinkKind.TRANSLATION, 0, 0.5)], "use", languages=("zh", "en"))
    store.propose(page, 2, [], "use", languages=("ja", "en"))
    assert store.count(LinkFilter(document=page)) == 1
    store.propose(page, 2, [], "use", languages=("zh", "en"))
    assert store.count(LinkFilter(document=page)) == 0


def test_the_story_of_a_link(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    bo = Reviewer(store, "bo")
    with bo.because("glossary 12"):
        bo.commit(edits.note(1, "sure?"))
    reviewer.commit(edits.edit_text(1, "tgt", "Mist."))
    reviewer.undo()
    told = [(event.decision.reviewer, event.words) for event in events_of(store, "1")]
    assert told == [
        ("ada", "undid: edited"),
        ("ada", "edited"),
        ("bo", "noted (glossary 12)"),
        ("ada", "accepted"),
        ("align", "proposed 6 links (use), removed 0"),
    ]
    assert "note: - -> sure?" in " ".join(lines_of(list(events_of(store, "1"))[2]))
    assert len(list(events_of(store, "ja.txt"))) == 5
    with pytest.raises(UsageError, match="no such document"):
        list(events_of(store, "other.txt"))


def test_the_browser_reads_what_the_reviewer_writes(store: Store, tmp_path: Path) -> None:
    with open_browser(tmp_path / "s.db") as browser, open_reviewer(tmp_path / "s.db", "ada") as reviewer:
        any_ = LinkFilter()
        assert browser.store.count(any_) == 6
        reviewer.commit(edits.accept(1))
        assert browser.store.next_undecided(None, any_) == 2
        assert browser.store.next_undecided(6, any_) == 2, "round to the start"
        assert browser.store.next_undecided(2, any_, max_confidence=0.6) == 3
        assert browser.store.next_undecided(3, any_, max_confidence=0.6) == 2
        assert browser.store.next_undecided(2, any_, max_confidence=0.1) is None
        assert browser.undecided(any_).links == 5
        assert browser.undecided(any_).expected_right == pytest.approx(0.55 + 0.6 + 0.65 + 0.7 + 0.75)
        assert [link.id for link in browser.at(2, 2, any_)] == [3, 4]
        assert [link.id for link in browser.at(0, 2, any_, "doubt")] == [2, 1], "its neighbours are doubtful too"
        assert browser.store.rank(4, any_) == 3
        assert browser.store.rank(99, any_) is None
        assert browser.link(99) is None
        before, after = browser.store.context(store.link(2).src, 3)
        assert ([row.text for row in before], [row.text for row in after]) == (JA[:1], JA[2:5])
        found = browser.store.links_of_sentences([1, 7, 2])
        assert {sentence: [link.id for link in links] for sentence, links in found.items()} == {1: [1], 7: [1], 2: [2]}
        (pair,) = browser.store.pairs()
        assert (pair.src_doc, pair.tgt_lang, pair.counts[Status.ACCEPTED]) == ("ja.txt", "en", 1)
        reviewer.remember("place", "4")
        reviewer.remember("place", "5")
        assert browser.store.recall("place") == "5"
        assert browser.store.recall("other") is None
        reviewer.record_audit("all", 20, 19, 0.76, 0.99)
        assert browser.store.audits()[0]["right"] == 19
        assert browser.store.decisions(link=1)[0].action == "accept"


def test_language_by_hand_reaches_links_and_counts(store: Store) -> None:
    store.set_language(2, "en-GB")
    assert store.count(LinkFilter(tgt_lang="en-GB")) == 6
    assert store.count(LinkFilter(tgt_lang="en")) == 6
    assert store.documents()[1].languages == {"en-GB": 6}
    assert store.check() == []


def test_backup_is_whole_and_never_overwrites(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "b.db")
    with open_store(tmp_path / "b.db") as copy:
        assert list(copy.links()) == list(store.links())
    with pytest.raises(UsageError, match="exists already"):
        store.backup(tmp_path / "b.db")
    with pytest.raises(UsageError, match="does not exist"):
        store.backup(tmp_path / "no" / "b.db")
    assert sorted(p.name for p in tmp_path.iterdir() if "part" in p.name) == []


def test_characters_that_no_file_can_hold(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.note(1, "a\ud800\0b"))
    reviewer.commit(edits.edit_text(2, "tgt", "We\ud800 climb up."))
    assert store.link(1).note == "a?b"
    assert store.link(2).tgt.text == "We climb up."
    added = store.add_document(make_document("bad\udcff\ud800.txt", ["Te\ud800xt\0."], "en"))
    assert store.text(added.document) == "Te\ud800xt\0.\n"
    assert store.add_document(make_document("bad\udcff\ud800.txt", ["Te\ud800xt\0."], "en")).outcome == "unchanged"
    Reviewer(store, "\ud800").commit(edits.accept(3))
    assert store.check() == []


def test_readers_see_one_moment_while_a_page_is_read_again(store: Store, tmp_path: Path) -> None:
    """Links and their sentences come from the same moment: a text that loses sentences meanwhile breaks no page."""
    go_on = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        try:
            with open_store(tmp_path / "s.db") as mine:
                while not go_on.is_set():
                    for link in [*mine.links(), *mine.at(0, 6)]:
                        assert link.src.text
        except BaseException as error:
            failures.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(15):
        store.add_document(make_document("ja.txt", [f"{number} {text}" for text in JA[number % 3 :]], "ja"))
        src, tgt = store.sentences(1), store.sentences(2)
        pairs = zip(src, tgt, strict=False)
        store.propose(1, 2, [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, 0.5) for a, b in pairs], "use")
    go_on.set()
    reader.join()
    assert failures == []


@pytest.mark.parametrize("text", [None, "the"])
@pytest.mark.parametrize("order", ["document", "doubt"])
def test_pages_are_the_list_however_they_are_turned(
    store: Store, tmp_path: Path, order: Order, text: str | None
) -> None:
    many = [f"Satz {n} über the fog." for n in range(300)]
    src = store.add_document(make_document("a.txt", many, "de")).document
    tgt = store.add_document(make_document("b.txt", many, "en")).document
    rows = list(zip(store.sentences(src), store.sentences(tgt), strict=True))
    links = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.1, n * 7 % 11 / 11) for n, (a, b) in enumerate(rows)]
    store.propose(src, tgt, links, "use")
    chosen = LinkFilter(text=text)
    whole = [link.id for link in store.links(chosen, order=order)]
    with open_browser(tmp_path / "s.db") as browser:
        for start in (0, 64, 128, 64, 0, 256, 192, 300, 250, 10):
            page = [link.id for link in browser.at(start, 64, chosen, order)]
            assert page == whole[start : start + 64]
        assert [link.id for link in browser.at(128, 64, chosen, order)] == whole[128:192]
        Reviewer(store, "ada").commit(edits.merge(whole[150], whole[151]))
        after = [link.id for link in store.links(chosen, order=order)]
        assert [link.id for link in browser.at(192, 64, chosen, order)] == after[192:256]
