"""Names that others gave: nothing in them steers a terminal or stops a command, and JSON gives them back."""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from align import cli
from align.models import LinkKind, Proposal
from align.reviewer import Reviewer
from align.store import edits, open_store
from align.text.messages import escape_unencodable, harmless, visible

STEERS = st.sampled_from(
    "\x1b\x07\x08\r\n\t\x7f\x85\x9b\x9d\u2028\u202e\u2066\u200b\u00ad\ufeff\udcff\udc9b[]0;31mX a字"
)
NAMES = st.text(STEERS, min_size=1, max_size=12).filter(lambda name: name.strip(" .") != "")


def alone(*arguments: str, encoding: str = "utf-8") -> tuple[int, str, str]:
    """The console script in this process: exit code, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2))
    before, sys.argv = sys.argv, ["align", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            cli.main()
    finally:
        sys.argv = before
    for stream in (out, err):
        stream.flush()
    assert isinstance(ended.value.code, int)
    written = (stream.buffer.getvalue().decode(encoding) for stream in (out, err))
    return ended.value.code, *written  # type: ignore[return-value]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    before = os.getcwd()
    made = tmp_path_factory.mktemp("names")
    os.chdir(made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALIGN_CONFIG", "none.toml")
        patch.setenv("COLUMNS", "100")
        yield made
    os.chdir(before)


def is_harmless(text: str) -> bool:
    return not [
        c for c in text if c not in "\n\u200c\u200d" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]


def make_store(folder: Path, name: str) -> None:
    """A store with a text, a reviewer and an encoder of that name, and a link."""
    for path in folder.iterdir():
        path.unlink()
    for stem, text in ((name, "The harbour is old.\n\nNobody swims.\n"), ("de", "Der Hafen ist alt.\n")):
        (folder / f"{stem}.txt").write_text(text)
    assert alone("add", ".")[0] == 0
    with open_store(Path("align.db")) as store:
        rows = {row.name: row.id for row in store.documents()}
        theirs = next(number for doc, number in rows.items() if doc != "de.txt")
        sentences = {number: store.sentences(number)[0].id for number in rows.values()}
        proposal = Proposal((sentences[theirs],), (sentences[rows["de.txt"]],), LinkKind.TRANSLATION, 0.5, 0.5)
        store.propose(theirs, rows["de.txt"], [proposal], name.encode("utf-8", "replace").decode())
        Reviewer(store, name).commit(edits.accept(1))


@settings(max_examples=20)
@given(NAMES)
@example("\x1b]0;PWN\x07\x1b[31mred")
@example("b.txt: 3 sentences\nadded      c")
@example("\udc9b31m\udcff")
@example("-rf\u202etxt.exe")
def test_no_name_steers_the_terminal(folder: Path, name: str) -> None:
    make_store(folder, name)
    called = f"{name}.txt"
    for arguments in (
        ["documents", "--json"], ["history", "--json"], ["search", "--json", "harbour"],
        ["add", "--json", "--", called],
        ["documents"], ["stats", "--map"], ["history"], ["history", "--", called], ["history", "1"],
        ["search", "harbour"], ["search", "--", name], ["search", "--by", name, "old"],
        ["search", "x", "--src-lang", name], ["documents", "set-lang", "--", called, "en"],
        ["documents", "set-lang", "--", "de.txt", name],
        ["add", "--", called], ["add", "--lang", name, "de.txt"], ["add", "--encoding", name, "de.txt"],
        ["add", "--", f"{name}.gone"], ["export", "o.tmx", "--src", name], ["export", "--", f"{name}.tsv"],
        ["export", "--to", name, "-"], ["report", "--", f"{name}.html"], ["import", "--", f"{name}.gone"],
        ["eval", "--", called], ["bulk", "--", called, "out"], ["pair", "--", f"{name}.gone", "de.txt"],
        ["store", "undo", "--reviewer", name], ["store", "check"], ["store", "backup", "--", f"{name}.copy"],
        ["store", "merge", "--", f"{name}.copy"], ["store", "remove", "--yes", "--", visible(called)],
        ["config"], ["serve", "--db", f"{name}.gone"], ["stats", f"--{name}"],
        [f"x{name}"], ["--log-file", f"{name}.gone/x", "config"],
    ):  # fmt: skip
        code, out, err = alone(*arguments)
        assert code != 70, (arguments, err)
        assert is_harmless(out + err), (arguments, out, err)


def test_no_name_steers_the_terminal_of_slow_commands(folder: Path) -> None:
    make_store(folder, "\x1b]0;PWN\x07\n\u202e")
    for arguments in (["explain", "1"], ["doctor"], ["models"], ["explain", "1", "--json"], ["doctor", "--json"]):
        code, out, err = alone(*arguments)
        assert code != 70, (arguments, err)
        assert is_harmless(out + err), (arguments, out, err)


def test_json_has_the_name_as_it_is(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    name = "a\x1b[31m\n\u202e.txt"
    (folder / name).write_text("The harbour is old.\n")
    _, out, _ = alone("add", ".", "--json")
    assert json.loads(out)["name"] == name
    _, out, _ = alone("documents", "--json")
    assert json.loads(out)["doc"] == name


def test_two_names_that_differ_in_bytes_that_are_no_text_are_two_documents(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    for byte in (b"\xff", b"\xfe"):
        (folder / os.fsdecode(byte + b".txt")).write_text(f"The harbour is old. {byte!r}\n")
    assert alone("add", ".")[0] == 0
    code, _, err = alone("documents", "set-lang", os.fsdecode(b"\xfe.txt"), "de")
    assert (code, "language set to de" in err) == (0, True), err


@pytest.mark.parametrize("encoding", ["latin-1", "cp932", "utf-8"])
def test_streams_of_any_encoding_take_any_text(folder: Path, encoding: str) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / "字.txt").write_text("The harbour is old 𠮷.\n")
    assert alone("add", ".", encoding=encoding)[0] == 0
    code, out, _ = alone("search", "harbour", encoding=encoding)
    assert (code, ("字" in out) or ("\\u5b57" in out)) == (0, True)
    code, out, _ = alone("search", "harbour", "--json", encoding=encoding)
    assert (code, json.loads(out)["hit"]["doc"], json.loads(out)["hit"]["text"]) == (
        0, "字.txt", "The harbour is old 𠮷.",
    )  # fmt: skip


@given(st.text())
def test_visible_text_is_harmless_and_of_one_line(text: str) -> None:
    assert is_harmless(visible(text))
    assert "\n" not in visible(text)
    assert is_harmless(harmless(text))
    assert len(harmless(text)) == len(text)
    if text.isprintable():
        assert visible(text) == text


def test_what_is_written_out() -> None:
    assert visible("a\x1b[0m\n\x9b\u202e\udcff\ud800\U000e0041") == "a\\x1b[0m\\n\\x9b\\u202e\\xff\\ud800\\U000e0041"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    escape_unencodable(stream)
    stream.write("é𠮷\udcff")
    stream.flush()
    assert stream.buffer.getvalue() == b"\\u00e9\\ud842\\udfb7\\udcff"  # type: ignore[attr-defined]
