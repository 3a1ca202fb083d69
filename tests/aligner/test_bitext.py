"""Whole texts and pages: windows that are cut, long omissions, chains that cross, anchors, and the published scorer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from align.aligner import Constraints, EmbeddedSide, align_bitext, align_pages
from align.errors import ReadError
from align.models import LinkKind
from align.workspace.evaluate import beads_of, read_gold, score

GOLD = Path(os.environ.get("ALIGN_GOLD", Path(__file__).parents[3] / "shared" / "gold"))


def made(n, *, seed=0, gone=()):
    chance = np.random.default_rng(seed)
    src = chance.normal(size=(n, 64)).astype(np.float32)
    kept = [k for k in range(n) if k not in gone]
    tgt = src[kept] + 0.4 * chance.normal(size=(len(kept), 64)).astype(np.float32)
    one, other = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (src, tgt))
    texts = [f"Der Satz mit der Zahl {k} steht hier." for k in range(n)]
    return EmbeddedSide(tuple(texts), one, "de"), EmbeddedSide(tuple(texts[k] for k in kept), other, "en"), kept


def test_a_long_omission_is_found_in_a_text_that_is_cut_into_windows():
    gone = set(range(300, 340))
    src, tgt, kept = made(900, gone=gone)
    beads = {(tuple(b.src), tuple(b.tgt)) for b in align_bitext(src, tgt)}
    right = sum(((k,), (j,)) in beads for j, k in enumerate(kept))
    assert right / len(kept) > 0.99
    assert sum(((k,), ()) in beads for k in gone) >= 38


def composed(shapes, *, seed=0, width=64):
    """Texts whose beads have these shapes: a sentence's vector is the sum of the thoughts in it, and noise."""
    chance = np.random.default_rng(seed)
    vectors, texts = ([], []), ([], [])
    for shape in shapes:
        thoughts = chance.normal(size=(max(shape), width))
        for side, count in enumerate(shape):
            for part in np.array_split(np.arange(max(shape)), count) if count else []:
                vector = thoughts[part].sum(0) + 0.3 * np.sqrt(len(part)) * chance.normal(size=width)
                vectors[side].append(vector / np.linalg.norm(vector))
                texts[side].append(" ".join(f"wort{chr(97 + k)}aaa" * 3 for k in part) + ".")
    one, other = (np.array(side, dtype=np.float32) for side in vectors)
    return EmbeddedSide(tuple(texts[0]), one, "de"), EmbeddedSide(tuple(texts[1]), other, "en")


@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (1, 9), (9, 1)])
def test_a_bead_is_as_large_as_the_evidence_says(shape):
    src, tgt = composed([(1, 1)] * 20 + [shape] + [(1, 1)] * 20)
    found = [(len(b.src), len(b.tgt)) for b in align_bitext(src, tgt)]
    assert shape in found
    assert found.count((1, 1)) == 40


@pytest.mark.parametrize("seed", range(3))
def test_a_paragraph_that_was_moved_is_a_chain_of_its_own(seed):
    src, tgt, _ = made(60, seed=seed)
    order = [*range(20), *range(26, 45), *range(20, 26), *range(45, 60)]
    turned = EmbeddedSide(tuple(tgt.texts[k] for k in order), tgt.vectors[order], "en")
    beads = align_bitext(src, turned)
    assert all(any((list(b.src), [order[j] for j in b.tgt]) == ([k], [k]) for b in beads) for k in range(60))
    assert {b.src.start for b in beads if b.chain} == set(range(20, 26))


def test_pages_find_two_chains_that_cross_and_leave_strangers_alone():
    src, tgt, _ = made(24)
    order = [*range(12, 24), *range(12)]
    turned = EmbeddedSide(tuple(tgt.texts[k] for k in order), tgt.vectors[order], "en")
    beads = align_pages(src, turned)
    found = {(b.src.start, order[b.tgt.start]) for b in beads if len(b.src) == len(b.tgt) == 1}
    assert sum((k, k) in found for k in range(24)) >= 22
    assert len({b.chain for b in beads}) >= 2
    stranger, _, _ = made(24, seed=9)
    other = EmbeddedSide(tuple(f"Nothing of it {'x' * k}" for k in range(24)), stranger.vectors, "en")
    assert len(align_pages(EmbeddedSide(tuple("abcdefghijklmnopqrstuvwx"), src.vectors, "de"), other)) <= 3
    assert all(isinstance(b.kind, LinkKind) for b in beads)


def test_anchors_that_cross_are_all_kept():
    src, tgt, _ = made(12)
    anchors = [(range(2, 3), range(8, 9)), (range(8, 9), range(2, 3))]
    beads = align_bitext(src, tgt, constraints=Constraints(anchors=anchors))
    for anchor in anchors:
        assert any((b.src, b.tgt) == anchor for b in beads)
    assert sorted(i for b in beads for i in b.src) == list(range(12))
    assert sorted(j for b in beads for j in b.tgt) == list(range(12))


def test_figures_are_those_of_the_published_scorer(tmp_path):
    gold = [[[0], [0]], [[1, 2], [1]], [[3], []], [[], [2]], [[4], [3, 4]]]
    found = [[[0], [0]], [[1], [1]], [[2], []], [[3], [2]], [[4], [3, 4]]]
    ours = score({"a": beads_of(gold)}, {"a": beads_of(found)})
    scorer = GOLD / "score_beads.py"
    if not scorer.exists():
        pytest.skip(f"no gold at {GOLD}: set ALIGN_GOLD")
    (tmp_path / "g.jsonl").write_text(json.dumps({"id": "a", "gold": gold}))
    (tmp_path / "p.jsonl").write_text(json.dumps({"id": "a", "beads": found}))
    run = [sys.executable, str(scorer), str(tmp_path / "g.jsonl"), str(tmp_path / "p.jsonl")]
    assert json.loads(subprocess.run(run, capture_output=True, text=True, check=True).stdout) == ours


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"src": ["a"]}',
        '{"src": ["a"], "tgt": ["b"], "gold": [[[0], [7]]]}',
        '{"id": [1], "src": ["a"], "tgt": ["b"], "gold": []}',
        '{"src": [1], "tgt": ["b"], "gold": []}',
        '{"src": "a", "tgt": ["b"], "gold": []}',
        '{"src_lang": 5, "src": ["a"], "tgt": ["b"], "gold": []}',
        '{"src": ["a"], "tgt": ["b"], "gold": [[["0"], [0]]]}',
    ],
)
def test_a_gold_file_that_is_none_is_refused_with_its_line(tmp_path, line):
    path = tmp_path / "gold.jsonl"
    path.write_text(line)
    with pytest.raises(ReadError, match="line 1"):
        read_gold(path)


def test_where_nothing_stands_on_the_other_side_nulls_are_right(tmp_path):
    path = tmp_path / "gold.jsonl"
    path.write_text('{"id": "a", "src": ["It rains.", "It pours."], "tgt": [], "gold": []}\n')
    gold = {"a": beads_of(read_gold(path)[0]["gold"])}
    assert score(gold, {"a": beads_of([[[0], []], [[1], []]])})["f1_strict"] == 1
    assert score({"a": set()}, {"a": set()})["f1_strict"] == 1
    assert score({"a": beads_of([[[0], [0]]])}, {"a": set()})["f1_strict"] == 0


def test_a_gold_file_that_is_not_there_is_told_as_that(tmp_path):
    with pytest.raises(ReadError, match=r"no such file\. Check the name"):
        read_gold(tmp_path / "none.jsonl")
