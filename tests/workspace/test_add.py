"""Adding: files, folders, patterns; each is told of, and what is taken is linked where it came linked."""

from __future__ import annotations

import io
from itertools import islice
from pathlib import Path

import pytest

from align.errors import ReadError, UsageError
from align.exchange.export import export_store
from align.models import Status
from align.reviewer import Reviewer
from align.store import LinkFilter, Store, edits, open_store
from align.workspace.add import add, summary_lines

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4"><header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en"
srclang="en" datatype="plaintext"/><body>
<tu><tuv xml:lang="en"><seg>Good morning.</seg></tuv><tuv xml:lang="ja"><seg>おはようございます。</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>Thank you.</seg></tuv><tuv xml:lang="ja"><seg>ありがとうございます。</seg></tuv></tu>
</body></tmx>
"""


def test_a_folder_is_walked_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    (folder / "below").mkdir(parents=True)
    (folder / "b.txt").write_text("The second file.\n")
    (folder / "below" / "a.txt").write_text("The first file, below.\n")
    (folder / "empty.txt").write_text("")
    (folder / ".hidden.txt").write_text("Not looked at.\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    taking = add(tmp_path / "store.db", [str(folder)])
    taken = list(islice(taking, 4))
    with pytest.raises(ReadError, match="1 of the files could not be read"):
        next(taking)
    assert [(Path(t.name).name, t.outcome) for t in taken] == [
        ("b.txt", "added"),
        ("empty.txt", "skipped"),
        ("a.txt", "added"),
        ("texts", "ignored"),
    ]
    assert taken[3].why.startswith("picture.png not read")
    assert "empty" in taken[1].why


def test_passages_that_are_no_text_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# A title\n\nWords.\n\n```\ncode = 1\n```\n\n<!-- a remark -->\n\n---\n", encoding="utf-8"
    )
    results = list(add(tmp_path / "s.db", [str(tmp_path / "a.md")]))
    assert results[0].not_text == 2
    assert list(summary_lines(results)) == [
        "Not read as text: 2 passages (code, markup, addresses, names of pictures)."
    ]
    assert list(summary_lines(list(add(tmp_path / "s.db", [str(tmp_path / "a.md")])))) == []


def test_a_pattern_takes_what_matches(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.md"):
        (tmp_path / name).write_text("Some words stand here.\n")
    taken = list(add(tmp_path / "store.db", [str(tmp_path / "*.txt")]))
    assert [Path(t.name).name for t in taken] == ["a.txt", "b.txt"]
    with pytest.raises(UsageError, match="no file matches"):
        list(add(tmp_path / "store.db", [str(tmp_path / "*.docx")]))


def test_a_bad_file_among_those_named_is_told_and_the_others_are_added(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some words stand here.\n")
    (tmp_path / "b.txt").write_bytes(b"\x00\x01\x02\x03" * 50)
    (tmp_path / "c.txt").write_text("More words stand here.\n")
    taking = add(tmp_path / "store.db", [str(tmp_path / name) for name in ("a.txt", "b.txt", "c.txt")])
    assert [one.outcome for one in islice(taking, 3)] == ["added", "skipped", "added"]
    with pytest.raises(ReadError, match="1 of the files"):
        next(taking)
    with pytest.raises(ReadError, match=r"b\.txt"):
        list(add(tmp_path / "store.db", [str(tmp_path / "b.txt")]))


def test_one_file_is_one_document_however_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "real" / "below"
    below.mkdir(parents=True)
    (below / "a.txt").write_text("Some words stand here.\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "link")
    monkeypatch.setenv("PWD", str(tmp_path / "link"))
    names = ["below/a.txt", "./below/../below/a.txt", str(below / "a.txt"), str(tmp_path / "link" / "below" / "a.txt")]
    found = list(add(tmp_path / "store.db", [*names, ".", "below/*.txt"]))
    assert [(taken.name, taken.outcome) for taken in found] == [("below/a.txt", "added")] + 5 * [
        ("below/a.txt", "unchanged")
    ]
    monkeypatch.chdir(below)
    monkeypatch.setenv("PWD", str(tmp_path / "gone"))
    assert [taken.name for taken in add(tmp_path / "other.db", ["a.txt"])] == ["a.txt"]
    (tmp_path / "b.txt").write_text("More words stand here.\n")
    assert [taken.name for taken in add(tmp_path / "other.db", ["../../b.txt"])] == [str(tmp_path.resolve() / "b.txt")]


def test_two_texts_piped_in_are_two_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def piped(text: str, lang: str | None = None, name: str | None = None) -> list[tuple[str, str, tuple[str, ...]]]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return [(one.name, one.outcome, one.languages) for one in add(db, ["-"], lang=lang, name=name)]

    db = tmp_path / "store.db"
    german, english = "Guten Morgen. Wie geht es dir heute?\n", "Good morning. How are you?\n"
    ((first, *_),) = piped(german, lang="ja")
    ((second, outcome, languages),) = piped(english)
    assert (outcome, languages) == ("added", ("en",))
    assert first != second
    assert piped(german) == [(first, "unchanged", ("ja",))]
    assert piped(english, name="letter.txt") == [("letter.txt", "added", ("en",))]
    for both in (TMX, "Good morning.\tおはようございます。\nThank you.\tありがとうございます。\n"):
        with pytest.raises(ReadError, match="as a file"):
            piped(both)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="letter"):
        list(add(tmp_path / "store.db", [str(tmp_path)], name="letter"))


def test_a_memory_comes_linked_and_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "memory.tmx").write_text(TMX)
    source = [str(tmp_path / "memory.tmx")]
    assert [(t.outcome, t.links) for t in add(tmp_path / "store.db", source)] == [("added", 2)]
    with open_store(tmp_path / "store.db") as store:
        links = list(store.links(LinkFilter()))
        assert [(x.src.text, x.tgt.text, x.status) for x in links] == [
            ("Good morning.", "おはようございます。", Status.ACCEPTED),
            ("Thank you.", "ありがとうございます。", Status.ACCEPTED),
        ]
    assert [t.outcome for t in add(tmp_path / "store.db", source)] == ["unchanged"]
    with open_store(tmp_path / "store.db") as store:
        assert list(store.links(LinkFilter())) == links


def test_a_text_and_its_language_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends the program between the two leaves neither."""

    def killed(store: Store, document: int, lang: str) -> None:
        raise KeyboardInterrupt

    page = tmp_path / "page.txt"
    page.write_text("Fog rises.\n")
    monkeypatch.setattr(Store, "set_language", killed)
    with pytest.raises(KeyboardInterrupt):
        list(add(tmp_path / "s.db", [str(page)], lang="fr"))
    with open_store(tmp_path / "s.db") as store:
        assert store.documents() == []


