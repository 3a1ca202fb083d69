"""What a file says otherwise than the store is kept for a reviewer, with both sides, until somebody chooses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from align.errors import ConflictError, UsageError
from align.exchange.export import export_store
from align.exchange.import_file import import_file
from align.exchange.types import ExportOptions
from align.models import LinkKind, Status
from align.reviewer import Reviewer
from align.store import Store, edits, open_store
from align.workspace.history import events_of
from align.workspace.merge_copies import conflict_line
from tests.exchange.conftest import fill

ALL = ExportOptions(statuses=frozenset(Status), kinds=frozenset(LinkKind))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six links; `file.tsv` has another text of link 5 than ada wrote meanwhile."""
    with open_store(tmp_path / "s.db") as opened:
        fill(opened)
        export_store(opened, tmp_path / "file.tsv", None, ALL)
        reword(tmp_path / "file.tsv", "Wind blows.", "The wind blows.")
        Reviewer(opened, "ada").commit(edits.edit_text(5, "tgt", "A wind blows."))
        yield opened


def reword(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8", newline="")


def bring(store: Store) -> None:
    assert import_file(store, store.path.with_name("file.tsv"), "bea").conflicts


def waiting(store: Store) -> list[tuple[int, dict[str, object], dict[str, object]]]:
    return [(conflict.link, conflict.ours, conflict.theirs) for conflict in store.conflicts()]


BOTH = [(5, {"tgt_text": "A wind blows."}, {"tgt_text": "The wind blows."})]


def test_both_sides_are_listed_and_the_story_has_them(store: Store) -> None:
    bring(store)
    assert waiting(store) == BOTH
    (conflict,) = store.conflicts(5)
    line = conflict_line(conflict)
    assert line.startswith("link 5: here tgt_text A wind blows.; bea in file.tsv (")
    assert "tgt_text The wind blows." in line
    event = next(events_of(store, "5"))
    assert event.words == "conflict found (from file.tsv)"
    assert event.decision.detail["theirs"] == {"tgt_text": "The wind blows."}
    assert store.check() == []


def test_the_same_file_again_says_nothing_new_and_another_wording_does(store: Store) -> None:
    bring(store)
    before = len(store.decisions())
    bring(store)
    assert (waiting(store), len(store.decisions())) == (BOTH, before)
    reword(store.path.with_name("file.tsv"), "The wind blows.", "Winds blow.")
    bring(store)
    assert [theirs["tgt_text"] for _, _, theirs in waiting(store)] == ["The wind blows.", "Winds blow."]
    Reviewer(store, "bea").undo()
    assert waiting(store) == BOTH
    Reviewer(store, "bea").redo()
    assert len(waiting(store)) == 2


def test_undo_takes_it_back_and_redo_brings_it(store: Store) -> None:
    bring(store)
    bea = Reviewer(store, "bea")
    bea.undo()
    assert (waiting(store), store.link(5).attention) == ([], None)
    bea.redo()
    assert (waiting(store), store.link(5).attention) == (BOTH, "conflict")
    store.rebuild()
    assert waiting(store) == BOTH


def test_it_is_dismissed_and_that_can_be_taken_back(store: Store) -> None:
    bring(store)
    ada = Reviewer(store, "ada")
    ada.dismiss(5)
    assert (waiting(store), store.link(5).attention) == ([], None)
    with pytest.raises(UsageError, match="link 5 has no conflict"):
        ada.dismiss(5)
    with pytest.raises(ConflictError, match="changed since"):
        Reviewer(store, "bea").undo()
    ada.undo()
    assert waiting(store) == BOTH
    ada.redo()
    assert waiting(store) == []
    bring(store)
    assert waiting(store) == BOTH, "whoever brings the file again asks again, and what was settled stays settled"


def test_a_decision_settles_it(store: Store) -> None:
    bring(store)
    Reviewer(store, "ada").commit(edits.accept(5))
    assert waiting(store) == []
    bring(store)
    assert waiting(store) == BOTH


def test_all_that_differs_of_a_link_is_one_conflict(store: Store) -> None:
    path = store.path.with_name("file.tsv")
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    names, cells = head.split("\t"), lines[5].split("\t")
    cells[names.index("status")], cells[names.index("note")] = "rejected", "wrong"
    path.write_text("\n".join([head, *lines[:5], "\t".join(cells)]) + "\n", encoding="utf-8")
    ada = Reviewer(store, "ada")
    ada.commit(edits.accept(6))
    ada.commit(edits.note(6, "right"))
    bring(store)
    assert waiting(store)[1:] == [(6, {"status": "accepted", "note": "right"}, {"status": "rejected", "note": "wrong"})]


def test_another_copy_takes_it_over_and_what_it_decided_on_the_link_comes_in(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    with open_store(tmp_path / "copy.db") as copy:
        Reviewer(copy, "bo").commit(edits.note(5, "gusty"))
        bring(store)
        assert store.unite(copy.path).conflicts == 0
        assert (store.link(5).note, waiting(store)) == ("gusty", BOTH)
        copy.unite(store.path)
        assert (copy.link(5).attention, waiting(copy)) == ("conflict", BOTH)
        Reviewer(store, "bea").undo()
        copy.unite(store.path)
        assert (copy.link(5).attention, waiting(copy)) == (None, [])
        assert copy.check() == store.check() == []


def test_what_cannot_be_written_as_utf_8_is_kept_as_well_as_it_can_be(store: Store) -> None:
    Reviewer(store, "bea").contest(1, "\udcff.tsv", {"note": ""}, {"note": "\udc80"})
    ((_, _, theirs),) = waiting(store)
    assert str(theirs["note"]).encode()
