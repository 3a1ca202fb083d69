"""`align accept`, and the JSON of commands for scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from align.cli import cli
from align.models import LinkKind, Status
from align.reviewer import Reviewer
from align.store import edits, open_store
from tests.exchange.conftest import fill


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Links 1 and 2 accepted, 3 edited, 4 rejected, 5 and 6 undecided, 6 a summary."""
    monkeypatch.chdir(tmp_path)
    with open_store(tmp_path / "s.db") as store:
        fill(store)
        Reviewer(store, "ada").commit(edits.set_kind(6, LinkKind.SUMMARY))
    return tmp_path / "s.db"


def run(db: Path, *arguments: str, code: int = 0) -> dict[str, object]:
    done = CliRunner().invoke(cli, [*arguments, "--json", "--db", str(db)])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout) if code == 0 else {}


def statuses(db: Path) -> list[Status]:
    with open_store(db) as store:
        return [link.status for link in store.links()]


def test_links_are_accepted_from_a_confidence_and_undone_at_once(db: Path) -> None:
    before = statuses(db)
    tried = run(db, "accept", "--min-confidence", "0.5", "--kind", "any", "--dry-run")
    assert (tried["accepted"], tried["undecided"], tried["decisions"]) == (2, 0, [])
    assert statuses(db) == before
    assert run(db, "accept", "--min-confidence", "0.72")["accepted"] == 0, "6 is a summary"
    done = run(
        db, "accept", "--min-confidence", "0.5", "--kind", "any", "--src", "eng", "--tgt", "ja", "--reviewer", "bea"
    )
    assert (done["accepted"], done["reviewer"]) == (2, "bea")
    assert statuses(db)[4:] == [Status.ACCEPTED, Status.ACCEPTED]
    with open_store(db) as store:
        Reviewer(store, "bea").undo()
    assert statuses(db) == before
    assert run(db, "accept", "--min-confidence", "0", "--doc", "ja.txt")["accepted"] == 1
    assert run(db, "accept", "--min-confidence", "0", "--tgt", "fr")["accepted"] == 0
    run(db, "accept", "--min-confidence", "2", code=2)


def test_export_and_import_report_in_json(db: Path, tmp_path: Path) -> None:
    report = run(db, "export", "out.tsv")
    assert (report["format"], report["units"], report["left_out"]) == ("tsv", 3, {"proposed": 2, "rejected": 1})
    path = tmp_path / "out.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("Fog rises.", "The fog rises."), encoding="utf-8")
    report = run(db, "import", "out.tsv", "--dry-run")
    assert (report["units"], report["unchanged"], report["changes"]) == (3, 2, {"text edited": 1})
    run(db, "export", "-", "--to", "tsv", code=2)


def test_the_undecided_are_counted_with_the_same_filters(db: Path) -> None:
    def left(*arguments: str) -> object:
        return run(db, "accept", "--min-confidence", "1", "--dry-run", *arguments)["undecided"]

    assert (left("--kind", "any"), left(), left("--kind", "any", "--tgt", "fr")) == (2, 1, 0)
    assert (left("--src", "en", "--tgt", "ja"), left("--src", "ja"), left("--kind", "summary")) == (1, 1, 1)


def test_search_takes_the_languages_as_other_commands_do(db: Path) -> None:
    short, long = (
        CliRunner().invoke(cli, ["search", "fog", *languages, "--kind", "any", "--json", "--db", str(db)])
        for languages in (("--src", "ja", "--tgt", "en"), ("--src-lang", "ja", "--tgt-lang", "en"))
    )
    assert short.stdout == long.stdout != ""