def test_a_language_set_by_hand_is_remembered_and_told(tmp_path: Path) -> None:
    """By --lang for a text that is there already, too; what changed later stays in it; a wrong tag is refused."""
    page, db = tmp_path / "page.txt", tmp_path / "store.db"
    page.write_text("The first file has some words.\n")
    assert [t.languages for t in add(db, [str(page)])] == [("en",)]
    (again,) = add(db, [str(page)], lang="fr")
    assert (again.outcome, again.languages) == ("changed", ("fr",))
    page.write_text("The first file has some words.\n\nAnd more of them.\n")
    (changed,) = add(db, [str(page)])
    assert (changed.outcome, changed.languages, changed.sentences) == ("changed", ("fr",), 2)
    page.write_text("概述\n\n這個系統是為了讓大家學習而設計的。\n")
    (chinese,) = add(db, [str(page)], lang="zh")
    assert chinese.languages == ("zh-Hant",)
    with pytest.raises(UsageError, match="not a language tag"):
        list(add(db, [str(page)], lang="no language"))


def memory(pairs: list[tuple[str, str]]) -> str:
    units = "".join(
        f'<tu><tuv xml:lang="en"><seg>{en}</seg></tuv><tuv xml:lang="ja"><seg>{ja}</seg></tuv></tu>' for en, ja in pairs
    )
    return TMX[: TMX.index("<tu>")] + units + "</body></tmx>"


HELLO, NIGHT, RAIN = (
    ("Hello big world.", "こんにちは、世界。"),
    ("Good night.", "おやすみ。"),
    ("It rains.", "雨が降る。"),
)


def test_a_file_that_repeats_another_ones_pairs_is_taken_in_whole(tmp_path: Path) -> None:
    (tmp_path / "f.tmx").write_text(memory([HELLO, NIGHT]), encoding="utf-8")
    rows = "".join(f"{en}\t{ja}\n" for en, ja in [NIGHT, RAIN, ("See you.", "またね。")])
    (tmp_path / "t2.tsv").write_text(f"en\tja\n{rows}", encoding="utf-8")
    db = tmp_path / "s.db"
    assert [t.outcome for t in add(db, [str(tmp_path / "f.tmx")])] == ["added"]
    with open_store(db) as store:
        before = list(store.links())
    assert [(t.outcome, t.links) for t in add(db, [str(tmp_path / "t2.tsv")])] == [("added", 3)]
    assert [t.outcome for t in add(db, [str(tmp_path / "t2.tsv"), str(tmp_path / "f.tmx")])] == ["unchanged"] * 2
    with open_store(db) as store:
        links = list(store.links())
        assert links[:2] == before
        assert [link.tgt.text for link in links[2:]] == ["おやすみ。", "雨が降る。", "またね。"]


