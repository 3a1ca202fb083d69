"""Another text under a known name: what is refused, what is counted, and how text and links come back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from align.errors import ConflictError, TextLossError
from align.models import LinkKind, Proposal, Status
from align.reviewer import Reviewer
from align.store import Added, Store, TextChange, edits
from align.workspace.history import history
from tests.store.conftest import EN, JA, make_document

OTHER = ["別の話。", "何の関係もない。"]


def everything(store: Store) -> list[object]:
    """All of the links but the count of their changes, the sentences and cuts, and what is found in them."""
    columns = [row[1] for row in store.db.conn.execute("pragma table_info(links)") if row[1] != "version"]
    found: list[object] = store.db.conn.execute(f"select {', '.join(columns)} from links order by id").fetchall()
    for table in ("sentences", "cuts"):
        found += store.db.conn.execute(f"select * from {table} order by 1").fetchall()
    return [*found, store.text(1), store.blocks(1), [row.text for row in store.unlinked_with("別", 10)]]


def change(store: Store, texts: Sequence[str], who: str = "ada", *, replace: bool = True) -> TextChange | None:
    """Another text of the first document."""
    document = make_document("ja.txt", list(texts), "ja")
    return store.add_documents([document], reviewer=who, replace_settled=replace)[1]


def decide_all(reviewer: Reviewer) -> None:
    """Links of every sort: accepted, rejected, edited, with a note, split inside its sentences, an anchor, open."""
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.reject(2))
    reviewer.commit(edits.edit_text(3, "tgt", "We ford the river."))
    reviewer.commit(edits.note(3, "ford?"))
    made = reviewer.commit(edits.split(4, (0, 2), (0, 3))).link_ids[-1]
    reviewer.commit(edits.accept(4))
    reviewer.commit(edits.accept(made))
    reviewer.commit(edits.anchor(5))


@pytest.fixture
def many(store: Store) -> Store:
    """A store with a third and a fourth document of 300 sentences and accepted links."""
    src = store.add_document(make_document("a.txt", [f"Satz {n}." for n in range(300)], "de")).document
    tgt = store.add_document(make_document("b.txt", [f"Sentence {n}." for n in range(300)], "en")).document
    pairs = zip(store.sentences(src), store.sentences(tgt), strict=True)
    store.propose(src, tgt, [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.5, 0.9) for a, b in pairs], "use")
    Reviewer(store, "ada").accept_above(0.8)
    return store


@pytest.mark.parametrize(("kept", "refused"), [(280, False), (279, True), (100, True)])
def test_more_than_twenty_settled_links_are_not_taken_away(many: Store, kept: int, refused: bool) -> None:
    shorter = make_document("a.txt", [f"Satz {n}." for n in range(kept)], "de")
    before = everything(many), len(many.decisions())
    if refused:
        with pytest.raises(TextLossError, match=rf"a\.txt: .* {300 - kept} of 300 confirmed links .*--replace"):
            many.add_document(shorter, reviewer="ada")
        assert (everything(many), len(many.decisions())) == before
    else:
        _, counts = many.add_documents([shorter], reviewer="ada")
        assert counts == TextChange(300, removed=20)
        assert counts.summary_lines() == [
            "20 of 300 confirmed links lost their text (20 removed, 0 to be decided again)"
        ]


@pytest.mark.parametrize(("settled", "refused"), [(6, True), (2, True), (0, False)])
def test_a_tenth_of_the_settled_links_is_not_taken_away(
    store: Store, reviewer: Reviewer, settled: int, refused: bool
) -> None:
    """Rejected links count: what was rejected must not come up again."""
    for link in range(1, settled + 1):
        reviewer.commit(edits.reject(link))
    text = [f"{JA[0][:-1]}か。", *JA[1:]]
    if refused:
        with pytest.raises(TextLossError, match=f"1 of {settled} confirmed"):
            change(store, text, replace=False)
    else:
        assert change(store, text, replace=False) == TextChange(0)


def test_one_undo_brings_text_and_links_back(store: Store, reviewer: Reviewer) -> None:
    decide_all(reviewer)
    before = everything(store)
    assert change(store, OTHER) == TextChange(6, removed=6, proposals=1)
    changed = everything(store)
    assert store.check() == []
    assert reviewer.undo().summary == "undo: new text of ja.txt"
    assert everything(store) == before
    assert store.check() == []
    reviewer.redo()
    assert everything(store) == changed
    reviewer.undo()
    assert everything(store) == before
    reviewer.undo()
    assert not store.db.conn.execute("select anchored from links where id = 5").fetchone()[0]
    assert store.rebuild() == 7
    assert store.check() == []


def test_another_reviewer_undoes_another_decision(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    Reviewer(store, "bo").commit(edits.accept(2))
    change(store, OTHER, "bo")
    with pytest.raises(ConflictError, match=r"link 1 was deleted, bo added ja\.txt with another text"):
        reviewer.undo()
    Reviewer(store, "bo").undo()
    assert store.link(1).status is Status.ACCEPTED
    reviewer.undo()
    assert store.link(1).status is Status.PROPOSED


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("through", [[OTHER], [OTHER, JA[2:4], OTHER[1:]], [[*OTHER, *JA[::-1]], [JA[0], JA[0]]]])
def test_the_old_text_brings_its_links_back(
    store: Store, reviewer: Reviewer, through: list[list[str]], compacted: bool
) -> None:
    decide_all(reviewer)
    before = everything(store)
    for texts in through:
        change(store, texts, "bo")
        assert store.check() == []
    if compacted:
        store.compact()
    counts = change(store, JA, "cy", replace=False)
    assert counts is not None
    assert counts.affected == 0
    now = everything(store)
    # Cuts are of another decision now.
    assert [row[:5] if isinstance(row, tuple) else row for row in now] == [
        row[:5] if isinstance(row, tuple) else row for row in before
    ]
    assert store.check() == []


def test_part_of_the_old_text_brings_its_own_links_back(store: Store, reviewer: Reviewer) -> None:
    decide_all(reviewer)
    change(store, OTHER)
    counts = change(store, ["前書き。", *JA[:2], "続き。"])
    assert counts == TextChange(0, restored=2)
    assert {link.id: link.status.value for link in store.links()} == {1: "accepted", 2: "rejected"}
    assert store.check() == []


def test_what_was_decided_since_stands_when_the_old_text_returns(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reworded = [f"{JA[0][:-1]}か。", *JA[1:]]
    change(store, reworded)
    assert store.link(1).attention == "changed"
    bo = Reviewer(store, "bo")
    bo.commit(edits.reject(1))
    with pytest.raises(TextLossError):
        change(store, JA, replace=False)
    change(store, JA)
    assert (store.link(1).status, store.link(1).attention) == (Status.PROPOSED, "changed")
    change(store, reworded)
    assert (store.link(1).status, store.link(1).reviewer) == (Status.REJECTED, "bo")


def test_a_link_does_not_return_where_its_other_side_is_another(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    change(store, JA[1:])
    store.add_document(make_document("en.txt", ["No fog.", *EN[1:]], "en"), reviewer="ada", replace_settled=True)
    change(store, JA)
    assert 1 not in {link.id for link in store.links()}
    counts = store.add_documents([make_document("en.txt", EN, "en")], reviewer="ada")[1]
    assert counts == TextChange(0, restored=1)
    assert store.link(1).status is Status.ACCEPTED
    assert store.check() == []


def test_a_half_that_was_cut_since_goes_with_a_link_that_returns(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(3))
    change(store, [*JA[:2], *JA[3:]])
    there = store.sentences(2)[2].id
    reviewer.commit(edits.cut(there, 8))
    change(store, JA)
    assert store.link(3).tgt.text == EN[2]
    assert len(store.link(3).tgt.sentences) == 2
    assert store.check() == []


def test_undo_over_what_another_decided_on_the_new_text_is_passed_over(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.bookmark(6))
    change(store, OTHER)
    bo = Reviewer(store, "bo")
    bo.commit(edits.link_by_hand([store.sentences(1)[0].id], [store.sentences(2)[0].id]))
    with pytest.raises(ConflictError, match="bo decided on link 7"):
        reviewer.undo()
    reviewer.commit(edits.accept(7))
    done = reviewer.undo()  # That one first.
    assert done.link_ids == (7,)
    bo.undo()
    assert reviewer.undo().summary == "undo: new text of ja.txt"
    assert store.check() == []


def test_an_undo_that_cannot_be_is_passed_over_with_a_reason_and_said_once(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    reviewer.commit(edits.accept(2))
    reviewer.commit(edits.accept(3))
    Reviewer(store, "bo").commit(edits.reject(3))
    done = reviewer.undo()
    assert done.link_ids == (2,)
    assert "Skipped: cannot undo 'accept': link 3 changed since (status, by bo)" in done.summary
    assert "link 3 changed since" in next(iter(history(store))).words
    assert reviewer.undo().summary == "undo: accept"
    with pytest.raises(ConflictError, match=r"nothing to undo .*link 3 changed since"):
        reviewer.undo()
    assert reviewer.redo().link_ids == (1,)
    Reviewer(store, "bo").undo()
    assert [reviewer.undo().link_ids, reviewer.undo().link_ids] == [(1,), (3,)]


def test_undo_says_what_was_compacted_away(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.bookmark(1))
    store.add_document(make_document("de.txt", ["Nebel steigt."], "de"))
    made = reviewer.commit(edits.link_by_hand([1], [store.sentences(3)[0].id])).link_ids[-1]
    reviewer.remove_document(3)
    store.compact()
    done = reviewer.undo()
    assert done.summary.startswith("undo: bookmark. Skipped: 'remove' of de.txt: it was compacted away")
    assert made not in {link.id for link in store.links()}
    with pytest.raises(ConflictError, match="nothing to undo"):
        reviewer.undo()
    assert "1 removed document" in [event.words for event in history(store)][1]
    assert store.check() == []


def test_the_language_set_with_a_new_text_goes_with_it(store: Store, reviewer: Reviewer) -> None:
    store.add_document(make_document("ja.txt", OTHER, "ja"), reviewer="ada", lang="zh-Hant")
    assert store.languages_of(1) == {"zh-Hant": 2}
    reviewer.undo()
    assert store.languages_of(1) == {"ja": 6}
    reviewer.redo()
    store.set_language(1, "ko")  # By itself, and since: it stays.
    reviewer.undo()
    assert store.languages_of(1) == {"ko": 6}
    assert store.check() == []


def test_a_damaged_earlier_text_is_said_and_in_nobodys_way(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    change(store, OTHER)
    store.db.conn.execute("update revisions set content = x'0011'")
    assert any("ja.txt: its text from before decision" in str(finding) for finding in store.check())
    with pytest.raises(ConflictError, match="damaged"):
        reviewer.undo()


def test_adding_says_what_became_of_a_document(store: Store) -> None:
    assert store.add_document(make_document("ja.txt", JA, "ja")) == Added(1, "unchanged")
