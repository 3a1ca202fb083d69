"""`align statements`: mark, list, export and take back, from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]


def test_the_commands_mark_list_export_and_take_back(align: Run, tmp_path: Path) -> None:
    for number in range(3):
        text = "\n".join(["The third country to have such talks is Russia.", f"Fish was dear in town {number}."])
        (tmp_path / f"{number}.txt").write_text(text)
    align("add", *(str(tmp_path / f"{number}.txt") for number in range(3)))
    suggested = align(
        "statements", "suggest", "--doc", "0.txt", "--quote", "third country", "--to", "jsonl", "--encoder", "use"
    )
    assert suggested.returncode == 0, suggested.stderr
    lines = [json.loads(line) for line in suggested.stdout.splitlines()]
    assert {"doc", "lang", "text", "spans", "rank", "score", "likely"} == set(lines[0])
    assert [line["text"] for line in lines if line["rank"] == 1] == [
        "The third country to have such talks is Russia."
    ] * 2
    uid = align("statements", "mark", "--doc", "0.txt", "--quote", "third country").stdout.strip()
    marked = align(
        "statements", "mark", "--statement", uid[:8], "--doc", "1.txt", "--quote", "third", "--role", "in part"
    )
    assert marked.returncode == 0, marked.stderr
    align("statements", "mark", "--statement", uid[:8], "--doc", "2.txt", "--role", "not said")
    (listed,) = map(json.loads, align("statements", "list", "--json").stdout.splitlines())
    assert listed["documents"] == {"says": 1, "in part": 1, "contradicts": 0, "doubtful": 0, "not said": 1}
    table = align("statements", "export", "-", "--to", "tsv").stdout.splitlines()
    assert len(table) == 4
    assert table[0].split("\t")[:3] == ["statement", "label", "document"]
    align("statements", "mark", "--statement", uid[:8], "--doc", "2.txt", "--quote", "Fish", "--role", "not said")
    page = tmp_path / "statements.html"
    assert align("statements", "export", str(page)).returncode == 0
    html = page.read_text(encoding="utf-8")
    assert "not found so far" in html
    assert "third country" in html
    align("store", "undo")
    align("store", "undo")
    (listed,) = map(json.loads, align("statements", "list", "--json").stdout.splitlines())
    assert listed["documents"]["not said"] == 0
    bad = align("statements", "mark", "--doc", "2.txt")
    assert bad.returncode == 2
    assert "give --quote" in bad.stderr
    for out in ("memory.tmx", "pairs.tsv"):
        align("export", str(tmp_path / out))
        assert "third country" not in (tmp_path / out).read_text(encoding="utf-8"), "a statement is in no memory"
