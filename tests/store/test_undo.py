"""Decisions are taken back and brought back: one, many together, after a restart, and not over another's head."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.models import LinkKind, Proposal, Realignment, Status
from align.reviewer import Reviewer, open_reviewer
from align.store import LinkFilter, Store, edits
from tests.store.conftest import sides, status


def test_a_shape_can_be_undone_after_a_new_run(store: Store, reviewer: Reviewer) -> None:
    ripple = Realignment((store.link(3),), (Proposal((3,), (10,), LinkKind.PARTIAL, 0.2, 0.3),), "use")
    reviewer.commit(edits.merge(1, 2), realignment=ripple)
    reviewer.commit(edits.link_by_hand([5], [11]))
    again = [Proposal((n,), (6 + n,), LinkKind.TRANSLATION, 0.5, 0.5) for n in range(3, 7)]
    store.propose(1, 2, again, "use")
    reviewer.undo()
    reviewer.undo()
    wanted = sorted([((n,), (6 + n,)) for n in (1, 2, 3, 4, 6)])
    assert sorted(set(sides(store).values()) - {((5,), (11,))}) == wanted
    assert len(set(sides(store).values())) == len(sides(store)), "nothing stands twice"
    assert store.check() == []


def test_many_at_once_and_back(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.reject(6))
    change = reviewer.accept_above(0.6)
    assert change.link_ids == (3, 4, 5)
    reviewer.accept_through(2)
    assert [status(store, n) for n in range(1, 7)] == ["accepted"] * 5 + ["rejected"]
    reviewer.undo()
    reviewer.undo()
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["rejected"]
    with pytest.raises(UsageError, match="between 0 and 1"):
        reviewer.accept_above(1.5)
    before = len(store.decisions())
    with pytest.raises(EmptyDecisionError, match="nothing to accept"):
        reviewer.accept_above(0.0, LinkFilter(src_lang="zh"))
    assert len(store.decisions()) == before, "what changes nothing is no decision"


def test_what_was_decided_together_is_taken_back_together(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(6))
    with reviewer.batch():
        reviewer.commit(edits.note(1, "read"))
        reviewer.commit(edits.accept(1))
        reviewer.commit(edits.reject(2))
        reviewer.accept_through(4)
    reviewer.commit(edits.reject(5))
    after = ["accepted", "rejected", "accepted", "accepted", "rejected", "accepted"]
    assert [status(store, n) for n in range(1, 7)] == after
    reviewer.undo()
    assert reviewer.undo().link_ids == (3, 4, 2, 1)
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["accepted"]
    assert store.link(1).note is None
    reviewer.redo()
    assert store.link(1).note == "read"
    reviewer.redo()
    assert [status(store, n) for n in range(1, 7)] == after
    reviewer.undo()
    reviewer.undo()
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["accepted"]
    reviewer.undo()
    with pytest.raises(ConflictError, match="nothing to undo"):
        reviewer.undo()
    assert store.check() == []


def test_what_was_decided_together_is_taken_back_whole_or_not_at_all(store: Store, reviewer: Reviewer) -> None:
    with reviewer.batch():
        reviewer.commit(edits.accept(1))
        reviewer.commit(edits.accept(2))
    Reviewer(store, "bo").commit(edits.reject(1))
    with pytest.raises(ConflictError, match="link 1 changed since"):
        reviewer.undo()
    assert status(store, 2) == "accepted"


def test_undo_and_redo_survive_a_restart_and_know_whose_they_are(store: Store, tmp_path: Path) -> None:
    with open_reviewer(tmp_path / "s.db", "ada") as ada, open_reviewer(tmp_path / "s.db", "bo") as bo:
        for link in range(1, 7):
            (ada if link % 2 else bo).commit(edits.accept(link))
    for expected in (5, 3, 1):
        with open_reviewer(tmp_path / "s.db", "ada") as ada:
            assert ada.undo().link_ids == (expected,)
    with open_reviewer(tmp_path / "s.db", "ada") as ada:
        with pytest.raises(ConflictError, match="nothing to undo"):
            ada.undo()
        assert ada.redo().link_ids == (1,)
        ada.commit(edits.note(2, "new"))
        with pytest.raises(ConflictError, match="nothing to redo"):
            ada.redo()
    assert [status(store, n) for n in range(1, 7)] == [
        "accepted",
        "accepted",
        "proposed",
        "accepted",
        "proposed",
        "accepted",
    ]


def test_undo_of_what_another_changed_is_refused(store: Store, reviewer: Reviewer) -> None:
    reviewer.commit(edits.accept(1))
    Reviewer(store, "bo").commit(edits.reject(1))
    with pytest.raises(ConflictError, match=r"link 1 changed since \(status, by bo\)"):
        reviewer.undo()
    assert status(store, 1) == "rejected"


def test_a_batch_is_all_or_nothing(store: Store, reviewer: Reviewer) -> None:
    def fails() -> None:
        with reviewer.batch():
            reviewer.commit(edits.accept(1))
            reviewer.commit(edits.reject(2))
            reviewer.commit(edits.accept(99))

    with pytest.raises(ConflictError):
        fails()
    assert {link.status for link in store.links()} == {Status.PROPOSED}
    assert len(store.decisions()) == 1
    with reviewer.batch():
        reviewer.commit(edits.accept(1))
        reviewer.commit(edits.reject(2))
    assert len(store.decisions()) == 3
