"""`--segments`: lines, verses and paragraphs as the sentences of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from align.models import Segments
from align.readers import read
from align.reviewer import Reviewer
from align.settings import default_reviewer
from align.store import Store, open_store
from align.text.normalize import sentence_text
from align.text.segment import plain_segments, resegment
from align.workspace.add import add
from align.workspace.pair import read_side

POEM = "The river rises, and the moon\nlooks down. It waits.\n\nA door is shut\nand opened soon.\n"


def segments_of(text: str, segments: Segments, name: str = "a.txt") -> list[str]:
    document = resegment(read(name, text.encode(), lang="en"), segments)
    return [sentence_text(document.text, one.pieces) for block in document.blocks for one in block.sentences]


def test_lines_and_paragraphs_are_sentences() -> None:
    assert segments_of(POEM, "line") == [line for line in POEM.splitlines() if line]
    assert segments_of(POEM, "verse") == segments_of(POEM, "line")  # without verse numbers
    paragraph = "<p>One is here. Two is <b>there</b>.</p><p>Three.</p>"
    assert segments_of(paragraph, "paragraph", "a.html") == ["One is here. Two is there.", "Three."]
    assert segments_of("# A\n\nOne. Two\nthree.\n", "line", "a.md") == ["A", "One. Two", "three."]


@pytest.mark.parametrize(
    ("text", "verses"),
    [
        (
            "Chapter 3\n\n1 They waited 3 days. 2 And he said, “Come.” 3 They came,\nand saw, 4 and left.\n\n5 Rain.",
            ["Chapter 3", "1 They waited 3 days.", "2 And he said, “Come.”", "3 They came,\nand saw,", "4 and left.",
             "5 Rain."],
        ),
        ("1 「来て。」2 しかし4 日待った。3 目をさます。", ["1 「来て。」", "2 しかし4 日待った。", "3 目をさます。"]),
        ("3:16 For so. 3:17 And then. [18] x. ¹⁹ This", ["3:16 For so.", "3:17 And then.", "[18] x.", "¹⁹ This"]),
        ("It rained in 1999.\nThe 2 of them left.", ["It rained in 1999.", "The 2 of them left."]),
    ],
)  # fmt: skip
def test_verses_go_by_their_numbers(text: str, verses: list[str]) -> None:
    assert [span.of(text) for span in plain_segments(text, "verse")] == verses


def added(store: Store, path: Path) -> list[str]:
    (row,) = [row for row in store.documents() if path.name in row.name]
    return [sentence.text for sentence in store.sentences(row.id)]


def test_the_segments_of_a_document_are_remembered(tmp_path: Path) -> None:
    db, file = tmp_path / "store.db", tmp_path / "a.txt"
    file.write_text("One. Two.\nThree. Four.\n")
    list(add(db, [str(file)], segments="line"))
    file.write_text("One. Two.\nThree. Four.\nFive. Six.\n")
    (again,) = add(db, [str(file)])
    assert again.outcome == "changed"
    assert again.line().endswith("3 lines, en")
    with open_store(db) as store:
        assert added(store, file) == ["One. Two.", "Three. Four.", "Five. Six."]
        assert store.documents()[0].segments == "line"
    (other,) = add(db, [str(file)], segments="sentence")
    assert (other.outcome, other.sentences) == ("changed", 6)
    (same,) = add(db, [str(file)])
    assert (same.outcome, same.segments) == ("unchanged", "sentence")
    with open_store(db) as store:
        assert store.documents()[0].segments == "sentence"
        Reviewer(store, default_reviewer()).undo()
        assert added(store, file) == ["One. Two.", "Three. Four.", "Five. Six."]
        assert store.documents()[0].segments == "line"


def test_pair_takes_verses(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("1 One. And more. 2 Two. 3 Three.")
    assert read_side(str(file), segments="verse").texts == ("1 One. And more.", "2 Two.", "3 Three.")
