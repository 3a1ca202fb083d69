"""Decisions are taken back and brought back: one, many together, after a restart, and not over another's head."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.domain import LinkKind, Proposal, Status
from align.errors import ConflictError, EmptyDecisionError, UsageError
from align.jobs.decide import Desk, open_desk
from align.jobs.resolve import Ripple
from align.store import LinkFilter, Store
from tests.store.conftest import sides, status


def test_a_shape_can_be_undone_after_a_new_run(store: Store, desk: Desk) -> None:
    ripple = Ripple((store.link(3),), (Proposal((3,), (10,), LinkKind.PARTIAL, 0.2, 0.3),), "use")
    desk.merge(1, 2, ripple=ripple)
    desk.relink([5], [11])
    again = [Proposal((n,), (6 + n,), LinkKind.TRANSLATION, 0.5, 0.5) for n in range(3, 7)]
    store.propose(1, 2, again, "use")
    desk.undo()
    desk.undo()
    wanted = sorted([((n,), (6 + n,)) for n in (1, 2, 3, 4, 6)])
    assert sorted(set(sides(store).values()) - {((5,), (11,))}) == wanted
    assert len(set(sides(store).values())) == len(sides(store)), "nothing stands twice"
    assert store.check() == []


def test_many_at_once_and_back(store: Store, desk: Desk) -> None:
    desk.reject(6)
    change = desk.accept_above(0.6)
    assert change.link_ids == (3, 4, 5)
    desk.accept_through(2)
    assert [status(store, n) for n in range(1, 7)] == ["accepted"] * 5 + ["rejected"]
    desk.undo()
    desk.undo()
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["rejected"]
    with pytest.raises(UsageError, match="between 0 and 1"):
        desk.accept_above(1.5)
    before = len(store.decisions())
    with pytest.raises(EmptyDecisionError, match="nothing to accept"):
        desk.accept_above(0.0, LinkFilter(src_lang="zh"))
    assert len(store.decisions()) == before, "what changes nothing is no decision"


def test_what_was_decided_together_is_taken_back_together(store: Store, desk: Desk) -> None:
    desk.accept(6)
    with desk.batch():
        desk.note(1, "read")
        desk.accept(1)
        desk.reject(2)
        desk.accept_through(4)
    desk.reject(5)
    after = ["accepted", "rejected", "accepted", "accepted", "rejected", "accepted"]
    assert [status(store, n) for n in range(1, 7)] == after
    desk.undo()
    assert desk.undo().link_ids == (3, 4, 2, 1)
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["accepted"]
    assert store.link(1).note is None
    desk.redo()
    assert store.link(1).note == "read"
    desk.redo()
    assert [status(store, n) for n in range(1, 7)] == after
    desk.undo()
    desk.undo()
    assert [status(store, n) for n in range(1, 7)] == ["proposed"] * 5 + ["accepted"]
    desk.undo()
    with pytest.raises(ConflictError, match="nothing to undo"):
        desk.undo()
    assert store.check() == []


def test_what_was_decided_together_is_taken_back_whole_or_not_at_all(store: Store, desk: Desk) -> None:
    with desk.batch():
        desk.accept(1)
        desk.accept(2)
    Desk(store, "bo").reject(1)
    with pytest.raises(ConflictError, match="link 1 changed since"):
        desk.undo()
    assert status(store, 2) == "accepted"


def test_undo_and_redo_survive_a_restart_and_know_whose_they_are(store: Store, tmp_path: Path) -> None:
    with open_desk(tmp_path / "s.db", "ada") as ada, open_desk(tmp_path / "s.db", "bo") as bo:
        for link in range(1, 7):
            (ada if link % 2 else bo).accept(link)
    for expected in (5, 3, 1):
        with open_desk(tmp_path / "s.db", "ada") as ada:
            assert ada.undo().link_ids == (expected,)
    with open_desk(tmp_path / "s.db", "ada") as ada:
        with pytest.raises(ConflictError, match="nothing to undo"):
            ada.undo()
        assert ada.redo().link_ids == (1,)
        ada.note(2, "new")
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


def test_undo_of_what_another_changed_is_refused(store: Store, desk: Desk) -> None:
    desk.accept(1)
    Desk(store, "bo").reject(1)
    with pytest.raises(ConflictError, match=r"link 1 changed since \(status, by bo\)"):
        desk.undo()
    assert status(store, 1) == "rejected"


def test_a_batch_is_all_or_nothing(store: Store, desk: Desk) -> None:
    def fails() -> None:
        with desk.batch():
            desk.accept(1)
            desk.reject(2)
            desk.accept(99)

    with pytest.raises(ConflictError):
        fails()
    assert {link.status for link in store.links()} == {Status.PROPOSED}
    assert len(store.decisions()) == 1
    with desk.batch():
        desk.accept(1)
        desk.reject(2)
    assert len(store.decisions()) == 3
