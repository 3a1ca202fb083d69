"""The main job, end to end, on the seed pages: add, propose, export, and what the scorers say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lxml import etree

Run = Callable[..., subprocess.CompletedProcess[str]]
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def texts(seeds: Path) -> list[Path]:
    return sorted(seeds.glob("*.txt"))


def add_and_propose(align: Run, seeds: Path) -> None:
    added = align("add", *texts(seeds))
    assert added.returncode == 0, added.stderr
    proposed = align("propose", "--encoder", "use")
    assert proposed.returncode == 0, proposed.stderr


def test_links_keep_their_contract_and_their_offsets(align: Run, seeds: Path, tmp_path: Path) -> None:
    add_and_propose(align, seeds)
    ran = align("export", "out.jsonl", "--to", "jsonl", "--status", "any", "--kind", "any")
    assert ran.returncode == 0, ran.stderr
    links = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(links) >= 40
    for link in links:
        assert set(link) >= {"id", "kind", "score", "confidence", "status", "encoder", "src", "tgt"}
        assert link["status"] == "proposed"
        assert 0 <= link["confidence"] <= 1
        for end in (link["src"], link["tgt"]):
            original = Path(end["doc"]).read_text(encoding="utf-8")
            quoted = "".join(original[start:stop] for start, stop in end["spans"])
            assert "".join(end["text"].split()) == "".join(quoted.split())
    assert align("export", "out.jsonl", "--to", "jsonl").returncode == 2, "an output is never overwritten unasked"


def test_blocks_cover_every_inked_character(align: Run, seeds: Path, tmp_path: Path) -> None:
    assert align("add", *texts(seeds)).returncode == 0
    ran = align("export", "-", "--to", "blocks")
    assert ran.returncode == 0, ran.stderr
    blocks = [json.loads(line) for line in ran.stdout.splitlines()]
    for page in texts(seeds):
        original = page.read_text(encoding="utf-8")
        mine = [block for block in blocks if Path(block["doc"]).name == page.name]
        covered = {i for block in mine for i in range(block["start"], block["end"])}
        assert sum(block["end"] - block["start"] for block in mine) == len(covered), "blocks overlap"
        assert all(i in covered for i, character in enumerate(original) if not character.isspace())


def test_a_memory_of_what_was_proposed(align: Run, seeds: Path, tmp_path: Path) -> None:
    add_and_propose(align, seeds)
    empty = align("export", "accepted.tmx")
    assert empty.returncode == 0
    assert "--status any" in empty.stderr, "says why there are no units yet"
    assert align("export", "memory.tmx", "--status", "any").returncode == 0
    tree = etree.parse(tmp_path / "memory.tmx")
    units = tree.findall(".//tu")
    assert len(units) >= 30
    for unit in units:
        variants = unit.findall("tuv")
        assert len({variant.get(XML_LANG) for variant in variants}) == len(variants) >= 2
        assert all((variant.findtext("seg") or "").strip() for variant in variants)


def test_the_same_content_twice_changes_nothing(align: Run, seeds: Path, tmp_path: Path) -> None:
    add_and_propose(align, seeds)
    before = align("export", "-", "--to", "jsonl").stdout
    again = align("add", *texts(seeds), "--json")
    assert {json.loads(line)["outcome"] for line in again.stdout.splitlines()} == {"unchanged"}
    assert align("propose", "--encoder", "use").returncode == 0
    assert align("export", "-", "--to", "jsonl").stdout == before


def test_scores_on_our_own_gold(align: Run, seeds: Path, gold: Path, tmp_path: Path) -> None:
    add_and_propose(align, seeds)
    assert align("export", "out.jsonl", "--to", "jsonl").returncode == 0
    for case, floor in (("blog-summary", 0.75), ("rt-translation", 0.85)):
        scored = subprocess.run(
            [sys.executable, gold / "score_spans.py", tmp_path / "out.jsonl", case],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(scored.stdout)["f1"] >= floor, scored.stdout


def test_two_files_without_a_store(align: Run, tmp_path: Path) -> None:
    (tmp_path / "a.en.txt").write_text("The cat sleeps.\nIt is raining in Paris today.\nWe bought three apples.\n")
    (tmp_path / "b.ja.txt").write_text("猫は眠っている。\n今日パリでは雨が降っている。\n私たちはリンゴを三つ買った。\n")
    ran = align("pair", "a.en.txt", "b.ja.txt", "--segments", "line", "--encoder", "use", "--to", "jsonl")
    assert ran.returncode == 0, ran.stderr
    pairs = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(p["src"]["text"], p["tgt"]["text"]) for p in pairs] == [
        ("The cat sleeps.", "猫は眠っている。"),
        ("It is raining in Paris today.", "今日パリでは雨が降っている。"),
        ("We bought three apples.", "私たちはリンゴを三つ買った。"),
    ]
    assert not (tmp_path / "store.db").exists()
