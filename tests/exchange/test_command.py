"""`align export` and `align import` on the command line: flags arrive, notes go to stderr, exit codes hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from align.errors import UsageError
from align.exchange.export import export
from align.exchange.formats import FORMATS
from align.models import LinkKind
from align.reviewer import Reviewer
from align.store import Store, edits
from tests.prefork import align_program


def align(store: Store, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program beside a store."""
    return subprocess.run(
        [align_program(), *map(str, arguments), "--db", store.path.name],
        capture_output=True, text=True, cwd=store.path.parent, timeout=120,
    )  # fmt: skip


def test_what_is_left_out_by_kind_can_be_had(store: Store) -> None:
    Reviewer(store, "ada").commit(edits.set_kind(5, LinkKind.SUMMARY))
    done = align(store, "export", "out.tmx", "--status", "any")
    assert "Left out: 1 of kind summary." in done.stderr
    assert "--kind any" in done.stderr
    assert "--kind any" not in align(store, "export", "all.tmx", "--status", "any", "--kind", "any").stderr


def test_any_leaves_out_what_was_rejected_unless_it_is_named(store: Store) -> None:
    done = align(store, "export", "-", "--to", "jsonl", "--status", "any")
    assert "Left out: 1 rejected." in done.stderr
    assert '"rejected"' not in done.stdout
    assert done.stdout.count("\n") == 5
    for asked in (["any,rejected"], ["any", "--status", "rejected"], ["REJ, undecided,confirmed"]):
        assert align(store, "export", "-", "--to", "jsonl", "--status", *asked).stdout.count("\n") == 6
    listed = align(store, "export", "-", "--to", "jsonl", "--status", "accepted,undecided")
    assert listed.stdout.count("\n") == 4
    assert {"Left out: 1 edited.", "Left out: 1 rejected."} <= set(listed.stderr.splitlines())
    assert align(store, "search", "霧", "--status", "confirmed").stdout
    assert not align(store, "search", "霧", "--status", "proposed,rejected").stdout


def test_the_help_names_every_format(store: Store) -> None:
    """Lines wrap in the help, so only words are compared."""
    helps = {command: re.findall(r"\w+", align(store, command, "--help").stdout) for command in ("export", "import")}
    for form in FORMATS:
        assert form.name in helps["export"]
        assert (form.name in helps["import"]) is form.importable


def test_flags_arrive(store: Store) -> None:
    done = align(
        store, "export", "out.tmx", "--src", "en", "--status", "any", "--kind", "translation", "--kind", "title",
        "--context", "1", "--lang-map", "ja=ja-JP", "--min-confidence", "0.6", "--prove",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "out.tmx: 3 units written as tmx." in done.stderr
    assert "Left out: 2 below confidence 0.6." in done.stderr
    assert "Verified: 3 units read back with lxml" in done.stderr
    text = (store.path.parent / "out.tmx").read_text(encoding="utf-8")
    assert 'srclang="en"' in text
    assert 'xml:lang="ja-JP"' in text
    assert "x-context-pre" in text


def test_a_file_goes_out_and_comes_back(store: Store) -> None:
    assert align(store, "export", "out.tsv", "--status", "any").returncode == 0
    path = store.path.parent / "out.tsv"
    path.write_text(path.read_text(encoding="utf-8").replace("Wind blows.", "Winds blow."), encoding="utf-8")
    tried = align(store, "import", "out.tsv", "--dry-run")
    assert "Would be text edited: 1." in tried.stderr
    assert store.link(5).tgt.text == "Wind blows."
    done = align(store, "import", "out.tsv", "--reviewer", "cleo")
    assert done.returncode == 0, done.stderr
    assert "Text edited: 1." in done.stderr
    assert (store.link(5).tgt.text, store.link(5).reviewer) == ("Winds blow.", "cleo")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["export", "out.tmx", "--lang-map", "zh"], "zh-Hant=zh-TW"),
        (["export", "out.tmx", "--status", "good"], "good"),
        (["export", "out.tmx", "--status", "accepted,"], "'' is not a status"),
        (["search", "fog", "--status", "accepted;proposed"], "'accepted;proposed' is not a status"),
        (["export", "no/where.tmx"], "no/where.tmx"),
        (["export", "out.tmx", "--to", "docx"], "docx"),
        (["import", "no.tmx"], "no.tmx"),
        (["import", "s.db"], "--from"),
    ],
)
def test_a_call_that_is_off_ends_with_2_and_a_line(store: Store, arguments: list[str], says: str) -> None:
    done = align(store, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(store.path.parent.glob("out*"))


def test_a_file_that_cannot_be_read_makes_no_store(tmp_path: Path) -> None:
    (tmp_path / "broken.tmx").write_text("<tmx>", encoding="utf-8")
    for name, code in (("broken.tmx", 1), ("no.tmx", 2)):
        command = [align_program(), "import", name]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120).returncode == code
    assert [path.name for path in tmp_path.iterdir()] == ["broken.tmx"]


def test_blocks_say_what_they_ignore_and_are_only_of_a_store(store: Store) -> None:
    done = align(store, "export", "blocks.jsonl", "--to", "blocks", "--src", "ja", "--status", "accepted", "--dedupe")
    assert [flag for flag in ("--src", "--status", "--dedupe", "--tgt") if f"ignores {flag}:" in done.stderr] == [
        "--src", "--status", "--dedupe",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no such format") as told:
        export([], Path("-"), "blocks")
    assert "html" in str(told.value)
    assert "blocks." not in str(told.value)


def test_a_tag_that_is_none_is_refused(store: Store) -> None:
    done = align(store, "export", "out.tmx", "--lang-map", "en=not a tag!")
    assert (done.returncode, "'not a tag!' is not a language tag" in done.stderr) == (2, True)


@pytest.mark.parametrize("form", ["xlsx", "parquet", "jsonl"])
def test_a_pipe_that_breaks_is_no_mistake(store: Store, form: str) -> None:
    command = [sys.executable, "-m", "align", "export", "-", "--to", form, "--status", "any", "--db", store.path.name]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=store.path.parent
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        said = run.stderr.read()
    assert not [line for line in said.splitlines() if "Traceback" in line or "mistake" in line or "ignored" in line]
