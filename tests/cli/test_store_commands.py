"""`align store`, `align history`, `align search`: what they print, and how they end."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from align.aligner.link_confidence import FEATURE_NAMES
from align.cli import cli
from align.errors import AlignError, StoreError
from align.reviewer import open_reviewer
from align.store import accept_many, decision_draft, decision_log, edits, open_store
from align.workspace.realign import SIGNAL_MEANINGS
from tests.store.conftest import fill


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "s.db"
    with open_store(path) as store:
        fill(store)
    monkeypatch.setenv("ALIGN_DB", str(path))
    monkeypatch.setenv("ALIGN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ALIGN_REVIEWER", "ada")
    return path


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, list(arguments), input=stdin)


def test_check_of_a_sound_and_a_broken_store(db: Path) -> None:
    result = run("store", "check")
    assert (result.exit_code, result.stdout) == (0, "")
    with sqlite3.connect(db) as conn:
        conn.execute("update links set status = 'accepted' where id = 2")
    conn.close()
    result = run("store", "check")
    assert result.exit_code == 1
    assert "1 link not as in the log: 2. `align store rebuild` repairs it." in result.stdout
    assert run("store", "rebuild").exit_code == 0
    assert run("store", "check").exit_code == 0


def test_an_emptied_file_is_no_sound_store(db: Path) -> None:
    db.write_bytes(b"")
    for command in (["store", "check"], ["documents"], ["export", "-"]):
        result = run(*command)
        assert result.exit_code == 1
        assert "empty, there is no store in it" in str(result.exception)
        assert "align store restore BACKUP" in str(result.exception)
    assert db.stat().st_size == 0
    log = db.with_name(db.name + "-wal")
    log.write_bytes(b"decisions")
    with pytest.raises(StoreError, match="the log next to it"):
        open_store(db)
    assert log.read_bytes() == b"decisions"


def test_check_sees_a_span_outside_its_document(db: Path) -> None:
    with sqlite3.connect(db) as conn:
        conn.execute('update sentences set "end" = 9999 where id = 3')
    conn.close()
    result = run("store", "check")
    assert result.exit_code == 1
    assert "sentence 3 [12, 9999) lies outside its block" in result.stdout


def test_backup_refuses_to_overwrite(db: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.db"
    assert run("store", "backup", str(out)).exit_code == 0
    again = run("store", "backup", str(out))
    assert isinstance(again.exception, AlignError)
    assert again.exception.exit_code == 2
    assert run("store", "backup", str(out), "--force").exit_code == 0
    itself = run("store", "backup", str(db), "--force")
    assert isinstance(itself.exception, AlignError)
    assert "is the store itself" in str(itself.exception)


def test_remove_asks_and_can_be_taken_back(db: Path) -> None:
    refused = run("store", "remove", "en.txt", stdin="n\n")
    assert refused.exit_code == 1
    assert "Nothing was removed." in refused.stderr
    for command in (("remove", "en.txt"), ("compact",)):
        nobody = run("store", *command, stdin="")
        assert isinstance(nobody.exception, AlignError)
        assert "--yes" in str(nobody.exception)
        assert nobody.exception.exit_code == 1
    assert len(run("documents", "--json").stdout.splitlines()) == 2
    assert run("store", "remove", "en.txt", "--yes").exit_code == 0
    assert len(run("documents", "--json").stdout.splitlines()) == 1
    assert run("store", "undo").exit_code == 0
    assert len(run("documents", "--json").stdout.splitlines()) == 2
    assert run("store", "undo", "--redo").exit_code == 0
    sizes = json.loads(run("store", "compact", "--yes", "--json").stdout)
    assert sizes["documents"] == 1
    assert isinstance(run("store", "remove", "en.txt", "--yes").exception, AlignError)


def test_merge_lists_conflicts(db: Path, tmp_path: Path) -> None:
    other = tmp_path / "bo.db"
    run("store", "backup", str(other))
    with open_reviewer(db, "ada") as ada, open_reviewer(other, "bo") as bo:
        ada.commit(edits.accept(1))
        bo.commit(edits.reject(1))
        bo.commit(edits.accept(2))
    result = run("store", "merge", str(other), "--json")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    assert json.loads(line)["theirs"] == {"status": "rejected"}
    assert "1 decision taken in, on 1 link; 0 of the links had been decided alike." in result.stderr
    listed = run("store", "conflicts")
    assert "link 1: ada status accepted; bo in bo.db" in listed.stdout
    assert "--take LINK:2" in listed.stderr
    exported = run("export", str(tmp_path / "out.tmx"))
    assert "1 link waits for a decision on a conflict" in exported.stderr
    same = run("store", "merge", str(db))
    assert isinstance(same.exception, AlignError)
    assert "is the store itself" in str(same.exception)


def test_the_counts_of_a_merge_agree_and_both_reviewers_are_credited(db: Path, tmp_path: Path) -> None:
    other = tmp_path / "bo.db"
    run("store", "backup", str(other))
    assert run("accept", "--min-confidence", "0", "--reviewer", "ada").exit_code == 0
    with open_reviewer(other, "bo") as bo:
        for link in (1, 2):
            bo.commit(edits.accept(link))
    counts = "2 decisions taken in, on 2 links; 2 of the links had been decided alike"
    assert counts in run("store", "merge", str(other)).stderr
    assert counts in run("history", "--limit", "1").stdout
    with open_reviewer(db, "ada") as reviewer:
        total = reviewer.store.count()
        by = Counter(link.reviewer for link in reviewer.store.links())
    stats = run("stats").stdout
    loser = min(by, key=by.__getitem__) if len(by) > 1 else "bo"
    assert f"{by[loser]} accepted, 0 edited, 0 rejected" in stats
    assert sum(by.values()) == total
    assert stats.count("2 more links decided later or alike by another") == 1


def test_a_side_of_a_conflict_is_taken(db: Path, tmp_path: Path) -> None:
    other = tmp_path / "bo.db"
    run("store", "backup", str(other))
    with open_reviewer(db, "ada") as ada, open_reviewer(other, "bo") as bo:
        ada.commit(edits.accept(1))
        bo.commit(edits.edit_text(1, "tgt", "Fog is rising."))
        ada.commit(edits.accept(2))
        bo.commit(edits.merge(2, 3))
    run("store", "merge", str(other))
    for wrong, words in (("1:3", "has 2 sides"), ("2:2", "changes the sentences of links"), ("6:1", "no conflict")):
        assert words in str(run("store", "conflicts", "--take", wrong).exception)
    assert "not of the form 17:2" in run("store", "conflicts", "--take", "1").stderr
    taken = run("store", "conflicts", "--take", "1:2", "--take", "2:1", "--reviewer", "cy")
    assert taken.exit_code == 0
    assert "link 1: status edited, tgt_text Fog is rising." in taken.stderr
    with open_reviewer(db, "cy") as reviewer:
        link = reviewer.store.link(1)
        assert (link.status.value, link.tgt.text, link.reviewer, link.attention) == (
            "edited", "Fog is rising.", "cy", None,
        )  # fmt: skip
        assert reviewer.store.link(2).status.value == "accepted"
        reviewer.undo()
        assert {conflict.link for conflict in reviewer.store.conflicts()} == {1, 2, 3}


def test_the_sentences_around_a_hit_are_set_apart(db: Path) -> None:
    lines = run("search", "fog").stdout.splitlines()
    assert any(" | " in line for line in lines)


def test_every_signal_of_a_link_is_described_once() -> None:
    assert SIGNAL_MEANINGS.keys() == set(FEATURE_NAMES)
    for name, words in SIGNAL_MEANINGS.items():
        assert not words.startswith(f"{name}:")


def test_three_copies_whose_clocks_differ(db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cy's clock is ten minutes fast. Bo saw what cy accepted, and rejected it; ada decided nothing."""
    bo, cy = tmp_path / "bo.db", tmp_path / "cy.db"
    for copy in (bo, cy):
        run("store", "backup", str(copy))
    for path, name, time, merged in ((cy, "cy", "12:10", None), (bo, "bo", "12:05", cy)):
        if merged:
            assert run("store", "merge", str(merged), "--db", str(path)).exit_code == 0
        for module in (decision_draft, decision_log, accept_many):
            monkeypatch.setattr(module, "now", lambda time=time: f"2026-03-01T{time}:00.000000Z")
        with open_reviewer(path, name) as reviewer:
            for link in (1, 2):
                reviewer.commit((edits.accept if name == "cy" else edits.reject)(link))
    result = run("store", "merge", str(bo))
    assert "4 decisions taken in" in result.stderr
    assert run("store", "conflicts").stderr.startswith("No conflicts.")
    with open_reviewer(db, "ada") as reviewer:
        assert [(link.status.value, link.reviewer) for link in reviewer.store.at(0, 2)] == [("rejected", "bo")] * 2
    assert run("store", "check").exit_code == 0


