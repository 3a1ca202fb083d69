"""Decisions on what another copy took away and brought back, cut and made whole: in force or in conflict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from align.domain import LinkKind
from align.jobs.decide import Desk
from align.store import Store, open_store
from tests.store.conftest import JA, make_document

Step = Callable[[Desk], object]


def read(texts: list[str]) -> Step:
    """Add the source document with these sentences."""
    return lambda desk: desk.store.add_document(
        make_document("ja.txt", texts, "ja"), reviewer=desk.reviewer, replace_settled=True
    )


def undo(desk: Desk) -> object:
    return desk.undo()


def redo(desk: Desk) -> object:
    return desk.redo()


def cut(desk: Desk) -> object:
    return desk.cut(1, 2)


def remove(desk: Desk) -> object:
    return desk.remove_document(1)


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
    "unlinked and undone": [lambda desk: desk.unlink(1), undo],
    "split and undone": [lambda desk: desk.split(1, (0, 2), (0, 2)), undo],
}
DECISIONS: dict[str, Step] = {
    "accept": lambda desk: desk.accept(1),
    "reject": lambda desk: desk.reject(1),
    "edit": lambda desk: desk.edit(1, "src", "made up"),
    "note": lambda desk: desk.note(1, "hm"),
    "kind": lambda desk: desk.set_kind(1, LinkKind.QUOTE),
    "merge": lambda desk: desk.merge(1, 2),
    "split": lambda desk: desk.split(1, (0, 3), (0, 3)),
    "link": lambda desk: desk.relink([1], [9]),
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
    DECISIONS[decision](Desk(store, "ada"))
    after = decided(store)
    with open_store(tmp_path / "copy.db") as copy:
        copy.db.execute("pragma synchronous = off")
        for step in RETURNS[name]:
            step(Desk(copy, "bo"))
        copy.unite(store.path)
        store.unite(copy.path)
        assert decided(store) == decided(copy)
        assert copy.check() == []
    assert store.check() == []
    assert after - before <= decided(store) or store.conflicts()


def test_a_link_on_a_half_and_an_undo_of_its_cut_are_in_conflict(store: Store, tmp_path: Path) -> None:
    rest = Desk(store, "ada").cut(1, 2)
    assert rest
    store.backup(tmp_path / "copy.db")
    Desk(store, "ada").relink([1], [7], link=1)
    drawn = store.link(1).src.text
    with open_store(tmp_path / "copy.db") as copy:
        Desk(copy, "ada").undo()
        store.unite(copy.path)
        copy.unite(store.path)
        assert decided(store) == decided(copy)
    (conflict,) = store.conflicts()
    assert drawn in (conflict.ours | conflict.theirs).values() or drawn == store.link(1).src.text


def test_two_cuts_of_one_sentence_are_a_listed_conflict(store: Store, tmp_path: Path) -> None:
    store.backup(tmp_path / "copy.db")
    Desk(store, "ada").cut(1, 2)
    with open_store(tmp_path / "copy.db") as copy:
        Desk(copy, "bo").cut(1, 3)
        assert store.unite(copy.path).conflicts == 1
        copy.unite(store.path)
        assert [(c.link, c.ours, c.theirs) for c in store.conflicts()] == [
            (1, {"cut": "at character 2"}, {"cut": "at character 3"})
        ]
        Desk(store, "ada").accept(1)
        assert store.conflicts() == []
        copy.unite(store.path)
        assert copy.conflicts() == []


def test_two_cuts_of_a_sentence_without_a_link_are_reported(store: Store, tmp_path: Path) -> None:
    store.add_document(make_document("x.txt", ["eins zwei drei"], "de"))
    sentence = store.sentences(3)[0].id
    store.backup(tmp_path / "copy.db")
    Desk(store, "ada").cut(sentence, 4)
    with open_store(tmp_path / "copy.db") as copy:
        Desk(copy, "bo").cut(sentence, 9)
        united = store.unite(copy.path)
    assert united.conflicts == 0
    assert "stay whole" in united.lines("copy.db")[-1]
