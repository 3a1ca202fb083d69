"""Adding: files, folders, patterns; each is told of, and what is taken is linked where it came linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.domain import Status
from align.errors import ReadError, UsageError
from align.jobs.add import add
from align.store import LinkFilter, open_store

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
    taken = list(add(tmp_path / "store.db", [str(folder)]))
    assert [(Path(t.name).name, t.outcome) for t in taken] == [
        ("b.txt", "added"),
        ("empty.txt", "skipped"),
        ("a.txt", "added"),
    ]
    assert "empty" in taken[1].why


def test_a_pattern_takes_what_matches(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.md"):
        (tmp_path / name).write_text("Some words stand here.\n")
    taken = list(add(tmp_path / "store.db", [str(tmp_path / "*.txt")]))
    assert [Path(t.name).name for t in taken] == ["a.txt", "b.txt"]
    with pytest.raises(UsageError, match="no file matches"):
        list(add(tmp_path / "store.db", [str(tmp_path / "*.docx")]))


def test_what_was_added_before_an_error_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Some words stand here.\n")
    (tmp_path / "b.txt").write_bytes(b"\x00\x01\x02\x03" * 50)
    with pytest.raises(ReadError):
        list(add(tmp_path / "store.db", [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]))
    with open_store(tmp_path / "store.db") as store:
        assert [Path(row.name).name for row in store.documents()] == ["a.txt"]


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