def test_history(db: Path) -> None:
    with open_reviewer(db, "ada") as reviewer:
        reviewer.commit(edits.accept(1))
    lines = [json.loads(line) for line in run("history", "1", "--json").stdout.splitlines()]
    assert [line["action"] for line in lines] == ["accept", "propose"]
    assert {"what": "status", "before": "proposed", "after": "accepted"} in lines[0]["changes"]
    assert "ada: link 1 accepted" in run("history").stdout
    assert "ada: link 1 accepted" in run("history", "ja.txt").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "--limit", str(2**63)],
        ["store", "conflicts", "--dismiss", str(2**63)],
        ["search", "fog", "--limit", str(2**63)],
        ["search", "fog", "--min-confidence", "nan"],
        ["export", "-", "--to", "tsv", "--min-confidence", "nan"],
        ["mine", "-", "--min-confidence", "nan"],
        ["bulk", "a", "b", "--timeout", "inf"],
    ],
)
def test_numbers_that_nothing_can_be_compared_with_are_refused(db: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"{arguments[-2]}': {arguments[-1]} is" in result.stderr


def test_history_of_a_link_that_never_was(db: Path) -> None:
    for number in ("999", str(2**63 - 1)):
        result = run("history", number)
        assert isinstance(result.exception, AlignError)
        assert "no link ever had this number" in str(result.exception)


def test_undo_says_whose_decisions_it_looked_at(db: Path) -> None:
    result = run("store", "undo", "--reviewer", "bo")
    assert "nothing to undo of bo's decisions" in str(result.exception)


def test_history_of_a_number_too_large_for_a_link(db: Path) -> None:
    result = run("history", str(2**63))
    assert isinstance(result.exception, AlignError)
    assert "no document has this name" in str(result.exception)


def test_search(db: Path) -> None:
    (line,) = run("search", "fog", "--json").stdout.splitlines()
    hit = json.loads(line)
    assert (hit["hit"]["text"], hit["hit"]["marks"], hit["partner"]["text"]) == ("Fog rises.", [[0, 3]], "霧が出る。")
    assert "霧が出る。" in run("search", "雾").stdout
    assert run("search", "fog", "--status", "accepted").stdout == ""
    assert "No hits" in run("search", "volcano").stderr
    assert run("search").exit_code == 2
