"""Files that change, of one name in two folders, half saved, in the wrong encoding; memories that come again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from align.cli import cli
from align.errors import TextLossError, UsageError
from align.models import LinkKind, Proposal, Status
from align.reviewer import open_reviewer
from align.store import edits, open_store

EN = "".join(f"The fog rises over hill number {n}, says witness {n * n}.\n\n" for n in range(1, 40))
DE = "".join(f"Über Hügel Nummer {n} steigt schöner Nebel auf, sagt Zeuge {n * n}.\n\n" for n in range(1, 40))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the store and the folders `one` and `two`; both texts are in `one`, added, all links accepted."""
    monkeypatch.setenv("ALIGN_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("ALIGN_REVIEWER", "ada")
    folder = tmp_path / "project"
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
    (folder / "one" / "en.txt").write_text(EN, encoding="utf-8")
    (folder / "one" / "de.txt").write_text(DE, encoding="utf-8")
    monkeypatch.setenv("ALIGN_DB", str(folder / "s.db"))
    run(folder / "one", "add", "en.txt", "de.txt")
    with open_reviewer(folder / "s.db", "ada") as reviewer:
        pairs = zip(reviewer.store.sentences(1), reviewer.store.sentences(2), strict=True)
        links = [Proposal((a.id,), (b.id,), LinkKind.TRANSLATION, 0.5, 0.9) for a, b in pairs]
        reviewer.store.propose(1, 2, links, "use")
        reviewer.accept_above(0.5)
        reviewer.commit(edits.reject(7))
        reviewer.commit(edits.edit_text(8, "tgt", "So sagt man."))
        reviewer.commit(edits.note(8, "sure"))
    return folder


def run(folder: Path, *arguments: str, stdin: str | None = None) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PWD", str(folder))
        return CliRunner().invoke(cli, list(arguments), input=stdin)


def decided(folder: Path) -> list[tuple[object, ...]]:
    with open_store(folder / "s.db") as store:
        assert store.check() == []
        return [(x.id, x.status, x.src.text, x.tgt.text, x.note, x.attention) for x in store.links()]


def names(folder: Path) -> list[str]:
    with open_store(folder / "s.db") as store:
        return [row.name for row in store.documents()]


def test_a_file_of_the_same_name_from_another_folder_is_another_document(project: Path) -> None:
    before = decided(project)
    (project / "two" / "en.txt").write_text("Quite another text. It has nothing to do with it.\n")
    result = run(project / "two", "add", "en.txt")
    assert (result.exit_code, names(project)) == (0, ["en.txt", "de.txt", "two/en.txt"])
    assert "added      two/en.txt: 2 sentences, en" in result.stderr
    assert "en.txt is another document, read from" in result.stderr
    assert "--as en.txt" in result.stderr
    for folder, sources in (
        (project / "two", ["en.txt", "../one/en.txt"]),
        (project, ["one", "two"]),
        (project.parent, [str(project)]),
    ):
        result = run(folder, "add", *sources)
        assert (result.exit_code, names(project)) == (0, ["en.txt", "de.txt", "two/en.txt"])
        assert "added" not in result.stderr
    assert decided(project) == before
    (project / "one" / "two").mkdir()
    (project / "one" / "two" / "en.txt").write_text("A third text.\n")
    run(project / "one" / "two", "add", "en.txt")
    assert names(project)[3:] == ["one/two/en.txt"]


@pytest.mark.parametrize("how", ["half", "encoding", "other", "nothing"])
def test_a_text_that_takes_accepted_links_away_is_refused_and_undone(project: Path, how: str) -> None:
    before, one = decided(project), project / "one"
    name, more = "en.txt", []
    if how == "encoding":
        name, more = "de.txt", ["--encoding", "latin-1"]
    else:
        texts = {"half": EN[:300], "other": "Another text.\n\nThe page was moved.\n", "nothing": "* * *\n"}
        (one / name).write_text(texts[how])
    result = run(one, "add", name, *more)
    error = result.exception
    assert isinstance(error, TextLossError)
    assert error.exit_code == 1
    assert "of 39 confirmed links" in str(error)
    assert "--replace" in str(error)
    assert "--as" in str(error)
    assert decided(project) == before
    result = run(project, "add", "one", *more)  # With others in a folder: those are added.
    assert isinstance(result.exception, TextLossError)
    assert f"refused    one/{name}" in result.stderr or f"refused    {name}" in result.stderr
    assert decided(project) == before
    result = run(one, "add", name, *more, "--replace")
    assert result.exit_code == 0
    assert "of 39 confirmed links lost their text" in result.stderr
    assert "`align store undo` restores text and links" in result.stderr
    assert "text replaced" in run(project, "history", "--limit", "1").stdout
    assert decided(project) != before
    assert run(project, "store", "undo").stderr.startswith(f"undo: new text of {name}")
    assert decided(project) == before
    run(project, "store", "undo", "--redo")
    (one / "en.txt").write_text(EN, encoding="utf-8")
    result = run(one, "add", name)  # Without undo: the text returns, and its links with it.
    assert result.exit_code == 0
    assert "restored with the text" in result.stderr
    assert decided(project) == before
    assert not any(status is Status.PROPOSED for _, status, *_ in decided(project))


def test_what_few_changes_take_is_counted(project: Path) -> None:
    lines = EN.split("\n\n")
    (project / "one" / "en.txt").write_text("\n\n".join(["Something new.", *lines[:10], *lines[12:]]))
    result = run(project, "add", "one", "--json")
    changed = next(told for line in result.stdout.splitlines() if (told := json.loads(line))["outcome"] == "changed")
    assert changed["change"] == {"settled": 39, "removed": 2, "reopened": 0, "proposals": 0, "restored": 0}
    assert "2 confirmed links of 1 file lost their text (2 removed, 0 to be decided again)" in result.stderr


def test_a_moved_file_that_is_added_by_another_path_is_named(project: Path) -> None:
    (project / "one" / "en.txt").rename(project / "two" / "en.txt")
    (project / "one" / "de.txt").rename(project / "two" / "neu.txt")
    first, second = run(project, "add", "two/en.txt"), run(project, "add", "two/neu.txt")
    assert first.stderr.count("it has the text of en.txt, whose file is gone") == 1
    assert second.stderr.count("it has the text of de.txt, whose file is gone") == 1
    for command in ("align store remove two/en.txt", "align add two/en.txt --as en.txt"):
        assert f"`{command}`" in first.stderr
        yes = ["--yes"] if "remove" in command else []
        assert run(project, *command.split()[1:], *yes).exit_code == 0
    assert names(project) == ["en.txt", "de.txt", "two/neu.txt"]
    assert run(project, "add", "two/en.txt").stderr.startswith("unchanged  en.txt")


def test_a_project_may_be_moved_and_copied_with_its_store(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = decided(project)
    for make in (shutil.copytree, shutil.move):
        elsewhere = project.parent / make.__name__
        make(project, elsewhere)
        monkeypatch.setenv("ALIGN_DB", str(elsewhere / "s.db"))
        result = run(elsewhere / "one", "add", "en.txt", "de.txt")
        assert (result.exit_code, names(elsewhere)) == (0, ["en.txt", "de.txt"]), result.stderr
        assert decided(elsewhere) == before


def test_texts_that_moved_are_the_documents_that_they_were(project: Path) -> None:
    shutil.move(project / "one", project / "texts")
    result = run(project / "texts", "add", "en.txt", "de.txt")
    assert (result.stderr.count("unchanged"), names(project)) == (2, ["en.txt", "de.txt"])
    shutil.move(project / "texts", project / "two" / "below")
    (project / "two" / "below" / "en.txt").write_text("Something else.\n")
    assert isinstance(run(project / "two" / "below", "add", "en.txt").exception, TextLossError)


def test_a_store_from_before_takes_the_first_file_of_a_name(project: Path) -> None:
    with open_store(project / "s.db") as store, store.writing():
        store.db.conn.execute("update documents set origin = null")
    before = decided(project)
    (project / "two" / "en.txt").write_text("Quite another text.\n")
    assert isinstance(run(project / "two", "add", "en.txt").exception, TextLossError)
    assert "unchanged" in run(project / "one", "add", "en.txt").stderr
    assert "added      two/en.txt" in run(project / "two", "add", "en.txt").stderr
    assert decided(project) == before


def test_links_and_names_of_one_file_are_one_document(project: Path) -> None:
    (project / "link").symlink_to(project / "one")
    (project / "two" / "en.txt").symlink_to(project / "one" / "en.txt")
    for folder, name in (("link", "en.txt"), ("two", "en.txt"), (".", "link/en.txt"), ("two", "../link/./en.txt")):
        assert "unchanged  en.txt" in run(project / folder, "add", name).stderr
    assert names(project) == ["en.txt", "de.txt"]


def test_a_document_is_named_by_hand(project: Path) -> None:
    (project / "two" / "en.txt").write_text(EN + "The last word.\n")
    result = run(project / "two", "add", "en.txt", "--as", "en.txt")
    assert result.stderr.startswith("changed    en.txt: 40 sentences, en")
    assert "unchanged  en.txt" in run(project / "two", "add", "en.txt").stderr
    assert "added      one/en.txt" in run(project / "one", "add", "en.txt").stderr
    result = run(project / "one", "add", "de.txt", "--as", "deutsch")
    assert result.stderr.startswith("added      deutsch: 39 sentences, de")
    assert run(project, "add", "-", "--as", "en.txt", stdin=EN).stderr.startswith("changed    en.txt: 39 sentences")
    assert isinstance(run(project, "add", "-", "--as", "en.txt", stdin="No.\n").exception, TextLossError)
    for wrong in (["one"], ["one/en.txt", "one/de.txt"], ["one/*.txt"]):
        assert isinstance(run(project, "add", *wrong, "--as", "x").exception, UsageError)
    assert isinstance(run(project, "add", "one/en.txt", "--as", " ").exception, UsageError)


def test_undo_belongs_to_who_added(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = decided(project)
    (project / "one" / "en.txt").write_text("Another text.\n")
    run(project / "one", "add", "en.txt", "--replace", "--reviewer", "bo")
    result = run(project, "store", "undo")
    assert "bo added en.txt with another text" in str(result.exception)
    monkeypatch.setenv("ALIGN_REVIEWER", "bo")
    assert run(project, "store", "undo").exit_code == 0
    assert decided(project) == before


PAIRS = [("Red.", "Rot."), ("Green.", "Grün."), ("Blue is deep.", "Blau ist tief."), ("Black.", "Schwarz.")]


def tmx(pairs: list[tuple[str, str]]) -> str:
    units = "".join(
        f'<tu><tuv xml:lang="en"><seg>{en}</seg></tuv><tuv xml:lang="de"><seg>{de}</seg></tuv></tu>' for en, de in pairs
    )
    head = 'creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en" srclang="en"'
    return f'<tmx version="1.4"><header {head} datatype="plaintext"/><body>{units}</body></tmx>'


def table(pairs: list[tuple[str, str]]) -> str:
    return "".join(f"{en}\t{de}\n" for en, de in [("en", "de"), *pairs])


def xliff(pairs: list[tuple[str, str]]) -> str:
    units = "".join(
        f'<trans-unit id="{n}"><source>{en}</source><target state="final">{de}</target></trans-unit>'
        for n, (en, de) in enumerate(pairs)
    )
    attributes = 'original="x" source-language="en" target-language="de" datatype="plaintext"'
    return f'<xliff version="1.2"><file {attributes}><body>{units}</body></file></xliff>'


@pytest.fixture(params=[("m.tmx", tmx), ("m.tsv", table), ("m.xlf", xliff)], ids=["tmx", "tsv", "xliff"])
def memory(request: pytest.FixtureRequest, project: Path) -> tuple[Path, object]:
    name, write = request.param
    return project / "two" / name, write


@pytest.mark.parametrize("command", [["add"], ["import", "--new"]])
def test_a_memory_of_other_content_is_refused_and_undone(
    project: Path, memory: tuple[Path, object], command: list[str]
) -> None:
    path, write = memory
    assert callable(write)
    path.write_text(write(PAIRS), encoding="utf-8")
    assert run(path.parent, "add", path.name).exit_code == 0
    with open_reviewer(project / "s.db", "ada") as reviewer:
        for link in reviewer.store.links():
            if link.status is Status.PROPOSED:
                reviewer.commit(edits.accept(link.id))
    before = decided(project)
    assert len(before) == 43
    path.write_text(write([("Yellow.", "Gelb."), ("Blue is keen.", "Blau ist fesch.")]), encoding="utf-8")
    result = run(path.parent, *command, path.name)
    assert isinstance(result.exception, TextLossError), result.stderr
    assert "4 of 4 confirmed links" in str(result.exception)
    assert decided(project) == before
    result = run(path.parent, *command, path.name, "--replace")
    assert result.exit_code == 0
    assert "4 of 4 confirmed links lost their text (4 removed, 0 to be decided again)" in result.stderr
    now = {(src, tgt): status for _, status, src, tgt, *_ in decided(project)[39:]}
    assert set(now) == {("Yellow.", "Gelb."), ("Blue is keen.", "Blau ist fesch.")}
    assert run(project, "store", "undo").exit_code == 0
    assert decided(project) == before
    run(project, "store", "undo", "--redo")
    path.write_text(write([*PAIRS, ("White.", "Weiß.")]), encoding="utf-8")
    assert run(path.parent, *command, path.name, "--replace").exit_code == 0
    after = decided(project)
    assert after[:43] == before
    assert [(src, tgt) for _, _, src, tgt, *_ in after[43:]] == [("White.", "Weiß.")]


def test_a_memory_that_grew_brings_what_is_new(project: Path, memory: tuple[Path, object]) -> None:
    path, write = memory
    assert callable(write)
    path.write_text(write(PAIRS[:3]), encoding="utf-8")
    run(path.parent, "add", path.name)
    before = decided(project)
    path.write_text(write([PAIRS[3], *PAIRS[:3]]), encoding="utf-8")
    result = run(path.parent, "add", path.name)
    assert result.stderr.startswith(f"changed    {path.name}: 1 new pair"), result.stderr
    assert sorted(map(repr, before)) == sorted(map(repr, [one for one in decided(project) if one[2] != "Black."]))


def test_memories_of_one_name_in_two_folders_are_two(project: Path, memory: tuple[Path, object]) -> None:
    path, write = memory
    assert callable(write)
    for folder, pairs in (("two", PAIRS[:2]), ("one", PAIRS[2:])):
        (project / folder / path.name).write_text(write(pairs), encoding="utf-8")
        result = run(project / folder, "add", path.name)
        assert result.exit_code == 0
    assert names(project)[2:] == [
        f"{name} [{lang}]" for name in (path.name, f"one/{path.name}") for lang in ("en", "de")
    ]
    assert f"{path.name} is another document" in result.stderr
    assert len(decided(project)) == 43


def test_import_says_beforehand_what_would_be_refused(project: Path) -> None:
    path = project / "two" / "m.tmx"
    path.write_text(tmx(PAIRS), encoding="utf-8")
    assert run(path.parent, "import", path.name, "--as", "colours").exit_code == 0
    assert names(project)[2:] == ["colours [en]", "colours [de]"]
    path.write_text(tmx([*PAIRS[2:], ("White.", "Weiß.")]), encoding="utf-8")
    before = decided(project)
    dry = ["import", path.name, "--new", "--dry-run"]
    assert isinstance(run(path.parent, *dry).exception, TextLossError)
    result = run(path.parent, *dry, "--replace")
    assert "2 of 4 confirmed links lost their text" in result.stderr
    assert decided(project) == before
