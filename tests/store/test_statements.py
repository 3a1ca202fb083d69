"""Statements: decisions of the log with undo, redo, merging of copies and new texts, derived on every read."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.errors import ConflictError, UsageError
from align.models import Role
from align.readers import read
from align.reviewer import Reviewer, open_reviewer
from align.store import open_store
from align.store.statements import RoleChange, Statement, new_uid
from align.workspace.history import history

ONE = "The ministers met in Tokyo on Saturday. They will meet again next year."
OTHER = "Die Minister trafen sich am Samstag in Tokio. Der Handel wuchs."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two documents."""
    path = tmp_path / "one.db"
    with open_store(path) as store:
        store.add_document(read("one.txt", ONE.encode(), lang="en"))
        store.add_document(read("other.txt", OTHER.encode(), lang="de"))
    return path


def says(document: str, text: str, role: Role | None = Role.FULL, lang: str = "en") -> RoleChange:
    return RoleChange(document, text, lang, role)


def only(reviewer: Reviewer) -> Statement:
    (statement,) = reviewer.store.statements().values()
    return statement


MET, TRAFEN = "The ministers met in Tokyo on Saturday.", "Die Minister trafen sich am Samstag in Tokio."


def test_a_statement_is_decided_undone_and_redone(path: Path) -> None:
    with open_reviewer(path, "a") as reviewer:
        uid = new_uid()
        assert reviewer.decide_statement(uid, [says("one.txt", MET)])
        assert reviewer.decide_statement(uid, [says("one.txt", MET)]) is None, "nothing changed"
        assert reviewer.decide_statement(uid, [says("other.txt", TRAFEN, Role.PARTIAL, "de")], label="They met")
        statement = only(reviewer)
        assert statement.label == "They met"
        assert [(m.document, m.role, m.reviewer) for m in statement.members] == [
            ("one.txt", Role.FULL, "a"),
            ("other.txt", Role.PARTIAL, "a"),
        ]
        reviewer.undo()
        assert [m.document for m in only(reviewer).members] == ["one.txt"]
        assert only(reviewer).label == MET, "the shortest passage"
        reviewer.undo()
        assert not reviewer.store.statements()
        reviewer.redo()
        reviewer.redo()
        assert only(reviewer) == statement or only(reviewer).label == "They met"
        words = [event.words for event in history(reviewer.store)]
        assert any("one.txt: says" in line for line in words)
        assert any(line.startswith("undid") for line in words)


def test_an_undo_that_would_take_back_another_decision_is_refused(path: Path) -> None:
    uid = new_uid()
    with open_reviewer(path, "a") as mine, open_reviewer(path, "b") as hers:
        mine.decide_statement(uid, [says("one.txt", MET)])
        hers.decide_statement(uid, [says("one.txt", MET, Role.CONTRADICTS)])
        with pytest.raises(ConflictError, match="changed since"):
            mine.undo()
        assert only(mine).members[0].role == Role.CONTRADICTS


def test_a_statement_of_an_unknown_document_is_refused(path: Path) -> None:
    with open_reviewer(path, "a") as reviewer, pytest.raises(UsageError, match="no such document"):
        reviewer.decide_statement(new_uid(), [says("none.txt", MET)])


def test_copies_merge_their_statements_in_either_direction(path: Path, tmp_path: Path) -> None:
    uid, other = new_uid(), tmp_path / "two.db"
    with open_reviewer(path, "a") as reviewer:
        reviewer.decide_statement(uid, [says("one.txt", MET)])
        reviewer.store.backup(other)
        reviewer.decide_statement(uid, [says("other.txt", TRAFEN, lang="de")])
        reviewer.decide_statement(uid, [says("one.txt", MET, Role.DOUBTFUL)])
    with open_reviewer(other, "b") as reviewer:
        reviewer.decide_statement(uid, [says("one.txt", MET, Role.CONTRADICTS)])
        reviewer.decide_statement(new_uid(), [says("one.txt", "They will meet again next year.")])
    with open_store(path) as here, open_store(other) as there:
        here.unite(other)
        there.unite(path)
        ours, theirs = here.statements(), there.statements()
        assert ours.keys() == theirs.keys()
        for key, statement in ours.items():
            assert statement == theirs[key]
        members = {member.document: member for member in ours[uid].members}
        assert members["other.txt"].role == Role.FULL
        assert set(members["one.txt"].contested) == {Role.DOUBTFUL, Role.CONTRADICTS}, "neither is lost"
        assert not here.check()
        assert not there.check()
    with open_reviewer(path, "a") as reviewer:
        role = {member.document: member for member in reviewer.store.statements()[uid].members}["one.txt"].role
        reviewer.decide_statement(uid, [says("one.txt", MET, role)])
        members = {member.document: member for member in reviewer.store.statements()[uid].members}
        assert not members["one.txt"].contested, "a decision settles it, also for the role that it had"


def test_a_statement_survives_a_new_text_and_a_rebuild(path: Path) -> None:
    uid = new_uid()
    with open_reviewer(path, "a") as reviewer:
        reviewer.decide_statement(uid, [says("one.txt", MET)])
        reviewer.store.add_document(read("one.txt", f"A new headline.\n\n{ONE}".encode(), lang="en"))
        before = reviewer.store.statements()
        reviewer.store.rebuild()
        assert reviewer.store.statements() == before
        assert not reviewer.store.check()


def test_undo_of_a_contested_role_is_refused(path: Path, tmp_path: Path) -> None:
    uid, other = new_uid(), tmp_path / "two.db"
    with open_reviewer(path, "a") as reviewer:
        reviewer.decide_statement(uid, [says("other.txt", TRAFEN)])
        reviewer.store.backup(other)
        reviewer.decide_statement(uid, [says("one.txt", MET, Role.CONTRADICTS)])
    with open_reviewer(other, "b") as reviewer:
        reviewer.decide_statement(uid, [says("one.txt", MET, Role.PARTIAL)])
    with open_reviewer(path, "a") as reviewer:
        reviewer.store.unite(other)
        reviewer.undo()  # the decision before: the contested one is passed over with a reason
        assert [m.document for m in only(reviewer).members] == ["one.txt"]
        assert set(only(reviewer).members[0].contested) == {Role.CONTRADICTS, Role.PARTIAL}


def test_history_names_the_reason_and_finds_decisions_by_document(path: Path) -> None:
    with open_reviewer(path, "a") as reviewer:
        with reviewer.because("since it says so"):
            reviewer.decide_statement(new_uid(), [says("one.txt", MET)])
        one, other = (row.id for row in reviewer.store.documents())
        (event,) = history(reviewer.store, document=one)
        assert event.words.endswith("(since it says so)")
        assert not list(history(reviewer.store, document=other))
