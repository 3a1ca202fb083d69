"""Documents that were removed and come back: by an undo, or as a file that is added again."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from align.cli import cli
from align.reviewer import open_reviewer
from align.store import edits, open_store
from tests.store.conftest import EN, JA, fill

ORDERS = list(permutations(["ja.txt", "en.txt"]))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two texts, and a store with both, all links decided."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setenv("ALIGN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ALIGN_DB", "s.db")
    monkeypatch.setenv("ALIGN_REVIEWER", "ada")
    with open_store(tmp_path / "s.db") as store:
        fill(store)
    for name, texts in (("ja.txt", JA), ("en.txt", EN)):
        (tmp_path / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    with open_reviewer(tmp_path / "s.db", "ada") as reviewer:
        for link in range(1, 6):
            reviewer.commit(edits.accept(link))
        reviewer.commit(edits.reject(6))
        reviewer.commit(edits.note(2, "sure"))
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def decided(folder: Path) -> list[tuple[object, ...]]:
    with open_store(folder / "s.db") as store:
        assert store.check() == []
        return [(x.id, x.status, x.src.text, x.tgt.text, x.note) for x in store.links()]


def remove(name: str, reviewer: str = "ada") -> None:
    assert run("store", "remove", name, "--yes", "--reviewer", reviewer).exit_code == 0


def test_a_removed_text_that_is_added_again_has_its_links(folder: Path) -> None:
    before = decided(folder)
    remove("ja.txt")
    assert decided(folder) == []
    result = run("add", "ja.txt")
    assert "added      ja.txt: 6 sentences, ja; 6 confirmed links restored with the text" in result.stderr
    assert decided(folder) == before
    assert run("store", "rebuild").exit_code == 0
    assert decided(folder) == before


@pytest.mark.parametrize("out", ORDERS)
@pytest.mark.parametrize("back", ORDERS)
def test_two_removed_texts_have_their_links_when_both_are_there(
    folder: Path, out: tuple[str, ...], back: tuple[str, ...]
) -> None:
    before = decided(folder)
    for name in out:
        remove(name)
    run("add", back[0])
    assert decided(folder) == []
    assert "6 confirmed links restored with the text" in run("add", back[1]).stderr
    assert decided(folder) == before


def test_undo_of_a_removal_waits_for_the_other_document(folder: Path) -> None:
    before = decided(folder)
    remove("ja.txt", "x")
    remove("en.txt", "y")
    run("store", "undo", "--reviewer", "x")
    assert decided(folder) == []  # and no links of a document that does not exist
    run("store", "undo", "--reviewer", "y")
    assert decided(folder) == before
    run("store", "undo", "--redo", "--reviewer", "y")
    assert decided(folder) == []
    run("add", "en.txt")
    assert decided(folder) == before


def test_another_text_under_a_removed_name_is_a_new_document(folder: Path) -> None:
    remove("ja.txt")
    (folder / "ja.txt").write_text("まったく別の文章。\n", encoding="utf-8")
    assert "added      ja.txt: 1 sentence, ja" in run("add", "ja.txt").stderr
    assert decided(folder) == []


def test_pairs_that_contradict_the_links_of_their_memory_are_counted(folder: Path) -> None:
    pairs = [f"{en}\t{ja}" for en, ja in zip(EN, JA, strict=True)]
    (folder / "m.tsv").write_text("\n".join(["en\tja", *pairs]) + "\n", encoding="utf-8")
    assert run("add", "m.tsv").exit_code == 0
    with open_reviewer(folder / "s.db", "ada") as reviewer:
        reviewer.accept_above(0.0)
    before = decided(folder)
    crossed = [f"{en}\t{ja}" for en, ja in zip(EN, [JA[1], JA[0], *JA[2:]], strict=True)]
    (folder / "m.tsv").write_text("\n".join(["en\tja", *crossed]) + "\n", encoding="utf-8")
    result = run("add", "m.tsv")
    assert "changed    m.tsv: 0 new pairs" in result.stderr
    assert "Left out: 2 pairs of sentences that are in other links." in result.stderr
    assert decided(folder) == before