def test_the_numbers_of_another_tool_are_not_ours(tmp_path: Path) -> None:
    (tmp_path / "f.tmx").write_text(memory([HELLO, NIGHT]), encoding="utf-8")
    (tmp_path / "x.xlf").write_text(
        '<xliff version="1.2"><file original="x" source-language="en" target-language="ja" datatype="plaintext"><body>'
        '<trans-unit id="1"><source>Hello big world.</source><target>やあ。</target></trans-unit>'
        "</body></file></xliff>",
        encoding="utf-8",
    )
    db = tmp_path / "s.db"
    list(add(db, [str(tmp_path / "f.tmx")]))
    with open_store(db) as store:
        before = list(store.links())
    assert [(t.outcome, t.links) for t in add(db, [str(tmp_path / "x.xlf")])] == [("added", 1)]
    with open_store(db) as store:
        assert list(store.links())[:2] == before


def test_a_memory_that_grew_adds_what_is_new_and_keeps_decisions(tmp_path: Path) -> None:
    path, db = tmp_path / "f.tmx", tmp_path / "s.db"
    path.write_text(memory([HELLO, NIGHT]), encoding="utf-8")
    list(add(db, [str(path)]))
    with open_store(db) as store:
        Reviewer(store, "ada").commit(edits.reject(1))
        Reviewer(store, "ada").commit(edits.reopen(2))
    path.write_text(memory([HELLO, RAIN, NIGHT]), encoding="utf-8")
    assert [(t.outcome, t.links) for t in add(db, [str(path)])] == [("changed", 1)]
    with open_store(db) as store:
        assert {(link.id, link.src.text): link.status for link in store.links()} == {
            (1, HELLO[0]): Status.REJECTED, (2, NIGHT[0]): Status.PROPOSED, (3, RAIN[0]): Status.ACCEPTED
        }  # fmt: skip


def test_an_export_of_this_store_is_brought_back_and_what_is_left_is_told(tmp_path: Path) -> None:
    path, db, out = tmp_path / "f.tmx", tmp_path / "s.db", tmp_path / "out.tsv"
    path.write_text(memory([HELLO, NIGHT]), encoding="utf-8")
    list(add(db, [str(path)]))
    with open_store(db) as store:
        export_store(store, out)
        Reviewer(store, "ada").commit(edits.edit_text(1, "tgt", "世界よ。"))
    text = out.read_text(encoding="utf-8").replace("世界。", "世界さん。")
    out.write_text(f"{text}99\taccepted\ten\tja\tNew.\t新しい。\n", encoding="utf-8")
    (taken,) = add(db, [str(out)])
    assert taken.outcome == "changed"
    assert any(line.startswith("Conflict: link 1") for line in taken.messages)
    assert any("New. / 新しい。" in line for line in taken.messages)
    with open_store(db) as store:
        assert len(store.documents()) == 2


def test_an_export_of_another_store_is_a_file_like_any_other(tmp_path: Path) -> None:
    """Also where this store has the same texts elsewhere, and where it was edited since."""
    (tmp_path / "f.tmx").write_text(memory([HELLO, NIGHT]), encoding="utf-8")
    (tmp_path / "g.tmx").write_text(memory([NIGHT]), encoding="utf-8")
    here, there, out = tmp_path / "here.db", tmp_path / "there.db", tmp_path / "out.tmx"
    list(add(there, [str(tmp_path / "f.tmx")]))
    with open_store(there) as store:
        export_store(store, out)
    list(add(here, [str(tmp_path / "g.tmx")]))
    out.write_text(out.read_text(encoding="utf-8").replace("おやすみ。", "おやすみなさい。"), encoding="utf-8")
    assert [(t.outcome, t.links, t.messages) for t in add(here, [str(out)])] == [("added", 2, ())]
    assert [t.outcome for t in add(here, [str(out)])] == ["unchanged"]
    with open_store(here) as store:
        assert [link.tgt.text for link in store.links()] == ["おやすみ。", HELLO[1], "おやすみなさい。"]
